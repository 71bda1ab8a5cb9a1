//! Clusters from a thousand to a hundred thousand pods: what it takes to read them, to ask one question about them, to
//! audit them, and to follow what happens in them.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/events.rs"]
mod events;
#[path = "support/mutation.rs"]
mod mutation;
#[path = "support/requests.rs"]
mod requests;
#[expect(dead_code, reason = "one of them is measured here")]
#[path = "support/reviews.rs"]
mod reviews;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use jiff::Timestamp;
use peak_alloc::PeakAlloc;
use scrapeguard::engine::admission::Circumstances;
use scrapeguard::engine::audit::{Audit, Scrapes};
use scrapeguard::engine::reach::network_policy::HostNetwork;
use scrapeguard::engine::reach::{Connection, End, Evaluator, Manner, MeshSettings};
use scrapeguard::model::guard::Guards;
use scrapeguard::model::snapshot::{Builder, Snapshot};
use scrapeguard::model::{ObjectReference, Protocol, Resource, Source};

use cluster::Size;
use events::{Events, Taken};
use mutation::Mutation;
use requests::Answered;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const KIB: f64 = 1024.0;
/// How many changes of policies of applications are measured.
const CHANGES: usize = 50;
/// As many as a warning names.
const NAMED: usize = 10;
const COLUMNS: [&str; 11] = [
    "pods",
    "dump MB",
    "read s",
    "index s",
    "snapshot KiB/pod",
    "evaluator s",
    "one question µs",
    "audit s",
    "paths",
    "validation ms",
    "peak MiB",
];

