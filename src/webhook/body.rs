//! Bodies: read up to a cap, within a budget that all requests share, and in time.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::time::{Instant, timeout, timeout_at};

use super::refusal::Refusal;
use crate::telemetry::Metrics;

/// How much of an unwanted body is read and thrown away. A client that is still sending when the connection closes
/// would see a reset instead of our answer.
const DISCARDED_BYTES: usize = 32 << 20;
/// How long an unwanted body is read.
const DISCARDED_TIME: Duration = Duration::from_secs(2);

/// The bytes of bodies that may be in memory at once, over all requests.
#[derive(Clone, Debug)]
pub struct Budget {
    metrics: Arc<Metrics>,
    limit: i64,
}

impl Budget {
    /// A budget of this many bytes, accounted for in the metrics.
    pub fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self { metrics, limit: i64::try_from(limit).unwrap_or(i64::MAX) }
    }

    fn empty_share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

/// What one request takes of a [`Budget`]; given back when dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: i64,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.bytes += bytes;
        let before = self.budget.metrics.body_bytes_in_flight.inc_by(bytes);
        if before.saturating_add(bytes) > self.budget.limit { Err(Refusal::Overloaded) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.metrics.body_bytes_in_flight.dec_by(self.bytes);
    }
}

/// The limits for one body.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes.
    pub size: usize,
    /// The most time from the first byte to the last.
    pub time: Duration,
}

/// Reads a body to its end. The share lasts as long as the bytes are in use.
///
/// # Errors
/// When the body is too large (known early from its declared length), too slow, breaks off, or exceeds the budget.
pub async fn read(
    body: &mut Body,
    limits: Limits,
    budget: &Budget,
    deadline: Instant,
) -> Result<(Bytes, Share), Refusal> {
    if body.size_hint().lower() > limits.size as u64 {
        return Err(Refusal::TooLarge { limit: limits.size });
    }
    let slow = Instant::now() + limits.time;
    match timeout_at(slow.min(deadline), read_frames(body, limits.size, budget)).await {
        Ok(result) => result,
        Err(_) if slow < deadline => Err(Refusal::SlowBody),
        Err(_) => Err(Refusal::Deadline),
    }
}

async fn read_frames(body: &mut Body, limit: usize, budget: &Budget) -> Result<(Bytes, Share), Refusal> {
    let mut share = budget.empty_share();
    let mut received = Received::default();
    while let Some(data) = next_data(body).await {
        let data = data?;
        if received.len() + data.len() > limit {
            return Err(Refusal::TooLarge { limit });
        }
        share.grow(data.len())?;
        received.push(data);
    }
    Ok((received.into_bytes(), share))
}

/// A body so far. Most reviews arrive in one piece, which is not copied.
#[derive(Default)]
struct Received {
    first: Bytes,
    all: Vec<u8>,
}

impl Received {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() {
            self.first = data;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.into() }
    }
}

/// Reads what is left of a body that nobody wants, within limits.
pub async fn discard(body: &mut Body) {
    let _whether_finished = timeout(DISCARDED_TIME, async {
        let mut discarded = 0;
        while let Some(Ok(data)) = next_data(body).await {
            discarded += data.len();
            if discarded > DISCARDED_BYTES {
                break;
            }
        }
    })
    .await;
}

async fn next_data(body: &mut Body) -> Option<Result<Bytes, Refusal>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => return Some(Ok(data)),
            Ok(Err(_trailers)) => {}
            Err(_) => return Some(Err(Refusal::BrokenBody)),
        }
    }
}
