use tokio::sync::broadcast;

/// Tells whoever watches which editions have changed.
pub(super) struct Changes(broadcast::Sender<String>);

/// Who is further behind than this is told so, and looks at everything.
const MOST_WAITING: usize = 1024;

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(MOST_WAITING))
    }
}

impl Changes {
    /// The edition at this path is another one now.
    pub(super) fn tell(&self, path: &str) {
        // An error says that nobody watches.
        let _ = self.0.send(path.to_owned());
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<String> {
        self.0.subscribe()
    }
}
