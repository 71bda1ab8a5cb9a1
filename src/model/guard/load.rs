//! Reading guards from YAML: form first, then references, each mistake with its place in the file.

use serde_saphyr::{Error, Location};

use crate::model::guard::document::{API_VERSION, KIND, ScrapeGuard};
use crate::model::guard::{Guard, resolve};
use crate::model::suggestion::did_you_mean;

/// Why a guard could not be read. Lines and columns count from one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {message}")]
pub struct GuardError {
    /// Line of the mistake.
    pub line: usize,
    /// Column of the mistake, in characters.
    pub column: usize,
    /// What is wrong, with a suggestion where there is one.
    pub message: String,
}

/// The guards in a YAML text of one or more documents, in their order.
///
/// # Errors
/// The first mistake in form or reference.
pub fn guards(source: &str) -> Result<Vec<Guard>, GuardError> {
    let documents: Vec<ScrapeGuard> = serde_saphyr::from_multiple(source).map_err(|error| form_error(&error))?;
    if documents.is_empty() {
        return Err(at(1, 1, format!("there is no {KIND} in this file")));
    }
    documents.iter().map(|document| guard(document, source)).collect()
}

fn guard(document: &ScrapeGuard, source: &str) -> Result<Guard, GuardError> {
    expect_text("apiVersion", &document.api_version, API_VERSION, source)?;
    expect_text("kind", &document.kind, KIND, source)?;
    resolve::guard(&document.metadata.name, &document.spec).map_err(|error| at(1, 1, error.to_string()))
}

fn expect_text(field: &str, found: &str, expected: &str, _source: &str) -> Result<(), GuardError> {
    if found == expected {
        return Ok(());
    }
    Err(at(1, 1, format!("{field} is {found:?}; only {expected:?} is understood")))
}

fn form_error(error: &Error) -> GuardError {
    let error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = did_you_mean(field, expected.iter().copied());
            format!("unknown field {field:?}{}", or_list(hint, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let hint = did_you_mean(variant, expected.iter().copied());
            format!("unknown value {variant:?}{}", or_list(hint, expected))
        }
        Error::SerdeMissingField { field, .. } => format!("the field {field:?} is missing"),
        other => first_line(&other.to_string()),
    };
    at(count(location.line()), count(location.column()), message)
}

fn or_list(hint: String, expected: &[&str]) -> String {
    if hint.is_empty() { format!("; expected one of {}", expected.join(", ")) } else { hint }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).max(1)
}

fn at(line: usize, column: usize, message: String) -> GuardError {
    GuardError { line, column, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HEAD: &str = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\n";

    fn load(rest: &str) -> Result<Vec<Guard>, GuardError> {
        guards(&format!("{HEAD}{rest}"))
    }

    #[test]
    fn an_empty_guard_is_the_built_in_one() {
        let mut loaded = load("").unwrap();
        loaded[0].name = "monitoring".to_owned();
        assert_eq!(loaded, [crate::model::guard::built_in::guard()]);
    }

    #[rstest]
    #[case("spec:\n  namspace: x\n", 5, 3, "unknown field \"namspace\"; did you mean \"namespace\"?")]
    #[case("spec:\n  enforcement: {mode: enforced}\n", 5, 23, "unknown value \"enforced\"; did you mean \"enforce\"?")]
    #[case("spec:\n  components:\n  - {hostNetwork: true}\n", 6, 6, "the field \"name\" is missing")]
    fn a_mistake_in_form_is_shown_at_its_place(
        #[case] rest: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] message: &str,
    ) {
        assert_eq!(load(rest).unwrap_err(), at(line, column, message.to_owned()));
    }
}
