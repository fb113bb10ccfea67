//! The newsroom's own publishers: invented names and news, nine feeds in five languages and four formats, with what real
//! feeds have done to readers put in on purpose. `expected.tsv` says what topics each article belongs to.

use std::time::{Duration, SystemTime};

use crate::publisher::{Publisher, address};

struct Invented {
    /// The key of the source, and the host `<id>.example` that the feed files name.
    id: &'static str,
    name: &'static str,
    language: &'static str,
    path: &'static str,
    content_type: &'static str,
    feed: &'static [u8],
    /// A title as it first stood, and as it reads to those who come back.
    correction: Option<(&'static str, &'static str)>,
}

/// The latest article and the last change of every feed: 2026-11-21 22:00 UTC.
const LAST_MODIFIED: Duration = Duration::from_secs(1_795_298_400);

const INVENTED: [Invented; 9] = [
    // Whole pages in content:encoded: share buttons, newsletter lines, comments, teasers of other stories.
    Invented {
        id: "rivage",
        name: "Le Rivage",
        language: "fr",
        path: "/rss.xml",
        content_type: "application/rss+xml; charset=utf-8",
        feed: include_bytes!("feeds/rivage.rss"),
        correction: None,
    },
    // ISO 8859-1, no guids, tracking parameters in every link, and a home for neither in the content type.
    Invented {
        id: "filinfo",
        name: "Fil Info",
        language: "fr",
        path: "/fil.xml",
        content_type: "text/xml",
        feed: include_bytes!("feeds/filinfo.rss"),
        correction: None,
    },
    // Atom with xml:base, relative links and XHTML; carries the agency's story; corrects a title.
    Invented {
        id: "harbourpost",
        name: "The Harbour Post",
        language: "en",
        path: "/feed.atom",
        content_type: "application/atom+xml",
        feed: include_bytes!("feeds/harbourpost.atom"),
        correction: Some(("after thirty-one years", "after thirty years")),
    },
    // The agency: entities that XML does not know, escaped HTML, opaque guids, an xtor fragment on its links.
    Invented {
        id: "meridianwire",
        name: "Meridian Wire",
        language: "en",
        path: "/top.rss",
        content_type: "application/xml; charset=utf-8",
        feed: include_bytes!("feeds/meridianwire.rss"),
        correction: None,
    },
    // Atom with HTML titles, scripts and handlers in the content, tracking parameters.
    Invented {
        id: "morgenblick",
        name: "Morgenblick",
        language: "de",
        path: "/atom.xml",
        content_type: "application/atom+xml; charset=utf-8",
        feed: include_bytes!("feeds/morgenblick.atom"),
        correction: None,
    },
    // RSS 1.0 with Dublin Core dates and a syndication module that asks for four polls an hour.
    Invented {
        id: "technikbote",
        name: "Der Technikbote",
        language: "de",
        path: "/news.rdf",
        content_type: "application/rdf+xml",
        feed: include_bytes!("feeds/technikbote.rdf"),
        correction: None,
    },
    // JSON Feed 1.1 with one integer id; carries the agency's story.
    Invented {
        id: "chipnotes",
        name: "Chip Notes",
        language: "en",
        path: "/feed.json",
        content_type: "application/feed+json",
        feed: include_bytes!("feeds/chipnotes.json"),
        correction: None,
    },
    // A byte order mark, guids that are no permalinks, pictures by Media RSS.
    Invented {
        id: "correodelsur",
        name: "El Correo del Sur",
        language: "es",
        path: "/rss/portada.xml",
        content_type: "text/xml; charset=utf-8",
        feed: include_bytes!("feeds/correodelsur.rss"),
        correction: None,
    },
    // The manners of a popular weblog program: numeric references, `?p=` guids, a line of its own under every article.
    Invented {
        id: "ponte",
        name: "Il Ponte Quotidiano",
        language: "it",
        path: "/feed/",
        content_type: "application/rss+xml; charset=UTF-8",
        feed: include_bytes!("feeds/ponte.rss"),
        correction: None,
    },
];

/// The publishers, their files' `<id>.example` hosts replaced by the addresses they open at.
pub fn publishers(port: u16) -> Vec<Publisher> {
    INVENTED.iter().enumerate().map(|(number, invented)| invented.open_at(number, port)).collect()
}

impl Invented {
    fn open_at(&self, number: usize, port: u16) -> Publisher {
        let feed = INVENTED.iter().enumerate().fold(self.feed.to_vec(), |feed, (number, other)| {
            let host = format!("http://{}.example", other.id);
            replace(&feed, host.as_bytes(), format!("http://{}", address(number, port)).as_bytes())
        });
        let corrected = self.correction.map(|(first, then)| replace(&feed, first.as_bytes(), then.as_bytes()));
        Publisher {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            language: Some(self.language.to_owned()),
            address: address(number, port),
            feed_path: self.path.to_owned(),
            content_type: self.content_type,
            feed,
            corrected,
            last_modified: SystemTime::UNIX_EPOCH + LAST_MODIFIED,
            articles: articles(self.id),
        }
    }
}

/// The paths of a publisher's articles, from the list of what is expected of them.
fn articles(id: &str) -> Vec<String> {
    let home = format!("http://{id}.example");
    let links = include_str!("expected.tsv").lines().filter_map(|line| line.split('\t').next());
    links.filter_map(|link| link.strip_prefix(&home)).map(String::from).collect()
}

/// Bytes, not text: one of the feeds is not UTF-8.
fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_a_publisher_of_the_newsroom() {
        for publisher in publishers(8000) {
            let text = String::from_utf8_lossy(&publisher.feed).into_owned();
            for other in &INVENTED {
                assert!(
                    !text.contains(&format!("//{}.example", other.id)),
                    "{} still names {}",
                    publisher.id,
                    other.id
                );
            }
            assert!(publisher.articles.len() >= 5, "{} has few articles", publisher.id);
        }
    }

    #[test]
    fn the_correction_changes_the_feed() {
        let changed: Vec<_> =
            publishers(8000).into_iter().filter(|one| one.corrected.as_ref().is_some_and(|c| *c != one.feed)).collect();
        assert_eq!(changed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["harbourpost"]);
    }
}
