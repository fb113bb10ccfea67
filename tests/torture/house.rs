//! A newsdesk with its publishers, and everything that must hold of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    journal::Kept,
    press::{BEATS, Press},
    running::{Poll, Running, bring_program},
    support::read_atom,
};

/// The daemon says one of these when it knows whether the store is as it was written, and has mended it if not.
const IS_WHOLE: &str = "the store is whole";
const WAS_MENDED: [&str; 3] =
    [IS_WHOLE, "rebuilt from the journal, complete", "the journal was written anew from the database"];

pub struct House {
    pub folder: PathBuf,
    pub config: PathBuf,
    pub store: PathBuf,
    pub port: u16,
    pub press: Press,
    pub limits: Limits,
    /// Number and time of first sight of each entry, by its id, from when it counted.
    first_sight: BTreeMap<String, (u64, String)>,
    /// What happened lately, for whoever has to find out why.
    pub story: Vec<String>,
}

/// How large things get.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries in an edition.
    pub edition: usize,
    /// Entries that are kept of a source at most.
    pub kept: usize,
}

impl House {
    pub fn build(folder: PathBuf, press: Press, limits: Limits) -> Self {
        let port = free_port();
        let store = folder.join("store");
        fs::create_dir_all(&store).expect("a folder");
        let config = folder.join("newsdesk.toml");
        bring_program(&folder);
        let house =
            Self { folder, config, store, port, press, limits, first_sight: BTreeMap::new(), story: Vec::new() };
        house.configure(&house.config, "store");
        house
    }

    fn configure(&self, path: &Path, store: &str) {
        let mut text = format!(
            "server.listen = \"127.0.0.1:{}\"\nstore.path = \"{store}\"\nstore.cache = \"4MiB\"\nstore.entries_per_source = {}\n\
             polling.allow_networks = [\"127.0.0.0/8\"]\npolling.host_gap = \"0s\"\npolling.backlog = 0\npublish.entries = {}\n",
            self.port, self.limits.kept, self.limits.edition
        );
        for feed in 0..self.press.feeds.len() {
            text += &format!("[sources.feed-{feed}]\nurl = \"{}\"\nlanguage = \"en\"\n", self.press.url(feed));
        }
        for beat in BEATS {
            text += &format!("[topics.{beat}]\nterms.any = [\"{beat}^9\"]\n");
        }
        fs::write(path, text).expect("written");
    }

    pub fn note(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
        let old = self.story.len().saturating_sub(40);
        self.story.drain(..old);
    }

    pub fn start(&self) -> Running {
        Running::start(&self.config, self.port)
    }

    pub fn start_renewals(&self) -> Running {
        Running::start_renewals(&self.store)
    }

    /// A new daemon polls every feed until its log proves that everything was taken, then serves all of it; then it is killed.
    ///
    /// Whatever was damaged before is mended by now, and after another start known to be whole. Gives back the logs.
    pub fn check(&mut self) -> String {
        let mut log = String::new();
        for attempt in 0.. {
            assert!(attempt < 4, "it is not whole after {attempt} starts:\n{log}");
            let mut newsdesk = self.start();
            newsdesk.wait_until_up();
            assert!(newsdesk.has_said(IS_WHOLE) || newsdesk.wait_for(&WAS_MENDED, 1), "{}", newsdesk.log);
            if attempt == 0 {
                self.take_everything(&mut newsdesk);
                self.check_editions(&mut newsdesk);
            }
            // What was found out meanwhile is being mended.
            let is_idle = |body: &str| body.split_whitespace().collect::<String>().contains("\"store_work\":null");
            newsdesk.until("rest", "/healthz", |status, body| status == 200 && is_idle(body));
            let was_whole = newsdesk.log.contains(IS_WHOLE);
            let (said, _) = newsdesk.kill();
            log += &said;
            if was_whole {
                break;
            }
        }
        self.check_journal(true);
        log
    }

    /// Polls every feed, and again: the second request names what the first one took.
    pub fn take_everything(&mut self, newsdesk: &mut Running) {
        for _ in 0..2 {
            let polled = Poll::begin(&self.config).end();
            self.press.read_log();
            assert_eq!(polled, Ok(()), "a poll failed: {}\n{}", newsdesk.log, self.story.join("\n"));
        }
        assert!(self.press.is_all_acknowledged(), "a poll was told to be done and was not:\n{}", newsdesk.log);
    }

