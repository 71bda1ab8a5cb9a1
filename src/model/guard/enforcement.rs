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
    /// Whose changes are not refused for that.
    pub exempt_subjects: Vec<Subject>,
}

/// Who makes a request, as the API server knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// The name, such as `system:serviceaccount:argocd:argocd-application-controller`.
    pub name: &'a str,
    /// The groups.
    pub groups: &'a [String],
}

/// Somebody, named as the subjects of a RoleBinding are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(self.kind == 'ServiceAccount') == (has(self.__namespace__) && self.__namespace__ != '')",
    "message": "a ServiceAccount needs a namespace, users and groups have none",
}]))]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its name.
    #[schemars(length(min = 1, max = 256))]
    pub name: String,
    /// The namespace of a ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SubjectKind {
    /// A user by name.
    User,
    /// Everybody in a group.
    Group,
    /// A service account.
    ServiceAccount,
}

/// The service accounts of the control plane's own controllers, which finish what somebody else began: they delete what
/// is in a namespace that is deleted, or whose owner is gone.
const CONTROLLERS: &str = "system:serviceaccounts:kube-system";

impl Subject {
    /// Whether it is this user.
    pub fn is(&self, user: &User<'_>) -> bool {
        match self.kind {
            SubjectKind::User => user.name == self.name,
            SubjectKind::Group => user.groups.contains(&self.name),
            SubjectKind::ServiceAccount => {
                let account = user.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
                account == Some((self.namespace.as_deref().unwrap_or_default(), &self.name))
            }
        }
    }
}

impl Enforcement {
    /// Whether this user may not make Prometheus lose targets. Controllers of the control plane always may.
    pub fn denies_lost_targets_to(&self, user: &User<'_>) -> bool {
        let is_controller = user.groups.iter().any(|group| group == CONTROLLERS);
        self.deny_lost_targets && !is_controller && !self.exempt_subjects.iter().any(|subject| subject.is(user))
    }
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
    fn subjects_are_told_as_those_of_a_role_binding() {
        let subject = |kind, name: &str, namespace: Option<&str>| Subject {
            kind,
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
        };
        let groups = ["platform".to_owned(), "system:authenticated".to_owned()];
        let user = User { name: "system:serviceaccount:argocd:sync", groups: &groups };
        assert!(subject(SubjectKind::User, "system:serviceaccount:argocd:sync", None).is(&user));
        assert!(subject(SubjectKind::Group, "platform", None).is(&user));
        assert!(subject(SubjectKind::ServiceAccount, "sync", Some("argocd")).is(&user));
        assert!(!subject(SubjectKind::ServiceAccount, "sync", Some("default")).is(&user));
        assert!(!subject(SubjectKind::User, "sync", None).is(&user));
        assert!(!subject(SubjectKind::Group, "plat", None).is(&user));
    }

    #[test]
    fn controllers_of_the_control_plane_are_not_held_up() {
        let enforcement = Enforcement { deny_lost_targets: true, ..Enforcement::default() };
        let controllers = [CONTROLLERS.to_owned()];
        let name = "system:serviceaccount:kube-system:namespace-controller";
        assert!(!enforcement.denies_lost_targets_to(&User { name, groups: &controllers }));
        assert!(enforcement.denies_lost_targets_to(&User { name, groups: &[] }));
        assert!(!Enforcement::default().denies_lost_targets_to(&User::default()));
    }

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
