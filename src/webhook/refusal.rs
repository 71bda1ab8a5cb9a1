//! Requests that get no review back: the status, one plain sentence, and a word for metrics.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::review::ReviewError;

/// Why a request is answered with an error instead of a review.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is not a review.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// There is nothing at this path.
    #[error(
        "there is nothing here; use POST /mutate or POST /validate, optionally followed by /enforce, /warn or /audit"
    )]
    UnknownPath,
    /// The method is not POST.
    #[error("admission reviews are sent with POST")]
    Method,
    /// The body does not claim to be JSON.
    #[error("the content type must be application/json")]
    ContentType,
    /// The body is larger than any review that the API server can send.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The cap in bytes.
        limit: usize,
    },
    /// The client went away or broke the protocol in the middle of the body.
    #[error("the body could not be read to its end")]
    BrokenBody,
    /// The body took too long.
    #[error("the body did not arrive in time")]
    SlowBody,
    /// The API server will have stopped waiting.
    #[error("no answer was possible before the timeout that the request named")]
    Deadline,
    /// Something is still missing that decisions need.
    #[error("not ready yet, try again in a second")]
    NotReady,
    /// There are too many bytes in flight.
    #[error("too many requests at once, try again in a second")]
    Overloaded,
    /// A bug of ours.
    #[error("an internal error kept this request from being answered")]
    Panicked,
}

impl Refusal {
    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Review(_) | Self::BrokenBody => StatusCode::BAD_REQUEST,
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Self::NotReady | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// One word for metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Review(error) => error.label(),
            Self::UnknownPath => "path",
            Self::Method => "method",
            Self::ContentType => "content_type",
            Self::TooLarge { .. } => "too_large",
            Self::BrokenBody => "broken_body",
            Self::SlowBody => "slow_body",
            Self::Deadline => "deadline",
            Self::NotReady => "not_ready",
            Self::Overloaded => "overloaded",
            Self::Panicked => "panic",
        }
    }

    /// Whether the same request may well succeed in a moment. The API server then tries again by itself, within its
    /// deadline (`k8s.io/client-go/rest/with_retry.go`).
    const fn is_passing(&self) -> bool {
        matches!(self, Self::NotReady | Self::Overloaded)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        if self.is_passing() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if matches!(self, Self::Method) {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}
