//! What feed-rs read and what the mending pass found beside it, as one [`ParsedFeed`].

use std::collections::HashMap;

use super::{
    mend::{EntryFacts, Mended, TextFacts},
    read::Read,
};
use crate::model::{Category, Link, ParsedEntry, ParsedFeed, Person, Text, TextKind};

/// Joins each entry with its facts by the position that stands for its id.
pub fn join(mended: Mended, read: Read) -> ParsedFeed {
    let mut facts: HashMap<usize, EntryFacts> =
        mended.entries.into_iter().map(|entry| (entry.position, entry.facts)).collect();
    let mut defects = mended.defects;
    defects.extend(read.refused);
    let entries = read
        .entries
        .into_iter()
        .filter_map(|entry| {
            let facts = facts.remove(&entry.id.trim().parse().ok()?)?;
            Some(join_entry(entry, facts))
        })
        .collect();
    let feed = read.feed;
    let title_facts = TextFacts { kind: mended.feed.title_kind, base: None };
    ParsedFeed {
        id: Some(feed.id).filter(|id| !id.is_empty()),
        title: feed.title.map(|title| text(title.content, title_facts)),
        links: feed.links.into_iter().map(link).collect(),
        language: mended.feed.language,
        updated: feed.updated,
        rights: feed.rights.map(|rights| rights.content),
        authors: feed.authors.into_iter().filter_map(person).collect(),
        categories: feed.categories.into_iter().map(category).collect(),
        base: mended.feed.base,
        hints: mended.feed.hints,
        entries,
        deleted: mended.deleted,
        defects,
    }
}

fn join_entry(entry: feed_rs::model::Entry, facts: EntryFacts) -> ParsedEntry {
    let content = entry.content.and_then(|content| content.body);
    ParsedEntry {
        guid: facts.guid,
        guid_is_permalink: facts.guid_is_permalink,
        title: entry.title.map(|title| text(title.content, facts.title)),
        summary: entry.summary.map(|summary| text(summary.content, facts.summary)),
        content: content.map(|content| text(content, facts.content)),
        links: entry.links.into_iter().map(link).collect(),
        original_link: facts.original_link,
        comments: facts.comments,
        authors: entry.authors.into_iter().filter_map(person).collect(),
        contributors: entry.contributors.into_iter().filter_map(person).collect(),
        categories: entry.categories.into_iter().map(category).collect(),
        published: entry.published,
        updated: entry.updated,
        language: facts.language,
        rights: entry.rights.map(|rights| rights.content),
        base: facts.base,
        source: facts.source,
    }
}

fn text(value: String, facts: TextFacts) -> Text {
    Text { kind: facts.kind.unwrap_or(TextKind::Unknown), value, base: facts.base }
}

fn link(link: feed_rs::model::Link) -> Link {
    Link {
        href: link.href,
        rel: link.rel.unwrap_or_else(|| "alternate".to_owned()),
        media_type: link.media_type,
        hreflang: link.href_lang,
        title: link.title,
        length: link.length,
    }
}

fn person(person: feed_rs::model::Person) -> Option<Person> {
    Some(Person { name: person.name?, uri: person.uri, email: person.email })
}

fn category(category: feed_rs::model::Category) -> Category {
    Category { term: category.term, scheme: category.scheme, label: category.label }
}
