//! Ingresses: one target for each path of each rule (`prometheus/discovery/kubernetes/ingress.go`).

use super::attached::Attached;
use super::meta::{self, Listed};
use super::{ADDRESS, Discovered, Found, Scope};
use crate::model::Resource;
use crate::model::resource::Ingress;
use crate::model::resource::ingress::Rule;
use crate::model::snapshot::{Kept, Snapshot};

/// All targets that are Ingresses.
pub(super) fn discover<'s>(scope: &Scope, snapshot: &'s Snapshot, found: &mut Found<'s>) {
    let all = scope.namespaces().into_iter();
    let ingresses: Vec<&Kept> = all
        .flat_map(|namespace| match namespace {
            None => snapshot.objects(Resource::Ingress).collect::<Vec<_>>(),
            Some(namespace) => snapshot.objects_in(Resource::Ingress, namespace).collect(),
        })
        .collect();
    for kept in ingresses {
        match serde_json::from_str::<Ingress<'_>>(&kept.json) {
            Ok(ingress) => of_ingress(kept, &ingress, scope, snapshot, &mut found.discovered),
            Err(_) => found.not_considered.push(format!("{} cannot be read", kept.reference)),
        }
    }
}

fn of_ingress<'s>(
    kept: &Kept,
    ingress: &Ingress<'_>,
    scope: &Scope,
    snapshot: &'s Snapshot,
    found: &mut Vec<Discovered<'s>>,
) {
    if !scope.selects(&ingress.metadata.labels) {
        return;
    }
    let namespace = Attached::namespace(kept.namespace(), scope, snapshot);
    let attached = Attached { namespace, ..Attached::default() };
    for rule in &ingress.spec.rules {
        let mut common = Vec::new();
        list_common(kept, ingress, rule, &mut common);
        for path in paths(rule) {
            let mut labels = common.clone();
            meta::list(&mut labels, "ingress_path", path);
            found.push(Discovered::listed(labels, attached, Vec::new()));
        }
    }
}

/// What all targets of a rule have in common.
fn list_common(kept: &Kept, ingress: &Ingress<'_>, rule: &Rule<'_>, listed: &mut Listed) {
    let hosts = ingress.spec.tls.iter().flat_map(|tls| &tls.hosts);
    let scheme = if hosts.into_iter().any(|pattern| covers(pattern, &rule.host)) { "https" } else { "http" };
    listed.push((ADDRESS.to_owned(), rule.host.to_string()));
    meta::list(listed, "namespace", kept.namespace());
    meta::list(listed, "ingress_name", kept.reference.name.as_str());
    meta::list(listed, "ingress_class_name", ingress.spec.ingress_class_name.as_deref().unwrap_or_default());
    meta::list_object(listed, "ingress", &ingress.metadata.labels, &ingress.metadata.annotations);
    meta::list(listed, "ingress_scheme", scheme);
    meta::list(listed, "ingress_host", rule.host.as_str());
}

/// The paths of a rule; everything where the rule says nothing of HTTP.
fn paths<'r>(rule: &'r Rule<'_>) -> Vec<&'r str> {
    let Some(http) = &rule.http else { return vec!["/"] };
    let paths = http.paths.iter().map(|path| path.path.as_str());
    paths.map(|path| if path.is_empty() { "/" } else { path }).collect()
}

/// Whether a host is one that a certificate is for: the same, or with one more name in the place of a star.
fn covers(pattern: &str, host: &str) -> bool {
    let below = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
    pattern == host || (pattern == "*" && !host.contains('.')) || {
        pattern.starts_with("*.") && below(pattern) == below(host)
    }
}
