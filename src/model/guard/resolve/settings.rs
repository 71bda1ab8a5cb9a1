//! The parts of a guard that refer to nothing else in it: the mesh, companions and the selection of monitors.

use std::collections::BTreeMap;

use crate::model::FieldPath;
use crate::model::guard::document::{IstioMode, ScrapeGuardSpec};
use crate::model::guard::monitors::{Selection, SelectorSpec};
use crate::model::guard::resolve::{Resolved, wrong};
use crate::model::guard::{Certificates, Companions, Component, Mesh, Monitors, built_in};
use crate::model::selector::LabelSelector;

pub(super) fn mesh(spec: &ScrapeGuardSpec) -> Mesh {
    let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    Mesh {
        istio: spec.mesh.istio,
        trust_domain: or(&spec.mesh.trust_domain, "cluster.local"),
        root_namespace: or(&spec.mesh.root_namespace, "istio-system"),
        envoy_stats: spec.mesh.envoy_stats.unwrap_or(true),
        certificates: spec.mesh.certificates,
        dual_stack: spec.mesh.dual_stack,
    }
}

pub(super) fn companions(spec: &ScrapeGuardSpec) -> Companions {
    Companions {
        network_policies: spec.companions.network_policies,
        authorization_policies: spec.companions.authorization_policies,
        pod_monitors: spec.companions.pod_monitors,
        default_deny: spec.companions.default_deny.unwrap_or(true),
    }
}

/// Where no selector is given, the chart writes one for the label of its release, and one for all namespaces
/// (kube-prometheus-stack `values.yaml`, `podMonitorSelectorNilUsesHelmValues` and its like).
pub(super) fn monitors(spec: &ScrapeGuardSpec) -> Monitors {
    let release = spec.release.as_deref().unwrap_or(built_in::default_release()).to_owned();
    let of_chart =
        SelectorSpec { match_labels: BTreeMap::from([("release".to_owned(), release)]), ..Default::default() };
    let or_of_chart = |selector: &Option<SelectorSpec>| Selection {
        labels: Some(LabelSelector::from(selector.as_ref().unwrap_or(&of_chart))),
        namespaces: Some(LabelSelector::default()),
        is_said: selector.is_some(),
    };
    let prometheus = &spec.prometheus;
    Monitors {
        inject: spec.monitors.inject.unwrap_or(true),
        namespaces: spec.monitors.namespace_selector.as_ref().map(LabelSelector::from).unwrap_or_default(),
        pod_monitors: or_of_chart(&prometheus.pod_monitor_selector),
        service_monitors: or_of_chart(&prometheus.service_monitor_selector),
        probes: or_of_chart(&prometheus.probe_selector),
        scrape_configs: or_of_chart(&prometheus.scrape_config_selector),
    }
}

/// Certificates come from a sidecar: whoever asks for them says that Prometheus has one.
pub(super) fn apply_certificates(components: &mut [Component], spec: &ScrapeGuardSpec) -> Resolved<()> {
    if spec.mesh.certificates == Certificates::None {
        return Ok(());
    }
    let path = FieldPath::of("spec.mesh.certificates");
    if spec.mesh.istio != IstioMode::Sidecar {
        return wrong(path, "certificates are written by a sidecar, so istio: sidecar is needed as well");
    }
    let Some(prometheus) = components.iter_mut().find(|component| component.name == "prometheus") else {
        return Ok(());
    };
    if prometheus.in_mesh == Some(false) {
        return wrong(path, "certificates are written by a sidecar, but prometheus has inMesh: false");
    }
    prometheus.in_mesh = Some(true);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::model::guard::Guards;

    fn load(spec: &str) -> Result<Option<bool>, String> {
        let head = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\n";
        let guards = Guards::parse(&format!("{head}spec: {spec}\n")).map_err(|error| error.to_string())?;
        Ok(guards.iter().next().and_then(|guard| guard.component("prometheus")?.in_mesh))
    }

    #[rstest]
    #[case("{}", Ok(None))]
    #[case::implied("{mesh: {istio: sidecar, certificates: ocne}}", Ok(Some(true)))]
    #[case::no_sidecar(
        "{mesh: {certificates: istio}}",
        Err("line 4, column 29: certificates are written by a sidecar, so istio: sidecar is needed as well")
    )]
    #[case::out_of_the_mesh(
        "{mesh: {istio: sidecar, certificates: istio}, components: [{name: prometheus, inMesh: false}]}",
        Err("line 4, column 45: certificates are written by a sidecar, but prometheus has inMesh: false")
    )]
    fn certificates_need_a_sidecar(#[case] spec: &str, #[case] expected: Result<Option<bool>, &str>) {
        assert_eq!(load(spec), expected.map_err(str::to_owned));
    }
}
