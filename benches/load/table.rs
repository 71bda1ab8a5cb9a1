//! The results for people, as a Markdown table.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::rounds::{Comparison, Pair, Slice};

const COLUMNS: [&str; 10] =
    ["load", "server", "reviews", "per second", "CPU µs", "client µs", "p50 ms", "p99 ms", "late ms", "RSS MiB"];

/// Three lines a scenario: the medians of both servers, and the median of the ratios of each pair with the least and
/// the most.
pub(crate) fn markdown(comparisons: &[Comparison<'_>]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for comparison in comparisons {
        table.add_row(medians(comparison, "floor", |pair| &pair.floor));
        table.add_row(medians(comparison, "scrapeguard", |pair| &pair.scrapeguard));
        table.add_row(ratios(comparison));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn medians(comparison: &Comparison<'_>, server: &str, slice: impl Fn(&Pair) -> &Slice) -> Vec<String> {
    let median = |number: fn(&Slice) -> f64| comparison.median(&slice, number);
    let reviews: f64 = comparison.pairs.iter().map(|pair| slice(pair).reviews).sum();
    vec![
        comparison.scenario.name.to_owned(),
        server.to_owned(),
        format!("{reviews:.0}"),
        format!("{:.0}", median(|slice| slice.rate)),
        format!("{:.1}", median(|slice| slice.processor_time)),
        format!("{:.1}", median(|slice| slice.client_time)),
        format!("{:.3}", median(|slice| slice.p50) / 1e3),
        format!("{:.3}", median(|slice| slice.p99) / 1e3),
        format!("{:.3}", median(|slice| slice.lateness_p99) / 1e3),
        format!("{:.1}", median(|slice| slice.resident)),
    ]
}

fn ratios(comparison: &Comparison<'_>) -> Vec<String> {
    let ratio = |number: fn(&Slice) -> f64| {
        let (median, least, most) = comparison.ratio(number);
        format!("{median:.2} ({least:.2}-{most:.2})")
    };
    vec![
        String::new(),
        "ratio".to_owned(),
        String::new(),
        ratio(|slice| slice.rate),
        ratio(|slice| slice.processor_time),
        String::new(),
        ratio(|slice| slice.p50),
        ratio(|slice| slice.p99),
        String::new(),
        ratio(|slice| slice.resident),
    ]
}
