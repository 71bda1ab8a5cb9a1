//! Both evaluators say the same, and what is decided stays so when more is known.

use std::env;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;

use super::naive::{Proxy, is_open};
use super::random::{Known, connections, policies};
use super::*;

/// `AGREEMENT_CASES` sets how many random situations are tried.
pub(super) fn runner() -> TestRunner {
    let cases = env::var("AGREEMENT_CASES").map_or(2_000, |text| text.parse().unwrap());
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

pub(super) fn read(written: &[Json]) -> AuthorizationPolicies {
    let settings = MeshSettings {
        trust_domain: "td".to_owned(),
        trust_domain_aliases: vec!["old".to_owned()],
        ..MeshSettings::default()
    };
    let written: Vec<_> = written.iter().map(Json::to_string).collect();
    super::policies(&written.iter().map(String::as_str).collect::<Vec<_>>(), settings)
}

pub(super) fn request(known: &Known) -> HttpRequest {
    let text = |text: &str| Some(text.to_owned());
    HttpRequest { method: text(known.method), path: text(known.path), host: text(known.host) }
}

fn enforcer(proxy: Proxy, request: &HttpRequest) -> Enforcer<'_> {
    match proxy {
        Proxy::SidecarHttp => Enforcer::Http(request),
        Proxy::SidecarTcp => Enforcer::Tcp,
        Proxy::Ztunnel => Enforcer::Ztunnel,
    }
}

pub(super) fn answer(policies: &AuthorizationPolicies, known: &Known, proxy: Proxy) -> Verdict {
    let (request, identity) = (request(known), known.identity.map_or(NOBODY, Identity::Workload));
    let (from, to) = (&[known.from], &[known.to]);
    verdict(policies, &Asked { enforcer: enforcer(proxy, &request), identity, from, to, port: known.port })
}

pub(super) const PROXIES: [Proxy; 3] = [Proxy::SidecarHttp, Proxy::SidecarTcp, Proxy::Ztunnel];

#[test]
fn both_evaluators_agree() {
    let mut counts = [0_u32; 2];
    let result = runner().run(&(policies(), connections()), |(written, known)| {
        let policies = read(&written);
        for proxy in PROXIES {
            let expected = if is_open(&written, &known, proxy) { Verdict::Open } else { Verdict::Blocked };
            prop_assert_eq!(answer(&policies, &known, proxy), expected, "{:?}", proxy);
        }
        Ok(())
    });
    result.unwrap();
    // Random policies must not all say the same.
    let mut sample = TestRunner::deterministic();
    for _ in 0..500 {
        let (written, known) = (policies(), connections()).new_tree(&mut sample).unwrap().current();
        counts[usize::from(is_open(&written, &known, Proxy::SidecarHttp))] += 1;
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}

#[test]
fn what_is_decided_stays_so_when_more_is_known() {
    let hidden = proptest::array::uniform5(any::<bool>());
    let result = runner().run(&(policies(), connections(), hidden), |(written, known, hidden)| {
        let policies = read(&written);
        let [identity, from, to, method, path] = hidden;
        let (sources, destinations) = ([known.from], [known.to]);
        let mut partial = request(&known);
        partial.method = partial.method.filter(|_| !method);
        partial.path = partial.path.filter(|_| !path);
        for proxy in PROXIES {
            let asked = Asked {
                enforcer: enforcer(proxy, &partial),
                identity: match known.identity {
                    _ if identity && from => Identity::Unknown,
                    identity_known if identity => Identity::Perhaps(identity_known.unwrap_or("spiffe://td/ns/m/sa/x")),
                    None => NOBODY,
                    Some(uri) => Identity::Workload(uri),
                },
                from: if from { &[] } else { &sources },
                to: if to { &[] } else { &destinations },
                port: known.port,
            };
            let found = verdict(&policies, &asked);
            prop_assert!(found == Verdict::Unknown || found == answer(&policies, &known, proxy), "{:?}", asked);
        }
        Ok(())
    });
    result.unwrap();
}
