//! Every kind that is injected, created, changed and replaced: what is stored has what injection promises and all that
//! was written, and a dry run shows the same and stores nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::expect;
use crate::objects::{self, essence, holds};
use crate::support::control_plane::{ControlPlane, Said};
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] =
    cases![every_kind_is_injected_whenever_it_is_written, what_is_applied_again_stays_as_it_is];

const TABLE: &str = include_str!("injected.yaml");

/// Policies select by one label that the operator sets and by one that it does not.
const GUARD: &str = r"
  mesh: {istio: sidecar, certificates: istio}
  components:
  - {name: prometheus, selectorLabels: {app.kubernetes.io/name: prometheus, tier: metrics}}
  - {name: prometheus-agent, selectorLabels: {app.kubernetes.io/name: prometheus-agent, tier: metrics}, inMesh: true}
";

/// How often the API server is asked to replace something that controllers write at the same time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Table {
    kinds: Vec<Row>,
}

/// A kind, and what is done to an object of it.
#[derive(Clone, Deserialize)]
struct Row {
    created: Value,
    changed: Value,
    promised: Value,
    #[serde(default = "yes")]
    replaceable: bool,
}

fn yes() -> bool {
    true
}

fn every_kind_is_injected_whenever_it_is_written(cluster: &ControlPlane) -> Result<()> {
    let kinds = Kinds::new(cluster, "kinds")?;
    kinds.write("apply", &kinds.rows)?;
    let changed: Vec<Row> = kinds.rows.iter().map(Row::after_the_change).collect();
    kinds.write("apply", &changed)?;
    // A manifest that replaces what is stored lacks what was injected.
    let replaceable: Vec<Row> = kinds.rows.iter().filter(|row| row.replaceable).cloned().collect();
    kinds.write("replace", &replaceable)
}

/// As tools do that keep a cluster equal to a repository: neither way of applying takes away what was injected. Such
/// tools force conflicts. There is one: to server-side apply, the volumes of a Prometheus are one value, which has been
/// added to.
fn what_is_applied_again_stays_as_it_is(cluster: &ControlPlane) -> Result<()> {
    let kinds = Kinds::new(cluster, "again")?;
    kinds.said(&["apply"], &kinds.rows)?;
    let stored = kinds.stored()?;
    let by_server = ["apply", "--server-side", "--force-conflicts"];
    for again in [&["apply"][..], &by_server, &by_server] {
        kinds.said(again, &kinds.rows)?;
        let now = kinds.stored()?;
        for (kind, stored) in &stored {
            let now = now.get(kind).context("an object is gone")?;
            ensure!(now == stored, "{} makes\n{now}\nof\n{stored}", again.join(" "));
        }
    }
    Ok(())
}

fn rows() -> Result<Vec<Row>> {
    let table: Table = serde_saphyr::from_str(TABLE)?;
    table.kinds.into_iter().map(Row::named).collect()
}

impl Row {
    fn named(self) -> Result<Self> {
        let name = format!("our-{}", self.kind().to_lowercase());
        let filled_in = |value: Value| serde_json::from_str::<Value>(&value.to_string().replace("NAME", &name));
        let mut created = filled_in(self.created)?;
        created["metadata"]["name"] = json!(name);
        Ok(Self { created, ..self })
    }

    fn kind(&self) -> &str {
        self.created["kind"].as_str().unwrap_or_default()
    }

    fn after_the_change(&self) -> Self {
        let mut row = self.clone();
        merge(&mut row.created, &self.changed);
        row
    }
}

/// What a JSON merge patch does (RFC 7386), as far as it is needed here.
fn merge(target: &mut Value, patch: &Value) {
    match patch.as_object() {
        Some(fields) => fields.iter().for_each(|(key, value)| merge(&mut target[key], value)),
        None => *target = patch.clone(),
    }
}

/// All kinds in one namespace.
struct Kinds<'a> {
    installation: Installation<'a>,
    rows: Vec<Row>,
}

type ByKind = BTreeMap<String, Value>;

impl<'a> Kinds<'a> {
    fn new(cluster: &'a ControlPlane, stem: &str) -> Result<Self> {
        Ok(Self { rows: rows()?, installation: Installation::new(cluster, stem, &[], GUARD)? })
    }

    /// Writes these objects, first as a dry run and then in earnest.
    fn write(&self, verb: &str, rows: &[Row]) -> Result<()> {
        let before = self.stored()?;
        let shown = self.run(&[verb, "--dry-run=server", "--output", "json"], rows)?;
        ensure!(self.stored()? == before, "a dry run of {verb} stored something");
        let written = self.run(&[verb, "--output", "json"], rows)?;
        let stored = self.stored()?;
        for row in rows {
            let kind = row.kind();
            ensure!(shown[kind] == written[kind], "the dry run showed\n{}\nnot\n{}", shown[kind], written[kind]);
            self.holds_what_is_promised(row, &stored).with_context(|| format!("{kind} after {verb}"))?;
        }
        Ok(())
    }

    fn holds_what_is_promised(&self, row: &Row, stored: &ByKind) -> Result<()> {
        ensure!(stored.contains_key(row.kind()), "it is not stored");
        let name = row.created["metadata"]["name"].as_str().context("no name")?;
        let stored = self.installation.get(row.kind(), name)?;
        holds(&stored, &row.created).context("what was written is lost")?;
        holds(&stored, &row.promised).context("what was promised is missing")
    }

    fn run(&self, arguments: &[&str], rows: &[Row]) -> Result<ByKind> {
        by_kind(&self.said(arguments, rows)?.stdout)
    }

    fn said(&self, arguments: &[&str], rows: &[Row]) -> Result<Said> {
        let list = objects::list(rows.iter().map(|row| &row.created));
        let said = poll::until("the objects to be written", PATIENCE, || {
            let said = self.installation.kubectl(arguments, &list)?;
            let conflict = !said.succeeded && said.stderr.contains("the object has been modified");
            Ok(if conflict { Look::NotYet(said.stderr) } else { Look::Ready(said) })
        })?;
        expect::clean(&said)?;
        Ok(said)
    }

    fn stored(&self) -> Result<ByKind> {
        let kinds: Vec<&str> = self.rows.iter().map(Row::kind).collect();
        by_kind(&self.installation.print(&kinds)?)
    }
}

/// The essence of the objects that are ours, by kind.
fn by_kind(printed: &str) -> Result<ByKind> {
    let objects = objects::read(printed)?;
    let named = |object: &&Value| object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("our-"));
    let owned = |object: &&Value| !object["metadata"]["ownerReferences"].is_null();
    let ours = objects.iter().filter(named).filter(|object| !owned(object));
    ours.map(|object| Ok((object["kind"].as_str().unwrap_or_default().to_owned(), essence(object)?))).collect()
}
