//! From bytes to tagged entries: the part of a poll that needs no network and no store, only a processor.
//!
//! parse → normalize → text → topics, one after the other; the daemon runs many of these side by side.

use crate::{
    ingest::{EntryReading, Reading, TaggedEntry, UnreadEntry},
    model::{Defect, Document, Entry, PollHints, SourceId, TopicScore},
    normalize::{NormalizeContext, TrackingRules, normalize},
    parse::{ParseError, ParseLimits, parse},
    stories::EntryText,
    text::{Boilerplate, EntryOutline, ReadableEntry},
    topics::Topics,
};

/// Reads documents with one set of topics. Shared by all pollers; replaced whole when the topics change.
pub struct Reader {
    topics: Topics,
    languages: Vec<String>,
    tracking: TrackingRules,
    limits: ParseLimits,
}

/// A document, understood.
pub struct Read {
    pub reading: Reading,
    /// What the feed itself says about polling.
    pub hints: PollHints,
    /// What had to be mended or left out.
    pub defects: Vec<Defect>,
}

impl Reader {
    /// `languages` are those that detection chooses from.
    pub fn new(topics: Topics, languages: Vec<String>) -> Self {
        Self { topics, languages, tracking: TrackingRules::default(), limits: ParseLimits::default() }
    }

    /// Takes these parameters out of links as well.
    #[must_use]
    pub fn with_tracking(self, tracking: TrackingRules) -> Self {
        Self { tracking, ..self }
    }

    /// Reads a document. `configured_language` is the admin's word on the source; topics may be for some `source`s only;
    /// `boilerplate` is what the source repeats.
    ///
    /// # Errors
    /// The document is no feed, or so broken that not one entry could be had from it.
    pub fn read(
        &self,
        document: &Document,
        configured_language: Option<&str>,
        source: Option<&SourceId>,
        boilerplate: &Boilerplate,
    ) -> Result<Read, ParseError> {
        let parsed = parse(document, &self.limits)?;
        let context = NormalizeContext {
            base: &document.base,
            configured_language,
            languages: &self.languages,
            tracking: &self.tracking,
        };
        let normalized = normalize(parsed, &context);
        let entries: Vec<TaggedEntry> = normalized
            .entries
            .into_iter()
            .map(|entry| {
                let unread = UnreadEntry { entry: &entry, source, boilerplate, article: None };
                let understood = self.understand_all(&unread);
                let text = self.text_to_compare(&unread, &understood);
                let (topics, reading) = self.tag_understood(&unread, understood);
                TaggedEntry { entry, topics, reading: Some(reading), text }
            })
            .collect();
        Ok(Read {
            reading: Reading {
                feed: normalized.metadata,
                entries,
                deleted: normalized.deleted,
                tagged_with: self.topics.fingerprint(),
            },
            hints: normalized.hints,
            defects: normalized.defects,
        })
    }

    /// The topics an entry is in, and all that is to be kept of how it was understood; in one pass.
    ///
    /// Of the feed's text and the article on the page behind its link, if that is known, the longer one counts. What is learnt
    /// of the source comes from the feed alone, and is cut from the feed's text alone: what stands around an article is left
    /// out when it is found on its page.
    pub fn read_entry(&self, unread: &UnreadEntry<'_>) -> (Vec<TopicScore>, EntryReading) {
        self.tag_understood(unread, self.understand_all(unread))
    }

    fn tag_understood(
        &self,
        unread: &UnreadEntry<'_>,
        (read, is_article, outline): (ReadableEntry, bool, EntryOutline),
    ) -> (Vec<TopicScore>, EntryReading) {
        let (topics, account) = self.topics.tag_and_account(&read, unread.source, is_article);
        let cut = unread.boilerplate.cut_print(&outline);
        (topics, EntryReading { tagged_with: self.topics.fingerprint(), cut, account, outline })
    }

