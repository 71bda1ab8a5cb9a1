//! Values and how often each is there: what several objects bring along stays until the last of them goes.

use std::num::NonZeroU32;

use equivalent::Comparable;
use imbl::OrdMap;

/// Values in order, each with how often it is there. A clone costs nothing, and shares what neither of the two changes.
#[derive(Clone, Debug)]
pub(super) struct Counted<T: Ord>(OrdMap<T, NonZeroU32>);

impl<T: Ord> Default for Counted<T> {
    fn default() -> Self {
        Self(OrdMap::new())
    }
}

impl<T: Ord + Clone> Counted<T> {
    /// Adds a value once more. Whether it was not there before.
    pub(super) fn add<Q: Comparable<T> + ?Sized>(&mut self, value: &Q, owned: impl FnOnce() -> T) -> bool {
        if let Some(count) = self.0.get_mut(value) {
            *count = count.saturating_add(1);
            return false;
        }
        self.0.insert(owned(), NonZeroU32::MIN);
        true
    }

    /// Takes a value away once. Whether it is no longer there.
    pub(super) fn remove<Q: Comparable<T> + ?Sized>(&mut self, value: &Q) -> bool {
        let Some(count) = self.0.get_mut(value) else { return false };
        match NonZeroU32::new(count.get() - 1) {
            Some(fewer) => {
                *count = fewer;
                false
            }
            None => self.0.remove(value).is_some(),
        }
    }

    /// Whether a value is there.
    pub(super) fn contains<Q: Comparable<T> + ?Sized>(&self, value: &Q) -> bool {
        self.0.contains_key(value)
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last value that is not after this one.
    pub(super) fn last_until<Q: Comparable<T> + ?Sized>(&self, value: &Q) -> Option<&T> {
        self.0.get_prev(value).map(|(known, _)| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_until_it_is_taken_away_as_often_as_it_was_added() {
        let mut counted = Counted::<u32>::default();
        assert_eq!([counted.add(&1, || 1), counted.add(&1, || 1), counted.add(&5, || 5)], [true, false, true]);
        let before = counted.clone();
        assert_eq!([counted.remove(&1), counted.remove(&1), counted.remove(&1)], [false, true, false]);
        assert_eq!((before.contains(&1), counted.contains(&1), counted.is_empty()), (true, false, false));
        assert_eq!(
            (counted.last_until(&4), counted.last_until(&5), counted.last_until(&6)),
            (None, Some(&5), Some(&5))
        );
    }
}
