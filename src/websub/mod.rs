//! A hub for our own editions (W3C WebSub): readers that asked for it are sent an edition as soon as it changes.
//!
//! The flow, from a reader's side:
//!
//! 1. `request` reads the form that came to `/hub`: a [`Wish`], or a [`Refusal`] that says what is wrong. `topic`
//!    knows which of our addresses can be subscribed to.
//! 2. `pending` holds wishes, a bounded number, until `verify` has asked the callback whether it was meant. Only then does
//!    anything change (WS-9).
//! 3. `subscriptions` decides: who is subscribed until when, who is to be sent what now, who failed and when to try again
//!    (`retry`). It holds one edition to be sent per subscriber at most, the newest: nothing queues.
//! 4. `deliver` makes the request, signed by `signature`, and judges the answer. `places` sees to it that the slow, the dead and
//!    the unverified never take all the places there are.
//! 5. `hub` wires these: one task (`running`) owns all of it, begins what takes a while (`start`), and hands what is to be kept
//!    (`unkept`) to the desk.
//!
//! [`HubDoor`] is what the server sees, also while there is no hub. Callbacks are named by strangers: they are called through
//! [`Caller`](crate::fetch::Caller), which connects to no address outside the public Internet,
//! but in networks that the admin listed for them.

mod deliver;
mod door;
mod hub;
mod pending;
mod places;
mod request;
mod retry;
mod running;
mod settings;
mod signature;
mod start;
mod subscriptions;
mod topic;
mod unkept;
mod verify;

pub use door::{HubDoor, Reply};
pub use hub::{Hub, HubSetup, Keep};
pub use request::MOST_OCTETS;
pub use settings::HubSettings;
pub use topic::hub_url;

use request::{Refusal, Wish};

#[cfg(test)]
mod tests;
