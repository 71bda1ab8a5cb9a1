//! Documents as people have them: helm output, lists of kubectl, anchors, Windows line ends, mistakes.

use std::fmt::Write;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::model::Position;

fn read(text: &str) -> Vec<Result<String, String>> {
    let source = Source::new(text);
    let documents = Document::read_all(&source);
    documents.map(|document| document.map(|it| describe(&it)).map_err(|error| error.to_string())).collect()
}

fn describe(document: &Document<'_>) -> String {
    let namespace = document.namespace().unwrap_or("-");
    format!("{} {} {namespace}/{}", document.group(), document.kind(), document.name())
}

fn json_of(text: &str) -> Json {
    let source = Source::new(text);
    let document = Document::read_all(&source).next().unwrap().unwrap();
    serde_json::from_str(&document.json().unwrap()).unwrap()
}

/// What the place of a field covers, and where it begins.
fn place(text: &str, path: &FieldPath) -> (String, Position) {
    let source = Source::new(text);
    let document = Document::read_all(&source).next().unwrap().unwrap();
    let span = document.place_of(path);
    (source.slice(span).to_owned(), source.position(span.start))
}

const POLICY: &str = "\
# who may scrape
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: monitoring}
spec:
  podSelector: {}
  ingress:
  - ports:
    - port: 443
      protocol: \"TCP\"
    from:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
  description: |
    several
    lines
";

#[test]
fn an_object_knows_its_group_kind_and_name() {
    assert_eq!(read(POLICY), [Ok("networking.k8s.io NetworkPolicy monitoring/p".to_owned())]);
}

#[rstest]
#[case(FieldPath::of("spec.ingress").index(0).key("ports").index(0).key("port"), "443", 9, 13)]
#[case(FieldPath::of("spec.ingress").index(0).key("ports").index(0).key("protocol"), "\"TCP\"", 10, 17)]
#[case(FieldPath::of("spec.podSelector"), "{}", 6, 16)]
#[case(FieldPath::of("spec.ingress"), "ingress", 7, 3)]
#[case(FieldPath::of("spec.ingress").index(0), "ports", 8, 5)]
#[case(FieldPath::of("spec.description"), "description", 15, 3)]
#[case(FieldPath::of("spec.egress"), "spec", 5, 1)]
#[case(FieldPath::of("spec.ingress").index(7).key("from"), "ingress", 7, 3)]
#[case(FieldPath::of("status"), "apiVersion", 2, 1)]
#[case(FieldPath::root(), "apiVersion", 2, 1)]
fn a_field_is_pointed_at(#[case] path: FieldPath, #[case] text: &str, #[case] line: usize, #[case] column: usize) {
    assert_eq!(place(POLICY, &path), (text.to_owned(), Position { line, column }));
}

#[test]
fn a_label_with_dots_is_one_key() {
    let path = FieldPath::of("spec.ingress").index(0).key("from").index(0).key("podSelector").key("matchLabels");
    let (text, position) = place(POLICY, &path.key("app.kubernetes.io/name"));
    assert_eq!((text.as_str(), position), ("prometheus", Position { line: 14, column: 35 }));
}

#[test]
fn empty_documents_are_passed_over() {
    let text = "---\n---\n# nothing\n---\n\n--- # here\napiVersion: v1\nkind: Pod\n---\nnull\n...\n";
    assert_eq!(read(text), [Ok(" Pod -/".to_owned())]);
    assert_eq!(read(""), []);
    assert_eq!(read("\n# nothing\n"), []);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let text = format!("\u{feff}{POLICY}---\n{POLICY}").replace('\n', "\r\n");
    assert_eq!(read(&text).len(), 2);
    assert_eq!(read(&text), read(&format!("{POLICY}---\n{POLICY}")));
    let port = FieldPath::of("spec.ingress").index(0).key("ports").index(0).key("port");
    assert_eq!(place(&text, &port), ("443".to_owned(), Position { line: 9, column: 13 }));
    let description = json_of(&text)["spec"]["description"].clone();
    assert_eq!(description, json!("several\nlines\n"));
}

