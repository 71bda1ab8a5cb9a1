//! The built-in guard: what is known of kube-prometheus-stack, as a document like any other.

use crate::model::guard::document::{ScrapeGuard, ScrapeGuardSpec};

const DOCUMENT: &str = include_str!("kube-prometheus-stack.yaml");
const DEFAULT_RELEASE: &str = "prometheus-operator";
const CHART: &str = "kube-prometheus-stack";

/// The built-in components and connections for a Helm release, which is the name of one: [`is_release`].
#[expect(clippy::missing_panics_doc, reason = "the document is a constant, and such names need no quoting in YAML")]
pub fn specification(release: &str) -> ScrapeGuardSpec {
    let text = DOCUMENT.replace("{fullname}", &fullname(release)).replace("{release}", release);
    #[expect(clippy::expect_used, reason = "the document is a constant, and such names need no quoting in YAML")]
    serde_saphyr::from_str::<ScrapeGuard>(&text).expect("the built-in guard is readable").spec
}

/// Whether this can be the name of a Helm release: at most 53 lower case letters, digits, `-` and `.`
/// (helm.sh/helm `pkg/chart/v2/util/validate_name.go`).
pub fn is_release(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    !name.is_empty() && name.len() <= 53 && name.bytes().all(allowed)
}

/// The release that is assumed where a guard names none.
pub fn default_release() -> &'static str {
    DEFAULT_RELEASE
}

/// The chart's fullname for a release (`kube-prometheus-stack.fullname` in `templates/_helpers.tpl`): at most 26
/// characters, because longer names are built from it.
pub fn fullname(release: &str) -> String {
    let full = if release.contains(CHART) { release.to_owned() } else { format!("{release}-{CHART}") };
    full.chars().take(26).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guard::Guard;
    use rstest::rstest;

    #[rstest]
    #[case("prometheus-operator", "prometheus-operator-kube-p")]
    #[case("kps", "kps-kube-prometheus-stack")]
    #[case("kube-prometheus-stack", "kube-prometheus-stack")]
    #[case("a-release-with-a-long-na", "a-release-with-a-long-na-k")]
    #[case("a-release-with-a-long-nam", "a-release-with-a-long-nam")]
    fn the_fullname_is_the_charts(#[case] release: &str, #[case] expected: &str) {
        assert_eq!(fullname(release), expected);
    }

    #[test]
    fn the_built_in_guard_knows_the_stack() {
        let guard = Guard::built_in();
        let operator = guard.component("operator").unwrap();
        assert_eq!(operator.port_behind_service(443).unwrap().number, 10250);
        let prometheus = guard.component("prometheus").unwrap();
        assert_eq!(prometheus.service_account.as_deref(), Some("prometheus-operator-kube-p-prometheus"));
        assert!(guard.component("node-exporter").unwrap().host_network);
        assert_eq!(guard.connections_to(prometheus).count(), 4);
    }

    #[test]
    fn another_release_has_other_service_accounts() {
        let components = specification("kps").components;
        let grafana = components.iter().find(|component| component.name == "grafana").unwrap();
        assert_eq!(grafana.service_account.as_deref(), Some("kps-grafana"));
    }
}
