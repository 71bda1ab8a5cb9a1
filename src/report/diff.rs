//! A patch as people read it: the branches of the object that it touches, in YAML, with what is new marked by `+`.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;

use crate::engine::inject::patch::Patch;
use crate::model::document::node::{Node, Value};
use crate::model::document::yaml;

/// How many neighbours of an addition are shown, so that one sees where one is.
const NEIGHBOURS: usize = 4;

const ADDED: Style = AnsiColor::Green.on_default();
const CONTEXT: Style = Style::new().dimmed();

/// The additions of a patch as lines of YAML, each with a margin of two characters (`+ ` or blank), styled for a
/// terminal.
pub fn lines(before: &Node<'_>, patch: &Patch) -> Vec<String> {
    let mut lines = Vec::new();
    Branch::of(patch).write(Some(before), 0, &mut lines);
    lines.iter().map(Line::to_string).collect()
}

/// The part of an object that a patch touches.
#[derive(Default)]
struct Branch {
    children: BTreeMap<String, Branch>,
    added: Option<Json>,
}

impl Branch {
    fn of(patch: &Patch) -> Self {
        let mut root = Self::default();
        for addition in patch.additions() {
            let value = serde_json::to_value(&addition.value).unwrap_or_default();
            let steps = addition.pointer.split('/').skip(1).map(unescape);
            let leaf = steps.fold(&mut root, |branch, step| branch.children.entry(step).or_default());
            // A new item of a list stays whole: nothing is added to it later.
            if addition.pointer.ends_with("/-") { leaf.added = Some(value) } else { leaf.set(value) }
        }
        root
    }

    /// A new map is split into its entries, so that later additions to it find their place among them.
    fn set(&mut self, value: Json) {
        match value {
            Json::Object(entries) if !entries.is_empty() => {
                self.added = Some(Json::Object(serde_json::Map::new()));
                entries.into_iter().for_each(|(key, value)| self.children.entry(key).or_default().set(value));
            }
            value => self.added = Some(value),
        }
    }

    fn write(&self, before: Option<&Node<'_>>, indent: usize, lines: &mut Vec<Line>) {
        if let Some(node) = before.filter(|_| self.children.values().any(|child| child.added.is_some())) {
            self.write_neighbours(node, indent, lines);
        }
        for (step, child) in &self.children {
            match before.map(|node| &node.value) {
                Some(Value::List(items)) => child.write_item(items, step, indent, lines),
                _ => child.write_entry(before, step, indent, lines),
            }
        }
    }

    fn write_entry(&self, before: Option<&Node<'_>>, key: &str, indent: usize, lines: &mut Vec<Line>) {
        match &self.added {
            // An empty map that the next additions fill.
            Some(_) if !self.children.is_empty() => lines.push(Line::added(indent, &format!("{}:", yaml::text(key)))),
            Some(value) => lines.extend(yaml::entry(key, value).into_iter().map(|text| Line::added(indent, &text))),
            None => lines.push(Line::context(indent, &format!("{}:", yaml::text(key)))),
        }
        self.write_below(before.and_then(|node| node.get(key)), indent + 2, lines);
    }

    fn write_item(&self, items: &[Node<'_>], step: &str, indent: usize, lines: &mut Vec<Line>) {
        if let Some(value) = &self.added {
            lines.extend(yaml::item(value).into_iter().map(|text| Line::added(indent, &text)));
            return;
        }
        let item = step.parse().ok().and_then(|index: usize| items.get(index));
        let name = item.and_then(|item| item.get("name")).and_then(Node::text);
        let label = name.map_or_else(|| format!("- # item {step}"), |name| format!("- name: {}", yaml::text(name)));
        lines.push(Line::context(indent, &label));
        self.write_below(item, indent + 2, lines);
    }

    fn write_below(&self, before: Option<&Node<'_>>, indent: usize, lines: &mut Vec<Line>) {
        if !self.children.is_empty() {
            self.write(before, indent, lines);
        }
    }

    fn write_neighbours(&self, node: &Node<'_>, indent: usize, lines: &mut Vec<Line>) {
        let scalar = |value: &Value<'_>| !matches!(value, Value::List(_) | Value::Map(_));
        // Names stand in the header of the object and at the head of an item already.
        let is_name = |key: &str| matches!(key, "name" | "namespace");
        let neighbours = node.entries().iter().filter(|it| scalar(&it.value.value) && !is_name(&it.key));
        let known: Vec<_> = neighbours.filter(|entry| !self.children.contains_key(entry.key.as_str())).collect();
        for entry in known.iter().take(NEIGHBOURS) {
            let value = serde_json::to_value(&entry.value).unwrap_or_default();
            lines.extend(yaml::entry(&entry.key, &value).into_iter().map(|text| Line::context(indent, &text)));
        }
        if let Some(more) = known.len().checked_sub(NEIGHBOURS).filter(|more| *more > 0) {
            lines.push(Line::context(indent, &format!("# and {more} more")));
        }
    }
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

struct Line {
    is_new: bool,
    text: String,
}

impl Line {
    fn added(indent: usize, text: &str) -> Self {
        Self { is_new: true, text: format!("{:indent$}{text}", "") }
    }

    fn context(indent: usize, text: &str) -> Self {
        Self { is_new: false, text: format!("{:indent$}{text}", "") }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (style, margin) = if self.is_new { (ADDED, "+ ") } else { (CONTEXT, "  ") };
        write!(formatter, "{style}{margin}{}{style:#}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::inject::patch::Added;
    use crate::model::{Document, Source};

    fn diff(before: &str, additions: &[(&str, Added)]) -> String {
        let source = Source::new(before);
        let document = Document::read_all(&source).next().unwrap().unwrap();
        let mut patch = Patch::default();
        for (pointer, value) in additions {
            patch.add((*pointer).to_owned(), value.clone());
        }
        anstream::adapter::strip_str(&lines(document.root(), &patch).join("\n")).to_string()
    }

    #[test]
    fn labels_are_shown_among_their_neighbours() {
        let before = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: p}
spec:
  template:
    metadata:
      labels: {app: p, a: '1', b: 'yes', c: x, d: y, e: z}
    spec: {containers: [{name: prometheus}]}
";
        let name = Added::Text("prometheus".to_owned());
        insta::assert_snapshot!(diff(
            before,
            &[
                ("/spec/template/metadata/labels/app.kubernetes.io~1name", name),
                ("/spec/template/metadata/labels/on", Added::Text("true".to_owned())),
            ]
        ));
    }

    #[test]
    fn a_map_that_was_not_there_is_new_with_all_its_entries() {
        let labels = Added::Map(vec![("app.kubernetes.io/name".to_owned(), Added::Text("prometheus".to_owned()))]);
        insta::assert_snapshot!(diff(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
            &[("/metadata/labels", labels), ("/metadata/labels/more", Added::Text("2".to_owned())),]
        ));
    }

    #[test]
    fn an_item_of_a_list_is_called_by_its_name() {
        let before = "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}, {image: b}]}}";
        insta::assert_snapshot!(diff(
            before,
            &[
                ("/spec/containers/0/workingDir", Added::Text("/".to_owned())),
                ("/spec/containers/1/workingDir", Added::Text("/".to_owned())),
            ]
        ));
    }
}
