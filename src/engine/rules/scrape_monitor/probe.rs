//! What a Probe must have.

use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::resource::Probe;

pub(super) fn incomplete(probe: &Probe<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let url = probe.spec.prober.url.as_deref().unwrap_or_default();
    if url.contains('/') {
        let fix = format!("write url: {}, and scheme and path in fields of their own", host(url));
        findings.report(FieldPath::of("spec.prober.url"), "url takes host:port, no scheme and no path", fix);
    }
    let targets = &probe.spec.targets;
    if targets.static_config.is_none() && targets.ingress.is_none() {
        findings.report(
            FieldPath::of("spec.targets"),
            "there is nothing to probe",
            "add targets.staticConfig.static: [<url>], or targets.ingress",
        );
    }
}

/// Host and port of a URL.
fn host(url: &str) -> &str {
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    without_scheme.split('/').next().unwrap_or_default()
}
