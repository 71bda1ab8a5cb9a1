//! The time an answer may take. The API server sends it as `?timeout=10s` and stops listening when it is over.

use std::time::Duration;

use tokio::time::Instant;

/// What the API server waits when nobody configured anything (`timeoutSeconds` of a webhook).
const DEFAULT: Duration = Duration::from_secs(10);
/// The most of the time that is kept back for the way home.
const LARGEST_MARGIN: Duration = Duration::from_millis(250);

/// The moment by which the answer to a request that came in now is to be sent.
///
/// A tenth of the time, at most a quarter of a second, is kept back. Without a timeout, or with one that is not
/// understood, it is the ten seconds that the API server waits by default.
pub fn deadline(query: Option<&str>, now: Instant) -> Instant {
    let timeout = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(parse_duration)
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(DEFAULT);
    let margin = (timeout / 10).min(LARGEST_MARGIN);
    now.checked_add(timeout.saturating_sub(margin)).unwrap_or_else(|| now + DEFAULT)
}

/// A duration as Go writes it, such as `1m0s` or `1.5s`, or a bare number of seconds.
fn parse_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let number_end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let seconds = number.parse::<f64>().ok()? * seconds_in(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

fn seconds_in(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "us" | "µs" => Some(1e-6),
        "ns" => Some(1e-9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("3s", 3000)]
    #[case("10", 10_000)]
    #[case("1m0s", 60_000)]
    #[case("1h2m3.5s", 3_723_500)]
    #[case("250ms", 250)]
    fn reads_what_go_writes(#[case] text: &str, #[case] milliseconds: u64) {
        assert_eq!(parse_duration(text), Some(Duration::from_millis(milliseconds)));
    }

    #[rstest]
    #[case("")]
    #[case("s")]
    #[case("3x")]
    #[case("-3s")]
    #[case("1..5s")]
    #[case("99999999999999999999h")]
    fn is_not_a_duration(#[case] text: &str) {
        assert_eq!(parse_duration(text), None);
    }

    #[rstest]
    #[case(None, 9750)]
    #[case(Some("timeout=1s"), 900)]
    #[case(Some("a=b&timeout=30s"), 29_750)]
    #[case(Some("timeout=soon"), 9750)]
    #[case(Some("timeout=0s"), 9750)]
    fn keeps_a_margin(#[case] query: Option<&str>, #[case] milliseconds: u64) {
        let now = Instant::now();
        assert_eq!(deadline(query, now), now + Duration::from_millis(milliseconds));
    }

    proptest! {
        #[test]
        fn reads_anything_without_panic(query in any::<String>()) {
            deadline(Some(&format!("timeout={query}")), Instant::now());
        }
    }
}
