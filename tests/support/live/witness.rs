//! Asks a replica for reviews all the time, as the API server does, and holds every answer against what was true.
//!
//! An answer tells how old the knowledge is that it was made with. So it is right if it was true at any moment from
//! then on until it was given, and wrong otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kube::client::Body;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::replica::Replica;
use super::{Live, SYSTEM};
use crate::support::control_plane::ControlPlane;
use crate::support::poll::{self, Look};

/// The time between two questions.
const REST: Duration = Duration::from_millis(50);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Ages are told in tenths of a second, and what happens is told a moment later.
const SLACK: Duration = Duration::from_millis(500);

/// A review that is asked for again and again.
pub(crate) struct Question {
    /// Its path, by which it is also called.
    pub(crate) path: &'static str,
    /// API group, version, kind and resource of the object.
    pub(crate) kind: [&'static str; 4],
    /// The object that somebody wants to create, in YAML.
    pub(crate) object: &'static str,
}

/// An answer to a question.
#[derive(Debug)]
struct Answer {
    path: &'static str,
    asked: Instant,
    answered: Instant,
    said: Said,
}

/// What an answer says.
#[derive(Debug)]
enum Said {
    /// Warnings, refusal and additions in words, empty where there are none, and how old the knowledge is.
    Verdict { words: String, age: Duration },
    /// That it cannot tell.
    Unknown,
    /// That it cannot answer now.
    NotReady,
    /// Nothing that an API server would understand.
    Failure(String),
}

/// What the right answer to a question was for a while.
#[derive(Debug)]
struct Era {
    path: &'static str,
    /// A part of it; empty where nothing is to be said.
    words: &'static str,
    since: Instant,
    until: Option<Instant>,
}

/// Asks until it has to tell what it heard.
pub(crate) struct Witness<'a> {
    cluster: &'a ControlPlane,
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<Answer>>>,
    asking: JoinHandle<()>,
    eras: Vec<Era>,
}

/// All that a witness has heard.
pub(crate) struct Testimony {
    answers: Vec<Answer>,
    eras: Vec<Era>,
}

impl<'a> Witness<'a> {
    /// Begins to ask, and waits until each answer has these words.
    pub(crate) fn of(
        live: &Live<'a>,
        replica: &Replica,
        questions: &'static [Question],
        truth: &[(&'static str, &'static str)],
    ) -> Result<Self> {
        let client = live.cluster.block_on(async { client(live, replica) })?;
        let bodies = questions.iter().map(review).collect::<Result<Vec<_>>>()?;
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Answer>>>::default());
        let (stopped, heard) = (Arc::clone(&stop), Arc::clone(&answers));
        let asking = live.cluster.spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                for (path, body) in &bodies {
                    let asked = Instant::now();
                    let said =
                        ask(&client, path, body).await.unwrap_or_else(|error| Said::Failure(format!("{error:#}")));
                    locked(&heard).push(Answer { path, asked, answered: Instant::now(), said });
                    sleep(REST).await;
                }
            }
        });
        let mut witness = Self { cluster: live.cluster, stop, answers, asking, eras: Vec::new() };
        witness.turn(truth, || Ok(()))?;
        witness.hears(truth)?;
        Ok(witness)
    }

    /// Does something after which these are the right answers.
    pub(crate) fn turn(
        &mut self,
        truth: &[(&'static str, &'static str)],
        act: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let since = Instant::now();
        act()?;
        let until = Some(Instant::now());
        for (path, words) in truth {
            if let Some(before) = self.eras.iter_mut().rfind(|era| era.path == *path) {
                before.until = until;
            }
            self.eras.push(Era { path, words, since, until: None });
        }
        Ok(())
    }

    /// Waits until these are the answers.
    pub(crate) fn hears(&self, truth: &[(&'static str, &'static str)]) -> Result<()> {
        for (path, words) in truth {
            poll::until(&format!("{path} to say {words:?}"), Duration::from_mins(1), || {
                let answers = locked(&self.answers);
                let last = answers.iter().rfind(|answer| answer.path == *path);
                let has_come = last.is_some_and(|answer| answer.said.is(words));
                Ok(if has_come { Look::Ready(()) } else { Look::NotYet(format!("{last:?}")) })
            })?;
        }
        Ok(())
    }

    /// Asks no more.
    pub(crate) fn testimony(self) -> Result<Testimony> {
        self.stop.store(true, Ordering::Relaxed);
        self.cluster.block_on(self.asking)?;
        let answers = std::mem::take(&mut *locked(&self.answers));
        Ok(Testimony { answers, eras: self.eras })
    }
}

