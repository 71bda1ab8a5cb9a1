//! The difference for people: what is lost first, then what is gained, each with its reason.
//!
//! Everything here is styled for a terminal; whoever prints it strips the styles where there is none.

use anstyle::{AnsiColor, Style};

use super::{Report, Turn, turn};
use crate::engine::audit::{Changed, Exposure, ScrapePath};
use crate::engine::reach::{Path, Verdict};
use crate::report::audit::Found;
use crate::report::audit::json::intruder;
use crate::report::audit::text::{Writer, connection};

const HEADER: Style = Style::new().bold();
const WORSE: Style = AnsiColor::Red.on_default().bold();
const BETTER: Style = AnsiColor::Green.on_default().bold();
const OTHER: Style = AnsiColor::Yellow.on_default().bold();

/// Turns in the order in which they are told.
const TURNS: [Turn; 3] = [Turn::Lost, Turn::Gained, Turn::Otherwise];
/// The words for them, where to get through is good.
const WANTED: [(&str, Style); 3] = [("lost", WORSE), ("gained", BETTER), ("changed", OTHER)];
/// The words for them, where it is not.
const UNWANTED: [(&str, Style); 3] = [("closed", BETTER), ("opened", WORSE), ("changed", OTHER)];

/// Something that is different, in words.
struct Entry {
    turn: Turn,
    what: String,
    /// Whole lines.
    why: String,
}

/// The whole report, for lines of this many columns.
pub fn text(report: &Report<'_>, width: usize) -> String {
    let teller = Teller {
        before: Writer { snapshot: report.before.snapshot, width },
        after: Writer { snapshot: report.after.snapshot, width },
    };
    let difference = report.difference;
    let paths = difference.scrape_paths.iter().map(|changed| teller.scrape_path(changed));
    let connections = difference.connections.iter().map(|changed| Entry {
        turn: turn(changed, |(_, path)| path.verdict()),
        what: changed.after.or(changed.before).map(|(guarded, _)| connection(guarded)).unwrap_or_default(),
        why: teller.why(changed.before.map(|(_, path)| path), changed.after.map(|(_, path)| path)),
    });
    let exposures = difference.exposures.iter().map(|changed| teller.exposure(changed));
    let said = [
        teller.section("Scrape paths", &paths.collect::<Vec<_>>(), &WANTED),
        teller.section("Connections of the guard", &connections.collect::<Vec<_>>(), &WANTED),
        teller.section("Exposures", &exposures.collect::<Vec<_>>(), &UNWANTED),
        teller.findings("New findings", &report.appeared()),
        teller.findings("Findings that are gone", &report.gone()),
    ];
    let said = said.concat();
    if said.is_empty() { "no scrape path, connection, exposure or finding changes\n".to_owned() } else { said }
}

struct Teller<'a> {
    before: Writer<'a>,
    after: Writer<'a>,
}

impl Teller<'_> {
    /// A paragraph; `words` are those for each turn.
    fn section(&self, title: &str, entries: &[Entry], words: &[(&str, Style); 3]) -> String {
        if entries.is_empty() {
            return String::new();
        }
        let (mut counts, mut lines) = (Vec::new(), String::new());
        for (turn, (word, style)) in TURNS.into_iter().zip(words) {
            let those: Vec<&Entry> = entries.iter().filter(|entry| entry.turn == turn).collect();
            if those.is_empty() {
                continue;
            }
            counts.push(format!("{} {word}", those.len()));
            lines.extend(those.into_iter().map(|Entry { what, why, .. }| {
                format!("  {style}{word:<7}{style:#} {}{why}", self.after.wrapped(what))
            }));
        }
        format!("{HEADER}{title}{HEADER:#}: {}\n{lines}\n", counts.join(", "))
    }

    fn scrape_path(&self, changed: &Changed<&ScrapePath<'_>>) -> Entry {
        let what = changed.after.or(changed.before).map(|path| match &path.target {
            Some(target) => format!("{}: {}", path.monitor, target.scrape_url),
            None => path.monitor.to_string(),
        });
        let path = |side: Option<&ScrapePath<'_>>| side.map(|it| it.path.as_ref().clone());
        let (before, after) = (path(changed.before), path(changed.after));
        Entry {
            turn: turn(changed, |it| it.path.verdict()),
            what: what.unwrap_or_default(),
            why: self.why(before.as_ref(), after.as_ref()),
        }
    }

    /// What is in its way now, or else what was before.
    fn why(&self, before: Option<&Path>, after: Option<&Path>) -> String {
        let is_blocked = |path: &&Path| path.verdict() != Verdict::Open;
        match (before, after) {
            (_, Some(now)) if is_blocked(&now) => self.after.steps(now),
            (Some(_), None) => self.after.inset("it is no longer there"),
            (None, Some(_)) => self.after.inset("it was not there before"),
            (Some(then), _) if is_blocked(&then) => self.after.inset("before:") + &self.before.steps(then),
            _ => String::new(),
        }
    }

    fn exposure(&self, changed: &Changed<&Exposure<'_>>) -> Entry {
        let turn = turn(changed, |it| it.verdict);
        let Some(it) = changed.after.or(changed.before) else {
            return Entry { turn, what: String::new(), why: String::new() };
        };
        let what = format!("{}, port {}: {}", it.target.full_name(), it.port, intruder(&it.from));
        Entry { turn, what, why: self.after.inset(&it.reason) }
    }

    fn findings(&self, title: &str, found: &[&Found]) -> String {
        if found.is_empty() {
            return String::new();
        }
        let each = found.iter().map(|found| {
            let object = format!("  {HEADER}{}{HEADER:#}\n", found.finding.object);
            object + &self.after.finding(found)
        });
        format!("{HEADER}{title}{HEADER:#}: {}\n{}\n", found.len(), each.collect::<String>())
    }
}
