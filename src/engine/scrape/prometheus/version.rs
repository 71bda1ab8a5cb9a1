//! Versions of Prometheus, as resources give them.

use crate::model::relabeling::PrometheusVersion;

/// Reads a version as `blang/semver.ParseTolerant` does, as far as it tells versions apart that differ here. What comes
/// before a release counts as the one before.
pub(super) fn read(text: &str) -> Option<PrometheusVersion> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let (release, _build) = text.split_once('+').unwrap_or((text, ""));
    let (release, is_before) = release.split_once('-').map_or((release, false), |(release, _)| (release, true));
    let mut numbers = release.splitn(3, '.').map(str::parse::<u16>);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next().transpose().ok()?.unwrap_or(0);
    let patch = numbers.next().transpose().ok()?.unwrap_or(0);
    let version = PrometheusVersion { major, minor };
    Some(if is_before && patch == 0 { before(version) } else { version })
}

fn before(PrometheusVersion { major, minor }: PrometheusVersion) -> PrometheusVersion {
    match minor.checked_sub(1) {
        Some(minor) => PrometheusVersion { major, minor },
        None => PrometheusVersion { major: major.saturating_sub(1), minor: u16::MAX },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("v3.5.0", Some((3, 5)))]
    #[case("2.40", Some((2, 40)))]
    #[case("3", Some((3, 0)))]
    #[case("v2.41.0-rc.1", Some((2, 40)))]
    #[case("3.0.0-rc.0+build", Some((2, u16::MAX)))]
    #[case("3.0.1-rc.0", Some((3, 0)))]
    #[case("latest", None)]
    #[case("3.x", None)]
    #[case("", None)]
    fn versions(#[case] text: &str, #[case] expected: Option<(u16, u16)>) {
        assert_eq!(read(text), expected.map(|(major, minor)| PrometheusVersion { major, minor }));
    }
}
