//! What tests need to run against a real Kubernetes: the control plane, our server beside it, and a way to list tests.
//!
//! A test target uses it with `#[path = "../support/support.rs"] mod support;` and has `harness = false`, because
//! whether the control plane can be had is only known at run time (see [`suite`]).

pub(crate) mod control_plane;
pub(crate) mod go;
pub(crate) mod installation;
pub(crate) mod istiod;
pub(crate) mod live;
pub(crate) mod poll;
pub(crate) mod suite;
