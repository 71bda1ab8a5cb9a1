//! The plain listener.

use crate::reviews::pod;
use crate::running::{health, settings, start};

/// A sample line of the OpenMetrics text format: name, labels, number.
fn is_sample(line: &str) -> bool {
    let Some((series, value)) = line.rsplit_once(' ') else { return false };
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let named = name.starts_with("scrapeguard_")
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    named && labels.ends_with('}') && value.parse::<f64>().is_ok()
}

#[tokio::test]
async fn metrics_are_open_metrics_and_count_what_happened() {
    let (server, client) = start(settings()).await;
    client.post("/mutate", pod()).await;
    client.post("/validate/warn", "{").await;
    let response = health(server.health_address(), "/metrics").await;
    let (head, page) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    assert!(page.ends_with("# EOF\n"));
    for line in page.lines().filter(|line| !line.starts_with("# ")) {
        assert!(is_sample(line), "{line}");
    }
    assert!(page.contains(r#"scrapeguard_admission_requests_total{endpoint="mutate",operation="create",verdict="#));
    assert!(page.contains(r#"scrapeguard_protocol_errors_total{reason="malformed"} 1"#));
    assert!(!page.contains("prometheus-0"), "names of objects do not belong here");
}

#[tokio::test]
async fn probes_answer() {
    let (server, _client) = start(settings()).await;
    assert!(health(server.health_address(), "/livez").await.starts_with("HTTP/1.1 200 "));
    assert!(health(server.health_address(), "/readyz").await.starts_with("HTTP/1.1 200 "));
    assert!(health(server.health_address(), "/mutate").await.starts_with("HTTP/1.1 404 "));
}
