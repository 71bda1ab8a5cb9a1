//! Reading guards from YAML: form first, then references, each mistake with its place in the file.

use serde_saphyr::{Error, Location};

use crate::model::document::DocumentError;
use crate::model::guard::document::{API_VERSION, KIND, ScrapeGuard};
use crate::model::guard::resolve::ResolveError;
use crate::model::guard::{Guard, resolve};
use crate::model::suggestion::did_you_mean;
use crate::model::{Document, FieldPath, Position, Source};

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
pub fn guards(text: &str) -> Result<Vec<Guard>, GuardError> {
    let source = Source::new(text);
    let documents: Vec<Document<'_>> =
        Document::read_all(&source).collect::<Result<_, DocumentError>>().map_err(|error| unreadable(&error))?;
    if documents.is_empty() {
        return Err(at(Position { line: 1, column: 1 }, format!("there is no {KIND} in this file")));
    }
    for document in &documents {
        expect_kind(document, &source)?;
    }
    let specifications: Vec<ScrapeGuard> = serde_saphyr::from_multiple(text).map_err(|error| form_error(&error))?;
    let resolve = |(document, guard): (&Document<'_>, &ScrapeGuard)| {
        resolve::guard(&guard.metadata.name, &guard.spec)
            .map_err(|error| at(place(document, &error.path, &source), error.message))
    };
    documents.iter().zip(&specifications).map(resolve).collect()
}

/// The guard in an object of the API server, as JSON.
///
/// # Errors
/// The first mistake in form or reference, with its field where that is known. The API server has checked the form
/// already, so what is left of that are objects that were stored under another definition.
pub fn guard_of_object(json: &str) -> Result<Guard, ResolveError> {
    let unreadable = |error: Error| ResolveError { path: FieldPath::root(), message: form_error(&error).message };
    // JSON is YAML, and this reader is the one that suggests what was meant.
    let object: ScrapeGuard = serde_saphyr::from_str(json).map_err(unreadable)?;
    resolve::guard(&object.metadata.name, &object.spec)
}

/// The guard of a JSON object.
///
/// # Errors
/// The first mistake in form or reference, in words.
pub(super) fn from_json(json: &str) -> Result<Guard, String> {
    let in_words = |error: ResolveError| {
        if error.path.to_string().is_empty() { error.message } else { error.to_string() }
    };
    guard_of_object(json).map_err(in_words)
}

fn expect_kind(document: &Document<'_>, source: &Source<'_>) -> Result<(), GuardError> {
    for (field, found, expected) in
        [("kind", document.kind(), KIND), ("apiVersion", document.api_version(), API_VERSION)]
    {
        if found != expected {
            let message = format!("{field} is {found:?}, only {expected:?} is understood here");
            return Err(at(place(document, &FieldPath::of(field), source), message));
        }
    }
    Ok(())
}

fn place(document: &Document<'_>, path: &FieldPath, source: &Source<'_>) -> Position {
    source.position(document.place_of(path).start)
}

fn unreadable(error: &DocumentError) -> GuardError {
    at(error.position, error.problem.to_string())
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
    at(Position { line: count(location.line()), column: count(location.column()) }, message)
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

fn at(position: Position, message: String) -> GuardError {
    GuardError { line: position.line, column: position.column, message }
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
        assert_eq!(loaded, [crate::model::guard::Guard::built_in()]);
    }

    #[test]
    fn off_is_understood_though_kubectl_would_make_it_false() {
        assert!(load("spec:\n  enforcement:\n    rules: {SG-NP-004: off}\n").is_ok());
    }

    #[test]
    fn another_kind_is_named() {
        let error = guards("apiVersion: v1\nkind: Secret\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 7: kind is \"Secret\", only \"ScrapeGuard\" is understood here");
    }

    #[test]
    fn an_object_of_the_api_server_is_read_with_all_that_it_adds() {
        let object = |spec: &str| {
            format!(
                r#"{{"apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {{"name": "monitoring",
                "resourceVersion": "7", "generation": 1}}, "spec": {spec}, "status": {{"observedGeneration": 1}}}}"#
            )
        };
        assert_eq!(from_json(&object("{}")).unwrap(), Guard::built_in());
        let unknown = r#"{"connections": [{"from": {"component": "grafanna"}, "to": "prometheus", "ports": ["web"],
            "purpose": "ui"}]}"#;
        let said = from_json(&object(unknown)).unwrap_err();
        assert!(said.contains("spec.connections[0]") && said.contains("did you mean \"grafana\"?"), "{said}");
        assert!(from_json(&object(r#"{"namspace": "x"}"#)).unwrap_err().contains("unknown field \"namspace\""));
    }

    #[rstest]
    #[case("spec:\n  namspace: x\n", 5, 3, "unknown field \"namspace\"; did you mean \"namespace\"?")]
    #[case("spec:\n  enforcement: {mode: enforced}\n", 5, 23, "unknown value \"enforced\"; did you mean \"enforce\"?")]
    #[case("spec:\n  components:\n  - {hostNetwork: true}\n", 6, 6, "the field \"name\" is missing")]
    #[case::reference(
        "spec:\n  connections:\n  - {from: {component: grafanna}, to: prometheus, ports: [web], purpose: ui}\n",
        6,
        24,
        "there is no component \"grafanna\"; did you mean \"grafana\"?"
    )]
    #[case::rule(
        "spec:\n  enforcement:\n    rules: {NP-004: ignore}\n",
        6,
        21,
        "\"NP-004\" is not a rule id; rule ids look like SG-NP-004"
    )]
    #[case::twice(
        "spec: {}\nspec: {}\n",
        5,
        1,
        "the key \"spec\" is here a second time; the first is at line 4, column 1"
    )]
    fn a_mistake_is_shown_at_its_place(
        #[case] rest: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] message: &str,
    ) {
        assert_eq!(load(rest).unwrap_err(), GuardError { line, column, message: message.to_owned() });
    }
}
