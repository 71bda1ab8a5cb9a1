//! The reviews that are measured: bytes that a kube-apiserver sent, each with the answer that it is about.
//!
//! They were recorded from Kubernetes v1.37.0 with its controllers, one file a request, and are not touched since:
//! order of keys, managed fields, defaults and all.

use std::fmt;

use scrapeguard::webhook::endpoint::{Endpoint, Step};
use scrapeguard::webhook::review::Verdict;

/// A recorded review.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordedReview {
    /// What it is, in a few words.
    pub(crate) name: &'static str,
    /// Which webhook it was sent to.
    pub(crate) step: Step,
    /// What the answer of the built-in guard amounts to.
    pub(crate) verdict: Verdict,
    /// The body of the request.
    pub(crate) body: &'static str,
}

/// A Prometheus without the labels that policies select it by: the review of the budgets.
pub(crate) const PROMETHEUS_POD: RecordedReview = RecordedReview {
    name: "Prometheus pod, patched",
    step: Step::Mutate,
    verdict: Verdict::Patched,
    body: include_str!("../reviews/prometheus-pod-create.json"),
};

/// A pod of an application: recognised as nothing.
pub(crate) const OTHER_POD: RecordedReview = RecordedReview {
    name: "other pod",
    step: Step::Mutate,
    verdict: Verdict::Allowed,
    body: include_str!("../reviews/other-pod-create.json"),
};

/// An annotation on a running pod: two objects, nothing to do.
pub(crate) const POD_UPDATE: RecordedReview = RecordedReview {
    name: "update of a pod",
    step: Step::Mutate,
    verdict: Verdict::Allowed,
    body: include_str!("../reviews/prometheus-pod-update.json"),
};

/// A NetworkPolicy that every rule is content with.
pub(crate) const NETWORK_POLICY: RecordedReview = RecordedReview {
    name: "NetworkPolicy",
    step: Step::Validate,
    verdict: Verdict::Allowed,
    body: include_str!("../reviews/network-policy-create.json"),
};

/// An AuthorizationPolicy with placeholders left in.
pub(crate) const AUTHORIZATION_POLICY: RecordedReview = RecordedReview {
    name: "AuthorizationPolicy, denied",
    step: Step::Validate,
    verdict: Verdict::Denied,
    body: include_str!("../reviews/authorization-policy-create.json"),
};

/// All of them.
pub(crate) const ALL: [RecordedReview; 5] =
    [PROMETHEUS_POD, OTHER_POD, POD_UPDATE, NETWORK_POLICY, AUTHORIZATION_POLICY];

impl RecordedReview {
    /// Where it is sent.
    pub(crate) const fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.step, None)
    }
}

impl fmt::Display for RecordedReview {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
