//! Exposures: who can reach a guarded port besides those who are meant to.

use crate::engine::reach::Verdict;
use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::snapshot::Pod;

/// A peer that can reach a guarded port and is not meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure<'s> {
    /// Whose port it is. Of pods that no policy can tell apart, the first.
    pub target: &'s Pod,
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// Who reaches it.
    pub from: Intruder<'s>,
    /// [`Verdict::Open`], or [`Verdict::Unknown`] where nobody can tell.
    pub verdict: Verdict,
    /// The object that lets them in; `None` where none keeps anybody out.
    pub object: Option<ObjectReference>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

/// Who reaches a port without being meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intruder<'s> {
    /// Pods that exist, which no policy can tell apart: the first of them, and how many they are.
    Existing(&'s Pod, usize),
    /// Pods that anybody could make, in words: `any pod in namespace shop`.
    Possible(String),
    /// Addresses outside the cluster, in words.
    Outside(String),
}
