//! Small pieces of YAML in block style, for showing to people what an object gets.

use serde_json::Value as Json;

use super::node::Value;
use super::scalar;
use crate::model::Text;

/// A key and its value, one string per line and without indentation of the whole.
pub fn entry(key: &str, value: &Json) -> Vec<String> {
    let key = text(key);
    match inline(value) {
        Some(scalar) => vec![format!("{key}: {scalar}")],
        None => std::iter::once(format!("{key}:")).chain(below_key(value)).collect(),
    }
}

/// A value as the item of a list, one string per line and without indentation of the whole.
pub fn item(value: &Json) -> Vec<String> {
    match inline(value) {
        Some(scalar) => vec![format!("- {scalar}")],
        None => block(value)
            .into_iter()
            .enumerate()
            .map(|(number, line)| if number == 0 { format!("- {line}") } else { format!("  {line}") })
            .collect(),
    }
}

/// A string as a YAML scalar: plain where that is the same string again, and quoted otherwise.
pub fn text(text: &str) -> String {
    let stays_text = matches!(scalar::plain(Text::from(text)), Ok(Value::Text(_)));
    if stays_text && is_plain(text) { text.to_owned() } else { Json::from(text).to_string() }
}

fn is_plain(text: &str) -> bool {
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric() || matches!(first, '/' | '_' | '.'));
    let harmless = |character: char| character.is_ascii_alphanumeric() || "/_.-+@=,()^$\\;".contains(character);
    begins_well && text.chars().all(harmless)
}

fn inline(value: &Json) -> Option<String> {
    match value {
        Json::String(string) => Some(text(string)),
        Json::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Json::Object(entries) if entries.is_empty() => Some("{}".to_owned()),
        Json::Array(_) | Json::Object(_) => None,
        scalar => Some(scalar.to_string()),
    }
}

fn block(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().flat_map(item).collect(),
        Json::Object(entries) => entries.iter().flat_map(|(key, value)| entry(key, value)).collect(),
        scalar => inline(scalar).into_iter().collect(),
    }
}

/// Lists stand below their key without indentation, as kubectl writes them.
fn below_key(value: &Json) -> Vec<String> {
    let margin = if value.is_array() { "" } else { "  " };
    block(value).into_iter().map(|line| format!("{margin}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::{Document, Source};

    #[test]
    fn lists_and_maps_are_written_in_block_style() {
        let value = json!({"ports": [{"port": 1, "names": ["a", "on"]}, []], "none": {}});
        assert_eq!(
            entry("spec", &value).join("\n"),
            "spec:\n  none: {}\n  ports:\n  - names:\n    - a\n    - \"on\"\n    port: 1\n  - []"
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_it_is(string in any::<String>(), tricky in "[-a0: #,{}\\[\\]'\"+._/()^$;]{0,9}") {
            for string in [string, tricky] {
                let yaml = format!("apiVersion: v1\nkind: Pod\n{}", entry("spec", &json!([string])).join("\n"));
                let source = Source::new(&yaml);
                let document = Document::read_all(&source).next().unwrap().unwrap();
                let spec = document.root().get("spec").unwrap();
                prop_assert_eq!(spec.items()[0].text(), Some(string.as_str()));
            }
        }
    }
}
