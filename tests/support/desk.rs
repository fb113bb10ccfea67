use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use newsdesk::{
    clock::Clock,
    config,
    daemon::{self, DaemonError, DaemonOptions, RoundObserver, RoundSummary},
    poll::PollReport,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A first round takes a moment, and longer on a machine that is busy.
const LONGEST_ROUND: Duration = Duration::from_secs(30);

/// Stories in an edition where the configuration does not say.
const ENTRIES: usize = 100;

/// A clock that a test sets.
#[derive(Clone)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    pub fn at(time: &str) -> Self {
        let time: DateTime<Utc> = time.parse().expect("a time");
        Self(Arc::new(AtomicI64::new(time.timestamp())))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs() as i64, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Clock::new(move || DateTime::from_timestamp(seconds.load(Ordering::Relaxed), 0).expect("a time"))
    }
}

/// A configuration file in a folder of its own, with a store beside it.
pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// `body` is the configuration without `[server]`, `[store]` path and `[polling]` networks.
    pub fn with(body: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.configure(body);
        desk
    }

    pub fn configure(&self, body: &str) {
        let text = format!(
            "server.listen = \"127.0.0.1:0\"\nserver.public_url = \"https://news.example/\"\nstore.path = \"store\"\nstore.retention = \"36500d\"\n\
             polling.allow_networks = [\"127.0.0.0/8\"]\npolling.host_gap = \"0s\"\npolling.backlog = 0\n{body}"
        );
        std::fs::write(self.config(), text).expect("written");
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("newsdesk.toml")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the daemon and waits until its first round of polls is over.
    pub async fn open(&self, clock: &SetClock) -> OpenDesk {
        let (config, _) = config::load(&self.config()).unwrap_or_else(|problems| panic!("{problems}"));
        let stop = CancellationToken::new();
        let (reload, reload_receiver) = mpsc::channel(1);
        let (listening, address) = oneshot::channel();
        let (round, over) = oneshot::channel();
        let options = DaemonOptions {
            config_path: self.config(),
            clock: clock.clock(),
            stop: stop.clone(),
            reload: reload_receiver,
            observer: Box::new(Watcher(Some(round))),
            listening: Some(listening),
        };
        let stop_when_dropped = stop.clone().drop_guard();
        let daemon = tokio::spawn(daemon::run(config, options));
        let address = address.await.expect("an address");
        let Ok(summary) = tokio::time::timeout(LONGEST_ROUND, over).await.expect("a round in time") else {
            panic!("the daemon ended: {:?}", daemon.await);
        };
        let desk = OpenDesk { address, stop, reload, daemon, summary, _stop_when_dropped: stop_when_dropped };
        // What is in the store when the round ends is rendered a little later.
        let kept = desk.summary.stories.min(ENTRIES);
        desk.until("every story", "/all.atom", |_, body| body.matches("<entry").count() >= kept).await;
        desk.settle().await;
        desk
    }
}

struct Watcher(Option<oneshot::Sender<RoundSummary>>);

impl RoundObserver for Watcher {
    fn begins(&mut self, _: usize) {}
    fn polled(&mut self, _: &PollReport) {}
    fn ends(&mut self, summary: &RoundSummary) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(summary.clone());
        }
    }
}

/// A running daemon.
pub struct OpenDesk {
    pub address: SocketAddr,
    stop: CancellationToken,
    reload: mpsc::Sender<()>,
    daemon: JoinHandle<Result<(), DaemonError>>,
    pub summary: RoundSummary,
    /// A test that fails ends its daemon as well, or it would wait for it for ever.
    _stop_when_dropped: DropGuard,
}

impl OpenDesk {
    /// Asks for a path; the status, the head, and the body as text.
    pub async fn get(&self, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nHost: newsdesk\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_string(), body.to_string())
    }

    /// The titles of an edition's entries, in order.
    pub async fn titles(&self, path: &str) -> Vec<String> {
        let (status, _, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}");
        let title = |entry: &str| Some(entry.split_once("<title>")?.1.split_once("</title>")?.0.to_string());
        body.split("<entry").skip(1).filter_map(title).collect()
    }

    pub async fn reload(&self) {
        self.reload.send(()).await.expect("the daemon runs");
    }

    /// Waits until the first editions are up, and then until `/healthz` and everything's edition stay the same for a moment.
    pub async fn settle(&self) {
        let begun = std::time::Instant::now();
        let mut before = String::new();
        while begun.elapsed() < LONGEST_ROUND {
            let (_, _, health) = self.get("/healthz").await;
            let now = format!("{health}{}", self.get("/all.atom").await.2);
            if now == before && !health.contains("starting") {
                return;
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("the daemon does not settle: {}", self.get("/healthz").await.2);
    }

    /// Waits until asking for `path` gives what is wanted.
    pub async fn until(&self, what: &str, path: &str, wanted: impl Fn(u16, &str) -> bool) {
        for _ in 0..500 {
            let (status, _, body) = self.get(path).await;
            if wanted(status, &body) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited in vain for: {what}");
    }

    pub async fn close(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(10), self.daemon).await.expect("stops in time");
        ended.expect("no panic").unwrap_or_else(|error| panic!("{error}"));
    }
}
