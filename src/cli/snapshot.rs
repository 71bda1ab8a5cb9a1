//! A snapshot from manifests: files, directories and standard input, as plain text or gzip.

use std::path::PathBuf;

use anyhow::bail;

use super::input::{self, Input};
use super::screen;
use crate::model::snapshot::{Builder, Origin, Problem, ProblemKind, Snapshot};
use crate::model::{Document, DocumentError, Source};
use crate::report::{File, text};

/// Reads everything that the paths of the command line mean, see [`input::inputs`]. Objects that are in a namespace and
/// do not say in which are in `default_namespace`.
///
/// What is wrong with some of it is told on standard error, and is among [`Snapshot::problems`]; the rest stands.
/// Files are read one after the other, so that memory is bounded by the snapshot and the largest of them.
///
/// # Errors
/// When a path does not exist, or standard input or a directory cannot be read.
pub fn read(paths: &[PathBuf], default_namespace: &str) -> anyhow::Result<Snapshot> {
    let mut builder = Builder::new(default_namespace);
    for input in input::inputs(paths)? {
        add(&input, &mut builder, |builder, file| builder.add_source(file.name, file.source));
    }
    Ok(finish(builder))
}

/// Adds everything that can be read to a snapshot, and hands each document on with the file that it stands in.
pub fn read_into(builder: &mut Builder, inputs: &[Input], mut each: impl FnMut(File<'_>, Document<'_>)) {
    for input in inputs {
        add(input, builder, |builder, file| {
            builder.add_source_and(file.name, file.source, |document| each(file, document))
        });
    }
}

/// The snapshot, after what is wrong with its objects is told on standard error.
pub fn finish(builder: Builder) -> Snapshot {
    let snapshot = builder.finish();
    let told = |problem: &&Problem| !matches!(problem.kind, ProblemKind::Unreadable(_));
    for problem in snapshot.problems().iter().filter(told) {
        anstream::eprintln!("{}\n", words(problem, &snapshot));
    }
    snapshot
}

/// Whether everything could be read.
///
/// # Errors
/// When something could not.
pub fn complete(snapshot: &Snapshot) -> anyhow::Result<()> {
    match snapshot.problems().iter().filter(|problem| Problem::is_loss(problem)).count() {
        0 => Ok(()),
        1 => bail!("1 file, document or object could not be read; what it says was not considered"),
        lost => bail!("{lost} files, documents or objects could not be read; what they say was not considered"),
    }
}

fn add(input: &Input, builder: &mut Builder, read: impl FnOnce(&mut Builder, File<'_>) -> Vec<DocumentError>) {
    let name = input.name();
    match input.read() {
        Ok(text) => {
            let source = Source::new(&text);
            let file = File { name: &name, source: &source };
            let writer = text::Writer::new(usize::from(screen::width()));
            for error in read(builder, file) {
                anstream::eprintln!("{}\n", writer.broken_document(file, &error));
            }
        }
        Err(error) => {
            anstream::eprintln!("error: {name}: {error:#}\n");
            let source = builder.source(name);
            builder.add_unreadable(Origin { source, position: None }, format!("{error:#}"));
        }
    }
}

/// What is wrong with an object, in one line.
fn words(problem: &Problem, snapshot: &Snapshot) -> String {
    let level = if problem.is_loss() { "error" } else { "warning" };
    let place = problem.origin.and_then(|origin| snapshot.place(origin)).map(|place| format!("{place}: "));
    let object = problem.object.as_ref().map(|object| format!("{object}: "));
    format!("{level}: {}{}{}", place.unwrap_or_default(), object.unwrap_or_default(), problem.kind)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn pod(name: &str) -> String {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: c}}]}}\n")
    }

    #[test]
    fn plain_and_compressed_files_are_read_together() {
        let directory = tempfile::tempdir().unwrap();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(format!("---\n{}---\n{}", pod("a"), pod("b")).as_bytes()).unwrap();
        fs::write(directory.path().join("dump.yaml.gz"), encoder.finish().unwrap()).unwrap();
        let json = r#"{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "c"}, "spec": {}}]}"#;
        fs::write(directory.path().join("list.json"), json).unwrap();
        fs::write(directory.path().join("not-text.yaml"), b"\xff").unwrap();
        let snapshot = read(&[directory.path().to_owned()], "shop").unwrap();
        let pods: Vec<String> = snapshot.pods().iter().map(|pod| pod.object.to_string()).collect();
        assert_eq!(pods, ["Pod shop/a", "Pod shop/b", "Pod shop/c"]);
        let place = snapshot.place_of(&snapshot.pod("shop", "b").unwrap().object).unwrap();
        assert!(place.to_string().ends_with("dump.yaml.gz:7:1"), "{place}");
        let [problem] = snapshot.problems() else { panic!("{:?}", snapshot.problems()) };
        assert_eq!(problem.kind.to_string(), "not UTF-8 text (byte 0)");
    }

    #[test]
    fn a_problem_is_told_with_its_place_and_object() {
        let mut builder = Builder::new("shop");
        builder.add_source("a.yaml", &Source::new(&format!("{}---\n{}", pod("a"), pod("a"))));
        let text = "\n{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: 1}}\n";
        builder.add_source("b.yaml", &Source::new(text));
        let snapshot = builder.finish();
        let told: Vec<String> = snapshot.problems().iter().map(|problem| words(problem, &snapshot)).collect();
        assert_eq!(
            told[0],
            "warning: a.yaml:1:1: Pod shop/a: given more than once, the last one counts; this one does not"
        );
        assert!(
            told[1].starts_with("error: b.yaml:2:2: Pod shop/b: not in the expected form: invalid type"),
            "{told:?}"
        );
    }
}
