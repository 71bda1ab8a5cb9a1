//! What a rule has to say about an object: id, severity, place, sentence and fix.

use std::fmt;
use std::str::FromStr;

use crate::model::{FieldPath, ObjectReference};

/// The family of a rule: the two or three letters in its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// `GEN`: any object.
    General,
    /// `NP`: NetworkPolicy.
    NetworkPolicy,
    /// `AP`: AuthorizationPolicy.
    AuthorizationPolicy,
    /// `PM`: which monitor picks which pods.
    PodMonitor,
    /// `RL`: relabeling.
    Relabeling,
    /// `SM`: how a target is scraped.
    ScrapeMonitor,
    /// `PR`: Prometheus resources, pods and workloads.
    Prometheus,
    /// `PA`: PeerAuthentication.
    PeerAuthentication,
    /// `IN`: Ingress.
    Ingress,
    /// `INJ`: what injection could not do.
    Injection,
}

impl Family {
    const ALL: [Self; 10] = [
        Self::General,
        Self::NetworkPolicy,
        Self::AuthorizationPolicy,
        Self::PodMonitor,
        Self::Relabeling,
        Self::ScrapeMonitor,
        Self::Prometheus,
        Self::PeerAuthentication,
        Self::Ingress,
        Self::Injection,
    ];

    const fn letters(self) -> &'static str {
        match self {
            Self::General => "GEN",
            Self::NetworkPolicy => "NP",
            Self::AuthorizationPolicy => "AP",
            Self::PodMonitor => "PM",
            Self::Relabeling => "RL",
            Self::ScrapeMonitor => "SM",
            Self::Prometheus => "PR",
            Self::PeerAuthentication => "PA",
            Self::Ingress => "IN",
            Self::Injection => "INJ",
        }
    }
}

/// The id of a rule, written `SG-NP-004`. Ids are stable: people exempt and override by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    family: Family,
    number: u16,
}

impl RuleId {
    /// The rule with this number in this family.
    pub const fn new(family: Family, number: u16) -> Self {
        Self { family, number }
    }

    /// The number of the rule in its family.
    pub const fn number(self) -> u16 {
        self.number
    }

    /// The family that the rule belongs to.
    pub const fn family(self) -> Family {
        self.family
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("SG-{}-{:03}", self.family.letters(), self.number))
    }
}

/// A text that has not the form of a rule id.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a rule id; rule ids look like SG-NP-004")]
pub struct MalformedRuleId(String);

impl FromStr for RuleId {
    type Err = MalformedRuleId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || MalformedRuleId(text.to_owned());
        let upper = text.to_ascii_uppercase();
        let (letters, digits) =
            upper.strip_prefix("SG-").and_then(|rest| rest.split_once('-')).ok_or_else(malformed)?;
        let family = Family::ALL.into_iter().find(|family| family.letters() == letters).ok_or_else(malformed)?;
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let number = digits.parse().map_err(|_| malformed())?;
        Ok(Self { family, number })
    }
}

/// How bad a finding is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; shown by audits and reviews, never at admission.
    Info,
    /// Probably not what was meant.
    Warning,
    /// Certainly broken or dangerous.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing that is wrong with one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// The object it was found in.
    pub object: ObjectReference,
    /// The field it was found at.
    pub path: FieldPath,
    /// What is wrong, in one sentence without a full stop at the end.
    pub message: String,
    /// The exact change that mends it.
    pub fix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_id_reads_what_it_writes() {
        for family in Family::ALL {
            let id = RuleId::new(family, 4);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn a_text_that_is_no_rule_id_is_refused() {
        for text in ["", "NP-004", "SG-NP", "SG-NP-4", "SG-XX-004", "SG-NP-0044", "SG-NP-+04"] {
            assert_eq!(text.parse::<RuleId>(), Err(MalformedRuleId(text.to_owned())), "{text}");
        }
    }
}
