//! What readers and the admin reach over HTTP: editions, the index page, `/healthz`. A request never touches the store.

mod accept;
mod answer;
mod archives;
mod conditional;
mod listener;
mod on_demand;
mod pieces;
mod policy;
mod router;

pub use listener::{ServeLimits, serve};
pub use router::{Site, router};

#[cfg(test)]
mod tests;
