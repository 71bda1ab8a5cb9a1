//! The scrape path: who reaches what, hop by hop, in three values.

pub mod authorization;
