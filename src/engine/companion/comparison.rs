//! Whether an object of the cluster is what it should be, in what it means and not in how it is written.
//!
//! All lists that companions have are sets to whoever reads them, and an absent list is an empty one. Everything in
//! `spec` is ours, so that a field which somebody adds there is a difference; of the metadata only our labels and our
//! owner reference are, for others may well add theirs.

use serde_json::{Map, Value};

use crate::engine::companion::manifest::MANAGED_BY;
use crate::engine::companion::owned::GUARD_LABEL;
use crate::engine::inject::patch::pointer;

/// What a look at an object shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is what it should be.
    Same,
    /// It is ours, and not what it should be.
    Differs,
    /// Somebody else made it.
    Foreign,
    /// It is on its way out.
    Leaving,
}

/// Looks at an object with all that the API server tells of it, as it is at this moment.
///
/// Ours is what has been written by server-side apply under our name, or what somebody has given us by the label of the
/// guard.
pub fn examine(wanted: &Value, live: &Value) -> Found {
    let metadata = live.get("metadata").unwrap_or(&Value::Null);
    let label = |object: &Value| object.pointer("/metadata/labels")?.get(GUARD_LABEL).cloned();
    if metadata.get("deletionTimestamp").is_some() {
        Found::Leaving
    } else if !is_written_by_us(live) && (label(live).is_none() || label(live) != label(wanted)) {
        Found::Foreign
    } else if is_same(wanted, live) {
        Found::Same
    } else {
        Found::Differs
    }
}

/// Whether an object was written by server-side apply under our name. Copies and restored objects were not, whatever
/// their labels say.
pub fn is_written_by_us(live: &Value) -> bool {
    let (_, manager) = MANAGED_BY;
    let fields = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let is_ours = |entry: &Value| {
        entry.get("manager").is_some_and(|it| it == manager)
            && entry.get("operation").is_some_and(|it| it == "Apply")
            && entry.get("fieldsV1").is_some_and(|fields| fields.get("f:spec").is_some())
    };
    fields.is_some_and(|entries| entries.iter().any(is_ours))
}

/// Whether an object means what it should.
pub fn is_same(wanted: &Value, stored: &Value) -> bool {
    essence(wanted, wanted) == essence(stored, wanted)
}

/// What of an object counts beside what it should be, in one form for all ways to write it.
pub fn essence(object: &Value, wanted: &Value) -> Value {
    let labels = |of: &Value| of.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
    let (our_labels, mut present) = (labels(wanted), labels(object));
    present.retain(|key, _| our_labels.contains_key(key));
    let owners = |of: &Value| of.pointer("/metadata/ownerReferences").and_then(Value::as_array).cloned();
    let our_owners: Vec<Value> = owners(wanted).into_iter().flatten().filter_map(|it| it.get("uid").cloned()).collect();
    let uids = owners(object).into_iter().flatten().filter_map(|it| it.get("uid").cloned());
    let known: Vec<Value> = uids.filter(|uid| our_owners.contains(uid)).collect();
    let spec = object.get("spec").cloned().map(canonical).unwrap_or_default();
    Value::Array(vec![Value::Object(present), Value::Array(known), spec])
}

/// JSON Pointers to what somebody has added to the `spec` of an object. Server-side apply leaves such fields alone.
/// What is inside lists is not told, because a list is replaced as a whole.
pub fn superfluous(wanted: &Value, live: &Value) -> Vec<String> {
    let spec = |of: &Value| of.get("spec").cloned().map(canonical).unwrap_or_default();
    let mut pointers = Vec::new();
    collect(&spec(wanted), &spec(live), &mut vec!["spec".to_owned()], &mut pointers);
    pointers
}

fn collect(wanted: &Value, live: &Value, path: &mut Vec<String>, pointers: &mut Vec<String>) {
    let (Some(wanted), Some(live)) = (wanted.as_object(), live.as_object()) else { return };
    for (key, value) in live {
        path.push(key.clone());
        match wanted.get(key) {
            Some(wanted) => collect(wanted, value, path, pointers),
            None => pointers.push(pointer(path.iter().map(String::as_str))),
        }
        path.pop();
    }
}

