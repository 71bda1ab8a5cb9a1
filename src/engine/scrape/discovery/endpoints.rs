//! Endpoints, the older kind of object, told from the EndpointSlices that have the same content.
//!
//! The control plane makes both from the pods of a Service that has a selector, and makes slices from Endpoints that
//! somebody wrote. Slices that somebody wrote have no Endpoints beside them.

use std::borrow::Cow;

use super::endpoint_slice::{EndpointTarget, Group};
use super::meta::{self, Listed, PREFIX};
use super::{Scope, stand_in};
use crate::model::labels::Labels;
use crate::model::snapshot::endpoint_slice::SERVICE_NAME_LABEL;
use crate::model::snapshot::{Endpoint, EndpointSlice, Service, Snapshot};

/// Who makes slices from Endpoints (`k8s.io/kubernetes/pkg/controller/endpointslicemirroring`).
const MIRROR: (&str, &str) = ("endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io");

/// What the API server puts on its own Endpoints.
const NOT_MIRRORED: (&str, &str) = ("endpointslice.kubernetes.io/skip-mirror", "true");

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
    let has_endpoints = is_mirrored(slice) || is_of_api_server(service) || !service.selector.is_empty();
    has_endpoints && scope.selects(&labels_beside(slice, service))
}

/// The API server writes both of its own Service (`k8s.io/kubernetes/pkg/controlplane/reconcilers`).
fn is_of_api_server(service: &Service) -> bool {
    (service.namespace(), service.name()) == ("default", "kubernetes")
}

fn is_mirrored(slice: &EndpointSlice) -> bool {
    slice.labels.get(MIRROR.0) == Some(MIRROR.1)
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

/// The labels of the Endpoints beside a slice. The mirror has all of them, and two of its own.
fn labels_beside(slice: &EndpointSlice, service: &Service) -> Labels<'static> {
    if is_of_api_server(service) {
        return Labels::from_iter([NOT_MIRRORED]);
    }
    if !is_mirrored(slice) {
        return labels(service);
    }
    let written = slice.labels.iter().filter(|(key, _)| ![MIRROR.0, SERVICE_NAME_LABEL].contains(key));
    written.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Their annotations, but for those that only tell of who wrote them and when.
fn annotations_beside(slice: &EndpointSlice) -> Labels<'static> {
    if is_mirrored(slice) { slice.annotations.clone() } else { Labels::none() }
}

/// What a meta label says of these labels and annotations, by the end of its name.
fn of_object(rest: &str, slice: &EndpointSlice, service: &Service) -> Option<Cow<'static, str>> {
    let (labels, annotations) = (labels_beside(slice, service), annotations_beside(slice));
    meta::of_object(rest, &labels, &annotations).map(|value| Cow::Owned(value.to_owned()))
}

/// The labels of the Endpoints that are made for a Service.
fn labels(service: &Service) -> Labels<'static> {
    let made = (!service.selector.is_empty()).then_some(MANAGED_BY);
    let headless = service.is_headless.then_some((HEADLESS_LABEL, ""));
    let reserved = [MANAGED_BY.0, HEADLESS_LABEL];
    let own = service.labels.iter().filter(|(key, _)| !reserved.contains(key));
    own.chain(headless).chain(made).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(super) fn list_group(group: Group<'_>, listed: &mut Listed) {
    if let Some(service) = group.owner {
        meta::list(listed, "endpoints_name", service.name());
        let labels = labels_beside(group.slice, service);
        meta::list_object(listed, "endpoints", &labels, &annotations_beside(group.slice));
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
    if let (Some(rest), Some(service)) = (name.strip_prefix("endpoints_"), target.group.owner) {
        return match rest {
            "name" => Some(Cow::Borrowed(service.name())),
            _ => of_object(rest, target.group.slice, service),
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
        "endpoint_node_name" => endpoint.node_name().map(Cow::Borrowed),
        "endpoint_hostname" => endpoint.hostname.as_deref().map(Cow::Borrowed),
        _ => None,
    }
}
