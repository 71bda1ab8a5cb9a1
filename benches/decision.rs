//! One review without network: decode, decide, encode, together and each on its own.
//!
//! Budget: at most 15 microseconds for the Prometheus pod, all three together.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use scrapeguard::engine::admission::{self, Circumstances, Outcome};
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::endpoint::Step;
use scrapeguard::webhook::review::{self, Review, ReviewError};
use scrapeguard::webhook::{answer, answer::Answer};

#[path = "support/reviews.rs"]
mod reviews;

use reviews::RecordedReview;

fn main() {
    divan::main();
}

/// Bytes to bytes, as the server does it.
#[divan::bench(args = reviews::ALL)]
fn decode_decide_encode(bencher: Bencher<'_, '_>, review: RecordedReview) {
    let guards = Guards::built_in();
    let answer = answered(&review, &guards);
    assert!(answer.is_ok_and(|answer| answer.verdict == review.verdict), "not the answer that is to be measured");
    bencher.counter(BytesCount::of_str(review.body)).bench_local(|| answered(black_box(&review), black_box(&guards)));
}

#[divan::bench(args = reviews::ALL)]
fn decode(bencher: Bencher<'_, '_>, review: RecordedReview) {
    bencher
        .counter(BytesCount::of_str(review.body))
        .bench_local(|| review::decode(black_box(review.body.as_bytes())).map(black_box).is_ok());
}

#[divan::bench(args = reviews::ALL)]
fn decide(bencher: Bencher<'_, '_>, review: RecordedReview) {
    let guards = Guards::built_in();
    let decoded = decoded(&review);
    bencher.bench_local(|| decided(review.step, black_box(&decoded), black_box(&guards)));
}

#[divan::bench(args = reviews::ALL)]
fn encode(bencher: Bencher<'_, '_>, review: RecordedReview) {
    let decoded = decoded(&review);
    let outcome = decided(review.step, &decoded, &Guards::built_in());
    bencher.bench_local(|| review::encode(black_box(&decoded), review.step, black_box(&outcome)));
}

fn answered(review: &RecordedReview, guards: &Guards) -> Result<Answer, ReviewError> {
    answer(review.body.as_bytes(), review.endpoint(), guards, Timestamp::UNIX_EPOCH)
}

#[expect(clippy::expect_used, reason = "a benchmark of the wrong thing is worse than none")]
fn decoded(review: &RecordedReview) -> Review<'static> {
    review::decode(review.body.as_bytes()).expect("a recorded review can be read")
}

fn decided(step: Step, review: &Review<'_>, guards: &Guards) -> Outcome {
    let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, namespace_mode: None };
    match step {
        Step::Mutate => admission::mutate(&review.request(), guards, &circumstances),
        // Nothing is known of a cluster here, so there is nothing else to tell.
        Step::Validate | Step::Consequences => admission::validate(&review.request(), guards, &circumstances),
    }
}
