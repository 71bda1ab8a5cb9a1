//! One pod of each class, found by namespace and label: rules look at these only, so that their cost grows with the
//! shapes of pods and not with their number.

use std::collections::HashMap;
use std::ops::Range;

use crate::model::Truth;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Pod, Snapshot};

/// One pod of each class, by namespace.
#[derive(Clone, Debug, Default)]
pub struct Shapes<'s> {
    pods: Vec<&'s Pod>,
    by_namespace: HashMap<&'s str, Range<usize>>,
    /// Where the pods with a label are, in order.
    by_label: HashMap<&'s str, HashMap<&'s str, Vec<usize>>>,
}

impl<'s> Shapes<'s> {
    /// The shapes of all pods.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let mut shapes = Self::default();
        for (place, (pod, _)) in snapshot.first_of_classes().enumerate() {
            let range = shapes.by_namespace.entry(&pod.namespace).or_insert(place..place);
            range.end = place + 1;
            for (key, value) in pod.labels.iter() {
                shapes.by_label.entry(key).or_default().entry(value).or_default().push(place);
            }
            shapes.pods.push(pod);
        }
        shapes
    }

    /// All of them.
    pub fn all(&self) -> &[&'s Pod] {
        &self.pods
    }

    /// Those of a namespace.
    pub fn of(&self, namespace: &str) -> &[&'s Pod] {
        let range = self.by_namespace.get(namespace).cloned();
        range.and_then(|range| self.pods.get(range)).unwrap_or_default()
    }

    /// Those of a namespace that a selector certainly selects.
    pub fn selected(&self, namespace: &str, selector: &LabelSelector<'_>) -> Vec<&'s Pod> {
        let range = self.by_namespace.get(namespace).cloned().unwrap_or_default();
        self.selected_within(range, selector)
    }

    /// Those of any namespace that a selector certainly selects.
    pub fn selected_anywhere(&self, selector: &LabelSelector<'_>) -> Vec<&'s Pod> {
        self.selected_within(0..self.pods.len(), selector)
    }

    fn selected_within(&self, range: Range<usize>, selector: &LabelSelector<'_>) -> Vec<&'s Pod> {
        let is_selected = |pod: &&&Pod| selector.matches(&pod.labels) == Truth::Yes;
        let labels = selector.match_labels.iter();
        let rarest = labels.map(|(key, value)| self.with_label(key, value)).min_by_key(|places| places.len());
        match rarest {
            None => self.pods.get(range).unwrap_or_default().iter().filter(is_selected).copied().collect(),
            Some(places) => {
                let start = places.partition_point(|place| *place < range.start);
                let here = places.iter().skip(start).take_while(|place| **place < range.end);
                here.filter_map(|place| self.pods.get(*place)).filter(is_selected).copied().collect()
            }
        }
    }

    fn with_label(&self, key: &str, value: &str) -> &[usize] {
        self.by_label.get(key).and_then(|values| values.get(value)).map_or(&[], Vec::as_slice)
    }
}
