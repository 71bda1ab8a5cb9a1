//! Injection ahead of time: what objects that have nothing yet would get, for people who write it into their manifests
//! themselves. Found out by injecting into such objects.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::inject::{Injection, Labelled, monitor, prometheus, workload};
use crate::model::Resource;
use crate::model::guard::{Component, Guard};
use crate::model::resource::{Prometheus, Workload};

/// Every kind of monitor.
const MONITORS: [Resource; 4] =
    [Resource::PodMonitor, Resource::ServiceMonitor, Resource::Probe, Resource::ScrapeConfig];

/// What objects of one sort get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fragment {
    /// Name of the component, or `monitors`.
    pub about: String,
    /// Where it belongs, in words.
    pub into: String,
    /// The branches of the object that are added.
    pub fragment: Value,
}

/// What injection adds to the objects of every component, and to monitors, in the order of the guard. Components that
/// get nothing are left out.
pub fn fragments(guard: &Guard) -> Vec<Fragment> {
    let components = guard.components.iter().filter_map(|component| of_component(component, guard));
    components.chain(of_monitors(guard)).collect()
}

fn of_component(component: &Component, guard: &Guard) -> Option<Fragment> {
    let (into, object, injection) = match resource(component) {
        Some(resource) => {
            let object = json!({"metadata": {"name": guard.prometheus}, "spec": {}});
            let injection = prometheus::prometheus(&Prometheus::deserialize(&object).ok()?, resource, guard);
            (format!("the {} resource", resource.kind()), object, injection)
        }
        None if component.is_made_by_operator() => {
            let object = json!({"spec": {}});
            let resource = Prometheus::deserialize(&object).ok()?;
            let injection = prometheus::handed_on(&resource, component, guard);
            ("the resource that the Prometheus operator makes it from".to_owned(), object, injection)
        }
        None => {
            let object = json!({"spec": {"template": {"spec": {"hostNetwork": component.host_network}}}});
            let text = object.to_string();
            let template = Workload::read(Resource::Deployment, &text)?.ok()?;
            let injection = workload::component_lacks(component, &template, Resource::Deployment, guard);
            ("the Deployment, StatefulSet, DaemonSet or Job".to_owned(), object, injection)
        }
    };
    let fragment = added(&object, &injection)?;
    Some(Fragment { about: component.name.clone(), into, fragment })
}

/// The resource of which injection knows that its pods are this component.
fn resource(component: &Component) -> Option<Resource> {
    match component.name.as_str() {
        _ if !component.is_made_by_operator() => None,
        "prometheus" => Some(Resource::Prometheus),
        "prometheus-agent" => Some(Resource::PrometheusAgent),
        _ => None,
    }
}

/// Kinds of monitor that get the same share a fragment.
fn of_monitors(guard: &Guard) -> Vec<Fragment> {
    let mut fragments: Vec<Fragment> = Vec::new();
    for resource in MONITORS {
        let selector = guard.monitors.selector(resource).filter(|_| guard.monitors.inject);
        let injection = selector.map(|selector| monitor::monitor(&Labelled { metadata: None }, selector));
        let Some(fragment) = injection.and_then(|injection| added(&json!({}), &injection)) else { continue };
        if let Some(known) = fragments.iter_mut().find(|known| known.fragment == fragment) {
            known.into = format!("{}, {}", known.into, resource.kind());
        } else {
            let into = format!("every {}", resource.kind());
            fragments.push(Fragment { about: "monitors".to_owned(), into, fragment });
        }
    }
    fragments
}

/// The object after injection, without what was there before; `None` if nothing is added.
fn added(object: &Value, injection: &Injection) -> Option<Value> {
    let patch = json_patch::Patch::deserialize(serde_json::to_value(&injection.patch).ok()?).ok()?;
    let mut after = object.clone();
    json_patch::patch(&mut after, &patch).ok()?;
    difference(object, after)
}

