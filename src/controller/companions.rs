//! Companions become objects of the cluster, and stay as they are wanted.
//!
//! Every published state is held against what the guards want. What is not as it should be is looked at, and written
//! only if that look confirms it. So a state that is behind, a restart, or a second leader costs a read and no write,
//! and where nothing happens nothing is written.

pub mod attempt;
mod breaker;
pub mod ledger;
mod memory;
mod news;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::controller::Context;
use crate::controller::companions::attempt::Outcome;
use crate::controller::companions::ledger::{Condition, Entry, LastChange, Ledger};
use crate::controller::companions::memory::Memory;
use crate::controller::declared::Declared;
use crate::controller::events::{Happening, Subject, Teller};
use crate::engine::companion::owned::Owner;
use crate::engine::companion::plan::{Plan, Standing, Unwanted, Wanted, plan};
use crate::model::{ObjectReference, Resource};
use crate::state::State;

/// How many objects are seen to at once.
const AT_ONCE: usize = 8;
/// States that come faster than this are looked at together.
const COALESCE: Duration = Duration::from_millis(50);
/// How long a kind that the cluster does not know is not asked for again.
const ABSENCE: Duration = Duration::from_secs(10);

/// Writes what the guards of the cluster want, for as long as it is polled. What is known of each companion is told by
/// `ledger`, once something is.
pub async fn run(
    context: Context,
    mut declared: watch::Receiver<Option<Arc<Declared>>>,
    ledger: watch::Sender<Option<Arc<Ledger>>>,
    teller: Teller,
) {
    let mut states = context.shared.state.subscribe();
    let mut worker = Worker::new(context, teller);
    loop {
        states.mark_unchanged();
        let known = declared.borrow_and_update().clone();
        let again = worker.round(known.as_deref()).await;
        if worker.has_planned && ledger.borrow().as_deref() != Some(&worker.ledger) {
            ledger.send_replace(Some(Arc::new(worker.ledger.clone())));
        }
        tokio::select! {
            _ = states.changed() => {}
            _ = declared.changed() => {}
            () = sleep(again) => {}
        }
        sleep(COALESCE).await;
    }
}

struct Worker {
    context: Context,
    start: Instant,
    memories: HashMap<ObjectReference, Memory>,
    /// Until when kinds are not asked for.
    absent: BTreeMap<Resource, Duration>,
    /// What is known, once there was a plan.
    ledger: Ledger,
    has_planned: bool,
    teller: Teller,
    /// The guards that Events can be told at.
    subjects: BTreeMap<String, Subject>,
}

/// Something to see to.
enum Job<'p> {
    BringAbout(&'p Wanted),
    Remove(&'p Unwanted),
}

impl Job<'_> {
    const fn reference(&self) -> &ObjectReference {
        match self {
            Self::BringAbout(wanted) => &wanted.reference,
            Self::Remove(unwanted) => &unwanted.reference,
        }
    }

    fn guard(&self) -> &str {
        match self {
            Self::BringAbout(wanted) => &wanted.guard,
            Self::Remove(unwanted) => &unwanted.guard,
        }
    }

    const fn resource(&self) -> Resource {
        match self {
            Self::BringAbout(wanted) => wanted.resource,
            Self::Remove(unwanted) => unwanted.resource,
        }
    }
}

async fn attempted<'p>(client: &kube::Client, job: Job<'p>) -> (Job<'p>, Outcome) {
    let outcome = match &job {
        Job::BringAbout(wanted) => attempt::bring_about(client, wanted).await,
        Job::Remove(unwanted) => attempt::remove(client, unwanted).await,
    };
    (job, outcome)
}

impl Worker {
    fn new(context: Context, teller: Teller) -> Self {
        Self {
            context,
            start: Instant::now(),
            memories: HashMap::new(),
            absent: BTreeMap::new(),
            ledger: Ledger::default(),
            has_planned: false,
            teller,
            subjects: BTreeMap::new(),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Does what there is to do now. Returns how long nothing is to do but for news.
    async fn round(&mut self, declared: Option<&Declared>) -> Duration {
        let Some(declared) = declared else { return Duration::from_secs(1) };
        let state = self.context.shared.state.kept();
        let Some(plan) = planned(&state, declared) else { return Duration::from_secs(1) };
        self.subjects = declared.iter().map(|(name, it)| (name.clone(), Subject::guard(name, it))).collect();
        self.memories.retain(|reference, _| {
            let is_wanted = plan.wanted.iter().any(|it| it.reference == *reference);
            is_wanted || plan.unwanted.iter().any(|it| it.reference == *reference)
        });
        for settled in plan.wanted.iter().filter(|wanted| wanted.standing == Standing::Settled) {
            self.memories.entry(settled.reference.clone()).and_modify(Memory::settle);
        }
        let jobs = self.jobs(&plan);
        let client = &self.context.client;
        let attempts: Vec<_> = jobs.into_iter().map(|job| attempted(client, job)).collect();
        let outcomes: Vec<_> = futures::stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
        for (job, outcome) in outcomes {
            self.learn(&job, outcome);
        }
        self.has_planned = true;
        self.ledger.guards = Arc::clone(&state.guards);
        self.ledger.entries = plan.wanted.iter().map(|wanted| self.entry(wanted)).collect();
        self.ledger.last_changes.retain(|guard, _| declared.contains_key(guard));
        let missing = self.ledger.entries.iter().filter(|entry| entry.condition.is_missing()).count();
        self.context.shared.metrics.companions.missing.set(i64::try_from(missing).unwrap_or(i64::MAX));
        self.until_the_next(&plan)
    }

    /// What of a plan is to be looked at now.
    fn jobs<'p>(&self, plan: &'p Plan) -> Vec<Job<'p>> {
        let wanted = plan.wanted.iter().filter(|wanted| self.is_open(wanted)).map(Job::BringAbout);
        let jobs = wanted.chain(plan.unwanted.iter().map(Job::Remove));
        let now = self.now();
        let is_due = |job: &Job<'_>| self.due(job.reference(), job.resource()) <= now;
        jobs.filter(is_due).collect()
    }

