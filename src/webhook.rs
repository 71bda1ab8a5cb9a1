//! AdmissionReview over TLS: the only place that owns sockets and certificates.

pub mod answer;
pub mod endpoint;
pub mod review;

pub use answer::answer;
