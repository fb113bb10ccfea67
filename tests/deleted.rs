//! What publishers delete, over real sockets: it is in no edition any more, and stays away.

mod support;

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use support::{Desk, OpenDesk, Publisher, Resource, SetClock};

const NOON: &str = "2026-03-02T12:00:00Z";

/// The publisher's entries: a number and the minute of their last update.
fn atom(name: &str, entries: &[(u32, u32)], deleted: &[(u32, u32)]) -> Resource {
    let time = |minute: u32| format!("2026-03-02T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60);
    let mut feed = format!(
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" \
         xml:lang=\"en\"><id>urn:{name}</id><title>{name}</title><updated>{NOON}</updated>"
    );
    // Writing to a String cannot fail.
    for (number, minute) in deleted {
        let when = time(*minute);
        let _ = write!(feed, "<at:deleted-entry ref=\"urn:{name}:{number}\" when=\"{when}\"/>");
    }
    for (number, minute) in entries {
        let updated = time(*minute);
        let _ = write!(
            feed,
            "<entry><id>urn:{name}:{number}</id><title>AI story {number}.</title><link href=\"https://gazette.example/{number}\"/>\
             <published>{}</published><updated>{updated}</updated><summary>What AI did the {number}th time.</summary></entry>",
            time(*number)
        );
    }
    Resource::feed(feed + "</feed>")
}

fn newsdesk(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    for variable in ["NEWSDESK_CONFIG", "NEWSDESK_LOG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM"] {
        command.env_remove(variable);
    }
    command.args(arguments).arg("--config").arg(desk.config());
    command
}

/// Polls at once; how many entries were removed, and how many are new.
async fn poll(desk: &Desk) -> (u64, u64) {
    let mut command = newsdesk(desk, &["poll", "--json"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let sum = |key: &str| lines.iter().filter_map(|line| line[key].as_u64()).sum();
    (sum("deleted"), sum("new"))
}

const EDITIONS: [&str; 7] = [
    "/topics/ai.atom",
    "/topics/ai.rss",
    "/topics/ai.json",
    "/topics/ai",
    "/all.atom",
    "/sources/gazette.atom",
    "/topics/ai.atom?source=gazette",
];

/// Those of the editions that have the story.
async fn with(open: &OpenDesk, number: u32) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for path in EDITIONS {
        let (status, _, body) = open.get(path).await;
        assert_eq!(status, 200, "{path}");
        found.extend(body.contains(&format!("AI story {number}.")).then_some(path));
    }
    found
}

/// Waits until no edition has the story.
async fn until_gone(open: &OpenDesk, number: u32) {
    for path in EDITIONS {
        let title = format!("AI story {number}.");
        open.until("an edition without it", path, |status, body| status == 200 && !body.contains(&title)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_publisher_deletes_is_in_no_edition_and_does_not_return_unless_it_is_updated() {
    let [gazette, herald] = [Publisher::start(), Publisher::start()];
    let listed: Vec<(u32, u32)> = (0..60).rev().map(|number| (number, number)).collect();
    gazette.serve("/feed", atom("gazette", &listed, &[]).etag("\"1\""));
    herald.serve("/feed", atom("herald", &[(58, 58), (100, 100)], &[]).etag("\"1\""));
    let desk = Desk::with(&format!(
        "[sources.gazette]\nurl = \"{}\"\ndeleted = \"remove\"\n[sources.herald]\nurl = \"{}\"\n\
         [topics.ai]\nthreshold = 1.0\nterms.any = [\"=AI^2\"]\n",
        gazette.url("/feed"),
        herald.url("/feed")
    ));
    let clock = SetClock::at(NOON);
    let open = desk.open(&clock).await;
    open.until("the first page of the archive", "/archives/ai/1.atom", |status, _| status == 200).await;
    let archived = open.get("/archives/ai/1.atom").await.2;
    assert!(archived.contains("AI story 7."));
    let everywhere: BTreeSet<_> = EDITIONS.into();
    for number in [7, 58, 59] {
        assert_eq!(with(&open, number).await, everywhere, "{number}");
    }
    let page = open.get("/topics/ai").await.2;
    let after = page.split_once("AI story 7.").expect("on the page").1;
    let (_, story) = after.split_once("href=\"/stories/").expect("a story's page");
    let story = format!("/stories/{}", story.split('"').next().expect("a number"));
    assert!(open.get(&story).await.2.contains("AI story 7."), "{story}");

    // One of its own, one that the herald has too, and all that the herald has, which keeps it.
    let rest: Vec<(u32, u32)> = listed.iter().filter(|(number, _)| ![7, 58].contains(number)).copied().collect();
    gazette.serve("/feed", atom("gazette", &rest, &[(7, 200), (58, 200), (59, 30)]).etag("\"2\""));
    herald.serve("/feed", atom("herald", &[], &[(58, 200), (100, 200)]).etag("\"2\""));
    assert_eq!(poll(&desk).await, (2, 0));
    until_gone(&open, 7).await;
    open.until("no page of the story", &story, |status, _| status == 404).await;
    assert!(with(&open, 59).await == everywhere, "it was updated after it was deleted");
    open.until("the copy at the herald", "/topics/ai.atom", |_, body| {
        body.split("<entry>").any(|entry| entry.contains("AI story 58.") && entry.contains("<title>herald</title>"))
    })
    .await;
    assert!(!with(&open, 58).await.contains("/sources/gazette.atom"));
    assert!(open.get("/topics/ai.atom").await.2.contains("AI story 100."), "what is to be kept is kept");
    assert_eq!(open.get("/archives/ai/1.atom").await.2, archived, "a page of the archive never changes");

    // The former state of the feed again, from a cache as it were; now and after a restart.
    gazette.serve("/feed", atom("gazette", &listed, &[]).etag("\"3\""));
    assert_eq!(poll(&desk).await, (0, 0));
    open.close().await;
    gazette.serve("/feed", atom("gazette", &listed, &[(300, 200)]).etag("\"4\""));
    let open = desk.open(&clock).await;
    assert_eq!(poll(&desk).await, (0, 0));
    open.settle().await;
    assert_eq!((with(&open, 7).await, open.get(&story).await.0), (BTreeSet::new(), 404));

    let updated: Vec<(u32, u32)> = listed.iter().map(|(number, minute)| (*number, minute + 200)).collect();
    gazette.serve("/feed", atom("gazette", &updated[52..53], &[(7, 200)]).etag("\"5\""));
    assert_eq!(poll(&desk).await, (0, 1), "updated since, it is news again");
    open.until("the updated story", "/topics/ai.atom", |_, body| body.contains("AI story 7.")).await;
    open.close().await;
}