    /// Whether there is something to do about a companion, apart from when.
    fn is_open(&self, wanted: &Wanted) -> bool {
        match &wanted.standing {
            Standing::Missing => true,
            Standing::Differs(stored) => {
                let memory = self.memories.get(&wanted.reference);
                !memory.is_some_and(|memory| memory.has_judged(wanted, stored))
            }
            Standing::Settled | Standing::Reported(_) | Standing::WantedBy(_) | Standing::NoNamespace => false,
        }
    }

    /// When an object may be looked at again.
    fn due(&self, reference: &ObjectReference, resource: Resource) -> Duration {
        let of_object = self.memories.get(reference).map(|memory| memory.due(self.now())).unwrap_or_default();
        self.absent.get(&resource).copied().unwrap_or_default().max(of_object)
    }

    fn learn(&mut self, job: &Job<'_>, outcome: Outcome) {
        let now = self.now();
        let absence = (outcome == Outcome::KindUnknown).then_some(now + ABSENCE);
        self.absent.remove(&job.resource());
        self.absent.extend(absence.map(|until| (job.resource(), until)));
        self.write_down(job, &outcome);
        let (object, stored) = match job {
            Job::BringAbout(Wanted { standing: Standing::Differs(stored), object, .. }) => (Some(object), Some(stored)),
            Job::BringAbout(Wanted { object, .. }) => (Some(object), None),
            Job::Remove(_) => (None, None),
        };
        let memory = self.memories.entry(job.reference().clone()).or_default();
        if memory.learn(outcome, object, stored, now) {
            self.context.shared.metrics.companions.withheld();
            tracing::error!(companion = %job.reference(), "it is changed back again and again, and left alone for now");
            let about = self.subjects.get(job.guard()).cloned();
            self.tell(news::withheld(about, job.resource(), job.reference()));
        }
    }

    /// Tells what was written, and what stands in the way when that is new.
    fn write_down(&mut self, job: &Job<'_>, outcome: &Outcome) {
        self.context.shared.metrics.companions.tried(outcome.name());
        let (companion, guard) = (job.reference(), job.guard());
        if let Some(done) = news::done(outcome) {
            tracing::info!(guard, %companion, "{done}");
            let change = LastChange { time: Timestamp::now(), message: format!("{done} {companion}") };
            self.ledger.last_changes.insert(guard.to_owned(), change);
        }
        let before = self.memories.get(companion).and_then(|memory| memory.outcome.as_ref());
        if outcome.is_write() || before != Some(outcome) {
            if let Outcome::Failed(reason) = outcome {
                tracing::warn!(guard, %companion, reason, "a companion cannot be seen to");
            }
            self.tell(news::happenings(outcome, self.subjects.get(guard).cloned(), job.resource(), companion));
        }
    }

    fn tell(&self, happenings: Vec<Happening>) {
        for happening in happenings {
            self.teller.tell(happening);
        }
    }

    fn entry(&self, wanted: &Wanted) -> Entry {
        let memory = self.memories.get(&wanted.reference);
        let condition = match &wanted.standing {
            Standing::Settled => Condition::Applied,
            Standing::Reported(is_there) => Condition::Reported(*is_there),
            Standing::WantedBy(other) => Condition::WantedBy(other.clone()),
            Standing::NoNamespace => Condition::NoNamespace,
            Standing::Missing | Standing::Differs(_) => {
                let withheld = memory.and_then(|memory| memory.withheld_until(self.now()));
                let known = memory.and_then(|memory| memory.outcome.as_ref());
                match withheld {
                    Some(until) => Condition::Withheld(self.time(until)),
                    None if self.absent.contains_key(&wanted.resource) => Condition::KindUnknown,
                    None => known.map_or(Condition::Pending, Condition::after),
                }
            }
        };
        let Wanted { guard, resource, reference, .. } = wanted;
        Entry { guard: guard.clone(), resource: *resource, reference: reference.clone(), condition }
    }

    /// The time of day of a moment that is still to come, in full seconds.
    fn time(&self, moment: Duration) -> Timestamp {
        let ahead = moment.saturating_sub(self.now());
        let time = Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX);
        Timestamp::from_second(time.as_second()).unwrap_or(time)
    }

    fn until_the_next(&self, plan: &Plan) -> Duration {
        let wanted = plan.wanted.iter().filter(|wanted| self.is_open(wanted)).map(|it| (&it.reference, it.resource));
        let unwanted = plan.unwanted.iter().map(|it| (&it.reference, it.resource));
        let next = wanted.chain(unwanted).map(|(reference, resource)| self.due(reference, resource)).min();
        next.map_or(Duration::from_mins(5), |next| next.saturating_sub(self.now()))
    }
}

/// What there is to do, once the cluster has been read.
fn planned(state: &State, declared: &Declared) -> Option<Plan> {
    let snapshot = &state.cluster.as_ref()?.snapshot;
    let owners = state.guards.iter().filter_map(|guard| {
        let declaration = declared.get(&guard.name).filter(|declaration| !declaration.is_leaving)?;
        Some(Owner { guard, uid: &declaration.uid })
    });
    let owners: Vec<Owner<'_>> = owners.collect();
    let names: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
    Some(plan(&owners, &names, snapshot))
}

#[cfg(test)]
mod tests;
