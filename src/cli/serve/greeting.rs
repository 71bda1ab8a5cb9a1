//! The few lines that `serve` prints when it is ready.

use std::net::SocketAddr;
use std::path::Path;

use super::reachable;

/// A pod as somebody would write it for a Prometheus of their own, without the labels that its policies select.
const REVIEW: &str = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
  "uid": "try-it", "operation": "CREATE", "namespace": "monitoring", "name": "prometheus-0",
  "kind": {"group": "", "version": "v1", "kind": "Pod"},
  "resource": {"group": "", "version": "v1", "resource": "pods"},
  "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "prometheus-0", "namespace": "monitoring"},
    "spec": {"containers": [{"name": "prometheus", "image": "prometheus",
      "ports": [{"name": "http-web", "containerPort": 9090}]}]}}}}"#;

/// How a client on this machine can trust the serving certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trust<'a> {
    /// By the CA in this file.
    File(&'a Path),
    /// Not at all: the CA is only in memory.
    Blind,
    /// By what the user knows about the given certificate.
    System,
}

/// Where it listens, and one complete request to try.
pub(super) fn text(
    admission: SocketAddr,
    health: SocketAddr,
    trust: Trust<'_>,
    with_client_certificate: bool,
) -> String {
    let (admission, health) = (reachable(admission), reachable(health));
    let client = if with_client_certificate { " --cert client.crt --key client.key" } else { "" };
    let trust = match trust {
        Trust::File(path) => format!(" --cacert '{}'", path.display()),
        Trust::Blind => " --insecure".to_owned(),
        Trust::System => String::new(),
    };
    format!(
        "scrapeguard {version}\n\
         admission  https://{admission}/mutate and /validate\n\
         health     http://{health}/livez, /readyz and /metrics\n\
         \n\
         Try it:\n\
         curl --silent{trust}{client} --header 'Content-Type: application/json' https://{admission}/mutate --data '{REVIEW}'\n\
         \n",
        version = env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::guard::Guards;
    use crate::webhook::answer;
    use crate::webhook::endpoint::{Endpoint, Step};

    #[test]
    fn the_request_to_try_is_answered() {
        let endpoint = Endpoint::new(Step::Mutate, None);
        let answer = answer(REVIEW.as_bytes(), endpoint, &Guards::built_in(), Timestamp::UNIX_EPOCH);
        assert!(answer.is_ok(), "{answer:?}");
        assert!(!REVIEW.contains('\''), "it is quoted with apostrophes");
    }

    #[test]
    fn an_unspecified_address_is_printed_as_one_to_connect_to() {
        let text = text("0.0.0.0:8443".parse().unwrap(), "0.0.0.0:8080".parse().unwrap(), Trust::Blind, false);
        assert!(text.contains(" https://127.0.0.1:8443/mutate "), "{text}");
        assert!(text.contains("curl --silent --insecure --header"), "{text}");
    }
}
