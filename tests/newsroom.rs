//! The newsroom example's publishers, read by the real daemon: every article ends with exactly the topics that its list expects.

mod support;

// The example's own modules, so that what is tested is what a newcomer sees.
#[path = "../examples/newsroom/access_log.rs"]
mod access_log;
#[path = "../examples/newsroom/configuration.rs"]
mod configuration;
#[path = "../examples/newsroom/invented.rs"]
mod invented;
#[path = "../examples/newsroom/publisher.rs"]
mod publisher;
#[path = "../examples/newsroom/validators.rs"]
mod validators;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use access_log::AccessLog;
use support::{AtomEntry, Desk, OpenDesk, SetClock, example, read_atom, signal, wait_for_end};
use tokio::runtime::Runtime;

const EVENING: &str = "2026-11-22T18:00:00Z";

/// The newsroom on a free port: its publishers open, its configuration written where a desk finds it.
struct Newsroom {
    runtime: Runtime,
    desk: Desk,
    port: u16,
}

impl Newsroom {
    fn open() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let desk = Desk::with("");
        let port = publisher::choose_port(0).expect("a free port");
        let publishers = invented::publishers(port);
        let settings = configuration::Settings {
            work: desk.path(),
            listen: "127.0.0.1:0".parse().expect("an address"),
            entries: 1000,
        };
        fs::write(desk.config(), configuration::write(&settings, &publishers)).expect("written");
        let log = Arc::new(AccessLog::create(&desk.path().join("access.log")).expect("a log"));
        for publisher in publishers {
            publisher.open(&runtime, log.clone()).expect("opened");
        }
        Self { runtime, desk, port }
    }

    /// The article's address as served, from the one in the list.
    fn served(&self, link: &str) -> String {
        invented::publishers(self.port).iter().fold(link.to_owned(), |link, publisher| {
            link.replace(&format!("http://{}.example", publisher.id), &format!("http://{}", publisher.address))
        })
    }

    fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.desk.path().join("access.log")).expect("the log");
        log.lines().map(String::from).collect()
    }
}

/// Opens the desk, and once more after the first round: what is up first the second time was rendered from all that was read.
async fn open_with_all_read(newsroom: &Newsroom, clock: &SetClock) -> OpenDesk {
    let first = newsroom.desk.open(clock).await;
    assert!(first.summary.failures.is_empty(), "{:?}", first.summary.failures);
    assert_eq!(first.summary.answered, 9);
    first.close().await;
    newsroom.desk.open(clock).await
}

async fn edition(open: &OpenDesk, path: &str) -> Vec<AtomEntry> {
    let (status, _, body) = open.get(path).await;
    assert_eq!(status, 200, "{path}");
    read_atom(body.as_bytes()).unwrap_or_else(|wrong| panic!("{path}: {wrong}")).entries
}

fn with_link<'a>(entries: &'a [AtomEntry], end: &str) -> &'a AtomEntry {
    let found: Vec<_> =
        entries.iter().filter(|entry| entry.link.as_ref().is_some_and(|link| link.ends_with(end))).collect();
    assert_eq!(found.len(), 1, "{end} comes out once");
    found[0]
}

#[test]
fn every_article_is_in_exactly_the_topics_expected_of_it() {
    let newsroom = Newsroom::open();
    newsroom.runtime.block_on(async {
        let open = open_with_all_read(&newsroom, &SetClock::at(EVENING)).await;
        let all = edition(&open, "/all.atom").await;

        let expected = include_str!("../examples/newsroom/expected.tsv");
        let rows = expected.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
        let expected: BTreeMap<String, BTreeSet<String>> = rows
            .map(|(link, topics)| {
                let topics = topics.split(',').filter(|topic| !topic.is_empty()).map(String::from);
                (newsroom.served(link), topics.collect())
            })
            .collect();
        let found: BTreeMap<String, BTreeSet<String>> =
            all.iter().map(|entry| (entry.link.clone().expect("a link"), entry.topics.clone())).collect();
        assert_eq!(all.len(), found.len(), "no article twice");
        assert_eq!(found, expected);

        // What an entry says of its topics, and where it is, are one and the same.
        let topics: BTreeSet<&String> = expected.values().flatten().collect();
        assert_eq!(topics.len(), 8);
        for topic in topics {
            let links: BTreeSet<_> = edition(&open, &format!("/topics/{topic}.atom"))
                .await
                .into_iter()
                .filter_map(|entry| entry.link)
                .collect();
            let wanted: BTreeSet<_> =
                expected.iter().filter(|(_, topics)| topics.contains(topic)).map(|(link, _)| link.clone()).collect();
            assert_eq!(links, wanted, "{topic}");
        }
        let telecoms = with_link(&all, "/mistral-operateurs-hyperscalers");
        assert_eq!(telecoms.topics, ["ai", "telecom", "eu-tech-sovereignty"].map(String::from).into());
        open.close().await;
    });
}

