//! Versions as the operator writes them on pods.

/// A version of three numbers, without `v` and leading zeros, as `ParseTolerant` of `github.com/blang/semver/v4` makes it
/// from what users write. `None` where that is no version.
pub(super) fn normalised(version: &str) -> Option<String> {
    let version = version.trim();
    let version = version.strip_prefix('v').unwrap_or(version);
    let end_of_numbers = version.find(['-', '+']).unwrap_or(version.len());
    let (numbers, suffix) = version.split_at_checked(end_of_numbers)?;
    let mut numbers = numbers.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let is_short = numbers.len() < 3;
    if numbers.len() > 3 || (is_short && !suffix.is_empty()) || !is_suffix(suffix) {
        return None;
    }
    numbers.resize(3, "0");
    Some(numbers.join(".") + suffix)
}

fn number(text: &str) -> Option<&str> {
    let without_zeros = text.trim_start_matches('0');
    let number = if without_zeros.is_empty() && !text.is_empty() { "0" } else { without_zeros };
    number.parse::<u64>().ok().map(|_| number).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Identifiers behind a hyphen for a version before its release, and behind a plus for a build.
fn is_suffix(suffix: &str) -> bool {
    let (before, build) = suffix.split_once('+').map_or((suffix, None), |(before, build)| (before, Some(build)));
    let before = before.strip_prefix('-');
    before.is_none_or(|it| are_identifiers(it, false)) && build.is_none_or(|it| are_identifiers(it, true))
}

fn are_identifiers(text: &str, may_have_leading_zeros: bool) -> bool {
    text.split('.').all(|identifier| {
        let has_leading_zero = identifier.len() > 1 && identifier.starts_with('0');
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !identifier.is_empty() && is_word && (may_have_leading_zeros || !is_number || !has_leading_zero)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("v3.5.0", Some("3.5.0"))]
    #[case("2.55", Some("2.55.0"))]
    #[case("3", Some("3.0.0"))]
    #[case(" v03.007.00 ", Some("3.7.0"))]
    #[case("v3.0.0-rc.1+build.01", Some("3.0.0-rc.1+build.01"))]
    #[case("v3.0-rc.1", None)]
    #[case("v3.0.0-rc.01", None)]
    #[case("v3.0.0-", None)]
    #[case("3.0.0.1", None)]
    #[case("latest", None)]
    #[case("", None)]
    fn versions_have_three_numbers(#[case] written: &str, #[case] expected: Option<&str>) {
        assert_eq!(normalised(written).as_deref(), expected);
    }
}
