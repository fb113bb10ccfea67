//! What readers can ask for: editions of topics, sources and combinations in every format, each way over a real socket.

mod support;

use std::{collections::BTreeSet, fs, time::Duration};

use newsdesk::parse::parse_opml;
use support::{Desk, OpenDesk, Publisher, Resource, SetClock};

const NOON: &str = "2026-03-02T12:00:00Z";

const TOPICS: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 3.0\nterms.any = [\"=AI^2\", \"=IA^2\"]\nformerly = [\"robots\"]\n\
                      [topics.space]\ntitle = \"Space\"\nlanguage = \"en\"\nthreshold = 3.0\nterms.any = [\"=ESA^2\"]\n\
                      [topics.war]\ntitle = \"War\"\nthreshold = 3.0\nterms.any = [\"=War^2\"]\n";

fn rss(name: &str, language: &str, items: &[(&str, u32)]) -> String {
    let mut feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{name}</title><language>{language}</language>\
         <link>https://{name}.example/</link>"
    );
    for (title, minute) in items {
        feed += &format!(
            "<item><guid>https://{name}.example/{minute}</guid><link>https://{name}.example/{minute}</link><title>{title}</title>\
             <description>&lt;p&gt;{title} in {name}, &lt;b&gt;at length&lt;/b&gt;. {}&lt;/p&gt;</description>\
             <pubDate>Mon, 02 Mar 2026 {:02}:{:02}:00 GMT</pubDate></item>",
            "And so on. ".repeat(120),
            8 + minute / 60,
            minute % 60,
        );
    }
    feed + "</channel></rss>"
}

fn source(id: &str, publisher: &Publisher, more: &str) -> String {
    format!("[sources.{id}]\nurl = \"{}\"\n{more}", publisher.url("/feed"))
}

/// Three publishers: two English ones and a French one.
struct Newsroom {
    _publishers: [Publisher; 3],
    sources: String,
}

fn newsroom() -> Newsroom {
    let publishers = [Publisher::start(), Publisher::start(), Publisher::start()];
    let [gazette, herald, courrier] = &publishers;
    gazette.serve(
        "/feed",
        Resource::feed(rss("gazette", "en", &[("AI flies with ESA", 1), ("Rain", 2), ("War of AI", 3)])).etag("\"1\""),
    );
    herald.serve("/feed", Resource::feed(rss("herald", "en-GB", &[("ESA lands", 11), ("AI paints", 12)])));
    courrier
        .serve("/feed", Resource::feed(rss("courrier", "fr", &[("Les IA et la pluie", 21), ("War au village", 22)])));
    let sources = source("gazette", gazette, "")
        + &source("herald", herald, "content = \"summary\"\nformerly = [\"post\"]\n")
        + &source("courrier", courrier, "content = \"title\"\n");
    Newsroom { _publishers: publishers, sources }
}

async fn titles(desk: &OpenDesk, path: &str) -> BTreeSet<String> {
    desk.titles(path).await.into_iter().collect()
}

