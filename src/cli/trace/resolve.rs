//! From the names in a question to the pods of a snapshot.

use std::net::IpAddr;

use anyhow::{anyhow, bail};

use super::question::{End, Port, Question};
use crate::engine::reach;
use crate::model::snapshot::{Pod, Snapshot};
use crate::model::suggestion;

/// The connection that a question is about.
///
/// # Errors
/// When a name means nothing in this snapshot.
pub(super) fn connection<'s>(question: &Question, snapshot: &'s Snapshot) -> anyhow::Result<reach::Connection<'s>> {
    let (from, to) = (end(&question.from, snapshot)?, end(&question.to, snapshot)?);
    Ok(reach::Connection { from, to, port: port(question, to)?, protocol: question.protocol })
}

/// What is odd about the port, if it is one that no container declares: policies may let it pass, and yet nobody is
/// known to listen there. Ports of Services are often taken for those of pods.
pub(super) fn undeclared_port(question: &Question, snapshot: &Snapshot) -> Option<String> {
    let (Port::Number(number), Ok(reach::End::Pod(pod))) = (&question.port, end(&question.to, snapshot)) else {
        return None;
    };
    let declared: Vec<u16> = pod.declared_ports(question.protocol).collect();
    if declared.is_empty() || declared.contains(number) {
        return None;
    }
    let declared: Vec<String> = declared.iter().map(ToString::to_string).collect();
    Some(format!("{} declares no {} port {number}, but {}", pod.object, question.protocol, declared.join(", ")))
}

fn end<'s>(end: &End, snapshot: &'s Snapshot) -> anyhow::Result<reach::End<'s>> {
    match end {
        End::World => Ok(reach::End::World),
        End::Address(address) => at(*address, snapshot),
        End::Pod { namespace, name } => {
            let found = snapshot.pod(namespace, name);
            found.map(reach::End::Pod).ok_or_else(|| missing(namespace, name, snapshot))
        }
    }
}

fn at(address: IpAddr, snapshot: &Snapshot) -> anyhow::Result<reach::End<'_>> {
    if let Some(service) = snapshot.service_at(address) {
        bail!(
            "{address} is the address of the Service {}/{}: ask about one of its pods",
            service.namespace(),
            service.name()
        );
    }
    Ok(reach::End::at(address, snapshot))
}

fn missing(namespace: &str, name: &str, snapshot: &Snapshot) -> anyhow::Error {
    let known: Vec<String> = snapshot.pods().iter().map(Pod::full_name).collect();
    let meant = suggestion::did_you_mean(&format!("{namespace}/{name}"), known.iter().map(String::as_str));
    anyhow!("no pod and no workload {namespace}/{name} is in the input{meant}")
}

fn port(question: &Question, to: reach::End<'_>) -> anyhow::Result<u16> {
    let protocol = question.protocol;
    match (&question.port, to) {
        (Port::Number(number), _) => Ok(*number),
        (Port::Name(name), reach::End::Pod(pod)) => pod
            .port_named(name, protocol)
            .ok_or_else(|| anyhow!("{} declares no {protocol} port named {name:?}", pod.object)),
        (Port::Name(name), _) => bail!("only a pod has ports with names such as {name:?}: write a number"),
    }
}
