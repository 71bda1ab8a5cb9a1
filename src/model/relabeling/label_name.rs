//! Which names labels may have (`prometheus/common/model`, `ValidationScheme`).

/// The rule for label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameScheme {
    /// Letters, digits and `_`, no digit first: before Prometheus 3.
    Legacy,
    /// Any text that is not empty: Prometheus 3.
    Utf8,
}

impl NameScheme {
    /// Whether a label may have this name.
    pub fn allows(self, name: &str) -> bool {
        let legacy = || !name.starts_with(|first: char| first.is_ascii_digit()) && name.bytes().all(is_word);
        !name.is_empty() && (self == Self::Utf8 || legacy())
    }

    /// Whether this template may make the name of a label.
    pub fn allows_template(self, template: &str) -> bool {
        match self {
            Self::Legacy => is_legacy_template(template),
            Self::Utf8 => !template.is_empty(),
        }
    }
}

/// `prometheus/model/relabel`, `relabelTargetLegacy`: a name in which `$1` and `${1}` may stand for letters.
fn is_legacy_template(template: &str) -> bool {
    let mut pieces = template.split('$');
    let first = pieces.next().unwrap_or_default();
    let begins_well = template.starts_with('$') || NameScheme::Legacy.allows(first);
    begins_well && pieces.all(is_reference_and_rest)
}

fn is_reference_and_rest(piece: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_word);
    match piece.strip_prefix('{') {
        Some(inner) => inner.split_once('}').is_some_and(|(name, rest)| is_name(name) && rest.bytes().all(is_word)),
        None => is_name(piece),
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("job", true, true)]
    #[case("_job1", true, true)]
    #[case("1job", false, true)]
    #[case("app.kubernetes.io/name", false, true)]
    #[case("größe", false, true)]
    #[case("", false, false)]
    fn names(#[case] name: &str, #[case] legacy: bool, #[case] utf8: bool) {
        assert_eq!((NameScheme::Legacy.allows(name), NameScheme::Utf8.allows(name)), (legacy, utf8));
    }

    /// The facts of Prometheus' own `TestTargetLabelLegacyValidity`, and some more.
    #[rstest]
    #[case("-label", false)]
    #[case("label", true)]
    #[case("label${1}", true)]
    #[case("${1}label", true)]
    #[case("${1}", true)]
    #[case("${", false)]
    #[case("$", false)]
    #[case("${}", false)]
    #[case("foo${", false)]
    #[case("$1", true)]
    #[case("asd$2asd", true)]
    #[case("-foo${1}bar-", false)]
    #[case("bar.foo${1}bar", false)]
    #[case("_${1}_", true)]
    #[case("foo${bar}foo", true)]
    #[case("1$1", false)]
    #[case("$1${2}3$4", true)]
    #[case("$$1", false)]
    #[case("", false)]
    fn legacy_templates(#[case] template: &str, #[case] valid: bool) {
        assert_eq!(NameScheme::Legacy.allows_template(template), valid);
    }
}
