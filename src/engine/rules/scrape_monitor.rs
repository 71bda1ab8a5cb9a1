//! Rules for how targets are scraped: TLS, intervals, limits.

mod files;
mod left_out;
mod probe;
mod refused;
mod strict;
mod timing;
mod tls;
mod twice;

use crate::engine::admission::Action;
use crate::engine::rules::findings::{Findings, Scope};
use crate::engine::rules::{Check, Monitor, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::Guard;
use crate::model::{FieldPath, Finding, ObjectReference, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 1),
        title: "https without a certificate authority",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Certificates inside a cluster are signed by an authority that Prometheus does not know unless it is \
              told. Every scrape fails with an x509 error.",
        fix: "Set tlsConfig, or a scrapeClass that has one.",
        bad: include_str!("examples/sm-001-bad.yaml"),
        good: include_str!("examples/sm-001-good.yaml"),
        check: Check::Monitor(tls::no_authority),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 2),
        title: "plain text for a port that takes mutual TLS only",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Prometheus connects past its own sidecar, and without certificates. The sidecar of the target resets \
              the connection.",
        fix: "Scrape by https with the certificates of the mesh, or the merged metrics at port 15020.",
        bad: include_str!("examples/sm-002-bad.yaml"),
        good: include_str!("examples/sm-002-good.yaml"),
        check: Check::Cluster(strict::plain_text),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 3),
        title: "a file of TLS that Prometheus does not have",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Files are looked for in the container of Prometheus. Where nothing is mounted there is no file, and \
              every scrape fails.",
        fix: "Name a file below a directory that the Prometheus resource mounts.",
        bad: include_str!("examples/sm-003-bad.yaml"),
        good: include_str!("examples/sm-003-good.yaml"),
        check: Check::Cluster(files::are_not_mounted),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 4),
        title: "certificate files in a monitor that cannot have them",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Only ServiceMonitors know caFile, certFile and keyFile. Elsewhere the API server prunes them silently, \
              and scrapes go without.",
        fix: "Use a scrapeClass of the Prometheus resource, or ca, cert and keySecret.",
        bad: include_str!("examples/sm-004-bad.yaml"),
        good: include_str!("examples/sm-004-good.yaml"),
        check: Check::Monitor(tls::files),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 5),
        title: "HTTP/2 with an Istio proxy",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Prometheus negotiates HTTP/2 over TLS by itself, which ends in EOF and protocol errors at sidecars.",
        fix: "Set enableHttp2: false.",
        bad: include_str!("examples/sm-005-bad.yaml"),
        good: include_str!("examples/sm-005-good.yaml"),
        check: Check::Monitor(tls::http2_with_istio),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 6),
        title: "a certificate that is not verified",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Whoever can answer on the target's address can read the credentials and invent the metrics. Istio's \
              certificates are the exception: they name no host.",
        fix: "Set ca and serverName, and remove insecureSkipVerify.",
        bad: include_str!("examples/sm-006-bad.yaml"),
        good: include_str!("examples/sm-006-good.yaml"),
        check: Check::Monitor(tls::not_verified),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 7),
        title: "a file of Prometheus in a ServiceMonitor",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Where Prometheus forbids files, the operator leaves out the whole monitor. Where it does not, whoever \
              writes the monitor has any file, such as the service account's token, sent to their pods.",
        fix: "Refer to Secrets instead of files.",
        bad: include_str!("examples/sm-007-bad.yaml"),
        good: include_str!("examples/sm-007-good.yaml"),
        check: Check::Cluster(left_out::files),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 8),
        title: "a timeout that is longer than the interval",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Prometheus does not accept that, so the operator leaves out the whole monitor.",
        fix: "Make scrapeTimeout shorter, or the interval longer.",
        bad: include_str!("examples/sm-008-bad.yaml"),
        good: include_str!("examples/sm-008-good.yaml"),
        check: Check::Both(
            &Check::Monitor(|monitor, _, findings| timing::timeout(monitor, findings)),
            left_out::longer_than_default,
        ),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 9),
        title: "a scrape class that is not there",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The operator leaves out a monitor that names a class which the Prometheus resource does not have.",
        fix: "Name a class of the Prometheus resource, or add it there.",
        bad: include_str!("examples/sm-009-bad.yaml"),
        good: include_str!("examples/sm-009-good.yaml"),
        check: Check::Cluster(left_out::unknown_class),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 10),
        title: "a Secret or ConfigMap without the key",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The operator looks up every Secret and ConfigMap in the monitor's own namespace, and leaves out the \
              monitor if a key is not there.",
        fix: "Add the key, or name one that is there.",
        bad: include_str!("examples/sm-010-bad.yaml"),
        good: include_str!("examples/sm-010-good.yaml"),
        check: Check::Cluster(left_out::missing_key),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 11),
        title: "targets that are scraped twice",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Every sample is stored twice, under different labels. Merged metrics at port 15020 have the sidecar's \
              own in them, which it serves at port 15090.",
        fix: "Remove one of the endpoints.",
        bad: include_str!("examples/sm-011-bad.yaml"),
        good: include_str!("examples/sm-011-good.yaml"),
        check: Check::Cluster(twice::by_two_monitors),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 12),
        title: "a monitor of all namespaces without limits",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "Any pod of the cluster can send as many series as it likes, and Prometheus runs out of memory.",
        fix: "Set sampleLimit or labelLimit.",
        bad: include_str!("examples/sm-012-bad.yaml"),
        good: include_str!("examples/sm-012-good.yaml"),
        check: Check::Monitor(no_limit),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 13),
        title: "pods that have ended are scraped",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Nothing listens on the address of a pod that has ended, or another pod has it by now.",
        fix: "Remove filterRunning.",
        bad: include_str!("examples/sm-013-bad.yaml"),
        good: include_str!("examples/sm-013-good.yaml"),
        check: Check::Monitor(ended_pods),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 14),
        title: "a Probe without a prober or targets",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "The operator takes prober.url for host and port and leaves out the whole Probe if it is anything else, \
              or if there is nothing to probe.",
        fix: "Write host:port, with scheme and path in fields of their own, and give targets.",
        bad: include_str!("examples/sm-014-bad.yaml"),
        good: include_str!("examples/sm-014-good.yaml"),
        check: Check::Probe(|probe, _, findings| probe::incomplete(probe, findings)),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 15),
        title: "two Services that lead to the same pods",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A ServiceMonitor makes a target of each address of each Service. A headless Service beside another one \
              of the same pods, as the operator makes it, doubles every sample.",
        fix: "Select by a label that only one of the Services has.",
        bad: include_str!("examples/sm-015-bad.yaml"),
        good: include_str!("examples/sm-015-good.yaml"),
        check: Check::Cluster(twice::by_two_services),
    },
    Rule {
        id: RuleId::new(Family::ScrapeMonitor, 16),
        title: "a setting that the operator refuses",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The operator checks selectors, credentials, TLS, proxies and service discovery when it writes Prometheus' \
              configuration. If anything is wrong it leaves out the whole monitor, and says so in an event at most.",
        fix: "Write the setting as the operator reads it.",
        bad: include_str!("examples/sm-016-bad.yaml"),
        good: include_str!("examples/sm-016-good.yaml"),
        check: Check::Monitor(|monitor, _, findings| refused::settings(monitor, findings)),
    },
];

/// What the rules of this family find that makes the operator leave out a monitor, whatever Prometheus it is for.
pub(super) fn refusals(monitor: &Monitor<'_, '_>, object: &ObjectReference) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        let mut findings = Findings::new(rule, object, Scope::Guarded, &mut found);
        match (rule.id.number(), monitor) {
            (8, _) => timing::timeout(monitor, &mut findings),
            (14, Monitor::Probe(probe)) => probe::incomplete(probe, &mut findings),
            (16, _) => refused::settings(monitor, &mut findings),
            _ => {}
        }
    }
    found
}

/// A monitor that selects everything is told to select less, and only then to set limits.
fn no_limit(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let wide = monitor.selection().is_some_and(|(namespaces, selector)| namespaces.any && !selector.is_empty());
    if wide && !monitor.has_limit() {
        findings.report(
            FieldPath::of("spec"),
            "no limit to what pods of any namespace can send",
            "add sampleLimit: <most samples of one target>",
        );
    }
}

fn ended_pods(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, _) in monitor.endpoints().filter(|(_, endpoint)| endpoint.filter_running == Some(false)) {
        findings.report(path.key("filterRunning"), "scrapes pods that have ended", "remove filterRunning");
    }
}
