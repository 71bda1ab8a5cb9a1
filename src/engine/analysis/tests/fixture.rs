//! A cluster in which everything is scraped, and questions about it.

use std::sync::Arc;

use crate::engine::admission::{Action, Circumstances, Operation, Request};
use crate::engine::analysis::{Analysis, Consequences};
use crate::model::guard::{Guards, User};
use crate::model::snapshot::{Builder, Snapshot};
use crate::model::{Resource, Source};

pub(super) const CLUSTER: &str = include_str!("cluster.yaml");

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) kind: &'static str,
    namespace: &'static str,
    name: &'static str,
    operation: Operation,
    new: Option<String>,
    old: Option<String>,
}

impl Asked {
    /// A new object, or another one of its name; without those fields that follow from it.
    pub(super) fn put(kind: &'static str, namespace: &'static str, name: &'static str, text: &str) -> Self {
        let new = json(namespace, name, text);
        let old = kept(kind, namespace, name);
        let operation = if old.is_some() { Operation::Update } else { Operation::Create };
        Self { kind, namespace, name, operation, new: Some(new), old }
    }

    pub(super) fn delete(kind: &'static str, namespace: &'static str, name: &'static str) -> Self {
        let old = kept(kind, namespace, name);
        assert!(old.is_some(), "{kind} {namespace}/{name} is not there");
        Self { kind, namespace, name, operation: Operation::Delete, new: None, old }
    }

    /// Other labels or another name of the port of a workload.
    pub(super) fn template(
        kind: &'static str,
        namespace: &'static str,
        name: &'static str,
        labels: &str,
        port: &str,
    ) -> Self {
        let container = format!("{{name: c, image: new, ports: [{{name: {port}, containerPort: 8080}}]}}");
        let template = format!("{{metadata: {{{labels}}}, spec: {{containers: [{container}]}}}}");
        Self::put(kind, namespace, name, &format!("spec: {{template: {template}}}"))
    }

    pub(super) fn request(&self) -> Request<'_> {
        let resource = Resource::ALL.into_iter().find(|resource| resource.kind() == self.kind).unwrap();
        // The API server gives the name of a namespace as its namespace.
        let namespace = if self.kind == "Namespace" { self.name } else { self.namespace };
        Request {
            operation: self.operation,
            group: resource.group(),
            kind: self.kind,
            subresource: "",
            namespace,
            name: self.name,
            object: self.new.as_deref(),
            old_object: self.old.as_deref(),
        }
    }
}

fn json(namespace: &str, name: &str, text: &str) -> String {
    let mut value: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    let metadata = value.as_object_mut().unwrap().entry("metadata").or_insert_with(|| serde_json::json!({}));
    metadata["name"] = name.into();
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    value.to_string()
}

/// An object of the cluster.
fn kept(kind: &str, namespace: &str, name: &str) -> Option<String> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(CLUSTER).unwrap();
    let is_it = |it: &&serde_json::Value| {
        let of = |field: &str| it["metadata"][field].as_str().unwrap_or_default();
        it["kind"] == kind && of("namespace") == namespace && of("name") == name
    };
    documents.iter().find(is_it).map(ToString::to_string)
}

pub(super) fn snapshot() -> Snapshot {
    let mut builder = Builder::new("default");
    assert_eq!(builder.add_source("input", &Source::new(CLUSTER)), []);
    let snapshot = builder.finish();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    snapshot
}

pub(super) const CIRCUMSTANCES: Circumstances =
    Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };

pub(super) fn analysis(guards: Guards) -> Analysis {
    Analysis::of(Arc::new(snapshot()), Arc::new(guards), &CIRCUMSTANCES)
}

pub(super) fn guards(enforcement: &str) -> Guards {
    let text = format!(
        "{{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {{name: m}}, \
         spec: {{enforcement: {{{enforcement}}}}}}}"
    );
    Guards::parse(&text).unwrap()
}

/// Everything in the answer, as action, rule and message.
pub(super) fn lines(consequences: &Consequences) -> Vec<String> {
    assert_eq!(consequences.unknowns, []);
    let line = |it: &crate::engine::admission::Judgement| {
        let action = match it.action {
            Action::Record => "record",
            Action::Warn => "warn",
            Action::Deny => "deny",
        };
        format!("{action} {} {}", it.finding.rule, it.finding.message)
    };
    consequences.judgements.iter().map(line).collect()
}

pub(super) fn said(asked: &Asked) -> Vec<String> {
    lines(&analysis(Guards::built_in()).consequences(&asked.request(), &User::default(), &CIRCUMSTANCES))
}
