use std::time::Duration;

use chrono_tz::Tz;

use super::right;
use crate::{
    model::{DeletedPolicy, SourceId, TopicId},
    topics::TaggingSettings,
};

#[test]
fn an_empty_file_has_every_default() {
    let (config, warnings) = right("");
    assert_eq!(warnings, "");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
    assert!(!config.server.public_url_given);
    assert!(config.server.hub && config.server.hub_networks.is_empty());
    assert_eq!(config.store.path.as_deref(), Some("/var/lib/newsdesk".as_ref()), "$STATE_DIRECTORY");
    assert_eq!(config.store.retention, Duration::from_secs(400 * 86_400));
    assert_eq!((config.store.cache_bytes, config.store.entries_per_source), (64 << 20, 5000));
    assert_eq!((config.polling.schedule.to_string().as_str(), config.polling.timezone), ("0 * * * *", Tz::UTC));
    assert_eq!((config.polling.host_gap, config.polling.timeout), (Duration::from_secs(1), Duration::from_secs(30)));
    assert_eq!((config.polling.backlog, config.polling.concurrency), (Some(50), 64));
    assert_eq!((config.polling.contact, config.polling.allow_networks), (None, vec![]));
    assert_eq!(config.publish.entries, 100);
    assert_eq!(config.tagging, TaggingSettings::default());
    assert!(config.sources.is_empty() && config.topics.is_empty());
}

#[test]
fn everything_at_once() {
    let (config, warnings) = right(
        r#"
[server]
listen = "[::]:80"
public_url = "https://news.example.org/desk"
hub = false
hub_networks = ["192.168.7.9/24"]
[store]
path = "store"
retention = "30d"
cache = "16MiB"
entries_per_source = 500
[polling]
schedule = "0 6 * * mon-fri"
timezone = "Europe/Paris"
contact = "https://news.example.org/about"
allow_networks = ["10.1.2.3/8", "fd00::/8"]
host_gap = "0s"
backlog = 0
timeout = "10s"
concurrency = 8
[publish]
entries = 20
[sources.b]
url = "https://b.example/feed?x=1"
[sources.a]
url = "http://10.0.0.1:8081/feed"
title = " A "
language = "PT-br"
schedule = "30 2 * * *"
timeout = "1m"
headers = { X-Key = "k", Accept-Language = "pt" }
basic_auth = { username = "me", password_file = "secret" }
allow_private = true
backlog = 5
priority = -3
formerly = ["old-a", "older-a"]
disabled = true
[tagging]
languages = ["pt", "en"]
field_weight = { title = 4, body = 0.5 }
lead_words = 10
anchor_words = 20
[topics.zeta]
terms.any = ["z"]
[topics.alpha]
title = "Alpha"
description = "All about it."
threshold = 2
language = "en"
formerly = ["aleph"]
terms.pt = ["casa", "ponte^2"]
terms.en = ["harbour"]
examples = { like = "space.like.jsonl", unlike = "/etc/newsdesk/space.unlike.jsonl", weight = 0.3 }
"#,
    );
    assert_eq!(warnings, "");
    assert_eq!(config.server.public_url.as_str(), "https://news.example.org/desk");
    assert!(!config.server.hub);
    assert_eq!(config.server.hub_networks, ["192.168.7.0/24".parse().expect("a network")]);
    assert_eq!(config.store.path.as_deref(), Some("/etc/newsdesk/store".as_ref()), "relative to the file's folder");
    assert_eq!((config.store.cache_bytes, config.store.entries_per_source), (16 << 20, 500));
    assert_eq!(
        config.polling.allow_networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8", "fd00::/8"]
    );
    assert_eq!((config.polling.backlog, config.polling.host_gap), (None, Duration::ZERO));
    let a = &config.sources["a"];
    assert_eq!((a.title.as_deref(), a.language.as_deref()), (Some("A"), Some("pt-BR")));
    assert!(a.schedule(&config.polling).own);
    assert_eq!(
        a.schedule.as_ref().map(|schedule| (schedule.to_string(), schedule.zone())),
        Some(("30 2 * * *".into(), Tz::Europe__Paris))
    );
    assert_eq!((a.timeout, a.backlog, a.priority), (Duration::from_secs(60), Some(5), -3));
    assert!(a.allow_private && a.disabled);
    let auth = a.basic_auth.as_ref().unwrap();
    assert_eq!(
        (auth.username.as_str(), auth.password.expose()),
        ("me", "hunter2"),
        "without the line feed of the file"
    );
    assert_eq!(
        a.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect::<Vec<_>>(),
        [("accept-language", b"pt".as_slice()), ("x-key", b"k".as_slice())]
    );
    let b = &config.sources["b"];
    assert_eq!(b.url.as_str(), "https://b.example/feed?x=1", "sent as configured");
    assert!(!b.schedule(&config.polling).own);
    assert_eq!((b.timeout, b.backlog), (Duration::from_secs(10), None), "what [polling] says");
    assert_eq!(config.former_sources[&SourceId::new("older-a")].as_str(), "a");
    assert_eq!(
        (config.tagging.languages.join(" "), config.tagging.lead_words, config.tagging.anchor_words),
        ("pt en".into(), 10, 20)
    );
    let weight = config.tagging.field_weight;
    assert_eq!((weight.title, weight.lead, weight.body, weight.category), (4.0, 2.0, 0.5, 3.0));
    assert_eq!(
        config.topics.iter().map(|topic| topic.id.as_str()).collect::<Vec<_>>(),
        ["zeta", "alpha"],
        "as in the file"
    );
    assert_eq!((config.topics[0].title.as_str(), config.topics[0].threshold), ("zeta", 4.0));
    let terms: Vec<_> = config.topics[1].terms["pt"].iter().map(|term| (term.written(), term.weight())).collect();
    assert_eq!(terms, [("casa", 1.0), ("ponte^2", 2.0)]);
    let examples = config.topics[1].examples.as_ref().unwrap();
    assert_eq!((examples.like.len(), examples.weight), (5, 0.3));
    assert_eq!(examples.unlike.as_deref().map(|texts| texts[4].title.as_str()), Some("Soup 5"));
    assert_eq!(config.topics[0].examples, None);
    assert_eq!(config.topic_pages[&TopicId::new("alpha")].language.as_deref(), Some("en"));
    assert_eq!(config.former_topics[&TopicId::new("aleph")].as_str(), "alpha");
}

