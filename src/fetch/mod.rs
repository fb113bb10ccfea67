//! Brings one source's document over HTTP: politely, safely and within limits.
//!
//! The flow of one [`Fetcher::fetch`]:
//!
//! 1. `redirect` says whether the URL may be asked at all: scheme, port, userinfo, a literal address.
//! 2. `host_gate` waits for the host's turn, then for the turn of each address its name resolves to, then for a global permit.
//! 3. `client` sends one GET. Its connector asks `resolver`, which hands out vetted addresses only (`address`).
//! 4. A redirect goes back to 1 with the next URL; validators and credentials stay with the URL and origin they belong to.
//! 5. `body` reads what came, removing the content coding (`decode`) and counting as it goes.
//! 6. `freshness` turns the headers into the times before which the publisher wants no request.
//!
//! `callback` is apart from this flow: it calls addresses that subscribers named, under the same rules of where to connect.
//!
//! What comes out is a [`Document`](crate::model::Document) with its [`Place`] among the requests under way, the news that
//! nothing changed, or a [`FetchError`] that speaks to the admin. There is no retry here for an HTTP status; when to ask again
//! is the schedule's decision.

mod address;
mod body;
mod callback;
mod client;
mod decode;
mod error;
mod fetcher;
mod fetching;
mod freshness;
mod headers;
mod host_gate;
mod redirect;
mod request;
mod resolver;
mod settings;

pub use address::special_use;
pub use callback::{CallbackAnswer, CallbackError, Caller};
pub use error::{FetchError, FetchErrorKind, FetcherError};
pub use fetcher::{Fetched, Fetcher, NotModified, Place};
pub use request::{BasicAuth, FetchRequest};
pub use settings::FetchSettings;
