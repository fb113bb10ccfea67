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
    /// The edition at this address is another one now.
    pub(super) fn tell(&self, target: String) {
        // An error says that nobody watches.
        let _ = self.0.send(target);
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<String> {
        self.0.subscribe()
    }
}
