//! Every fixture, what is found in it, and what is still to be found in it.

use super::Fixture;

/// kube-prometheus-stack beside Istio.
const STACK: &[&str] = &[
    "examples/cluster/namespaces.yaml",
    "examples/cluster/monitoring.yaml",
    "examples/cluster/ingress-nginx.yaml",
    "examples/cluster/shop.yaml",
    "tests/matrix/clusters/oauth2-proxy.yaml",
];
/// The same with its Prometheus resource, and istiod.
const MONITORED: &[&str] = &[
    "examples/cluster/namespaces.yaml",
    "examples/cluster/monitoring.yaml",
    "examples/cluster/ingress-nginx.yaml",
    "examples/cluster/shop.yaml",
    "tests/matrix/clusters/prometheus.yaml",
    "tests/matrix/clusters/istiod.yaml",
];
const VERRAZZANO: &[&str] = &["tests/matrix/clusters/verrazzano.yaml"];
const GUIDES: &[&str] = &["tests/matrix/clusters/guides.yaml"];
const KUBE_PROMETHEUS: &[&str] = &["tests/matrix/clusters/kube-prometheus.yaml"];

/// NetworkPolicies of guides, platforms and charts.
const NETWORK_POLICIES: &[Fixture] = &[
    Fixture {
        file: "examples/seed/as-written/network-policies.yaml",
        objects: &[
            ("kube-prometheus-stack-operator", &["SG-NP-003", "SG-NP-004"]),
            ("kube-state-metrics", &[]),
            ("node-exporter", &["SG-NP-007"]),
        ],
        cluster: STACK,
        in_cluster: &[("kube-prometheus-stack-operator", &["SG-NP-003", "SG-NP-033"])],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-ingress.yaml",
        objects: &[
            ("argocd", &["SG-NP-009", "SG-NP-017"]),
            ("dex", &["SG-NP-009", "SG-NP-017"]),
            ("keycloak", &["SG-NP-009", "SG-NP-017", "SG-NP-017"]),
            ("rancher", &["SG-NP-009", "SG-NP-017"]),
        ],
        cluster: VERRAZZANO,
        in_cluster: &[
            ("argocd", &["SG-NP-013"]),
            ("dex", &["SG-NP-013"]),
            ("keycloak", &["SG-NP-013"]),
            ("rancher", &["SG-NP-013"]),
        ],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-node-exporter.yaml",
        objects: &[("node-exporter", &["SG-NP-007"])],
        cluster: VERRAZZANO,
        in_cluster: &[("node-exporter", &["SG-NP-013"])],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-application-operator-webhook.yaml",
        objects: &[("verrazzano-application-operator-webhook", &["SG-NP-017"])],
        cluster: VERRAZZANO,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-docs-istio.yaml",
        objects: &[
            ("allow-same-namespace", &[]),
            ("istio-egressgateway", &["SG-NP-008"]),
            ("istio-ingressgateway", &["SG-NP-008"]),
            ("istiod-access", &["SG-NP-008", "SG-NP-008", "SG-NP-017"]),
        ],
        cluster: GUIDES,
        in_cluster: &[
            ("allow-same-namespace", &["SG-NP-034"]),
            ("istio-egressgateway", &["SG-NP-013"]),
            ("istio-ingressgateway", &["SG-NP-013"]),
            ("istiod-access", &["SG-NP-013", "SG-NP-013", "SG-NP-013", "SG-NP-013", "SG-NP-013"]),
        ],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/verrazzano-docs-nginx.yaml",
        objects: &[("ingress-nginx-controller", &["SG-NP-017"])],
        cluster: GUIDES,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-prometheus-stack.yaml",
        objects: &[
            ("prometheus-operator-kube-p-alertmanager", &["SG-NP-026"]),
            ("prometheus-operator-kube-p-operator", &[]),
            ("prometheus-operator-kube-p-prometheus", &["SG-NP-018"]),
        ],
        cluster: STACK,
        in_cluster: &[
            ("prometheus-operator-kube-p-alertmanager", &["SG-NP-013", "SG-NP-033", "SG-NP-033"]),
            ("prometheus-operator-kube-p-prometheus", &["SG-NP-018", "SG-NP-027"]),
        ],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-state-metrics.yaml",
        objects: &[("prometheus-operator-kube-state-metrics", &["SG-NP-018"])],
        cluster: STACK,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/node-exporter.yaml",
        objects: &[("prometheus-operator-prometheus-node-exporter", &["SG-NP-007"])],
        cluster: STACK,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/grafana.yaml",
        objects: &[("grafana-egress", &["SG-NP-021"]), ("grafana-egress-and-ingress", &["SG-NP-001", "SG-NP-021"])],
        cluster: STACK,
        in_cluster: &[("grafana-egress", &["SG-NP-033"])],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/network-policies/kube-prometheus.yaml",
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
        cluster: KUBE_PROMETHEUS,
        in_cluster: &[("alertmanager-main", &["SG-NP-033"])],
        to_come: &[],
    },
];

