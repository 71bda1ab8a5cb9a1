//! Every rule that looks at one object, in every kind that it looks at: a mistake is refused or warned of when it is
//! created and when a good object is changed for it, and likewise when that is only tried out; a good object passes
//! without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use scrapeguard::engine::admission::Action;
use scrapeguard::model::Resource;
use serde_json::Value;

use super::samples::{self, Sample, is_one_of, text};
use crate::expect;
use crate::objects::{self, essence};
use crate::support::control_plane::{ControlPlane, Said};
use crate::support::installation::Installation;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] =
    cases![every_kind_has_a_mistake_that_is_answered, every_mistake_is_answered_whenever_it_is_written];

/// The API server refuses these before it asks us: their rules are for reviews of files.
const REFUSED_ANYWAY: [&str; 5] = ["SG-NP-035", "SG-AP-026", "SG-AP-033", "SG-PA-002", "SG-SM-004"];
/// What pods are made with cannot be changed in a Job.
const REFUSED_IN_JOBS: [&str; 1] = ["SG-PR-015"];

fn every_kind_has_a_mistake_that_is_answered(_: &ControlPlane) -> Result<()> {
    let is_answered = |sample: &&Sample| sample.rule.action > Action::Record && !sample.is_refused_anyway();
    let samples = samples::all()?;
    let kinds: BTreeSet<String> = samples.iter().filter(is_answered).map(|sample| sample.kind.clone()).collect();
    let ours = Resource::ALL.into_iter().filter(|resource| resource.is_reviewed() && *resource != Resource::Namespace);
    let ours: BTreeSet<String> = ours.map(|resource| format!("{resource:?}")).collect();
    ensure!(kinds == ours, "mistakes are made in {kinds:?} of {ours:?}");
    Ok(())
}

fn every_mistake_is_answered_whenever_it_is_written(cluster: &ControlPlane) -> Result<()> {
    let mut by_guard: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for sample in samples::all()? {
        let guard = sample.guard.as_ref().map(Value::to_string);
        by_guard.entry(guard.unwrap_or_default()).or_default().push(sample);
    }
    by_guard.into_iter().try_for_each(|(guard, samples)| {
        Desk::new(cluster, samples)?.judge().with_context(|| format!("under the guard {guard:?}"))
    })
}

/// What becomes of a sample that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// We refuse it, and name its rule.
    Refused,
    /// It is stored, with a warning of its rule.
    Warned,
    /// It is stored, and nothing is said of its rule.
    Stored,
    /// Somebody else refuses it.
    RefusedAnyway,
}

impl Answer {
    fn lets_it_be_stored(self) -> bool {
        matches!(self, Self::Warned | Self::Stored)
    }
}

impl Sample {
    fn is_refused_anyway(&self) -> bool {
        is_one_of(self.rule.id, &REFUSED_ANYWAY)
    }

    /// What should become of the bad object.
    fn expected(&self) -> Answer {
        match self.rule.action {
            _ if self.is_refused_anyway() => Answer::RefusedAnyway,
            Action::Deny => Answer::Refused,
            Action::Warn => Answer::Warned,
            Action::Record => Answer::Stored,
        }
    }

    /// What should become of the good object when it is changed for the bad one.
    fn expected_of_change(&self) -> Answer {
        let is_fixed = self.kind == "Job" && is_one_of(self.rule.id, &REFUSED_IN_JOBS);
        if is_fixed { Answer::RefusedAnyway } else { self.expected() }
    }

    /// What became of an object of this sample.
    fn answer(&self, object: &Value, said: &Said) -> Answer {
        let metadata = &object["metadata"];
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let headline = format!("[{}] {} {namespace}/{name}: ", self.rule.id, self.kind);
        match said.stderr.lines().find(|line| line.contains(&headline)) {
            Some(line) if line.starts_with("Warning: ") => Answer::Warned,
            Some(_) => Answer::Refused,
            None if was_written(&self.kind, name, said) => Answer::Stored,
            None => Answer::RefusedAnyway,
        }
    }
}

/// Whether kubectl says that it was, as in `podmonitor.monitoring.coreos.com/web created`.
fn was_written(kind: &str, name: &str, said: &Said) -> bool {
    let mut objects = said.stdout.lines().filter_map(|line| line.split(' ').next()?.split_once('/'));
    objects.any(|(resource, written)| written == name && resource.split('.').next() == Some(&kind.to_lowercase()))
}

/// Samples under one guard, and where they are written.
struct Desk<'a> {
    cluster: &'a ControlPlane,
    installation: Installation<'a>,
    elsewhere: String,
    samples: Vec<Sample>,
}

