//! The reviews that benchmarks measure get the answers that they are measured for.

use jiff::Timestamp;
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::answer;

#[path = "../benches/support/reviews.rs"]
mod reviews;

#[test]
fn each_gets_its_answer() {
    for review in reviews::ALL {
        let answer = answer(review.body.as_bytes(), review.endpoint(), &Guards::built_in(), Timestamp::UNIX_EPOCH);
        let answer = answer.unwrap();
        assert_eq!(answer.verdict, review.verdict, "{review}: {:?}", answer.outcome);
        assert!(answer.outcome.unknowns.is_empty(), "{review}: {:?}", answer.outcome);
    }
}
