//! Which labels have values that nobody knows, while steps copy them around.

use crate::engine::scrape::Discovered;
use crate::model::Text;
use crate::model::relabeling::{Action, LabelAccess, Step};

/// What is known of the labels of one thing.
pub(super) struct Doubt<'d, 's> {
    discovered: &'d Discovered<'s>,
    /// Labels that were written, and whether what was written is known; the last one counts.
    written: Vec<(String, bool)>,
    /// Whether something was written that nobody knows, to a label that nobody knows.
    is_anywhere: bool,
}

impl<'d, 's> Doubt<'d, 's> {
    /// `None` where everything is known.
    pub(super) fn about(discovered: &'d Discovered<'s>) -> Option<Self> {
        (!discovered.knows_all()).then_some(Self { discovered, written: Vec::new(), is_anywhere: false })
    }

    /// The label for which nobody can tell whether a step keeps a target.
    pub(super) fn stops(&self, step: &Step) -> Option<String> {
        let compares = matches!(step.action(), Action::KeepEqual | Action::DropEqual);
        let decides = compares || matches!(step.action(), Action::Keep | Action::Drop);
        let target = compares.then(|| step.config().target());
        let mut read = step.config().source_labels.iter().map(Text::as_str).chain(target);
        if decides { read.find(|name| !self.knows(name)).map(str::to_owned) } else { None }
    }

    /// Notes what a step writes.
    pub(super) fn note<L: LabelAccess>(&mut self, step: &Step, labels: &mut L) {
        match step.action() {
            Action::Replace | Action::Lowercase | Action::Uppercase | Action::HashMod => {
                let is_known = step.config().source_labels.iter().all(|name| self.knows(name));
                self.is_anywhere |= !is_known && step.config().target().contains('$');
                self.written.push((step.config().target().to_owned(), is_known));
            }
            Action::LabelMap => {
                let unknown = labels.all().iter().filter(|(name, _)| !self.knows(name));
                let copies: Vec<_> = unknown.filter_map(|(name, _)| Some((step.mapped(name)?, false))).collect();
                self.written.extend(copies);
            }
            _ => {}
        }
    }

    fn knows(&self, name: &str) -> bool {
        let written = self.written.iter().rev().find(|(known, _)| known == name);
        !self.is_anywhere && written.map_or_else(|| self.discovered.knows(name), |(_, is_known)| *is_known)
    }
}
