use proptest::prelude::*;
use rstest::rstest;
use serde::de::IgnoredAny;

use super::*;

#[rstest]
#[case("{}")]
#[case(" [ ] ")]
#[case("1")]
#[case("-0.5e+10")]
#[case("[true,false,null]")]
#[case(r#""{\"a\":1,\"a\":2}""#)]
#[case(r#"{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":"a","c":"a"}"#)]
#[case(r#"{"a":[1,"a","a",{}],"b":["x","x"]}"#)]
#[case(r#"{"\"":1,"\\":2,"\\\"":3}"#)]
#[case(r#"{"a":"\ud83d\ude00 \u003c","\u003c":"\\ud800"}"#)]
fn accepts(#[case] text: &str) {
    assert_eq!(scan(text), Ok(Objects::default()));
}

#[rstest]
#[case::nothing("", 1, 1)]
#[case::two_values("{} {}", 1, 4)]
#[case::cut_off("{\"a\":\n [1,", 2, 5)]
#[case::open_string("\"a", 1, 3)]
#[case::no_colon(r#"{"a" 1}"#, 1, 6)]
#[case::comma_too_many("[1,]", 1, 4)]
#[case::comma_before_brace(r#"{"a":1,}"#, 1, 8)]
#[case::wrong_bracket("[1}", 1, 3)]
#[case::leading_zero("01", 1, 2)]
#[case::no_fraction("1.", 1, 3)]
#[case::no_exponent("1e+", 1, 4)]
#[case::bare_word("[nul]", 1, 2)]
#[case::newline_in_a_string("\"a\nb\"", 1, 3)]
#[case::unknown_escape(r#""a\x""#, 1, 3)]
#[case::short_escape(r#""\u12g4""#, 1, 2)]
fn says_where_it_is_not_json(#[case] text: &str, #[case] line: usize, #[case] column: usize) {
    assert_eq!(scan(text), Err(Fault::Syntax { line, column }));
}

#[rstest]
#[case(r#"{"a":1,"a":2}"#, 1, 8)]
#[case("{\"a\":1,\n \"b\":[{}], \"a\":2}", 2, 12)]
#[case(r#"[{"b":{"a":1,"c":{"a":0},"a":2}}]"#, 1, 26)]
#[case(r#"{"a":1,"\u0061":2}"#, 1, 8)]
#[case(r#"{"":1,"":2}"#, 1, 7)]
#[case(r#"{"a/b":1,"a\/b":2}"#, 1, 10)]
#[case(r#"{"k:{\"a\":1}":1,"k:{\"a\":1}":2}"#, 1, 18)]
#[case(r#"{"\n":1,"\u000a":2}"#, 1, 9)]
fn finds_the_second_of_two_equal_keys(#[case] text: &str, #[case] line: usize, #[case] column: usize) {
    let Err(Fault::DuplicateKey { line: found_line, column: found_column, .. }) = scan(text) else {
        panic!("accepted {text}");
    };
    assert_eq!((found_line, found_column), (line, column));
}

#[rstest]
#[case(r#"{"a":"\ud800"}"#, 6)]
#[case(r#"{"\udc00":1}"#, 2)]
fn refuses_half_characters(#[case] text: &str, #[case] column: usize) {
    assert_eq!(scan(text), Err(Fault::HalfCharacter { line: 1, column }));
}

#[test]
fn finds_one_among_many() {
    let mut keys: Vec<_> = (0..1000).map(|number| format!("\"k{number}\":0")).collect();
    assert!(scan(&format!("{{{}}}", keys.join(","))).is_ok());
    keys.push("\"k500\":1".to_owned());
    assert!(scan(&format!("{{{}}}", keys.join(","))).is_err());
}

#[test]
fn counts_levels() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(scan(&nested(DEPTH_LIMIT)).is_ok());
    assert_eq!(scan(&nested(DEPTH_LIMIT + 1)), Err(Fault::TooDeep));
    let side_by_side = vec!["[[]]"; DEPTH_LIMIT].join(",");
    assert!(scan(&format!("[{side_by_side}]")).is_ok());
}