#[test]
fn warnings() {
    let source = |rest: &str| format!("[sources.a]\nurl = \"https://example.org/\"\n{rest}");
    let table = [
        (
            "a public address whose links lead to loopback",
            "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"http://localhost/\"\n".to_owned(),
            "3:14: warning: readers elsewhere cannot follow",
        ),
        (
            "a public address without a public URL",
            "[server]\nlisten = \"[::]:80\"\n".to_owned(),
            "2:10: warning: links in the feeds will begin with http://[::]:80",
        ),
        ("a hub that nobody can reach", "[server]\nhub = true\n".to_owned(), "2:7: warning: there is no hub without"),
        (
            "a schedule of every minute",
            source("schedule = \"* * * * *\"\n"),
            "3:12: warning: no source is polled more often",
        ),
        (
            "a private address that will be refused",
            "[sources.a]\nurl = \"http://192.168.1.1/feed\"\n".to_owned(),
            "2:7: warning: polls of a private address are refused",
        ),
        ("a language that is not tagged", source("language = \"pt\"\n"), "3:12: warning: only the terms under `any`"),
        (
            "every network",
            "[polling]\nallow_networks = [\"0.0.0.0/0\"]\n".to_owned(),
            "2:19: warning: this allows sources to be anywhere",
        ),
        (
            "every network for callbacks",
            "[server]\nhub_networks = [\"::/0\"]\n".to_owned(),
            "2:17: warning: this allows strangers' callbacks to be anywhere",
        ),
        (
            "a term that is there twice",
            "[topics.t]\nterms.any = [\"x\", \"x \"]\n".to_owned(),
            "2:19: warning: the term is in this list already",
        ),
    ];
    for (sentence, text, wanted) in table {
        let (_, warnings) = right(&text);
        assert!(warnings.starts_with(&format!("n.toml:{wanted}")), "{sentence}: {warnings}");
        assert_eq!(warnings.matches("warning:").count(), 1, "{sentence}: {warnings}");
    }
    let (_, none) =
        right("[polling]\nallow_networks = [\"127.0.0.0/8\"]\n[sources.a]\nurl = \"http://127.0.0.1/feed\"\n");
    assert_eq!(none, "");
}

#[test]
fn what_publishers_delete_is_kept_unless_the_admin_says_otherwise_of_all_or_of_one() {
    let policies = |polling: &str, own: &str| {
        let text = format!(
            "[polling]\n{polling}\n[sources.a]\nurl = \"https://a.example/\"\n{own}\n[sources.b]\nurl = \"https://b.example/\"\n"
        );
        let (config, warnings) = right(&text);
        assert_eq!(warnings, "");
        ["a", "b"].map(|id| config.sources[&SourceId::new(id)].deleted)
    };
    let (keep, remove) = (DeletedPolicy::Keep, DeletedPolicy::Remove);
    assert_eq!(policies("", ""), [keep, keep]);
    assert_eq!(policies("", "deleted = \"remove\""), [remove, keep]);
    assert_eq!(policies("deleted = \"remove\"", ""), [remove, remove]);
    assert_eq!(policies("deleted = \"remove\"", "deleted = \"keep\""), [keep, remove]);
}
