//! What it takes to mutate a pod, alone and with a large cluster known: the same, for only guards have a say in it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use scrapeguard::engine::analysis::Analysis;
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::answer::{Effort, Knowledge, answer_knowing};

use crate::reviews::PROMETHEUS_POD;

/// How often each of the two takes its turn.
const ROUNDS: usize = 400;
/// How many reviews a turn has.
const REVIEWS: u32 = 100;

/// What one review takes.
pub(crate) struct Mutation {
    pub(crate) alone: Duration,
    pub(crate) with_cluster: Duration,
}

impl Mutation {
    /// How much longer it takes with a cluster.
    pub(crate) fn growth(&self) -> f64 {
        self.with_cluster.as_secs_f64() / self.alone.as_secs_f64()
    }
}

/// Takes turns, and the median of each.
pub(crate) fn measure(analysis: &Analysis) -> Mutation {
    let guards = Guards::built_in();
    let alone = Knowledge { guards: &guards, age: None, analysed: None, effort: Effort::Little };
    let age = Duration::from_millis(500);
    let with_cluster = Knowledge { age: Some(age), analysed: Some((analysis, age)), ..alone };
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (knowledge, times) in [alone, with_cluster].into_iter().zip(&mut times) {
            times.push(turn(knowledge));
        }
    }
    let [alone, with_cluster] = times.map(median);
    Mutation { alone, with_cluster }
}

fn turn(knowledge: Knowledge<'_>) -> Duration {
    let start = Instant::now();
    for _ in 0..REVIEWS {
        let body = black_box(PROMETHEUS_POD.body.as_bytes());
        let answer = answer_knowing(body, PROMETHEUS_POD.endpoint(), knowledge, Timestamp::UNIX_EPOCH);
        assert!(answer.is_ok_and(|it| it.verdict == PROMETHEUS_POD.verdict), "not the answer that is to be measured");
    }
    start.elapsed() / REVIEWS
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
