//! The way into the past, for people: from a topic's page to every story that it ever had, served and as files.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use support::{Desk, OpenDesk, Publisher, Resource, SetClock};

const NOON: &str = "2026-03-02T12:00:00Z";

const OURS: &str = "https://news.example";

fn rss(stories: std::ops::Range<u32>) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><link>https://g.example/</link>",
    );
    for story in stories.rev() {
        let (hour, minute) = (story / 60, story % 60);
        feed += &format!(
            "<item><guid>https://g.example/{story}</guid><link>https://g.example/{story}</link><title>IA, récit {story}.</title>\
             <description>&lt;p&gt;Ce que fit l'IA la {story}e fois.&lt;/p&gt;</description>\
             <pubDate>Mon, 02 Mar 2026 0{hour}:{minute:02}:00 GMT</pubDate></item>"
        );
    }
    feed + "</channel></rss>"
}

const TOPIC: &str = "threshold = 1.0\nterms.any = [\"=IA^2\"]\nlanguage = \"fr\"\n";

fn configuration(publisher: &Publisher, topic: &str) -> String {
    format!(
        "publish.directory = \"www\"\n[sources.gazette]\nurl = \"{}\"\nlanguage = \"fr\"\n{topic}",
        publisher.url("/feed")
    )
}

/// A newsdesk whose topic `ia` has 180 stories, three pages of an archive, and a feed of the newest 100.
async fn three_pages(publisher: &Publisher, clock: &SetClock) -> Desk {
    let desk = Desk::with(&configuration(publisher, &format!("[topics.ia]\ntitle = \"Les IA\"\n{TOPIC}")));
    for round in 1..=3 {
        publisher.serve("/feed", Resource::feed(rss(0..60 * round)).etag(format!("\"{round}\"")));
        let open = desk.open(clock).await;
        open.until("the next page", &format!("/archives/ia/{round}.atom"), |status, _| status == 200).await;
        open.close().await;
        clock.advance(Duration::from_secs(26 * 3600));
    }
    desk
}

/// Where a page's link with this relation leads.
fn leads(page: &str, relation: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\" rel=\"{relation}\""))?;
    before.rsplit('"').next().map(str::to_owned)
}

fn titles(page: &str) -> Vec<u32> {
    let title = |rest: &str| rest.split_once('.')?.0.parse().ok();
    page.split(">IA, récit ").skip(1).filter_map(title).collect()
}

