//! Which relabeling steps are accepted: by the operator, which otherwise leaves out the whole monitor
//! (`prometheus-operator/pkg/prometheus/validation/validator.go`), and by Prometheus, which otherwise refuses its whole
//! configuration (`prometheus/model/relabel`, `Config.Validate`).

use thiserror::Error;

use super::label_name::NameScheme;
use super::{Action, REPLACEMENT, RelabelConfig, SEPARATOR};
use crate::model::regular_expression::{Pattern, PatternError};

/// A version of Prometheus, as far as relabeling depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrometheusVersion {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// Why a relabeling step is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidRelabeling {
    /// An action that is not known here; a newer Prometheus may know it.
    #[error("unknown action {0}")]
    UnknownAction(String),
    /// An action that this Prometheus does not know yet.
    #[error("action {0} is not known before Prometheus {1}.{2}")]
    TooNew(Action, u16, u16),
    /// The expression is none.
    #[error("regex: {0}")]
    Expression(#[from] PatternError),
    /// `hashmod` by zero.
    #[error("hashmod needs a modulus")]
    NoModulus,
    /// A target label is needed.
    #[error("{0} needs a targetLabel")]
    NoTarget(Action),
    /// The target label can be no name of a label.
    #[error("targetLabel {0} can be no label name")]
    InvalidTarget(String),
    /// The replacement of `labelmap` can be no name of a label.
    #[error("replacement {0} can be no label name")]
    InvalidReplacement(String),
    /// A field that the action does not have.
    #[error("{0} does not take {1}")]
    UnusedField(Action, &'static str),
}

impl PrometheusVersion {
    /// What a Prometheus is taken for of which nothing is known: one that knows every action and every name.
    pub const LATEST: Self = Self { major: 3, minor: 0 };

    /// The rule for label names.
    pub fn names(self) -> NameScheme {
        if self.major < 3 { NameScheme::Legacy } else { NameScheme::Utf8 }
    }
}

impl InvalidRelabeling {
    /// Whether it may be accepted all the same: it is only we who cannot read it.
    pub fn is_ours(&self) -> bool {
        match self {
            Self::UnknownAction(_) => true,
            Self::Expression(error) => error.is_ours(),
            _ => false,
        }
    }

    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::UnknownAction(_) | Self::TooNew(..) => "action",
            Self::Expression(_) => "regex",
            Self::NoModulus => "modulus",
            Self::NoTarget(_) | Self::InvalidTarget(_) => "targetLabel",
            Self::InvalidReplacement(_) => "replacement",
            Self::UnusedField(_, field) => field,
        }
    }
}

/// Checks a step and returns what it does and by which pattern.
///
/// # Errors
/// What the operator or Prometheus does not accept, and what we cannot read.
pub fn check(config: &RelabelConfig<'_>, version: PrometheusVersion) -> Result<(Action, Pattern), InvalidRelabeling> {
    let checked = check_to_run(config, version)?;
    // Before version 3 Prometheus would take references to groups here, but the operator does not.
    if checked.0.needs_target() && !version.names().allows(config.target()) {
        return Err(InvalidRelabeling::InvalidTarget(config.target().to_owned()));
    }
    Ok(checked)
}

/// The same for a step that the operator does not look at any more.
///
/// # Errors
/// What Prometheus does not accept, and what we cannot read.
pub(super) fn check_to_run(
    config: &RelabelConfig<'_>,
    version: PrometheusVersion,
) -> Result<(Action, Pattern), InvalidRelabeling> {
    let unknown = || InvalidRelabeling::UnknownAction(config.action.as_deref().unwrap_or_default().to_owned());
    let action = config.action().ok_or_else(unknown)?;
    known(action, version)?;
    let pattern = Pattern::anchored(config.expression())?;
    fields(config, action, version.names())?;
    Ok((action, pattern))
}

/// Checks which fields are set, and the names of labels.
fn fields(config: &RelabelConfig<'_>, action: Action, names: NameScheme) -> Result<(), InvalidRelabeling> {
    if action == Action::HashMod && config.modulus.unwrap_or(0) == 0 {
        return Err(InvalidRelabeling::NoModulus);
    }
    if action.needs_target() {
        target(config.target(), action, names)?;
    }
    if action == Action::LabelMap && !names.allows_template(config.replacement()) {
        return Err(InvalidRelabeling::InvalidReplacement(config.replacement().to_owned()));
    }
    unused(config, action).map_or(Ok(()), |field| Err(InvalidRelabeling::UnusedField(action, field)))
}

fn known(action: Action, version: PrometheusVersion) -> Result<(), InvalidRelabeling> {
    let since = match action {
        Action::Lowercase | Action::Uppercase => PrometheusVersion { major: 2, minor: 36 },
        Action::KeepEqual | Action::DropEqual => PrometheusVersion { major: 2, minor: 41 },
        _ => return Ok(()),
    };
    if version < since { Err(InvalidRelabeling::TooNew(action, since.major, since.minor)) } else { Ok(()) }
}

fn target(target: &str, action: Action, names: NameScheme) -> Result<(), InvalidRelabeling> {
    let is_template = action == Action::Replace && target.contains('$');
    let allowed = if is_template { names.allows_template(target) } else { names.allows(target) };
    match target {
        "" => Err(InvalidRelabeling::NoTarget(action)),
        _ if allowed => Ok(()),
        _ => Err(InvalidRelabeling::InvalidTarget(target.to_owned())),
    }
}

/// The first field that is set although the action does not have it.
fn unused(config: &RelabelConfig<'_>, action: Action) -> Option<&'static str> {
    let names_only = matches!(action, Action::LabelDrop | Action::LabelKeep);
    let other = |written: &str, default: &str| written != default;
    let set = [
        ("sourceLabels", names_only && !config.source_labels.is_empty()),
        ("targetLabel", names_only && !config.target().is_empty()),
        // Prometheus compares the compiled expression by address, so it refuses even the default when it is written.
        ("regex", action.compares() && config.regex.as_deref().is_some_and(|regex| !regex.is_empty())),
        ("modulus", (names_only || action.compares()) && config.modulus.unwrap_or(0) != 0),
        ("separator", (names_only || action.compares()) && other(config.separator(), SEPARATOR)),
        (
            "replacement",
            (names_only || action.compares() || action.changes_case()) && other(config.replacement(), REPLACEMENT),
        ),
    ];
    set.into_iter().find_map(|(field, set)| set.then_some(field))
}
