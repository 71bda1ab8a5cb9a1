//! Which objects of a kind there are, so that a new list tells what has changed and what is gone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::object::{Key, Watched};

/// What has become of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ObjectChange {
    /// It is new or has changed.
    Put {
        /// Its JSON.
        json: String,
        /// Whether it was not there before.
        is_new: bool,
    },
    /// It is no longer there.
    Gone(Key),
}

/// The objects of a kind, each with its version and the list that it was last seen in.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    objects: HashMap<Key, (u64, u32)>,
    list: u32,
}

impl Ledger {
    /// From now on, a new list is read.
    pub(super) fn begin_list(&mut self) {
        self.list = self.list.wrapping_add(1);
    }

    /// An object is there. Nothing has changed if it is known like this.
    pub(super) fn put(&mut self, object: Watched) -> Option<ObjectChange> {
        let Watched { key, version, json } = object;
        let seen = (version, self.list);
        let is_new = match self.objects.entry(key) {
            Entry::Vacant(place) => {
                place.insert(seen);
                true
            }
            Entry::Occupied(mut place) => {
                if place.insert(seen).0 == version {
                    return None;
                }
                false
            }
        };
        Some(ObjectChange::Put { json, is_new })
    }

    /// An object is no longer there.
    pub(super) fn remove(&mut self, key: &Key) -> Option<ObjectChange> {
        self.objects.remove(key).map(|_| ObjectChange::Gone(key.clone()))
    }

    /// The list is complete: what was not in it is gone.
    pub(super) fn end_list(&mut self) -> Vec<ObjectChange> {
        let list = self.list;
        self.objects.extract_if(|_, (_, seen)| *seen != list).map(|(key, _)| ObjectChange::Gone(key)).collect()
    }

    /// Nothing is there any more.
    pub(super) fn clear(&mut self) -> Vec<ObjectChange> {
        std::mem::take(&mut self.objects).into_keys().map(ObjectChange::Gone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;

    fn object(name: &str, version: u32) -> Watched {
        let kind = kinds::watched(true).find(|kind| kind.name == "Pod").unwrap();
        let json = format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}"#);
        Watched::read(kind, serde_json::from_str(&json).unwrap()).unwrap()
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made for this question")]
    fn said(change: Option<ObjectChange>) -> &'static str {
        match change {
            Some(ObjectChange::Put { is_new: true, .. }) => "new",
            Some(ObjectChange::Put { is_new: false, .. }) => "changed",
            Some(ObjectChange::Gone(_)) => "gone",
            None => "nothing",
        }
    }

    #[test]
    fn a_list_tells_what_is_new_and_changed_and_gone() {
        let mut ledger = Ledger::default();
        ledger.begin_list();
        assert_eq!(["a", "b", "c"].map(|name| said(ledger.put(object(name, 1)))), ["new"; 3]);
        assert_eq!(ledger.end_list(), []);
        ledger.begin_list();
        assert_eq!(said(ledger.put(object("a", 1))), "nothing");
        assert_eq!(said(ledger.put(object("b", 2))), "changed");
        assert_eq!(said(ledger.put(object("d", 3))), "new");
        assert_eq!(ledger.end_list(), [ObjectChange::Gone(object("c", 1).key)]);
        assert_eq!(ledger.clear().len(), 3);
    }

    #[test]
    fn a_list_that_breaks_off_takes_nothing_away() {
        let mut ledger = Ledger::default();
        ledger.begin_list();
        let _new = ledger.put(object("a", 1));
        ledger.end_list();
        ledger.begin_list();
        assert_eq!(said(ledger.put(object("b", 2))), "new");
        ledger.begin_list();
        assert_eq!(said(ledger.put(object("a", 1))), "nothing");
        assert_eq!(said(ledger.put(object("b", 2))), "nothing");
        assert_eq!(ledger.end_list(), []);
    }

    #[test]
    fn what_is_not_known_cannot_go() {
        let mut ledger = Ledger::default();
        assert_eq!(said(ledger.put(object("a", 1))), "new");
        assert_eq!(said(ledger.remove(&object("a", 1).key)), "gone");
        assert_eq!(said(ledger.remove(&object("a", 1).key)), "nothing");
        assert_eq!(said(ledger.put(object("a", 2))), "new");
        assert_eq!(ledger.clear().len(), 1);
        assert_eq!(ledger.clear(), []);
    }
}
