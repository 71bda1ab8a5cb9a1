//! What people see, kept as golden files without colours.

use super::*;
use crate::model::{Document, Source};
use crate::report::samples;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn an_object_is_shown_with_its_patch_findings_and_unknowns() {
    samples::with_policy(|file, reviewed| {
        insta::assert_snapshot!(plain(&Writer::new(100).object(file, reviewed)));
    });
}

#[test]
fn an_object_that_is_clean_is_not_mentioned() {
    samples::with_policy(|file, reviewed| {
        let clean = Reviewed {
            patch: crate::engine::inject::patch::Patch::default(),
            judgements: Vec::new(),
            unknowns: Vec::new(),
            ..reviewed.clone()
        };
        assert_eq!(Writer::new(100).object(file, &clean), "");
    });
}

#[test]
fn what_is_said_about_all_together_needs_no_place() {
    insta::assert_snapshot!(plain(&Writer::new(100).together(&samples::together())));
}

#[test]
fn a_broken_document_is_shown_with_its_line() {
    let source = Source::new("---\napiVersion: v1\nkind: Pod\nkind: Pod\n");
    let error = Document::read_all(&source).next().unwrap().unwrap_err();
    let file = File { name: "broken.yaml", source: &source };
    insta::assert_snapshot!(plain(&Writer::new(100).broken_document(file, &error)));
}

#[test]
fn a_line_that_nobody_can_read_is_left_out() {
    let text = format!("{{\"apiVersion\": \"v1\", \"x\": \"{}\", \"x\": 1}}", "long ".repeat(1_000));
    let source = Source::new(&text);
    let error = Document::read_all(&source).next().unwrap().unwrap_err();
    let shown = plain(&Writer::new(100).broken_document(File { name: "long.json", source: &source }, &error));
    assert!(shown.ends_with("--> long.json:1:5031"), "{shown}");
    assert!(shown.len() < 200, "{shown}");
}

#[test]
fn the_summary_counts_what_there_is() {
    let all = Summary {
        objects: 3,
        skipped: 1,
        patched: 1,
        denied: 1,
        errors: 2,
        warnings: 1,
        infos: 0,
        exempted: 1,
        unknowns: 0,
        unreadable: 2,
    };
    let expected = "3 objects reviewed: 1 would be denied, 1 patched, 2 errors, 1 warning, 1 exempted, \
                    1 object of another kind passed over, 2 unreadable";
    assert_eq!(plain(&summary(&all)), expected);
    let clean = Summary { objects: 1, ..Summary::default() };
    assert_eq!(plain(&summary(&clean)), "1 object reviewed: all would be admitted");
    assert_eq!(plain(&summary(&Summary::default())), "0 objects reviewed");
}