#[test]
fn what_publishers_do_to_readers_does_not_come_through() {
    let newsroom = Newsroom::open();
    newsroom.runtime.block_on(async {
        let open = open_with_all_read(&newsroom, &SetClock::at(EVENING)).await;
        let all = edition(&open, "/all.atom").await;

        let agency = with_link(&all, "/2026/11/18/commission-chip-fund");
        assert_eq!(agency.source, "Meridian Wire – top stories", "the agency's own copy is shown, its entity read");
        let mut carriers: Vec<_> = agency.related.iter().map(|(_, source)| source.as_str()).collect();
        carriers.sort_unstable();
        assert_eq!(carriers, ["Chip Notes", "The Harbour Post"]);
        assert!(agency.related.iter().all(|(link, _)| Some(link) == agency.link.as_ref()), "{:?}", agency.related);

        let (_, _, atom) = open.get("/all.atom").await;
        let (_, _, rss) = open.get("/all.rss").await;
        let (_, _, index) = open.get("/").await;
        support::xml::read(rss.as_bytes()).expect("well-formed RSS");
        for (place, text) in [("Atom", atom), ("RSS", rss), ("the index", index)] {
            let text = text.to_lowercase();
            for unwanted in [
                "utm_",
                "at_medium",
                "at_campaign",
                "xtor",
                "fbclid",
                "<script",
                "&lt;script",
                "onclick",
                "javascript:",
            ] {
                assert!(!text.contains(unwanted), "{unwanted} in {place}");
            }
        }
        let morgenblick = include_str!("../examples/newsroom/feeds/morgenblick.atom");
        assert!(["script&gt;", "onclick", "javascript:", "utm_"].iter().all(|bait| morgenblick.contains(bait)));

        let latin_1 = with_link(&all, "/article/20261121-encheres-5g");
        assert_eq!(latin_1.title, "Fréquences 5G : quatre opérateurs retenus pour les enchères");
        assert!(latin_1.content.contains("opérateurs télécoms"), "{}", latin_1.content);
        let references = with_link(&all, "/2026/11/21/sonda-asteroide/");
        assert_eq!(references.title, "La sonda Civetta saluta la Terra e punta l’asteroide");
        let relative = with_link(&all, "/2026/11/21/sovereign-cloud-tender");
        let picture = newsroom.served("http://harbourpost.example/img/sovereign-cloud-tender.jpg");
        assert!(relative.content.contains(&picture), "{picture} is missing in {}", relative.content);
        open.close().await;
    });
}

#[test]
fn a_corrected_title_comes_with_a_later_poll_under_the_same_id_and_restarts_ask_nobody() {
    let newsroom = Newsroom::open();
    newsroom.runtime.block_on(async {
        let clock = SetClock::at(EVENING);
        let first = newsroom.desk.open(&clock).await;
        let leek = |entries: &[AtomEntry]| with_link(entries, "/2026/11/21/allotment-giant-leek").clone();
        let before = leek(&edition(&first, "/all.atom").await);
        let count = edition(&first, "/all.atom").await.len();
        first.close().await;
        assert_eq!(before.title, "Giant leek record falls after thirty-one years");
        assert_eq!(newsroom.requests().len(), 9);

        clock.advance(Duration::from_secs(60));
        newsroom.desk.open(&clock).await.close().await;
        assert_eq!(newsroom.requests().len(), 9, "a folder used again is no reason to ask again");

        clock.advance(Duration::from_secs(3 * 3600));
        let later = newsroom.desk.open(&clock).await;
        later.until("the correction", "/all.atom", |_, body| body.contains("after thirty years")).await;
        let entries = edition(&later, "/all.atom").await;
        let after = leek(&entries);
        later.close().await;
        assert_eq!((after.title.as_str(), after.id), ("Giant leek record falls after thirty years", before.id));
        assert_eq!(after.updated, before.updated, "one word less, not announced, does not push a story up again");
        assert_eq!(entries.len(), count);
        let second: Vec<_> = newsroom.requests().split_off(9);
        assert_eq!(second.len(), 9);
        assert!(second.iter().all(|line| line.ends_with(" conditional")), "{second:#?}");
        assert_eq!(second.iter().filter(|line| line.contains(" 304 ")).count(), 8, "{second:#?}");
    });
}