async fn page(open: &OpenDesk, path: &str) -> String {
    let (status, head, body) = open.get(path).await;
    assert!(status == 200 && head.contains("text/html"), "{path}: {head}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_stories_lead_to_every_story_that_the_topic_ever_had() {
    let (publisher, clock) = (Publisher::start(), SetClock::at(NOON));
    let desk = three_pages(&publisher, &clock).await;
    let open = desk.open(&clock).await;
    open.until("the way into the past", "/topics/ia", |_, body| leads(body, "prev").is_some()).await;
    let current = page(&open, "/topics/ia").await;
    assert_eq!(leads(&current, "prev").as_deref(), Some("/archives/ia/2"), "page 3 shows only what is here");
    assert!(page(&open, "/all").await.contains("récit") && leads(&page(&open, "/all").await, "prev").is_none());

    let mut seen: BTreeSet<u32> = titles(&current).into_iter().collect();
    let (mut at, mut walked) = (leads(&current, "prev"), Vec::new());
    while let Some(path) = at {
        let body = page(&open, &path).await;
        assert!(body.contains("<html lang=\"fr\" dir=\"ltr\">") && body.contains("<a href=\"/topics/ia\">Les IA</a>"));
        let newest_first: Vec<u32> = titles(&body);
        assert!(newest_first.is_sorted_by(|one, next| one > next) && newest_first.len() == 50, "{newest_first:?}");
        seen.extend(newest_first);
        at = leads(&body, "prev");
        walked.push(path);
    }
    assert_eq!(walked, ["/archives/ia/2", "/archives/ia/1"]);
    assert_eq!(seen, (0..180).collect());
    // And back.
    let mut at = leads(&page(&open, "/archives/ia/1").await, "next");
    let mut walked = Vec::new();
    while let Some(path) = at.filter(|path| path.starts_with("/archives/")) {
        at = leads(&page(&open, &path).await, "next");
        walked.push(path);
    }
    assert_eq!(walked, ["/archives/ia/2", "/archives/ia/3"]);
    assert_eq!(leads(&page(&open, "/archives/ia/3").await, "next").as_deref(), Some("/topics/ia"));

    let (_, head, _) = open.get("/archives/ia/2").await;
    let head = head.to_lowercase();
    for field in
        ["etag: \"", "content-security-policy: default-src 'none'; style-src 'self'", "nosniff", "vary: accept"]
    {
        assert!(head.contains(field), "{field}: {head}");
    }
    let (status, head, _) = open.get("/archives/ia/4").await;
    assert!(status == 307 && head.to_lowercase().contains("location: /topics/ia\r\n"), "{head}");
    for (path, status) in
        [("/archives/ia/5", 404), ("/archives/ia/02", 404), ("/archives/x/1", 404), ("/archives/ia/2?a=b", 400)]
    {
        assert_eq!(open.get(path).await.0, status, "{path}");
    }
    open.close().await;

    // A page that is not as it was written is not shown, and not said to be gone.
    let file = desk.path().join("store/archives/ia/000001.atom.zst");
    let mut bytes = fs::read(&file).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&file, bytes).expect("written");
    let open = desk.open(&clock).await;
    assert_eq!((open.get("/archives/ia/1").await.0, open.get("/archives/ia/2").await.0), (503, 200));
    open.close().await;
}