fn difference(before: &Value, after: Value) -> Option<Value> {
    match after {
        after if *before == after => None,
        Value::Object(entries) => {
            let new = |(key, after): (String, Value)| match before.get(&key) {
                Some(before) => Some((key, difference(before, after)?)),
                None => Some((key, after)),
            };
            Some(Value::Object(entries.into_iter().filter_map(new).collect()))
        }
        after => Some(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guard::Guards;

    fn fragments_of(spec: &str) -> Vec<Fragment> {
        let head = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\n";
        let guards = Guards::parse(&format!("{head}spec: {spec}\n")).unwrap();
        guards.iter().flat_map(fragments).collect()
    }

    fn fragment(spec: &str, about: &str) -> Option<Value> {
        fragments_of(spec).into_iter().find(|fragment| fragment.about == about).map(|fragment| fragment.fragment)
    }

    #[test]
    fn a_template_gets_the_labels_that_policies_select_by() {
        let expected = json!({"spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/name": "grafana"}}}}});
        assert_eq!(fragment("{}", "grafana"), Some(expected));
        let labels = json!({"app.kubernetes.io/name": "grafana", "sidecar.istio.io/inject": "true"});
        let inside = fragment("{mesh: {istio: sidecar}, components: [{name: grafana, inMesh: true}]}", "grafana");
        assert_eq!(inside, Some(json!({"spec": {"template": {"metadata": {"labels": labels}}}})));
    }

    #[test]
    fn what_the_operator_sets_itself_is_left_to_it() {
        assert_eq!(fragment("{}", "prometheus"), None);
        assert_eq!(fragment("{}", "alertmanager"), None);
        let outside = "{mesh: {istio: sidecar}, components: [{name: alertmanager, inMesh: false}]}";
        let labels = json!({"sidecar.istio.io/inject": "false"});
        assert_eq!(fragment(outside, "alertmanager"), Some(json!({"spec": {"podMetadata": {"labels": labels}}})));
    }

    #[test]
    fn prometheus_gets_the_certificates_of_the_mesh() {
        let found = fragment("{mesh: {istio: sidecar, certificates: ocne}, prometheus: {name: k8s}}", "prometheus");
        let spec = &found.unwrap()["spec"];
        assert_eq!(spec["podMetadata"]["labels"], json!({"sidecar.istio.io/inject": "true"}));
        assert_eq!(spec["volumes"], json!([{"name": "istio-certs-dir", "emptyDir": {"medium": "Memory"}}]));
        assert_eq!(spec["volumeMounts"], json!([{"name": "istio-certs-dir", "mountPath": "/etc/istio-certs"}]));
    }

    #[test]
    fn a_plain_prometheus_is_a_workload_like_others() {
        let found = fragment("{prometheus: {podLabels: {app: prom}}}", "prometheus").unwrap();
        assert_eq!(found, json!({"spec": {"template": {"metadata": {"labels": {"app": "prom"}}}}}));
    }

    #[test]
    fn monitors_that_get_the_same_share_it() {
        let of_monitors = |spec| {
            let all = fragments_of(spec).into_iter().filter(|fragment| fragment.about == "monitors");
            all.map(|fragment| format!("{}: {}", fragment.into, fragment.fragment)).collect::<Vec<_>>()
        };
        let release = r#"{"metadata":{"labels":{"release":"prometheus-operator"}}}"#;
        let all = "every PodMonitor, ServiceMonitor, Probe, ScrapeConfig";
        assert_eq!(of_monitors("{}"), [format!("{all}: {release}")]);
        let team = r#"{"metadata":{"labels":{"team":"a"}}}"#;
        assert_eq!(
            of_monitors("{prometheus: {podMonitorSelector: {matchLabels: {team: a}}}}"),
            [format!("every PodMonitor: {team}"), format!("every ServiceMonitor, Probe, ScrapeConfig: {release}")]
        );
        assert_eq!(of_monitors("{monitors: {inject: false}}"), [""; 0]);
    }
}
