//! A stream that ends when the client stays silent for too long.
//!
//! Between requests a connection may idle for minutes: the API server keeps 25 of them for 90 seconds each, and must be
//! the one that closes. But once the first byte of a request head is there, the rest has to follow within seconds.
//! hyper has one timeout for both.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may stay silent.
#[derive(Clone, Copy, Debug)]
pub struct SilenceLimits {
    /// From the first byte of a request head to its last.
    pub head: Duration,
    /// Between requests.
    pub idle: Duration,
}

/// The requests of one connection that have begun and ended.
#[derive(Debug, Default)]
pub struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Busy(Arc<Activity>);

impl Activity {
    /// Another request has begun; it ends when the result is dropped.
    pub fn begin(activity: &Arc<Self>) -> Busy {
        activity.begun.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(activity))
    }

    /// The number of requests so far, or `None` while one is being answered.
    fn between_requests(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::Acquire);
        (ended == self.begun.load(Ordering::Acquire)).then_some(ended)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

/// A stream with limits on silence.
#[derive(Debug)]
pub struct TimedStream<Stream> {
    stream: Stream,
    activity: Arc<Activity>,
    limits: SilenceLimits,
    wait: Option<Wait>,
    alarm: Pin<Box<Sleep>>,
}

/// What the client is waited for since when.
#[derive(Clone, Copy, Debug)]
struct Wait {
    request: u64,
    until: Instant,
    head_begun: bool,
}

impl<Stream> TimedStream<Stream> {
    /// Watches over a stream.
    pub fn new(stream: Stream, activity: Arc<Activity>, limits: SilenceLimits) -> Self {
        let alarm = Box::pin(sleep_until(Instant::now() + limits.idle));
        Self { stream, activity, limits, wait: None, alarm }
    }

    /// The wait for the next request; `None` while one is being answered.
    fn current_wait(&mut self) -> Option<&mut Wait> {
        let Some(request) = self.activity.between_requests() else {
            self.wait = None;
            return None;
        };
        if self.wait.is_none_or(|wait| wait.request != request) {
            self.wait = Some(Wait { request, until: Instant::now() + self.limits.idle, head_begun: false });
        }
        self.wait.as_mut()
    }

    fn received(&mut self) {
        let until = Instant::now() + self.limits.head;
        if let Some(wait) = self.current_wait()
            && !wait.head_begun
        {
            wait.head_begun = true;
            wait.until = wait.until.min(until);
        }
    }

    /// Ready when the client has been silent for too long. The alarm is moved only where it would ring too late, or
    /// has rung too early: not for every request.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.current_wait().map(|wait| wait.until) else {
            return Poll::Pending;
        };
        if until < self.alarm.deadline() {
            self.alarm.as_mut().reset(until);
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for TimedStream<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            if buffer.filled().len() > before {
                self.received();
            }
            return Poll::Ready(result);
        }
        self.poll_silence(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for TimedStream<Stream> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMITS: SilenceLimits = SilenceLimits { head: Duration::from_secs(5), idle: Duration::from_mins(2) };

    async fn silence(after: &[u8], busy: bool) -> Option<Duration> {
        let (mut client, server) = duplex(64);
        let activity = Arc::new(Activity::default());
        let mut stream = TimedStream::new(server, Arc::clone(&activity), LIMITS);
        client.write_all(after).await.unwrap();
        let mut received = vec![0; after.len()];
        stream.read_exact(&mut received).await.unwrap();
        let _busy = busy.then(|| Activity::begin(&activity));
        let started = Instant::now();
        let read = tokio::time::timeout(Duration::from_secs(1000), stream.read_u8()).await;
        read.ok().map(|_| started.elapsed().max(Duration::from_secs(1)))
    }

    fn about(seconds: u64, measured: Option<Duration>) -> bool {
        measured.is_some_and(|measured| measured.as_secs() == seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_is_given_seconds() {
        assert!(about(5, silence(b"POST", false).await));
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_given_minutes() {
        assert!(about(120, silence(b"", false).await));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_being_answered_has_no_limit_here() {
        assert_eq!(silence(b"POST / HTTP/1.1\r\n\r\n", true).await, None);
    }
}
