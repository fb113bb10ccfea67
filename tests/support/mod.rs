//! What the daemon-level tests share: a publisher on loopback, and time that stands still.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod desk;
mod publisher;
mod time;

pub use desk::{Desk, OpenDesk, SetClock};
pub use publisher::{LoggedRequest, Publisher, Resource};
pub use time::{StoppedTime, eventually};
