//! Real feeds through real HTTP. They belong to their publishers and are no part of the project: `NEWSDESK_CORPUS` names their
//! folder, and without it these tests say that they skip.

mod support;

// The publishers of the newsroom example, which make one of every feed file.
#[path = "../examples/newsroom/access_log.rs"]
mod access_log;
#[path = "../examples/newsroom/dump.rs"]
mod dump;
#[path = "../examples/newsroom/folder.rs"]
mod folder;
#[allow(dead_code, reason = "nobody knows the language of a file's feed")]
#[path = "../examples/newsroom/publisher.rs"]
mod publisher;
#[path = "../examples/newsroom/recognise.rs"]
mod recognise;
#[path = "../examples/newsroom/validators.rs"]
mod validators;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use access_log::AccessLog;
use newsdesk::{
    config,
    daemon::{RoundObserver, RoundSummary, poll_round},
    poll::{Ended, PollReport},
};
use serde_json::{Value, json};
use support::{Desk, OpenDesk, Publisher, Resource, SetClock, read_atom};
use tokio::runtime::Runtime;

const NOON: &str = "2026-11-23T12:00:00Z";

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("NEWSDESK_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        println!("skipped: NEWSDESK_CORPUS does not name the folder of the real feeds");
    }
    corpus
}

/// Entries by path, as counted by hand and by other readers.
fn manifest(feeds: &Path) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(feeds.join("manifest.tsv")).expect("a manifest");
    let mut rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = rows.next().expect("a head");
    let column = |name: &str| head.iter().position(|found| *found == name).expect("a column");
    let (path, entries) = (column("path"), column("entries"));
    rows.map(|row| (row[path].to_owned(), row[entries].parse().expect("a number"))).collect()
}

/// The editions of every topic and of everything, both formats.
async fn editions(open: &OpenDesk, topics: &[String]) -> BTreeMap<String, String> {
    let names = topics.iter().map(|topic| format!("topics/{topic}")).chain(["all".into()]);
    let mut editions = BTreeMap::new();
    for path in names.flat_map(|name| [format!("/{name}.atom"), format!("/{name}.rss")]) {
        let (status, _, body) = open.get(&path).await;
        assert_eq!(status, 200, "{path}");
        editions.insert(path, body);
    }
    editions
}

#[derive(Default)]
struct Reports(Vec<PollReport>);

impl RoundObserver for Reports {
    fn begins(&mut self, _: usize) {}
    fn polled(&mut self, report: &PollReport) {
        self.0.push(report.clone());
    }
    fn ends(&mut self, _: &RoundSummary) {}
}

#[test]
fn real_feeds_are_read_once_rendered_strictly_and_then_asked_conditionally() {
    let Some(corpus) = corpus() else { return };
    let begun = Instant::now();
    let feeds = corpus.join("feeds");
    let runtime = Runtime::new().expect("a runtime");
    let port = publisher::choose_port(0).expect("a free port");
    let publishers = folder::publishers(&feeds, port).expect("publishers");
    let names: BTreeMap<String, String> = publishers.iter().map(|one| (one.id.clone(), one.name.clone())).collect();

    let pack = fs::read_to_string(corpus.join("eval/packs/newsag.toml")).expect("a pack");
    let topics: Vec<String> =
        pack.parse::<toml::Table>().expect("TOML")["topics"].as_table().expect("topics").keys().cloned().collect();
    let mut text = "publish.entries = 600\n".to_owned();
    text += &pack;
    for publisher in &publishers {
        text += &format!("\n[sources.{}]\nurl = \"{}\"\n", publisher.id, publisher.feed_url());
    }
    let desk = Desk::with(&text);
    let log_path = desk.path().join("access.log");
    let log = Arc::new(AccessLog::create(&log_path).expect("a log"));
    for publisher in publishers {
        publisher.open(&runtime, log.clone()).expect("opened");
    }
    let requests = || fs::read_to_string(&log_path).expect("the log").lines().map(String::from).collect::<Vec<_>>();

    runtime.block_on(async {
        let clock = SetClock::at(NOON);
        // A round by the admin's own word: nothing is rendered while it lasts, which in a debug build takes longer than reading.
        let (config, _) = config::load(&desk.config()).unwrap_or_else(|problems| panic!("{problems}"));
        let mut reports = Reports::default();
        let summary = poll_round(&config, &[], clock.clock(), &mut reports).await.expect("a round");
        println!("first round: {:.1?}, {} stories", begun.elapsed(), summary.stories);
        assert_eq!((summary.sources, summary.answered), (names.len(), names.len()), "{:#?}", summary.failures);
        let read = reports.0.iter().map(|report| (report.source.to_string(), report.entries)).collect();
        counts_agree(&manifest(&feeds), &names, &read);
        assert_eq!(requests().len(), names.len(), "one request a source");

        let again = desk.open(&clock).await;
        let before = editions(&again, &topics).await;
        again.close().await;
        let mut shown = 0;
        let mut distinct = BTreeSet::new();
        for (path, body) in &before {
            if path.ends_with(".rss") {
                support::xml::read(body.as_bytes()).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
                continue;
            }
            let edition = read_atom(body.as_bytes()).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
            shown += edition.entries.len();
            distinct.extend(edition.entries.into_iter().map(|entry| entry.id));
        }
        println!(
            "{} editions with {shown} entries, {} distinct: {:.1?}",
            before.len(),
            distinct.len(),
            begun.elapsed()
        );
        assert!(shown >= 3000, "{shown} entries in {} editions", before.len());

        clock.advance(Duration::from_secs(60));
        let mut reports = Reports::default();
        poll_round(&config, &[], clock.clock(), &mut reports).await.expect("a round");
        assert_eq!(reports.0.len(), names.len());
        for report in &reports.0 {
            assert!(matches!(report.ended, Ended::Unchanged) && report.status == Some(304), "{report:?}");
        }
        let asked = requests().split_off(names.len());
        let conditional = asked.iter().filter(|line| line.ends_with(" 304 conditional")).count();
        assert_eq!((asked.len(), conditional), (names.len(), names.len()));

        let last = desk.open(&clock).await;
        let after = editions(&last, &topics).await;
        last.close().await;
        let changed: Vec<_> = before.keys().filter(|path| before[*path] != after[*path]).collect();
        assert!(changed.is_empty(), "the same stories, other bytes: {changed:?}");
        println!("second round, all 304: {:.1?}", begun.elapsed());
    });
}

