use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};

use super::exit::{Exit, Misuse};
use crate::{
    config::{self, Config},
    model::TopicId,
    parse::{ListedFeed, parse_opml},
    publish::{Address, Format, Outline, OutlineGroup, StoriesAddress, render_opml},
};

#[derive(Debug, Subcommand)]
pub(super) enum OpmlCommand {
    /// Print the configuration of the sources in a list of feeds; those that are configured already are left out
    Import {
        /// The list, as another feed reader exported it; `-` is standard input
        file: PathBuf,
    },
    /// Print a list of feeds, for another feed reader to import
    Export {
        /// Which feeds
        #[arg(value_enum, default_value_t = Listed::Sources)]
        which: Listed,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    /// Those that are polled
    Sources,
    /// Our own, a topic each
    Topics,
}

pub(super) fn run(path: &Path, is_configured: bool, command: &OpmlCommand) -> anyhow::Result<Exit> {
    match command {
        OpmlCommand::Import { file } => {
            let bytes = match file.as_os_str() == "-" {
                true => std::io::read_to_string(std::io::stdin()).map(String::into_bytes),
                false => std::fs::read(file),
            };
            let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
            let feeds = parse_opml(&bytes)
                .ok_or_else(|| Misuse(format!("{} is no list of feeds: it has no <opml> in it", file.display())))?;
            let known = match is_configured {
                true => Known::of(&config::load(path)?.0),
                false => Known::default(),
            };
            let (text, unusable) = configuration(&feeds, known);
            super::print(&text)?;
            for feed in &unusable {
                eprintln!(
                    "newsdesk: left out, because it is no http or https address: {}",
                    feed.address.escape_debug()
                );
            }
            Ok(if unusable.is_empty() { Exit::Done } else { Exit::PartFailed })
        }
        OpmlCommand::Export { which } => {
            let (config, _) = config::load(path)?;
            let list = match which {
                Listed::Sources => sources(&config),
                Listed::Topics => topics(&config),
            };
            super::print(&String::from_utf8_lossy(&list))?;
            Ok(Exit::Done)
        }
    }
}

/// What is configured already.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<String>,
    urls: BTreeSet<String>,
}

impl Known {
    fn of(config: &Config) -> Self {
        let ids = config.sources.keys().chain(config.former_sources.keys()).map(ToString::to_string).collect();
        Self { ids, urls: config.sources.values().map(|source| source.url.to_string()).collect() }
    }
}

/// The tables of the sources, ready to be pasted, and what cannot be polled.
fn configuration(feeds: &[ListedFeed], known: Known) -> (String, Vec<&ListedFeed>) {
    let Known { mut ids, mut urls } = known;
    // A list has a feed once for each folder it is in.
    let mut folders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for feed in feeds.iter().filter(|feed| !feed.folders.is_empty()) {
        folders.entry(&feed.address).or_default().push(feed.folders.join(" / "));
    }
    let (mut text, mut unusable) = (String::new(), Vec::new());
    for feed in feeds {
        let Some(url) = feed.url() else {
            unusable.push(feed);
            continue;
        };
        if !urls.insert(url.to_string()) {
            continue;
        }
        let id = free_id(&wanted_id(feed, &url), &mut ids);
        if !text.is_empty() {
            text.push('\n');
        }
        for folder in folders.get(&*feed.address).into_iter().flatten() {
            let _ = writeln!(text, "# {}", one_line(folder));
        }
        let _ = writeln!(text, "[sources.{id}]\nurl = {}", quoted(url.as_str()));
        if let Some(title) = &feed.title {
            let _ = writeln!(text, "title = {}", quoted(&one_line(title)));
        }
        if let Some(language) = feed.language.as_deref().filter(|tag| is_language(tag)) {
            let _ = writeln!(text, "language = {}", quoted(language));
        }
    }
    (text, unusable)
}

/// An id from the title, or else from the host.
fn wanted_id(feed: &ListedFeed, url: &url::Url) -> String {
    let title = feed.title.as_deref().map(slug).unwrap_or_default();
    if title.len() > 1 { title } else { slug(url.host_str().unwrap_or("source").trim_start_matches("www.")) }
}

