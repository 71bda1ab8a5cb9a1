//! `scrapeguard review` of ten thousand mixed manifests: the real program on a real file.
//!
//! Budget: 2 seconds.

use std::io::Write;
use std::process::{Command, Stdio};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use scrapeguard::engine::rules;
use tempfile::NamedTempFile;

const MANIFESTS: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench(args = ["text", "json"], sample_count = 10, sample_size = 1)]
#[expect(clippy::expect_used, reason = "a benchmark of the wrong thing is worse than none")]
fn ten_thousand_manifests(bencher: Bencher<'_, '_>, output: &str) {
    let text = manifests();
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file");
    bencher.counter(ItemsCount::new(MANIFESTS)).counter(BytesCount::of_str(&text)).bench_local(|| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_scrapeguard"));
        program.args(["review", "--fail-on", "never", "-o", output, "-f"]).arg(file.path()).stdout(Stdio::null());
        let status = program.status().expect("the program starts");
        assert!(status.success(), "{status}");
    });
}

/// The examples of all rules, right and wrong, again and again.
fn manifests() -> String {
    let examples = rules::catalogue().flat_map(|rule| [rule.good, rule.bad]);
    let documents: Vec<&str> = examples.flat_map(|text| text.split("\n---\n")).collect();
    let manifests: Vec<&str> =
        documents.iter().copied().filter(|text| !text.contains("kind: ScrapeGuard")).cycle().take(MANIFESTS).collect();
    manifests.join("\n---\n")
}
