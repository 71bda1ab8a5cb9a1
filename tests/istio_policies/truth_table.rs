//! What Istio's own validation tests, situation by situation, as facts: the tables beside this file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// One situation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Situation {
    pub(crate) case: String,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) spec: Value,
    pub(crate) istio: Verdict,
    #[serde(default)]
    pub(crate) from_json: Option<Verdict>,
    #[serde(default)]
    pub(crate) warns: bool,
    pub(crate) errors: Vec<String>,
    #[serde(default)]
    pub(crate) difference: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Accepts,
    Refuses,
}

/// The kinds with their tables.
pub(crate) fn tables() -> [(&'static str, Vec<Situation>); 2] {
    let read = |table| serde_saphyr::from_str(table).expect("the table can be read");
    [
        ("AuthorizationPolicy", read(include_str!("authorization-policy.yaml"))),
        ("PeerAuthentication", read(include_str!("peer-authentication.yaml"))),
    ]
}

impl Situation {
    /// The object, in a guarded namespace: elsewhere nothing is more than a warning.
    pub(crate) fn object(&self, kind: &str) -> Value {
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": kind,
            "metadata": {"name": "policy", "namespace": "monitoring", "annotations": self.annotations},
            "spec": self.spec,
        })
    }
}
