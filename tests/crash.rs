//! `kill -9` at fifty moments: while fetching, committing, publishing and starting. Afterwards nothing that was published is
//! missing, nothing is doubled, and no source's validators are ahead of its entries.
//!
//! The log says where the daemon is, and the kill follows the line at once. Odd turns kill a single round of polls
//! (`newsdesk poll`), which asks every source again; even turns kill the daemon, which polls the sources that are new to it.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use support::{Publisher, Resource};

const KILLS: usize = 50;
const SOURCES_AT_FIRST: usize = 4;
/// Entries that a feed lists; older ones fall out of it.
const WINDOW: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Fetch,
    Commit,
    Publish,
    StartUp,
}

impl Phase {
    /// The line after which the kill comes; `None` for a moment before any.
    fn line(self) -> Option<&'static str> {
        match self {
            Phase::Fetch => Some("fetch begins"),
            Phase::Commit => Some("commit begins"),
            Phase::Publish => Some("publish begins"),
            Phase::StartUp => None,
        }
    }
}

/// Feeds that go on publishing, and what they have published.
struct Press {
    publisher: Publisher,
    feeds: Vec<Vec<String>>,
}

impl Press {
    fn new() -> Self {
        let mut press = Self { publisher: Publisher::start(), feeds: Vec::new() };
        (0..SOURCES_AT_FIRST).for_each(|_| press.found());
        press
    }

    /// One more feed.
    fn found(&mut self) {
        self.feeds.push(Vec::new());
        self.report(self.feeds.len() - 1);
    }

    /// One more entry in a feed, under a new entity tag.
    fn report(&mut self, feed: usize) {
        let entries = &mut self.feeds[feed];
        entries.push(format!("tag:press.example,2026:{feed}-{}", entries.len()));
        let mut document = format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed {feed}</title>");
        for id in entries.iter().rev().take(WINDOW) {
            let path = id.replace(':', "-");
            document += &format!(
                "<item><guid isPermaLink=\"false\">{id}</guid><link>http://press.example/{path}</link><title>{id}</title>\
                 <description>Something happened, and this is what is known about {id}.</description></item>"
            );
        }
        document += "</channel></rss>";
        let resource = Resource::feed(document).etag(format!("\"{feed}-{}\"", entries.len()));
        self.publisher.serve(&format!("/{feed}"), resource);
    }

    fn configure(&self, folder: &Path, port: u16) {
        let mut text = format!(
            "server.listen = \"127.0.0.1:{port}\"\nstore.path = \"store\"\npolling.allow_networks = [\"127.0.0.0/8\"]\n\
             polling.host_gap = \"0s\"\npolling.backlog = 0\npublish.entries = 1000\n"
        );
        for feed in 0..self.feeds.len() {
            text += &format!("[sources.feed-{feed}]\nurl = \"{}\"\n", self.publisher.url(&format!("/{feed}")));
        }
        std::fs::write(folder.join("newsdesk.toml"), text).expect("written");
    }

    /// What the feeds list now: it must be there in the end.
    fn listed(&self) -> BTreeSet<String> {
        self.feeds.iter().flat_map(|entries| entries.iter().rev().take(WINDOW).cloned()).collect()
    }
}

#[test]
fn fifty_kills_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut press = Press::new();
    let mut random = 0x5eed_u64;
    let mut killed: BTreeMap<Phase, usize> = BTreeMap::new();
    let mut published = BTreeSet::new();

    let mut turn = 0;
    while killed.values().sum::<usize>() < KILLS {
        assert!(turn < 3 * KILLS, "too few of the kills came in time: {killed:?}");
        turn += 1;
        let phase = [Phase::Fetch, Phase::Commit, Phase::Publish, Phase::StartUp][turn % 4];
        // A single round of polls publishes nothing.
        let daemon = phase == Phase::Publish || turn % 8 < 4;
        press.found();
        for feed in 0..press.feeds.len() {
            if next(&mut random).is_multiple_of(3) {
                press.report(feed);
            }
        }
        press.configure(folder.path(), port);
        let mut newsdesk = Running::start(folder.path(), if daemon { "run" } else { "poll" });
        match phase.line() {
            Some(line) => {
                let which = 1 + next(&mut random) % if phase == Phase::Publish { 2 } else { 3 };
                let seen = newsdesk.wait_for(line, which as usize);
                if phase == Phase::Publish && seen && next(&mut random).is_multiple_of(2) {
                    published.extend(ids(&get(port, "/all.atom").unwrap_or_default()));
                }
                thread::sleep(Duration::from_micros(next(&mut random) % 800));
                // A round may be over before its line has come so often: then this was no kill in that phase.
                if newsdesk.kill() && seen {
                    *killed.entry(phase).or_default() += 1;
                }
            }
            None => {
                thread::sleep(Duration::from_millis(next(&mut random) % 60));
                if newsdesk.kill() {
                    *killed.entry(phase).or_default() += 1;
                }
            }
        }
    }

    let last_round = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(["poll", "--config"])
        .arg(folder.path().join("newsdesk.toml"))
        .output()
        .expect("run");
    assert!(last_round.status.success(), "{}", String::from_utf8_lossy(&last_round.stderr));
    let mut newsdesk = Running::start(folder.path(), "run");
    assert!(newsdesk.wait_for("publish ends", 1));
    let edition = get(port, "/all.atom").expect("an edition");
    newsdesk.kill();

    let found = ids(&edition);
    let once: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(once.len(), found.len(), "nothing is doubled");
    let missing: Vec<_> = press.listed().difference(&once).cloned().collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "listed by a publisher and not kept: a validator was ahead of its entries"
    );
    let lost: Vec<_> = published.difference(&once).cloned().collect();
    assert_eq!(lost, Vec::<String>::new(), "published once and lost");
    println!(
        "killed by phase: {killed:?}; {} entries kept, {} seen published before a kill",
        once.len(),
        published.len()
    );
    assert_eq!(killed.len(), 4, "{killed:?}");
}

struct Running {
    child: Child,
    log: mpsc::Receiver<String>,
}

impl Running {
    fn start(folder: &Path, command: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
            .args([command, "--log", "plain", "--config"])
            .arg(folder.join("newsdesk.toml"))
            .env("NEWSDESK_LOG", "newsdesk=debug")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (lines, log) = mpsc::channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        Self { child, log }
    }

    /// Waits until a line has come so many times; false if the program ended or nothing came any more.
    fn wait_for(&mut self, text: &str, times: usize) -> bool {
        let mut seen = 0;
        let mut log = String::new();
        while let Ok(line) = self.log.recv_timeout(Duration::from_secs(10)) {
            assert!(!line.contains("panicked") && !line.contains("damaged"), "{log}{line}");
            seen += usize::from(line.contains(text));
            if seen == times {
                return true;
            }
            log += &line;
            log.push('\n');
        }
        false
    }

    /// False if the program had ended before.
    fn kill(&mut self) -> bool {
        let ran = matches!(self.child.try_wait(), Ok(None));
        let _ = self.child.kill();
        let status = self.child.wait().expect("waited");
        assert!(
            ran || status.success(),
            "newsdesk failed by itself: {status}; {:?}",
            self.log.try_iter().collect::<Vec<_>>()
        );
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ids(edition: &str) -> Vec<String> {
    let own = |entry: &str| Some(entry.split_once("<id>")?.1.split_once("</id>")?.0.to_string());
    edition.split("<entry").skip(1).filter_map(own).collect()
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: newsdesk\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_string())
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// xorshift: the same turns in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
