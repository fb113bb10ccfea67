//! Archives and takedown over real sockets: who was away finds everything, and what is taken down is nowhere.

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use support::{Desk, OpenDesk, Publisher, Resource, SetClock};

const NOON: &str = "2026-03-02T12:00:00Z";

fn rss(stories: std::ops::Range<u32>) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><link>https://g.example/</link>",
    );
    for story in stories.rev() {
        let (hour, minute) = (story / 60, story % 60);
        feed += &format!(
            "<item><guid>https://g.example/{story}</guid><link>https://g.example/{story}</link><title>AI story {story}</title>\
             <description>&lt;p&gt;What AI did the {story}th time.&lt;/p&gt;</description>\
             <pubDate>Mon, 02 Mar 2026 0{hour}:{minute:02}:00 GMT</pubDate></item>"
        );
    }
    feed + "</channel></rss>"
}

fn link(document: &str, relation: &str) -> Option<String> {
    let feed = feed_rs::parser::parse(document.as_bytes()).expect("a feed");
    let link = feed.links.into_iter().find(|link| link.rel.as_deref() == Some(relation))?;
    Some(link.href.strip_prefix("https://news.example").expect("one of ours").to_owned())
}

fn ids(document: &str) -> Vec<String> {
    let feed = feed_rs::parser::parse(document.as_bytes()).expect("a feed");
    feed.entries.into_iter().map(|entry| entry.id).collect()
}

/// The feed, and every page that it leads to.
async fn history(open: &OpenDesk) -> Vec<(String, String)> {
    let mut path = "/topics/ai.atom".to_owned();
    let mut documents = Vec::new();
    loop {
        let (status, _, body) = open.get(&path).await;
        assert_eq!(status, 200, "{path}");
        let before = link(&body, "prev-archive");
        documents.push((path, body));
        match before {
            Some(before) => path = before,
            None => return documents,
        }
    }
}

/// Waits until a folder of editions is there, with archives, and nothing in it has this text.
async fn until_no_file_has(root: &Path, text: &str) {
    for _ in 0..500 {
        let files = files_in(root);
        let has = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|file| file.contains(text));
        if files.iter().any(|path| path.ends_with("archives/ai/1.atom")) && !files.iter().any(has) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{text} is still in {}", root.display());
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_was_away_finds_every_story_and_what_is_taken_down_is_nowhere() {
    let publisher = Publisher::start();
    let clock = SetClock::at(NOON);
    let config = format!(
        "publish.directory = \"www\"\n[sources.gazette]\nurl = \"{}\"\nlanguage = \"en\"\n[topics.ai]\nthreshold = 1.0\nterms.any = [\"=AI^2\"]\n",
        publisher.url("/feed")
    );
    let desk = Desk::with(&config);
    let mut pages: Vec<String> = Vec::new();
    for round in 1..=3 {
        publisher.serve("/feed", Resource::feed(rss(0..60 * round)).etag(format!("\"{round}\"")));
        let open = desk.open(&clock).await;
        let newest = format!("/archives/ai/{round}.atom");
        open.until("the next page", &newest, |status, _| status == 200).await;
        for (number, page) in (1..).zip(&pages) {
            assert_eq!(
                &open.get(&format!("/archives/ai/{number}.atom")).await.2,
                page,
                "it is the same after a restart"
            );
        }
        pages.push(open.get(&newest).await.2);
        open.close().await;
        // A publisher without validators is asked seldom.
        clock.advance(Duration::from_secs(26 * 3600));
    }

    let open = desk.open(&clock).await;
    open.until("the way to the newest page", "/topics/ai.atom", |_, body| body.contains("/archives/ai/3.atom")).await;
    let found = history(&open).await;
    assert_eq!(found.len(), 4);
    let all: BTreeSet<String> = found.iter().flat_map(|(_, document)| ids(document)).collect();
    assert_eq!(all, (0..180).map(|story| format!("https://g.example/{story}")).collect::<BTreeSet<_>>());
    let archived: Vec<String> = pages.iter().flat_map(|page| ids(page)).collect();
    assert_eq!(archived.len(), archived.iter().collect::<BTreeSet<_>>().len(), "no story is in two pages");
    for page in &pages {
        assert!(page.contains("<fh:archive/>") && link(page, "current").as_deref() == Some("/topics/ai.atom"));
    }

    let (status, head, _) = open.get("/archives/ai/1.atom").await;
    let head = head.to_lowercase();
    assert!(
        status == 200 && head.contains("cache-control: public, max-age=86400") && head.contains("etag: "),
        "{head}"
    );
    assert!(head.contains("content-type: application/atom+xml") && head.contains("nosniff"), "{head}");
    let next = link(&pages[2], "next-archive").expect("a next page");
    let (status, head, _) = open.get(&next).await;
    assert!(status == 307 && head.to_lowercase().contains("location: /topics/ai.atom"), "{head}");
    for nothing in ["/archives/ai/5.atom", "/archives/ai/0.atom", "/archives/other/1.atom", "/archives/"] {
        assert_eq!(open.get(nothing).await.0, 404, "{nothing}");
    }

    assert!(open.get("/archives/ai/1").await.2.contains("AI story 7<"), "the page for people");

    // Taken down beside the daemon, by its link: one that is archived, and one that is only in the feed.
    for (story, pages_of_it) in [(7, "1 page of archives"), (178, "0 pages of archives")] {
        let url = format!("https://g.example/{story}?utm_source=x");
        let config = desk.config();
        let taken = tokio::task::spawn_blocking(move || {
            Command::new(env!("CARGO_BIN_EXE_newsdesk"))
                .args(["takedown", &url, "--reason", "asked for", "--config"])
                .arg(config)
                .output()
                .expect("run")
        });
        let taken = taken.await.expect("no panic");
        let out = String::from_utf8_lossy(&taken.stdout).into_owned();
        assert!(taken.status.success() && out.contains("taken down: 1 entry of 1 story"), "{taken:?}");
        assert!(out.contains(pages_of_it), "{out}");
        let id = format!("https://g.example/{story}");
        for (path, document) in history(&open).await {
            assert!(!ids(&document).contains(&id), "{path}");
        }
        until_no_file_has(&desk.path().join("www"), &format!("AI story {story}<")).await;
        for path in ["/all.atom", "/all.rss", "/all.json", "/topics/ai.rss", "/", "/topics/ai", "/archives/ai/1"] {
            let (_, _, body) = open.get(path).await;
            assert!(!body.contains(&format!("AI story {story}<")) && !body.contains(&format!("{id}\"")), "{path}");
        }
    }
    let untouched = open.get("/archives/ai/2.atom").await.2;
    assert_eq!(untouched, pages[1], "other pages stay to the byte");
    let expected: Vec<String> = ids(&pages[0]).into_iter().filter(|id| id != "https://g.example/7").collect();
    assert_eq!(ids(&open.get("/archives/ai/1.atom").await.2), expected);
    open.close().await;
}
