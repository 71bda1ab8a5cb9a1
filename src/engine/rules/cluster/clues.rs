//! What was probably meant: the labels and names that come closest to what nothing has.

use std::collections::BTreeSet;

use crate::model::selector::LabelSelector;
use crate::model::snapshot::Pod;
use crate::model::suggestion::closest;

/// What to write instead of a selector that selects none of these pods, in words; `None` where nothing comes close.
pub fn labels_meant(selector: &LabelSelector<'_>, pods: &[&Pod]) -> Option<String> {
    let (key, value) = missing(selector, pods)?;
    let (meant_key, meant_value) = same_value(value, pods).or_else(|| same_key(key, value, pods))?;
    Some(format!("no pod is labelled {key}: {value}; did you mean {meant_key}: {meant_value}?"))
}

/// The first label that no pod has; where there is one of each, the first.
fn missing<'l>(selector: &'l LabelSelector<'_>, pods: &[&Pod]) -> Option<(&'l str, &'l str)> {
    let is_missing = |(key, value): &(&str, &str)| pods.iter().all(|pod| pod.labels.get(key) != Some(value));
    selector.match_labels.iter().find(is_missing)
}

/// A label of another name with the same value: charts have renamed `app` to `app.kubernetes.io/name`.
fn same_value<'s>(value: &str, pods: &[&'s Pod]) -> Option<(&'s str, &'s str)> {
    let mut labels = pods.iter().flat_map(|pod| pod.labels.iter());
    labels.find(|(_, known)| *known == value)
}

fn same_key<'s>(key: &str, value: &str, pods: &[&'s Pod]) -> Option<(&'s str, &'s str)> {
    let labels = pods.iter().flat_map(|pod| pod.labels.iter()).filter(|(known, _)| *known == key);
    let values: BTreeSet<&str> = labels.map(|(_, value)| value).collect();
    let meant = closest(value, values)?;
    pods.iter().flat_map(|pod| pod.labels.iter()).find(|label| *label == (key, meant))
}
