//! The labels of one target while they are relabeled.

use std::borrow::Cow;

/// Labels as relabeling steps see them. Whoever has many labels and is asked for few can make them when asked.
pub trait LabelAccess {
    /// The value of a label; empty if it is not there.
    fn get(&self, name: &str) -> Cow<'_, str>;

    /// Writes a label. An empty value removes it.
    fn set(&mut self, name: &str, value: &str);

    /// All labels, for steps that go by their names.
    fn all(&mut self) -> &mut LabelSet;
}

/// Labels by name. An empty value is the same as no label.
///
/// The order is that in which Prometheus' `labels.Builder` visits labels: those that were there, by name, then those
/// that were written, as they were. It decides which value wins when `labelmap` writes one name twice.
#[derive(Clone, Debug, Default)]
pub struct LabelSet {
    labels: Vec<(String, String)>,
    /// How many of them were there at the beginning and are untouched.
    untouched: usize,
}

impl LabelSet {
    /// The value of a label; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.labels.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Writes a label. An empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return self.remove(name);
        }
        let place = self.labels.iter().position(|(known, _)| known == name);
        let written = place.filter(|place| *place >= self.untouched);
        if let Some((_, known)) = written.and_then(|place| self.labels.get_mut(place)) {
            value.clone_into(known);
        } else {
            self.remove(name);
            self.labels.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) {
        if let Some(place) = self.labels.iter().position(|(known, _)| known == name) {
            self.labels.remove(place);
            self.untouched -= usize::from(place < self.untouched);
        }
    }

    /// Keeps the labels whose names are wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        let (mut place, mut kept) = (0, 0);
        let untouched = self.untouched;
        self.labels.retain(|(name, _)| {
            let keep = wanted(name);
            kept += usize::from(keep && place < untouched);
            place += 1;
            keep
        });
        self.untouched = kept;
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for LabelSet {
    /// The last value of a name wins.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(labels: I) -> Self {
        let mut labels: Vec<(String, String)> =
            labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        labels.sort_by(|(a, _), (b, _)| a.cmp(b));
        labels.dedup_by(|(later, value), (name, kept)| {
            let same = later == name;
            if same {
                std::mem::swap(kept, value);
            }
            same
        });
        labels.retain(|(_, value)| !value.is_empty());
        Self { untouched: labels.len(), labels }
    }
}

impl LabelAccess for LabelSet {
    fn get(&self, name: &str) -> Cow<'_, str> {
        Cow::Borrowed(self.get(name))
    }

    fn set(&mut self, name: &str, value: &str) {
        self.set(name, value);
    }

    fn all(&mut self) -> &mut LabelSet {
        self
    }
}

impl PartialEq for LabelSet {
    fn eq(&self, other: &Self) -> bool {
        self.labels.len() == other.labels.len() && self.iter().all(|(name, value)| other.get(name) == value)
    }
}

impl Eq for LabelSet {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(set: &LabelSet) -> Vec<&str> {
        set.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_was_written_is_visited_last() {
        let mut set = LabelSet::from_iter([("b", "2"), ("a", "1"), ("c", "3"), ("d", "")]);
        assert_eq!(names(&set), ["a", "b", "c"]);
        set.set("a", "4");
        set.set("e", "5");
        set.set("a", "6");
        assert_eq!(names(&set), ["b", "c", "a", "e"]);
        set.set("c", "");
        set.retain(|name| name != "a");
        set.set("b", "7");
        assert_eq!(names(&set), ["e", "b"]);
        assert_eq!((set.get("b"), set.get("a")), ("7", ""));
    }

    #[test]
    fn order_makes_no_difference() {
        let mut written = LabelSet::from_iter([("b", "2")]);
        written.set("a", "1");
        assert_eq!(written, LabelSet::from_iter([("a", "1"), ("b", "2")]));
        assert_ne!(written, LabelSet::from_iter([("a", "1"), ("b", "3")]));
    }
}
