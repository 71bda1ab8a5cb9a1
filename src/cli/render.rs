//! `scrapeguard render`: the objects that a guard asks for.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::{Ending, guard, screen};
use crate::engine::companion::{Companion, Companions, companions};

/// Print the NetworkPolicies, AuthorizationPolicies and PodMonitors that a guard asks for
///
/// The output is for `kubectl apply -f -`. What no object can express is said in comments, or with -o json on standard
/// error.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File with the ScrapeGuard [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
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

/// Prints the companions of all guards, in the order in which they were written.
///
/// # Errors
/// When the guard cannot be read, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let guards = guard::guards(arguments.guard.as_deref())?;
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
