//! `scrapeguard rules`: the catalogue, or one rule explained.

use anyhow::{anyhow, bail};
use clap::ValueEnum;

use super::{Ending, screen};
use crate::engine::rules::{self, Rule};
use crate::model::suggestion::did_you_mean;
use crate::report;

/// List the rules, or explain one
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Id of the rule to explain, such as SG-NP-004
    id: Option<String>,
    /// Form of the list or explanation
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines
    Json,
    /// For documentation
    Markdown,
}

/// Prints the catalogue or the rule.
///
/// # Errors
/// When there is no such rule, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let rule = arguments.id.as_deref().map(rule).transpose()?;
    let text = match (arguments.output, rule) {
        (Format::Text, None) => report::rules::table(rules::catalogue(), screen::width()),
        (Format::Text, Some(rule)) => report::rules::explanation(rule, screen::width()),
        (Format::Markdown, None) => report::rules::markdown(rules::catalogue().collect::<Vec<_>>()),
        (Format::Markdown, Some(rule)) => report::rules::markdown([rule]),
        (Format::Json, None) => report::rules::json(rules::catalogue())? + "\n",
        (Format::Json, Some(rule)) => report::rules::json([rule])? + "\n",
    };
    screen::print(&text)?;
    Ok(Ending::Clean)
}

fn rule(id: &str) -> anyhow::Result<&'static Rule> {
    let known: Vec<String> = rules::catalogue().map(|rule| rule.id.to_string()).collect();
    let hint = || did_you_mean(&with_three_digits(&id.to_uppercase()), known.iter().map(String::as_str));
    match id.parse().map(rules::rule) {
        Ok(Some(rule)) => Ok(rule),
        Ok(None) => bail!("there is no rule {}{}", id.to_uppercase(), hint()),
        Err(error) => Err(anyhow!("{error}{}", hint())),
    }
}

/// `SG-NP-4` as `SG-NP-004`; anything else as it is.
fn with_three_digits(id: &str) -> String {
    let parts = id.rsplit_once('-').and_then(|(family, number)| Some((family, number.parse::<u16>().ok()?)));
    parts.map_or_else(|| id.to_owned(), |(family, number)| format!("{family}-{number:03}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SG-NP-004")]
    #[case("sg-np-004")]
    fn a_rule_is_found_in_any_case(#[case] id: &str) {
        assert_eq!(rule(id).unwrap().id.to_string(), "SG-NP-004");
    }

    #[rstest]
    #[case("SG-NP-999", "there is no rule SG-NP-999; did you mean \"SG-NP-0")]
    #[case("SG-NP-4", "\"SG-NP-4\" is not a rule id; rule ids look like SG-NP-004; did you mean \"SG-NP-004\"?")]
    #[case("hello", "\"hello\" is not a rule id; rule ids look like SG-NP-004")]
    fn a_rule_that_does_not_exist_is_an_error_with_a_hint(#[case] id: &str, #[case] expected: &str) {
        let error = rule(id).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
