//! Namespaces: which vocabulary an element's name belongs to, however its publisher spelt the namespace.

/// The vocabularies that say something about a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    Rss,
    Atom,
    Content,
    DublinCore,
    DublinCoreTerms,
    Media,
    Podcast,
    Syndication,
    Proxy,
    Rdf,
    Xhtml,
    Prism,
    Yandex,
    /// RFC 6721.
    Tombstones,
    Other,
}

/// Recognises a namespace name by what publishers mean, not byte for byte: `https`, `www.`, case and a final slash do not matter.
fn by_name(namespace: &str) -> Vocabulary {
    let lower = namespace.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let bare = bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches(['/', '#']);
    match bare {
        "w3.org/2005/atom" | "purl.org/atom" | "purl.org/atom/ns" => Vocabulary::Atom,
        "purl.org/rss/1.0"
        | "purl.org/net/rss1.1"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.law.harvard.edu/rss/rss.html"
        | "rssboard.org/rss-specification" => Vocabulary::Rss,
        "purl.org/rss/1.0/modules/content" => Vocabulary::Content,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc" => Vocabulary::DublinCore,
        "purl.org/dc/terms" => Vocabulary::DublinCoreTerms,
        "google.com/schemas/play-podcasts/1.0" => Vocabulary::Podcast,
        "purl.org/rss/1.0/modules/syndication" | "purl.org/rss/modules/syndication" => Vocabulary::Syndication,
        "rssnamespace.org/feedburner/ext/1.0" | "pheedo.com/namespace/pheedo" => Vocabulary::Proxy,
        "w3.org/1999/02/22-rdf-syntax-ns" => Vocabulary::Rdf,
        "w3.org/1999/xhtml" => Vocabulary::Xhtml,
        "news.yandex.ru" => Vocabulary::Yandex,
        "purl.org/atompub/tombstones/1.0" => Vocabulary::Tombstones,
        _ if bare.starts_with("backend.userland.com/rss") => Vocabulary::Rss,
        _ if bare.starts_with("purl.org/atom/ns") => Vocabulary::Atom,
        _ if bare.ends_with("search.yahoo.com/mrss") || bare == "search.yahoo.com/rss" => Vocabulary::Media,
        _ if bare.ends_with("/dtds/podcast-1.0.dtd") => Vocabulary::Podcast,
        _ if bare.starts_with("prismstandard.org/namespaces") => Vocabulary::Prism,
        _ => Vocabulary::Other,
    }
}

/// Whether a namespace name is one of those of RSS.
pub fn is_rss(namespace: &str) -> bool {
    by_name(namespace) == Vocabulary::Rss
}

/// What a prefix means when nobody declared it. Nothing is deleted on a guess, so that none stands for tombstones.
fn by_prefix(prefix: &str) -> Vocabulary {
    match prefix.to_ascii_lowercase().as_str() {
        "rss" => Vocabulary::Rss,
        "atom" | "atom10" | "atom03" | "a10" => Vocabulary::Atom,
        "content" => Vocabulary::Content,
        "dc" => Vocabulary::DublinCore,
        "dcterms" | "dct" => Vocabulary::DublinCoreTerms,
        "media" => Vocabulary::Media,
        "itunes" | "googleplay" => Vocabulary::Podcast,
        "sy" | "syn" => Vocabulary::Syndication,
        "feedburner" | "pheedo" => Vocabulary::Proxy,
        "rdf" => Vocabulary::Rdf,
        "xhtml" | "html" => Vocabulary::Xhtml,
        "prism" => Vocabulary::Prism,
        "yandex" => Vocabulary::Yandex,
        _ => Vocabulary::Other,
    }
}

/// Declarations remembered at once; a feed has a dozen.
const MOST_BINDINGS: usize = 128;

/// The namespace declarations in force.
#[derive(Debug, Default)]
pub struct Namespaces<'a> {
    bindings: Vec<(&'a str, Vocabulary)>,
}

/// A place to return to when an element ends.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl<'a> Namespaces<'a> {
    pub fn mark(&self) -> Mark {
        Mark(self.bindings.len())
    }

    pub fn reset(&mut self, mark: Mark) {
        self.bindings.truncate(mark.0);
    }

    /// Reads a tag's attribute if it is `xmlns` or `xmlns:prefix`. The default namespace of a feed's own containers is the
    /// dialect's, whatever name it was given: `<rss xmlns="…">` has been seen with every name there is.
    pub fn declare(&mut self, attribute: &'a str, value: &str, container: Option<Vocabulary>) {
        let prefix = match attribute.strip_prefix("xmlns") {
            Some("") => "",
            Some(rest) => match rest.strip_prefix(':') {
                Some(prefix) => prefix,
                None => return,
            },
            None => return,
        };
        if self.bindings.len() < MOST_BINDINGS {
            let vocabulary = container.filter(|_| prefix.is_empty()).unwrap_or_else(|| by_name(value));
            self.bindings.push((prefix, vocabulary));
        }
    }

    /// The vocabulary of a name with this prefix (empty: none), and whether the prefix was declared; `own` is that of a name
    /// without prefix where no default namespace is declared.
    pub fn resolve(&self, prefix: &str, own: Vocabulary) -> (Vocabulary, bool) {
        match self.bindings.iter().rev().find(|(known, _)| *known == prefix) {
            Some((_, vocabulary)) => (*vocabulary, true),
            None if prefix.is_empty() => (own, true),
            None => (by_prefix(prefix), false),
        }
    }
}