/// Runs a command beside the daemon.
async fn command(desk: &Desk, arguments: &[&str]) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    command.args(arguments).arg("--config").arg(desk.config());
    let done = tokio::task::spawn_blocking(move || command.output().expect("run")).await.expect("no panic");
    assert!(done.status.success(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_story_that_went_on_in_another_leads_there_until_they_are_split() {
    let (publisher, clock) = (Publisher::start(), SetClock::at(NOON));
    publisher.serve("/feed", Resource::feed(rss(0..2)));
    let desk = Desk::with(&configuration(&publisher, ""));
    let open = desk.open(&clock).await;
    let number = |page: &str, story: u32| {
        let (_, after) = page.split_once(&format!(">IA, récit {story}.</a>")).expect("the story");
        let path = after.split_once("href=\"/stories/").and_then(|(_, rest)| rest.split_once('"')).expect("its page").0;
        format!("/stories/{path}")
    };
    let all = page(&open, "/all").await;
    let mut stories = [0, 1].map(|story| (number(&all, story), format!("https://g.example/{story}")));
    stories.sort();
    let [(older, one), (younger, other)] = stories;
    page(&open, &younger).await;

    command(&desk, &["stories", "join", &one, &other]).await;
    open.until("the way on", &younger, |status, _| status == 301).await;
    let (_, head, _) = open.get(&younger).await;
    let head = head.to_lowercase();
    assert!(head.contains(&format!("location: {older}\r\n")) && head.contains("max-age=300\r\n"), "{head}");
    assert!(page(&open, &older).await.contains("récit 0") && open.get("/stories/99").await.0 == 404);

    command(&desk, &["stories", "split", &other]).await;
    open.until("its own page", &younger, |status, _| status == 200).await;
    assert_eq!(number(&page(&open, "/all").await, if other.ends_with('0') { 0 } else { 1 }), younger);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_in_a_folder_of_editions_is_dead() {
    let (publisher, clock) = (Publisher::start(), SetClock::at(NOON));
    let desk = three_pages(&publisher, &clock).await;
    let root = desk.path().join("www");
    let open = desk.open(&clock).await;
    until_whole(&root, "archives/ia/3/index.html", &["html", "atom", "rss", "json", "opml"]).await;
    for number in 1..=3 {
        let path = format!("/archives/ia/{number}");
        let file = fs::read_to_string(root.join(format!("{}/index.html", &path[1..]))).expect("a file");
        assert_eq!(file, open.get(&path).await.2, "{path}");
    }
    assert!(fs::read_to_string(root.join("topics/ia/index.html")).expect("a file").contains("href=\"/archives/ia/2\""));
    open.close().await;

    // The topic gets another name, and then goes: pages that are written already lead elsewhere. The archive's documents stay.
    for (topics, current) in [
        (format!("[topics.ki]\nformerly = [\"ia\"]\n{TOPIC}"), Some("/topics/ki")),
        (format!("[topics.other]\n{TOPIC}"), None),
    ] {
        desk.configure(&configuration(&publisher, &topics));
        let open = desk.open(&clock).await;
        until_whole(&root, "archives/ia/3/index.html", &["html"]).await;
        until("the last page to lead to what is now current", || {
            let page = fs::read_to_string(root.join("archives/ia/3/index.html")).unwrap_or_default();
            leads(&page, "next").as_deref() == current
        })
        .await;
        until_whole(&root, "archives/ia/1/index.html", &["html"]).await;
        open.close().await;
    }
}

async fn until(what: &str, wanted: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if wanted() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain for {what}");
}

/// Waits until this file is there and no link is dead in files of these kinds.
async fn until_whole(root: &Path, file: &str, kinds: &[&str]) {
    for _ in 0..1_000 {
        if root.join(file).is_file() && root.join("index.html").is_file() && dead_links(root, kinds).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!(
        "{file} is {}: {:#?}",
        if root.join(file).is_file() { "there" } else { "not there" },
        dead_links(root, kinds)
    );
}

/// Every link to an address of ours that no file answers, and where it stands.
fn dead_links(root: &Path, kinds: &[&str]) -> BTreeMap<String, String> {
    let mut dead = BTreeMap::new();
    for file in files_in(root) {
        let name = file.strip_prefix(root).expect("inside").display().to_string();
        let is_text = kinds.iter().any(|ending| name.ends_with(ending));
        // A file that is being replaced may be gone.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for link in if is_text { links(&text) } else { Vec::new() } {
            let path = link.strip_prefix(OURS).unwrap_or(&link).trim_start_matches('/');
            let path = path.split(['#', '?']).next().unwrap_or_default();
            if !root.join(path).is_file() && !root.join(path).join("index.html").is_file() {
                dead.insert(link, name.clone());
            }
        }
    }
    dead
}

/// Links from the root, and to our address; but not to the hub, which is no file, nor to the page of an archive that is still to
/// come (RFC 5005 §4).
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for (at, _) in text.match_indices('"') {
        let (before, rest) = (&text[..at], &text[at + 1..]);
        let Some((value, _)) = rest.split_once('"') else { continue };
        let is_from_root = before.ends_with("href=") && value.starts_with('/');
        let is_to_come = text[..at].ends_with("rel=\"next-archive\" type=\"application/atom+xml\" href=");
        let is_ours = is_from_root || value.starts_with(&format!("{OURS}/"));
        if is_ours && !is_to_come && !value.ends_with("/hub") {
            links.push(value.to_owned());
        }
    }
    links
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

#[test]
fn dead_links_are_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("topics/ai")).expect("a folder");
    fs::write(
        folder.path().join("topics/ai/index.html"),
        "<a href=\"/topics/ai#main\"> <a href=\"/gone\"> <a href=\"https://else.example/a\"> <link href=\"https://news.example/a.atom\"/>",
    )
    .expect("written");
    let dead: Vec<String> = dead_links(folder.path(), &["html"]).into_keys().collect();
    assert_eq!(dead, ["/gone", "https://news.example/a.atom"]);
}
