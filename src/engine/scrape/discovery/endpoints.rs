//! Endpoints, the older kind of object, told from the EndpointSlices that have the same content.
//!
//! The control plane makes both from the pods of a Service that has a selector, and makes slices from Endpoints that
//! somebody wrote. Slices that somebody wrote have no Endpoints beside them.

use std::borrow::Cow;

use super::endpoint_slice::{EndpointTarget, Group};
use super::meta::{self, Listed, PREFIX};
use super::{Scope, stand_in};
use crate::model::labels::Labels;
use crate::model::snapshot::{Endpoint, EndpointSlice, Service, Snapshot};

/// Who makes slices from Endpoints (`k8s.io/kubernetes/pkg/controller/endpointslicemirroring`).
const MIRROR: (&str, &str) = ("endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io");

/// What the controller puts on the Endpoints that it makes (`k8s.io/kubernetes/pkg/controller/endpoint`).
const MANAGED_BY: (&str, &str) = ("endpoints.kubernetes.io/managed-by", "endpoint-controller");
const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";

const NAMES: [&str; 7] = [
    "endpoint_port_name",
    "endpoint_port_protocol",
    "endpoint_ready",
    "endpoint_address_target_kind",
    "endpoint_address_target_name",
    "endpoint_node_name",
    "endpoint_hostname",
];

/// Whether a slice has Endpoints beside it that are looked at.
pub(super) fn is_selected(service: &Service, slice: &EndpointSlice, scope: &Scope) -> bool {
    let is_mirrored = slice.labels.get(MIRROR.0) == Some(MIRROR.1);
    (is_mirrored || !service.selector.is_empty()) && scope.selects(&labels(service))
}

/// Whether Endpoints do not have an endpoint of a slice: they have no pods that are going away.
pub(super) fn is_left_out(endpoint: &Endpoint) -> bool {
    endpoint.terminating == Some(true) && endpoint.ready != Some(true)
}

/// What Endpoints there may be that no slice tells of: each in a sentence.
pub(super) fn not_considered(scope: &Scope, snapshot: &Snapshot) -> Vec<String> {
    let all = scope.namespaces().into_iter();
    let services =
        all.flat_map(|namespace| namespace.map_or_else(|| snapshot.services(), |it| snapshot.services_in(it)));
    let open = services.filter(|service| {
        let is_bare = service.selector.is_empty() && service.service_type != "ExternalName";
        is_bare && snapshot.endpoint_slices_of(service).next().is_none() && scope.selects(&labels(service))
    });
    open.map(|service| format!("{} has no selector, and nobody says what its Endpoints are", service.object)).collect()
}

/// The labels of the Endpoints of a Service.
fn labels(service: &Service) -> Labels<'static> {
    let made = (!service.selector.is_empty()).then_some(MANAGED_BY);
    let headless = service.is_headless.then_some((HEADLESS_LABEL, ""));
    let reserved = [MANAGED_BY.0, HEADLESS_LABEL];
    let own = service.labels.iter().filter(|(key, _)| !reserved.contains(key));
    own.chain(headless).chain(made).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(super) fn list_group(group: Group<'_>, listed: &mut Listed) {
    if let Some(service) = group.service {
        meta::list(listed, "endpoints_name", service.name());
        meta::list_object(listed, "endpoints", &labels(service), &Labels::none());
    }
}

pub(super) fn list_own(target: &EndpointTarget<'_>, listed: &mut Listed) {
    for name in NAMES {
        let value = value(target, name);
        listed.extend(value.map(|value| ([PREFIX, name].concat(), value.into_owned())));
    }
}

/// The value of a meta label in the words of Endpoints.
pub(super) fn value<'s>(target: &EndpointTarget<'s>, name: &str) -> Option<Cow<'s, str>> {
    if let (Some(rest), Some(service)) = (name.strip_prefix("endpoints_"), target.group.service) {
        return match rest {
            "name" => Some(Cow::Borrowed(service.name())),
            _ => meta::of_object(rest, &labels(service), &Labels::none()).map(|value| Cow::Owned(value.to_owned())),
        };
    }
    let at = target.at?;
    let (endpoint, pod) = (at.endpoint, target.pod);
    match name {
        "endpoint_port_name" => Some(Cow::Borrowed(at.port.name.as_str())),
        "endpoint_port_protocol" => Some(Cow::Owned(at.port.protocol.to_string())),
        "endpoint_ready" if endpoint.ready == Some(false) => Some(Cow::Borrowed("false")),
        "endpoint_ready" => Some(Cow::Borrowed("true")),
        "endpoint_address_target_kind" => pod.map(|_| Cow::Borrowed("Pod")).or_else(|| at.target(|it| &it.kind)),
        "endpoint_address_target_name" => {
            pod.map(|pod| stand_in::name_of(pod.pod)).or_else(|| at.target(|target| &target.name))
        }
        "endpoint_node_name" => endpoint.node_name.as_deref().map(Cow::Borrowed),
        "endpoint_hostname" => endpoint.hostname.as_deref().map(Cow::Borrowed),
        _ => None,
    }
}