#[test]
fn a_broken_document_does_not_touch_the_others() {
    let text = "apiVersion: v1\nkind: Pod\n---\nkind: [\n---\napiVersion: v1\nkind: Pod\n";
    let documents = read(text);
    assert_eq!(documents.len(), 3);
    assert!(documents[0].is_ok() && documents[2].is_ok());
    let error = documents[1].clone().unwrap_err();
    assert!(error.starts_with("line 4, column 7: not valid YAML: unclosed bracket"), "{error}");
}

#[rstest]
#[case("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key \"a\" is here a second time; the first is at line 1, column 1")]
#[case("x: {1: a, '1': b}", "line 1, column 11: the key \"1\" is here a second time; the first is at line 1, column 5")]
#[case("? [a]\n: b\n", "line 1, column 3: a key must be a string")]
#[case("a: .inf", "line 1, column 4: .inf cannot be written in JSON; quote it if it is meant as a string")]
#[case("a: !!int x", "line 1, column 10: \"x\" cannot be read as !!int")]
#[case("a: &a [*a]", "line 1, column 8: the alias refers to a value that it is itself part of")]
#[case("a: *nobody", "line 1, column 4: not valid YAML: ")]
#[case("<<: 1", "line 1, column 1: only a map or a list of maps can be merged with <<")]
#[case("just words", "line 1, column 1: not a Kubernetes object: a map with apiVersion and kind is expected")]
#[case("kind: Pod", "line 1, column 1: not a Kubernetes object: apiVersion is missing or is not a string")]
#[case("apiVersion: v1\nkind: 1", "line 1, column 1: not a Kubernetes object: kind is missing or is not a string")]
fn a_mistake_is_named_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let error = read(text).remove(0).unwrap_err();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn anchors_aliases_and_merge_keys_are_resolved() {
    let text = "\
apiVersion: v1
kind: Pod
x-defaults: &defaults {a: 1, b: 2}
x-more: &more {b: 3, c: 4}
spec:
  plain: *defaults
  merged: {<<: [*defaults, *more], a: 9}
  block:
    <<: *more
    d: 5
";
    let spec = json_of(text)["spec"].clone();
    assert_eq!(spec["plain"], json!({"a": 1, "b": 2}));
    assert_eq!(spec["merged"], json!({"a": 9, "b": 2, "c": 4}));
    assert_eq!(spec["block"], json!({"b": 3, "c": 4, "d": 5}));
    let merged = place(text, &FieldPath::of("spec.block.c"));
    assert_eq!(merged, ("4".to_owned(), Position { line: 4, column: 25 }), "points at where it is written");
}

#[test]
fn scalars_are_what_kubectl_takes_them_for() {
    let expected: Json = serde_json::from_str(include_str!("testdata/scalars.json")).unwrap();
    assert_eq!(json_of(include_str!("testdata/scalars.yaml")), expected);
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "apiVersion: v1\nkind: Pod\na0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
    }
    let error = read(&text).remove(0).unwrap_err();
    assert!(error.ends_with("unfold to more than 1000000 values, which is refused as an attack"), "{error}");
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for depth in [121, 1_000_000] {
        let text = format!("apiVersion: v1\nkind: Pod\nx: {}{}", "[".repeat(depth), "]".repeat(depth));
        let error = read(&text).remove(0).unwrap_err();
        assert!(error.contains("nested deeper than 120 levels"), "{error}");
    }
}

#[test]
fn lists_are_unfolded_into_their_items() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
- kind: List
  apiVersion: v1
  items:
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
- words
";
    let documents = read(text);
    assert_eq!(documents[..2], [Ok(" Pod -/a".to_owned()), Ok("apps Deployment -/b".to_owned())]);
    let error = documents[2].clone().unwrap_err();
    assert!(error.starts_with("line 11, column 3: not a Kubernetes object"), "{error}");
}

#[test]
fn the_items_of_a_typed_list_take_their_kind_from_it() {
    let text = r#"{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "a"}}]}"#;
    assert_eq!(read(text), [Ok("apps Deployment -/a".to_owned())]);
    assert_eq!(json_of(text), json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}));
}

