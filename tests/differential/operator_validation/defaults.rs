//! Default expressions that are written out in steps that compare values: the operator accepts them, and Prometheus then
//! refuses its whole configuration.

use serde_json::Value;

/// The object without what only Prometheus refuses.
pub(crate) fn without_defaults(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_defaults).collect(),
        Value::Object(fields) => {
            let action = fields.get("action").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
            let superfluous = |(name, value): &(&String, &Value)| {
                action.ends_with("equal") && name.as_str() == "regex" && *value == "(.*)"
            };
            let kept = fields.iter().filter(|field| !superfluous(field));
            kept.map(|(name, value)| (name.clone(), without_defaults(value))).collect()
        }
        _ => value.clone(),
    }
}
