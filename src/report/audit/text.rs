//! The audit for people: what is wrong, object by object, then what does not get through and why, then the totals.
//!
//! Everything here is styled for a terminal; whoever prints it strips the styles where there is none.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::json::intruder;
use super::{Found, Lacking, Report, Summary, Verdicts};
use crate::engine::audit::{Exposure, ScrapePath};
use crate::engine::reach::guarded::Guarded;
use crate::engine::reach::{Path, Step, Verdict};
use crate::model::snapshot::Snapshot;
use crate::model::{ObjectReference, Severity};
use crate::report::trace::{PLACE, styled};

const HEADER: Style = Style::new().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const INFO: Style = AnsiColor::Cyan.on_default().bold();
const CLEAN: Style = AnsiColor::Green.on_default().bold();

/// How far in stands what is said about a line that begins with a severity or a verdict.
const INSET: usize = 10;
/// So many objects that lack something are named.
const NAMED_OBJECTS: usize = 20;
/// So many targets of a group are named.
const NAMED_TARGETS: usize = 3;

/// The whole report, for lines of this many columns.
pub fn text(report: &Report<'_>, width: usize) -> String {
    let writer = Writer { snapshot: report.snapshot, width };
    let mut text = writer.findings(report.found);
    text += &writer.scrape_paths(&report.audit.scrape_paths);
    text += &writer.connections(&report.audit.connections);
    text += &writer.exposures(&report.audit.exposures);
    text += &lacking(report.lacking);
    text += &writer.not_considered(&report.audit.not_considered);
    text + &totals(&report.summary)
}

/// Writes for a terminal of a certain width.
pub(in crate::report) struct Writer<'a> {
    pub(in crate::report) snapshot: &'a Snapshot,
    pub(in crate::report) width: usize,
}

