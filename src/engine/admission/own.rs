//! What is ours: guards, which must make sense before they are stored, and the object of the self-test, which is never
//! stored at all.

use crate::engine::admission::{Operation, Outcome, Refusal, Request};
use crate::engine::registration::self_test;
use crate::model::guard::document::{API_VERSION, KIND};
use crate::model::guard::load;
use crate::model::resource::Metadata;
use crate::model::{FieldPath, Resource};

/// What is said about one of our own objects; `None` for all others.
pub fn validate(request: &Request<'_>) -> Option<Outcome> {
    self_tested(request).or_else(|| guard(request))
}

/// The refusal of the self-test's object. Whoever answers a question that can be tested asks this first.
pub fn self_tested(request: &Request<'_>) -> Option<Outcome> {
    let is_policy = Resource::of(request.group, request.kind) == Some(Resource::NetworkPolicy);
    let object = request.object.filter(|json| is_policy && json.contains(self_test::LABEL))?;
    let metadata = metadata_of(object);
    let question = metadata.labels.get(self_test::LABEL)?;
    let message = format!("the self-test of {question} is answered");
    let path = FieldPath::of("metadata.labels").key(self_test::LABEL);
    Some(refused(request, &metadata, path, message))
}

/// Whether the object is a ScrapeGuard.
pub fn is_guard(request: &Request<'_>) -> bool {
    request.kind == KIND && API_VERSION.split_once('/').is_some_and(|(group, _)| group == request.group)
}

fn guard(request: &Request<'_>) -> Option<Outcome> {
    let is_written =
        matches!(request.operation, Operation::Create | Operation::Update) && request.subresource.is_empty();
    let object = request.object.filter(|_| is_guard(request) && is_written)?;
    Some(match load::guard_of_object(object) {
        Ok(_) => Outcome::default(),
        Err(error) => refused(request, &metadata_of(object), error.path, error.message),
    })
}

fn metadata_of(json: &str) -> Metadata<'_> {
    #[derive(serde::Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Metadata<'a>,
    }
    serde_json::from_str::<Object<'_>>(json).map_or_else(|_| Metadata::none(), |object| object.metadata)
}

fn refused(request: &Request<'_>, metadata: &Metadata<'_>, path: FieldPath, message: String) -> Outcome {
    let refusal = Refusal { object: request.reference(metadata), path, message };
    Outcome { refusals: vec![refusal], ..Outcome::default() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::engine::message;
    use crate::engine::registration::Place;
    use crate::engine::registration::self_test::Question;

    fn place() -> Place {
        let name = |name: &str| name.to_owned();
        Place { service: name("scrapeguard"), namespace: name("scrapeguard-system"), port: 443, cert_manager: false }
    }

    fn said_of_guard(spec: &str) -> Option<String> {
        let json = format!(
            r#"{{"apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {{"name": "m", "uid": "1"}},
                "spec": {spec}, "status": {{"observedGeneration": 1}}}}"#
        );
        let outcome = validate(&Request::create("scrapeguard.io", "ScrapeGuard", "", &json)).unwrap();
        (!outcome.is_allowed()).then(|| message::denial(&outcome))
    }

    #[rstest]
    #[case::fine(r#"{"namespace": "monitoring"}"#, None)]
    #[case::reference(
        r#"{"connections": [{"from": {"component": "grafanna"}, "to": "prometheus", "ports": ["web"], "purpose": "ui"}]}"#,
        Some("ScrapeGuard m: there is no component \"grafanna\"; did you mean \"grafana\"?\n  at  spec.connections[0].from.component")
    )]
    #[case::form(
        r#"{"namspace": "x"}"#,
        Some("ScrapeGuard m: unknown field \"namspace\"; did you mean \"namespace\"?")
    )]
    fn a_guard_has_to_make_sense(#[case] spec: &str, #[case] expected: Option<&str>) {
        assert_eq!(said_of_guard(spec).as_deref(), expected);
    }

    #[test]
    fn a_guard_that_goes_is_not_looked_at() {
        let request = Request::create("scrapeguard.io", "ScrapeGuard", "", r#"{"spec": {"namspace": "x"}}"#);
        assert_eq!(validate(&Request { operation: Operation::Delete, ..request }), None);
        assert_eq!(validate(&Request { subresource: "status", ..request }), None);
    }

    #[test]
    fn the_object_of_the_self_test_is_always_refused() {
        for question in Question::ALL {
            let object = self_test::object(question, &place()).to_string();
            let outcome = validate(&Request::create("networking.k8s.io", "NetworkPolicy", "any", &object)).unwrap();
            assert!(!outcome.is_allowed());
            assert!(message::denial(&outcome).contains(question.label()));
        }
    }

    #[test]
    fn what_only_mentions_the_label_is_not_ours() {
        let object = r#"{"metadata": {"name": "a", "annotations": {"scrapeguard.io/self-test": "x"}}, "spec": {}}"#;
        assert_eq!(validate(&Request::create("networking.k8s.io", "NetworkPolicy", "any", object)), None);
    }
}
