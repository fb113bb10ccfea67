//! What the walk has collected: drafts being filled, and the entries finished so far.

use super::{
    deleted::Deleted,
    draft::{Draft, DraftText},
    elements::Role,
    mended::{EntryFacts, FeedFacts, Mended, MendedEntry, TextFacts, keep_newest},
    tally::Tally,
    write,
};
use crate::{
    model::{Defect, PollHints, UpdatePeriod},
    parse::{
        ParseLimits,
        person::{add_person, parse_person, person_from},
    },
};

#[derive(Debug, Default)]
pub struct Collected {
    pub feed: Draft,
    pub item: Option<Draft>,
    pub source: Option<Draft>,
    pub person: Option<PersonParts>,
    /// `xml:base` of the root or channel, as written.
    base: Option<String>,
    pub hints: PollHints,
    pub update_period: Option<u32>,
    pub update_frequency: Option<u32>,
    entries: Vec<MendedEntry>,
    pub deleted: Deleted,
    /// How many items have been begun and ended.
    pub position: usize,
}

#[derive(Debug)]
pub struct PersonParts {
    role: Role,
    text: String,
    pub name: String,
    pub uri: String,
    pub email: String,
}

impl Collected {
    /// The draft that elements belong to now.
    pub fn draft(&mut self) -> &mut Draft {
        match (&mut self.source, &mut self.item) {
            (Some(source), _) => source,
            (None, Some(item)) => item,
            (None, None) => &mut self.feed,
        }
    }

    pub fn open_container(&mut self, base: Option<&str>, language: Option<String>, about: Option<&str>) {
        if let Some(base) = base.map(str::trim).filter(|base| !base.is_empty()) {
            self.base = Some(base.to_owned());
        }
        if let Some(language) = language {
            self.feed.language.offer(2, language);
        }
        if let Some(about) = about.map(str::trim).filter(|about| !about.is_empty()) {
            self.feed.id.offer(2, (about.to_owned(), None));
        }
    }

    pub fn open_person(&mut self, role: Role) {
        let empty = String::new;
        self.person = Some(PersonParts { role, text: empty(), name: empty(), uri: empty(), email: empty() });
    }

    pub fn person_text(&mut self, text: &str) {
        if let Some(person) = &mut self.person {
            person.text.push_str(text);
        }
    }

    pub fn finish_person(&mut self) {
        let Some(parts) = self.person.take() else { return };
        let person = match person_from(&parts.name, &parts.uri, &parts.email) {
            Some(mut person) => {
                // `<author>Jean<email>…</email></author>`
                if parts.name.trim().is_empty()
                    && let Some(written) = parse_person(&parts.text)
                {
                    person.name = written.name;
                }
                person
            }
            None => match parse_person(&parts.text) {
                Some(person) => person,
                None => return,
            },
        };
        add_person(self.draft().persons(parts.role), person);
    }

    pub fn finish_source(&mut self) {
        let Some(source) = self.source.take() else { return };
        if let Some(item) = &mut self.item {
            item.source = Some(source.into_source());
        }
    }

    pub fn finish_item(&mut self, limit: usize) {
        self.source = None;
        self.person = None;
        let Some(mut item) = self.item.take() else { return };
        if let Some(elsewhere) = item.content_elsewhere.take()
            && !item.links.iter().any(|link| link.rel == "alternate")
        {
            item.links.push(elsewhere);
        }
        let xml = write::entry(&item, self.position);
        let date = item.updated.get().or(item.published.get()).map(|date| date.instant);
        let base = item.base;
        let text = |text: Option<&DraftText>| TextFacts {
            kind: text.map(|text| text.kind),
            base: text.and_then(|text| text.base.clone()).filter(|own| Some(own) != base.as_ref()),
        };
        let (title, summary, content) = (text(item.title.get()), text(item.summary.get()), text(item.content.get()));
        let (guid, guid_is_permalink) = item.id.take().unzip();
        let facts = EntryFacts {
            guid,
            guid_is_permalink: guid_is_permalink.flatten(),
            original_link: item.original_link,
            comments: item.comments,
            language: item.language.take(),
            base,
            source: item.source,
            title,
            summary,
            content,
        };
        self.entries.push(MendedEntry { position: self.position, xml, date, facts });
        self.position += 1;
        if self.entries.len() >= limit.saturating_mul(2).max(1) {
            keep_newest(&mut self.entries, limit);
        }
    }

    /// Ends the document. An item still open is one that was cut off: what is left of it may lack its better half.
    pub fn finish(mut self, tally: Tally, limits: &ParseLimits) -> Mended {
        let mut defects: Vec<_> = tally.defects().collect();
        if self.item.is_some() {
            let message =
                "the document ends inside this item; the item was left out, the ones before it were kept".to_owned();
            defects.push(Defect { entry: Some(self.position), message });
        }
        keep_newest(&mut self.entries, limits.entries);
        if self.position > limits.entries {
            let message =
                format!("the document has {} items; the newest {} were kept", self.position, self.entries.len());
            defects.push(Defect { entry: None, message });
        }
        defects.extend(self.deleted.beyond(limits.entries));
        let mut hints = self.hints;
        hints.skip_hours.sort_unstable();
        hints.skip_hours.dedup();
        hints.skip_days.sort_unstable();
        hints.skip_days.dedup();
        if self.update_period.is_some() || self.update_frequency.is_some() {
            // The module's defaults: daily, once.
            let seconds = self.update_period.unwrap_or(86_400) / self.update_frequency.unwrap_or(1);
            hints.update = Some(UpdatePeriod { seconds: seconds.max(1) });
        }
        Mended {
            head: write::head(&self.feed),
            feed: FeedFacts {
                title_kind: self.feed.title.get().map(|title| title.kind),
                language: self.feed.language.take(),
                base: self.base,
                hints,
            },
            entries: self.entries,
            deleted: self.deleted.finish(limits.entries),
            defects,
        }
    }
}