/// Lower-case letters and digits with `-` between, letters without their accents.
fn slug(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    for character in text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        match character.to_ascii_lowercase() {
            plain @ ('a'..='z' | '0'..='9') => slug.push(plain),
            '\'' | '’' => {}
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() >= 40 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn free_id(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let wanted = if wanted.is_empty() { "source" } else { wanted };
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let id = std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default();
    taken.insert(id.clone());
    id
}

/// A basic string (TOML 1.0).
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the configuration takes for one: a wrong `language` in a list must not make the sources unusable.
fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let is_primary = |subtag: &str| (2..=3).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphabetic());
    subtags.next().is_some_and(is_primary)
        && subtags.all(|subtag| subtag.len() == 2 && subtag.bytes().all(|b| b.is_ascii_alphabetic()))
}

fn sources(config: &Config) -> Vec<u8> {
    let feeds = config.sources.iter().map(|(id, source)| Outline {
        title: source.title.clone().unwrap_or_else(|| id.to_string()),
        description: None,
        language: source.language.clone(),
        feed_url: source.url.to_string(),
        site_url: None,
    });
    render_opml("Sources", &[OutlineGroup { title: None, feeds: feeds.collect() }])
}

fn topics(config: &Config) -> Vec<u8> {
    let url = |topic: Option<&TopicId>, format| {
        let address = Address::Stories(StoriesAddress::standing(topic, format));
        format!("{}{address}", config.server.public_url.as_str().trim_end_matches('/'))
    };
    let outline = |topic: Option<&TopicId>, title: &str, description: Option<&String>| Outline {
        title: title.to_owned(),
        description: description.cloned(),
        language: topic.and_then(|topic| config.topic_pages.get(topic)?.language.clone()),
        feed_url: url(topic, Format::Atom),
        site_url: Some(url(topic, Format::Page)),
    };
    let of_topics =
        config.topics.iter().map(|topic| outline(Some(&topic.id), &topic.title, topic.description.as_ref()));
    let feeds = of_topics.chain([outline(None, "All stories", None)]).collect();
    render_opml("Topics", &[OutlineGroup { title: None, feeds }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_becomes_sources_that_load() {
        let list = r#"<opml><outline text="Presse"><outline text="Le Monde : l’actualité" xmlUrl="https://www.lemonde.fr/rss" language="fr"/>
            <outline text="Known" xmlUrl="https://known.example/"/></outline>
            <outline text="Tech"><outline text="again" xmlUrl="https://www.lemonde.fr/rss"/></outline>
            <outline text="Le Monde l'actualite" xmlUrl="https://other.example/" language="en-us-x"/>
            <outline text="新闻" xmlUrl="https://www.zh.example/"/>
            <outline text='a "quoted"&#10; \ one' xmlUrl="https://q.example/"/>
            <outline text="gopher" xmlUrl="gopher://a.example/"/></opml>"#;
        let feeds = parse_opml(list.as_bytes()).expect("a list");
        let known = Known { ids: ["zh-example".to_owned()].into(), urls: ["https://known.example/".to_owned()].into() };
        let (text, unusable) = configuration(&feeds, known);
        let expected = r#"# Presse
# Tech
[sources.le-monde-lactualite]
url = "https://www.lemonde.fr/rss"
title = "Le Monde : l’actualité"
language = "fr"

[sources.le-monde-lactualite-2]
url = "https://other.example/"
title = "Le Monde l'actualite"

[sources.zh-example-2]
url = "https://www.zh.example/"
title = "新闻"

[sources.a-quoted-one]
url = "https://q.example/"
title = 'a "quoted" \ one'
"#;
        assert_eq!(text, expected);
        assert_eq!(unusable.len(), 1);

        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("newsdesk.toml");
        std::fs::write(&file, format!("store.path = \"store\"\n{text}")).expect("written");
        let (config, _) = config::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.sources.len(), 4);

        let again = parse_opml(&sources(&config)).expect("a list");
        let (text, _) = configuration(&again, Known::of(&config));
        assert_eq!(text, "", "what is configured is not printed again");
        assert_eq!(configuration(&again, Known::default()).0.matches("[sources.").count(), 4);
    }
}
