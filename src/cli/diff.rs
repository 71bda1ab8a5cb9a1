//! `scrapeguard diff`: what a change would open and close, before it is made.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use jiff::Timestamp;

use super::audit::{Format, Inspection, Standards};
use super::{Ending, guard, input, screen};
use crate::engine::audit::Difference;
use crate::model::snapshot::Snapshot;
use crate::model::suggestion::did_you_mean;
use crate::model::{ObjectReference, Resource};
use crate::report::audit::gather;
use crate::report::difference::{Report, Side, json, text};

/// Tell what a change opens and closes: scrape paths, connections, exposures and findings
///
/// The cluster is audited as it is and as it would be. Works without a cluster. Exits with 0 when nothing gets worse,
/// with 1 when a scrape path or a connection is lost, somebody else reaches a guarded port, or there are new errors, and
/// with 2 when something could not be read. Pods stay as they are given: a changed template changes only those that it
/// stands for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// YAML or JSON file, also compressed by gzip, directory to search for them, or - for standard input: the cluster as
    /// it is; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The same, for objects that would be new or replace those of the same name; may be repeated
    #[arg(long = "change", value_name = "PATH", required_unless_present = "deleted")]
    changes: Vec<PathBuf>,
    /// An object that would be gone, such as NetworkPolicy/shop/web; may be repeated
    #[arg(long = "delete", value_name = "KIND/NAMESPACE/NAME")]
    deleted: Vec<String>,
    /// File with the ScrapeGuard that says what must be true [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// Namespace of objects that do not name one
    #[arg(short, long, default_value = "default")]
    namespace: String,
}

/// Audits twice and prints what is different.
///
/// # Errors
/// When an argument is unusable, or, after the report, when some of the input could not be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    input::only_once(arguments.paths.iter().chain(&arguments.changes))?;
    let guards = guard::guards(arguments.guard.as_deref())?;
    let mesh = guard::mesh(&guards)?;
    let (inputs, changes) = (input::inputs(&arguments.paths)?, input::inputs(&arguments.changes)?);
    let standards = Standards { guards: &guards, now: Timestamp::now(), default_namespace: &arguments.namespace };
    let before = Inspection::of(&inputs, standards)?;
    let deleted = arguments.deleted.iter().map(|text| object(text, &before.snapshot));
    let deleted: Vec<ObjectReference> = deleted.collect::<anyhow::Result<_>>()?;
    let after = before.changed(&inputs, &changes, &deleted, standards)?;
    let (audit_before, audit_after) = (before.audit(&mesh, standards.now), after.audit(&mesh, standards.now));
    let side = |inspection: &Inspection, audit| gather(inspection.found(), audit, &inspection.snapshot);
    let (found_before, found_after) = (side(&before, &audit_before), side(&after, &audit_after));
    let report = Report {
        difference: &Difference::between(&audit_before, &audit_after),
        before: Side { snapshot: &before.snapshot, found: &found_before },
        after: Side { snapshot: &after.snapshot, found: &found_after },
    };
    match arguments.output {
        Format::Table => screen::print(&text::text(&report, usize::from(screen::width())))?,
        Format::Json => screen::write(|writer| json::write(&report, writer))?,
    }
    super::snapshot::complete(&after.snapshot)?;
    Ok(if report.is_worse() { Ending::Findings } else { Ending::Clean })
}

/// The object that is meant by kind, namespace and name; without a namespace for those that are in none.
fn object(text: &str, snapshot: &Snapshot) -> anyhow::Result<ObjectReference> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, namespace, name] if !namespace.is_empty() => (*kind, Some((*namespace).to_owned()), *name),
        [kind, name] | [kind, "", name] => (*kind, None, *name),
        _ => bail!("--delete {text}: write KIND/NAMESPACE/NAME, or KIND/NAME for what is in no namespace"),
    };
    let unmodelled = snapshot.unmodelled().iter().map(|it| it.object.reference.kind.as_str());
    let known: Vec<&str> = Resource::ALL.iter().map(|resource| resource.kind()).chain(unmodelled).collect();
    let is_meant = |known: &&&str| known.eq_ignore_ascii_case(kind);
    let Some(kind) = known.iter().find(is_meant) else {
        bail!("--delete {text}: no such kind has a say here{}", did_you_mean(kind, known.iter().copied()));
    };
    let object = ObjectReference { kind: (*kind).to_owned(), namespace, name: name.to_owned() };
    let is_there = snapshot.contains(&object);
    is_there.then_some(object).ok_or_else(|| anyhow!("--delete {text}: it is not in the input"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Source;
    use crate::model::snapshot::Builder;

    #[rstest]
    #[case("NetworkPolicy/shop/web", Some("NetworkPolicy shop/web"))]
    #[case("networkpolicy/shop/web", Some("NetworkPolicy shop/web"))]
    #[case("namespace/shop", Some("Namespace shop"))]
    #[case("deployment/shop/web", Some("Deployment shop/web"))]
    #[case("EnvoyFilter/shop/x", Some("EnvoyFilter shop/x"))]
    #[case("NetworkPolicy/shop/other", None)]
    #[case("NetworkPolice/shop/web", None)]
    #[case("NetworkPolicy", None)]
    fn an_object_is_named_as_people_do(#[case] text: &str, #[case] expected: Option<&str>) {
        let mut builder = Builder::new("default");
        let input = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, spec: {podSelector: {}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 0, template: {spec: {}}}}
---
{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: x, namespace: shop}, spec: {}}
";
        assert_eq!(builder.add_source("input", &Source::new(input)), []);
        let object = object(text, &builder.finish());
        assert_eq!(object.as_ref().ok().map(ToString::to_string).as_deref(), expected, "{object:?}");
    }
}
