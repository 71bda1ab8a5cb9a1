//! From the document to the guard: merged over the built-in one, with every reference checked.

mod settings;

use std::collections::BTreeMap;

use crate::model::finding::MalformedRuleId;
use crate::model::guard::document::{
    ComponentSpec, ConnectionSpec, EnforcementSpec, ExemptionSpec, IdentificationSpec, PortSpec, ScrapeGuardSpec,
    SourceSpec,
};
use crate::model::guard::enforcement::instant;
use crate::model::guard::{
    Component, ComponentPort, Connection, Enforcement, Exemption, Guard, Identification, Purpose, Source, Subject,
    SubjectKind, built_in,
};
use crate::model::suggestion::did_you_mean;
use crate::model::{FieldPath, ObjectReference, RuleId};

/// What is wrong with a guard that has the right form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ResolveError {
    /// The field.
    pub path: FieldPath,
    /// What is wrong, with a suggestion where there is one.
    pub message: String,
}

type Resolved<T> = Result<T, ResolveError>;

fn wrong<T>(path: FieldPath, message: impl Into<String>) -> Resolved<T> {
    Err(ResolveError { path, message: message.into() })
}

/// The guard that this document describes.
///
/// # Errors
/// The first reference to something that does not exist, or the first value that makes no sense.
pub fn guard(name: &str, spec: &ScrapeGuardSpec) -> Resolved<Guard> {
    let release = spec.release.as_deref().unwrap_or(built_in::default_release());
    if !built_in::is_release(release) {
        return wrong(FieldPath::of("spec.release"), format!("{release:?} cannot be the name of a Helm release"));
    }
    over(&built_in::specification(release), name, spec)
}

fn over(base: &ScrapeGuardSpec, name: &str, spec: &ScrapeGuardSpec) -> Resolved<Guard> {
    let release = spec.release.clone().unwrap_or_else(|| built_in::default_release().to_owned());
    let namespace = spec.namespace.clone().unwrap_or_else(|| "monitoring".to_owned());
    let mut components = components(base, spec)?;
    apply_prometheus(&mut components, spec);
    settings::apply_certificates(&mut components, spec)?;
    let mut connections = connections(base, spec, &components)?;
    connections.extend(web_access(spec, &components)?);
    Ok(Guard {
        name: name.to_owned(),
        enforcement: enforcement(spec)?,
        exemptions: exemptions(spec, &namespace)?,
        prometheus: spec.prometheus.name.clone(),
        monitors: settings::monitors(spec),
        mesh: settings::mesh(spec),
        companions: settings::companions(spec),
        existing: spec.existing,
        namespace,
        release,
        components,
        connections,
    })
}

fn components(base: &ScrapeGuardSpec, spec: &ScrapeGuardSpec) -> Resolved<Vec<Component>> {
    let mut merged: Vec<ComponentSpec> = base.components.clone();
    for component in &spec.components {
        match merged.iter_mut().find(|known| known.name == component.name) {
            Some(known) => merge(known, component),
            None => merged.push(component.clone()),
        }
    }
    let own = FieldPath::of("spec.components");
    merged
        .into_iter()
        .map(|component| {
            let position = spec.components.iter().position(|written| written.name == component.name);
            resolve_component(component, &position.map_or_else(|| own.clone(), |position| own.index(position)))
        })
        .collect()
}

fn merge(known: &mut ComponentSpec, change: &ComponentSpec) {
    fn replace<T: Clone>(known: &mut Option<T>, change: Option<&T>) {
        if let Some(change) = change {
            *known = Some(change.clone());
        }
    }
    replace(&mut known.selector_labels, change.selector_labels.as_ref());
    replace(&mut known.pod_labels, change.pod_labels.as_ref());
    replace(&mut known.identified_by, change.identified_by.as_ref());
    replace(&mut known.ports, change.ports.as_ref());
    replace(&mut known.service_account, change.service_account.as_ref());
    replace(&mut known.host_network, change.host_network.as_ref());
    replace(&mut known.in_mesh, change.in_mesh.as_ref());
    replace(&mut known.optional, change.optional.as_ref());
}