    /// What an entry is compared by with those of other sources: the feed's text with nothing cut that was learnt of its source,
    /// so that which entries are copies depends neither on topics nor on what was learnt when they came.
    fn text_to_compare(
        &self,
        unread: &UnreadEntry<'_>,
        (read, is_article, outline): &(ReadableEntry, bool, EntryOutline),
    ) -> EntryText {
        if !is_article && unread.boilerplate.cut_print(outline) == 0 {
            return EntryText::of(read);
        }
        EntryText::of(&self.understand(unread.entry, &Boilerplate::default()))
    }

    /// What counts as an entry's text, whether that is the article, and the outline of what the feed had.
    pub fn understand_all(&self, unread: &UnreadEntry<'_>) -> (ReadableEntry, bool, EntryOutline) {
        let mut read = self.understand(unread.entry, unread.boilerplate);
        let outline = std::mem::take(&mut read.outline);
        if let Some(html) = unread.article {
            let entry = Entry { summary: None, content: Some(html.to_owned()), ..unread.entry.clone() };
            let article = self.understand(&entry, &Boilerplate::default());
            if length(&article) > length(&read) {
                return (article, true, outline);
            }
        }
        (read, false, outline)
    }

    /// The topics an entry of a source is in, as far as its own text tells.
    pub fn tag(&self, entry: &Entry, source: Option<&SourceId>) -> Vec<TopicScore> {
        self.topics.tag_from(&self.understand(entry, &Boilerplate::default()), source)
    }

    /// What of an entry counts as its text, without the furniture that was learnt of its source.
    pub fn understand(&self, entry: &Entry, boilerplate: &Boilerplate) -> ReadableEntry {
        ReadableEntry::from_entry_of(entry, &self.languages, boilerplate)
    }

    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    pub fn languages(&self) -> &[String] {
        &self.languages
    }
}

fn length(read: &ReadableEntry) -> usize {
    read.blocks.iter().map(|block| block.text.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::TaggingSettings;

    const SOURCES_OWN: &str = "<p>More from our newsroom today</p><p>Every morning by mail</p>";

    fn document() -> Document {
        let item = |number: char| {
            let words = |word: &str| (0..12).map(|place| format!("{word}{number}{place} ")).collect::<String>();
            let (title, text) = (words("title"), words("text"));
            format!(r#"{{"id":"{number}","title":"{title}","content_html":"<p>{text}</p>{SOURCES_OWN}"}}"#)
        };
        let items: Vec<String> = ('a'..='h').map(item).collect();
        let body = format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","title":"Gazette","items":[{}]}}"#,
            items.join(",")
        );
        let url: url::Url = "https://gazette.example/feed".parse().expect("a URL");
        Document {
            base: url.clone(),
            url,
            moved_permanently_to: None,
            content_type: Some("application/feed+json".into()),
            body: body.into(),
            validators: Default::default(),
            freshness: Default::default(),
        }
    }

    #[test]
    fn what_was_learnt_of_a_source_is_cut_for_topics_and_not_for_copies() {
        let topics =
            Topics::compile(&TaggingSettings::default(), &[]).unwrap_or_else(|problems| panic!("{problems:?}"));
        let reader = Reader::new(topics, vec!["en".into()]);
        let read = |boilerplate: &Boilerplate| {
            reader.read(&document(), None, None, boilerplate).expect("a feed").reading.entries
        };
        let reading = |tagged: &TaggedEntry| tagged.reading.clone().expect("kept");
        let before = read(&Boilerplate::default());
        let outlines: Vec<EntryOutline> = before.iter().map(|tagged| reading(tagged).outline).collect();
        let after = read(&Boilerplate::learn(&outlines));
        assert_eq!(after.len(), 8);
        for (before, after) in before.iter().zip(&after) {
            assert!(reading(after).account.words() < reading(before).account.words(), "the furniture is cut");
            assert_eq!(after.text, before.text);
        }
    }
}
