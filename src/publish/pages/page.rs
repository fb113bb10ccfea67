//! What is around the main part of every page, and the language that a page speaks.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    phrases::{Phrases, direction},
    subscribe::{Followed, autodiscovery},
};
use crate::publish::xml::legal;

/// What we are called.
pub(super) const NAME: &str = "newsdesk";

/// A folded sheet, in the colours of the pages.
const ICON: &str = "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0%200%2016%2016'%3E\
    %3Crect%20width='16'%20height='16'%20rx='3'%20fill='%23124078'/%3E\
    %3Cpath%20d='M3%204h10M3%207h6M3%209.5h6M3%2012h6M11%207h2v5h-2z'%20stroke='%23fff'%20fill='none'/%3E%3C/svg%3E";

/// The most characters of a description.
const DESCRIPTION: usize = 200;

/// The language of a page, and the words in which we speak on it.
#[derive(Clone, Copy)]
pub(super) struct Language<'a> {
    /// BCP 47; `None` where nobody knows: then the page is in English.
    tag: Option<&'a str>,
    pub(super) phrases: &'static Phrases,
}

impl<'a> Language<'a> {
    pub(super) fn of(tag: Option<&'a str>) -> Self {
        let phrases = tag.and_then(Phrases::of).unwrap_or_else(Phrases::english);
        Self { tag, phrases }
    }

    pub(super) fn tag(self) -> &'a str {
        self.tag.unwrap_or("en")
    }

    pub(super) fn direction(self) -> &'static str {
        direction(self.tag())
    }

    /// Words of ours, marked as what they are on a page whose language we do not speak.
    pub(super) fn say(self, words: &str) -> Markup {
        html! {
            @if Phrases::of(self.tag()).is_some() { (words) } @else { span lang="en" dir="ltr" { (words) } }
        }
    }

    /// Words of ours as a label: with a colon.
    pub(super) fn label(self, words: &str) -> Markup {
        self.say(&format!("{words}{}", self.phrases.colon))
    }

    /// The `lang` and `dir` that a text in another language needs on this page. One in a language that nobody knows says so
    /// (`lang=""`, HTML §3.2.6.2) and runs as its own letters do.
    pub(super) fn for_text(self, tag: Option<&str>) -> (Option<&str>, Option<&'static str>) {
        match tag {
            None => (Some(""), Some("auto")),
            Some(tag) if tag == self.tag() => (None, None),
            Some(tag) => (Some(tag), Some(direction(tag)).filter(|direction| *direction != self.direction())),
        }
    }
}

/// What a page is, besides what stands on it.
pub(super) struct Page<'a> {
    pub(super) language: Language<'a>,
    pub(super) title: &'a str,
    /// Plain text.
    pub(super) description: &'a str,
    /// The address by which it is to be known.
    pub(super) canonical: &'a str,
    /// What is told to feed readers that are shown the page.
    pub(super) followed: &'a [Followed<'a>],
    /// The index is at home already.
    pub(super) is_index: bool,
}

impl Page<'_> {
    /// The whole page around its main part.
    pub(super) fn around(&self, main: Markup, foot: Markup) -> Vec<u8> {
        let Language { phrases, .. } = self.language;
        let title = if self.is_index { NAME.to_owned() } else { format!("{} – {NAME}", clean(self.title)) };
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.tag()) dir=(self.language.direction()) {
                head {
                    meta charset="utf-8";
                    title { (title) }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="description" content=(beginning(self.description, DESCRIPTION));
                    link rel="canonical" href=(self.canonical);
                    link rel="icon" href=(ICON);
                    link rel="stylesheet" href="/style.css";
                    @for followed in self.followed { (autodiscovery(followed)) }
                }
                body {
                    a.skip href="#main" { (self.language.say(phrases.skip)) }
                    @if !self.is_index {
                        header.site {
                            p { a href="/" lang="en" dir="ltr" { (NAME) } }
                            nav {
                                ul {
                                    li { a href="/#topics" { (self.language.say(phrases.topics)) } }
                                    li { a href="/all" { (self.language.say(phrases.all_stories)) } }
                                }
                            }
                        }
                    }
                    main id="main" tabindex="-1" { (main) }
                    footer.site {
                        (foot)
                        p { (self.language.say(phrases.in_utc)) }
                    }
                }
            }
        };
        let mut page = page.into_string().into_bytes();
        page.push(b'\n');
        page
    }
}

/// Text without characters that a page may not hold.
pub(super) fn clean(text: &str) -> String {
    legal(text).chars().filter(|c| !c.is_control() || c.is_ascii_whitespace()).collect()
}

/// The beginning of a text, to the end of a word where one is near, with an ellipsis if something was cut. On one line.
pub(super) fn beginning(text: &str, most: usize) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > most * 5 {
            break;
        }
    }
    let words = clean(&words);
    let Some((end, _)) = words.char_indices().nth(most) else { return words };
    let (kept, _) = words.split_at(end);
    let kept = kept.rsplit_once(' ').map(|(whole, _)| whole).filter(|whole| whole.len() > end / 2).unwrap_or(kept);
    format!("{}…", kept.trim_end_matches([' ', ',', ';', ':', '.', '–', '-']))
}

/// Things beside each other, parted by a dot that is not read out.
pub(super) fn beside(things: impl IntoIterator<Item = Markup>) -> Markup {
    let things: Vec<String> = things.into_iter().map(Markup::into_string).filter(|thing| !thing.is_empty()).collect();
    PreEscaped(things.join("<span class=\"dot\" aria-hidden=\"true\"> · </span>"))
}
