//! Forwards connections as a network does: to whoever is ready, and not at all once it is cut.

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::control_plane::ControlPlane;

/// Where connections go: an address, and where it says whether it is ready, if that is asked.
pub(crate) type Backends = Arc<Mutex<Vec<(SocketAddr, Option<SocketAddr>)>>>;

/// Listens until it is dropped.
pub(crate) struct Forwarder {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
    /// A message ends all connections.
    cuts: watch::Sender<()>,
    /// A message has all connections hang.
    hangs: watch::Sender<()>,
    listening: tokio::task::JoinHandle<()>,
}

impl Forwarder {
    /// Forwards what comes to this listener, in turn, to those that are ready.
    pub(crate) fn to(cluster: &ControlPlane, listener: TcpListener, backends: Backends) -> Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (is_cut, (cuts, cut), (hangs, hang)) =
            (Arc::new(AtomicBool::new(false)), watch::channel(()), watch::channel(()));
        let closed = Arc::clone(&is_cut);
        let listening = cluster.spawn(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            let turn = Arc::new(AtomicUsize::new(0));
            while let Ok((client, _)) = listener.accept().await {
                if closed.load(Ordering::Relaxed) {
                    continue;
                }
                let (backends, turn) = (Arc::clone(&backends), Arc::clone(&turn));
                let (mut cut, mut hang) = (cut.clone(), hang.clone());
                cut.mark_unchanged();
                hang.mark_unchanged();
                tokio::spawn(async move {
                    let mut forwarding = pin!(forward(client, &backends, &turn));
                    tokio::select! {
                        () = &mut forwarding => {}
                        _ = cut.changed() => {}
                        // It stays open, and nothing goes through it any more.
                        Ok(()) = hang.changed() => drop(cut.changed().await),
                    }
                });
            }
        });
        Ok(Self { address, is_cut, cuts, hangs, listening })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections; new ones are made.
    pub(crate) fn interrupt(&self) {
        self.cuts.send_replace(());
    }

    /// Has all connections hang, as where somebody on the way has forgotten them; new ones are made.
    pub(crate) fn hang(&self) {
        self.hangs.send_replace(());
    }

    /// Ends all connections, and every new one at once, until it is mended.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.interrupt();
    }

    /// Connections are made again.
    pub(crate) fn mend(&self) {
        self.is_cut.store(false, Ordering::Relaxed);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.listening.abort();
        self.interrupt();
    }
}

async fn forward(mut client: TcpStream, backends: &Backends, turn: &AtomicUsize) {
    let all = backends.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for number in 0..all.len() {
        let Some((address, health)) = all.get((first + number) % all.len()) else { return };
        if let Some(health) = health
            && !is_ready(*health).await
        {
            continue;
        }
        if let Ok(mut server) = TcpStream::connect(address).await {
            let _ended = (client.set_nodelay(true), server.set_nodelay(true));
            let _ended = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

/// As a readiness probe asks.
async fn is_ready(health: SocketAddr) -> bool {
    let ask = async {
        let mut connection = TcpStream::connect(health).await.ok()?;
        connection.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200"))
    };
    timeout(Duration::from_secs(1), ask).await.ok().flatten().unwrap_or(false)
}
