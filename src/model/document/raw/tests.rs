//! What is not read whole is the same as what is.

use std::fmt::Write;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// What one knows of an object: API version, kind, offset, JSON.
type Known = (String, String, usize, Json);

fn raw(text: &str) -> Vec<Result<Known, DocumentError>> {
    let source = Source::new(text);
    let known = |document: RawDocument<'_>| {
        let json = serde_json::from_str(&document.json().unwrap()).unwrap();
        (document.api_version().to_owned(), document.kind().to_owned(), document.start(), json)
    };
    RawDocument::read_all(&source).map(|document| document.map(known)).collect()
}

fn whole(text: &str) -> Vec<Result<Known, DocumentError>> {
    let source = Source::new(text);
    let known = |document: Document<'_>| {
        let json = serde_json::from_str(&document.json().unwrap()).unwrap();
        (document.api_version().to_owned(), document.kind().to_owned(), document.start().start, json)
    };
    Document::read_all(&source).map(|document| document.map(known)).collect()
}

/// How many objects of a text became nodes, and how many did not.
fn nodes_and_texts(text: &str) -> (usize, usize) {
    let source = Source::new(text);
    let (nodes, texts): (Vec<_>, Vec<_>) =
        RawDocument::read_all(&source).flatten().partition(|document| matches!(document.body, Body::Nodes(_)));
    (nodes.len(), texts.len())
}

const POD: &str =
    r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"x":"\u003cü"}},"spec":{"n":-1}}"#;

#[rstest]
#[case::object(POD.to_owned(), (0, 1))]
#[case::stream(format!("{POD}\n{POD}"), (0, 2))]
#[case::list(format!(r#"{{"apiVersion":"v1","items":[{POD},{POD}],"kind":"List","metadata":{{}}}}"#), (0, 2))]
#[case::pretty(format!("{{\n\t\"kind\" : \"List\",\r\n\"items\": [\n{POD},\n {POD}\n]\n}}\n"), (0, 2))]
#[case::typed(r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{}]}"#.to_owned(), (0, 2))]
#[case::fraction(format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1","kind":"P","x":1.50}}]}}"#), (1, 1))]
#[case::list_in_a_list(
    format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1","kind":"List","items":[{POD},{POD}]}}]}}"#),
    (2, 1)
)]
#[case::escaped_kind(format!(r#"{{"\u006bind":"List","apiVersion":"v1","items":[{POD}]}}"#), (1, 0))]
#[case::yaml("apiVersion: v1\nkind: Pod\n".to_owned(), (1, 0))]
#[case::yaml_in_braces("{apiVersion: v1, kind: Pod}".to_owned(), (1, 0))]
fn only_what_is_not_plain_becomes_nodes(#[case] text: String, #[case] expected: (usize, usize)) {
    assert_eq!(nodes_and_texts(&text), expected);
    assert_eq!(raw(&text), whole(&text));
}

#[rstest]
#[case::twice(format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1","kind":"P","x":1,"x":2}},{POD}]}}"#), 1)]
#[case::twice_by_another_name(
    format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1","kind":"P","x":1,"\u0078":2}},{POD}]}}"#),
    1
)]
#[case::no_kind(format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1"}},{POD}]}}"#), 2)]
#[case::empty_kind(format!(r#"{{"kind":"PodList","apiVersion":"v1","items":[{POD},{{"kind":""}},{POD}]}}"#), 2)]
#[case::no_object(format!(r#"{{"kind":"List","items":[{POD},"words",{POD}]}}"#), 2)]
#[case::list_twice(format!(r#"{{"kind":"List","items":[{POD}],"items":[{POD}]}}"#), 0)]
#[case::half_character(format!(r#"{{"kind":"List","items":[{POD},{{"apiVersion":"v1","kind":"\ud800"}}]}}"#), 0)]
#[case::control(format!("{{\"kind\":\"List\",\"items\":[{POD},{{\"apiVersion\":\"v1\",\"kind\":\"\u{7f}\"}}]}}"), 0)]
#[case::cut_off(format!(r#"{{"kind":"List","items":[{POD},{POD}"#), 0)]
#[case::long_key(format!(r#"{{"kind":"List","items":[{POD},{{"{}":1}}]}}"#, "k".repeat(1100)), 0)]
#[case::deep(format!(r#"{{"kind":"List","items":[{POD},{{"x":{}{}}},{POD}]}}"#, "[".repeat(119), "]".repeat(119)), 1)]
#[case::heading_twice(r#"{"kind":"PodList","metadata":{"a":1,"a":2},"apiVersion":"v1","items":[{}]}"#.to_owned(), 0)]
fn mistakes_are_told_as_ever(#[case] text: String, #[case] good: usize) {
    let found = raw(&text);
    assert_eq!(found, whole(&text));
    assert_eq!(found.iter().filter(|document| document.is_ok()).count(), good);
    assert!(found.len() > good, "{found:?}");
}

#[test]
fn the_items_of_a_typed_list_begin_where_they_stand() {
    let text = "{\"kind\": \"PodList\",\n\"apiVersion\": \"v1\", \"items\": [\n{\"metadata\": {}},\n{ }]}";
    let starts: Vec<_> = raw(text).into_iter().map(|document| document.unwrap().2).collect();
    assert_eq!(starts, [text.find("\"metadata").unwrap(), text.find("{ }").unwrap()]);
    assert_eq!(raw(text), whole(text));
}

