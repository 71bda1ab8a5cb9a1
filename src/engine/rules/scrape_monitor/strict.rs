//! Scrapes in plain text of ports that take nothing but mutual TLS.

use std::collections::BTreeSet;

use crate::engine::audit::ScrapePath;
use crate::engine::reach::mesh::Membership;
use crate::engine::reach::{Hop, Step, Verdict};
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::model::Resource;

/// Of a Prometheus outside the mesh the policy is told, by a rule of its own.
pub(super) fn plain_text(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let mut told = BTreeSet::new();
    for scrape in cluster.scrape_paths.iter().filter(|scrape| is_refused(scrape)) {
        let Some((pod, port)) = scrape.from.zip(scrape.port) else { continue };
        let is_outside = matches!(cluster.evaluator.membership(pod), Membership::None(_));
        if is_outside || !told.insert((&scrape.monitor, &scrape.endpoint)) {
            continue;
        }
        let class = "scrapeClass with the certificates of the mesh";
        findings.report(
            &scrape.monitor,
            scrape.endpoint.clone(),
            format!("port {port} takes mutual TLS only, and gets plain text"),
            format!("set scheme: https, enableHttp2: false and a {class}, or scrape merged metrics at port 15020"),
        );
    }
}

fn is_refused(scrape: &ScrapePath<'_>) -> bool {
    let demands = |step: &Step| {
        let kind = step.object.as_ref().map(|object| object.kind.as_str());
        kind == Some(Resource::PeerAuthentication.kind()) && step.verdict == Verdict::Blocked
    };
    scrape.path.steps.iter().any(|step| step.hop == Hop::Mtls && demands(step))
}