/// As kubectl writes it, with the kind after all items; and as nobody writes it, so that it is read in one go.
#[rstest]
#[case::items_first(
    "apiVersion: v1\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\nkind: PodList\nmetadata: {x: 1}\n"
)]
#[case::anchors(
    "kind: PodList\nx: &n {name: a}\nitems:\n- metadata: *n\n- metadata: {<<: *n, name: b}\napiVersion: v1\n"
)]
#[case::anchored_items(
    "kind: PodList\nitems: &i\n- metadata: {name: a}\n- metadata: {name: b}\nx: *i\napiVersion: v1\n"
)]
#[case::merged("x: &x {kind: PodList}\n<<: *x\napiVersion: v1\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n")]
#[case::flow("{items: [{metadata: {name: a}}, {metadata: {name: b}}], kind: PodList, apiVersion: v1}")]
#[case::json(
    r#"{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"\u006bind":"PodList","apiVersion":"v1"}"#
)]
fn a_list_is_the_same_however_it_is_written(#[case] text: &str) {
    assert_eq!(read(text), [Ok(" Pod -/a".to_owned()), Ok(" Pod -/b".to_owned())]);
}

#[rstest]
#[case::in_an_item(
    "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- {x: 1, x: 2}\n- metadata: {name: b}\n",
    1,
    "line 5"
)]
#[case::syntax("kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- {x: [}\n", 0, "line 5")]
#[case::twice("kind: PodList\nkind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n", 0, "line 2")]
fn a_broken_list_ends_where_it_breaks(#[case] text: &str, #[case] good: usize, #[case] place: &str) {
    let documents = read(text);
    let (error, before) = documents.split_last().unwrap();
    assert_eq!(before.len(), good);
    assert!(error.clone().unwrap_err().starts_with(place), "{error:?}");
}

#[test]
fn json_objects_follow_each_other() {
    let text = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n{\"apiVersion\": \"v1\",\n\"kind\": \"Node\"}";
    assert_eq!(read(text), [Ok(" Pod -/".to_owned()), Ok(" Node -/".to_owned())]);
}

#[test]
fn json_escapes_are_understood() {
    let text = r#"{"apiVersion": "v1", "kind": "Pod", "x": "\/\u00e9\ud83d\ude00\t\"\\"}"#;
    assert_eq!(json_of(text)["x"], json!("/é😀\t\"\\"));
}

fn any_json() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<i32>().prop_map(|number| Json::from(f64::from(number) + 0.5)),
        any::<String>().prop_map(Json::from),
        "(yes|no|on|y|~|null|0644|1e3|0x1f|<<|- a|a: b|# a| a|a )".prop_map(Json::from),
    ];
    scalar.prop_recursive(5, 64, 6, |inner| {
        let key = prop_oneof!["[a-z]{1,4}", any::<String>(), "(yes|1|~|<<|\\*a|&a|!a)"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// The value in block style, with strings quoted as JSON quotes them.
fn block_yaml(value: &Json, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match value {
        Json::Array(items) if !items.is_empty() => {
            items.iter().flat_map(|item| [format!("\n{margin}-"), block_yaml(item, indent + 2)]).collect()
        }
        Json::Object(map) if !map.is_empty() => {
            let entry =
                |(key, value): (&String, &Json)| format!("\n{margin}{}:{}", json!(key), block_yaml(value, indent + 2));
            map.iter().map(entry).collect()
        }
        other => format!(" {other}"),
    }
}

proptest! {
    #[test]
    fn what_was_written_is_what_is_sent(value in any_json()) {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "spec": value});
        prop_assert_eq!(&json_of(&object.to_string()), &object);
        prop_assert_eq!(&json_of(&serde_json::to_string_pretty(&object).unwrap()), &object);
        prop_assert_eq!(&json_of(&block_yaml(&object, 0)), &object);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), yaml in "[-a:{}\\[\\]&*!|>'\"%#?, \n]{0,60}") {
        read(&text);
        read(&yaml);
    }

    #[test]
    fn every_place_lies_inside_the_text(value in any_json()) {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "spec": value});
        let text = block_yaml(&object, 0);
        let source = Source::new(&text);
        let document = Document::read_all(&source).next().unwrap().unwrap();
        let span = document.place_of(&FieldPath::of("spec.a").index(0));
        prop_assert!(text.get(span.range()).is_some_and(|_| span.start >= document.start().start));
    }
}
