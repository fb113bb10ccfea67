//! The hub over real sockets on loopback: what websub.rocks asks of one, and more. Subscribers are plain threads.

mod hub;
#[allow(dead_code, reason = "the tests of the whole daemon use more of it")]
mod subscriber;
