//! The labels of something that was discovered, made only when a relabeling step asks for them.

use std::borrow::Cow;

use crate::engine::scrape::Discovered;
use crate::model::relabeling::{LabelAccess, LabelSet};

/// What labels of service discovery begin with; they are gone after relabeling.
const META_PREFIX: &str = "__meta_";

/// Labels that are discovered, those of the pool, and what was written since.
pub(super) struct LateLabels<'d, 's> {
    discovered: &'d Discovered<'s>,
    /// Labels that are there unless discovery has them.
    of_pool: &'d [(String, String)],
    /// What was written, in order, until all labels were asked for.
    written: Vec<(String, String)>,
    all: Option<LabelSet>,
}

impl<'d, 's> LateLabels<'d, 's> {
    pub(super) const fn new(discovered: &'d Discovered<'s>, of_pool: &'d [(String, String)]) -> Self {
        Self { discovered, of_pool, written: Vec::new(), all: None }
    }

    /// All labels, before relabeling.
    pub(super) fn discovered(&self) -> LabelSet {
        let mut listed = self.of_pool.to_vec();
        self.discovered.list(&mut listed);
        listed.into_iter().collect()
    }

    /// All labels but those of service discovery, after relabeling.
    pub(super) fn finish(mut self) -> LabelSet {
        let mut labels = self.all.take().unwrap_or_else(|| self.lasting());
        labels.retain(|name| !name.starts_with(META_PREFIX));
        labels
    }

    /// Those that may outlast relabeling, where no step has asked for all.
    fn lasting(&self) -> LabelSet {
        let mut listed = self.of_pool.to_vec();
        self.discovered.list_lasting(&mut listed);
        self.replay(listed.into_iter().collect())
    }

    fn replay(&self, mut labels: LabelSet) -> LabelSet {
        for (name, value) in &self.written {
            labels.set(name, value);
        }
        labels
    }
}

impl LabelAccess for LateLabels<'_, '_> {
    fn get(&self, name: &str) -> Cow<'_, str> {
        if let Some(all) = &self.all {
            return Cow::Borrowed(all.get(name));
        }
        if let Some((_, value)) = self.written.iter().rev().find(|(known, _)| known == name) {
            return Cow::Borrowed(value);
        }
        let discovered = self.discovered.label(name);
        if !discovered.is_empty() {
            return discovered;
        }
        let of_pool = self.of_pool.iter().find(|(known, _)| known == name);
        Cow::Borrowed(of_pool.map_or("", |(_, value)| value))
    }

    fn set(&mut self, name: &str, value: &str) {
        match &mut self.all {
            Some(all) => all.set(name, value),
            None => self.written.push((name.to_owned(), value.to_owned())),
        }
    }

    fn all(&mut self) -> &mut LabelSet {
        let all = self.all.take().unwrap_or_else(|| self.replay(self.discovered()));
        self.all.insert(all)
    }
}
