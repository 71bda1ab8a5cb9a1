//! Reading a review: the envelope is checked and borrowed, the objects inside stay JSON text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::strict::{self, Fault};
use super::{API_VERSION, KIND};
use crate::engine::admission::{Operation, Request};
use crate::model::Text;

/// A request of the API server, borrowed from the body that it came in.
#[derive(Debug)]
pub struct Review<'a> {
    /// The id of the request, to be echoed. Never empty.
    pub uid: Text<'a>,
    /// What is being done.
    pub operation: Operation,
    /// The kind of the object, in the version that the webhook asked for.
    pub kind: GroupVersionKind<'a>,
    /// The subresource, such as `scale`; empty for the object itself.
    pub subresource: Text<'a>,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: Text<'a>,
    /// The name; empty when it is still to be made from `generateName`.
    pub name: Text<'a>,
    /// Whether nothing will be stored whatever the answer is.
    pub dry_run: bool,
    /// The object as it would be stored; absent for a DELETE.
    pub object: Option<&'a RawValue>,
    /// The object as it is stored; absent for a CREATE.
    pub old_object: Option<&'a RawValue>,
}

/// A kind with its API group and version.
#[derive(Debug, Default, Deserialize)]
pub struct GroupVersionKind<'a> {
    /// The API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// The version, such as `v1`.
    #[serde(borrow, default)]
    pub version: Text<'a>,
    /// The kind, such as `Pod`.
    #[serde(borrow)]
    pub kind: Text<'a>,
}

/// Why a body is not a review that can be answered. Every text is one sentence for the person who reads it in an
/// event or in a log of the API server.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReviewError {
    /// The body is not text.
    #[error("the body is not UTF-8: byte {0} is invalid")]
    Encoding(usize),
    /// The body is not JSON, or a field has the wrong type. The text ends with line and column.
    #[error("the body is not a valid AdmissionReview: {0}")]
    Malformed(String),
    /// The body is valid JSON of a kind that is refused all the same.
    #[error(transparent)]
    Strict(#[from] Fault),
    /// The body is something else, or another version.
    #[error("expected apiVersion {API_VERSION} and kind {KIND}, got apiVersion {api_version:?} and kind {kind:?}")]
    Version {
        /// What `apiVersion` says.
        api_version: String,
        /// What `kind` says.
        kind: String,
    },
    /// There is no `request`, as in an answer.
    #[error("the AdmissionReview has no request")]
    MissingRequest,
    /// There is nothing to echo.
    #[error("the AdmissionReview has no request.uid")]
    MissingUid,
    /// `request.object` or `request.oldObject` is not a JSON object.
    #[error("request.{0} is not a JSON object")]
    NotAnObject(&'static str),
}

impl ReviewError {
    /// One word for metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "encoding",
            Self::Malformed(_) | Self::NotAnObject(_) | Self::Strict(Fault::HalfCharacter { .. }) => "malformed",
            Self::Strict(Fault::TooDeep) => "too_deep",
            Self::Strict(Fault::DuplicateKey { .. }) => "duplicate_key",
            Self::Version { .. } => "version",
            Self::MissingRequest => "missing_request",
            Self::MissingUid => "missing_uid",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    request: Option<Body<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    uid: Option<Text<'a>>,
    #[serde(borrow)]
    kind: GroupVersionKind<'a>,
    #[serde(borrow)]
    sub_resource: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    operation: Verb,
    dry_run: Option<bool>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Create,
    Update,
    Delete,
    Connect,
}

/// Reads a review from the body of a request.
///
/// # Errors
/// The first thing that is wrong, as a sentence; see [`ReviewError`].
pub fn decode(body: &[u8]) -> Result<Review<'_>, ReviewError> {
    let text = std::str::from_utf8(body).map_err(|error| ReviewError::Encoding(error.valid_up_to()))?;
    let envelope = serde_json::from_str(text);
    // Also when the envelope does not decode: a duplicate key of ours gets the same sentence as one of theirs.
    strict::check(text)?;
    let envelope: Envelope<'_> = envelope.map_err(|error| ReviewError::Malformed(error.to_string()))?;
    let (api_version, kind) = (envelope.api_version.unwrap_or_default(), envelope.kind.unwrap_or_default());
    if api_version != API_VERSION || kind != KIND {
        return Err(ReviewError::Version { api_version: excerpt(&api_version), kind: excerpt(&kind) });
    }
    envelope.request.ok_or(ReviewError::MissingRequest)?.try_into()
}

impl<'a> TryFrom<Body<'a>> for Review<'a> {
    type Error = ReviewError;

    fn try_from(body: Body<'a>) -> Result<Self, ReviewError> {
        Ok(Self {
            uid: body.uid.filter(|uid| !uid.is_empty()).ok_or(ReviewError::MissingUid)?,
            operation: body.operation.into(),
            kind: body.kind,
            subresource: body.sub_resource.unwrap_or_default(),
            namespace: body.namespace.unwrap_or_default(),
            name: body.name.unwrap_or_default(),
            dry_run: body.dry_run.unwrap_or_default(),
            object: as_object(body.object, "object")?,
            old_object: as_object(body.old_object, "oldObject")?,
        })
    }
}

