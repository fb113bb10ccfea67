//! How a command reaches the newsdesk that runs: HTTP on a Unix socket, beside readers and pollers.
//!
//! Only one process may have the store open, so a command beside a running daemon does not open it: it [`ask`]s. The daemon
//! listens ([`listen`]) on `control.sock`, which only its own user and root may use; [`serve`] hands each request to the
//! [`Command`] of that name, which works on whatever the daemon gave it and answers by [`Lines`]. Where nobody listens, [`ask`]
//! runs the same command in its own process. Either way the same lines come back in the same order, so that a command is
//! written once and its reader never knows which it was.
//!
//! A request is `POST /v1/NAME` with the command as a JSON object. The answer is JSON Lines, each the command's own, and last a
//! line whose only key is `end`: an answer without it was cut off. The stream is as fast as its reader; a command whose
//! reader has gone is dropped.
//!
//! This room knows neither the store nor the daemon: what commands work on (`N` below) is the daemon's business.

mod ask;
mod client;
mod command;
mod lines;
mod serve;
mod socket;

pub use ask::{AskError, ask, ask_for_text};
pub use command::{Command, Commands};
pub use lines::{Failure, FailureKind, Finished, Gone, Lines};
pub use serve::{Control, ControlLimits};
pub use socket::{Socket, SocketError, listen, socket_of};

/// The words of this version: part of every request's path.
const PROTOCOL: &str = "/v1/";

/// The header field in which the daemon names its version.
const VERSION_FIELD: &str = "newsdesk-version";

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
