//! scrapeguard keeps every metrics port reachable by Prometheus, and by nothing else.
//!
//! The map, in the order data flows. Arrows point one way: `cli -> controller -> webhook -> engine -> model`, and
//! `cli -> report -> engine`.
//!
//! - [`model`]: the world as values. Partial views of the resources we read, the guard, findings, documents, snapshots.
//! - [`engine`]: the decisions as pure functions of those values: injection, rules, admission, who reaches whom.
//! - `state`: what is in force right now, swapped whole.
//! - `webhook`: AdmissionReview over TLS; the only place that owns sockets and certificates.
//! - `controller`: what only a cluster needs: watches, leadership, companions, certificates, registration.
//! - `report`: one writer per output format.
//! - `cli`: one file per subcommand.
//! - `telemetry`: logs and metrics.
//!
//! `model` and `engine` use no clock, no network, no randomness and no async runtime; they are all that is built
//! with `--no-default-features`.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "controller")]
pub mod controller;
pub mod engine;
pub mod model;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "server")]
pub mod state;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod webhook;