impl Testimony {
    /// That no answer was wrong, none was made with older knowledge than `oldest`, and none failed. Returns how many
    /// verdicts there were.
    pub(crate) fn is_right(&self, oldest: Duration) -> Result<usize> {
        let mut verdicts = 0;
        for answer in &self.answers {
            match &answer.said {
                Said::Verdict { age, .. } => {
                    ensure!(*age <= oldest, "too old: {answer:?}");
                    ensure!(self.was_true(answer, *age), "wrong: {answer:?}; true was {:?}", self.eras);
                    verdicts += 1;
                }
                Said::Unknown | Said::NotReady => {}
                Said::Failure(failure) => bail!("{} failed: {failure}", answer.path),
            }
        }
        println!("{} answers, {verdicts} of them verdicts, none wrong", self.answers.len());
        Ok(verdicts)
    }

    fn was_true(&self, answer: &Answer, age: Duration) -> bool {
        let mut eras = self.eras.iter().filter(|era| era.path == answer.path && answer.said.is(era.words));
        eras.any(|era| {
            let over = era.until.is_some_and(|until| until + age + SLACK < answer.asked);
            era.since <= answer.answered && !over
        })
    }

    /// That whoever asked between these moments got no verdict, and somebody did ask.
    pub(crate) fn is_silent(&self, from: Instant, to: Instant) -> Result<()> {
        let answers = self.between(from, to);
        let verdict = answers.iter().find(|answer| matches!(answer.said, Said::Verdict { .. }));
        ensure!(verdict.is_none(), "nobody can know that: {verdict:?}");
        ensure!(answers.len() > 10, "there were only {} questions", answers.len());
        Ok(())
    }

    /// How many verdicts came between these moments, and how old the oldest knowledge was that one was made with.
    pub(crate) fn verdicts(&self, from: Instant, to: Instant) -> (usize, Duration) {
        let answers = self.between(from, to);
        let ages = answers.iter().filter_map(|answer| match answer.said {
            Said::Verdict { age, .. } => Some(age),
            _ => None,
        });
        (ages.clone().count(), ages.max().unwrap_or_default())
    }

    fn between(&self, from: Instant, to: Instant) -> Vec<&Answer> {
        self.answers.iter().filter(|answer| answer.asked >= from && answer.answered <= to).collect()
    }
}

impl Said {
    fn is(&self, expected: &str) -> bool {
        matches!(self, Self::Verdict { words, .. } if words.contains(expected) && expected.is_empty() == words.is_empty())
    }
}

fn locked(answers: &Mutex<Vec<Answer>>) -> MutexGuard<'_, Vec<Answer>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Trusts whom the API server is told to trust, and calls this replica alone.
fn client(live: &Live<'_>, replica: &Replica) -> Result<kube::Client> {
    let secret = live.cluster.kubectl().get(SYSTEM, "secret", "scrapeguard-certificates")?;
    let authority =
        BASE64_STANDARD.decode(secret["data"]["authority.crt"].as_str().context("there is no authority")?)?;
    let mut config = kube::Config::new(format!("https://{}", replica.admission()).parse()?);
    config.root_cert = Some(vec![CertificateDer::from_pem_slice(&authority)?.to_vec()]);
    config.default_retry = false;
    Ok(kube::Client::try_from(config)?)
}

fn review(question: &Question) -> Result<(&'static str, Vec<u8>)> {
    let [group, version, kind, resource] = question.kind;
    let object: Value = serde_saphyr::from_str(question.object)?;
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": resource},
            "operation": "CREATE",
            "userInfo": {"username": "somebody"},
            "namespace": object["metadata"]["namespace"],
            "name": object["metadata"]["name"],
            "object": object,
        },
    });
    Ok((question.path, review.to_string().into_bytes()))
}

async fn ask(client: &kube::Client, path: &str, body: &[u8]) -> Result<Said> {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_vec()))?;
    let answer = timeout(PATIENCE, async {
        let answer = client.send(request).await?;
        let status = answer.status();
        Ok::<_, kube::Error>((status, answer.into_body().collect_bytes().await?))
    });
    match answer.await?? {
        (StatusCode::OK, body) => said(&serde_json::from_slice::<Value>(&body)?["response"]),
        (StatusCode::SERVICE_UNAVAILABLE, _) => Ok(Said::NotReady),
        (status, body) => bail!("{status}: {}", String::from_utf8_lossy(&body)),
    }
}

fn said(response: &Value) -> Result<Said> {
    let annotations = &response["auditAnnotations"];
    if annotations["unknown"].is_string() {
        return Ok(Said::Unknown);
    }
    let age =
        annotations["cluster-age-seconds"].as_str().with_context(|| format!("nothing tells its age: {response}"))?;
    let warnings = response["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let warnings = warnings.filter(|line| !line.starts_with("this is by the cluster as it was"));
    let refusal = response["status"]["message"].as_str();
    let words: Vec<_> = warnings.chain(refusal).chain(annotations["injected"].as_str()).collect();
    // Where not every kind can be read again yet, it is told what becomes of what nobody is sure of.
    if words.iter().any(|line| line.contains("in doubt")) {
        return Ok(Said::Unknown);
    }
    Ok(Said::Verdict { words: words.join("\n"), age: Duration::try_from_secs_f64(age.parse()?)? })
}
