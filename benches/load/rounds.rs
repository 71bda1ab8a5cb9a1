//! Both servers in turn, slice by slice, so that each pair of slices met the same machine.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::time::sleep;

use crate::load::{self, Limits};
use crate::machine::{self, Process};
use crate::scenario::Scenario;
use crate::servers::{Server, Servers};
use crate::statistics::{median, percentile};

/// Between slices, so that what one server still does is not counted for the other.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the machine is watched to see what else happens on it.
const WATCHED: Duration = Duration::from_millis(500);

/// What is to be run.
pub(crate) struct Plan {
    /// The scenarios.
    pub(crate) scenarios: Vec<Scenario>,
    /// How often each.
    pub(crate) rounds: usize,
    /// For how long each time, for one server.
    pub(crate) slice: Duration,
    /// With how many reviews at most.
    pub(crate) most: usize,
}

/// The results of one scenario: one pair of slices a round.
pub(crate) struct Comparison<'a> {
    /// What was run.
    pub(crate) scenario: &'a Scenario,
    /// The floor and scrapeguard, in each round.
    pub(crate) pairs: Vec<Pair>,
}

/// What both servers did with the same load, one shortly after the other.
pub(crate) struct Pair {
    /// The floor.
    pub(crate) floor: Slice,
    /// scrapeguard.
    pub(crate) scrapeguard: Slice,
}

/// What one server did with a load. Times are in microseconds.
pub(crate) struct Slice {
    /// Reviews answered.
    pub(crate) reviews: f64,
    /// Reviews per second.
    pub(crate) rate: f64,
    /// Processor time of the server per review, user and system.
    pub(crate) processor_time: f64,
    /// Processor time of the client per review.
    pub(crate) client_time: f64,
    /// Half of the answers took at most this long.
    pub(crate) p50: f64,
    /// All but one in a hundred took at most this long.
    pub(crate) p99: f64,
    /// All but one in a hundred of the reviews were sent at most this late by the client itself.
    pub(crate) lateness_p99: f64,
    /// Resident memory of the server afterwards, in MiB.
    pub(crate) resident: f64,
}

impl Comparison<'_> {
    /// The median over the rounds of one number of one server.
    pub(crate) fn median(&self, server: impl Fn(&Pair) -> &Slice, number: impl Fn(&Slice) -> f64) -> f64 {
        median(self.pairs.iter().map(|pair| number(server(pair))).collect())
    }

    /// One number of scrapeguard in relation to the floor's: the median over the pairs, and the least and most.
    pub(crate) fn ratio(&self, number: impl Fn(&Slice) -> f64) -> (f64, f64, f64) {
        let ratios: Vec<f64> = self.pairs.iter().map(|pair| number(&pair.scrapeguard) / number(&pair.floor)).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        (median(ratios), least, most)
    }
}

/// Runs everything.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Vec<Comparison<'_>>> {
    let servers = Servers::start().await?;
    let busy_before = busy_processors().await?;
    let started = Instant::now();
    let mut pairs: Vec<Vec<Pair>> = plan.scenarios.iter().map(|_| Vec::new()).collect();
    for round in 0..plan.rounds {
        for (scenario, pairs) in plan.scenarios.iter().zip(&mut pairs) {
            pairs.push(pair(scenario, &servers, plan, round).await.context(scenario.name)?);
        }
    }
    let elapsed = started.elapsed().as_secs_f64();
    let busy_after = busy_processors().await?;
    println!("{} rounds in {elapsed:.0} s on {} processors", plan.rounds, std::thread::available_parallelism()?);
    println!("other programs kept {busy_before:.1} of them busy just before and {busy_after:.1} just after\n");
    Ok(plan.scenarios.iter().zip(pairs).map(|(scenario, pairs)| Comparison { scenario, pairs }).collect())
}

/// How many processors are busy while we do nothing.
async fn busy_processors() -> anyhow::Result<f64> {
    let before = machine::busy()?;
    sleep(WATCHED).await;
    Ok(machine::busy()?.saturating_sub(before).as_secs_f64() / WATCHED.as_secs_f64())
}

/// Who comes first changes from round to round.
async fn pair(scenario: &Scenario, servers: &Servers, plan: &Plan, round: usize) -> anyhow::Result<Pair> {
    let floor = slice(scenario, &servers.floor, plan);
    let scrapeguard = slice(scenario, &servers.scrapeguard, plan);
    if round.is_multiple_of(2) {
        Ok(Pair { floor: floor.await?, scrapeguard: scrapeguard.await? })
    } else {
        let scrapeguard = scrapeguard.await?;
        Ok(Pair { floor: floor.await?, scrapeguard })
    }
}

async fn slice(scenario: &Scenario, server: &Server, plan: &Plan) -> anyhow::Result<Slice> {
    let connections = load::connect(scenario, &server.target).await?;
    sleep(PAUSE).await;
    let client = Process::own();
    let (server_before, client_before) = (server.process.processor_time()?, client.processor_time()?);
    let limits = Limits { time: plan.slice, most: plan.most };
    let seen = load::apply(scenario, &server.target, connections, limits).await?;
    let server_time = server.process.processor_time()?.since(&server_before);
    let client_time = client.processor_time()?.since(&client_before);

    ensure!(!seen.latencies.is_empty(), "not one review was answered");
    let reviews = f64::from(u32::try_from(seen.latencies.len())?);
    Ok(Slice {
        reviews,
        rate: reviews / seen.elapsed.as_secs_f64(),
        processor_time: microseconds(server_time) / reviews,
        client_time: microseconds(client_time) / reviews,
        p50: microseconds(percentile(&seen.latencies, 50)),
        p99: microseconds(percentile(&seen.latencies, 99)),
        lateness_p99: microseconds(percentile(&seen.lateness, 99)),
        resident: server.process.resident()?,
    })
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
