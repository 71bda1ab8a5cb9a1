//! Problems, which go with the objects that have them.

use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::snapshot::Problem;
use crate::model::snapshot::draft::Draft;

impl Draft {
    /// Notes what was wrong with the input. One that is known already is not told again.
    pub(in crate::model::snapshot) fn add_problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Forgets what was wrong with an object, of this group if nothing evaluates it.
    pub(super) fn touch(&mut self, group: Option<&str>, object: &ObjectReference) {
        self.problems.retain(|problem| !problem.is_of(group, object));
        if !self.snapshot.problems.is_empty() {
            self.touched.entry(group.map(str::to_owned)).or_default().insert(object.clone());
        }
    }

    pub(super) fn settle_problems(&mut self) {
        let before = &self.snapshot.problems;
        let stays = |problem: &&Problem| {
            let touched = self.touched.get(&problem.group).zip(problem.object.as_ref());
            touched.is_none_or(|(touched, object)| !touched.contains(object))
        };
        if self.problems.is_empty() && before.iter().all(|problem| stays(&problem)) {
            return;
        }
        let mut after: Vec<Problem> = before.iter().filter(stays).cloned().collect();
        for problem in self.problems.drain(..) {
            if !after.contains(&problem) {
                after.push(problem);
            }
        }
        after.sort_by_key(|problem| problem.origin);
        if after != **before {
            self.is_changed = true;
            self.snapshot.problems = Arc::new(after);
        }
    }
}
