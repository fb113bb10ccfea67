//! What readers and the admin reach over HTTP: editions, pages, `/healthz`. A request for what is current never
//! touches the store; what nobody has asked for lately is made on the way (`on_demand`), within bounds.
//!
//! The `listener` lets connections in, within bounds; a `connection` speaks HTTP/1 or HTTP/2 and is watched for its `pace`; the
//! [`Front`] answers for editions that are there, by `accept` and `conditional`, and hands all else to the [`router`]. Bytes go out
//! by the `line`, those that many ask for from a `sheet`.

mod accept;
mod answer;
mod archives;
mod conditional;
mod connection;
mod front;
mod hub;
mod line;
mod listener;
mod on_demand;
mod pace;
mod peers;
mod pieces;
mod policy;
mod refusal;
mod router;
mod sheet;

pub use front::Front;
pub use listener::{ServeLimits, serve, serve_apart};
pub use router::{Site, router};

#[cfg(test)]
mod news_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;