/// The example as a newcomer starts it, on ports that are free.
struct Example {
    child: Child,
    listen: SocketAddr,
}

impl Example {
    fn start(folder: &Path, ports: (u16, u16), work: Option<&Path>) -> Self {
        let listen: SocketAddr = ([127, 0, 0, 1], ports.0).into();
        let mut command = Command::new(example("newsroom"));
        command.args(["--listen", &listen.to_string(), "--port", &ports.1.to_string()]);
        if let Some(work) = work {
            command.arg("--work").arg(work);
        }
        command.env("TMPDIR", folder).env_remove("NOTIFY_SOCKET").stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        Self { child, listen }
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.listen).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !wanted(self) {
            assert!(matches!(self.child.try_wait(), Ok(None)), "the example ended before {what}");
            assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ctrl-C.
    fn interrupt(mut self) {
        signal(&self.child, "INT");
        let status = wait_for_end(&mut self.child);
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ports() -> (u16, u16) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    (free.port(), publisher::choose_port(0).expect("a free port"))
}

#[test]
fn the_example_leaves_nothing_behind_after_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut example = Example::start(folder.path(), ports(), None);
    let all = |example: &Example| example.get("/all.atom").is_some_and(|body| body.matches("<entry").count() == 74);
    example.until("every article", all);
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1, "it works in a folder of its own");
    example.interrupt();
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 0);
}

#[test]
fn a_kept_work_folder_is_used_again_and_nobody_is_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (work, ports) = (folder.path().join("kept"), ports());
    let log = || fs::read_to_string(work.join("access.log")).unwrap_or_default().lines().count();
    let all = |example: &Example| example.get("/all.atom").is_some_and(|body| body.matches("<entry").count() == 74);
    let mut first = Example::start(folder.path(), ports, Some(&work));
    first.until("every article", all);
    first.interrupt();
    assert_eq!(log(), 9);

    let mut second = Example::start(folder.path(), ports, Some(&work));
    second.until("every article, out of the store", all);
    second.until("the index", |example| example.get("/healthz").is_some_and(|body| body.contains("\"ok\"")));
    second.interrupt();
    assert_eq!(log(), 9, "the second start polls nothing early");
    for kept in ["newsdesk.toml", "store", "access.log"] {
        assert!(work.join(kept).exists(), "{kept}");
    }
}

#[test]
fn the_small_examples_do_what_they_say() {
    let feed = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/newsroom/feeds/technikbote.rdf");
    let output = Command::new(example("parse_a_feed")).arg(feed).output().expect("run");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && printed.starts_with("Der Technikbote: 7 entries"), "{printed}");
    assert!(printed.contains("2026-11-2") && printed.contains("4711-halbleiterwerk-elbtal"), "{printed}");

    let mut tagger =
        Command::new(example("tag_a_text")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
    tagger.stdin.take().expect("a pipe").write_all(b"Telecoms turn to AI\nAnd 5G pays for it.\n").expect("written");
    let printed = String::from_utf8(tagger.wait_with_output().expect("run").stdout).expect("UTF-8");
    assert!(printed.contains("ai: 4.5 of 4 points, tagged: true"), "{printed}");
    assert!(printed.contains("points for telecom*^1.5, found as \"Telecoms\""), "{printed}");
}
