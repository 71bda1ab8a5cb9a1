//! What is done around every request of a connection: it counts as activity, a panic becomes an answer, and clients of
//! a draining server are asked to go elsewhere.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};
use tower::Service;

use super::stream::Activity;
use crate::telemetry::Metrics;
use crate::webhook::readiness::Readiness;
use crate::webhook::refusal::Refusal;

/// A service of one connection.
#[derive(Clone, Debug)]
pub struct ConnectionService<Inner> {
    inner: Inner,
    activity: Arc<Activity>,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
}

impl<Inner> ConnectionService<Inner> {
    pub(super) fn new(inner: Inner, activity: Arc<Activity>, readiness: Arc<Readiness>, metrics: Arc<Metrics>) -> Self {
        Self { inner, activity, readiness, metrics }
    }
}

impl<Inner, Body> Service<Request<Body>> for ConnectionService<Inner>
where
    Inner: Service<Request<Body>, Response = Response, Error = Infallible>,
    Inner::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let busy = Activity::begin(&self.activity);
        let version = request.version();
        let answer = self.inner.call(request);
        let (readiness, metrics) = (Arc::clone(&self.readiness), Arc::clone(&self.metrics));
        Box::pin(async move {
            let mut response = without_panic(answer, &metrics).await;
            // HTTP/2 has no such header: its connections are told to go away when the server stops.
            if readiness.is_draining() && version <= Version::HTTP_11 {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            drop(busy);
            Ok(response)
        })
    }
}

async fn without_panic(answer: impl Future<Output = Result<Response, Infallible>>, metrics: &Metrics) -> Response {
    let mut answer = pin!(answer);
    let caught = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_panic) => Poll::Ready(None),
    });
    match caught.await {
        Some(Ok(response)) => response,
        None => {
            metrics.panics.inc();
            Refusal::Panicked.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use tower::{ServiceExt, service_fn};

    use super::*;

    async fn call(
        readiness: &Arc<Readiness>,
        metrics: &Arc<Metrics>,
        answer: impl Fn() -> Response + Clone + Send + 'static,
    ) -> Response {
        let inner = service_fn(move |_request: Request<Body>| {
            let answer = answer.clone();
            async move { Ok::<_, Infallible>(answer()) }
        });
        let service =
            ConnectionService::new(inner, Arc::new(Activity::default()), Arc::clone(readiness), Arc::clone(metrics));
        service.oneshot(Request::new(Body::empty())).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_counted() {
        let metrics = Arc::new(Metrics::default());
        let response = call(&Arc::default(), &metrics, || panic!("on purpose")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(metrics.panics.get(), 1);
    }

    #[tokio::test]
    async fn clients_are_sent_elsewhere_only_while_draining() {
        let readiness = Arc::new(Readiness::default());
        let metrics = Arc::new(Metrics::default());
        let before = call(&readiness, &metrics, || "ok".into_response()).await;
        readiness.start_draining();
        let after = call(&readiness, &metrics, || "ok".into_response()).await;
        assert!(!before.headers().contains_key(header::CONNECTION));
        assert_eq!(after.headers()[header::CONNECTION], "close");
    }
}
