//! The AdmissionReview codec: `admission.k8s.io/v1` bytes in, a borrowed review out, and the answer back to bytes.
//!
//! The types are our own because the usual ones parse the whole object into a tree, encode the patch as an array of
//! numbers and have no place for the details of a denial.

pub mod decode;
pub mod encode;
pub mod scan;

pub use decode::{Review, ReviewError, decode};
pub use encode::{Verdict, encode};

/// The only version that is spoken.
pub const API_VERSION: &str = "admission.k8s.io/v1";
/// The kind of both directions.
pub const KIND: &str = "AdmissionReview";
