//! What we answer to the same questions.

use anyhow::{Context, Result};
use scrapeguard::model::regular_expression::template::Template;
use scrapeguard::model::regular_expression::{Pattern, PatternError, RegularExpression};
use scrapeguard::model::relabeling::{InvalidRelabeling, LabelSet, PrometheusVersion, RelabelConfig, Step, relabel};

use crate::cases::{Question, Relabeling, Search};
use crate::prometheus::Answer;

/// Our answer; none where the pattern is too large for us, which the documentation admits.
pub(crate) fn answer(question: &Question) -> Result<Option<Answer>> {
    match question {
        Question::Relabeling(relabeling) => relabeled(relabeling),
        Question::Search(search) => Ok(found(search)),
    }
}

fn relabeled(question: &Relabeling) -> Result<Option<Answer>> {
    let version = PrometheusVersion { major: if question.legacy { 2 } else { 3 }, minor: 50 };
    let mut steps = Vec::new();
    for (index, config) in question.configs.iter().enumerate() {
        let text = config.as_written_in_monitors().to_string();
        let config: RelabelConfig<'_> = serde_json::from_str(&text).with_context(|| text.clone())?;
        match Step::new(&config, version) {
            Ok(step) => steps.push(step),
            Err(InvalidRelabeling::Expression(error)) if error.is_ours() => return Ok(None),
            Err(_) => return Ok(Some(Answer { refused: Some(index), ..Answer::default() })),
        }
    }
    let mut labels: LabelSet = question.labels.clone().into_iter().collect();
    let kept = relabel(&mut labels, &steps);
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let labels = labels.iter().filter(|_| kept).map(owned).collect();
    Ok(Some(Answer { kept, labels, ..Answer::default() }))
}

fn found(search: &Search) -> Option<Answer> {
    let groups = Pattern::anchored(&search.pattern).map(|pattern| pattern.group_count());
    match (compiled(&search.pattern), groups) {
        (Err(error), _) | (_, Err(error)) if error.is_ours() => None,
        (Ok(regex), Ok(groups)) => Some(regex.captures(&search.text).map_or_else(Answer::default, |found| Answer {
            groups: (0..=groups).map(|number| found.group(number).map(str::to_owned)).collect(),
            expanded: found.expand(&Template::parse(&search.template)),
            ..Answer::default()
        })),
        _ => Some(Answer { invalid: true, ..Answer::default() }),
    }
}

fn compiled(pattern: &str) -> Result<RegularExpression, PatternError> {
    Pattern::anchored(pattern)?.compile()
}