/// AuthorizationPolicies of the guide and of Verrazzano.
const AUTHORIZATION_POLICIES: &[Fixture] = &[
    Fixture {
        file: "examples/seed/as-written/authorization-policy.yaml",
        objects: &[("prometheus-authzpol", &["SG-AP-001", "SG-GEN-001", "SG-GEN-001", "SG-GEN-002", "SG-GEN-002"])],
        cluster: STACK,
        in_cluster: &[("prometheus-authzpol", &["SG-AP-018"])],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/authorization-policies/seed-filled.yaml",
        objects: &[("prometheus-authzpol", &["SG-AP-009", "SG-AP-012", "SG-AP-017", "SG-AP-018", "SG-AP-020"])],
        cluster: STACK,
        in_cluster: &[("prometheus-authzpol", &["SG-AP-018"])],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/authorization-policies/seed-answered.yaml",
        objects: &[("prometheus", &[])],
        cluster: STACK,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/authorization-policies/verrazzano-kiali.yaml",
        objects: &[("verrazzano-kiali-authzpol", &["SG-AP-009", "SG-AP-012", "SG-AP-012", "SG-AP-019"])],
        cluster: VERRAZZANO,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/authorization-policies/verrazzano.yaml",
        objects: &[
            ("verrazzano-authproxy-authzpol", &["SG-AP-012", "SG-AP-012", "SG-AP-012", "SG-AP-028"]),
            ("vmi-system-es-ingest-authzpol", &["SG-AP-012", "SG-AP-012", "SG-AP-028"]),
            ("vmi-system-grafana-authzpol", &["SG-AP-012", "SG-AP-012", "SG-AP-028"]),
        ],
        cluster: VERRAZZANO,
        in_cluster: &[],
        to_come: &[],
    },
];

/// Monitors of the guide and of Istio, and Prometheus itself as one platform installs it.
const MONITORING: &[Fixture] = &[
    Fixture {
        file: "examples/seed/as-written/pod-monitor.yaml",
        objects: &[("envoy-stats", &["SG-PM-008", "SG-RL-005", "SG-RL-011", "SG-RL-011", "SG-RL-011", "SG-RL-011"])],
        cluster: MONITORED,
        in_cluster: &[],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/monitors/istio.yaml",
        objects: &[
            ("envoy-stats-monitor", &["SG-RL-011", "SG-RL-011", "SG-RL-011", "SG-SM-012"]),
            ("istio-component-monitor", &["SG-SM-012"]),
        ],
        cluster: MONITORED,
        in_cluster: &[
            // Two steps take the address from the annotation, one for each address family.
            ("envoy-stats-monitor", &["SG-PM-003", "SG-RL-006", "SG-RL-006", "SG-RL-012"]),
            ("istio-component-monitor", &["SG-PM-003"]),
        ],
        to_come: &[],
    },
    Fixture {
        file: "tests/matrix/prometheus/ocne.yaml",
        objects: &[
            ("prometheus-authzpol", &["SG-AP-012", "SG-AP-017", "SG-AP-020"]),
            ("prometheus-operator-grafana", &[]),
            ("prometheus-operator-kube-p-operator", &[]),
            ("prometheus-operator-kube-p-prometheus", &["SG-PR-009", "SG-PR-018"]),
            ("prometheus-operator-prometheus-node-exporter", &[]),
        ],
        cluster: STACK,
        in_cluster: &[("prometheus-authzpol", &["SG-AP-020"])],
        to_come: &[],
    },
];

/// All tables.
pub(crate) fn fixtures() -> impl Iterator<Item = &'static Fixture> {
    [NETWORK_POLICIES, AUTHORIZATION_POLICIES, MONITORING].into_iter().flatten()
}

/// Objects of which something may be noted, but nobody warned: they are right.
pub(crate) const RIGHT: &[&str] = &[
    "verrazzano-application-operator-webhook",
    "ingress-nginx-controller",
    "envoy-stats-monitor",
    "istio-component-monitor",
];
