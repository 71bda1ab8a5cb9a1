//! Where targets are found: many pools look in the same place, which is searched once.

use std::rc::Rc;

use crate::engine::scrape::discovery::{Found, discover};
use crate::engine::scrape::{Discovery, Role, Scope};
use crate::model::snapshot::Snapshot;

/// The places that were searched.
#[derive(Debug)]
pub(super) struct Places<'s> {
    pub(super) snapshot: &'s Snapshot,
    /// There are about as many as there are namespaces with monitors.
    known: Vec<(Role, Scope, Rc<Found<'s>>)>,
}

impl<'s> Places<'s> {
    /// None yet.
    pub(super) const fn new(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, known: Vec::new() }
    }

    /// What is found in a place.
    pub(super) fn search(&mut self, discovery: &Discovery) -> Rc<Found<'s>> {
        let Discovery::Kubernetes { role, scope } = discovery else {
            return Rc::new(discover(discovery, self.snapshot));
        };
        if let Some((_, _, found)) = self.known.iter().find(|(known, of, _)| known == role && of == scope) {
            return Rc::clone(found);
        }
        let found = Rc::new(discover(discovery, self.snapshot));
        self.known.push((*role, scope.clone(), Rc::clone(&found)));
        found
    }
}
