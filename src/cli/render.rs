//! `scrapeguard render`: the objects that a guard asks for.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::{Ending, guard, screen};
use crate::engine::companion::{Companion, Companions, companions};
use crate::engine::inject::fragments::{Fragment, fragments};

/// Print the NetworkPolicies, AuthorizationPolicies and PodMonitors that a guard asks for
///
/// The output is for `kubectl apply -f -`. What no object can express is said in comments, or with -o json on standard
/// error. With --injections it is for pasting into manifests.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File with the ScrapeGuard [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Print what is added to objects that have nothing yet instead: labels, annotations and volumes, by component
    #[arg(long)]
    injections: bool,
    /// Form of the objects
    #[arg(short, long, value_enum, default_value_t = Format::Yaml)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML documents
    Yaml,
    /// One List
    Json,
}

/// Prints the companions of all guards, or what they inject, in the order in which they were written.
///
/// # Errors
/// When the guard cannot be read, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let guards = guard::guards(arguments.guard.as_deref())?;
    if arguments.injections {
        let fragments: Vec<Fragment> = guards.iter().flat_map(fragments).collect();
        screen::print(&match arguments.output {
            Format::Yaml => yaml_fragments(&fragments)?,
            Format::Json => serde_json::to_string_pretty(&fragments)? + "\n",
        })?;
        return Ok(Ending::Clean);
    }
    let all: Vec<Companions> = guards.iter().map(companions).collect();
    match arguments.output {
        Format::Yaml => screen::print(&yaml(&all)?)?,
        Format::Json => {
            screen::print(&json(&all)?)?;
            for note in all.iter().flat_map(|companions| &companions.notes) {
                anstream::eprintln!("note: {note}");
            }
        }
    }
    Ok(Ending::Clean)
}

fn yaml(all: &[Companions]) -> anyhow::Result<String> {
    let mut text = String::new();
    for companions in all {
        for note in &companions.notes {
            text.extend(["# ", &note.to_string().replace('\n', " "), "\n"]);
        }
        for object in &companions.objects {
            text.extend(["---\n", &serde_saphyr::to_string(object)?]);
        }
    }
    Ok(text)
}

/// Each fragment is a document of its own, with a comment that says where it belongs.
fn yaml_fragments(fragments: &[Fragment]) -> anyhow::Result<String> {
    let mut text = String::new();
    for Fragment { about, into, fragment } in fragments {
        text.extend(["---\n# ", about, ": into ", into, "\n", &serde_saphyr::to_string(fragment)?]);
    }
    Ok(text)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<&'a Companion>,
}

fn json(all: &[Companions]) -> anyhow::Result<String> {
    let items = all.iter().flat_map(|companions| &companions.objects).collect();
    Ok(serde_json::to_string_pretty(&List { api_version: "v1", kind: "List", items })? + "\n")
}
