//! The load on one server for a moment, and how long it took to answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Connection, Request, Target};
use crate::scenario::{Scenario, Shape};

/// Reviews on every kept connection before anything is measured.
const WARM_UP: usize = 10;
/// How much longer than planned the load may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For so long.
    pub(crate) time: Duration,
    /// At most so many reviews.
    pub(crate) most: usize,
}

/// What the clients saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// From when a review was to be sent until its answer was read. In a closed loop it is sent at once.
    pub(crate) latencies: Vec<Duration>,
    /// From when a review was to be sent until it was: what the client itself adds. Only where there is a pace.
    pub(crate) lateness: Vec<Duration>,
    /// From the first review to the last answer.
    pub(crate) elapsed: Duration,
}

/// Opens and warms up the connections that a scenario keeps.
pub(crate) async fn connect(scenario: &Scenario, target: &Target) -> anyhow::Result<Vec<Connection>> {
    let kept = match scenario.shape {
        Shape::Closed { connections } | Shape::Paced { connections, .. } => connections,
        Shape::Reconnecting { .. } => 0,
    };
    let mut open = Vec::with_capacity(kept);
    for _ in 0..kept {
        let mut connection = target.connect().await?;
        for request in scenario.requests.iter().take(WARM_UP) {
            connection.exchange(request).await?;
        }
        open.push(connection);
    }
    Ok(open)
}

/// Loads a server over these connections.
pub(crate) async fn apply(
    scenario: &Scenario,
    target: &Target,
    connections: Vec<Connection>,
    limits: Limits,
) -> anyhow::Result<Seen> {
    let started = Instant::now();
    let turns = Arc::new(Turns {
        requests: Arc::clone(&scenario.requests),
        taken: AtomicUsize::new(0),
        most: limits.most,
        end: started + limits.time,
    });
    let clients = match scenario.shape {
        Shape::Closed { .. } => closed(connections, &turns),
        Shape::Reconnecting { connections } => reconnecting(connections, target, &turns),
        Shape::Paced { rate, .. } => paced(connections, rate, &turns),
    };
    let mut seen = timeout(limits.time + PATIENCE, gather(clients)).await.context("answers took too long")??;
    seen.elapsed = started.elapsed();
    Ok(seen)
}

async fn gather(mut clients: JoinSet<anyhow::Result<Seen>>) -> anyhow::Result<Seen> {
    let mut all = Seen::default();
    while let Some(client) = clients.join_next().await {
        let seen = client??;
        all.latencies.extend(seen.latencies);
        all.lateness.extend(seen.lateness);
    }
    Ok(all)
}

/// Deals out the reviews of a scenario until there have been enough.
struct Turns {
    requests: Arc<[Request]>,
    taken: AtomicUsize,
    most: usize,
    end: Instant,
}

impl Turns {
    /// The next review while there is time.
    fn next(&self) -> Option<&Request> {
        self.due().filter(|_| Instant::now() < self.end)
    }

    /// The next review, however late it is.
    fn due(&self) -> Option<&Request> {
        let turn = self.taken.fetch_add(1, Ordering::Relaxed);
        let request = self.requests.get(turn % self.requests.len());
        request.filter(|_| turn < self.most)
    }
}

fn closed(connections: Vec<Connection>, turns: &Arc<Turns>) -> JoinSet<anyhow::Result<Seen>> {
    let mut clients = JoinSet::new();
    for mut connection in connections {
        let turns = Arc::clone(turns);
        clients.spawn(async move {
            let mut seen = Seen::default();
            while let Some(request) = turns.next() {
                let started = Instant::now();
                connection.exchange(request).await?;
                seen.latencies.push(started.elapsed());
            }
            Ok(seen)
        });
    }
    clients
}

fn reconnecting(clients: usize, target: &Target, turns: &Arc<Turns>) -> JoinSet<anyhow::Result<Seen>> {
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (target, turns) = (target.clone(), Arc::clone(turns));
        tasks.spawn(async move {
            let mut seen = Seen::default();
            while let Some(request) = turns.next() {
                let started = Instant::now();
                target.connect().await?.exchange(request).await?;
                seen.latencies.push(started.elapsed());
            }
            Ok(seen)
        });
    }
    tasks
}

fn paced(connections: Vec<Connection>, rate: u32, turns: &Arc<Turns>) -> JoinSet<anyhow::Result<Seen>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut clients = JoinSet::new();
    for connection in connections {
        clients.spawn(on_time(connection, Arc::clone(&receiver), Arc::clone(turns)));
    }
    let end = turns.end;
    // A thread, because the timers of the runtime have a resolution of a millisecond.
    thread::spawn(move || pace(rate, end, &sender));
    clients
}

/// Sends every moment at which a review is due, when it has come. Ends early when nobody listens any more.
fn pace(rate: u32, end: Instant, due: &UnboundedSender<Instant>) {
    let interval = Duration::from_secs(1) / rate;
    let mut next = Instant::now();
    while next < end {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        if due.send(next).is_err() {
            return;
        }
        next += interval;
    }
}

async fn on_time(
    mut connection: Connection,
    due: Arc<Mutex<UnboundedReceiver<Instant>>>,
    turns: Arc<Turns>,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    loop {
        let next = due.lock().await.recv().await;
        let Some((due, request)) = next.and_then(|due| Some((due, turns.due()?))) else { return Ok(seen) };
        seen.lateness.push(due.elapsed());
        connection.exchange(request).await?;
        seen.latencies.push(due.elapsed());
    }
}
