//! Our rules beside Istio's own validation, on the truth tables and on random policies.
//!
//! What Istio refuses must be an error of ours, and what it accepts must be none, apart from the differences that
//! `docs/semantics.md` lists. `DIFFERENTIAL_CASES` sets the number of random policies (2000 if it is not set). The
//! first run builds Istio's validation from source; where that cannot be done, the tests are ignored with the reason,
//! and with `CI` set they fail.

#![allow(clippy::expect_used)] // clippy takes this target for no test

#[path = "../support/go.rs"]
mod go;
#[path = "istio_validation/istio.rs"]
mod istio;
#[path = "istio_validation/policies.rs"]
mod policies;
#[path = "../istio_policies/review.rs"]
mod review;

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, OnceLock};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use scrapeguard::model::guard::Guards;
use serde_json::Value;

use crate::istio::{Answer, Istio};

/// Rules that are stricter than Istio on purpose.
const STRICTER: [&str; 8] =
    ["SG-AP-001", "SG-AP-002", "SG-AP-003", "SG-AP-011", "SG-AP-014", "SG-AP-026", "SG-AP-037", "SG-GEN-002"];
const AUTHORIZATION_POLICY: &str = "AuthorizationPolicy";
const PEER_AUTHENTICATION: &str = "PeerAuthentication";

static GUARDS: LazyLock<Guards> = LazyLock::new(Guards::built_in);

type Comparison = fn(&Istio) -> Result<()>;

fn main() -> ExitCode {
    let istio = Arc::new(OnceLock::new());
    let cases: [(&str, Comparison); 3] = [
        ("truth_tables", truth_tables),
        ("random_authorization_policies", random_authorization_policies),
        ("random_peer_authentications", random_peer_authentications),
    ];
    let trials = cases.into_iter().map(|(name, run)| trial(name, run, &istio)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, run: Comparison, istio: &Arc<OnceLock<Result<Istio, String>>>) -> Trial {
    let istio = Arc::clone(istio);
    Trial::ignorable_test(name, move || {
        match istio.get_or_init(|| Istio::build().map_err(|error| format!("no validation of Istio: {error:#}"))) {
            Ok(istio) => run(istio).map(|()| Completion::Completed).map_err(|error| Failed::from(format!("{error:#}"))),
            Err(reason) if env::var_os("CI").is_none() => Ok(Completion::ignored_with(reason)),
            Err(reason) => Err(Failed::from(reason)),
        }
    })
}

/// The facts of the tables are what Istio really says.
fn truth_tables(istio: &Istio) -> Result<()> {
    let tables = [
        (AUTHORIZATION_POLICY, include_str!("../istio_policies/authorization-policy.yaml")),
        (PEER_AUTHENTICATION, include_str!("../istio_policies/peer-authentication.yaml")),
    ];
    for (kind, table) in tables {
        let situations: Vec<Value> = serde_saphyr::from_str(table).context("read a truth table")?;
        let objects: Vec<Value> = situations
            .iter()
            .map(|situation| policies::object(kind, &situation["annotations"], &situation["spec"]))
            .collect();
        for (situation, answer) in situations.iter().zip(istio.judge(&objects)?) {
            let expected = situation.get("fromJson").unwrap_or(&situation["istio"]);
            let warns = situation.get("warns").is_some_and(|warns| warns == true);
            ensure!((expected == "accepts") == answer.valid, "{situation}: {answer:?}");
            ensure!(warns != answer.warnings.is_empty(), "{situation}: {answer:?}");
        }
    }
    Ok(())
}

fn random_authorization_policies(istio: &Istio) -> Result<()> {
    let objects = policies::authorization_policies(cases()?)?;
    let mut refused = 0;
    for (object, answer) in objects.iter().zip(istio.judge(&objects)?) {
        compare(object, &answer, &STRICTER)?;
        let denies_tcp = answer.warnings.iter().any(|warning| warning.contains("deny all traffic"));
        // Istio takes trust domains for HTTP, though they come from the certificate of the peer.
        if answer.valid && !object.to_string().contains("rustDomains") {
            let found = review::ids(&review::findings(object, &GUARDS));
            ensure!(denies_tcp == found.iter().any(|id| id == "SG-AP-024"), "{object}: {answer:?}, we find {found:?}");
        }
        refused += usize::from(!answer.valid);
    }
    balanced(refused, objects.len())
}

fn random_peer_authentications(istio: &Istio) -> Result<()> {
    let objects = policies::peer_authentications(cases()?)?;
    let mut refused = 0;
    for (object, answer) in objects.iter().zip(istio.judge(&objects)?) {
        compare(object, &answer, &[])?;
        refused += usize::from(!answer.valid);
    }
    balanced(refused, objects.len())
}

fn compare(object: &Value, answer: &Answer, stricter: &[&str]) -> Result<()> {
    let found = review::errors(&review::findings(object, &GUARDS));
    let left_to_istio = policies::LEFT_TO_ISTIO.iter().any(|text| object.to_string().contains(text));
    if answer.valid {
        ensure!(
            found.iter().all(|id| stricter.contains(&id.as_str())),
            "{object}: Istio accepts it, we find {found:?}"
        );
    } else if !left_to_istio {
        ensure!(!found.is_empty(), "{object}: we find nothing, Istio says {}", answer.error);
    }
    Ok(())
}

/// A comparison in which everything is refused, or nothing, compares nothing.
fn balanced(refused: usize, all: usize) -> Result<()> {
    ensure!((all / 5..all - all / 5).contains(&refused), "{refused} of {all} policies were refused");
    Ok(())
}

fn cases() -> Result<usize> {
    env::var("DIFFERENTIAL_CASES").map_or(Ok(2_000), |text| text.parse().context("DIFFERENTIAL_CASES is no number"))
}
