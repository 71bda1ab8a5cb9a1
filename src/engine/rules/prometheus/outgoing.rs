//! Whether Prometheus' own policies let it out to where it sends alerts and samples.

use serde::Deserialize;

use super::given::{Given, given};
use crate::engine::reach::{Connection, End, Manner, Step, Verdict};
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::shortened;
use crate::model::resource::network_policy::PortReference;
use crate::model::resource::{null_as_default, tolerant};
use crate::model::snapshot::{Service, ServicePort, Snapshot};
use crate::model::{FieldPath, Protocol, Text};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct View<'s> {
    #[serde(borrow, deserialize_with = "tolerant")]
    remote_write: Vec<RemoteWrite<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    alerting: Alerting<'s>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RemoteWrite<'s> {
    #[serde(borrow)]
    url: Text<'s>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alerting<'s> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    alertmanagers: Vec<Alertmanager<'s>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alertmanager<'s> {
    #[serde(borrow)]
    namespace: Option<Text<'s>>,
    #[serde(borrow)]
    name: Text<'s>,
    #[serde(borrow)]
    port: Option<PortReference<'s>>,
}

/// Where Prometheus sends something.
struct Destination<'s> {
    path: FieldPath,
    /// In words.
    name: String,
    end: End<'s>,
    port: u16,
    /// The element of an egress rule that means it.
    peer: String,
}

pub(super) fn is_blocked(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for prometheus in given(cluster) {
        let Some(pod) = prometheus.pods(cluster.snapshot).next() else { continue };
        let mut reported = Vec::new();
        for destination in destinations(&prometheus, cluster.snapshot) {
            let connection = Connection {
                from: End::Pod(pod),
                to: destination.end,
                port: destination.port,
                protocol: Protocol::Tcp,
            };
            let path = cluster.evaluator.follow(&connection, &Manner::default());
            let Some(egress) = path.steps.first().filter(|step| step.verdict == Verdict::Blocked) else { continue };
            // Of several pods behind a Service, one is enough to tell.
            if !reported.contains(&destination.path) {
                reported.push(destination.path.clone());
                destination.report(&prometheus, egress, findings);
            }
        }
    }
}

impl Destination<'_> {
    fn report(&self, prometheus: &Given<'_>, egress: &Step, findings: &mut ClusterFindings<'_>) {
        let policy = egress.object.as_ref().map_or_else(|| "a NetworkPolicy".to_owned(), ToString::to_string);
        let (port, peer) = (self.port, &self.peer);
        findings.report(
            &prometheus.kept.reference,
            self.path.clone(),
            format!("egress to {} is blocked", shortened(&self.name, 35)),
            format!("add to the egress of {policy}: {{to: [{peer}], ports: [{{port: {port}, protocol: TCP}}]}}"),
        );
    }
}

fn destinations<'s>(prometheus: &Given<'s>, snapshot: &'s Snapshot) -> Vec<Destination<'s>> {
    let view: View<'s> = prometheus.spec();
    let mut all = Vec::new();
    for (index, alertmanager) in view.alerting.alertmanagers.iter().enumerate() {
        let namespace = alertmanager.namespace.as_deref().unwrap_or_else(|| prometheus.namespace());
        let Some(service) = snapshot.service(namespace, &alertmanager.name) else { continue };
        let is_meant = |port: &&ServicePort| match &alertmanager.port {
            Some(PortReference::Number(number)) => port.number == *number,
            Some(PortReference::Name(name)) => port.name == name.as_str(),
            Some(PortReference::Impossible(_)) | None => false,
        };
        let path = FieldPath::of("spec.alerting.alertmanagers").index(index);
        all.extend(behind(service, service.ports.iter().find(is_meant), &path, snapshot));
    }
    for (index, remote) in view.remote_write.iter().enumerate() {
        let path = FieldPath::of("spec.remoteWrite").index(index).key("url");
        all.extend(of_url(&remote.url, prometheus.namespace(), &path, snapshot));
    }
    all
}

/// The pods behind a port of a Service.
fn behind<'s>(
    service: &'s Service,
    port: Option<&'s ServicePort>,
    path: &FieldPath,
    snapshot: &'s Snapshot,
) -> Vec<Destination<'s>> {
    let Some(port) = port else { return Vec::new() };
    let labels: Vec<String> = service.selector.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let peer = format!(
        "{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}, podSelector: {{matchLabels: {{{}}}}}}}",
        service.namespace(),
        labels.join(", ")
    );
    let pods = snapshot.pods_behind(service).into_iter();
    let destination = |pod| {
        Some(Destination {
            path: path.clone(),
            name: format!("{}/{}", service.namespace(), service.name()),
            end: End::Pod(pod),
            port: port.at(pod)?,
            peer: peer.clone(),
        })
    };
    pods.filter_map(destination).collect()
}

/// Names of Services are looked up; other names with a dot are taken for somebody outside the cluster.
fn of_url<'s>(url: &str, own: &str, path: &FieldPath, snapshot: &'s Snapshot) -> Vec<Destination<'s>> {
    let Some((host, port)) = host_and_port(url) else { return Vec::new() };
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        let bits = if host.contains(':') { 128 } else { 32 };
        let peer = format!("{{ipBlock: {{cidr: {address}/{bits}}}}}");
        let end = End::at(address, snapshot);
        return vec![Destination { path: path.clone(), name: host.to_owned(), end, port, peer }];
    }
    let of_cluster = host.strip_suffix(".cluster.local").unwrap_or(host).strip_suffix(".svc");
    let is_inside = of_cluster.is_some() || !host.contains('.');
    let name = of_cluster.unwrap_or(host);
    let (name, namespace) = name.split_once('.').unwrap_or((name, own));
    match snapshot.service(namespace, name) {
        Some(service) => {
            let meant = service.ports.iter().find(|it| it.number == port);
            behind(service, meant, path, snapshot)
        }
        None if is_inside => Vec::new(),
        None => {
            let peer = "{ipBlock: {cidr: 0.0.0.0/0}}".to_owned();
            vec![Destination { path: path.clone(), name: host.to_owned(), end: End::World, port, peer }]
        }
    }
}

/// Host and port of a URL; of one that is written in another way, nothing.
fn host_and_port(url: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host, port.parse().ok()?)),
        _ => Some((authority, default)),
    }
}
