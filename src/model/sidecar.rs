//! What pods tell Istio's sidecar injector by annotations, read as strictly as the injector reads it
//! (`istio.io/istio/pkg/kube/inject/validate.go` and its template): a value that it cannot read fails the pod.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

/// Asks for a sidecar or keeps it away; as a label, which counts for more, or an annotation.
pub const INJECT: &str = "sidecar.istio.io/inject";
/// The name of the sidecar's container.
pub const CONTAINER: &str = "istio-proxy";
/// Set by the injector when it is done.
pub const STATUS: &str = "sidecar.istio.io/status";
/// The proxy's configuration, as YAML.
pub const PROXY_CONFIG: &str = "proxy.istio.io/config";
/// Volumes that the sidecar mounts, as JSON.
pub const USER_VOLUME_MOUNT: &str = "sidecar.istio.io/userVolumeMount";
/// Ports whose inbound traffic is captured.
pub const INCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeInboundPorts";
/// Ports whose inbound traffic is not, where all others are.
pub const EXCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
/// Ports to which outbound traffic is captured whatever the address.
pub const INCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
/// Ports to which outbound traffic is not captured.
pub const EXCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
/// How traffic is captured, if at all.
pub const INTERCEPTION_MODE: &str = "sidecar.istio.io/interceptionMode";
/// The port at which the sidecar tells its health and serves merged metrics.
pub const STATUS_PORT: &str = "status.sidecar.istio.io/port";
/// Address ranges to which outbound traffic is captured.
pub const INCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
/// Address ranges to which it is not.
pub const EXCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";

/// A volume that the sidecar mounts besides its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserVolumeMount {
    /// Name of the volume.
    pub name: String,
    /// Directory at which the sidecar sees it; empty if it is not said.
    pub mount_path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mount<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    mount_path: Cow<'a, str>,
}

/// The volumes of [`USER_VOLUME_MOUNT`], in either form that the injector's template takes: a list, or a map by name.
///
/// # Errors
/// It is neither.
pub fn user_volume_mounts(json: &str) -> serde_json::Result<Vec<UserVolumeMount>> {
    let mount = |name: &str, mount: &Mount<'_>| UserVolumeMount {
        name: name.to_owned(),
        mount_path: mount.mount_path.clone().into_owned(),
    };
    if json.trim_start().starts_with('{') {
        let mounts: std::collections::BTreeMap<String, Mount<'_>> = serde_json::from_str(json)?;
        return Ok(mounts.iter().map(|(name, written)| mount(name, written)).collect());
    }
    let mounts: Vec<Mount<'_>> = serde_json::from_str(json)?;
    Ok(mounts.iter().map(|written| mount(&written.name, written)).collect())
}

/// The directory to which the sidecar writes the certificates of the mesh: `proxyMetadata.OUTPUT_CERTS` of
/// [`PROXY_CONFIG`].
///
/// # Errors
/// In words: why it is not the YAML of a map.
pub fn output_certificates(config: &str) -> Result<Option<String>, String> {
    let config: Value = serde_saphyr::from_str(config).map_err(|_| "not YAML".to_owned())?;
    match config {
        Value::Object(config) => Ok(config
            .get("proxyMetadata")
            .and_then(|it| it.get("OUTPUT_CERTS"))
            .and_then(Value::as_str)
            .map(str::to_owned)),
        // What the injector makes of an empty text is its own affair.
        Value::Null => Ok(None),
        _ => Err("not a map".to_owned()),
    }
}

/// What is wrong with an annotation's value, in words, if it is one whose value the injector checks.
///
/// # Errors
/// What is wrong.
pub fn check(annotation: &str, value: &str) -> Result<(), String> {
    match annotation {
        USER_VOLUME_MOUNT => user_volume_mounts(value).map(drop).map_err(|_| "neither a JSON list nor map".to_owned()),
        PROXY_CONFIG => output_certificates(value).map(drop),
        INCLUDE_OUTBOUND_RANGES | INCLUDE_INBOUND_PORTS if value == "*" => Ok(()),
        INCLUDE_OUTBOUND_RANGES | EXCLUDE_OUTBOUND_RANGES => address_ranges(value),
        INCLUDE_INBOUND_PORTS | EXCLUDE_INBOUND_PORTS | EXCLUDE_OUTBOUND_PORTS => ports(value),
        STATUS_PORT => port(value),
        INTERCEPTION_MODE if !matches!(value, "REDIRECT" | "TPROXY" | "NONE") => {
            Err(format!("{value:?} is not REDIRECT, TPROXY or NONE"))
        }
        "prometheus.istio.io/merge-metrics" => boolean(value),
        _ => Ok(()),
    }
}

fn address_ranges(list: &str) -> Result<(), String> {
    let wrong = list.split(',').find(|range| !is_address_range(range)).filter(|_| !list.is_empty());
    wrong.map_or(Ok(()), |range| Err(format!("{range:?} is not an address range")))
}

/// As Go's `netip.ParsePrefix`: no spaces, a plain number of bits without leading zeros.
fn is_address_range(range: &str) -> bool {
    let Some((address, bits)) = range.rsplit_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let plain = bits == "0" || (!bits.starts_with('0') && bits.bytes().all(|byte| byte.is_ascii_digit()));
    let longest = if address.is_ipv4() { 32 } else { 128 };
    plain && bits.parse::<u8>().is_ok_and(|bits| bits <= longest)
}

