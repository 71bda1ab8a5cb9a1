//! The guards of the cluster: the last good version of each, and what is wrong with the others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::guard::{Guard, Guards};
use crate::state::{GuardProblem, GuardProblemKind};

/// All guards by name.
#[derive(Debug, Default)]
pub(super) struct GuardBook(BTreeMap<String, Entry>);

#[derive(Debug, Default)]
struct Entry {
    created: Option<Timestamp>,
    good: Option<Guard>,
    mistake: Option<String>,
}

#[derive(Deserialize)]
struct Heading {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
}

impl GuardBook {
    /// A guard is written like this now. If it cannot be understood, what it was before stays in force.
    pub(super) fn put(&mut self, json: &str) {
        let Ok(Heading { metadata: Metadata { name, creation_timestamp } }) = serde_json::from_str(json) else {
            return tracing::error!("passed over a guard without a name");
        };
        let entry = self.0.entry(name.clone()).or_default();
        entry.created = creation_timestamp;
        // Its status is written often, and says nothing new of it.
        if entry.renew(Guard::from_json(json)) {
            entry.log(&name);
        }
    }

    /// A guard is gone.
    pub(super) fn remove(&mut self, name: &str) {
        if self.0.remove(name).is_some() {
            tracing::info!(guard = name, "a guard is gone");
        }
    }

    /// The guards in force, the oldest first: where two are in each other's way, that one counts.
    pub(super) fn guards(&self) -> Guards {
        self.in_force().into_iter().cloned().collect()
    }

    /// What is wrong with guards, by name.
    pub(super) fn problems(&self) -> Vec<GuardProblem> {
        let mistakes = self.0.iter().filter_map(|(name, entry)| {
            let message = entry.mistake.clone()?;
            let kind = GuardProblemKind::NotUnderstood { earlier_in_force: entry.good.is_some() };
            Some(GuardProblem { guard: name.clone(), kind, message })
        });
        let mut problems: Vec<_> = mistakes.chain(self.overlaps()).collect();
        problems.sort_by(|one, other| one.guard.cmp(&other.guard));
        problems
    }

    fn in_force(&self) -> Vec<&Guard> {
        let mut entries: Vec<_> = self.0.values().collect();
        // Those of one second stay in the order of their names.
        entries.sort_by_key(|entry| entry.created);
        entries.into_iter().filter_map(|entry| entry.good.as_ref()).collect()
    }

    fn overlaps(&self) -> Vec<GuardProblem> {
        let mut problems = Vec::new();
        let mut first: BTreeMap<&str, &Guard> = BTreeMap::new();
        for guard in self.in_force() {
            match first.get(guard.namespace.as_str()) {
                None => drop(first.insert(&guard.namespace, guard)),
                Some(earlier) => problems.push(overlap(guard, earlier)),
            }
        }
        problems
    }
}

impl Entry {
    /// Returns whether that makes a difference.
    fn renew(&mut self, read: Result<Guard, String>) -> bool {
        let (good, mistake) = match read {
            Ok(guard) => (Some(guard), None),
            Err(mistake) => (self.good.take(), Some(mistake)),
        };
        let is_news = mistake != self.mistake || (mistake.is_none() && good != self.good);
        (self.good, self.mistake) = (good, mistake);
        is_news
    }

    fn log(&self, name: &str) {
        match &self.mistake {
            None => tracing::info!(guard = name, "a guard is in force"),
            Some(mistake) => tracing::error!(guard = name, mistake, "a guard cannot be understood"),
        }
    }
}

fn overlap(guard: &Guard, earlier: &Guard) -> GuardProblem {
    GuardProblem {
        guard: guard.name.clone(),
        kind: GuardProblemKind::Overlap { with: earlier.name.clone() },
        message: format!(
            "the namespace {} is guarded by {}, which is older and alone counts there",
            guard.namespace, earlier.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(name: &str, second: u8, spec: &str) -> String {
        format!(
            r#"{{"apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {{"name": "{name}",
            "creationTimestamp": "2026-01-01T00:00:{second:02}Z"}}, "spec": {spec}}}"#
        )
    }

    fn in_force(book: &GuardBook) -> Vec<String> {
        book.guards().iter().map(|guard| format!("{} {}", guard.name, guard.namespace)).collect()
    }

    #[test]
    fn only_what_makes_a_difference_is_news() {
        let mut entry = Entry::default();
        let bad = || Err("bad".to_owned());
        assert!(entry.renew(Ok(Guard::built_in())) && !entry.renew(Ok(Guard::built_in())));
        assert!(entry.renew(bad()) && !entry.renew(bad()));
        assert!(entry.renew(Ok(Guard::built_in())));
    }

    #[test]
    fn a_bad_guard_never_replaces_a_good_one() {
        let mut book = GuardBook::default();
        book.put(&guard("a", 0, r#"{"namespace": "one"}"#));
        book.put(&guard("a", 0, r#"{"namespace": "two", "release": "NO"}"#));
        assert_eq!(in_force(&book), ["a one"]);
        let [GuardProblem { guard: name, kind, message }] = &book.problems()[..] else { panic!("one problem") };
        assert_eq!((name.as_str(), kind), ("a", &GuardProblemKind::NotUnderstood { earlier_in_force: true }));
        assert!(message.contains("spec.release"), "{message}");
        book.put(&guard("a", 0, r#"{"namespace": "two"}"#));
        assert_eq!((in_force(&book), book.problems()), (vec!["a two".to_owned()], vec![]));
    }

    #[test]
    fn a_guard_that_was_never_good_is_told_and_stops_nobody() {
        let mut book = GuardBook::default();
        book.put(&guard("bad", 0, r#"{"release": "NO"}"#));
        book.put(&guard("good", 1, "{}"));
        assert_eq!(in_force(&book), ["good monitoring"]);
        assert_eq!(book.problems()[0].kind, GuardProblemKind::NotUnderstood { earlier_in_force: false });
        book.remove("bad");
        assert_eq!(book.problems(), []);
    }

    #[test]
    fn several_guards_coexist_and_the_oldest_counts_where_they_overlap() {
        let mut book = GuardBook::default();
        book.put(&guard("a", 2, r#"{"namespace": "one"}"#));
        book.put(&guard("b", 1, r#"{"namespace": "one"}"#));
        book.put(&guard("c", 0, r#"{"namespace": "two"}"#));
        assert_eq!(in_force(&book), ["c two", "b one", "a one"]);
        assert_eq!(book.guards().of_namespace("one").unwrap().name, "b");
        let [problem] = &book.problems()[..] else { panic!("one problem") };
        assert_eq!((problem.guard.as_str(), &problem.kind), ("a", &GuardProblemKind::Overlap { with: "b".to_owned() }));
        book.remove("b");
        assert_eq!(book.problems(), []);
    }

    #[test]
    fn without_guards_nothing_is_guarded() {
        assert!(GuardBook::default().guards().is_empty());
    }
}
