//! What is known of a cluster at one moment, held together: the snapshot, its evaluator and its audit. It is made once,
//! shared, and asked what a request would close and open.

mod alteration;
mod comparison;
mod consequences;
mod effect;
mod guard_change;
#[cfg(test)]
mod tests;
mod words;

pub use alteration::Cost;
pub use consequences::{Consequences, not_in_time};
pub use effect::{Effect, Kind, Subject};

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;

use self_cell::self_cell;

use crate::engine::admission::{Circumstances, Request};
use crate::engine::audit::exposure::crowd::Crowd;
use crate::engine::audit::{Audit, Exposure, ScrapePath, Scrapes};
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings, Verdict};
use crate::model::guard::{Guard, Guards, User};
use crate::model::snapshot::Snapshot;
use alteration::Alteration;

/// A snapshot, its evaluator and its audit under some guards. Nothing in it changes; it can be asked from any thread.
pub struct Analysis(Held);

self_cell!(
    struct Held {
        owner: Basis,
        #[covariant]
        dependent: Known,
    }
);

/// What everything else is derived from.
struct Basis {
    snapshot: Arc<Snapshot>,
    guards: Arc<Guards>,
}

/// What was found out.
struct Known<'s> {
    evaluator: Evaluator<'s>,
    audit: Audit<'s>,
    scrapes: Scrapes<'s>,
    crowd: Crowd<'s>,
}

/// How many of something are open, blocked, and in doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Those that get through.
    pub open: usize,
    /// Those that do not.
    pub blocked: usize,
    /// Those of which nobody knows.
    pub unknown: usize,
}

/// The scrape paths of a cluster, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapePathCounts {
    /// All of them.
    pub all: Verdicts,
    /// Those of the Prometheuses of each guard, in the order of the guards.
    pub by_guard: Vec<Verdicts>,
}

impl Analysis {
    /// Audits a snapshot under these guards.
    pub fn of(snapshot: Arc<Snapshot>, guards: Arc<Guards>, circumstances: &Circumstances) -> Self {
        Self(Held::new(Basis { snapshot, guards }, |basis| {
            let Basis { snapshot, guards } = basis;
            let evaluator = Evaluator::new(snapshot, mesh(guards), HostNetwork::default());
            let audit = Audit::of(snapshot, &evaluator, guards, circumstances);
            let scrapes = Scrapes::new(snapshot, &evaluator, &audit.scrape_paths);
            Known { evaluator, audit, scrapes, crowd: Crowd::of(snapshot) }
        }))
    }

    /// The cluster.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.0.borrow_owner().snapshot
    }

    /// What must be true of it.
    pub fn guards(&self) -> &Arc<Guards> {
        &self.0.borrow_owner().guards
    }

    /// What was found in it.
    pub fn audit(&self) -> &Audit<'_> {
        &self.known().audit
    }

    /// Who reaches whom in it.
    pub fn evaluator(&self) -> &Evaluator<'_> {
        &self.known().evaluator
    }

    /// Who reaches guarded ports without being meant to.
    pub fn exposures(&self) -> &[Exposure<'_>] {
        &self.audit().exposures
    }

    /// How many scrape paths are open, blocked, and in doubt: in all, and of each guard.
    pub fn scrape_path_counts(&self) -> ScrapePathCounts {
        let of = |guard: &Guard| self.audit().scrape_paths.iter().filter(|path| is_of(guard, path)).collect();
        ScrapePathCounts {
            all: self.audit().scrape_paths.iter().collect(),
            by_guard: self.guards().iter().map(of).collect(),
        }
    }

    /// What it takes to tell the consequences of a request.
    pub fn cost_hint(&self, request: &Request<'_>) -> Cost {
        Alteration::of(request).map_or(Cost::Nothing, |alteration| alteration.cost())
    }

    /// What a request would close and open, judged: to be added to the outcome of validation. The same request has the
    /// same answer, whether it is a dry run or not.
    pub fn consequences(&self, request: &Request<'_>, user: &User<'_>, circumstances: &Circumstances) -> Consequences {
        match Alteration::of(request) {
            Some(alteration) => consequences::of(self, &alteration, user, circumstances),
            None => Consequences::default(),
        }
    }

    /// What the companions of a guard would close and open that is new, changed or gone: those that the new one wants
    /// applied are there, and those that only the old one wanted are not.
    pub fn consequences_of_guard(
        &self,
        before: Option<&Guard>,
        after: Option<&Guard>,
        user: &User<'_>,
        circumstances: &Circumstances,
    ) -> Consequences {
        guard_change::consequences(self, before, after, user, circumstances)
    }

    fn known(&self) -> &Known<'_> {
        self.0.borrow_dependent()
    }
}

impl fmt::Debug for Analysis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Analysis").field("scrape_paths", &self.scrape_path_counts()).finish_non_exhaustive()
    }
}

/// The mesh, as the first guard describes it: there is one, whatever number of guards.
fn mesh(guards: &Guards) -> MeshSettings {
    guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap_or_default()
}

fn is_of(guard: &Guard, path: &ScrapePath<'_>) -> bool {
    let is_named = guard.prometheus.as_ref().is_none_or(|name| *name == path.prometheus.name);
    path.prometheus.namespace.as_deref() == Some(guard.namespace.as_str()) && is_named
}

impl AddAssign<Verdict> for Verdicts {
    fn add_assign(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => self.open += 1,
            Verdict::Blocked => self.blocked += 1,
            Verdict::Unknown => self.unknown += 1,
        }
    }
}

impl<'a, 's: 'a> FromIterator<&'a ScrapePath<'s>> for Verdicts {
    fn from_iter<T: IntoIterator<Item = &'a ScrapePath<'s>>>(paths: T) -> Self {
        let mut verdicts = Self::default();
        for path in paths {
            verdicts += path.path.verdict();
        }
        verdicts
    }
}
