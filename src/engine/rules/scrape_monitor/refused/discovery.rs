//! How targets are found.

use super::credentials::key;
use super::{Owner, client};
use crate::engine::rules::findings::Findings;
use crate::model::resource::discovery::Discovery;
use crate::model::resource::scrape_config::ScrapeConfigSpec;
use crate::model::{FieldPath, Text, url};

/// Kinds of objects, and those by which they may be selected.
const SELECTORS: [(&str, &[&str]); 6] = [
    ("pod", &["pod"]),
    ("service", &["service"]),
    ("endpointslice", &["pod", "service", "endpointslice"]),
    ("endpoints", &["pod", "service", "endpoints"]),
    ("node", &["node"]),
    ("ingress", &["ingress"]),
];

pub(super) fn check(spec: &ScrapeConfigSpec<'_>, findings: &mut Findings<'_>) {
    for (path, section) in sections("kubernetesSDConfigs", &spec.kubernetes_sd_configs) {
        client(&section.inlined, Owner::ScrapeConfig, &path, findings);
        kubernetes(section, &path, findings);
    }
    for (path, section) in sections("httpSDConfigs", &spec.http_sd_configs) {
        client(&section.inlined, Owner::ScrapeConfig, &path, findings);
        if section.url.as_deref().is_some_and(|text| !url::is_url(text)) {
            findings.report(path.key("url"), "url is no URL", "write url: <http or https>://<host>/<path>");
        }
    }
    for (path, section) in sections("consulSDConfigs", &spec.consul_sd_configs) {
        client(&section.inlined, Owner::ScrapeConfig, &path, findings);
        if let Some(token) = &section.token_ref {
            key(token, &path.key("tokenRef"), findings);
        }
    }
    for (path, section) in sections("dnsSDConfigs", &spec.dns_sd_configs) {
        if section.port.is_none() && section.record.as_deref().is_some_and(|record| record != "SRV") {
            let fix = "add port: <the port that is scraped>, or use type: SRV";
            findings.report(path.key("port"), "only records of type SRV know their port", fix);
        }
    }
}

fn sections<'m, 'a>(name: &str, sections: &'m [Discovery<'a>]) -> impl Iterator<Item = (FieldPath, &'m Discovery<'a>)> {
    let path = FieldPath::of("spec").key(name);
    sections.iter().enumerate().map(move |(index, section)| (path.index(index), section))
}

fn kubernetes(section: &Discovery<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let own_namespace = section.namespaces.as_ref().is_some_and(|namespaces| namespaces.own_namespace == Some(true));
    if own_namespace && section.api_server.is_some() {
        let fix = "remove ownNamespace and list the namespaces of that cluster in names";
        findings.report(
            path.key("namespaces").key("ownNamespace"),
            "another API server does not know Prometheus' namespace",
            fix,
        );
    }
    let lower = |role: &Option<Text<'_>>| role.as_deref().unwrap_or_default().to_ascii_lowercase();
    let role = lower(&section.role);
    let Some((_, allowed)) = SELECTORS.iter().find(|(known, _)| *known == role) else { return };
    for (index, selector) in section.selectors.iter().enumerate() {
        if !allowed.contains(&lower(&selector.role).as_str()) {
            findings.report(
                path.key("selectors").index(index).key("role"),
                format!("role {role} cannot be selected by this role"),
                format!("use {}", allowed.join(", ")),
            );
        }
    }
}