fn resolve_component(spec: ComponentSpec, path: &FieldPath) -> Resolved<Component> {
    if !is_object_name(&spec.name) {
        let message = format!("{:?} cannot be the name of a component: companions are called by it", spec.name);
        return wrong(path.key("name"), message);
    }
    let selector_labels = entries(spec.selector_labels.unwrap_or_default());
    if selector_labels.is_empty() {
        return wrong(path.clone(), format!("component {:?} needs selectorLabels: policies select by them", spec.name));
    }
    let identified_by = spec.identified_by.unwrap_or_default();
    if let Some(empty) = identified_by.iter().position(|signs| *signs == IdentificationSpec::default()) {
        return wrong(path.key("identifiedBy").index(empty), "no sign is given, so every pod would be recognised");
    }
    Ok(Component {
        selector_labels,
        pod_labels: entries(spec.pod_labels.unwrap_or_default()),
        identified_by: identified_by.into_iter().map(identification).collect(),
        ports: ports(spec.ports.unwrap_or_default(), &path.key("ports"))?,
        service_account: spec.service_account,
        host_network: spec.host_network.unwrap_or_default(),
        in_mesh: spec.in_mesh,
        optional: spec.optional.unwrap_or_default(),
        name: spec.name,
    })
}

/// Whether objects can have this name (RFC 1123: lower case letters, digits and `-`), with room for what is added to it.
pub(crate) fn is_object_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    let bytes = name.as_bytes();
    name.len() <= 63 && bytes.iter().copied().all(allowed) && ends(bytes.first()) && ends(bytes.last())
}

fn entries(labels: BTreeMap<String, String>) -> Vec<(String, String)> {
    labels.into_iter().collect()
}

fn identification(spec: IdentificationSpec) -> Identification {
    Identification { labels: entries(spec.labels), container: spec.container, port: spec.port }
}

fn ports(specs: Vec<PortSpec>, path: &FieldPath) -> Resolved<Vec<ComponentPort>> {
    let port = |(position, spec): (usize, PortSpec)| {
        if spec.number == 0 {
            return wrong(path.index(position).key("number"), "a port number is between 1 and 65535");
        }
        Ok(ComponentPort {
            name: spec.name,
            aliases: spec.aliases,
            number: spec.number,
            protocol: spec.protocol,
            service_ports: spec.service_ports,
        })
    };
    specs.into_iter().enumerate().map(port).collect()
}

fn apply_prometheus(components: &mut [Component], spec: &ScrapeGuardSpec) {
    let Some(prometheus) = components.iter_mut().find(|component| component.name == "prometheus") else { return };
    if let Some(name) = &spec.prometheus.name {
        let labels = ["app.kubernetes.io/instance", "operator.prometheus.io/name", "prometheus"];
        for (_, value) in prometheus.pod_labels.iter_mut().filter(|(key, _)| labels.contains(&key.as_str())) {
            value.clone_from(name);
        }
        prometheus.service_account = Some(name.clone());
    }
    if let Some(labels) = &spec.prometheus.pod_labels {
        prometheus.selector_labels = entries(labels.clone());
        prometheus.pod_labels.clear();
    }
    if let Some(account) = &spec.prometheus.service_account {
        prometheus.service_account = Some(account.clone());
    }
}

fn connections(base: &ScrapeGuardSpec, spec: &ScrapeGuardSpec, components: &[Component]) -> Resolved<Vec<Connection>> {
    let own = FieldPath::of("spec.connections");
    let replaced =
        |known: &ConnectionSpec| spec.connections.iter().any(|own| own.from == known.from && own.to == known.to);
    let kept = base.connections.iter().filter(|known| !replaced(known)).map(|known| (own.clone(), known));
    let written = spec.connections.iter().enumerate().map(|(position, written)| (own.index(position), written));
    kept.chain(written)
        .filter(|(_, connection)| !connection.ports.is_empty())
        .map(|(path, connection)| resolve_connection(connection, components, &path))
        .collect()
}

fn resolve_connection(spec: &ConnectionSpec, components: &[Component], path: &FieldPath) -> Resolved<Connection> {
    let to = find_component(components, &spec.to, path.key("to"))?;
    let port = |(position, name): (usize, &String)| {
        if let Some(port) = to.port_named(name) {
            return Ok((port.number, port.protocol));
        }
        let hint = did_you_mean(name, to.ports.iter().map(|port| port.name.as_str()));
        wrong(path.key("ports").index(position), format!("component {:?} has no port {name:?}{hint}", to.name))
    };
    Ok(Connection {
        from: source(&spec.from, components, &path.key("from"))?,
        to: to.name.clone(),
        ports: spec.ports.iter().enumerate().map(port).collect::<Resolved<_>>()?,
        purpose: spec.purpose,
    })
}

