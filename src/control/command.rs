use std::{collections::BTreeMap, pin::Pin};

use serde::{Serialize, de::DeserializeOwned};

use super::lines::{Failure, Finished, Lines, Sink};

/// Something that can be asked. The value is the request; `N` is what commands work on.
///
/// To add one: a struct for the request, a type for the lines of the answer, this trait, and a place in the daemon's
/// [`Commands`].
pub trait Command<N>: Serialize + DeserializeOwned + Send + 'static {
    /// In the path of the request: lower-case words joined by hyphens.
    const NAME: &'static str;

    /// A line of the answer: a JSON object whose first key is not `end`.
    type Line: Serialize + DeserializeOwned + Send + 'static;

    /// Does it. It may take as long as it wants and must not block: what reads a lot of the store runs by `spawn_blocking`
    /// and [`Lines::send_blocking`]. When whoever asked has gone it is dropped, or sees it at its next line.
    fn run(
        self,
        newsdesk: N,
        lines: Lines<Self::Line>,
    ) -> impl Future<Output = Result<Finished, Failure>> + Send + 'static;
}

type Running = Pin<Box<dyn Future<Output = Result<Finished, Failure>> + Send>>;
type Begin<N> = fn(&[u8], N, Sink) -> Result<Running, serde_json::Error>;

/// What can be asked, by name.
pub struct Commands<N> {
    known: BTreeMap<&'static str, Begin<N>>,
}

impl<N: 'static> Commands<N> {
    pub fn new() -> Self {
        Self { known: BTreeMap::new() }
    }

    #[must_use]
    pub fn with<C: Command<N>>(mut self) -> Self {
        self.known.insert(C::NAME, |request, newsdesk, sink| {
            let command: C = serde_json::from_slice(request)?;
            Ok(Box::pin(command.run(newsdesk, Lines::new(sink))))
        });
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<Begin<N>> {
        self.known.get(name).copied()
    }
}

impl<N: 'static> Default for Commands<N> {
    fn default() -> Self {
        Self::new()
    }
}
