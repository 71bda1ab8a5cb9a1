//! The admission endpoints over HTTP: checks of the request, the answer, and what is said about it in logs and metrics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, Effort, Knowledge, answer_knowing};
use super::body::{self, Budget, Limits};
use super::deadline::deadline;
use super::endpoint::{Endpoint, Step};
use super::readiness::Readiness;
use super::refusal::Refusal;
use super::review::ReviewError;
use crate::engine::admission::{Action, Operation};
use crate::state::SharedState;
use crate::telemetry::Metrics;

/// Bodies from this size are answered on a thread of their own, as consequences are: they take milliseconds.
const LARGE: usize = 256 << 10;

/// What the endpoints share.
#[derive(Debug)]
pub struct Admission {
    /// What decisions are made with.
    pub state: Arc<SharedState>,
    /// Whether reviews can be answered.
    pub readiness: Arc<Readiness>,
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
    /// The limits of one body.
    pub limits: Limits,
    /// The limit of all bodies together.
    pub budget: Budget,
    /// Whose turn it is to look at the whole cluster.
    pub whole_effort: Arc<Semaphore>,
}

/// A change is expected to take so many times as long as the last analysis.
const CAUTION: u32 = 2;

/// All paths of the admission listener.
pub fn router(admission: Arc<Admission>) -> Router {
    let mut router = Router::new();
    for (path, endpoint) in Endpoint::ALL {
        let handler = move |State(admission): State<Arc<Admission>>, request: Request| async move {
            admission.handle(endpoint, request).await
        };
        router = router.route(path, post(handler));
    }
    router
        .fallback(|State(admission): State<Arc<Admission>>, request: Request| async move {
            let (parts, mut body) = request.into_parts();
            admission.refuse(Refusal::UnknownPath, &parts, &mut body).await
        })
        .method_not_allowed_fallback(|State(admission): State<Arc<Admission>>, request: Request| async move {
            let (parts, mut body) = request.into_parts();
            admission.refuse(Refusal::Method, &parts, &mut body).await
        })
        .with_state(admission)
}

fn decide(bytes: &[u8], endpoint: Endpoint, state: &SharedState, effort: Effort) -> Result<Answer, ReviewError> {
    let (now, analysed) = (state.now(), state.analysed());
    let analysed = analysed.as_deref().map(|analysed| (&*analysed.analysis, analysed.holds_as_of(&now).elapsed()));
    let age = now.cluster.as_ref().map(|cluster| cluster.as_of.elapsed());
    let knowledge = Knowledge { guards: &now.guards, age, analysed, effort };
    answer_knowing(bytes, endpoint, knowledge, Timestamp::now())
}

