//! `scrapeguard trace`: whether a connection gets through, hop by hop, offline.

mod question;
mod resolve;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::{Ending, guard, input, screen, snapshot};
use crate::engine::reach::guarded::guarded;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{self, Evaluator, Verdict};
use crate::model::guard::Guards;
use crate::model::snapshot::Snapshot;
use crate::report::trace;
use question::{Question, Tls};

/// Tell whether a connection gets through, and what decides at each hop
///
/// Follows it through the NetworkPolicies, PeerAuthentications and AuthorizationPolicies of the input. Works without a
/// cluster. Exits with 0 when it is open, with 1 when it is blocked or unknown, and with 2 when something could not be
/// read. With --batch, verdicts do not change the exit code.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// YAML or JSON file, also compressed by gzip, directory to search for them, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Who calls: NAMESPACE/POD, an address, or world for anybody outside the cluster. The name of a workload stands for
    /// its pods
    #[arg(required_unless_present_any = ["batch", "connections"], conflicts_with_all = ["batch", "connections"])]
    from: Option<String>,
    /// Who is called, and at which port of the pod, by number or name: NAMESPACE/POD:PORT, ADDRESS:PORT or world:PORT
    #[arg(value_name = "TO:PORT", required_unless_present_any = ["batch", "connections"])]
    to: Option<String>,
    /// File of questions, one JSON object a line, or - for standard input: {"from": "a/b", "to": "c/d", "port": 80};
    /// protocol, http and tls may be added. Each is answered by one line, in their order
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
    /// Ask about every connection that the guard wants, between the pods that are in the input
    #[arg(long, conflicts_with = "batch")]
    connections: bool,
    /// What the caller does about TLS by itself
    #[arg(long, value_enum, default_value_t = Tls::Mesh, conflicts_with_all = ["batch", "connections"])]
    tls: Tls,
    /// File with the ScrapeGuard that describes the mesh [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Form of the answer; with --batch it is always a line of JSON for each question
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// Namespace of objects that do not name one
    #[arg(short, long, default_value = "default")]
    namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each hop
    Text,
    /// One line of JSON
    Json,
}

/// Answers one question, or a file of them.
///
/// # Errors
/// When an argument is unusable, a question means nothing in the input, or, after all has been answered, when some of
/// the input could not be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    input::only_once(arguments.paths.iter().chain(&arguments.batch))?;
    let guards = guard::guards(arguments.guard.as_deref())?;
    let mesh = guard::mesh(&guards)?;
    let snapshot = snapshot::read(&arguments.paths, &arguments.namespace)?;
    let tracer = Tracer { evaluator: Evaluator::new(&snapshot, mesh, HostNetwork::default()), snapshot: &snapshot };
    let ending = match (&arguments.batch, &arguments.from, &arguments.to) {
        (Some(file), ..) => tracer.batch(file).map(|()| Ending::Clean)?,
        (None, Some(from), Some(to)) => {
            let question = Question { tls: arguments.tls, ..Question::parse(from, to)? };
            tracer.single(&question, arguments.output)?
        }
        _ if arguments.connections => tracer.connections(&guards, arguments.output)?,
        _ => bail!("write FROM and TO:PORT, or --batch FILE"),
    };
    snapshot::complete(&snapshot)?;
    Ok(ending)
}

struct Tracer<'s> {
    snapshot: &'s Snapshot,
    evaluator: Evaluator<'s>,
}

impl Tracer<'_> {
    fn single(&self, question: &Question, output: Format) -> anyhow::Result<Ending> {
        let path = self.answer(question)?;
        if let Some(note) = resolve::undeclared_port(question, self.snapshot) {
            anstream::eprintln!("note: {note}");
        }
        screen::print(&match output {
            Format::Text => {
                let connection = format!("{} to {}, port {}", question.from, question.to, question.port);
                trace::text(&connection, &path, self.snapshot)
            }
            Format::Json => trace::json(&path, self.snapshot)? + "\n",
        })?;
        Ok(if path.verdict() == Verdict::Open { Ending::Clean } else { Ending::Findings })
    }

    fn connections(&self, guards: &Guards, output: Format) -> anyhow::Result<Ending> {
        let mut totals = trace::Totals::default();
        for guarded in guards.iter().flat_map(|guard| guarded(guard, self.snapshot)) {
            let path = self.evaluator.follow(&guarded.connection, &guarded.manner);
            totals.add(path.verdict());
            screen::print(&match output {
                Format::Text => trace::line(&guarded, &path),
                Format::Json => trace::json_of_guarded(&guarded, &path, self.snapshot)? + "\n",
            })?;
        }
        if output == Format::Text {
            screen::print(&format!("\n{totals}\n"))?;
        }
        Ok(if totals.all_open() { Ending::Clean } else { Ending::Findings })
    }

    fn batch(&self, file: &Path) -> anyhow::Result<()> {
        let questions: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(file).with_context(|| file.display().to_string())?))
        };
        let mut answers = BufWriter::new(io::stdout().lock());
        for line in questions.lines() {
            let line = line.with_context(|| file.display().to_string())?;
            let answered = Question::from_json(&line).and_then(|question| self.answer(&question));
            let answer = match answered {
                Ok(path) => trace::json(&path, self.snapshot)?,
                Err(error) => trace::json_error(&format!("{error:#}"))?,
            };
            match writeln!(answers, "{answer}") {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
        Ok(answers.flush()?)
    }

    fn answer(&self, question: &Question) -> anyhow::Result<reach::Path> {
        let connection = resolve::connection(question, self.snapshot)?;
        Ok(self.evaluator.follow(&connection, &question.manner()))
    }
}
