//! What a Probe must have.

use std::net::IpAddr;

use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::resource::Probe;

/// The longest part of a name, and the longest name without its dots.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;

pub(super) fn incomplete(probe: &Probe<'_>, findings: &mut Findings<'_>) {
    let url = probe.spec.prober.url.as_deref().unwrap_or_default();
    if let Some((message, fix)) = wrong(url) {
        findings.report(FieldPath::of("spec.prober.url"), message, fix);
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

fn wrong(url: &str) -> Option<(&'static str, String)> {
    if url.is_empty() {
        return Some(("there is no prober", "add url: <host>:<port> of the exporter that probes".to_owned()));
    }
    if url.contains('/') {
        let fix = format!("write url: {}, and scheme and path in fields of their own", host(url));
        return Some(("url takes host:port, no scheme and no path", fix));
    }
    (!is_address(url))
        .then(|| ("url is not host:port", "write url: <host>:<port>, an IPv6 address in brackets".to_owned()))
}

/// Host and port of a URL.
fn host(url: &str) -> &str {
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    without_scheme.split('/').next().unwrap_or_default()
}

/// What the operator takes for the address of a prober (`validateProberURL`): a host, or a host and a port.
fn is_address(text: &str) -> bool {
    match split_port(text) {
        Some((host, port)) => is_host(host) && is_port(port),
        None => is_host(text),
    }
}

/// Host and port as Go's `net.SplitHostPort` tells them apart; none where it does not.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let (host, outside) = match host.strip_prefix('[') {
        Some(inside) => (inside.strip_suffix(']')?, ""),
        None => (host, host),
    };
    let is_plain = !outside.contains(':') && ![host, port].iter().any(|part| part.contains(['[', ']']));
    is_plain.then_some((host, port))
}

/// `strconv.Atoi` takes a sign.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `IsHost` of `github.com/asaskevich/govalidator`: an address, or a name in which `_` may stand, also at the end.
fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_name = |name: &str| name.split('.').all(is_label);
    let is_short = text.len() - text.matches('.').count() <= LONGEST_NAME;
    is_short && (is_name(text) || text.strip_suffix(['.', '_']).is_some_and(is_name))
}

fn is_label(label: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(inside) && !label.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The facts of the operator's own `TestSelectProbes`, and some more.
    #[rstest]
    #[case("blackbox-exporter.example.com:8080", true)]
    #[case("blackbox-exporter.example.com", true)]
    #[case("192.168.178.3:9090", true)]
    #[case("192.168.178.3", true)]
    #[case("localhost", true)]
    #[case("12-exporter.example.com", true)]
    #[case("::1", true)]
    #[case("2001:db8::1", true)]
    #[case("[::1]:9090", true)]
    #[case("[blackbox]:9090", true)]
    #[case("my_exporter.", true)]
    #[case("_", true)]
    #[case("blackbox:09115", true)]
    #[case("[::1]", false)]
    #[case("[::1]]:1", false)]
    #[case("fe80::1%eth0", false)]
    #[case("blackbox:0", false)]
    #[case("blackbox:65536", false)]
    #[case("blackbox:http", false)]
    #[case("blackbox:", false)]
    #[case("blackbox:1:2", false)]
    #[case("-blackbox", false)]
    #[case("black box", false)]
    #[case("a..b", false)]
    #[case("", false)]
    fn addresses(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(is_address(text), valid);
    }

    #[test]
    fn parts_of_names_have_63_characters() {
        assert!(is_address(&"a".repeat(63)) && is_address(&format!("{}_", "a".repeat(63))));
        assert!(!is_address(&"a".repeat(64)) && !is_address(&["a".repeat(60).as_str(); 5].join(".")));
    }
}