impl Admission {
    async fn handle(&self, endpoint: Endpoint, request: Request) -> Response {
        let deadline = deadline(request.uri().query(), Instant::now());
        let (parts, mut body) = request.into_parts();
        let _in_flight = InFlight::new(&self.metrics);
        match self.review(endpoint, &parts, &mut body, deadline).await {
            Ok(answer) => {
                ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], answer.body).into_response()
            }
            Err(refusal) => self.refuse(refusal, &parts, &mut body).await,
        }
    }

    async fn review(
        &self,
        endpoint: Endpoint,
        parts: &Parts,
        body: &mut Body,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        if !self.readiness.can_answer() {
            return Err(Refusal::NotReady);
        }
        if !is_json(parts) {
            return Err(Refusal::ContentType);
        }
        let (bytes, _share) = body::read(body, self.limits, &self.budget, deadline).await?;
        let size = bytes.len();
        let started = Instant::now();
        let answer = self.decide(endpoint, bytes, deadline).await?;
        self.report(endpoint, &answer, size, started);
        Ok(answer)
    }

    async fn decide(&self, endpoint: Endpoint, bytes: Bytes, deadline: Instant) -> Result<Answer, Refusal> {
        let first = self.attempt(endpoint, bytes.clone(), deadline).await?;
        let more =
            if first.more_to_tell { self.attempt_with_whole_effort(endpoint, bytes, deadline).await } else { None };
        Ok(more.unwrap_or(first))
    }

    /// Decides with little effort, which is all that most requests need.
    async fn attempt(&self, endpoint: Endpoint, bytes: Bytes, deadline: Instant) -> Result<Answer, Refusal> {
        let takes_long = bytes.len() >= LARGE || endpoint.step == Step::Consequences;
        let state = Arc::clone(&self.state);
        let decide = move || decide(&bytes, endpoint, &state, Effort::Little);
        let decided = if takes_long {
            let task = tokio::task::spawn_blocking(decide);
            timeout_at(deadline, task).await.map_err(|_| Refusal::Deadline)?.map_err(drop)
        } else {
            catch_unwind(AssertUnwindSafe(decide)).map_err(drop)
        };
        let Ok(answer) = decided else {
            self.metrics.panics.inc();
            return Err(Refusal::Panicked);
        };
        Ok(answer?)
    }

    /// Decides once more, with all the effort that it takes, where there is time for it: one request after the other,
    /// and none that would probably not be ready in time. The thread that is late goes on, and nobody waits for it.
    async fn attempt_with_whole_effort(&self, endpoint: Endpoint, bytes: Bytes, deadline: Instant) -> Option<Answer> {
        let turn = self.whole_effort_in_time(deadline).await;
        if turn.is_none() {
            self.metrics.analysis.not_in_time.inc();
        }
        let (turn, state) = (turn?, Arc::clone(&self.state));
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            decide(&bytes, endpoint, &state, Effort::Whole)
        });
        match timeout_at(deadline, task).await {
            Ok(Ok(answer)) => answer.ok(),
            Ok(Err(_panicked)) => {
                self.metrics.panics.inc();
                None
            }
            Err(_late) => {
                self.metrics.analysis.not_in_time.inc();
                None
            }
        }
    }

    async fn whole_effort_in_time(&self, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let expected = self.state.analysed()?.took * CAUTION;
        let latest = deadline.checked_sub(expected).filter(|latest| *latest > Instant::now())?;
        timeout_at(latest, Arc::clone(&self.whole_effort).acquire_owned()).await.ok()?.ok()
    }

    fn report(&self, endpoint: Endpoint, answer: &Answer, size: usize, started: Instant) {
        let (step, operation, verdict) = (endpoint.step.label(), word(answer.operation), answer.verdict.label());
        self.metrics.answered(step, operation, verdict, size, started.elapsed());
        for judgement in &answer.outcome.judgements {
            self.metrics.found(judgement.finding.rule, action(judgement.action));
        }
        if let Some(request) = &answer.denied {
            let rules: Vec<_> = answer.outcome.denials().map(|finding| finding.rule.to_string()).collect();
            tracing::info!(
                endpoint = step,
                operation,
                uid = request.uid,
                kind = request.kind,
                namespace = request.namespace,
                name = request.name,
                dry_run = request.dry_run,
                rules = rules.join(","),
                "denied"
            );
        } else {
            tracing::debug!(endpoint = step, operation, verdict, "answered");
        }
    }

    async fn refuse(&self, refusal: Refusal, parts: &Parts, body: &mut Body) -> Response {
        self.metrics.protocol_error(refusal.label());
        tracing::debug!(reason = refusal.label(), status = refusal.status().as_u16(), "refused");
        // A client that waits for "100 Continue" has not begun to send, and need not.
        if !parts.headers.contains_key(header::EXPECT) {
            body::discard(body).await;
        }
        refusal.into_response()
    }
}

/// Counts a request for as long as it is being answered.
struct InFlight<'a>(&'a Metrics);

impl<'a> InFlight<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.requests_in_flight.inc();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.requests_in_flight.dec();
    }
}

fn is_json(parts: &Parts) -> bool {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Connect => "connect",
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Record => "record",
        Action::Warn => "warn",
        Action::Deny => "deny",
    }
}
