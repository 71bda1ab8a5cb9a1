//! What was found out about a connection: hop by hop for people, one line of JSON for machines.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::engine::reach::guarded::Guarded;
use crate::engine::reach::{Path, Step, Verdict};
use crate::model::Protocol;
use crate::model::guard::connection::Purpose;
use crate::model::snapshot::Snapshot;

const OPEN: Style = AnsiColor::Green.on_default().bold();
const BLOCKED: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const PLACE: Style = Style::new().dimmed();

#[derive(Serialize)]
struct Line<'a> {
    verdict: &'static str,
    hops: Vec<Decided<'a>>,
    reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct Decided<'a> {
    hop: &'static str,
    verdict: &'static str,
    object: Option<String>,
    file: Option<&'a str>,
    line: Option<usize>,
    path: Option<String>,
    rule: Option<String>,
    reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct GuardedLine<'a> {
    purpose: Purpose,
    from: &'a str,
    to: &'a str,
    port: u16,
    protocol: Protocol,
    #[serde(flatten)]
    line: Line<'a>,
}

#[derive(Serialize)]
struct Complaint<'a> {
    error: &'a str,
}

/// One line of JSON, without the line end. Objects are looked up in the snapshot for where they stand.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json(path: &Path, snapshot: &Snapshot) -> serde_json::Result<String> {
    serde_json::to_string(&as_line(path, snapshot))
}

/// One line of JSON for a connection that the guard asks for, without the line end.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json_of_guarded(guarded: &Guarded<'_>, path: &Path, snapshot: &Snapshot) -> serde_json::Result<String> {
    serde_json::to_string(&as_guarded_line(guarded, path, snapshot))
}

pub(super) fn as_guarded_line<'a>(guarded: &'a Guarded<'_>, path: &'a Path, snapshot: &'a Snapshot) -> GuardedLine<'a> {
    let Guarded { purpose, from, to, connection, .. } = guarded;
    let (port, protocol) = (connection.port, connection.protocol);
    GuardedLine { purpose: *purpose, from, to, port, protocol, line: as_line(path, snapshot) }
}

fn as_line<'a>(path: &'a Path, snapshot: &'a Snapshot) -> Line<'a> {
    Line {
        verdict: path.verdict().label(),
        hops: path.steps.iter().map(|step| decided(step, snapshot)).collect(),
        reason: path.decisive().map_or("", |step| &step.reason),
    }
}

/// The line of JSON for a question that was not understood.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json_error(message: &str) -> serde_json::Result<String> {
    serde_json::to_string(&Complaint { error: message })
}

pub(super) fn decided<'a>(step: &'a Step, snapshot: &'a Snapshot) -> Decided<'a> {
    let path = step.path.to_string();
    let place = step.object.as_ref().and_then(|object| snapshot.place_of(object));
    Decided {
        hop: step.hop.label(),
        verdict: step.verdict.label(),
        object: step.object.as_ref().map(ToString::to_string),
        file: place.map(|place| place.file),
        line: place.and_then(|place| place.position).map(|position| position.line),
        path: Some(path).filter(|path| !path.is_empty()),
        rule: step.rule.map(|rule| rule.to_string()),
        reason: &step.reason,
    }
}

/// A paragraph: a line for the connection, and one or two for each hop. Styled for a terminal.
pub fn text(connection: &str, path: &Path, snapshot: &Snapshot) -> String {
    let verdict = path.verdict();
    let mut text = format!("{} {connection}\n", styled(verdict));
    for step in &path.steps {
        let rule = step.rule.map(|rule| format!("[{rule}] ")).unwrap_or_default();
        // Writing into a string does not fail.
        let _infallible = writeln!(text, "  {:<14}{} {rule}{}", step.hop.label(), styled(step.verdict), step.reason);
        if let Some(object) = &step.object {
            let at = step.path.to_string();
            let at = if at.is_empty() { at } else { format!(", {at}") };
            let place = snapshot.place_of(object).map(|place| format!(" ({place})")).unwrap_or_default();
            let _infallible = writeln!(text, "  {:<14}{:<8}{PLACE}{object}{at}{place}{PLACE:#}", "", "");
        }
    }
    text
}

/// One line for a connection that the guard asks for, and a second for what is in its way. Styled for a terminal.
pub fn line(guarded: &Guarded<'_>, path: &Path) -> String {
    let verdict = path.verdict();
    let Guarded { from, to, connection, .. } = guarded;
    let purpose = guarded.purpose.label();
    let mut text = format!("{} {purpose:<10} {from} to {to}, port {}\n", styled(verdict), connection.port);
    if let Some(step) = path.decisive().filter(|step| step.verdict != Verdict::Open) {
        let object = step.object.as_ref().map(|object| format!(" ({object})")).unwrap_or_default();
        // Writing into a string does not fail.
        let _infallible = writeln!(text, "        {}: {}{PLACE}{object}{PLACE:#}", step.hop.label(), step.reason);
    }
    text
}

/// How many connections there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    open: usize,
    blocked: usize,
    unknown: usize,
}

impl Totals {
    /// Counts a connection in.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Open => &mut self.open,
            Verdict::Blocked => &mut self.blocked,
            Verdict::Unknown => &mut self.unknown,
        } += 1;
    }

    /// Whether every connection gets through.
    pub const fn all_open(&self) -> bool {
        self.blocked == 0 && self.unknown == 0
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open, blocked, unknown } = self;
        write!(formatter, "{} connections: {open} open, {blocked} blocked, {unknown} unknown", open + blocked + unknown)
    }
}

pub(super) fn styled(verdict: Verdict) -> String {
    let style = match verdict {
        Verdict::Open => OPEN,
        Verdict::Unknown => UNKNOWN,
        Verdict::Blocked => BLOCKED,
    };
    format!("{style}{:<7}{style:#}", verdict.label())
}
