//! Rules for what monitors pick: which pods and Services, in which namespaces, on which ports.

mod declared;
mod nothing;
mod picked_up;
mod ports;
mod selection;

use crate::engine::admission::Action;
use crate::engine::rules::monitor::{MISSING, NAMESPACE, OTHER};
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: MISSING,
        title: "a monitor without the label that Prometheus selects by",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Prometheus picks up monitors by their labels, mostly release. One without them is silently ignored: the \
              first thing that goes wrong for everybody.",
        fix: "Add the label.",
        bad: include_str!("examples/pm-001-bad.yaml"),
        good: include_str!("examples/pm-001-good.yaml"),
        check: Check::Cluster(picked_up::label_is_missing),
    },
    Rule {
        id: NAMESPACE,
        title: "a monitor in a namespace where no Prometheus looks",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Without a selector of namespaces Prometheus looks in its own only. A monitor elsewhere is silently \
              ignored.",
        fix: "Select the namespace in the Prometheus resource, or move the monitor.",
        bad: include_str!("examples/pm-002-bad.yaml"),
        good: include_str!("examples/pm-002-good.yaml"),
        check: Check::Cluster(picked_up::namespace_is_not_selected),
    },
    Rule {
        id: OTHER,
        title: "a monitor with the label of another Prometheus",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Charts and guides label monitors for the release that their authors have. No Prometheus here selects \
              that.",
        fix: "Write the value that Prometheus selects.",
        bad: include_str!("examples/pm-003-bad.yaml"),
        good: include_str!("examples/pm-003-good.yaml"),
        check: Check::Cluster(picked_up::label_of_another),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 4),
        title: "a port that no selected pod declares",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Prometheus discovers the ports that containers declare, by the names that they give them. A name that \
              nobody gives leaves no target.",
        fix: "Write the name of a declared port, or declare the port.",
        bad: include_str!("examples/pm-004-bad.yaml"),
        good: include_str!("examples/pm-004-good.yaml"),
        check: Check::Cluster(declared::no_pod_has_it),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 5),
        title: "a number where the name of a port belongs",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The port field is compared with the names of ports, and no port may have a number for a name. There \
              are no targets.",
        fix: "Write the name of the port, or its number in targetPort (ServiceMonitor) or portNumber (PodMonitor).",
        bad: include_str!("examples/pm-005-bad.yaml"),
        good: include_str!("examples/pm-005-good.yaml"),
        check: Check::Both(&Check::Monitor(ports::number_as_name), declared::no_service_has_it),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 6),
        title: "a selector that selects nothing",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A PodMonitor selects by the labels of pods, a ServiceMonitor by those of Services, which are often \
              others. There are no targets, and nobody says so.",
        fix: "Write labels that pods or Services really have.",
        bad: include_str!("examples/pm-006-bad.yaml"),
        good: include_str!("examples/pm-006-good.yaml"),
        check: Check::Cluster(nothing::selects_nothing),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 7),
        title: "an endpoint without a port",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Without port, portNumber or a keep on the port, every declared port of every selected pod becomes a \
              scrape target.",
        fix: "Name the container port.",
        bad: include_str!("examples/pm-007-bad.yaml"),
        good: include_str!("examples/pm-007-good.yaml"),
        check: Check::PodMonitor(ports::no_port),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 8),
        title: "a monitor that selects everything in the cluster",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Prometheus watches every pod of every namespace and relabels each of their ports, on every change.",
        fix: "Narrow the selector, or exempt the monitor with a reason.",
        bad: include_str!("examples/pm-008-bad.yaml"),
        good: include_str!("examples/pm-008-good.yaml"),
        check: Check::Monitor(selection::whole_cluster),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 9),
        title: "names of namespaces that any makes void",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "With any: true the operator does not look at matchNames. The monitor selects in all namespaces, though \
              it reads as if it did not.",
        fix: "Remove any or matchNames.",
        bad: include_str!("examples/pm-009-bad.yaml"),
        good: include_str!("examples/pm-009-good.yaml"),
        check: Check::Both(&Check::Monitor(selection::names_beside_any), selection::missing_namespace),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 10),
        title: "a monitor of one namespace that scrapes all others",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Whoever may write monitors in this namespace has Prometheus scrape the pods of everybody else, with \
              labels and relabelings of their choice.",
        fix: "Select in the monitor's own namespace, or set ignoreNamespaceSelectors on the Prometheus resource.",
        bad: include_str!("examples/pm-010-bad.yaml"),
        good: include_str!("examples/pm-010-good.yaml"),
        check: Check::Monitor(selection::reaches_out),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 11),
        title: "a deprecated field for the port",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "The operator deprecates targetPort in PodMonitors and logs a warning for it.",
        fix: "Use port for a name and portNumber for a number.",
        bad: include_str!("examples/pm-011-bad.yaml"),
        good: include_str!("examples/pm-011-good.yaml"),
        check: Check::PodMonitor(ports::deprecated),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 12),
        title: "two fields for one port",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The operator takes the first of port, portNumber and targetPort and does not look at the others.",
        fix: "Keep the one that is meant.",
        bad: include_str!("examples/pm-012-bad.yaml"),
        good: include_str!("examples/pm-012-good.yaml"),
        check: Check::PodMonitor(ports::two_ports),
    },
];
