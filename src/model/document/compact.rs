//! JSON without white space between its parts, which is a good half of what kubectl prints.

/// The same JSON without white space outside of its strings.
pub fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let (between, string) = rest.split_at(start);
        let (string, after) = string.split_at(length_of_string(string));
        push_without_spaces(&mut compact, between);
        compact.push_str(string);
        rest = after;
    }
    push_without_spaces(&mut compact, rest);
    compact.shrink_to_fit();
    compact
}

/// From its opening quote to after its closing one; all that is left where it is not closed.
fn length_of_string(text: &str) -> usize {
    let mut is_escaped = true;
    let is_end = |byte: u8| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    };
    text.bytes().position(is_end).map_or(text.len(), |end| end + 1)
}

fn push_without_spaces(compact: &mut String, json: &str) {
    compact.extend(json.split([' ', '\n', '\r', '\t']));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use super::*;

    #[rstest]
    #[case("{}", "{}")]
    #[case("{\n  \"a b\": [1,\t2 ]\r\n}", "{\"a b\":[1,2]}")]
    #[case(r#"[ " \" ", "\\" , "\\\" " ]"#, r#"[" \" ","\\","\\\" "]"#)]
    #[case("[ \" not closed", "[\" not closed")]
    fn only_spaces_between_strings_go(#[case] json: &str, #[case] expected: &str) {
        assert_eq!(compact(json), expected);
    }

    proptest! {
        #[test]
        fn what_is_pretty_becomes_what_is_not(texts in prop::collection::vec(any::<String>(), 0..5)) {
            let value: Json = json!({"texts": texts, "nested": {"texts": texts}});
            prop_assert_eq!(compact(&serde_json::to_string_pretty(&value).unwrap()), value.to_string());
        }
    }
}
