//! A listening socket that can be closed without losing a connection.
//!
//! Closing a socket resets the connections that the kernel has established but nobody has accepted. So before this
//! one closes, it accepts whatever is there.

use std::io;
use std::net::SocketAddr;

use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};

/// The most connections that are accepted while closing, so that a flood cannot keep the socket open.
const SWEEP_LIMIT: usize = 4096;

/// The address of a [`ClosableListener`].
#[derive(Clone, Debug)]
pub struct ListenAddress(SocketAddr);

impl Address for ListenAddress {
    type Stream = TcpStream;
    type Listener = ClosableListener;
}

/// A listener that is closed by its [`Closer`].
#[derive(Debug)]
pub struct ClosableListener {
    address: SocketAddr,
    socket: Mutex<Socket>,
    requested: watch::Receiver<bool>,
    closed: watch::Sender<bool>,
}

#[derive(Debug)]
enum Socket {
    Open(TcpListener),
    Closing { socket: std::net::TcpListener, accepted: usize },
    Closed,
}

/// Closes a [`ClosableListener`].
#[derive(Debug)]
pub struct Closer {
    request: watch::Sender<bool>,
    closed: watch::Receiver<bool>,
}

impl Closer {
    /// Closes the listener and returns when no connection will come in any more.
    pub async fn close(&mut self) {
        self.request.send_replace(true);
        // An error means that the listener is gone, which is closed as well.
        let _closed = self.closed.wait_for(|closed| *closed).await;
    }
}

/// Binds a listener to an address; port 0 takes any free port.
///
/// # Errors
/// When the address cannot be had.
pub async fn bind(address: SocketAddr) -> io::Result<(ClosableListener, Closer, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (request, requested) = watch::channel(false);
    let (closed, was_closed) = watch::channel(false);
    let listener = ClosableListener { address, socket: Mutex::new(Socket::Open(listener)), requested, closed };
    Ok((listener, Closer { request, closed: was_closed }, address))
}

impl ClosableListener {
    async fn requested(&self) {
        if self.requested.clone().wait_for(|requested| *requested).await.is_err() {
            // The closer is gone: nobody will ask any more.
            std::future::pending::<()>().await;
        }
    }

    /// One more connection, or `None` after a step towards being closed.
    async fn step(&self, socket: &mut Socket) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        match socket {
            Socket::Open(listener) => tokio::select! {
                biased;
                connection = listener.accept() => Some(connection),
                () = self.requested() => {
                    *socket = begin_closing(std::mem::replace(socket, Socket::Closed));
                    None
                }
            },
            Socket::Closing { socket: listener, accepted } => match listener.accept() {
                Ok((stream, address)) if *accepted < SWEEP_LIMIT => {
                    *accepted += 1;
                    Some(into_tokio(stream).map(|stream| (stream, address)))
                }
                _ => {
                    *socket = Socket::Closed;
                    None
                }
            },
            Socket::Closed => {
                self.closed.send_replace(true);
                std::future::pending().await
            }
        }
    }
}

impl AddrListener<TcpStream, ListenAddress> for ClosableListener {
    async fn bind_to(address: ListenAddress) -> io::Result<Self> {
        bind(address.0).await.map(|(listener, _closer, _address)| listener)
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, ListenAddress)> {
        let mut socket = self.socket.lock().await;
        loop {
            if let Some(connection) = self.step(&mut socket).await {
                return connection.map(|(stream, address)| (stream, ListenAddress(address)));
            }
        }
    }

    fn get_local_addr(&self) -> io::Result<ListenAddress> {
        Ok(ListenAddress(self.address))
    }
}

fn begin_closing(socket: Socket) -> Socket {
    match socket {
        Socket::Open(listener) => match listener.into_std() {
            Ok(socket) => Socket::Closing { socket, accepted: 0 },
            Err(_) => Socket::Closed,
        },
        other => other,
    }
}

fn into_tokio(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn accepts_what_the_kernel_has_established_before_it_closes() {
        let (listener, mut closer, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let waiting = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        closer.request.send_replace(true);
        listener.accept_stream().await.unwrap();
        listener.accept_stream().await.unwrap();
        tokio::select! {
            _ = listener.accept_stream() => panic!("accepted a third connection of two"),
            () = closer.close() => {}
        }
        assert!(TcpStream::connect(address).await.is_err());
        drop(waiting);
    }
}
