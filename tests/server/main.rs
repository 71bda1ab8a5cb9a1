//! The server over real sockets and real TLS, as the API server uses it.

#![cfg(test)]

mod certificates;
mod client;
mod client_certificates;
mod connections;
mod drain;
mod health;
mod limits;
mod protocol;
mod random;
mod reviews;
mod running;
