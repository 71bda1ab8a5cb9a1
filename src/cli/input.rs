//! Manifests to read: files, directories and standard input.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;

/// What a gzip file begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The most bytes that a compressed text may unfold to: more than a dump of the largest cluster.
const UNCOMPRESSED_LIMIT: u64 = 4 << 30;
/// How standard input is called in reports.
const STANDARD_INPUT: &str = "<stdin>";

/// One text to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, read when it is its turn.
    File(PathBuf),
    /// Standard input, read at once because it cannot be read twice.
    Text(String),
}

impl Input {
    /// Its name in reports.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text(_) => STANDARD_INPUT.to_owned(),
        }
    }

    /// How many bytes it has, as far as that can be told without reading it.
    pub fn size(&self) -> u64 {
        match self {
            Self::File(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Self::Text(text) => text.len() as u64,
        }
    }

    /// Its text, uncompressed if it is gzip.
    ///
    /// # Errors
    /// When the file cannot be read or uncompressed, or is not UTF-8.
    pub fn read(&self) -> anyhow::Result<Cow<'_, str>> {
        match self {
            Self::File(path) => Ok(Cow::Owned(text(fs::read(path)?)?)),
            Self::Text(text) => Ok(Cow::Borrowed(text)),
        }
    }
}

/// The texts that are meant by paths on the command line, in their order: a directory stands for all `*.yaml`, `*.yml`
/// and `*.json` below it, also with `.gz` behind, sorted; `-` for standard input.
///
/// # Errors
/// When a path does not exist, or standard input or a directory cannot be read.
pub fn inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(standard_input()?);
        } else if fs::metadata(path).with_context(|| path.display().to_string())?.is_dir() {
            add_directory(path, &mut inputs).with_context(|| path.display().to_string())?;
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    Ok(inputs)
}

/// Whether standard input is named no more than once.
///
/// # Errors
/// When it is named more often.
pub fn only_once<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> anyhow::Result<()> {
    if paths.into_iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        bail!("standard input can be read only once");
    }
    Ok(())
}

fn standard_input() -> anyhow::Result<Input> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).context(STANDARD_INPUT)?;
    Ok(Input::Text(text(bytes).context(STANDARD_INPUT)?))
}

/// Directories behind symbolic links are not entered: they may lead back to where we are.
fn add_directory(directory: &Path, inputs: &mut Vec<Input>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            add_directory(&path, inputs)?;
        } else if is_manifest(&path) && path.is_file() {
            inputs.push(Input::File(path));
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
    let name = if is_compressed { path.file_stem().map(Path::new) } else { Some(path) };
    name.and_then(Path::extension)
        .is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    let bytes = if bytes.starts_with(&GZIP) { uncompressed(&bytes).context("gzip")? } else { bytes };
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        anyhow::anyhow!("not UTF-8 text (byte {offset})")
    })
}

fn uncompressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut uncompressed = Vec::new();
    let length = MultiGzDecoder::new(bytes).take(UNCOMPRESSED_LIMIT + 1).read_to_end(&mut uncompressed)?;
    if length as u64 > UNCOMPRESSED_LIMIT {
        return Err(io::Error::other(format!("more than {UNCOMPRESSED_LIMIT} bytes")));
    }
    Ok(uncompressed)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn compressed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_told_by_its_bytes() {
        let twice = [compressed("a: 1\n"), compressed("b: 2\n")].concat();
        assert_eq!(text(twice).unwrap(), "a: 1\nb: 2\n");
        let half = compressed("a: 1\n")[..12].to_vec();
        assert!(format!("{:#}", text(half).unwrap_err()).starts_with("gzip: "));
    }

    #[test]
    fn a_directory_is_its_manifests_sorted() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in ["c.yml", "a.yaml", "b/d.json", "b/e.yaml.gz", "b/readme.md", "b/logs.gz", "notes.txt"] {
            fs::write(at(name), "").unwrap();
        }
        let expected = ["a.yaml", "b/d.json", "b/e.yaml.gz", "c.yml"].map(|name| Input::File(at(name)));
        assert_eq!(inputs(&[directory.path().to_owned()]).unwrap(), expected);
        let named = inputs(&[at("notes.txt")]).unwrap();
        assert_eq!(named, [Input::File(at("notes.txt"))], "a file that is named is read whatever it is called");
    }

    #[test]
    fn a_path_that_does_not_exist_is_an_error() {
        let error = inputs(&[PathBuf::from("/does/not/exist.yaml")]).unwrap_err();
        assert!(format!("{error:#}").starts_with("/does/not/exist.yaml: "), "{error:#}");
    }

    #[test]
    fn what_is_not_text_is_an_error() {
        assert_eq!(text(b"ab\xff".to_vec()).unwrap_err().to_string(), "not UTF-8 text (byte 2)");
    }
}
