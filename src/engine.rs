//! The decisions, as pure functions of the world described in [`crate::model`].

pub mod admission;
pub mod analysis;
pub mod audit;
pub mod companion;
pub mod existing;
pub mod inject;
pub mod message;
pub mod reach;
pub mod registration;
pub mod rules;
pub mod scrape;
