//! Label selectors as one text, as the API server takes them (`k8s.io/apimachinery/pkg/labels.Parse`).

use super::{LabelSelector, Requirement};
use crate::model::{Text, label_syntax};

/// Reads a selector such as `app=web,tier in (a, b),!canary`. `None` where it is none, or compares numbers.
pub fn parse(text: &str) -> Option<LabelSelector<'static>> {
    let mut tokens = Tokens(text).peekable();
    let mut requirements = Vec::new();
    while tokens.peek().is_some() {
        requirements.push(requirement(&mut tokens)?);
        match tokens.next() {
            None => break,
            Some(",") if tokens.peek().is_some() => {}
            Some(_) => return None,
        }
    }
    Some(LabelSelector { match_expressions: requirements, ..LabelSelector::default() })
}

type Peekable<'t> = std::iter::Peekable<Tokens<'t>>;

fn requirement(tokens: &mut Peekable<'_>) -> Option<Requirement<'static>> {
    let is_absent = tokens.next_if_eq(&"!").is_some();
    let key = tokens.next().filter(|key| label_syntax::is_key(key))?;
    let (operator, values) = match tokens.peek().copied() {
        None | Some(",") => (if is_absent { "DoesNotExist" } else { "Exists" }, Vec::new()),
        Some(_) if is_absent => return None,
        Some(operator) => {
            tokens.next();
            compared(operator, tokens)?
        }
    };
    let text = |text: &str| Text::from(text.to_owned());
    let values = values.into_iter().map(text).collect();
    Some(Requirement { key: text(key), operator: Text::from(operator), values })
}

fn compared<'t>(operator: &str, tokens: &mut Peekable<'t>) -> Option<(&'static str, Vec<&'t str>)> {
    match operator {
        "=" | "==" => Some(("In", vec![value(tokens)?])),
        "!=" => Some(("NotIn", vec![value(tokens)?])),
        "in" => Some(("In", values(tokens)?)),
        "notin" => Some(("NotIn", values(tokens)?)),
        _ => None,
    }
}

/// A value, which may be empty.
fn value<'t>(tokens: &mut Peekable<'t>) -> Option<&'t str> {
    match tokens.peek() {
        None | Some(&("," | ")")) => Some(""),
        Some(_) => tokens.next().filter(|value| label_syntax::is_value(value)),
    }
}

fn values<'t>(tokens: &mut Peekable<'t>) -> Option<Vec<&'t str>> {
    tokens.next_if_eq(&"(")?;
    let mut values = Vec::new();
    loop {
        values.push(value(tokens)?);
        match tokens.next()? {
            "," => {}
            ")" => return Some(values),
            _ => return None,
        }
    }
}

/// Words, and signs between them.
#[derive(Clone, Debug)]
struct Tokens<'t>(&'t str);

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        let first = text.chars().next()?;
        let length = match first {
            '=' | '!' if text.get(1..2) == Some("=") => 2,
            _ if is_sign(first) => 1,
            _ => text.find(|character: char| is_sign(character) || character.is_whitespace()).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at(length);
        self.0 = rest;
        Some(token)
    }
}

const fn is_sign(character: char) -> bool {
    matches!(character, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Facts of `TestSelectorParse`, and some more.
    #[rstest]
    #[case("", Some(""))]
    #[case("a", Some("a Exists"))]
    #[case("!a", Some("a DoesNotExist"))]
    #[case("a=b", Some("a In b"))]
    #[case("a==b , c != d", Some("a In b; c NotIn d"))]
    #[case("a=", Some("a In "))]
    #[case("a=,b", Some("a In ; b Exists"))]
    #[case("x in (a, b),y notin (c)", Some("x In a,b; y NotIn c"))]
    #[case("x in (,a)", Some("x In ,a"))]
    #[case("in in (in)", Some("in In in"))]
    #[case("example.com/a=b", Some("example.com/a In b"))]
    #[case("a,", None)]
    #[case(",a", None)]
    #[case("a b", None)]
    #[case("a=b c", None)]
    #[case("!a=b", None)]
    #[case("a=@", None)]
    #[case("x in a", None)]
    #[case("x in (a", None)]
    #[case("a>1", None)]
    #[case("a/b/c", None)]
    fn selectors(#[case] text: &str, #[case] expected: Option<&str>) {
        let words = |requirement: &Requirement<'_>| {
            format!("{} {} {}", requirement.key, requirement.operator, requirement.values.join(","))
                .trim_end()
                .to_owned()
        };
        let parsed = parse(text).map(|it| it.match_expressions.iter().map(words).collect::<Vec<_>>().join("; "));
        let expected = expected.map(|it| it.split("; ").map(str::trim_end).collect::<Vec<_>>().join("; "));
        assert_eq!(parsed, expected);
    }
}