fn source(spec: &SourceSpec, components: &[Component], path: &FieldPath) -> Resolved<Source> {
    match (&spec.component, spec.api_server, &spec.caller) {
        (Some(name), None, None) => {
            Ok(Source::Component(find_component(components, name, path.key("component"))?.name.clone()))
        }
        (None, Some(true), None) => Ok(Source::ApiServer),
        (None, None, Some(caller)) => Ok(Source::Caller(caller.clone())),
        _ => wrong(path.clone(), "exactly one of component, apiServer: true and caller is needed"),
    }
}

fn find_component<'a>(components: &'a [Component], name: &str, path: FieldPath) -> Resolved<&'a Component> {
    components.iter().find(|component| component.name == name).ok_or_else(|| {
        let hint = did_you_mean(name, components.iter().map(|component| component.name.as_str()));
        ResolveError { path, message: format!("there is no component {name:?}{hint}") }
    })
}

/// Every caller of the web interfaces may open the first port of each of these components, which is the interface.
fn web_access(spec: &ScrapeGuardSpec, components: &[Component]) -> Resolved<Vec<Connection>> {
    let path = FieldPath::of("spec.webAccess.to");
    let default = || ["prometheus", "alertmanager", "grafana"].map(str::to_owned).to_vec();
    let mut connections = Vec::new();
    for (position, name) in spec.web_access.to.clone().unwrap_or_else(default).iter().enumerate() {
        let component = find_component(components, name, path.index(position))?;
        let Some(interface) = component.ports.first() else {
            return wrong(path.index(position), format!("component {name:?} has no port"));
        };
        connections.extend(spec.web_access.callers.iter().map(|caller| Connection {
            from: Source::Caller(caller.clone()),
            to: name.clone(),
            ports: vec![(interface.number, interface.protocol)],
            purpose: Purpose::Ui,
        }));
    }
    Ok(connections)
}

fn enforcement(spec: &ScrapeGuardSpec) -> Resolved<Enforcement> {
    let path = FieldPath::of("spec.enforcement.rules");
    let mut rules = BTreeMap::new();
    for (id, setting) in &spec.enforcement.rules {
        match id.parse::<RuleId>() {
            Ok(rule) => rules.insert(rule, *setting),
            Err(malformed) => return wrong(path.key(id), malformed.to_string()),
        };
    }
    let EnforcementSpec { mode, deny_lost_targets, ref exempt_subjects, .. } = spec.enforcement;
    Ok(Enforcement { mode, rules, deny_lost_targets, exempt_subjects: subjects(exempt_subjects)? })
}

fn subjects(subjects: &[Subject]) -> Resolved<Vec<Subject>> {
    let is_wrong = |subject: &Subject| {
        let is_placed = subject.namespace.as_ref().is_some_and(|namespace| !namespace.is_empty());
        (subject.kind == SubjectKind::ServiceAccount) != is_placed
    };
    match subjects.iter().position(is_wrong) {
        Some(position) => wrong(
            FieldPath::of("spec.enforcement.exemptSubjects").index(position).key("namespace"),
            "a ServiceAccount needs a namespace, users and groups have none",
        ),
        None => Ok(subjects.to_vec()),
    }
}

fn exemptions(spec: &ScrapeGuardSpec, namespace: &str) -> Resolved<Vec<Exemption>> {
    let path = FieldPath::of("spec.exemptions");
    let resolve = |(position, written): (usize, &ExemptionSpec)| exemption(written, namespace, &path.index(position));
    spec.exemptions.iter().enumerate().map(resolve).collect()
}

fn exemption(spec: &ExemptionSpec, namespace: &str, path: &FieldPath) -> Resolved<Exemption> {
    if spec.reason.trim().is_empty() {
        return wrong(path.key("reason"), "an exemption needs a reason");
    }
    let rule = spec.rule.parse().map_err(|malformed: MalformedRuleId| ResolveError {
        path: path.key("rule"),
        message: malformed.to_string(),
    })?;
    Ok(Exemption {
        rule,
        object: ObjectReference {
            kind: spec.object.kind.clone(),
            namespace: Some(spec.object.namespace.clone().unwrap_or_else(|| namespace.to_owned())),
            name: spec.object.name.clone(),
        },
        reason: spec.reason.trim().to_owned(),
        expires: expiry(&spec.expires, &path.key("expires"))?,
    })
}

fn expiry(text: &str, path: &FieldPath) -> Resolved<jiff::Timestamp> {
    let malformed = || format!("{text:?} is neither a day such as 2027-01-01 nor an RFC 3339 time");
    instant(text).ok_or_else(|| ResolveError { path: path.clone(), message: malformed() })
}
