//! Exemptions that an object asks for itself, by annotations.
//!
//! They are for whoever may write the object but not the guard, so they can do less than the exemptions of the guard:
//! they silence warnings, and never open what is refused.

use jiff::Timestamp;

use crate::model::RuleId;
use crate::model::finding::MalformedRuleId;
use crate::model::guard::enforcement::instant;
use crate::model::labels::Labels;

/// The annotation with the ids of the rules, separated by commas: `SG-PM-008, SG-NP-010`.
pub const RULES: &str = "scrapeguard.io/exempt";
/// The annotation that says why.
pub const REASON: &str = "scrapeguard.io/exempt-reason";
/// The annotation with the end: a day such as `2027-01-01`, which begins at 00:00 UTC, or an RFC 3339 time.
pub const UNTIL: &str = "scrapeguard.io/exempt-until";

/// A valid exemption of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectExemption {
    rules: Vec<RuleId>,
    reason: String,
}

/// Why an exemption does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExemption {
    /// It names something that is no rule.
    #[error(transparent)]
    Rule(#[from] MalformedRuleId),
    /// It does not say why.
    #[error("the exemption has no reason")]
    NoReason,
    /// It does not say until when.
    #[error("the exemption has no end")]
    NoEnd,
    /// Its end is no time.
    #[error("{0:?} is neither a day nor a time")]
    MalformedEnd(String),
    /// It has ended.
    #[error("the exemption ended at {0}")]
    Ended(Timestamp),
}

impl InvalidExemption {
    /// The annotation that is wrong or missing.
    pub const fn annotation(&self) -> &'static str {
        match self {
            Self::Rule(_) => RULES,
            Self::NoReason => REASON,
            Self::NoEnd | Self::MalformedEnd(_) | Self::Ended(_) => UNTIL,
        }
    }
}

impl ObjectExemption {
    /// The exemption that these annotations ask for at this time; `None` if they ask for none.
    ///
    /// # Errors
    /// When they ask for one that does not count.
    pub fn read(annotations: &Labels<'_>, now: Timestamp) -> Result<Option<Self>, InvalidExemption> {
        let Some(rules) = annotations.get(RULES) else { return Ok(None) };
        let rules = rules.split(',').map(|id| id.trim().parse()).collect::<Result<_, MalformedRuleId>>()?;
        let written = |key| annotations.get(key).map(str::trim).filter(|text| !text.is_empty());
        let reason = written(REASON).ok_or(InvalidExemption::NoReason)?.to_owned();
        let until = written(UNTIL).ok_or(InvalidExemption::NoEnd)?;
        let until = instant(until).ok_or_else(|| InvalidExemption::MalformedEnd(until.to_owned()))?;
        if now >= until {
            return Err(InvalidExemption::Ended(until));
        }
        Ok(Some(Self { rules, reason }))
    }

    /// Why this rule is not held against the object, if it is exempt from it.
    pub fn reason_for(&self, rule: RuleId) -> Option<&str> {
        self.rules.contains(&rule).then_some(self.reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn read(annotations: &[(&'static str, &'static str)]) -> Result<Option<ObjectExemption>, InvalidExemption> {
        ObjectExemption::read(&annotations.iter().copied().collect(), "2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_exemption_is_for_the_rules_that_it_names() {
        let exemption = read(&[(RULES, "SG-PM-008, sg-np-010"), (REASON, "on purpose"), (UNTIL, "2027-01-01")]);
        let exemption = exemption.unwrap().unwrap();
        assert_eq!(exemption.reason_for("SG-NP-010".parse().unwrap()), Some("on purpose"));
        assert_eq!(exemption.reason_for("SG-NP-011".parse().unwrap()), None);
        assert_eq!(read(&[(REASON, "nothing asked for")]), Ok(None));
    }

    #[rstest]
    #[case(&[(RULES, "SG-PM-008")], REASON)]
    #[case(&[(RULES, "SG-PM-008"), (REASON, " "), (UNTIL, "2027-01-01")], REASON)]
    #[case(&[(RULES, "SG-PM-008"), (REASON, "x")], UNTIL)]
    #[case(&[(RULES, "SG-PM-008"), (REASON, "x"), (UNTIL, "tomorrow")], UNTIL)]
    #[case(&[(RULES, "SG-PM-008"), (REASON, "x"), (UNTIL, "2026-11-22T12:00:00Z")], UNTIL)]
    #[case(&[(RULES, "all"), (REASON, "x"), (UNTIL, "2027-01-01")], RULES)]
    #[case(&[(RULES, ""), (REASON, "x"), (UNTIL, "2027-01-01")], RULES)]
    fn one_without_reason_or_end_does_not_count(
        #[case] annotations: &[(&'static str, &'static str)],
        #[case] wrong: &str,
    ) {
        assert_eq!(read(annotations).unwrap_err().annotation(), wrong);
    }
}