/// Of the files with a count of their own, and of the day's dumps as wholes, 95 of 100 agree with it.
fn counts_agree(manifest: &BTreeMap<String, usize>, names: &BTreeMap<String, String>, read: &BTreeMap<String, usize>) {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, name) in names {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        // A part of a dump counts for the dump's file.
        let path = match manifest.get_key_value(name.as_str()) {
            Some((path, _)) => path,
            None => manifest.keys().find(|path| path.starts_with(folder) && path.ends_with(".json")).expect("a dump"),
        };
        *found.entry(path.as_str()).or_default() += read.get(id).copied().unwrap_or(0);
    }
    let other: Vec<_> = manifest.iter().filter(|(path, count)| found.get(path.as_str()) != Some(count)).collect();
    for (path, count) in &other {
        println!("{path}: {:?} entries, {count} known", found.get(path.as_str()));
    }
    println!("{} of {} files agree", manifest.len() - other.len(), manifest.len());
    assert!(other.len() * 100 <= manifest.len() * 5, "{} of {} files do not agree", other.len(), manifest.len());
}

/// The page that the project was thought up for, with its share bar, newsletter lines, and teasers about war and elections.
#[test]
fn the_seed_page_is_in_its_three_topics_whichever_way_it_comes() {
    let Some(corpus) = corpus() else { return };
    let pack_path = corpus.join("eval/packs/topicpack.toml");
    let expected = BTreeSet::from(["ai", "eu-tech-sovereignty", "telecom"].map(String::from));
    let file = corpus.join("seed/mistral-telecoms.txt");
    let page = fs::read_to_string(&file).expect("the page");
    let title = page.lines().next().expect("a title").to_owned();
    let lines: Vec<_> = page.lines().filter(|line| !line.trim().is_empty()).collect();

    // As it was copied from a browser; then with each of its lines a paragraph, as in the feed below.
    let folder = tempfile::tempdir().expect("a folder");
    let apart = folder.path().join("page.txt");
    fs::write(&apart, lines.join("\n\n")).expect("written");
    let mut by_explain = BTreeMap::new();
    for file in [&file, &apart] {
        let text = fs::read_to_string(file).expect("the page");
        let line = json!({ "id": 1, "lang": "fr", "title": title, "text": text }).to_string();
        let tagged: Value = serde_json::from_str(&newsdesk(&["tag"], &pack_path, &line)).expect("JSON");
        let labels = tagged["labels"].as_array().expect("labels").iter().filter_map(Value::as_str).map(String::from);
        assert_eq!(labels.collect::<BTreeSet<_>>(), expected, "tag: {tagged}");
        let explained = newsdesk(&["explain", "--language", "fr", &file.to_string_lossy()], &pack_path, "");
        by_explain = scores(&explained);
        assert_eq!(tags(&by_explain), expected, "explain: {explained}");
        for (topic, score) in tagged["scores"].as_object().expect("scores") {
            let explained_score = by_explain.get(topic).map(|(score, _)| *score);
            assert_eq!(explained_score, score.as_f64(), "tag and explain on {topic}:\n{explained}");
        }
    }

    let paragraphs: String = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
    let feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>\
         <title>Courrier</title><language>fr</language><item><guid isPermaLink=\"false\">1</guid><link>https://courrier.example/mistral</link>\
         <title>{}</title><content:encoded><![CDATA[{paragraphs}]]></content:encoded></item></channel></rss>",
        escape(&title)
    );
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed));
    let pack = fs::read_to_string(&pack_path).expect("the pack");
    let desk = Desk::with(&format!("{pack}\n[sources.courrier]\nurl = \"{}\"\n", publisher.url("/feed")));
    Runtime::new().expect("a runtime").block_on(async {
        let open = desk.open(&SetClock::at(NOON)).await;
        let (_, _, body) = open.get("/all.atom").await;
        let edition = read_atom(body.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(edition.entries.len(), 1);
        assert_eq!(edition.entries[0].topics, expected, "through the daemon");
        open.close().await;
    });
    let stored = newsdesk(&["explain", "https://courrier.example/mistral"], &desk.config(), "");
    assert_eq!(scores(&stored), by_explain, "the daemon and explain:\n{stored}");
}

fn tags(scores: &BTreeMap<String, (f64, bool)>) -> BTreeSet<String> {
    scores.iter().filter(|(_, (_, tagged))| *tagged).map(|(topic, _)| topic.clone()).collect()
}

fn newsdesk(arguments: &[&str], config: &Path, input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("run");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Scores and verdicts out of what `explain` prints: `topic ai  19.5 of 3 points: tagged`.
fn scores(explained: &str) -> BTreeMap<String, (f64, bool)> {
    let lines = explained.lines().filter_map(|line| line.strip_prefix("topic "));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let topic = words.next().expect("a topic").to_owned();
            (topic, (words.next().and_then(|score| score.parse().ok()).expect("a score"), line.ends_with(": tagged")))
        })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
