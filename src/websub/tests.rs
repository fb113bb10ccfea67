//! The hub over real sockets on loopback: what websub.rocks asks of one, and more. Subscribers are plain threads.

mod hub;
mod subscriber;
