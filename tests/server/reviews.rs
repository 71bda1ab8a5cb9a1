//! Reviews to send.

/// A review of the creation of this object.
pub(crate) fn review_of(object: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u-1",
        "kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},
        "name":"prometheus-0","namespace":"monitoring","operation":"CREATE","object":{object}}}}}"#
    )
}

/// A review of the creation of a small pod.
pub(crate) fn pod() -> String {
    review_of(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"prometheus-0","namespace":"monitoring"}}"#)
}

/// A review of exactly this many bytes.
pub(crate) fn of_size(bytes: usize) -> String {
    let padded = |length| review_of(&format!(r#"{{"padding":"{}"}}"#, "x".repeat(length)));
    padded(bytes - padded(0).len())
}
