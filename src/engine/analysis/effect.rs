//! Effects: what gets through before a change and not afterwards, or the other way round.

use std::sync::Arc;

use crate::engine::audit::{Exposure, ScrapePath};
use crate::engine::reach::{Step, Verdict};
use crate::model::snapshot::Pod;

/// One thing that a change closes, opens or leaves in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it is about.
    pub subject: Subject,
    /// What becomes of it.
    pub kind: Kind,
    /// Who is reached, as people say it: `monitoring/grafana:3000`; of others than scrapes with who reaches it.
    pub name: String,
    /// What decides afterwards, where that is known.
    pub step: Option<Arc<Step>>,
}

/// What an effect is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A target of Prometheus.
    Scrape,
    /// A connection that a guard wants.
    Connection,
    /// A guarded port, and others than those who are meant to reach it.
    Exposure,
}

/// What becomes of something. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// It was open, and is not any more; of exposures: it is open to somebody to whom it was closed.
    Lost,
    /// It was in doubt, and certainly is blocked now.
    Shut,
    /// It is new, and blocked.
    Unreached,
    /// It was open, or of exposures closed, and now nobody knows.
    Doubtful,
    /// It becomes open as it should be.
    Gained,
}

impl Kind {
    /// Of something that should be open; `None` where nothing comes of it. `None` as a verdict is what is not there.
    pub(super) const fn of(before: Option<Verdict>, after: Option<Verdict>) -> Option<Self> {
        match (before, after) {
            (Some(Verdict::Open), Some(Verdict::Blocked) | None) => Some(Self::Lost),
            (Some(Verdict::Open), Some(Verdict::Unknown)) => Some(Self::Doubtful),
            (Some(Verdict::Unknown), Some(Verdict::Blocked)) => Some(Self::Shut),
            (None, Some(Verdict::Blocked)) => Some(Self::Unreached),
            (Some(Verdict::Blocked | Verdict::Unknown) | None, Some(Verdict::Open)) => Some(Self::Gained),
            _ => None,
        }
    }
}

impl Effect {
    /// On a scrape of a target.
    pub(super) fn on_scrape(path: &ScrapePath<'_>, kind: Kind, step: Option<Arc<Step>>) -> Self {
        Self { subject: Subject::Scrape, kind, name: target_name(path), step }
    }

    /// Of a port being reached by others.
    pub(super) fn exposing(exposure: &Exposure<'_>) -> Self {
        let kind = if exposure.verdict == Verdict::Open { Kind::Lost } else { Kind::Doubtful };
        let (port, who) = (exposure.port, exposure.from.in_words());
        let name = format!("{}:{port} to {who}", exposure.target.full_name());
        Self { subject: Subject::Exposure, kind, name, step: None }
    }
}

/// Who is scraped: the pod and its port where that is known, else the address.
fn target_name(path: &ScrapePath<'_>) -> String {
    match (&path.target, path.port) {
        (Some(target), Some(port)) if target.pod.is_some() => {
            let pod = target.pod.map(Pod::full_name).unwrap_or_default();
            pod + ":" + &port.to_string()
        }
        (Some(target), _) => target.address.clone(),
        (None, _) => path.scrape_pool.clone(),
    }
}
