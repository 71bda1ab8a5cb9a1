//! What was found out about a connection: hop by hop for people, one line of JSON for machines.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::engine::reach::{Path, Step, Verdict};

const OPEN: Style = AnsiColor::Green.on_default().bold();
const BLOCKED: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();
const PLACE: Style = Style::new().dimmed();

#[derive(Serialize)]
struct Line<'a> {
    verdict: &'static str,
    hops: Vec<Hop<'a>>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Hop<'a> {
    hop: &'static str,
    verdict: &'static str,
    object: Option<String>,
    path: Option<String>,
    rule: Option<String>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Complaint<'a> {
    error: &'a str,
}

/// One line of JSON, without the line end.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json(path: &Path) -> serde_json::Result<String> {
    serde_json::to_string(&Line {
        verdict: path.verdict().label(),
        hops: path.steps.iter().map(hop).collect(),
        reason: path.decisive().map_or("", |step| &step.reason),
    })
}

/// The line of JSON for a question that was not understood.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json_error(message: &str) -> serde_json::Result<String> {
    serde_json::to_string(&Complaint { error: message })
}

fn hop(step: &Step) -> Hop<'_> {
    let path = step.path.to_string();
    Hop {
        hop: step.hop.label(),
        verdict: step.verdict.label(),
        object: step.object.as_ref().map(ToString::to_string),
        path: Some(path).filter(|path| !path.is_empty()),
        rule: step.rule.map(|rule| rule.to_string()),
        reason: &step.reason,
    }
}

/// A paragraph: a line for the connection, and one or two for each hop. Styled for a terminal.
pub fn text(connection: &str, path: &Path) -> String {
    let verdict = path.verdict();
    let mut text = format!("{} {connection}\n", styled(verdict));
    for step in &path.steps {
        let rule = step.rule.map(|rule| format!("[{rule}] ")).unwrap_or_default();
        // Writing into a string does not fail.
        let _infallible = writeln!(text, "  {:<14}{} {rule}{}", step.hop.label(), styled(step.verdict), step.reason);
        if let Some(object) = &step.object {
            let at = step.path.to_string();
            let at = if at.is_empty() { at } else { format!(", {at}") };
            let _infallible = writeln!(text, "  {:<14}{:<8}{PLACE}{object}{at}{PLACE:#}", "", "");
        }
    }
    text
}

fn styled(verdict: Verdict) -> String {
    let style = match verdict {
        Verdict::Open => OPEN,
        Verdict::Unknown => UNKNOWN,
        Verdict::Blocked => BLOCKED,
    };
    format!("{style}{:<7}{style:#}", verdict.label())
}
