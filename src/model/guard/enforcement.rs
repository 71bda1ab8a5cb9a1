//! What is done about findings: modes, settings of single rules, exemptions.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{ObjectReference, RuleId};

/// The label by which a namespace chooses its own mode.
pub const MODE_LABEL: &str = "scrapeguard.io/mode";

/// How findings are acted upon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuse what certainly breaks scraping, warn of the rest.
    #[default]
    Enforce,
    /// Refuse nothing, warn of everything.
    Warn,
    /// Touch and show nothing; write audit annotations and metrics.
    Audit,
}

/// What the guard says about one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::document::with_off)]
pub enum RuleSetting {
    /// Refuse what the rule finds, even if it only warns by default.
    Enforce,
    /// Warn of it.
    Warn,
    /// Record it only.
    Audit,
    /// Do not look. Also read from `off`, which must be quoted for kubectl: YAML 1.1 takes it for `false`.
    #[serde(alias = "off")]
    Ignore,
}

/// What is done about findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforcement {
    /// The mode of all rules that have no setting of their own.
    pub mode: Mode,
    /// Settings of single rules.
    pub rules: BTreeMap<RuleId, RuleSetting>,
    /// Whether a change that makes Prometheus lose targets is refused.
    pub deny_lost_targets: bool,
}

/// A finding that is accepted for a while, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The rule that is not held against the object.
    pub rule: RuleId,
    /// The one object that is meant.
    pub object: ObjectReference,
    /// Why; never empty.
    pub reason: String,
    /// When the exemption ends.
    pub expires: Timestamp,
}

impl Exemption {
    /// Whether this exemption is about this rule and object, expired or not.
    pub fn covers(&self, rule: RuleId, object: &ObjectReference) -> bool {
        self.rule == rule && self.object == *object
    }

    /// Whether the exemption has ended at this time.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }
}

/// When an exemption ends: a day such as `2027-01-01`, which begins at 00:00 UTC, or an RFC 3339 time.
pub fn instant(text: &str) -> Option<Timestamp> {
    let midnight = || jiff::tz::TimeZone::UTC.to_timestamp(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(midnight)
}

/// A text that is not the name of a mode.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a mode; modes are enforce, warn and audit")]
pub struct UnknownMode(String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "enforce" => Ok(Self::Enforce),
            "warn" => Ok(Self::Warn),
            "audit" => Ok(Self::Audit),
            _ => Err(UnknownMode(text.to_owned())),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exemption_ends_at_its_very_instant() {
        let end: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let exemption = Exemption {
            rule: "SG-PM-008".parse().unwrap(),
            object: ObjectReference::default(),
            reason: "cluster-wide on purpose".to_owned(),
            expires: end,
        };
        assert!(!exemption.has_expired("2026-12-31T23:59:59Z".parse().unwrap()));
        assert!(exemption.has_expired(end));
    }
}