/// What is written, and what should become of it.
struct Step {
    verb: &'static str,
    /// Makes names differ from those of other steps.
    suffix: &'static str,
    object: fn(&Sample) -> &Value,
    expected: fn(&Sample) -> Answer,
}

const STEPS: [Step; 3] = [
    Step { verb: "create", suffix: "-bad", object: |sample| &sample.bad, expected: Sample::expected },
    Step { verb: "apply", suffix: "", object: |sample| &sample.good, expected: |_| Answer::Stored },
    Step { verb: "apply", suffix: "", object: |sample| &sample.bad, expected: Sample::expected_of_change },
];

impl<'a> Desk<'a> {
    fn new(cluster: &'a ControlPlane, samples: Vec<Sample>) -> Result<Self> {
        let elsewhere = cluster.namespace("elsewhere", &[])?;
        let guard = samples.first().and_then(|sample| sample.guard.as_ref()?.as_object());
        let lines = guard.into_iter().flatten().map(|(key, value)| format!("  {key}: {value}\n"));
        // The examples' root namespace of the mesh.
        let guard = lines.collect::<Vec<_>>().concat().replace("istio-system", &elsewhere);
        let installation = Installation::new(cluster, "judged", &[], &guard)?;
        installation.include(&elsewhere)?;
        Ok(Self { cluster, installation, elsewhere, samples })
    }

    fn judge(&self) -> Result<()> {
        let [create, mend, change] = &STEPS;
        self.take(create, &self.samples)?;
        let said = self.take(mend, &self.samples)?;
        expect::clean(&said).context("good examples")?;
        // A pod that runs is not looked at again.
        let changeable: Vec<Sample> = self.samples.iter().filter(|sample| sample.kind != "Pod").cloned().collect();
        self.take(change, &changeable).map(drop)
    }

    /// Writes an object of each sample, first as a dry run and then in earnest.
    fn take(&self, step: &Step, samples: &[Sample]) -> Result<Said> {
        let objects: Vec<Value> = samples.iter().map(|sample| self.placed(sample, step)).collect();
        let before = self.stored()?;
        let tried = self.kubectl(&[step.verb, "--dry-run=server"], &objects)?;
        ensure!(self.stored()? == before, "a dry run of {} stored something", step.verb);
        let said = self.kubectl(&[step.verb], &objects)?;
        let after = self.stored()?;
        let mut wrong = String::new();
        for (sample, object) in samples.iter().zip(&objects) {
            let expected = (step.expected)(sample);
            let answers = [&tried, &said].map(|said| sample.answer(object, said));
            let is_stored = before.get(&key(object)) != after.get(&key(object));
            if answers != [expected; 2] || is_stored != expected.lets_it_be_stored() {
                let came = format!("{answers:?} came, stored: {is_stored}");
                writeln!(wrong, "{} {}: {expected:?} was expected, {came}", sample.kind, sample.name())?;
            }
        }
        ensure!(wrong.is_empty(), "{}:\n{wrong}", step.verb);
        Ok(said)
    }

    fn placed(&self, sample: &Sample, step: &Step) -> Value {
        let name = sample.name() + step.suffix;
        sample.placed((step.object)(sample), &name, self.installation.namespace(), &self.elsewhere)
    }

    /// What is stored of all kinds, without what controllers made.
    fn stored(&self) -> Result<BTreeMap<Key, Value>> {
        let kinds: BTreeSet<&str> = self.samples.iter().map(|sample| sample.kind.as_str()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let mut stored = BTreeMap::new();
        for namespace in [self.installation.namespace(), &self.elsewhere] {
            let arguments = ["get", "--namespace", namespace, &kinds.join(","), "--output", "json"];
            let objects = objects::read(&self.cluster.kubectl().succeed(&arguments, "")?.stdout)?;
            for object in objects.iter().filter(|object| object["metadata"]["ownerReferences"].is_null()) {
                stored.insert(key(object), essence(object)?);
            }
        }
        Ok(stored)
    }

    fn kubectl(&self, verb: &[&str], objects: &[Value]) -> Result<Said> {
        // Not a list: with that, kubectl gives up at the first that it cannot read.
        let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
        self.cluster.kubectl().run(&[verb, &["--filename", "-"]].concat(), &documents.join("\n---\n"))
    }
}

/// Kind, namespace and name.
type Key = [String; 3];

fn key(object: &Value) -> Key {
    let metadata = &object["metadata"];
    [&object["kind"], &metadata["namespace"], &metadata["name"]].map(|value| text(value).to_owned())
}
