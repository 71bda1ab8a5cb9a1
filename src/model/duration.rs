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

/// Writes a duration as `prometheus/common/model.Duration.String` does. Years and weeks are only written where nothing is
/// left over: 90 days stay 90 days.
pub fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, milliseconds) in UNITS {
        let may_leave_over = !matches!(unit, "y" | "w");
        if rest >= milliseconds && (may_leave_over || rest.is_multiple_of(milliseconds)) {
            text.extend([(rest / milliseconds).to_string().as_str(), unit]);
            rest %= milliseconds;
        }
    }
    text
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
    #[rstest]
    #[case("60s", "1m")]
    #[case("90s", "1m30s")]
    #[case("0", "0s")]
    #[case("1500ms", "1s500ms")]
    #[case("14d", "2w")]
    #[case("90d", "90d")]
    #[case("365d", "1y")]
    #[case("25h", "1d1h")]
    fn what_is_read_is_written_in_one_way(#[case] text: &str, #[case] written: &str) {
        assert_eq!(parse(text).map(format).as_deref(), Some(written));
    }
}
