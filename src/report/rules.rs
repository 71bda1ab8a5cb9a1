//! The rule catalogue for people and machines: a table of all rules, one rule explained, and a page of documentation.

mod markdown;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

pub use markdown::markdown;

use super::json;
use crate::engine::admission::Action;
use crate::engine::rules::{Needs, Rule};
use crate::model::Severity;

const MARGIN: &str = "  ";
const HEADING: Style = Style::new().bold();

/// All rules as a table for a screen of this many columns.
pub fn table<'a>(rules: impl IntoIterator<Item = &'a Rule>, width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(["RULE", "SEVERITY", "ACTION", "NEEDS", "TITLE"]);
    for rule in rules {
        let (severity, needs) = (rule.severity.to_string(), rule.needs.to_string());
        table.add_row([&rule.id.to_string(), &severity, action(rule.action), &needs, rule.title]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned() + "\n").collect();
    lines.concat()
}

/// Everything that is known about one rule, styled for a terminal.
pub fn explanation(rule: &Rule, width: u16) -> String {
    let color = match rule.severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Info => AnsiColor::Cyan,
    };
    let style = color.on_default().bold();
    let title = format!("{style}{}[{}]{style:#}{HEADING}: {}{HEADING:#}\n", rule.severity, rule.id, rule.title);
    let sections = [
        ("Why", wrapped(&sentence(rule.why), usize::from(width))),
        ("Fix", wrapped(&sentence(rule.fix), usize::from(width))),
        ("Needs", needs(rule.needs).to_owned()),
        ("Default action", consequence(rule.action).to_owned()),
        ("Bad", rule.bad.to_owned()),
        ("Good", rule.good.to_owned()),
    ];
    let section = |(heading, text): &(&str, String)| format!("{HEADING}{heading}{HEADING:#}\n{}\n", margin(text));
    std::iter::once(title).chain(sections.iter().map(section)).collect::<Vec<_>>().join("\n")
}

/// The rules for machines; a list also when there is only one.
///
/// # Errors
/// None that is known of; the serializer's signature has one.
pub fn json<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Catalogue { version: json::VERSION, rules: rules.into_iter().map(entry).collect() })
}

#[derive(Serialize)]
struct Catalogue {
    version: &'static str,
    rules: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    title: &'static str,
    severity: String,
    needs: String,
    action: &'static str,
    why: &'static str,
    fix: &'static str,
    bad: &'static str,
    good: &'static str,
}

fn entry(rule: &Rule) -> Entry {
    Entry {
        id: rule.id.to_string(),
        title: rule.title,
        severity: rule.severity.to_string(),
        needs: rule.needs.to_string(),
        action: action(rule.action),
        why: rule.why,
        fix: rule.fix,
        bad: rule.bad,
        good: rule.good,
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Deny => "deny",
        Action::Warn => "warn",
        Action::Record => "record",
    }
}

const fn needs(needs: Needs) -> &'static str {
    match needs {
        Needs::Object => "The object alone.",
        Needs::Guard => "The object and the guard.",
        Needs::Cluster => "Other objects of the cluster.",
    }
}

const fn consequence(action: Action) -> &'static str {
    match action {
        Action::Deny => "Deny: admission refuses the object.",
        Action::Warn => "Warn: admission lets the object pass and tells the user.",
        Action::Record => "Record: admission lets the object pass silently; reviews and audits show it.",
    }
}

/// The text with a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

/// The words in lines that leave room for the margin.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() + MARGIN.len() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn margin(text: &str) -> String {
    let lines =
        text.trim_end().lines().map(|line| if line.is_empty() { String::new() } else { format!("{MARGIN}{line}") });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::{catalogue, rule};

    #[test]
    fn the_table_has_a_line_a_rule() {
        let table = table(catalogue(), 200);
        assert_eq!(table.lines().count(), catalogue().count() + 1);
        assert!(catalogue().all(|rule| table.contains(&rule.id.to_string()) && table.contains(rule.title)), "{table}");
    }

    #[test]
    fn the_table_keeps_to_the_screen() {
        let table = table(catalogue(), 70);
        assert!(table.lines().all(|line| line.chars().count() <= 70), "{table}");
    }

    #[test]
    fn a_rule_is_explained_with_both_examples() {
        let rule = rule("SG-NP-004".parse().unwrap()).unwrap();
        let text = anstream::adapter::strip_str(&explanation(rule, 60)).to_string();
        let why: Vec<_> = text.lines().skip_while(|line| *line != "Why").take_while(|line| !line.is_empty()).collect();
        assert!(why.len() > 2 && why.iter().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.starts_with(&format!("error[SG-NP-004]: {}\n", rule.title)), "{text}");
        let line = |manifest: &str| manifest.lines().next().unwrap().to_owned();
        assert!(text.contains(&format!("\nBad\n  {}\n", line(rule.bad))), "{text}");
        assert!(text.contains(&format!("\nGood\n  {}\n", line(rule.good))), "{text}");
    }

    #[test]
    fn json_has_every_rule() {
        let json: serde_json::Value = serde_json::from_str(&json(catalogue()).unwrap()).unwrap();
        assert_eq!(json["version"], "v1");
        assert_eq!(json["rules"].as_array().unwrap().len(), catalogue().count());
        assert!(json["rules"][0]["id"].as_str().unwrap().starts_with("SG-"));
    }
}
