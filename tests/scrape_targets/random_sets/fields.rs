//! Fields of random objects.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// Names of labels. To Prometheus, the last two are the same.
pub(super) const LABELS: [&str; 5] = ["app", "app.kubernetes.io/name", "tier", "a.b", "a-b"];
/// Values of labels. As an expression, one of them is another, too.
pub(super) const VALUES: [&str; 6] = ["web", "api", "v1.2", "v1x2", "front", ""];
/// Names of ports.
pub(super) const PORTS: [&str; 4] = ["metrics", "http", "http-metrics", "dns"];
/// Numbers of ports.
pub(super) const NUMBERS: [u16; 6] = [9090, 8080, 80, 443, 9100, 53];

/// A field that is there in so many of a hundred cases.
pub(super) fn field(
    random: &mut Random,
    share: usize,
    name: &'static str,
    value: impl FnOnce(&mut Random) -> Value,
) -> Option<(&'static str, Value)> {
    random.percent(share).then(|| (name, value(random)))
}

/// An object of those fields that are there.
pub(super) fn object<const N: usize>(fields: [Option<(&'static str, Value)>; N]) -> Value {
    fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// Labels of an object. No two look the same to Prometheus, which would show either.
pub(super) fn labels(random: &mut Random) -> Value {
    let mut names = random.some(&LABELS, 45);
    if names.contains(&"a.b") {
        names.retain(|name| *name != "a-b");
    }
    names.into_iter().map(|name| (name.to_owned(), json!(random.pick(&VALUES)))).collect::<Map<_, _>>().into()
}

/// Annotations of an object.
pub(super) fn annotations(random: &mut Random) -> Value {
    object([
        field(random, 20, "prometheus.io/port", |random| json!(random.pick(&["9090", "x"]))),
        field(random, 10, "example.com/Note", |_| json!("two\nlines and ü")),
    ])
}

/// A selector that selects something now and then.
pub(super) fn selector(random: &mut Random) -> Value {
    object([
        field(random, 50, "matchLabels", |random| {
            let name = random.pick(&LABELS);
            json!({name: random.pick(&VALUES[..4])})
        }),
        field(random, 35, "matchExpressions", |random| {
            (0..random.between(1, 2)).map(|_| expression(random)).collect::<Vec<_>>().into()
        }),
    ])
}

fn expression(random: &mut Random) -> Value {
    let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
    let mut expression = json!({"key": random.pick(&LABELS), "operator": operator});
    if operator.ends_with("In") {
        let values = random.some(&VALUES[..5], 40);
        expression["values"] = if values.is_empty() { json!(["web"]) } else { json!(values) };
    }
    expression
}

/// Some namespaces, by name.
pub(super) fn some_namespaces(random: &mut Random, seed: usize) -> Vec<String> {
    let [first, second] = super::namespaces(seed);
    let neighbour = super::namespaces(seed / super::BATCH * super::BATCH)[0].clone();
    let names = random.some(&[first.clone(), second, neighbour, "missing".to_owned()], 50);
    if names.is_empty() { vec![first] } else { names }
}
