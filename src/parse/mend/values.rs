//! The values of single elements: each goes to the draft it belongs to.

use url::Url;

use super::{
    collect::Collected,
    draft::{DraftDate, DraftText},
    elements::Field,
    leaf::{Form, Leaf},
    tally::{Flaw, Tally},
};
use crate::{
    model::{Category, Link, ParsedSource},
    parse::dates::parse_date,
};

impl Collected {
    pub fn enclosure(&mut self, url: Option<String>, media_type: Option<String>, length: Option<String>) {
        let Some(href) = trimmed(url) else { return };
        let length = length.and_then(|length| length.trim().parse().ok());
        let enclosure =
            Link { href, rel: "enclosure".to_owned(), media_type: trimmed(media_type), length, ..Link::default() };
        self.draft().add_enclosure(enclosure);
    }

    /// A category that is no more than a word.
    pub fn category(&mut self, term: &str) {
        self.draft().add_category(Category { term: term.trim().to_owned(), ..Category::default() });
    }

    /// Puts a leaf's value where it belongs.
    pub fn finish_leaf(&mut self, leaf: Leaf, is_rss: bool, tally: &mut Tally) {
        let (field, rank) = (leaf.field, leaf.rank);
        match field {
            Field::Title | Field::Summary | Field::Content | Field::Rights => self.finish_text(leaf),
            Field::Link => self.finish_link(leaf),
            Field::Category => {
                let value = |name: &str| leaf.attribute(name).map(str::to_owned);
                let (scheme, label) = (trimmed(value("scheme").or(value("domain"))), trimmed(value("label")));
                if let Some(term) = trimmed(value("term")).or_else(|| leaf.finish().map(|(text, _)| text)) {
                    self.draft().add_category(Category { term, scheme, label });
                }
            }
            Field::Enclosure => {
                let value = |name: &str| leaf.attribute(name).map(str::to_owned);
                self.enclosure(value("url").or(value("href")), value("type"), value("length"));
            }
            Field::SourceOfItem => {
                let url = trimmed(leaf.attribute("url").map(str::to_owned));
                let title = leaf.finish().map(|(title, _)| title);
                let links = url.map(|href| Link { href, rel: "self".to_owned(), ..Link::default() });
                if let Some(item) = &mut self.item
                    && (title.is_some() || links.is_some())
                {
                    item.source =
                        Some(ParsedSource { title, links: links.into_iter().collect(), ..ParsedSource::default() });
                }
            }
            Field::Guid => {
                let is_permalink =
                    !leaf.attribute("ispermalink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
                if let Some((guid, _)) = leaf.finish() {
                    self.draft().id.offer(rank, (guid, Some(is_permalink)));
                }
            }
            Field::Id => {
                if let Some((id, _)) = leaf.finish() {
                    self.draft().id.offer(rank, (id, is_rss.then_some(false)));
                }
            }
            _ => {
                if let Some((value, _)) = leaf.finish() {
                    self.finish_value(field, rank, value, tally);
                }
            }
        }
    }

    fn finish_value(&mut self, field: Field, rank: u8, value: String, tally: &mut Tally) {
        match field {
            Field::Published | Field::Updated => {
                let Some(instant) = parse_date(&value) else { return tally.note(Flaw::UnreadableDate, || value) };
                let date = DraftDate { written: value, instant };
                let draft = self.draft();
                if field == Field::Published { &mut draft.published } else { &mut draft.updated }.offer(rank, date);
            }
            Field::Language => self.draft().language.offer(rank, value),
            Field::Keywords => {
                for term in value.split(',') {
                    self.category(term);
                }
            }
            Field::Comments => self.draft().comments = Some(value),
            Field::OriginalLink => self.draft().original_link = Some(value),
            Field::PersonName | Field::PersonUri | Field::PersonEmail => {
                let Some(person) = &mut self.person else { return };
                let part = match field {
                    Field::PersonName => &mut person.name,
                    Field::PersonUri => &mut person.uri,
                    _ => &mut person.email,
                };
                if part.is_empty() {
                    *part = value;
                }
            }
            Field::TimeToLive => self.hints.ttl_minutes = leading_number(&value),
            Field::Hour => {
                // The RSS Board's profile has hours from 0 to 23, Netscape's had 1 to 24.
                if let Some(hour @ 0..=24) = leading_number(&value) {
                    self.hints.skip_hours.push(u8::try_from(hour % 24).unwrap_or_default());
                }
            }
            Field::Day => {
                let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                let day = value.to_ascii_lowercase();
                if let Some(number) = days.iter().position(|name| day.starts_with(name)) {
                    self.hints.skip_days.push(u8::try_from(number).unwrap_or_default());
                }
            }
            Field::UpdatePeriod => {
                self.update_period = match value.to_ascii_lowercase().as_str() {
                    "hourly" => Some(3_600),
                    "daily" => Some(86_400),
                    "weekly" => Some(7 * 86_400),
                    "monthly" => Some(30 * 86_400),
                    "yearly" => Some(365 * 86_400),
                    _ => None,
                }
            }
            Field::UpdateFrequency => self.update_frequency = leading_number(&value).filter(|times| *times > 0),
            // These come through `finish_leaf`.
            Field::Id
            | Field::Guid
            | Field::Title
            | Field::Summary
            | Field::Content
            | Field::Link
            | Field::Rights
            | Field::Category
            | Field::Enclosure
            | Field::SourceOfItem => {}
        }
    }

    fn finish_text(&mut self, mut leaf: Leaf) {
        let (field, rank) = (leaf.field, leaf.rank);
        let base = leaf.base.as_deref().map(Url::to_string);
        let language = leaf.language.take();
        let elsewhere = leaf.attribute("src").map(str::to_owned).filter(|_| leaf.is_atom && field == Field::Content);
        let media_type = leaf.attribute("type").map(str::to_owned);
        let is_binary = leaf.form == Form::Binary;
        let value = leaf.finish();
        let draft = self.draft();
        if let Some(href) = trimmed(elsewhere) {
            draft.content_elsewhere = Some(Link { href, rel: "alternate".to_owned(), media_type, ..Link::default() });
        }
        let Some((value, kind)) = value.filter(|_| !is_binary) else { return };
        if let Some(language) = language {
            draft.language.offer(if field == Field::Content { 2 } else { 3 }, language);
        }
        let text = DraftText { value, kind, base };
        match field {
            Field::Title => draft.title.offer(rank, text),
            Field::Summary => draft.summary.offer(rank, text),
            Field::Content => draft.content.offer(rank, text),
            _ => draft.rights.offer(rank, text),
        }
    }

    fn finish_link(&mut self, leaf: Leaf) {
        let value = |name: &str| trimmed(leaf.attribute(name).map(str::to_owned));
        let rel = value("rel").map_or_else(|| "alternate".to_owned(), |rel| relation(&rel));
        let (media_type, hreflang, title) = (value("type"), value("hreflang"), value("title"));
        let length = value("length").and_then(|length| length.parse().ok());
        let href = value("href").or_else(|| value("resource"));
        let Some(href) = href.or_else(|| leaf.finish().map(|(text, _)| text)) else { return };
        let link = Link { href, rel, media_type, hreflang, title, length };
        let draft = self.draft();
        match link.rel.as_str() {
            "enclosure" => draft.add_enclosure(link),
            _ => draft.links.push(link),
        }
    }
}

/// A link relation: registered names are compared without case and may be written as the URI they stand for.
fn relation(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let bare = ["http://www.iana.org/assignments/relation/", "https://www.iana.org/assignments/relation/"]
        .iter()
        .find_map(|registry| lower.strip_prefix(registry));
    match bare {
        Some(bare) => bare.to_owned(),
        None if lower.contains(':') => written.to_owned(),
        None => lower,
    }
}

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text.get(..digits)?.parse().ok()
}
