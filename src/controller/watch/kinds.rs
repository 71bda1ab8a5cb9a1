//! What is watched: every kind that a snapshot reads, the guards, and which kinds the cluster knows.
//!
//! Secrets and ConfigMaps are not: nothing but the names of their keys would count, and no permission gives these
//! without the values. What depends on them stays unknown.

use std::sync::LazyLock;

use crate::model::Resource;
use crate::model::guard::document;
use crate::model::snapshot::unmodelled;

/// A kind that is watched.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    /// Its API group; empty for the core group.
    pub(super) group: &'static str,
    /// Its name, such as `Pod`.
    pub(super) name: &'static str,
    /// What becomes of its objects.
    pub(super) role: Role,
    /// Where it is served, if every cluster in which we work has it.
    pub(super) required: Option<Served>,
}

/// What becomes of the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// They are evaluated.
    Evaluated(Resource),
    /// They are known to have a say.
    Unmodelled,
    /// They are guards.
    Guard,
    /// They tell which kinds there are.
    Definition,
}

/// Where a kind is served.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Served {
    /// The path of the collection of all its objects.
    pub(super) path: String,
}

/// Whether and where a kind can be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nobody has asked yet.
    NotKnown,
    /// The cluster does not have it.
    Nowhere,
    /// Here.
    At(Served),
}

impl Served {
    /// The kind of this group, version and plural.
    pub(super) fn at(group: &str, version: &str, plural: &str) -> Self {
        let path = match group {
            "" => format!("/api/{version}/{plural}"),
            _ => format!("/apis/{group}/{version}/{plural}"),
        };
        Self { path }
    }
}

impl Kind {
    /// Whether nothing but the metadata of its objects counts.
    pub(super) const fn is_metadata(&self) -> bool {
        matches!(self.role, Role::Definition | Role::Evaluated(Resource::ServiceAccount))
    }

    /// Whether a snapshot keeps the text of its objects.
    pub(super) const fn is_kept_as_text(&self) -> bool {
        match self.role {
            Role::Unmodelled => true,
            Role::Guard | Role::Definition => false,
            Role::Evaluated(resource) => !matches!(
                resource,
                Resource::Pod
                    | Resource::Deployment
                    | Resource::StatefulSet
                    | Resource::DaemonSet
                    | Resource::ReplicaSet
                    | Resource::Job
                    | Resource::CronJob
                    | Resource::Namespace
                    | Resource::Service
                    | Resource::EndpointSlice
                    | Resource::Node
            ),
        }
    }

    /// What people call it: `networkpolicies.networking.k8s.io` has many names, this one is that of the manifests.
    pub(super) fn title(&self) -> String {
        if self.group.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.name, self.group) }
    }
}

/// All kinds, or all but the guards where these are given otherwise.
pub(super) fn watched(with_guards: bool) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| with_guards || kind.role != Role::Guard)
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let evaluated = Resource::ALL.into_iter().filter(|resource| !is_secret(*resource)).map(|resource| Kind {
        group: resource.group(),
        name: resource.kind(),
        role: Role::Evaluated(resource),
        required: plural(resource).map(|(version, plural)| Served::at(resource.group(), version, plural)),
    });
    let unmodelled =
        unmodelled::kinds().map(|(group, name)| Kind { group, name, role: Role::Unmodelled, required: None });
    evaluated.chain(unmodelled).chain([guard(), definition()]).collect()
});

const fn is_secret(resource: Resource) -> bool {
    matches!(resource, Resource::Secret | Resource::ConfigMap)
}

/// The version and plural of the kinds that every cluster has.
const fn plural(resource: Resource) -> Option<(&'static str, &'static str)> {
    Some(match resource {
        Resource::Pod => ("v1", "pods"),
        Resource::Namespace => ("v1", "namespaces"),
        Resource::Service => ("v1", "services"),
        Resource::ServiceAccount => ("v1", "serviceaccounts"),
        Resource::Node => ("v1", "nodes"),
        Resource::Deployment => ("v1", "deployments"),
        Resource::StatefulSet => ("v1", "statefulsets"),
        Resource::DaemonSet => ("v1", "daemonsets"),
        Resource::ReplicaSet => ("v1", "replicasets"),
        Resource::Job => ("v1", "jobs"),
        Resource::CronJob => ("v1", "cronjobs"),
        Resource::NetworkPolicy => ("v1", "networkpolicies"),
        Resource::Ingress => ("v1", "ingresses"),
        Resource::EndpointSlice => ("v1", "endpointslices"),
        _ => return None,
    })
}

fn guard() -> Kind {
    let (group, version) = document::API_VERSION.split_once('/').unwrap_or_default();
    let required = Some(Served::at(group, version, "scrapeguards"));
    Kind { group, name: document::KIND, role: Role::Guard, required }
}

fn definition() -> Kind {
    let group = "apiextensions.k8s.io";
    let required = Some(Served::at(group, "v1", "customresourcedefinitions"));
    Kind { group, name: "CustomResourceDefinition", role: Role::Definition, required }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn path(name: &str) -> Option<&'static str> {
        let kind = watched(true).find(|kind| kind.name == name).unwrap();
        kind.required.as_ref().map(|served| served.path.as_str())
    }

    #[test]
    fn what_every_cluster_has_is_not_looked_for() {
        assert_eq!(path("Pod"), Some("/api/v1/pods"));
        assert_eq!(path("NetworkPolicy"), Some("/apis/networking.k8s.io/v1/networkpolicies"));
        assert_eq!(path("ScrapeGuard"), Some("/apis/scrapeguard.io/v1alpha1/scrapeguards"));
        assert_eq!(path("AuthorizationPolicy"), None);
        assert_eq!(watched(true).filter(|kind| kind.required.is_some()).count(), 16);
    }

    #[test]
    fn every_kind_is_there_once_and_nothing_secret_is() {
        let names: Vec<_> = watched(true).map(Kind::title).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        assert!(!names.iter().any(|name| name == "Secret" || name == "ConfigMap"), "{names:?}");
        assert!(watched(false).all(|kind| kind.name != "ScrapeGuard"));
    }

    #[test]
    fn no_permission_is_missing() {
        let rules = include_str!("../../../manifests/rbac.yaml");
        for kind in watched(true) {
            assert!(kind.group.is_empty() || rules.contains(kind.group), "{} may not be read", kind.title());
        }
    }
}
