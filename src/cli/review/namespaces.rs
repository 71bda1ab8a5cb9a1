//! The modes that namespaces choose for themselves, read from the Namespaces among the manifests.

use std::collections::HashMap;

use crate::cli::input::Input;
use crate::model::guard::Mode;
use crate::model::guard::enforcement::MODE_LABEL;
use crate::model::{Document, Resource, Source};

/// The mode of each namespace that has chosen one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NamespaceModes(HashMap<String, Mode>);

impl NamespaceModes {
    /// Looks through all inputs, because a Namespace may come after the objects in it. What cannot be read is passed
    /// over: the review itself reports it.
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut modes = Self::default();
        for input in inputs {
            let Ok(text) = input.read() else { continue };
            if text.contains(MODE_LABEL) {
                modes.add_all(&Source::new(&text));
            }
        }
        modes
    }

    /// The mode of a namespace, if it has chosen one.
    pub(super) fn get(&self, namespace: &str) -> Option<Mode> {
        self.0.get(namespace).copied()
    }

    fn add_all(&mut self, source: &Source<'_>) {
        for document in Document::read_all(source).filter_map(Result::ok) {
            let is_namespace = Resource::of(document.group(), document.kind()) == Some(Resource::Namespace);
            let mode = document.label(MODE_LABEL).and_then(|mode| mode.parse().ok());
            if let Some(mode) = mode.filter(|_| is_namespace) {
                self.0.insert(document.name().to_owned(), mode);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_choose_modes() {
        let text = "\
{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {scrapeguard.io/mode: audit}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {scrapeguard.io/mode: warn}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: {scrapeguard.io/mode: loud}}}
";
        let modes = NamespaceModes::of(&[Input::Text(text.to_owned())]);
        assert_eq!(modes, NamespaceModes(HashMap::from([("a".to_owned(), Mode::Warn)])));
        assert_eq!(modes.get("p"), None);
    }
}
