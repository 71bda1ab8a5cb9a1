//! What operators see of the running program: logs and metrics.

pub mod logs;
pub mod metrics;

pub use metrics::Metrics;
