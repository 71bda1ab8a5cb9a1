//! Reading a review: the envelope is checked and read, the objects inside stay JSON text.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scan::{Fault, Objects, scan};
use super::{API_VERSION, KIND};
use crate::engine::admission::{Operation, Request};
use crate::model::guard::User;
use crate::model::resource::null_as_default;

/// A request of the API server. The objects are borrowed from the body that it came in; the rest is short.
#[derive(Debug)]
pub struct Review<'a> {
    /// The id of the request, to be echoed. Never empty.
    pub uid: String,
    /// What is being done.
    pub operation: Operation,
    /// The kind of the object, in the version that the webhook asked for.
    pub kind: GroupVersionKind,
    /// The subresource, such as `scale`; empty for the object itself.
    pub subresource: String,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The name; empty when it is still to be made from `generateName`.
    pub name: String,
    /// Who makes the request.
    pub user: UserInfo,
    /// Whether nothing will be stored whatever the answer is.
    pub dry_run: bool,
    /// The object as it would be stored, valid JSON; absent for a DELETE.
    pub object: Option<&'a str>,
    /// The object as it is stored, valid JSON; absent for a CREATE.
    pub old_object: Option<&'a str>,
}

/// Who makes a request (`authentication.k8s.io/v1` UserInfo).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserInfo {
    /// The name; empty where nobody says.
    pub username: String,
    /// The groups.
    #[serde(deserialize_with = "null_as_default")]
    pub groups: Vec<String>,
}

/// A kind with its API group and version.
#[derive(Debug, Default, Deserialize)]
pub struct GroupVersionKind {
    /// The API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The version, such as `v1`.
    #[serde(default)]
    pub version: String,
    /// The kind, such as `Pod`.
    pub kind: String,
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
    /// The body cannot be read safely.
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
            Self::Malformed(_)
            | Self::NotAnObject(_)
            | Self::Strict(Fault::Syntax { .. } | Fault::HalfCharacter { .. }) => "malformed",
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
struct Envelope {
    api_version: Option<String>,
    kind: Option<String>,
    request: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    uid: Option<String>,
    kind: GroupVersionKind,
    sub_resource: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    operation: Verb,
    user_info: Option<UserInfo>,
    dry_run: Option<bool>,
    object: Option<IgnoredAny>,
    old_object: Option<IgnoredAny>,
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
    let objects = scan(text).map_err(|fault| not_json(text, fault))?;
    let envelope = envelope(text, &objects)?;
    let (api_version, kind) = (envelope.api_version.unwrap_or_default(), envelope.kind.unwrap_or_default());
    if api_version != API_VERSION || kind != KIND {
        return Err(ReviewError::Version { api_version: excerpt(&api_version), kind: excerpt(&kind) });
    }
    let part = |range: &Option<Range<usize>>| range.clone().and_then(|range| text.get(range));
    review(envelope.request.ok_or(ReviewError::MissingRequest)?, part(&objects.object), part(&objects.old_object))
}

/// Reads the review without its objects, which are nearly all of it and have been looked at already.
fn envelope(text: &str, objects: &Objects) -> Result<Envelope, ReviewError> {
    let mut parts: Vec<_> = objects.object.iter().chain(&objects.old_object).cloned().collect();
    parts.sort_unstable_by_key(|range| range.start);
    let mut rest = String::with_capacity(2048);
    let mut position = 0;
    for part in parts {
        rest.push_str(text.get(position..part.start).unwrap_or_default());
        rest.push_str("null");
        position = part.end;
    }
    rest.push_str(text.get(position..).unwrap_or_default());
    // Only the whole text has the right lines and columns.
    serde_json::from_str(&rest).map_err(|error| malformed::<Envelope>(text).unwrap_or(error)).map_err(ReviewError::from)
}

/// What another reader has to say, which knows better than "not JSON" what it expected.
fn not_json(text: &str, fault: Fault) -> ReviewError {
    match fault {
        Fault::Syntax { .. } => malformed::<IgnoredAny>(text).map_or(ReviewError::Strict(fault), ReviewError::from),
        _ => ReviewError::Strict(fault),
    }
}

fn malformed<'a, T: Deserialize<'a>>(text: &'a str) -> Option<serde_json::Error> {
    serde_json::from_str::<T>(text).err()
}

fn review<'a>(body: Body, object: Option<&'a str>, old_object: Option<&'a str>) -> Result<Review<'a>, ReviewError> {
    if body.object.is_some() {
        return Err(ReviewError::NotAnObject("object"));
    }
    if body.old_object.is_some() {
        return Err(ReviewError::NotAnObject("oldObject"));
    }
    Ok(Review {
        uid: body.uid.filter(|uid| !uid.is_empty()).ok_or(ReviewError::MissingUid)?,
        operation: body.operation.into(),
        kind: body.kind,
        subresource: body.sub_resource.unwrap_or_default(),
        namespace: body.namespace.unwrap_or_default(),
        name: body.name.unwrap_or_default(),
        user: body.user_info.unwrap_or_default(),
        dry_run: body.dry_run.unwrap_or_default(),
        object,
        old_object,
    })
}

impl From<serde_json::Error> for ReviewError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
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

impl UserInfo {
    /// The part that decisions depend on.
    pub fn user(&self) -> User<'_> {
        User { name: &self.username, groups: &self.groups }
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
        assert_eq!(request.object.unwrap(), r#"{"kind":"Pod","metadata":{"name":"p"}}"#);
        assert!(request.old_object.is_none());
        assert_eq!(review.user.user(), User { name: "admin", groups: &["a".to_owned()] });
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
