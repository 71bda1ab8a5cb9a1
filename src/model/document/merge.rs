//! Merge keys (`<<: *defaults`) of YAML 1.1: entries that a map takes over from others.

use std::collections::HashSet;

use super::node::{Entry, Node, Value};
use super::problem::Problem;

/// The maps that a merge key names, the one that wins first.
///
/// # Errors
/// [`Problem::MergeOfNoMap`] when there is anything but maps.
pub(super) fn sources(value: Node<'_>) -> Result<Vec<Vec<Entry<'_>>>, Problem> {
    match value.value {
        Value::Map(entries) => Ok(vec![entries]),
        Value::List(items) => items.into_iter().map(map_entries).collect(),
        _ => Err(Problem::MergeOfNoMap),
    }
}

/// Adds to a map the entries whose keys it does not have.
pub(super) fn into<'a>(entries: &mut Vec<Entry<'a>>, sources: Vec<Vec<Entry<'a>>>) {
    if sources.is_empty() {
        return;
    }
    let mut taken: HashSet<String> = entries.iter().map(|entry| entry.key.as_str().to_owned()).collect();
    let candidates = sources.into_iter().flatten();
    entries.extend(candidates.filter(|entry| taken.insert(entry.key.as_str().to_owned())));
}

fn map_entries(node: Node<'_>) -> Result<Vec<Entry<'_>>, Problem> {
    match node.value {
        Value::Map(entries) => Ok(entries),
        _ => Err(Problem::MergeOfNoMap),
    }
}
