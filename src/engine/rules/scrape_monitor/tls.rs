//! Who proves what to whom.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::resource::endpoint::Endpoint;
use crate::model::resource::http_client::TlsConfig;
use crate::model::{FieldPath, Text};

pub(super) fn no_authority(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if monitor.scrape_class().is_some() {
        return;
    }
    for (path, _) in
        monitor.endpoints().filter(|(_, endpoint)| is_https(endpoint) && endpoint.inlined.tls_config.is_none())
    {
        findings.report(
            path.key("scheme"),
            "https, but no authority to trust",
            "add tlsConfig with ca and serverName, or spec.scrapeClass",
        );
    }
}

pub(super) fn files(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if matches!(monitor, Monitor::Service(_)) {
        return;
    }
    for (path, tls) in tls_configs(monitor) {
        let fields = [("caFile", &tls.ca_file), ("certFile", &tls.cert_file), ("keyFile", &tls.key_file)];
        for (field, _) in fields.into_iter().filter(|(_, file)| file.is_some()) {
            findings.report(
                path.key(field),
                format!("{field} does not exist here and is dropped"),
                format!(
                    "remove {field}, set spec.scrapeClass to a class of the Prometheus resource that has the files"
                ),
            );
        }
    }
}

pub(super) fn http2_with_istio(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, endpoint) in monitor.endpoints() {
        let istio = has_istio_certificates(endpoint.inlined.tls_config.as_ref(), monitor.scrape_class());
        if is_https(endpoint) && istio && endpoint.enable_http2 != Some(false) {
            findings.report(path, "HTTP/2 over TLS fails at Istio proxies", "add enableHttp2: false");
        }
    }
}

pub(super) fn not_verified(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, tls) in tls_configs(monitor) {
        if tls.insecure_skip_verify == Some(true) && !has_istio_certificates(Some(tls), monitor.scrape_class()) {
            findings.report(
                path.key("insecureSkipVerify"),
                "anybody can pass for this target",
                "set ca and serverName, and remove insecureSkipVerify",
            );
        }
    }
}

/// The TLS settings with their places.
pub(super) fn tls_configs<'m, 'a>(monitor: &Monitor<'m, 'a>) -> Vec<(FieldPath, &'m TlsConfig<'a>)> {
    let own = |tls: &'m Option<TlsConfig<'a>>| tls.as_ref().map(|tls| (FieldPath::of("spec.tlsConfig"), tls));
    match *monitor {
        Monitor::Probe(probe) => own(&probe.spec.inlined.tls_config).into_iter().collect(),
        Monitor::Config(config) => own(&config.spec.inlined.tls_config).into_iter().collect(),
        Monitor::Pod(_) | Monitor::Service(_) => monitor
            .endpoints()
            .filter_map(|(path, endpoint)| Some((path.key("tlsConfig"), endpoint.inlined.tls_config.as_ref()?)))
            .collect(),
    }
}

fn is_https(endpoint: &Endpoint<'_>) -> bool {
    endpoint.scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

/// Whether Prometheus presents a certificate of the mesh: by files that a sidecar writes (`OUTPUT_CERTS`), or by a
/// scrape class that is named after it.
fn has_istio_certificates(tls: Option<&TlsConfig<'_>>, scrape_class: Option<&str>) -> bool {
    let from_sidecar = |file: &Text<'_>| file.ends_with("cert-chain.pem") || file.contains("istio");
    let by_files = tls.and_then(|tls| tls.cert_file.as_ref()).is_some_and(from_sidecar);
    by_files || scrape_class.is_some_and(|class| class.to_ascii_lowercase().contains("istio"))
}