    /// The editions are exactly what the feeds have had, newest first.
    pub fn check_editions(&self, newsdesk: &mut Running) {
        let all = self.press.newest();
        let expected: Vec<_> = all.into_iter().take(self.limits.edition).collect();
        let newest = expected.first().map(|(id, updated)| format!("<id>{id}</id>@{updated}")).unwrap_or_default();
        let found = |body: &str| -> Vec<(String, String)> {
            let edition = read_atom(body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
            edition.entries.into_iter().map(|entry| (entry.id, entry.updated)).collect()
        };
        newsdesk.until(&format!("the edition with {newest}"), "/all.atom", |status, body| {
            status == 200 && found(body) == expected
        });
    }

    /// An edition at any moment: nothing is in it twice, nothing that never was, and no date but those an entry has had.
    pub fn check_edition_in_between(&self, newsdesk: &Running) {
        let Some((200, body)) = newsdesk.get("/all.atom") else { return };
        let edition = read_atom(body.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{}", newsdesk.log));
        let dates = self.press.dates();
        for entry in edition.entries {
            let known = dates.get(entry.id.as_str()).unwrap_or_else(|| panic!("{} never was", entry.id));
            assert!(known.contains(&entry.updated), "{} has the date {}, not {known:?}", entry.id, entry.updated);
        }
    }

    /// What the journal holds while no daemon runs. `settled`: everything in it counts by now.
    pub fn check_journal(&mut self, settled: bool) {
        self.press.read_log();
        let story = self.story.join("\n");
        let kept = Kept::read(&self.store.join("journal")).unwrap_or_else(|error| panic!("{error}\n{story}"));
        let by_id = kept.by_id().unwrap_or_else(|error| panic!("{error}\n{story}"));
        for (number, feed) in self.press.feeds.iter().enumerate() {
            let version = kept.version(number);
            assert!(
                version >= feed.acknowledged,
                "feed {number}: version {} was acknowledged, and {version} is kept\n{story}",
                feed.acknowledged
            );
            // What is older may have had its time. A changed entry counts as newer.
            for item in self.press.newest_of(feed, version, self.limits.kept - 10) {
                assert!(
                    by_id.contains_key(item.guid.as_str()),
                    "feed {number}: its validators are of version {version}, and {} of version {} is not kept\n{story}",
                    item.guid,
                    item.since
                );
            }
        }
        for (id, (number, seen, _)) in &by_id {
            match self.first_sight.get(*id) {
                Some(before) => assert_eq!((before.0, before.1.as_str()), (*number, *seen), "{id} is another\n{story}"),
                None if settled => drop(self.first_sight.insert((*id).to_owned(), (*number, (*seen).to_owned()))),
                None => {}
            }
        }
    }

    /// The editions of a newsdesk on the same input that nobody disturbed are the same to the byte.
    pub fn compare_with_undisturbed(&mut self) {
        let disturbed = {
            let mut newsdesk = self.start();
            newsdesk.wait_until_up();
            self.check_editions(&mut newsdesk);
            editions(&mut newsdesk)
        };
        let kept = Kept::read(&self.store.join("journal")).expect("read");
        let instance = kept.instance().expect("an instance").to_owned();
        let undisturbed = self.folder.join("undisturbed");
        fs::create_dir_all(&undisturbed).expect("a folder");
        fs::write(undisturbed.join("store.toml"), format!("format = 2\ndatabase = 1\ninstance = \"{instance}\"\n"))
            .expect("written");
        let config = self.folder.join("undisturbed.toml");
        self.configure(&config, "undisturbed");
        (0..self.press.feeds.len()).for_each(|feed| self.press.show(feed, 1));
        let mut newsdesk = Running::start(&config, self.port);
        newsdesk.wait_until_up();
        for versions in self.milestones() {
            for (feed, version) in versions.into_iter().enumerate() {
                self.press.show(feed, version);
            }
            assert_eq!(Poll::begin(&config).end(), Ok(()), "{}", newsdesk.log);
        }
        self.check_editions(&mut newsdesk);
        let expected = editions(&mut newsdesk);
        for (path, body) in &expected {
            assert!(
                disturbed.get(path) == Some(body),
                "{path} is not what it would have been; see {}",
                self.folder.display()
            );
        }
    }

    /// Versions of each feed, from the first to the last, such that no entry falls out of a feed in between.
    fn milestones(&self) -> Vec<Vec<usize>> {
        let last: Vec<usize> = self.press.feeds.iter().map(|feed| feed.version).collect();
        let mut at = vec![1; last.len()];
        let mut milestones = vec![at.clone()];
        while at != last {
            for (feed, at) in self.press.feeds.iter().zip(&mut at) {
                let seen = feed.items.iter().filter(|item| item.since <= *at).count();
                let until =
                    feed.items.get(seen + crate::press::MOST_UNTAKEN).map_or(feed.version, |item| item.since - 1);
                *at = until.max(*at + 1).min(feed.version);
            }
            milestones.push(at.clone());
        }
        milestones
    }
}

/// A port that the system gives to nobody while the daemon is down: not one of those it gives away by itself.
fn free_port() -> u16 {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..32_000).find(is_free).expect("a port")
}

/// Every edition, and the index page.
fn editions(newsdesk: &mut Running) -> BTreeMap<String, String> {
    let topics = BEATS.iter().map(|beat| format!("/topics/{beat}"));
    let paths = topics.chain(["/all".into()]).flat_map(|path| [format!("{path}.atom"), format!("{path}.rss")]);
    let paths: Vec<String> = paths.chain(["/".into()]).collect();
    let mut before = BTreeMap::new();
    loop {
        let now: BTreeMap<_, _> = paths
            .iter()
            .map(|path| (path.clone(), newsdesk.until("an edition", path, |status, _| status == 200)))
            .collect();
        if now == before {
            return now;
        }
        before = now;
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}