fn ports(list: &str) -> Result<(), String> {
    let list = list.trim();
    if list.is_empty() { Ok(()) } else { list.split(',').try_for_each(port) }
}

fn port(text: &str) -> Result<(), String> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = || digits.trim_start_matches('0').parse::<u16>().is_ok() || digits.bytes().all(|byte| byte == b'0');
    if is_number && in_range() { Ok(()) } else { Err(format!("{text:?} is not a port")) }
}

/// As Go's `strconv.ParseBool`.
fn boolean(text: &str) -> Result<(), String> {
    let known = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    if known.contains(&text) { Ok(()) } else { Err(format!("{text:?} is not true or false")) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MERGE: &str = "prometheus.istio.io/merge-metrics";

    // The cases of istio.io/istio/pkg/kube/inject/validate_test.go are facts; these are ours about the same functions.
    #[rstest]
    #[case::nothing(EXCLUDE_OUTBOUND_RANGES, "", true)]
    #[case::one(EXCLUDE_OUTBOUND_RANGES, "0.0.0.0/0", true)]
    #[case::both_families(EXCLUDE_OUTBOUND_RANGES, "0.0.0.0/0,::/0", true)]
    #[case::host_bits(EXCLUDE_OUTBOUND_RANGES, "10.1.2.3/8", true)]
    #[case::space(EXCLUDE_OUTBOUND_RANGES, "10.0.0.0/8, 192.168.0.0/16", false)]
    #[case::no_bits(EXCLUDE_OUTBOUND_RANGES, "10.0.0.1", false)]
    #[case::too_many_bits(EXCLUDE_OUTBOUND_RANGES, "10.0.0.0/33", false)]
    #[case::leading_zero(EXCLUDE_OUTBOUND_RANGES, "10.0.0.0/08", false)]
    #[case::sign(EXCLUDE_OUTBOUND_RANGES, "10.0.0.0/+8", false)]
    #[case::trailing_comma(EXCLUDE_OUTBOUND_RANGES, "10.0.0.0/8,", false)]
    #[case::star_cannot_be_excluded(EXCLUDE_OUTBOUND_RANGES, "*", false)]
    #[case::star_can_be_included(INCLUDE_OUTBOUND_RANGES, "*", true)]
    #[case::star_among_others(INCLUDE_OUTBOUND_RANGES, "*,10.0.0.0/8", false)]
    #[case::no_ports(INCLUDE_INBOUND_PORTS, "", true)]
    #[case::all_ports(INCLUDE_INBOUND_PORTS, "*", true)]
    #[case::spaces_between_ports(EXCLUDE_OUTBOUND_PORTS, " 80 , 0443 ", true)]
    #[case::port_too_large(EXCLUDE_OUTBOUND_PORTS, "65536", false)]
    #[case::port_with_sign(EXCLUDE_OUTBOUND_PORTS, "+80", false)]
    #[case::port_name(EXCLUDE_OUTBOUND_PORTS, "http", false)]
    #[case::empty_port(EXCLUDE_OUTBOUND_PORTS, "80,", false)]
    #[case::star_port_cannot_be_excluded(EXCLUDE_OUTBOUND_PORTS, "*", false)]
    #[case::mode(INTERCEPTION_MODE, "TPROXY", true)]
    #[case::no_mode(INTERCEPTION_MODE, "tproxy", false)]
    #[case::merge(MERGE, "f", true)]
    #[case::no_merge(MERGE, "no", false)]
    #[case::config(PROXY_CONFIG, "proxyMetadata: {A: b}", true)]
    #[case::broken_config(PROXY_CONFIG, "proxyMetadata: {A: b", false)]
    #[case::config_of_another_form(PROXY_CONFIG, "- a", false)]
    #[case::mount(USER_VOLUME_MOUNT, r#"[{"name": "a", "mountPath": "/a"}]"#, true)]
    #[case::mount_by_name(USER_VOLUME_MOUNT, r#"{"a": {"mountPath": "/a"}}"#, true)]
    #[case::mount_as_yaml(USER_VOLUME_MOUNT, "- name: a", false)]
    #[case::anything_else("example.com/free", "text", true)]
    fn values_are_read_as_strictly_as_by_the_injector(
        #[case] annotation: &str,
        #[case] value: &str,
        #[case] passes: bool,
    ) {
        assert_eq!(check(annotation, value).is_ok(), passes, "{:?}", check(annotation, value));
    }

    #[test]
    fn the_directory_of_the_certificates_is_found() {
        let found = output_certificates("proxyMetadata:\n  OUTPUT_CERTS: /etc/certs\n");
        assert_eq!(found, Ok(Some("/etc/certs".to_owned())));
        assert_eq!(output_certificates("concurrency: 2"), Ok(None));
        assert_eq!(output_certificates(""), Ok(None));
    }

    #[test]
    fn both_forms_of_mounts_say_the_same() {
        let expected = vec![UserVolumeMount { name: "a".to_owned(), mount_path: "/a".to_owned() }];
        assert_eq!(user_volume_mounts(r#"[{"name": "a", "mountPath": "/a"}]"#).unwrap(), expected);
        assert_eq!(user_volume_mounts(r#"{"a": {"mountPath": "/a"}}"#).unwrap(), expected);
    }
}
