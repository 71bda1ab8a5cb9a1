//! The `scrapeguard` program: arguments in, exit code out.

fn main() {}
