//! Versions of an API that are on their way out, and policies that say the same twice.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::model::resource::Metadata;
use crate::model::snapshot::Kept;
use crate::model::{FieldPath, Resource, Text};

/// The kinds of policies.
const POLICIES: [Resource; 3] = [Resource::NetworkPolicy, Resource::AuthorizationPolicy, Resource::PeerAuthentication];
/// The kinds of the Prometheus operator that are at v1. PrometheusAgent and ScrapeConfig are not yet.
const AT_V1: [Resource; 4] = [Resource::PodMonitor, Resource::ServiceMonitor, Resource::Probe, Resource::Prometheus];
/// Istio says so in the annotation: it only tries the policy.
const DRY_RUN: &str = "istio.io/dry-run";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned<'a> {
    #[serde(borrow)]
    api_version: Text<'a>,
}

#[derive(Deserialize)]
struct WithSpec<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(default)]
    spec: serde_json::Value,
}

pub(super) fn deprecated(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let of_istio = [Resource::AuthorizationPolicy, Resource::PeerAuthentication];
    let objects = |resources: &[Resource]| -> Vec<(&Kept, String)> {
        let kept = resources.iter().flat_map(|resource| cluster.snapshot.objects(*resource));
        kept.filter_map(|kept| Some((kept, version(kept)?))).collect()
    };
    // What a cluster serves is only known from what comes out of it.
    let istio = objects(&of_istio);
    let serves_v1 = istio.iter().any(|(_, version)| version == "v1");
    let old_istio = istio.into_iter().filter(|(_, version)| serves_v1 && version == "v1beta1");
    let old_monitors = objects(&AT_V1).into_iter().filter(|(_, version)| version.starts_with("v1alpha"));
    for (kept, version) in old_istio.chain(old_monitors) {
        let message = format!("{version} is deprecated, other objects here are v1");
        let message =
            if serves_v1 && version == "v1beta1" { message } else { format!("{version} is no longer served") };
        findings.report(&kept.reference, FieldPath::of("apiVersion"), message, "write v1; the fields are the same");
    }
}

fn version(kept: &Kept) -> Option<String> {
    let versioned: Versioned<'_> = serde_json::from_str(&kept.json).ok()?;
    let (_, version) = versioned.api_version.rsplit_once('/')?;
    Some(version.to_owned())
}

pub(super) fn duplicates(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for resource in POLICIES {
        let mut namespaces = BTreeMap::<&str, HashMap<String, &Kept>>::new();
        for kept in cluster.snapshot.objects(resource) {
            let Some(spec) = spec(kept) else { continue };
            let first = *namespaces.entry(kept.namespace()).or_default().entry(spec).or_insert(kept);
            if first.reference != kept.reference {
                let fix = format!("delete this one or {}", first.reference.name);
                findings.report(&kept.reference, FieldPath::of("spec"), "another policy says exactly the same", fix);
            }
        }
    }
}

/// The specification in one spelling; `None` where the policy is only tried.
fn spec(kept: &Kept) -> Option<String> {
    let object: WithSpec<'_> = serde_json::from_str(&kept.json).ok()?;
    object.metadata.annotations.get(DRY_RUN).is_none().then(|| object.spec.to_string())
}
