//! A reviewed object made by hand, for the tests of the writers.

use super::{File, Reviewed};
use crate::engine::admission::{Action, Judgement, Unknown};
use crate::engine::inject::patch::{Added, Patch};
use crate::model::{Document, DocumentError, FieldPath, Finding, ObjectReference, Severity, Source};

const MANIFEST: &str = "\
# who may scrape
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: operator
  namespace: monitoring
spec:
  podSelector:
    matchLabels:
      app: kube-prometheus-stack-operator
  ingress:
  - ports:
    - port: 443
      protocol: TCP
    - port: 443
      protocol: UDP
  policyTypes: [Ingress]
";

/// Hands out a NetworkPolicy that everything is wrong with.
pub(crate) fn with_policy(use_it: impl FnOnce(File<'_>, &Reviewed<'_>)) {
    let source = Source::new(MANIFEST);
    let document = Document::read_all(&source).next().unwrap().unwrap();
    let object = ObjectReference {
        kind: "NetworkPolicy".to_owned(),
        namespace: Some("monitoring".to_owned()),
        name: "operator".to_owned(),
    };
    let reviewed = Reviewed {
        document,
        patch: patch(),
        judgements: judgements(&object),
        unknowns: vec![Unknown { object: object.clone(), reason: "unknown field spec.tiers".to_owned() }],
        warnings: vec!["[SG-NP-003] NetworkPolicy monitoring/operator: no rule admits the API server".to_owned()],
        object,
    };
    use_it(File { name: "a.yaml", source: &source }, &reviewed);
}

/// What is wrong with a namespace as a whole.
pub(crate) fn together() -> [Judgement; 1] {
    let namespace = ObjectReference { kind: "Namespace".to_owned(), namespace: None, name: "monitoring".to_owned() };
    let message = "no policy isolates the pods that no other policy selects";
    let fix = "add a NetworkPolicy default-deny";
    let finding = finding(&namespace, "SG-NP-032", Severity::Info, FieldPath::root(), message, fix);
    [Judgement { finding, action: Action::Record, exempted: None }]
}

/// The error of a document that has the same key twice.
pub(crate) fn broken_document() -> DocumentError {
    let source = Source::new("a: 1\na: 2\n");
    Document::read_all(&source).last().unwrap().unwrap_err()
}

fn patch() -> Patch {
    let mut patch = Patch::default();
    patch.add("/metadata/labels".to_owned(), Added::Map(Vec::new()));
    patch.add("/metadata/labels/app.kubernetes.io~1name".to_owned(), Added::Text("operator".to_owned()));
    patch
}

fn judgements(object: &ObjectReference) -> Vec<Judgement> {
    let port = |index| FieldPath::of("spec.ingress").index(0).key("ports").index(index).key("port");
    let wrong_port = |index| {
        let message = "port 443 is the port of the Service, and the pods listen on 10250: the rule never matches";
        let finding = finding(object, "SG-NP-004", Severity::Error, port(index), message, "use port: 10250");
        Judgement { finding, action: Action::Deny, exempted: None }
    };
    let unreachable = finding(
        object,
        "SG-NP-003",
        Severity::Error,
        FieldPath::of("spec.ingress").index(0).key("from"),
        "no rule admits the API server to the webhook of the operator",
        "add a rule with port 10250 and without from",
    );
    let selector = finding(
        object,
        "SG-NP-013",
        Severity::Warning,
        FieldPath::of("spec.podSelector.matchLabels.app"),
        "no pod has this label",
        "use app.kubernetes.io/name",
    );
    vec![
        wrong_port(0),
        wrong_port(1),
        Judgement { finding: unreachable, action: Action::Warn, exempted: None },
        Judgement { finding: selector, action: Action::Record, exempted: Some("until the next release".to_owned()) },
    ]
}

fn finding(
    object: &ObjectReference,
    rule: &str,
    severity: Severity,
    path: FieldPath,
    message: &str,
    fix: &str,
) -> Finding {
    let (message, fix) = (message.to_owned(), fix.to_owned());
    Finding { rule: rule.parse().unwrap(), severity, object: object.clone(), path, message, fix }
}
