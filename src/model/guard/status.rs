//! The `status` of a `ScrapeGuard`: what was found, as the leader writes it and people read it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GuardStatus {
    /// The generation of the guard that all of this is about.
    pub observed_generation: i64,
    /// How things are: `Ready`, `CompanionsApplied` and `Degraded`.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The components.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub components: Vec<ComponentStatus>,
    /// The companions.
    pub companions: CompanionsStatus,
    /// Ways from Prometheus to what it scrapes; absent while they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrape_paths: Option<ScrapePathsStatus>,
    /// Peers other than the allowed ones that reach a guarded port; absent while they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposures: Option<u32>,
    /// What exists and lacks what injection would have added; absent while it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<ExistingStatus>,
    /// The last time that something was written for this guard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<LastChange>,
}

/// One condition, in the form that kubectl waits for (`k8s.io/apimachinery` `meta/v1`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when the status is this one.
    pub last_transition_time: String,
    /// The generation of the guard that it is about.
    #[serde(default)]
    pub observed_generation: i64,
}

/// One component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Its name.
    pub name: String,
    /// How many of its pods carry the labels that policies select by.
    #[serde(default)]
    pub pods: u32,
}

/// The companions, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CompanionsStatus {
    /// How many the guard wants to be applied.
    pub wanted: u32,
    /// How many of them are applied.
    pub applied: u32,
    /// How many are only reported.
    pub reported: u32,
    /// Those that are not as they should be, and why; not more than ten.
    pub problems: Vec<String>,
}

/// Scrape paths, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ScrapePathsStatus {
    /// Those that get through.
    pub open: u32,
    /// Those that do not.
    pub blocked: u32,
    /// Those of which nobody knows.
    pub unknown: u32,
}

/// What exists and lacks what injection would have added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExistingStatus {
    /// How many objects.
    pub lacking: u32,
    /// Which; not more than ten.
    pub objects: Vec<String>,
}

/// Something that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LastChange {
    /// When, as RFC 3339 writes it.
    pub time: String,
    /// What.
    pub message: String,
}

impl GuardStatus {
    /// Reads a status as it is stored. One of another form is as good as none.
    pub fn read(stored: &serde_json::Value) -> Self {
        serde_json::from_value(stored.clone()).unwrap_or_default()
    }

    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The same with what a former status says about times: a condition whose status has not changed is as old as it
    /// was, and where nothing has been written since, the last change is the former one. What is not known yet is as it
    /// was when somebody last looked.
    #[must_use]
    pub fn continuing(mut self, former: &Self, now: Timestamp) -> Self {
        for condition in &mut self.conditions {
            let same = former.condition(&condition.kind).filter(|former| former.status == condition.status);
            condition.last_transition_time = same.map_or_else(|| written(now), |it| it.last_transition_time.clone());
        }
        self.scrape_paths = self.scrape_paths.or(former.scrape_paths);
        self.exposures = self.exposures.or(former.exposures);
        self.existing = self.existing.or_else(|| former.existing.clone());
        self.last_change = self.last_change.or_else(|| former.last_change.clone());
        self
    }
}

/// A time as Kubernetes writes it: in full seconds.
pub fn written(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(ready: &str) -> GuardStatus {
        let condition = Condition {
            kind: "Ready".to_owned(),
            status: ready.to_owned(),
            reason: "R".to_owned(),
            message: String::new(),
            last_transition_time: String::new(),
            observed_generation: 1,
        };
        GuardStatus { conditions: vec![condition], ..GuardStatus::default() }
    }

    #[test]
    fn a_condition_is_as_old_as_its_status() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let first = status("True").continuing(&GuardStatus::default(), at(0));
        let since = |status: &GuardStatus| status.condition("Ready").unwrap().last_transition_time.clone();
        assert_eq!(since(&first), "1970-01-01T00:00:00Z");
        assert_eq!(since(&status("True").continuing(&first, at(60))), "1970-01-01T00:00:00Z");
        assert_eq!(since(&status("False").continuing(&first, at(60))), "1970-01-01T00:01:00Z");
    }

    #[test]
    fn what_is_stored_is_read_again_and_nonsense_is_nothing() {
        let status = status("True");
        assert_eq!(GuardStatus::read(&serde_json::to_value(&status).unwrap()), status);
        assert_eq!(GuardStatus::read(&serde_json::json!({"conditions": 7})), GuardStatus::default());
        assert_eq!(GuardStatus::read(&serde_json::Value::Null), GuardStatus::default());
    }
}
