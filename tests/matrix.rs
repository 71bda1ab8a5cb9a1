//! Policies that charts, guides and platforms really ship, rebuilt, and exactly what is found in each of them.
//!
//! A row is a file with all its objects, each with all rules that find something in it alone. What takes a look at
//! other objects of the cluster, such as a selector that selects nothing, is told in `beyond` and not looked for here.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use scrapeguard::engine::admission::{Action, Circumstances, Judgement, Operation, Request, validate};
use scrapeguard::model::guard::Guards;
use scrapeguard::model::{Document, Source};

/// One file and what is found in it.
struct Fixture {
    /// The file, from the directory of the package.
    file: &'static str,
    /// The guard, where it is not the built-in one.
    guard: &'static str,
    /// Every object by its name, with the rules that find something in it, in their order.
    objects: &'static [(&'static str, &'static [&'static str])],
    /// What only a look at the whole cluster can find.
    beyond: &'static str,
}

const VERRAZZANO: &str = "\
{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: v}, spec: {namespace: verrazzano-monitoring}}";

const NETWORK_POLICIES: &[Fixture] = &[
    Fixture {
        file: "examples/seed/as-written/network-policies.yaml",
        guard: "",
        objects: &[
            ("kube-prometheus-stack-operator", &["SG-NP-003", "SG-NP-004"]),
            ("kube-state-metrics", &[]),
            ("node-exporter", &["SG-NP-007"]),
        ],
        beyond: "SG-NP-032: no policy denies by default",
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-ingress.yaml",
        guard: VERRAZZANO,
        objects: &[
            ("argocd", &["SG-NP-009", "SG-NP-017"]),
            ("dex", &["SG-NP-009", "SG-NP-017"]),
            ("keycloak", &["SG-NP-009", "SG-NP-017"]),
            ("rancher", &["SG-NP-009", "SG-NP-017"]),
        ],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-node-exporter.yaml",
        guard: VERRAZZANO,
        objects: &[("node-exporter", &["SG-NP-007"])],
        beyond: "SG-NP-013: the label is of an older chart and selects nothing",
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-application-operator-webhook.yaml",
        guard: VERRAZZANO,
        objects: &[("verrazzano-application-operator-webhook", &["SG-NP-017"])],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-docs-istio.yaml",
        guard: "",
        objects: &[
            ("allow-same-namespace", &[]),
            ("istio-egressgateway", &["SG-NP-008"]),
            ("istio-ingressgateway", &["SG-NP-008"]),
            ("istiod-access", &["SG-NP-008", "SG-NP-017"]),
        ],
        beyond: "SG-NP-034: the whole namespace is admitted beside policies that are tighter",
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-docs-nginx.yaml",
        guard: "",
        objects: &[("ingress-nginx-controller", &["SG-NP-017"])],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-prometheus-stack.yaml",
        guard: "",
        objects: &[
            ("prometheus-operator-kube-p-alertmanager", &["SG-NP-026"]),
            ("prometheus-operator-kube-p-operator", &[]),
            ("prometheus-operator-kube-p-prometheus", &["SG-NP-018"]),
        ],
        beyond: "SG-NP-013 for a peer: no pod is labelled component: config-reloader",
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-state-metrics.yaml",
        guard: "",
        objects: &[("prometheus-operator-kube-state-metrics", &["SG-NP-018"])],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/node-exporter.yaml",
        guard: "",
        objects: &[("prometheus-operator-prometheus-node-exporter", &["SG-NP-007"])],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/grafana.yaml",
        guard: "",
        objects: &[("grafana-egress", &["SG-NP-021"]), ("grafana-egress-and-ingress", &["SG-NP-001", "SG-NP-021"])],
        beyond: "",
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-prometheus.yaml",
        guard: "",
        objects: &[
            ("alertmanager-main", &[]),
            ("blackbox-exporter", &[]),
            ("grafana", &[]),
            ("kube-state-metrics", &[]),
            ("node-exporter", &[]),
            ("prometheus-adapter", &[]),
            ("prometheus-k8s", &[]),
            ("prometheus-operator", &[]),
        ],
        beyond: "the callers of the web interfaces are missing",
    },
];

/// Objects that are right, so that nobody may be warned of anything.
const RIGHT: &[&str] = &[
    "verrazzano-application-operator-webhook",
    "ingress-nginx-controller",
    "prometheus-operator-kube-p-operator",
    "alertmanager-main",
    "blackbox-exporter",
    "grafana",
    "prometheus-adapter",
    "prometheus-k8s",
    "prometheus-operator",
];

/// All tables.
fn fixtures() -> impl Iterator<Item = &'static Fixture> {
    [NETWORK_POLICIES].into_iter().flatten()
}

impl Fixture {
    /// What is found in every object of the file.
    fn judgements(&self) -> BTreeMap<String, Vec<Judgement>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.file);
        let text = std::fs::read_to_string(&path).unwrap();
        let guards = if self.guard.is_empty() { Guards::built_in() } else { Guards::parse(self.guard).unwrap() };
        let source = Source::new(&text);
        let documents = Document::read_all(&source).map(Result::unwrap);
        documents.map(|document| (document.name().to_owned(), judgements(&document, &guards))).collect()
    }
}

fn judgements(document: &Document<'_>, guards: &Guards) -> Vec<Judgement> {
    let json = document.json().unwrap();
    let request = Request {
        operation: Operation::Create,
        group: document.group(),
        kind: document.kind(),
        subresource: "",
        namespace: document.namespace().unwrap(),
        name: document.name(),
        object: Some(&json),
        old_object: None,
    };
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let outcome = validate(&request, guards, &Circumstances { now, namespace_mode: None });
    assert_eq!(outcome.unknowns, [], "everything is understood");
    outcome.judgements
}

fn rules(judgements: &[Judgement]) -> Vec<String> {
    let rules: BTreeSet<_> = judgements.iter().map(|judgement| judgement.finding.rule.to_string()).collect();
    rules.into_iter().collect()
}

#[test]
fn exactly_these_rules_find_something() {
    for fixture in fixtures() {
        let found: BTreeMap<String, Vec<String>> =
            fixture.judgements().iter().map(|(name, judgements)| (name.clone(), rules(judgements))).collect();
        let expected = fixture
            .objects
            .iter()
            .map(|(name, rules)| ((*name).to_owned(), rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>()));
        assert_eq!(found, expected.collect(), "{} (beyond: {})", fixture.file, fixture.beyond);
    }
}

#[test]
fn nobody_is_warned_of_what_is_right() {
    let mut seen = BTreeSet::new();
    for (name, judgements) in fixtures().flat_map(Fixture::judgements) {
        if RIGHT.contains(&name.as_str()) {
            assert!(judgements.iter().all(|judgement| judgement.action == Action::Record), "{name}: {judgements:#?}");
            seen.insert(name);
        }
    }
    assert_eq!(seen.len(), RIGHT.len(), "{seen:?}");
}

#[test]
fn every_fixture_is_in_a_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed: BTreeSet<_> = fixtures().map(|fixture| root.join(fixture.file)).collect();
    for file in std::fs::read_dir(root.join("tests/matrix/network-policies")).unwrap() {
        let file = file.unwrap().path();
        assert!(listed.contains(&file), "{} is in no table", file.display());
    }
}
