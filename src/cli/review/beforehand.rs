//! What must be known before the first object is reviewed, although it may stand in the last: the modes that namespaces
//! choose for themselves, and what the guarded Prometheus picks up.

use std::collections::HashMap;

use crate::cli::input::Input;
use crate::model::guard::enforcement::MODE_LABEL;
use crate::model::guard::{Guards, Mode};
use crate::model::resource::Prometheus;
use crate::model::snapshot::{Namespace, Snapshot};
use crate::model::{Document, Resource, Source};

/// What namespaces and Prometheus resources say, wherever they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Beforehand {
    modes: HashMap<String, Mode>,
    /// Each with its namespace.
    prometheuses: Vec<(String, String)>,
}

impl Beforehand {
    /// Looks through all inputs. What cannot be read is passed over: the review itself reports it.
    pub(in crate::cli) fn of(inputs: &[Input], default_namespace: &str) -> Self {
        let mut beforehand = Self::default();
        for input in inputs {
            let Ok(text) = input.read() else { continue };
            if matters(&text) {
                let source = Source::new(&text);
                for document in Document::read_where(&source, matters).filter_map(Result::ok) {
                    beforehand.add(&document, default_namespace);
                }
            }
        }
        beforehand
    }

    /// The same of a snapshot.
    pub(in crate::cli) fn of_snapshot(snapshot: &Snapshot) -> Self {
        let mode = |namespace: &Namespace| {
            let mode = namespace.label(MODE_LABEL).flatten()?.parse().ok()?;
            Some((namespace.name().to_owned(), mode))
        };
        let resources = [Resource::Prometheus, Resource::PrometheusAgent].into_iter();
        let resources = resources.flat_map(|resource| snapshot.objects(resource));
        Self {
            modes: snapshot.namespaces().iter().filter_map(mode).collect(),
            prometheuses: resources.map(|kept| (kept.namespace().to_owned(), kept.json.clone())).collect(),
        }
    }

    /// The mode of a namespace, if it has chosen one.
    pub(in crate::cli) fn mode(&self, namespace: &str) -> Option<Mode> {
        self.modes.get(namespace).copied()
    }

    /// Tells the guards what their Prometheus says. One that cannot be read says nothing.
    pub(in crate::cli) fn teach(&self, guards: &mut Guards) {
        let resources = self.prometheuses.iter();
        let readable =
            resources.filter_map(|(namespace, json)| Some((namespace.as_str(), serde_json::from_str(json).ok()?)));
        guards.learn(&readable.collect::<Vec<(&str, Prometheus<'_>)>>());
    }

    fn add(&mut self, document: &Document<'_>, default_namespace: &str) {
        match Resource::of(document.group(), document.kind()) {
            Some(Resource::Namespace) => {
                if let Some(mode) = document.label(MODE_LABEL).and_then(|mode| mode.parse().ok()) {
                    self.modes.insert(document.name().to_owned(), mode);
                }
            }
            Some(Resource::Prometheus | Resource::PrometheusAgent) => {
                let namespace = document.namespace().unwrap_or(default_namespace).to_owned();
                self.prometheuses.extend(document.json().ok().map(|json| (namespace, json)));
            }
            _ => {}
        }
    }
}

/// Whether there may be something in a text that must be known beforehand: told from the text alone, because most of it
/// is not, and reading it twice takes its time.
fn matters(text: &str) -> bool {
    text.contains(MODE_LABEL) || text.match_indices("kind").any(|(start, key)| is_prometheus(text, start + key.len()))
}

/// Whether the kind after this key is a Prometheus, as YAML or JSON may write it.
fn is_prometheus(text: &str, after_key: usize) -> bool {
    let value = text.get(after_key..).unwrap_or_default().trim_start_matches(['"', '\'', ':', ' ', '\t']);
    let kind = value.split(|character: char| !character.is_ascii_alphanumeric()).next();
    kind.is_some_and(|kind| kind == Resource::Prometheus.kind() || kind == Resource::PrometheusAgent.kind())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn beforehand(text: &str) -> Beforehand {
        Beforehand::of(&[Input::Text(text.to_owned())], "default")
    }

    #[test]
    fn only_namespaces_choose_modes() {
        let text = "\
{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {scrapeguard.io/mode: audit}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {scrapeguard.io/mode: warn}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: {scrapeguard.io/mode: loud}}}
";
        let beforehand = beforehand(text);
        assert_eq!(beforehand.modes, HashMap::from([("a".to_owned(), Mode::Warn)]));
        assert_eq!(beforehand.mode("p"), None);
    }

    #[rstest]
    #[case::yaml(
        "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {namespace: monitoring}\nspec: {}",
        true
    )]
    #[case::json(r#"{"apiVersion":"monitoring.coreos.com/v1","kind":"Prometheus","metadata":{"namespace":"monitoring"},"spec":{}}"#, true)]
    #[case::quoted(
        "apiVersion: monitoring.coreos.com/v1\nkind:  'Prometheus'\nmetadata: {namespace: monitoring}\nspec: {}",
        true
    )]
    #[case::in_a_list(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: monitoring.coreos.com/v1\n  kind: Prometheus\n  metadata: {namespace: monitoring}\n  spec: {}",
        true
    )]
    #[case::elsewhere("apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {}", false)]
    #[case::rules(
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {namespace: monitoring}\nspec: {}",
        false
    )]
    #[case::unreadable(
        "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {namespace: monitoring}\nspec: 1",
        false
    )]
    fn a_prometheus_is_found_wherever_it_stands(#[case] text: &str, #[case] expected: bool) {
        let mut guards = Guards::built_in();
        // It has no selector, so that no label would be certain to help.
        beforehand(&format!("kind: x\n---\n{text}\n")).teach(&mut guards);
        assert_eq!(guards != Guards::built_in(), expected);
    }
}
