//! How to follow an edition: the address of each format, what to do with it, and the usual readers at one click.

use maud::{Markup, html};

use super::{
    SitePage,
    address::{address, escaped},
    page::{Language, beside},
};

/// An edition that can be followed.
pub(super) struct Followed<'a> {
    pub(super) title: &'a str,
    /// The path of its page, which is that of its formats without their endings.
    pub(super) path: &'a str,
    /// As in an address, without the question mark; empty where there is none.
    pub(super) query: &'a str,
}

/// A format's name, the ending of its address, its media type.
const FORMATS: [(&str, &str, &str); 3] = [
    ("Atom", "atom", "application/atom+xml"),
    ("RSS", "rss", "application/rss+xml"),
    ("JSON Feed", "json", "application/feed+json"),
];

/// Readers that take the address of a feed in one of their own.
const READERS: [(&str, &str); 6] = [
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
    ("BazQux Reader", "https://bazqux.com/add?url="),
];

impl Followed<'_> {
    /// From the root of the site.
    fn path(&self, ending: &str) -> String {
        let question_mark = if self.query.is_empty() { "" } else { "?" };
        address(&format!("{}.{ending}{question_mark}{}", self.path, self.query))
    }
}

/// What a feed reader finds when it is given the address of the page.
pub(super) fn autodiscovery(followed: &Followed<'_>) -> Markup {
    html! {
        @for (_, ending, media_type) in FORMATS {
            link rel="alternate" type=(media_type) title=(followed.title) href=(followed.path(ending));
        }
    }
}

/// Links to the formats, side by side.
pub(super) fn formats(followed: &Followed<'_>) -> Markup {
    beside(FORMATS.map(|(name, ending, media_type)| {
        html! {
            a href=(followed.path(ending)) type=(media_type) aria-label={ (name) ", " (followed.title) } { (name) }
        }
    }))
}

/// The box in which a page tells how to follow it, closed until somebody wants it.
pub(super) fn subscribe(site: SitePage<'_>, language: Language<'_>, followed: &Followed<'_>) -> Markup {
    let phrases = language.phrases;
    let atom = site.address(&followed.path("atom"));
    html! {
        details.subscribe {
            summary { (language.say(phrases.subscribe)) }
            p id="subscribe" { (language.say(phrases.how_to_subscribe)) }
            dl {
                @for (name, ending, _) in FORMATS {
                    div {
                        dt { (name) }
                        dd { code dir="ltr" { (site.address(&followed.path(ending))) } }
                    }
                }
            }
            p {
                (language.label(phrases.open_in))
                (beside(READERS.iter().map(|(name, before)| html! {
                    a href={ (before) (escaped(&atom)) } rel="nofollow" { (name) }
                }).chain([html! {
                    a href=(for_any_reader(&atom)) rel="nofollow" { (language.say(phrases.reader_of_device)) }
                }])))
            }
        }
    }
}

/// The address under the scheme that feed readers take: `feed:` for what `http:` would fetch, `feeds:` for `https:`.
fn for_any_reader(address: &str) -> String {
    match address.split_once("://") {
        Some(("https", rest)) => format!("feeds://{rest}"),
        Some((_, rest)) => format!("feed://{rest}"),
        None => format!("feed:{address}"),
    }
}
