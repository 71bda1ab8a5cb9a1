//! Every kind that is injected, created, changed and replaced: what is stored has what injection promises and all that
//! was written, and a dry run shows the same and stores nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::expect;
use crate::objects::{self, essence, holds};
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![every_kind_is_injected_whenever_it_is_written];

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
    let kinds = Kinds { rows: rows()?, installation: Installation::new(cluster, "kinds", &[], GUARD)? };
    kinds.write("apply", &kinds.rows)?;
    let changed: Vec<Row> = kinds.rows.iter().map(Row::after_the_change).collect();
    kinds.write("apply", &changed)?;
    // A manifest that replaces what is stored lacks what was injected.
    let replaceable: Vec<Row> = kinds.rows.iter().filter(|row| row.replaceable).cloned().collect();
    kinds.write("replace", &replaceable)
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

impl Kinds<'_> {
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
        let list = objects::list(rows.iter().map(|row| &row.created));
        let said = poll::until("the objects to be written", PATIENCE, || {
            let said = self.installation.kubectl(arguments, &list)?;
            let conflict = !said.succeeded && said.stderr.contains("the object has been modified");
            Ok(if conflict { Look::NotYet(said.stderr) } else { Look::Ready(said) })
        })?;
        expect::clean(&said)?;
        by_kind(&said.stdout)
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
