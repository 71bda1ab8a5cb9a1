//! Targets: what is left of what was discovered after relabeling.

mod doubt;
mod late_labels;
pub mod scraper;
#[cfg(test)]
mod tests;
mod url;

use crate::model::snapshot::Pod;
pub use scraper::Scraper;

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct Target<'s> {
    /// The address as in `__address__`: host and port.
    pub address: String,
    /// The URL as `/api/v1/targets` shows it.
    pub scrape_url: String,
    /// The labels as `/api/v1/targets` shows them, by name.
    pub labels: Vec<(String, String)>,
    /// The pod that was discovered, if it was one. Relabeling may have put another address.
    pub pod: Option<&'s Pod>,
    /// The container of that pod, if one was discovered.
    pub container: Option<&'s str>,
}

/// What becomes of something that was discovered.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate<'s> {
    /// It is scraped.
    Active(Target<'s>),
    /// The relabeling step of this number dropped it.
    DroppedBy(usize),
    /// It lost its address on the way, so that nothing is left to scrape.
    WithoutAddress,
    /// Prometheus refuses to scrape it, and why.
    Refused(String),
    /// Nobody knows: the relabeling step of this number keeps or drops it by a label whose value is not known.
    Undecided(usize, String),
}
