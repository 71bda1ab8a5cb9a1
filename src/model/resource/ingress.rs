//! Ingress (`networking.k8s.io/v1`).

use serde::Deserialize;

use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::{FieldPath, Text};

/// An Ingress.
#[derive(Clone, Debug, Deserialize)]
pub struct Ingress<'a> {
    /// Name and annotations.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// Where it leads.
    #[serde(borrow, default)]
    pub spec: IngressSpec<'a>,
}

/// Where an Ingress leads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec<'a> {
    /// The class, which names the controller.
    #[serde(borrow)]
    pub ingress_class_name: Option<Text<'a>>,
    /// Where everything goes that no rule is for.
    #[serde(borrow)]
    pub default_backend: Option<Backend<'a>>,
    /// Where the paths of a host go.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub rules: Vec<Rule<'a>>,
    /// Which hosts have certificates.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub tls: Vec<Tls<'a>>,
}

/// One element of `tls`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tls<'a> {
    /// The hosts, of which the first name may be a star.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub hosts: Vec<Text<'a>>,
}

/// One element of `rules`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule<'a> {
    /// The host; empty for all.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub host: Text<'a>,
    /// The paths; `None` for all.
    #[serde(borrow)]
    pub http: Option<Http<'a>>,
}

/// The paths of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Http<'a> {
    /// The paths.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub paths: Vec<Path<'a>>,
}

/// One element of `paths`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Path<'a> {
    /// The path; empty for all.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub path: Text<'a>,
    /// Where it goes.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub backend: Backend<'a>,
}

/// Where requests go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Backend<'a> {
    /// A Service of the Ingress's own namespace.
    #[serde(borrow)]
    pub service: Option<ServiceBackend<'a>>,
}

/// A Service as backend.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServiceBackend<'a> {
    /// Name of the Service.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its port.
    #[serde(deserialize_with = "null_as_default")]
    pub port: ServicePort,
}

/// The port of a Service by its number; one that is given by name has none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServicePort {
    /// The number.
    pub number: Option<i64>,
}

impl<'a> IngressSpec<'a> {
    /// The Services that it leads to, each with its place.
    pub fn services(&self) -> impl Iterator<Item = (FieldPath, &ServiceBackend<'a>)> {
        let default = self.default_backend.iter().map(|backend| (FieldPath::of("spec.defaultBackend"), backend));
        let paths = self.rules.iter().enumerate().flat_map(|(rule, written)| {
            let paths = FieldPath::of("spec.rules").index(rule).key("http").key("paths");
            let written = written.http.iter().flat_map(|http| &http.paths);
            let backends = written.map(|path| &path.backend).enumerate();
            backends.map(move |(path, backend)| (paths.index(path).key("backend"), backend))
        });
        default.chain(paths).filter_map(|(path, backend)| Some((path.key("service"), backend.service.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_behind_paths_and_by_default() {
        let json = r#"{"spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}, "rules": [
            {"host": "h"}, {"http": {"paths": [{"backend": {"resource": {}}}, {"backend": {"service": {"name": "b"}}}]}}]}}"#;
        let ingress: Ingress<'_> = serde_json::from_str(json).unwrap();
        let found: Vec<_> = ingress.spec.services().map(|(path, service)| format!("{path} {}", service.name)).collect();
        assert_eq!(found, ["spec.defaultBackend.service a", "spec.rules[1].http.paths[1].backend.service b"]);
    }
}