/// JSON as somebody may have written it, and things that are nearly JSON.
#[derive(Clone, Debug)]
enum Tree {
    Scalar(&'static str),
    List(Vec<Tree>),
    Map(Vec<(&'static str, Tree)>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let usual = prop::sample::select(vec!["1", "0", "-7", "true", "null", r#""a""#, r#""""#, r#""\"\\ \/""#, r#""é""#]);
    let number = prop::sample::select(vec!["1.0", "1.50", "-0", "1e3", "18446744073709551616", "-9223372036854775809"]);
    let text = vec![r#""\u007f""#, r#""\ud83d\ude00""#, r#""<<""#, r#""\u2028""#, "\"\u{85}\u{2028}\u{feff}\u{a0}\""];
    let wrong = prop::sample::select(vec!["\"\u{7f}\"", "\"\u{fffe}\"", r#""\ud800""#, "01", "nul", ""]);
    let scalar = prop_oneof![
        300 => usual.prop_map(Tree::Scalar),
        9 => number.prop_map(Tree::Scalar),
        9 => prop::sample::select(text).prop_map(Tree::Scalar),
        1 => wrong.prop_map(Tree::Scalar),
    ];
    let key = prop_oneof![
        60 => prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "h", "kind", "items"]),
        1 => prop::sample::select(vec!["", "<<", "\\u0061", "\\n"]),
    ];
    scalar.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            prop::collection::vec((key.clone(), inner), 0..4).prop_map(Tree::Map),
        ]
    })
}

fn object() -> impl Strategy<Value = Tree> {
    let head = prop_oneof![
        8 => Just(vec![("apiVersion", Tree::Scalar(r#""v1""#)), ("kind", Tree::Scalar(r#""Pod""#))]),
        1 => Just(vec![("kind", Tree::Scalar(r#""Pod""#))]),
        1 => Just(Vec::new()),
    ];
    let list = (0..3_usize).prop_map(|items| Tree::List(vec![Tree::Map(Vec::new()); items]));
    let rest = prop::collection::vec((prop::sample::select(vec!["metadata", "spec", "status"]), tree()), 0..3);
    (head, rest, prop::option::weighted(0.1, list)).prop_map(|(mut entries, rest, items)| {
        entries.extend(rest);
        entries.extend(items.map(|items| ("items", items)));
        Tree::Map(entries)
    })
}

fn document() -> impl Strategy<Value = Tree> {
    let kind = prop::sample::select(vec![r#""List""#, r#""PodList""#, r#""\u004cist""#, r#""Pod""#, "1"]);
    let item = prop_oneof![30 => object(), 1 => tree()];
    let list = (kind, prop::collection::vec(item, 0..5), prop::option::weighted(0.2, tree())).prop_map(
        |(kind, items, metadata)| {
            let mut entries = vec![("apiVersion", Tree::Scalar(r#""v1""#)), ("items", Tree::List(items))];
            entries.extend(metadata.map(|metadata| ("metadata", metadata)));
            entries.push(("kind", Tree::Scalar(kind)));
            Tree::Map(entries)
        },
    );
    let list = (list, any::<prop::sample::Index>()).prop_map(|(list, first)| match list {
        Tree::Map(mut entries) => {
            let first = first.index(entries.len());
            entries.rotate_left(first);
            Tree::Map(entries)
        }
        other => other,
    });
    prop_oneof![3 => list, 1 => object()]
}

fn write(tree: &Tree, space: &str, text: &mut String) {
    match tree {
        Tree::Scalar(scalar) => text.push_str(scalar),
        Tree::List(items) => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                let comma = if number > 0 { "," } else { "" };
                write!(text, "{comma}{space}").unwrap();
                write(item, space, text);
            }
            text.push_str(space);
            text.push(']');
        }
        Tree::Map(entries) => {
            text.push('{');
            for (number, (key, value)) in entries.iter().enumerate() {
                let comma = if number > 0 { "," } else { "" };
                write!(text, "{comma}{space}\"{key}\":{space}").unwrap();
                write(value, space, text);
            }
            text.push_str(space);
            text.push('}');
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_makes_no_difference_how_far_a_document_is_read(
        documents in prop::collection::vec(document(), 1..3),
        space in prop::sample::select(vec!["", " ", "\n  ", "\r\n\t"]),
        between in prop::sample::select(vec!["", "\n", "\n---\n", "\u{feff}"]),
    ) {
        let mut text = String::new();
        for document in &documents {
            write(document, space, &mut text);
            text.push_str(between);
        }
        prop_assert_eq!(raw(&text), whole(&text), "{}", text);
    }

    #[test]
    fn nothing_is_made_of_texts_that_are_no_documents(text in any::<String>(), json in "[\\[\\]{}:,\" 1a\\\\]{0,40}") {
        prop_assert_eq!(raw(&text), whole(&text));
        let json = format!("{{{json}");
        prop_assert_eq!(raw(&json), whole(&json));
    }
}