impl Writer<'_> {
    /// A paragraph for each object, those with errors first. What is exempted is not told.
    fn findings(&self, found: &[Found]) -> String {
        let mut groups: BTreeMap<&ObjectReference, Vec<&Found>> = BTreeMap::new();
        for found in found.iter().filter(|found| found.exempted.is_none()) {
            groups.entry(&found.finding.object).or_default().push(found);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, found)| std::cmp::Reverse(found.iter().map(|it| it.finding.severity).max()));
        groups.into_iter().map(|(object, found)| self.object(object, &found)).collect()
    }

    fn object(&self, object: &ObjectReference, found: &[&Found]) -> String {
        let place = found.first().and_then(|found| found.place.as_ref());
        let place = place.map(|place| {
            let line = place.object.map(|position| format!(":{}", position.line));
            format!(" {PLACE}({}{}){PLACE:#}", place.file, line.unwrap_or_default())
        });
        let mut text = format!("{HEADER}{object}{HEADER:#}{}\n", place.unwrap_or_default());
        text.extend(found.iter().map(|found| self.finding(found)));
        text + "\n"
    }

    pub(in crate::report) fn finding(&self, found: &Found) -> String {
        let finding = &found.finding;
        let (style, name) = match finding.severity {
            Severity::Error => (ERROR, "error"),
            Severity::Warning => (WARNING, "warning"),
            Severity::Info => (INFO, "info"),
        };
        let path = finding.path.to_string();
        let line = found.place.as_ref().and_then(|place| place.field);
        let line = line.map(|position| format!(" (line {})", position.line)).unwrap_or_default();
        let mut text = format!("  {style}{name:<7}{style:#} ");
        text += &self.wrapped(&format!("{} {}", finding.rule, finding.message));
        if !path.is_empty() {
            text += &self.inset(&format!("at  {path}{line}"));
        }
        if !finding.fix.is_empty() {
            text += &self.inset(&format!("fix {}", finding.fix));
        }
        text
    }

    /// What is blocked or unknown, those alike together.
    fn scrape_paths(&self, paths: &[ScrapePath<'_>]) -> String {
        let mut groups: BTreeMap<_, Vec<&ScrapePath<'_>>> = BTreeMap::new();
        for scrape in paths.iter().filter(|scrape| scrape.path.verdict() != Verdict::Open) {
            let Some(step) = scrape.path.decisive() else { continue };
            let key = (std::cmp::Reverse(step.verdict), &scrape.monitor, &scrape.prometheus, step.hop, &step.reason);
            groups.entry(key).or_default().push(scrape);
        }
        let verdicts: Verdicts = paths.iter().map(|scrape| scrape.path.verdict()).collect();
        let blocks = groups.into_values().map(|group| self.scrape_group(&group));
        section("Scrape paths", &verdicts, blocks)
    }

    fn scrape_group(&self, group: &[&ScrapePath<'_>]) -> String {
        let Some(first) = group.first() else { return String::new() };
        let urls: Vec<&str> =
            group.iter().filter_map(|scrape| Some(scrape.target.as_ref()?.scrape_url.as_str())).collect();
        let what = match urls.len() {
            0 => first.monitor.to_string(),
            1 => format!("{}: {}", first.monitor, urls.join("")),
            number => format!("{}: {number} targets", first.monitor),
        };
        let mut text = self.headline(first.path.verdict(), &what) + &self.steps(&first.path);
        if urls.len() > 1 {
            let named = urls.iter().take(NAMED_TARGETS).copied().collect::<Vec<_>>().join(", ");
            let further = urls.len().saturating_sub(NAMED_TARGETS);
            let further = if further == 0 { String::new() } else { format!(" and {further} more") };
            text += &self.inset(&format!("{named}{further}"));
        }
        if let Some(fix) = &first.fix {
            text += &self.inset(&format!("fix {}", fix.summary));
        }
        text
    }

    fn connections(&self, connections: &[(Guarded<'_>, Path)]) -> String {
        let verdicts: Verdicts = connections.iter().map(|(_, path)| path.verdict()).collect();
        let mut told: Vec<_> = connections.iter().filter(|(_, path)| path.verdict() != Verdict::Open).collect();
        told.sort_by_key(|(_, path)| std::cmp::Reverse(path.verdict()));
        let blocks = told.into_iter().map(|(guarded, path)| self.connection(guarded, path));
        section("Connections of the guard", &verdicts, blocks)
    }

    fn connection(&self, guarded: &Guarded<'_>, path: &Path) -> String {
        self.headline(path.verdict(), &connection(guarded)) + &self.steps(path)
    }

    fn exposures(&self, exposures: &[Exposure<'_>]) -> String {
        if exposures.is_empty() {
            return String::new();
        }
        let mut groups: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for it in exposures {
            let target = (it.target.full_name(), it.port, it.protocol.to_string());
            let key = (it.verdict, target, &it.reason, it.object.as_ref());
            groups.entry(key).or_default().push(intruder(&it.from));
        }
        let mut text = format!("{HEADER}Exposures{HEADER:#}: {}\n", exposures.len());
        for ((verdict, (target, port, protocol), reason, object), from) in groups {
            let protocol = if protocol == "TCP" { String::new() } else { format!("/{protocol}") };
            text += &self.headline(verdict, &format!("{target}, port {port}{protocol}: {}", from.join("; ")));
            text += &self.inset(reason);
            text.extend(object.map(|object| self.object_line(object, "")));
        }
        text + "\n"
    }

    fn not_considered(&self, all: &[String]) -> String {
        if all.is_empty() {
            return String::new();
        }
        let lines = all.iter().map(|what| format!("  - {}", wrap(what, 4, self.width)));
        format!("{HEADER}Not considered{HEADER:#}\n{}\n", lines.collect::<String>())
    }

    fn headline(&self, verdict: Verdict, what: &str) -> String {
        format!("  {} {}", styled(verdict), self.wrapped(what))
    }

    /// The hop that decides, and then all others that are not open.
    pub(in crate::report) fn steps(&self, path: &Path) -> String {
        let decisive = path.decisive();
        let further = path.steps.iter().filter(|step| step.verdict != Verdict::Open);
        let further = further.filter(|step| !decisive.is_some_and(|decisive| std::ptr::eq(decisive, *step)));
        let first = decisive.map(|step| self.step("", step));
        first.into_iter().chain(further.map(|step| self.step("also ", step))).collect()
    }

    fn step(&self, prefix: &str, step: &Step) -> String {
        let rule = step.rule.map(|rule| format!("[{rule}] ")).unwrap_or_default();
        let said = self.inset(&format!("{prefix}{}: {rule}{}", step.hop.label(), step.reason));
        let object = step.object.as_ref().map(|object| self.object_line(object, &step.path.to_string()));
        said + &object.unwrap_or_default()
    }

    fn object_line(&self, object: &ObjectReference, path: &str) -> String {
        let path = if path.is_empty() { String::new() } else { format!(", {path}") };
        let place = self.snapshot.place_of(object).map(|place| format!(" ({place})")).unwrap_or_default();
        let text = wrap(&format!("{object}{path}{place}"), INSET, self.width);
        format!("{}{PLACE}{}{PLACE:#}\n", " ".repeat(INSET), text.trim_end())
    }

    /// The rest of a line that something stands before already.
    pub(in crate::report) fn wrapped(&self, text: &str) -> String {
        wrap(text, INSET, self.width)
    }

    pub(in crate::report) fn inset(&self, text: &str) -> String {
        " ".repeat(INSET) + &self.wrapped(text)
    }
}

/// The objects that injection would add something to.
fn lacking(all: &[Lacking]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let named = all.iter().take(NAMED_OBJECTS).map(|lacking| {
        let place = lacking.place.as_ref().map(|place| {
            let line = place.object.map(|position| format!(":{}", position.line)).unwrap_or_default();
            format!(" {PLACE}({}{line}){PLACE:#}", place.file)
        });
        format!("  - {}{}\n", lacking.object, place.unwrap_or_default())
    });
    let named: String = named.collect();
    let rest = all.len().saturating_sub(NAMED_OBJECTS);
    let rest = if rest > 0 { format!("  - and {rest} more; -o json names them all\n") } else { String::new() };
    format!("{HEADER}Lacking what injection would add{HEADER:#}\n{named}{rest}\n")
}

/// A connection of the guard in words.
pub(in crate::report) fn connection(guarded: &Guarded<'_>) -> String {
    let Guarded { purpose, from, to, connection, .. } = guarded;
    format!("{}: {from} to {to}, port {}", purpose.label(), connection.port)
}

fn section(title: &str, verdicts: &Verdicts, blocks: impl Iterator<Item = String>) -> String {
    if verdicts.all() == 0 {
        return String::new();
    }
    format!("{HEADER}{title}{HEADER:#}: {}\n{}\n", verdicts_in_words(verdicts), blocks.collect::<String>())
}

fn verdicts_in_words(verdicts: &Verdicts) -> String {
    let Verdicts { open, blocked, unknown } = verdicts;
    let parts = [(open, "open"), (blocked, "blocked"), (unknown, "unknown")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(number, _)| **number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// The last lines of a report.
fn totals(summary: &Summary) -> String {
    let Summary { objects, errors, warnings, infos, exempted, injections, scrape_paths, connections, .. } = summary;
    let is_clean = errors + warnings + scrape_paths.blocked + connections.blocked + summary.exposures == 0;
    let findings = [
        (*errors, "error", "errors"),
        (*warnings, "warning", "warnings"),
        (*infos, "info", "infos"),
        (*exempted, "exempted", "exempted"),
    ];
    let findings: Vec<String> = findings
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    let findings = if findings.is_empty() { "no findings".to_owned() } else { findings.join(", ") };
    let style = match () {
        () if is_clean => CLEAN,
        () if *errors > 0 => ERROR,
        () => WARNING,
    };
    let mut lines = vec![format!("{} audited: {style}{findings}{style:#}", count(*objects, "object", "objects"))];
    let paths = [("scrape path", "scrape paths", scrape_paths), ("connection", "connections", connections)];
    let paths = paths.into_iter().filter(|(.., verdicts)| verdicts.all() > 0);
    lines.extend(
        paths.map(|(one, many, verdicts)| {
            format!("{}: {}", count(verdicts.all(), one, many), verdicts_in_words(verdicts))
        }),
    );
    lines.push(count(summary.exposures, "exposure", "exposures"));
    if *injections > 0 {
        let objects = count(*injections, "object lacks", "objects lack");
        lines.push(format!("{objects} what injection would add; scrapeguard review shows what"));
    }
    if summary.unreadable > 0 {
        let what = count(summary.unreadable, "file, document or object", "files, documents or objects");
        lines.push(format!("{what} could not be read"));
    }
    lines.join("\n") + "\n"
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Text in lines that do not go beyond the width where words allow it. All but the first are indented by `inset`, and
/// before the first that much stands already. Ends with a line end.
pub(in crate::report) fn wrap(text: &str, inset: usize, width: usize) -> String {
    let width = width.max(inset + 20);
    let (mut wrapped, mut column) = (String::new(), inset);
    for word in text.split(' ') {
        let length = word.chars().count();
        let is_first = column == inset;
        if !is_first && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(inset));
            column = inset;
        } else if !is_first {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped + "\n"
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 2, 30, "\n")]
    #[case("short", 2, 30, "short\n")]
    #[case("one two three four five six seven", 2, 22, "one two three four\n  five six seven\n")]
    #[case("a-word-that-is-longer-than-the-line and more", 2, 22, "a-word-that-is-longer-than-the-line\n  and more\n")]
    fn lines_are_broken_between_words(
        #[case] text: &str,
        #[case] inset: usize,
        #[case] width: usize,
        #[case] expected: &str,
    ) {
        assert_eq!(wrap(text, inset, width), expected);
    }
}
