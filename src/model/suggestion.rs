//! "Did you mean ...?" for names that are almost right.

/// A clause such as `; did you mean "grafana"?` where one of the known names is close to this one, or nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(name, known).map_or_else(String::new, |closest| format!("; did you mean {closest:?}?"))
}

/// The known name that is closest to this one, if it is close enough to be a slip of the keyboard.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    known
        .into_iter()
        .map(|candidate| (similarity(candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_different_word_is_not() {
        let known = ["prometheus", "grafana", "alertmanager"];
        assert_eq!(did_you_mean("grafanna", known), "; did you mean \"grafana\"?");
        assert_eq!(did_you_mean("Prometeus", known), "; did you mean \"prometheus\"?");
        assert_eq!(did_you_mean("loki", known), "");
    }
}
