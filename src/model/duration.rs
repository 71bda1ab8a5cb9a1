//! Durations as Prometheus writes them: `1m30s`, `500ms`, `1d`.

use std::time::Duration;

/// The units, from the largest to the smallest, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration, in milliseconds: 2^63 - 1 nanoseconds.
const LONGEST: u64 = i64::MAX.unsigned_abs() / 1_000_000;

/// Reads a duration as `prometheus/common/model.ParseDuration` does: numbers with units, each unit once, the largest
/// first, and no more than the 292 years that fit into Go's durations. `None` where it is none.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut total, mut units) = (text, 0_u64, UNITS.as_slice());
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (unit, after) = after.split_at(after.bytes().take_while(|byte| !byte.is_ascii_digit()).count());
        let place = units.iter().position(|(name, _)| *name == unit)?;
        let (_, milliseconds) = units.get(place)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*milliseconds)?)?;
        units = units.get(place + 1..)?;
        rest = after;
    }
    (!text.is_empty() && total <= LONGEST).then(|| Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("30s", Some(30_000))]
    #[case("1m30s", Some(90_000))]
    #[case("500ms", Some(500))]
    #[case("1d2h", Some(93_600_000))]
    #[case("0", Some(0))]
    #[case("", None)]
    #[case("30", None)]
    #[case("s", None)]
    #[case("30s1m", None)]
    #[case("1.5m", None)]
    #[case("-1m", None)]
    #[case("99999999999999999999s", None)]
    #[case("292y", Some(292 * 365 * 24 * 3_600_000))]
    #[case("293y", None)]
    fn durations_of_prometheus(#[case] text: &str, #[case] milliseconds: Option<u64>) {
        assert_eq!(parse(text), milliseconds.map(Duration::from_millis));
    }
}
