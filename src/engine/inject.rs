//! Injection: the additions that make an object match the policies written for it.

pub mod patch;