/// Lists in one order, without fields that say the same as if they were absent.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, canonical(value)));
            Value::Object(fields.filter(|(key, value)| !says_nothing(key, value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(canonical).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        scalar => scalar,
    }
}

/// An empty selector is not the same as none; an empty list, and a map of no labels, is.
fn says_nothing(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && key == "matchLabels",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn policy(spec: &str) -> Value {
        let spec: Value = serde_saphyr::from_str(spec).unwrap();
        json!({"metadata": {"name": "p", "labels": {"app.kubernetes.io/managed-by": "scrapeguard",
            "scrapeguard.io/guard": "m"}, "ownerReferences": [{"kind": "ScrapeGuard", "name": "m", "uid": "u"}]}, "spec": spec})
    }

    const WANTED: &str = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: \
        [{podSelector: {matchLabels: {app: a}}}, {podSelector: {}}], ports: [{port: 1, protocol: TCP}, {port: 2, protocol: TCP}]}]}";

    #[rstest]
    #[case::itself(WANTED, true)]
    #[case::another_order(
        "{policyTypes: [Ingress], ingress: [{ports: [{port: 2, protocol: TCP}, {protocol: TCP, port: 1}], from: \
         [{podSelector: {}}, {podSelector: {matchLabels: {app: a}}}]}], podSelector: {matchLabels: {app: web}, matchExpressions: []}, egress: null}",
        true
    )]
    #[case::one_label_more(&WANTED.replacen("{app: web}", "{app: web, b: c}", 1), false)]
    #[case::another_port(&WANTED.replace("port: 2", "port: 3"), false)]
    #[case::everybody(&WANTED.replace("{podSelector: {}}", "{}"), false)]
    #[case::an_addition(&WANTED.replace("policyTypes", "egress: [{}], policyTypes"), false)]
    #[case::nothing("{podSelector: {}, policyTypes: [Ingress]}", false)]
    fn it_is_the_meaning_that_counts(#[case] stored: &str, #[case] same: bool) {
        assert_eq!(is_same(&policy(WANTED), &policy(stored)), same);
    }

    #[test]
    fn others_may_have_their_metadata_but_not_ours() {
        let wanted = policy(WANTED);
        let mut stored = wanted.clone();
        stored["metadata"]["labels"]["theirs"] = json!("x");
        stored["metadata"]["annotations"] = json!({"theirs": "x"});
        stored["metadata"]["ownerReferences"].as_array_mut().unwrap().push(json!({"kind": "Other", "uid": "o"}));
        assert!(is_same(&wanted, &stored));
        for (path, value) in [
            ("/metadata/labels/scrapeguard.io~1guard", json!("other")),
            ("/metadata/labels/app.kubernetes.io~1managed-by", json!("Helm")),
            ("/metadata/ownerReferences", json!([])),
        ] {
            let mut stored = wanted.clone();
            *stored.pointer_mut(path).unwrap() = value;
            assert!(!is_same(&wanted, &stored), "{path}");
        }
    }

    fn written(mut object: Value, manager: &str, operation: &str) -> Value {
        let entry = json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {}}});
        object["metadata"]["managedFields"] = json!([entry]);
        object
    }

    #[rstest]
    #[case::by_us("scrapeguard", "Apply", "m", Found::Same)]
    #[case::by_us_without_label("scrapeguard", "Apply", "", Found::Differs)]
    #[case::by_a_user("kubectl", "Apply", "", Found::Foreign)]
    #[case::a_copy_of_another("velero", "Update", "other", Found::Foreign)]
    #[case::handed_over("kubectl", "Apply", "m", Found::Same)]
    #[case::not_by_apply("scrapeguard", "Update", "", Found::Foreign)]
    fn ours_is_what_we_applied_or_were_given(
        #[case] manager: &str,
        #[case] operation: &str,
        #[case] label: &str,
        #[case] expected: Found,
    ) {
        let wanted = policy(WANTED);
        let mut live = written(wanted.clone(), manager, operation);
        match label {
            "" => drop(live["metadata"]["labels"].as_object_mut().unwrap().remove(GUARD_LABEL)),
            label => live["metadata"]["labels"][GUARD_LABEL] = json!(label),
        }
        assert_eq!(examine(&wanted, &live), expected);
        live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(examine(&wanted, &live), Found::Leaving);
    }

    #[test]
    fn a_user_s_object_is_never_taken_over_for_want_of_labels() {
        let mut wanted = policy(WANTED);
        wanted["metadata"]["labels"] = json!({});
        assert_eq!(examine(&wanted, &written(wanted.clone(), "kubectl", "Apply")), Found::Foreign);
    }

    #[test]
    fn additions_are_found_wherever_apply_would_leave_them() {
        let live = "{podSelector: {matchLabels: {app: web, a/b: c}, matchExpressions: []}, policyTypes: [Ingress, Egress], \
            egress: [{}], ingress: [{}]}";
        let pointers = superfluous(&policy(WANTED), &policy(live));
        assert_eq!(pointers, ["/spec/egress", "/spec/podSelector/matchLabels/a~1b"]);
    }
}
