//! The difference for machines: an interface that people build on, so fields are added and never changed.

use serde::Serialize;

use super::{Report, Turn, turn};
use crate::engine::audit::Changed;
use crate::engine::reach::Verdict;
use crate::report::audit::json::{FoundLine, exposure_line, found_line, scrape_line};
use crate::report::json::VERSION;
use crate::report::trace::as_guarded_line;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, S, C, E> {
    version: &'static str,
    scrape_paths: Turns<S>,
    connections: Turns<C>,
    exposures: Turns<E>,
    findings: Findings<'a>,
}

/// By what becomes of them: `lost` were open and are no more, `gained` are and were not.
#[derive(Serialize)]
struct Turns<T> {
    lost: Vec<Sides<T>>,
    gained: Vec<Sides<T>>,
    changed: Vec<Sides<T>>,
}

#[derive(Serialize)]
struct Sides<T> {
    before: Option<T>,
    after: Option<T>,
}

#[derive(Serialize)]
struct Findings<'a> {
    new: Vec<FoundLine<'a>>,
    gone: Vec<FoundLine<'a>>,
}

/// Writes the report as one JSON value, and a line end.
///
/// # Errors
/// What the writer says.
pub fn write(report: &Report<'_>, writer: &mut impl std::io::Write) -> std::io::Result<()> {
    let Report { difference, before, after } = *report;
    let document = Document {
        version: VERSION,
        scrape_paths: turns(
            &difference.scrape_paths,
            |path| path.path.verdict(),
            |path| scrape_line(path, before.snapshot),
            |path| scrape_line(path, after.snapshot),
        ),
        connections: turns(
            &difference.connections,
            |(_, path)| path.verdict(),
            |(guarded, path)| as_guarded_line(guarded, path, before.snapshot),
            |(guarded, path)| as_guarded_line(guarded, path, after.snapshot),
        ),
        exposures: turns(&difference.exposures, |it| it.verdict, |it| exposure_line(it), |it| exposure_line(it)),
        findings: Findings {
            new: report.appeared().into_iter().map(found_line).collect(),
            gone: report.gone().into_iter().map(found_line).collect(),
        },
    };
    serde_json::to_writer_pretty(&mut *writer, &document)?;
    writeln!(writer)
}

fn turns<T: Copy, L>(
    all: &[Changed<T>],
    verdict: impl Fn(T) -> Verdict,
    before: impl Fn(T) -> L,
    after: impl Fn(T) -> L,
) -> Turns<L> {
    let of = |wanted: Turn| {
        let those = all.iter().filter(|changed| turn(changed, &verdict) == wanted);
        those.map(|changed| Sides { before: changed.before.map(&before), after: changed.after.map(&after) }).collect()
    };
    Turns { lost: of(Turn::Lost), gained: of(Turn::Gained), changed: of(Turn::Otherwise) }
}
