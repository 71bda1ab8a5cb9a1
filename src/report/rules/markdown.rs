//! The rule catalogue as a page of documentation, which `docs/rules.md` is.

use super::{action, consequence, needs, sentence};
use crate::engine::rules::Rule;

const HEAD: &str = "\
# Rules

This page is printed by `scrapeguard rules -o markdown`. Every example is executed as a test. A guard changes what is
done about a rule under `spec.enforcement.rules`; nothing is refused outside the guarded namespace.

";

/// All rules: a table to find one by, then everything that is known about each.
pub fn markdown<'a>(rules: impl IntoIterator<Item = &'a Rule> + Clone) -> String {
    let rows = rules.clone().into_iter().map(row);
    let table = std::iter::once("| rule | severity | action | finds |\n|---|---|---|---|\n".to_owned()).chain(rows);
    let sections = rules.into_iter().map(section);
    std::iter::once(HEAD.to_owned()).chain(table).chain(sections).collect()
}

fn row(rule: &Rule) -> String {
    let id = rule.id.to_string();
    let (anchor, action) = (id.to_lowercase(), action(rule.action));
    format!("| [{id}](#{anchor}) | {} | {action} | {} |\n", rule.severity, escaped(rule.title))
}

fn section(rule: &Rule) -> String {
    let (why, fix) = (escaped(&sentence(rule.why)), escaped(&sentence(rule.fix)));
    format!(
        "\n## {}\n\n**{}** ({})\n\n{why}\n\n{fix}\n\nNeeds: {} {}\n\nBad:\n\n```yaml\n{}```\n\nGood:\n\n```yaml\n{}```\n",
        rule.id,
        escaped(&sentence(rule.title)),
        rule.severity,
        needs(rule.needs),
        consequence(rule.action),
        rule.bad,
        rule.good,
    )
}

/// Text without accidental markup: tables end cells at bars, and angle brackets are taken for HTML.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::catalogue;

    #[test]
    fn the_page_in_docs_is_this_one() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md"));
        let fresh = markdown(catalogue().collect::<Vec<_>>());
        assert!(page == fresh, "docs/rules.md is stale: cargo run -- rules -o markdown > docs/rules.md");
    }
}