fn set(titles: &[&str]) -> BTreeSet<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_sources_and_combinations_are_found_by_their_address() {
    let newsroom = newsroom();
    let desk = Desk::with(&(newsroom.sources.clone() + TOPICS));
    let open = desk.open(&SetClock::at(NOON)).await;
    let cases: [(&str, &[&str]); 12] = [
        ("/topics/ai.atom", &["AI flies with ESA", "War of AI", "AI paints", "Les IA et la pluie"]),
        ("/topics/ai+space.atom", &["AI flies with ESA", "War of AI", "AI paints", "Les IA et la pluie", "ESA lands"]),
        ("/topics/ai.atom?and=space", &["AI flies with ESA"]),
        ("/topics/ai.atom?not=war", &["AI flies with ESA", "AI paints", "Les IA et la pluie"]),
        ("/topics/ai.atom?lang=fr", &["Les IA et la pluie"]),
        ("/topics/ai.atom?lang=en", &["AI flies with ESA", "War of AI", "AI paints"]),
        ("/topics/ai.atom?lang=en-gb", &["AI paints"]),
        ("/topics/ai.atom?source=gazette,herald", &["AI flies with ESA", "War of AI", "AI paints"]),
        ("/all.atom?not=ai,war", &["Rain", "ESA lands"]),
        ("/all.atom?limit=2", &["War au village", "Les IA et la pluie"]),
        ("/sources/gazette.atom", &["AI flies with ESA", "Rain", "War of AI"]),
        ("/sources/gazette.atom?and=ai&not=space", &["War of AI"]),
    ];
    let mut ids = BTreeSet::new();
    for (path, expected) in cases {
        assert_eq!(titles(&open, path).await, set(expected), "{path}");
        let (_, _, body) = open.get(path).await;
        let own = format!(
            "rel=\"self\" type=\"application/atom+xml\" href=\"https://news.example{}\"",
            path.replace('&', "&amp;")
        );
        assert!(body.contains(&own), "{path} names itself: {body}");
        let id = body.split_once("<id>").and_then(|(_, rest)| rest.split_once("</id>")).map(|(id, _)| id.to_owned());
        ids.insert(id.expect("an id"));
    }
    assert_eq!(ids.len(), cases.len(), "each is a feed of its own");
    let id_of = async |path| open.get(path).await.2.split("</id>").next().map(str::to_owned);
    assert_eq!(id_of("/all.atom?limit=2").await, id_of("/all.atom").await, "a shorter one is the same feed");

    let (_, _, french) = open.get("/all?lang=fr").await;
    assert!(
        french.contains("<html lang=\"fr\" dir=\"ltr\"") && french.contains("<h1>Tous les articles (fr)</h1>"),
        "{french}"
    );
    let (_, _, french) = open.get("/all.atom?lang=fr").await;
    assert!(french.contains("xml:lang=\"fr\"") && french.contains("<title>Tous les articles (fr)</title>"), "{french}");

    let moved = [
        ("/topics/space+ai.atom", "/topics/ai+space.atom"),
        ("/topics/robots.json?limit=3", "/topics/ai.json?limit=3"),
        ("/topics/ai.atom?limit=100", "/topics/ai.atom"),
        ("/topics/ai.atom?content=full", "/topics/ai.atom"),
        ("/sources/post.rss", "/sources/herald.rss"),
        ("/all.atom?source=post", "/all.atom?source=herald"),
    ];
    for (path, to) in moved {
        let (status, head, _) = open.get(path).await;
        assert_eq!(status, 301, "{path}");
        assert!(head.to_lowercase().contains(&format!("location: {to}\r\n")), "{path}: {head}");
    }
    for path in ["/topics/ai+nothing.atom", "/topics/ai.atom?not=nothing", "/sources/nothing.atom", "/stories/999"] {
        assert_eq!(open.get(path).await.0, 404, "{path}");
    }
    let refused = [
        ("/topics/ai.atom?colour=red", "unknown parameter"),
        ("/topics/ai.atom?not=ai", "both wanted and not wanted"),
        ("/topics/ai.atom?limit=1000", "limit is a number"),
        ("/all.atom?lang=%3Cscript%3E", "lang takes"),
    ];
    for (path, reason) in refused {
        let (status, _, body) = open.get(path).await;
        assert_eq!(status, 400, "{path}");
        assert!(body.contains(reason) && !body.contains("script"), "{path}: {body}");
    }
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_says_the_same_and_no_more_than_the_publisher_lets_us() {
    let newsroom = newsroom();
    let desk = Desk::with(&(newsroom.sources.clone() + TOPICS));
    let open = desk.open(&SetClock::at(NOON)).await;
    let count = |body: &str, mark: &str| body.matches(mark).count();
    let (_, head, atom) = open.get("/all.atom").await;
    assert!(head.contains("application/atom+xml"), "{head}");
    let (_, head, rss) = open.get("/all.rss").await;
    assert!(head.contains("application/rss+xml"), "{head}");
    let (_, head, json) = open.get("/all.json").await;
    assert!(head.contains("application/feed+json"), "{head}");
    let (_, head, page) = open.get("/all").await;
    assert!(head.contains("text/html"), "{head}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let items = json["items"].as_array().expect("items");
    assert_eq!((count(&atom, "<entry"), count(&rss, "<item>"), items.len()), (7, 7, 7));
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["feed_url"], "https://news.example/all.json");
    for (name, text) in [("Atom", &atom), ("RSS", &rss), ("the page", &page)] {
        for publisher in ["gazette", "herald", "courrier"] {
            assert!(text.contains(&format!("{publisher}<")), "{name} names {publisher}");
        }
    }
    let of = |source: &str| -> Vec<&serde_json::Value> {
        items.iter().filter(|item| item["authors"].to_string().contains(source)).collect()
    };
    assert_eq!((of("gazette").len(), of("herald").len(), of("courrier").len()), (3, 2, 2));
    let length = |item: &serde_json::Value| item["content_html"].as_str().unwrap_or_default().len();
    assert!(of("gazette").iter().all(|item| length(item) > 1_000), "all of it");
    assert!(of("herald").iter().all(|item| (100..400).contains(&length(item))), "the beginning");
    assert!(of("courrier").iter().all(|item| item.get("content_html").is_none()), "the title");

    let (_, _, titles_only) = open.get("/all.json?content=title").await;
    assert!(!titles_only.contains("at length"), "{titles_only}");
    let (_, _, short) = open.get("/sources/gazette.atom?content=summary").await;
    assert!(short.contains("at length") && !short.contains("<content"), "{short}");
    let story = page.split("/stories/").nth(1).and_then(|rest| rest.split('"').next()).expect("a story's page");
    let (status, _, story) = open.get(&format!("/stories/{story}")).await;
    assert_eq!(status, 200);
    assert!(story.contains("War au village") && !story.contains("at length"), "{story}");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_feeds_name_ours_and_those_we_read_by_topic() {
    let newsroom = newsroom();
    let desk = Desk::with(&(newsroom.sources.clone() + TOPICS));
    let open = desk.open(&SetClock::at(NOON)).await;
    let (status, head, topics) = open.get("/topics.opml").await;
    assert!(status == 200 && head.contains("text/x-opml"), "{head}");
    let listed: Vec<String> =
        parse_opml(topics.as_bytes()).expect("a list").into_iter().map(|feed| feed.address).collect();
    let ours =
        ["topics/ai", "topics/space", "topics/war", "all"].map(|path| format!("https://news.example/{path}.atom"));
    assert_eq!(listed, ours);
    let (_, _, sources) = open.get("/sources.opml").await;
    let told: BTreeSet<String> = parse_opml(sources.as_bytes())
        .expect("a list")
        .into_iter()
        .map(|feed| format!("{}/{}", feed.folders.join("/"), feed.title.unwrap_or_default()))
        .collect();
    let expected =
        ["AI/gazette", "AI/herald", "AI/courrier", "Space/gazette", "Space/herald", "War/gazette", "War/courrier"];
    assert_eq!(told, set(&expected));
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loud_source_does_not_crowd_out_the_others_where_they_share_fairly() {
    let loud: Vec<(String, u32)> = (30..150).map(|minute| (format!("AI number {minute}"), minute)).collect();
    let loud: Vec<(&str, u32)> = loud.iter().map(|(title, minute)| (&**title, *minute)).collect();
    let (gazette, herald) = (Publisher::start(), Publisher::start());
    gazette.serve("/feed", Resource::feed(rss("gazette", "en", &loud)));
    herald.serve("/feed", Resource::feed(rss("herald", "en", &[("AI speaks softly", 1), ("AI listens", 2)])));
    let topics = "[topics.ai]\nthreshold = 3.0\nterms.any = [\"=AI^2\"]\nfair = true\n[topics.loud]\nthreshold = 3.0\nterms.any = [\"=AI^2\"]\n";
    let sources = source("gazette", &gazette, "") + &source("herald", &herald, "");
    let desk = Desk::with(&(sources + topics));
    let open = desk.open(&SetClock::at(NOON)).await;
    for path in ["/topics/ai.atom", "/topics/loud.atom"] {
        open.until("all of it", path, |_, body| body.matches("<entry").count() == 100).await;
    }
    let of_herald = |titles: &[String]| titles.iter().filter(|title| !title.contains("number")).count();
    let fair = open.titles("/topics/ai.atom").await;
    assert_eq!((fair.len(), of_herald(&fair)), (100, 2), "{fair:?}");
    assert_eq!(fair[0], "AI number 149", "newest first all the same");
    let loud = open.titles("/topics/loud.atom").await;
    assert_eq!((loud.len(), of_herald(&loud)), (100, 0), "{loud:?}");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_on_demand_follows_the_news() {
    let newsroom = newsroom();
    let [gazette, ..] = &newsroom._publishers;
    let desk = Desk::with(&(newsroom.sources.clone() + TOPICS));
    let clock = SetClock::at(NOON);
    let open = desk.open(&clock).await;
    let paths = [
        "/topics/ai.json",
        "/topics/ai.rss?limit=50",
        "/topics/ai+space.rss",
        "/sources/gazette.rss",
        "/topics/ai",
        "/",
    ];
    for path in paths {
        assert!(!open.get(path).await.2.contains("AI sings"), "{path}");
    }
    gazette.serve(
        "/feed",
        Resource::feed(rss(
            "gazette",
            "en",
            &[("AI flies with ESA", 1), ("Rain", 2), ("War of AI", 3), ("AI sings", 4)],
        ))
        .etag("\"2\""),
    );
    clock.advance(Duration::from_secs(7_200));
    open.close().await;
    let open = desk.open(&clock).await;
    for path in paths {
        open.until("the news", path, |status, body| status == 200 && body.contains("AI sings")).await;
    }
    assert!(!open.get("/topics/space.rss").await.2.contains("AI sings"));
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_holds_every_edition_as_it_is_served() {
    let newsroom = newsroom();
    let [gazette, ..] = &newsroom._publishers;
    let body = format!("publish.directory = \"www\"\n{}{TOPICS}", newsroom.sources);
    let desk = Desk::with(&body);
    let clock = SetClock::at(NOON);
    let open = desk.open(&clock).await;
    let root = desk.path().join("www");
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
    let until = async |what: &str, wanted: &dyn Fn() -> bool| {
        for _ in 0..500 {
            if wanted() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited in vain for: {what}");
    };
    until("the index", &|| read("index.html").contains("War au village") && root.join("stories").is_dir()).await;
    let files = [
        ("/topics/ai.atom", "topics/ai.atom"),
        ("/topics/ai.rss", "topics/ai.rss"),
        ("/topics/space.json", "topics/space.json"),
        ("/topics/war", "topics/war/index.html"),
        ("/all.atom", "all.atom"),
        ("/all", "all/index.html"),
        ("/", "index.html"),
        ("/topics.opml", "topics.opml"),
        ("/style.css", "style.css"),
    ];
    for (path, file) in files {
        let served = open.get(path).await.2;
        until(path, &|| read(file) == served).await;
    }
    let stories = fs::read_dir(root.join("stories")).expect("pages of stories").count();
    assert_eq!(stories, 7);
    assert!(root.join("topics/ai.atom.gz").is_file() && root.join("topics/ai.atom.br").is_file());

    let modified = |file: &str| fs::metadata(root.join(file)).and_then(|metadata| metadata.modified()).expect("a file");
    let (space, before) = (modified("topics/space.atom"), read("topics/space.atom"));
    gazette.serve(
        "/feed",
        Resource::feed(rss(
            "gazette",
            "en",
            &[("AI flies with ESA", 1), ("Rain", 2), ("War of AI", 3), ("AI sings", 4)],
        ))
        .etag("\"2\""),
    );
    clock.advance(Duration::from_secs(7_200));
    open.close().await;
    fs::write(root.join("robots.txt"), "theirs").expect("written");
    let open = desk.open(&clock).await;
    until("the news", &|| read("topics/ai.atom").contains("AI sings") && read("index.html").contains("AI sings")).await;
    assert_eq!(
        (modified("topics/space.atom"), read("topics/space.atom")),
        (space, before),
        "what did not change stays"
    );
    open.close().await;

    // A topic is taken out: its files go, and nobody else's.
    let without = body.replace("[topics.war]", "[topics.peace]");
    desk.configure(&without);
    let open = desk.open(&clock).await;
    until("the topic is gone", &|| !root.join("topics/war").exists() && root.join("topics/peace.atom").exists()).await;
    for file in ["war.atom", "war.atom.gz", "war.rss", "war.json"] {
        assert!(!root.join("topics").join(file).exists(), "{file}");
    }
    assert_eq!(read("robots.txt"), "theirs");
    open.close().await;
}
