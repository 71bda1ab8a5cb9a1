//! What stands in a target's address for a pod that does not exist yet.
//!
//! A template stands for pods whose addresses nobody knows. In their place stands `<Deployment.grafana.monitoring>`:
//! kind, name and namespace of the workload. It can be no host name, has no colon and no slash, and stays as it is in a
//! URL.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::model::snapshot::{Pod, Snapshot};

/// The host in addresses of a pod: its own address, or what stands for the one that it will have. `None` if it exists
/// and has no address.
pub fn host_of(pod: &Pod) -> Option<String> {
    if is_template(pod) {
        return Some(format!("<{}.{}.{}>", pod.object.kind, pod.object.name, pod.namespace));
    }
    pod.addresses.first().map(ToString::to_string)
}

/// The template that a host stands for, such as the one in `<Deployment.grafana.monitoring>:3000`.
pub fn template_at<'s>(address: &str, snapshot: &'s Snapshot) -> Option<&'s Pod> {
    let (inside, _) = address.strip_prefix('<')?.split_once('>')?;
    let (kind, rest) = inside.split_once('.')?;
    // Names may have dots in them, kinds and namespaces do not.
    let (name, namespace) = rest.rsplit_once('.')?;
    snapshot.pods_named(namespace, name).iter().find(|pod| pod.object.kind == kind && is_template(pod))
}

/// Whether it is a template that stands for pods.
pub(super) fn is_template(pod: &Pod) -> bool {
    pod.object.kind != "Pod"
}

/// The name of a pod; of a template, what the names of its pods begin with, and a star.
pub(super) fn name_of(pod: &Pod) -> Cow<'_, str> {
    if is_template(pod) { Cow::Owned(format!("{}-*", pod.object.name)) } else { Cow::Borrowed(&pod.object.name) }
}

/// Host and port as one address, as Go's `net.JoinHostPort` writes it.
pub(super) fn join(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// An address as it is written in a target without a port.
pub(super) fn written(address: Option<IpAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}
