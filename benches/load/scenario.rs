//! What is asked, and at which pace: the ways in which an API server calls a webhook.

use std::sync::Arc;

use scrapeguard::webhook::endpoint::Step;

use crate::budget::Budget;
use crate::client::Request;
use crate::reviews::{AUTHORIZATION_POLICY, NETWORK_POLICY, OTHER_POD, POD_UPDATE, PROMETHEUS_POD, RecordedReview};

/// The connections that the API server keeps to one host (`client-go/transport/cache.go`).
const KEPT_CONNECTIONS: usize = 25;
/// The pace that the budget of the latency is for.
const REVIEWS_PER_SECOND: u32 = 2_000;
/// The object of the one large review in a hundred, in bytes.
const LARGE: usize = 512 << 10;

/// One way to load a server.
pub(crate) struct Scenario {
    /// Its name, for the table and for `cargo bench --bench load -- NAME`.
    pub(crate) name: &'static str,
    /// Who asks, and when.
    pub(crate) shape: Shape,
    /// What is asked, over and over.
    pub(crate) requests: Arc<[Request]>,
    /// What the result is held against.
    pub(crate) budgets: &'static [Budget],
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// So many clients, each with a connection; the next review follows on the last answer.
    Closed {
        /// Clients.
        connections: usize,
    },
    /// So many clients; every review comes on a connection of its own.
    Reconnecting {
        /// Clients.
        connections: usize,
    },
    /// So many reviews a second, whatever the answers take, on the next free connection.
    Paced {
        /// Kept connections.
        connections: usize,
        /// Reviews per second.
        rate: u32,
    },
}

/// All scenarios, in the order in which they are run.
pub(crate) fn all() -> Vec<Scenario> {
    let mutate: Arc<[Request]> = Arc::new([request(&PROMETHEUS_POD)]);
    let scenario = |name, shape, budgets| Scenario { name, shape, requests: Arc::clone(&mutate), budgets };
    vec![
        scenario("mutate, 1 connection", Shape::Closed { connections: 1 }, &[Budget::ProcessorTime]),
        scenario("mutate, 8 connections", Shape::Closed { connections: 8 }, &[Budget::ProcessorTime]),
        scenario("mutate, 25 connections", Shape::Closed { connections: KEPT_CONNECTIONS }, &[Budget::ProcessorTime]),
        scenario(
            "mutate, 2000 a second",
            Shape::Paced { connections: KEPT_CONNECTIONS, rate: REVIEWS_PER_SECOND },
            &[Budget::Latency],
        ),
        scenario("mutate, new connections", Shape::Reconnecting { connections: 8 }, &[]),
        Scenario { name: "mix, 8 connections", shape: Shape::Closed { connections: 8 }, requests: mix(), budgets: &[] },
    ]
}

fn request(review: &RecordedReview) -> Request {
    Request::new(review.step, review.body)
}

/// A hundred reviews as a namespace under guard sees them: pods mostly, some changes with two objects, a few policies,
/// one very large object.
fn mix() -> Arc<[Request]> {
    let shares =
        [(64, OTHER_POD), (15, PROMETHEUS_POD), (10, POD_UPDATE), (6, NETWORK_POLICY), (4, AUTHORIZATION_POLICY)];
    let mut requests: Vec<Request> = shares.iter().flat_map(|(share, review)| vec![request(review); *share]).collect();
    requests.push(Request::new(Step::Mutate, &enlarged(OTHER_POD.body)));
    // Evenly mixed, the same each time: 37 and 100 have no common divisor.
    (0..requests.len()).filter_map(|position| requests.get(position * 37 % requests.len()).cloned()).collect()
}

/// The same pod with more arguments.
fn enlarged(review: &str) -> String {
    const ARGUMENT: &str = r#""--feature-gate=AnotherOneOfThoseVeryLongNamesThatSomeGeneratorWrites=true","#;
    review.replacen(r#""args":["#, &format!(r#""args":[{}"#, ARGUMENT.repeat(LARGE / ARGUMENT.len())), 1)
}
