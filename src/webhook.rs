//! AdmissionReview over TLS: the only place that owns sockets and certificates.
//!
//! A request passes [`listener`], [`connection`] and [`routes`]; the decision in the middle, [`answer()`], is a pure
//! function from bytes to bytes.

pub mod answer;
pub mod body;
pub mod certificate;
pub mod client_certificate;
pub mod connection;
mod consequences;
pub mod deadline;
pub mod endpoint;
pub mod health;
pub mod listener;
pub mod readiness;
pub mod refusal;
pub mod review;
pub mod routes;
pub mod server;
pub mod settings;
pub mod tls;

pub use answer::{answer, answer_knowing};
pub use server::{LOCAL_NAMES, RunningServer, Shared, StartError, start};
pub use settings::Settings;
