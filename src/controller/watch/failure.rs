//! Why a list or a watch does not work, as far as it makes a difference.

use std::error::Error as _;
use std::time::Duration;

use kube::core::Status;

/// A failure, and the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The API server no longer knows what happened since then.
    Expired,
    /// There is no such kind.
    Missing(String),
    /// We may not read it.
    Forbidden(String),
    /// Anything else. It may work another time.
    Other(String),
}

impl Failure {
    /// That something took too long.
    pub(super) fn slow(what: &str, time: Duration) -> Self {
        Self::Other(format!("{what} did not come within {} s", time.as_secs()))
    }

    /// That a request cannot be made.
    #[expect(clippy::needless_pass_by_value, reason = "it is the last that is heard of the error")]
    pub(super) fn of_request(error: kube::core::request::Error) -> Self {
        Self::Other(error.to_string())
    }

    /// That the API server says no.
    pub(super) fn of_status(status: &Status) -> Self {
        match status.code {
            410 => Self::Expired,
            404 => Self::Missing(status.message.clone()),
            403 => Self::Forbidden(status.message.clone()),
            _ if status.message.is_empty() => Self::Other("something came that is no event".to_owned()),
            _ => Self::Other(format!("{} ({})", status.message, status.code)),
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(&status),
            other => Self::Other(in_full(&other)),
        }
    }
}

/// An error with its causes, each once.
fn in_full(error: &kube::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
