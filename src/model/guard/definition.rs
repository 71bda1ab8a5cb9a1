//! The custom resource definition of `ScrapeGuard`, made from the types of [`document`](super::document).
//!
//! The API server wants a structural schema: every field with one type, no references, no alternatives. What only a
//! look at several fields can tell is said in CEL, beside the types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::document::{KIND, ScrapeGuard};

const GROUP: &str = "scrapeguard.io";
const VERSION: &str = "v1alpha1";

/// The definition, for the API server (`apiextensions.k8s.io/v1`).
pub fn custom_resource_definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("scrapeguards.{GROUP}")},
        "spec": {
            "group": GROUP,
            "names": {"kind": KIND, "plural": "scrapeguards", "singular": "scrapeguard", "categories": ["monitoring"]},
            "scope": "Cluster",
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "additionalPrinterColumns": [
                    column("Namespace", "string", ".spec.namespace", "The namespace that is guarded"),
                    column("Ready", "string", ".status.conditions[?(@.type=='Ready')].status", "Whether it is in force"),
                    column("Companions", "integer", ".status.companions.applied", "Companions that are applied"),
                    column("Blocked", "integer", ".status.scrapePaths.blocked", "Scrape paths that are blocked"),
                    column("Exposures", "integer", ".status.exposures", "Who else reaches guarded ports"),
                    column("Mode", "string", ".spec.enforcement.mode", "What is done about findings"),
                    column("Mesh", "string", ".spec.mesh.istio", "Whether and how Istio captures traffic"),
                    column("Age", "date", ".metadata.creationTimestamp", "Time since it was created"),
                ],
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": structural_schema()},
            }],
        },
    })
}

fn column(name: &str, kind: &str, path: &str, description: &str) -> Value {
    json!({"name": name, "type": kind, "jsonPath": path, "description": description})
}

/// The schema of the document. The type, the API version and the metadata are the API server's own business.
fn structural_schema() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<ScrapeGuard>().to_value();
    make_structural(&mut schema);
    let part = |name: &str| schema.pointer(name).cloned().unwrap_or_default();
    json!({
        "description": part("/description"),
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": part("/properties/spec"),
            "status": part("/properties/status"),
        },
    })
}

/// Rewrites a schema and all schemas in it.
fn make_structural(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    merge_alternatives(fields);
    // Formats are widths of numbers, whose bounds stand beside them. What is left out comes from the
    // built-in guard, not from defaults of the API server, and `null` is no way to leave it out. Unknown fields are the
    // API server's to refuse.
    for keyword in ["$schema", "title", "format", "default", "nullable"] {
        fields.remove(keyword);
    }
    if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
        fields.remove("additionalProperties");
    }
    if !fields.contains_key("type") {
        fields.insert("type".to_owned(), json!("object"));
        fields.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
    }
    unwrap_lines(fields);
    for keyword in ["items", "additionalProperties"] {
        fields.get_mut(keyword).into_iter().for_each(make_structural);
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(make_structural);
    }
}

/// An enum whose values are documented is a list of alternatives with one value each, and an optional one has `null`
/// among them.
fn merge_alternatives(fields: &mut Map<String, Value>) {
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(alternatives)) = fields.remove(keyword) else { continue };
        let mut values = Vec::new();
        for mut alternative in alternatives {
            if let Value::Object(nested) = &mut alternative {
                merge_alternatives(nested);
            }
            if let Some(Value::Array(listed)) = alternative.get_mut("enum").map(Value::take) {
                values.extend(listed);
            } else if let Value::Object(only) = alternative {
                fields.extend(only.into_iter().filter(|(key, _)| key != "description"));
            }
        }
        if !values.is_empty() {
            fields.insert("type".to_owned(), json!("string"));
            fields.insert("enum".to_owned(), Value::Array(values));
        }
    }
}

/// Descriptions are wrapped for the source; kubectl wraps them for the screen.
fn unwrap_lines(fields: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = fields.get_mut("description") {
        *description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of structural schemas (kubernetes.io `custom-resource-definitions/#specifying-a-structural-schema`).
    fn assert_structural(schema: &Value, path: &str) {
        let fields = schema.as_object().unwrap();
        assert!(fields["type"].is_string(), "{path} has no single type");
        for keyword in ["$ref", "oneOf", "anyOf", "allOf", "not", "const", "default"] {
            assert!(!fields.contains_key(keyword), "{path} has {keyword}");
        }
        let both = fields.contains_key("properties") && fields.contains_key("additionalProperties");
        assert!(!both, "{path} has properties and additionalProperties");
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert_structural(property, &format!("{path}.{name}"));
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(nested) = fields.get(keyword) {
                assert_structural(nested, &format!("{path}.{keyword}"));
            }
        }
    }

    #[test]
    fn the_schema_is_structural() {
        assert_structural(&structural_schema(), "");
    }

    #[test]
    fn modes_are_an_enumeration() {
        let schema = structural_schema();
        let mode = &schema["properties"]["spec"]["properties"]["enforcement"]["properties"]["mode"];
        assert_eq!(mode["enum"], json!(["enforce", "warn", "audit"]));
    }
}