/// Time and memory of a cluster, by its size.
#[derive(Debug, clap::Parser)]
#[command(name = "evaluator", bin_name = "cargo bench --bench evaluator --")]
struct Arguments {
    /// Numbers of pods.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 3_000, 10_000, 30_000, 100_000])]
    pods: Vec<usize>,
    /// How many events of each kind are applied to each of these clusters.
    #[arg(long, default_value_t = 1_000)]
    events: usize,
    /// Write the largest of these clusters to a file instead.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Fail when something is over its budget. Without it the budgets are only printed.
    #[arg(long)]
    check: bool,
    /// Given by `cargo bench`. Without it, only a small cluster is measured, to see that it works.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What was measured of one cluster.
struct Measured {
    pods: usize,
    dump: f64,
    read: Duration,
    index: Duration,
    /// In bytes.
    snapshot: f64,
    evaluator: Duration,
    question: Duration,
    audit: Duration,
    paths: usize,
    /// The longest of several changes.
    validation: Duration,
    /// Of all memory but the dump, in bytes.
    peak: f64,
    answered: Vec<Answered>,
    mutation: Mutation,
    events: Vec<Taken>,
    /// The snapshot after all events, in bytes.
    live: f64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut sizes = if arguments.bench { arguments.pods } else { vec![400] };
    sizes.sort_unstable();
    if let Some(file) = &arguments.write {
        let dump = sizes.last().map(|pods| Size::of(*pods).dump());
        return if std::fs::write(file, dump.unwrap_or_default()).is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let rows: Vec<Measured> = sizes.into_iter().map(|pods| measure(pods, arguments.events)).collect();
    println!("{}\n", table(&rows));
    if let Some(largest) = rows.last() {
        println!("{}\n", requests::table(&largest.answered));
        println!("{}\n", events::table(&largest.events));
    }
    let is_over = report(&rows);
    if is_over && arguments.check { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn measure(pods: usize, events: usize) -> Measured {
    let dump = Size::of(pods).dump();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let (builder, read) = timed(|| read(&dump));
    let (snapshot, index) = timed(|| builder.finish());
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    let held = MEMORY.current_usage() - before;
    let guards = Guards::built_in();
    let mesh = guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap_or_default();
    let (evaluator, building) = timed(|| Evaluator::new(&snapshot, mesh, HostNetwork::default()));
    let question = question(&snapshot, &evaluator);
    let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, namespace_mode: None };
    let (audit, auditing) = timed(|| Audit::of(&snapshot, &evaluator, &guards, &circumstances));
    let (paths, validation) = (audit.scrape_paths.len(), validation(&snapshot, &evaluator, &audit));
    let (peak, pods) = (MEMORY.peak_usage() - before, snapshot.pods().len());
    drop((audit, evaluator));
    let analysis = requests::locked_down(&snapshot, &circumstances);
    let (answered, mutation) = (requests::ask_all(&analysis, &circumstances), mutation::measure(&analysis));
    drop(analysis);
    let (events, live) = happen(snapshot, &dump, events);
    Measured {
        pods,
        dump: bytes(dump.len()),
        read,
        index,
        snapshot: bytes(held),
        evaluator: building,
        question,
        audit: auditing,
        paths,
        validation,
        answered,
        mutation,
        peak: bytes(peak),
        events,
        live: bytes(held) + live,
    }
}

/// What events take, and how many bytes the snapshot is larger after them.
fn happen(snapshot: Snapshot, dump: &str, number: usize) -> (Vec<Taken>, f64) {
    let before = MEMORY.current_usage();
    let (live, taken) = Events::of(&snapshot, dump, number).apply_all();
    drop(snapshot);
    let after = MEMORY.current_usage();
    assert!(live.problems().is_empty(), "{:?}", live.problems());
    (taken, bytes(after) - bytes(before))
}

fn read(dump: &str) -> Builder {
    let mut builder = Builder::new("default");
    assert!(builder.add_source("dump.json", &Source::new(dump)).is_empty());
    builder
}

/// What one question takes, of one for every pod: may its neighbour scrape it?
fn question(snapshot: &Snapshot, evaluator: &Evaluator<'_>) -> Duration {
    let neighbours = snapshot.pods().iter().zip(snapshot.pods().iter().skip(1));
    let questions = u32::try_from(snapshot.pods().len()).unwrap_or(u32::MAX);
    let (open, all) = timed(|| {
        let connections = neighbours.map(|(from, to)| Connection {
            from: End::Pod(from),
            to: End::Pod(to),
            port: 8080,
            protocol: Protocol::Tcp,
        });
        let manner = Manner::default();
        connections.filter(|connection| !evaluator.follow(connection, &manner).steps.is_empty()).count()
    });
    assert!(open > 0, "nothing was answered");
    all / questions
}

/// The longest that it takes to tell what a change of a NetworkPolicy does to scrapes: some are deleted, everything is
/// denied in their namespaces, and in that of Prometheus.
fn validation(snapshot: &Snapshot, evaluator: &Evaluator<'_>, audit: &Audit<'_>) -> Duration {
    let scrapes = Scrapes::new(snapshot, evaluator, &audit.scrape_paths);
    let policies: Vec<&ObjectReference> =
        snapshot.objects(Resource::NetworkPolicy).map(|policy| &policy.reference).take(CHANGES).collect();
    let everywhere = policies.iter().map(|policy| policy.namespace.as_deref().unwrap_or_default());
    let denials = everywhere.chain(["monitoring"]).map(denial);
    let deletions = policies.iter().map(|policy| ((*policy).clone(), None));
    let (impacts, times): (Vec<_>, Vec<_>) = deletions
        .chain(denials.map(|(policy, json)| (policy, Some(json))))
        .map(|(policy, json)| timed(|| scrapes.impact(Resource::NetworkPolicy, &policy, json.as_deref(), NAMED)))
        .unzip();
    assert!(impacts.iter().any(|impact| impact.blocked > 0), "no change did anything");
    times.into_iter().max().unwrap_or_default()
}

fn denial(namespace: &str) -> (ObjectReference, String) {
    let name = "deny-all".to_owned();
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"spec":{{"podSelector":{{}},"policyTypes":["Ingress","Egress"]}}}}"#
    );
    let kind = Resource::NetworkPolicy.kind().to_owned();
    (ObjectReference { kind, namespace: Some(namespace.to_owned()), name }, json)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn table(rows: &[Measured]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for row in rows {
        table.add_row([
            row.pods.to_string(),
            format!("{:.1}", row.dump / 1e6),
            format!("{:.3}", row.read.as_secs_f64()),
            format!("{:.3}", row.index.as_secs_f64()),
            format!("{:.2}", row.snapshot / KIB / per_pod(row)),
            format!("{:.3}", row.evaluator.as_secs_f64()),
            format!("{:.1}", row.question.as_secs_f64() * 1e6),
            format!("{:.3}", row.audit.as_secs_f64()),
            row.paths.to_string(),
            format!("{:.2}", row.validation.as_secs_f64() * 1e3),
            format!("{:.0}", row.peak / KIB / KIB),
        ]);
    }
    table.column_iter_mut().for_each(|column| {
        column.set_cell_alignment(CellAlignment::Right);
    });
    table
}

/// Prints every budget with what became of it. Whether anything is over it.
fn report(rows: &[Measured]) -> bool {
    let mut is_over = false;
    if let Some(largest) = rows.last() {
        let name = format!("{} pods", largest.pods);
        let audit = (largest.read + largest.index + largest.evaluator + largest.audit).as_secs_f64();
        is_over |= judge(&name, "reading and auditing", audit, 5.0, "s");
        let validation = largest.validation.as_secs_f64() * 1e3;
        is_over |= judge(&name, "what a change of a NetworkPolicy does to scrapes", validation, 5.0, "ms");
        is_over |= judge(&name, "peak memory besides the dump", largest.peak / KIB / KIB, 1024.0, "MiB");
        is_over |= judge(&name, "the snapshot", largest.snapshot / KIB / per_pod(largest), 1.0, "KiB a pod");
        let Mutation { alone, with_cluster } = &largest.mutation;
        println!("- {name}: mutating a pod takes {with_cluster:.1?}, and {alone:.1?} where no cluster is known");
        is_over |= judge(&name, "so it grows", largest.mutation.growth(), 1.1, "fold");
        for taken in &largest.events {
            is_over |= judge(&name, &format!("half of the events ({})", taken.what()), taken.micros(50), 100.0, "µs");
        }
        let live = largest.live / KIB / per_pod(largest);
        println!(
            "- {name}: the snapshot after these events, with two workloads for every ten pods, {live:.2} KiB a pod"
        );
    }
    for pair in rows.windows(2) {
        let [smaller, larger] = pair else { continue };
        let time = |row: &Measured| (row.read + row.index + row.evaluator + row.audit).as_secs_f64() / per_pod(row);
        let name = format!("from {} to {} pods", smaller.pods, larger.pods);
        // Caches get smaller in relation: some more for each pod is not yet worse than linear.
        is_over |= judge(&name, "time a pod grows", time(larger) / time(smaller), 1.5, "fold");
    }
    is_over
}

fn judge(name: &str, what: &str, value: f64, budget: f64, unit: &str) -> bool {
    let is_over = value > budget;
    let within = if is_over { "OVER" } else { "within" };
    println!("- {name}: {what} {value:.2} {unit}, {within} the budget of {budget:.1}");
    is_over
}

fn per_pod(row: &Measured) -> f64 {
    f64::from(u32::try_from(row.pods).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of bytes for people")]
fn bytes(number: usize) -> f64 {
    number as f64
}