#[rstest]
#[case::new(r#"{"request":{"object":{"a":{}},"oldObject":null}}"#, Some(r#"{"a":{}}"#), None)]
#[case::removed(r#"{"request":{"object":null,"oldObject": {} }}"#, None, Some("{}"))]
#[case::both(r#"{"request":{"object":{"a":1},"x":1,"oldObject":{"a":2}}}"#, Some(r#"{"a":1}"#), Some(r#"{"a":2}"#))]
#[case::respelt(r#"{"\u0072equest":{"ob\u006aect":{}}}"#, Some("{}"), None)]
#[case::no_map(r#"{"request":{"object":[{}],"oldObject":"{}"}}"#, None, None)]
#[case::outside_the_request(r#"{"object":{},"response":{"object":{}}}"#, None, None)]
#[case::deeper_in_the_request(r#"{"request":{"options":{"object":{}}}}"#, None, None)]
#[case::request_in_the_object(r#"{"x":{"request":{"object":{}}}}"#, None, None)]
#[case::request_is_a_list(r#"{"request":[{"object":{}}]}"#, None, None)]
fn finds_the_objects(#[case] text: &str, #[case] object: Option<&str>, #[case] old_object: Option<&str>) {
    let found = scan(text).unwrap();
    let part = |range: Option<Range<usize>>| range.map(|range| &text[range]);
    assert_eq!((part(found.object), part(found.old_object)), (object, old_object));
}

/// Valid JSON and what comes of it when a few bytes are replaced.
fn nearly_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        ".{0,10}".prop_map(|text| serde_json::json!(text).to_string()),
    ];
    let json = leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner, 0..5).prop_map(|items| {
                let members: Vec<_> =
                    items.iter().enumerate().map(|(at, item)| format!("\"k{at}\" : {item}")).collect();
                format!("{{{}}}", members.join(",\n"))
            }),
        ]
    });
    let damage = prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}\",:\\\\0-9a-fu.eE+ \n-]"), 0..3);
    (json, damage).prop_map(|(json, damage)| {
        let mut characters: Vec<char> = json.chars().collect();
        for (index, replacement) in damage {
            let at = index.index(characters.len());
            characters.splice(at..=at, replacement.chars());
        }
        characters.into_iter().collect()
    })
}

fn agrees_with_serde(text: &str) -> Result<(), TestCaseError> {
    let ours = scan(text);
    let theirs = serde_json::from_str::<IgnoredAny>(text);
    match (&ours, &theirs) {
        (Ok(_) | Err(Fault::DuplicateKey { .. } | Fault::HalfCharacter { .. }), Ok(_)) | (Err(_), Err(_)) => Ok(()),
        _ => Err(TestCaseError::fail(format!("{text:?}: {ours:?} here, {theirs:?} there"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_another_reader_on_what_is_json(text in nearly_json()) {
        agrees_with_serde(&text)?;
    }

    #[test]
    fn agrees_with_another_reader_on_noise(text in "[\\[\\]{}\",:\\\\a\u{e4}1.e \n-]{0,12}") {
        agrees_with_serde(&text)?;
    }

    #[test]
    fn agrees_with_another_reader_on_numbers(text in "[0-9.eE+-]{0,8}") {
        agrees_with_serde(&text)?;
    }

    #[test]
    fn agrees_with_another_reader_on_strings(text in "\"([a\u{e4}\u{1}\n]|\\\\[\"\\\\/bfnrtuxU]|[0-9a-fG]){0,8}\"?") {
        agrees_with_serde(&text)?;
    }

    #[test]
    fn agrees_with_a_reader_that_compares_all_keys(keys in prop::collection::vec("[ab]{0,3}", 0..20)) {
        let members: Vec<_> = keys.iter().map(|key| format!("{key:?}:[{{}}]")).collect();
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        prop_assert_eq!(scan(&format!("{{{}}}", members.join(","))).is_ok(), distinct.len() == keys.len());
    }

    #[test]
    fn agrees_with_a_reader_whatever_the_spelling(
        keys in prop::collection::vec(r#"(a|\\u0061|/|\\/|\\"|\\u0022|\\n|\\u000[aA]|\\\\){0,2}"#, 0..6),
    ) {
        let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
        let unescaped = |key: &String| serde_json::from_str::<String>(&format!("\"{key}\"")).unwrap();
        let distinct: std::collections::BTreeSet<_> = keys.iter().map(unescaped).collect();
        prop_assert_eq!(scan(&format!("{{{}}}", members.join(","))).is_ok(), distinct.len() == keys.len());
    }
}