impl From<Verb> for Operation {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Create => Self::Create,
            Verb::Update => Self::Update,
            Verb::Delete => Self::Delete,
            Verb::Connect => Self::Connect,
        }
    }
}

impl Review<'_> {
    /// The part that decisions depend on.
    pub fn request(&self) -> Request<'_> {
        Request {
            operation: self.operation,
            group: &self.kind.group,
            kind: &self.kind.kind,
            subresource: &self.subresource,
            namespace: &self.namespace,
            name: &self.name,
            object: self.object,
            old_object: self.old_object,
        }
    }
}

fn as_object<'a>(value: Option<&'a RawValue>, field: &'static str) -> Result<Option<&'a RawValue>, ReviewError> {
    match value {
        Some(value) if !value.get().starts_with('{') => Err(ReviewError::NotAnObject(field)),
        value => Ok(value),
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const POD: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",
        "kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},
        "requestKind":{"group":"","version":"v1","kind":"Pod"},"name":"p","namespace":"monitoring",
        "operation":"CREATE","userInfo":{"username":"admin","groups":["a"]},"dryRun":true,
        "object":{"kind":"Pod","metadata":{"name":"p"}},"oldObject":null,"options":null}}"#;

    #[test]
    fn borrows_what_a_decision_needs() {
        let review = decode(POD.as_bytes()).unwrap();
        assert_eq!(review.uid, "u-1");
        assert!(review.dry_run);
        let request = review.request();
        assert_eq!(request.operation, Operation::Create);
        assert_eq!((request.group, request.kind, request.namespace, request.name), ("", "Pod", "monitoring", "p"));
        assert_eq!(request.object.unwrap().get(), r#"{"kind":"Pod","metadata":{"name":"p"}}"#);
        assert!(request.old_object.is_none());
    }

    #[test]
    fn a_delete_has_no_object() {
        let body = POD.replace("CREATE", "DELETE").replace(r#"{"kind":"Pod","metadata":{"name":"p"}}"#, "null");
        let review = decode(body.as_bytes()).unwrap();
        assert_eq!(review.operation, Operation::Delete);
        assert!(review.object.is_none());
    }

    #[rstest]
    #[case::empty("", "malformed", "EOF while parsing a value at line 1 column 0")]
    #[case::cut_off(r#"{"kind":"#, "malformed", "EOF while parsing a value at line 1 column 8")]
    #[case::trailing("{} x", "malformed", "trailing characters at line 1 column 4")]
    #[case::two_documents("{}{}", "malformed", "trailing characters")]
    #[case::not_a_map("[]", "malformed", "line 1")]
    #[case::other_version(
        r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#,
        "version",
        "expected apiVersion admission.k8s.io/v1"
    )]
    #[case::other_kind(r#"{"apiVersion":"v1","kind":"Pod"}"#, "version", r#"kind "Pod""#)]
    #[case::an_answer(
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{}}"#,
        "missing_request",
        "no request"
    )]
    #[case::twice(r#"{"kind":"a","kind":"b"}"#, "duplicate_key", r#"the key "kind" occurs twice"#)]
    fn says_what_is_wrong(#[case] body: &str, #[case] label: &str, #[case] sentence: &str) {
        let error = decode(body.as_bytes()).unwrap_err();
        assert_eq!(error.label(), label, "{error}");
        assert!(error.to_string().contains(sentence), "{error}");
    }

    #[rstest]
    #[case::no_uid(r#""uid":"u-1","#, "", "missing_uid")]
    #[case::empty_uid("u-1", "", "missing_uid")]
    #[case::unknown_operation("CREATE", "PATCH", "malformed")]
    #[case::uid_is_a_number(r#""u-1""#, "1", "malformed")]
    #[case::object_is_a_list(r#"{"kind":"Pod","metadata":{"name":"p"}}"#, "[]", "malformed")]
    #[case::inside_the_object(r#"{"name":"p"}"#, r#"{"name":"p","name":"q"}"#, "duplicate_key")]
    #[case::inside_what_is_ignored(r#""groups":["a"]"#, r#""groups":[{"a":1,"a":2}]"#, "duplicate_key")]
    fn refuses_a_review_changed_like_this(#[case] from: &str, #[case] to: &str, #[case] label: &str) {
        let body = POD.replace(from, to);
        assert_ne!(body, POD);
        assert_eq!(decode(body.as_bytes()).unwrap_err().label(), label);
    }

    #[test]
    fn refuses_what_is_not_text() {
        let error = decode(b"{\"kind\":\"\xff\"}").unwrap_err();
        assert_eq!(error, ReviewError::Encoding(9));
    }
}
