//! Objects as JSON: what kubectl reads and prints, and whether it holds what was expected.

use anyhow::{Context, Result, ensure};
use serde_json::{Deserializer, Value, json};

/// Objects in the form in which kubectl reads many at once.
pub(crate) fn list<'a>(objects: impl IntoIterator<Item = &'a Value>) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects.into_iter().collect::<Vec<_>>()}).to_string()
}

/// The objects that kubectl printed as JSON: one, several after each other, or a list.
pub(crate) fn read(printed: &str) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for value in Deserializer::from_str(printed).into_iter::<Value>() {
        let mut value = value.context("read kubectl's JSON")?;
        match value["items"].take() {
            Value::Array(items) => objects.extend(items),
            _ => objects.push(value),
        }
    }
    Ok(objects)
}

/// What users write in an object: no status, nothing that differs from one creation to the next, and no notes that
/// controllers and kubectl make for themselves.
pub(crate) fn essence(object: &Value) -> Result<Value> {
    let mut text = object.to_string();
    if let Some(uid) = object["metadata"]["uid"].as_str() {
        text = text.replace(uid, "uid");
    }
    let object: Value = serde_json::from_str(&text)?;
    let metadata = &object["metadata"];
    let mut annotations = metadata["annotations"].clone();
    if let Some(annotations) = annotations.as_object_mut() {
        let is_note =
            |key: &str| ["deployment.kubernetes.io/", "kubectl.kubernetes.io/"].iter().any(|it| key.starts_with(it));
        annotations.retain(|key, _| !is_note(key));
    }
    Ok(json!({
        "kind": object["kind"], "name": metadata["name"], "labels": metadata["labels"], "annotations": annotations,
        "spec": object["spec"],
    }))
}

/// The value has everything that is expected, and may have more: other fields, other elements of lists, defaults.
pub(crate) fn holds(value: &Value, expected: &Value) -> Result<()> {
    match expected {
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(key, expected)| holds(&value[key], expected).with_context(|| format!("in {key}"))),
        Value::Array(items) => items.iter().try_for_each(|expected| has_item(value, expected)),
        _ => {
            ensure!(value == expected, "{expected} is expected, and {value} is there");
            Ok(())
        }
    }
}

fn has_item(list: &Value, expected: &Value) -> Result<()> {
    let items = list.as_array().context("there is no list")?;
    ensure!(items.iter().any(|item| holds(item, expected).is_ok()), "there is no {expected} in {list}");
    Ok(())
}
