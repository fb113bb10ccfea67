use std::{collections::BTreeSet, sync::Mutex};

use chrono::{DateTime, Duration, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Delivery, NewArticles, Outcome, Reading, TaggedEntry, Tagger, deleted::is_later, known::known,
    public_id::public_id, readings::Settling, regroup::regroup, rules::TakeInRules, texts::Texts,
};
use crate::{
    model::{Entry, EntryNumber, FeedMetadata, SourceId, SourceNumber, StoryNumber},
    store::{
        ChangedEditions, EntryRecord, Identity, IdentityKey, IdentityPolicy, Refresh, SourceRecord, Store, StoreError,
    },
    stories::{Identified, Revision, StoredTwin, identify, judge, shared_keys},
};

/// Takes deliveries in, one at a time.
pub struct Ingest {
    pub(super) store: Store,
    pub(super) rules: TakeInRules,
    /// Reads kept entries again; `None` where nobody needs them to be.
    pub(super) tagger: Option<Tagger>,
    /// Sources of which entries are to be read again.
    pub(super) unsettled: Mutex<BTreeSet<SourceNumber>>,
    pub(super) settling: Mutex<Option<Settling>>,
    pub(super) texts: Texts,
    /// What time it is for retention; `None`: what the clock says.
    pub(super) retention_time: Option<DateTime<Utc>>,
    pub(super) new_articles: NewArticles,
}

/// A publisher's date this far ahead of our clock is taken for a mistake.
pub(super) const FUTURE_TOLERANCE: Duration = Duration::hours(24);

/// How often the date on a tombstone is renewed while the publisher goes on listing the entry.
pub(super) const TOMBSTONE_RENEWAL: Duration = Duration::days(7);

impl Ingest {
    pub fn new(store: Store, rules: TakeInRules) -> Self {
        let (tagger, unsettled, settling) = (None, Mutex::default(), Mutex::default());
        let (texts, new_articles) = (Texts::default(), NewArticles::default());
        Self { store, rules, tagger, unsettled, settling, texts, retention_time: None, new_articles }
    }

    /// The topics of today, with which kept entries are read again.
    pub fn with_tagger(self, tagger: Tagger) -> Self {
        Self { tagger: Some(tagger), ..self }
    }

    /// Takes one delivery in: its entries, the stories they belong to and its poll state become visible together.
    ///
    /// Not on the disk yet: [`Store::make_durable`] is the caller's, so that several deliveries can share it.
    pub fn take_in(&self, delivery: Delivery) -> Result<(Outcome, ChangedEditions), StoreError> {
        self.texts.fill(&self.store, delivery.at)?;
        let taken_in = self.take_in_delivery(delivery);
        if taken_in.is_err() {
            // The index may hold texts that are not kept.
            self.texts.forget();
        }
        taken_in
    }

    fn take_in_delivery(&self, delivery: Delivery) -> Result<(Outcome, ChangedEditions), StoreError> {
        let mut refresh = self.store.refresh();
        refresh.put_poll_state(&delivery.source, delivery.state);
        let mut outcome = Outcome::default();
        let (mut feed_changed, mut asks_for_articles) = (false, None);
        if let Some(mut reading) = delivery.reading {
            if let Some(title) = self.rules.sources.get(&delivery.source).and_then(|rules| rules.title.as_ref()) {
                reading.feed.title.clone_from(title);
            }
            let source = self.source(&mut refresh, &delivery.source, &delivery.configured_url)?;
            feed_changed = source.last_read.is_some() && differs_visibly(&source.feed, &reading.feed);
            let number = source.number;
            outcome = self.read(&mut refresh, &delivery.source, source, reading, delivery.at)?;
            asks_for_articles = refresh.has_new_article_jobs().then_some(number);
        }
        let mut changed = refresh.apply()?;
        if let Some(source) = asks_for_articles {
            self.new_articles.tell(source);
        }
        if feed_changed {
            // Its title or links may be in any edition.
            changed.insert(None);
            changed.extend(self.store.topics_of_all()?.into_iter().map(Some));
        }
        Ok((outcome, changed))
    }

    fn read(
        &self,
        refresh: &mut Refresh<'_>,
        id: &SourceId,
        mut source: SourceRecord,
        reading: Reading,
        now: DateTime<Utc>,
    ) -> Result<Outcome, StoreError> {
        let first_time = source.last_read.replace(self.retention_now(now)).is_none();
        source.feed = reading.feed;
        let read = reading.entries.len();
        let entries: Vec<_> = reading.entries.into_iter().filter(|tagged| says_something(&tagged.entry)).collect();
        let mut outcome = Outcome { passed_over: read - entries.len(), ..Outcome::default() };
        let identification = identify(
            entries,
            source.identity_policy,
            |tagged| &tagged.entry,
            |key| stored_twin(refresh, &source, key),
        )?;
        source.identity_policy = identification.policy;
        for mark in identification.shared_guids {
            self.remember_as_listed(refresh, source.number, mark, now)?;
        }
        refresh.put_source(id, source.clone());
        let deletions = self.deletions(refresh, id, &source, reading.deleted, now)?;
        let mut identified = identification.entries;
        let listed = identified.len();
        identified.retain(|one| !deletions.cover(one, now));
        outcome.passed_over += listed - identified.len();

        if !first_time {
            self.notice_renumbering(refresh, id, &source, &identified, now)?;
        }
        let beyond_backlog = if first_time { self.beyond_backlog(id, &identified) } else { BTreeSet::new() };
        // The last in the document is the oldest, as a rule: so numbers follow time.
        for mut one in identified.into_iter().rev() {
            let (key, mut identity) = known(refresh, source.number, one.key)?;
            one.key = key;
            if matches!(identity, Some(Identity::Kept { .. }))
                && self.notice_reused_guid(refresh, id, &mut source, &mut one, now)?
            {
                identity = refresh.identity(source.number, one.key)?;
            }
            match identity {
                Some(Identity::Kept { entry, fingerprint }) => {
                    if fingerprint == fingerprint_of(&one.item.entry)? {
                        outcome.unchanged += 1;
                    } else if self.is_taken_down(refresh, source.number, one.key, &one.item.entry)? {
                        self.forget(refresh, entry, now)?;
                        outcome.passed_over += 1;
                    } else if self.revise(refresh, &source, entry, one, now)? {
                        outcome.revised += 1;
                    }
                }
                Some(Identity::Tombstone { .. }) => {
                    self.remember_as_listed(refresh, source.number, one.key, now)?;
                    outcome.passed_over += 1;
                }
                Some(Identity::Deleted { when, .. }) if !is_later(&one.item.entry, when, now) => {
                    self.still_deleted(refresh, &source, one.key, now)?;
                    outcome.passed_over += 1;
                }
                None | Some(Identity::Alias { .. } | Identity::Deleted { .. })
                    if beyond_backlog.contains(&one.key) || self.is_outlived(&one.item.entry, now) =>
                {
                    self.remember_as_listed(refresh, source.number, one.key, now)?;
                    outcome.passed_over += 1;
                }
                None | Some(Identity::Alias { .. } | Identity::Deleted { .. })
                    if self.is_taken_down(refresh, source.number, one.key, &one.item.entry)? =>
                {
                    outcome.passed_over += 1;
                }
                None | Some(Identity::Alias { .. } | Identity::Deleted { .. }) => {
                    if self.keep(refresh, &source, one, now)? {
                        outcome.new += 1;
                    } else {
                        outcome.duplicates += 1;
                    }
                }
            }
        }
        outcome.deleted = self.delete(refresh, id, &source, deletions, now)?;
        if outcome.new + outcome.revised + outcome.duplicates + outcome.deleted > 0 {
            self.learn(refresh, source.number, now)?;
            self.bound_article_jobs(refresh, source.number)?;
        }
        Ok(outcome)
    }

    /// Leaves a tombstone, or renews the date on one.
    fn remember_as_listed(
        &self,
        refresh: &mut Refresh<'_>,
        source: SourceNumber,
        key: IdentityKey,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let fresh = match known(refresh, source, key)?.1 {
            Some(Identity::Tombstone { last_listed }) => now - last_listed < TOMBSTONE_RENEWAL,
            Some(Identity::Kept { .. }) => true,
            None | Some(Identity::Alias { .. } | Identity::Deleted { .. }) => false,
        };
        if !fresh {
            refresh.put_identity(source, key, Identity::Tombstone { last_listed: now });
        }
        Ok(())
    }

    /// What is known of the source; a source met for the first time gets its number.
    fn source(
        &self,
        refresh: &mut Refresh<'_>,
        id: &SourceId,
        configured_url: &str,
    ) -> Result<SourceRecord, StoreError> {
        if let Some(source) = refresh.source(id) {
            return Ok((*source).clone());
        }
        Ok(SourceRecord {
            number: refresh.new_source_number(),
            first_url: configured_url.to_string(),
            feed: FeedMetadata::default(),
            identity_policy: IdentityPolicy::default(),
            last_read: None,
            entries: 0,
        })
    }

    /// At a source's first poll: the keys of all but its newest entries.
    fn beyond_backlog(&self, id: &SourceId, identified: &[Identified<TaggedEntry>]) -> BTreeSet<IdentityKey> {
        let Some(backlog) = self.rules.sources.get(id).and_then(|rules| rules.backlog) else { return BTreeSet::new() };
        // A stable sort: undated entries are newest first in document order, as feeds have them.
        let mut newest_first: Vec<_> = identified.iter().collect();
        newest_first.sort_by_key(|one| std::cmp::Reverse(one.item.entry.updated.max(one.item.entry.published)));
        newest_first.into_iter().skip(backlog).map(|one| one.key).collect()
    }

    fn is_outlived(&self, entry: &Entry, now: DateTime<Utc>) -> bool {
        let age = Duration::from_std(self.rules.retention.age).ok();
        let horizon = age.and_then(|age| self.retention_now(now).checked_sub_signed(age));
        horizon.is_some_and(|horizon| dated(entry, now) < horizon)
    }

    /// What counts as now where news is removed for its age, or not kept for it.
    pub(super) fn retention_now(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.retention_time.map_or(now, |time| time.min(now))
    }

    /// Keeps a new entry. Returns whether it is a story of its own.
    fn keep(
        &self,
        refresh: &mut Refresh<'_>,
        source: &SourceRecord,
        one: Identified<TaggedEntry>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let TaggedEntry { entry, topics, reading, text } = one.item;
        let number = refresh.new_entry_number();
        let fingerprint = fingerprint_of(&entry)?;
        refresh.put_identity(source.number, one.key, Identity::Kept { entry: number, fingerprint });
        let record = EntryRecord {
            number,
            source: source.number,
            identity: one.key,
            shared_keys: shared_keys(&entry),
            atom_id: public_id(&entry, one.guid_is_its_own, source, one.key),
            first_seen: now,
            first_dated: dated(&entry, now),
            revised: None,
            feed_updated: source.feed.updated,
            story: StoryNumber(0),
            topics,
            entry,
        };
        let keys = record.shared_keys.clone();
        self.keep_reading(refresh, &record, reading, now)?;
        self.ask_for_article(refresh, &record, now);
        self.look_for_copies(refresh, &record, text, source)?;
        refresh.put_entry(record)?;
        let copies = regroup(self, refresh, &[number], &keys)?;
        Ok(copies == 1)
    }

    /// Takes over what the source changed about a kept entry. Returns whether there was anything.
    fn revise(
        &self,
        refresh: &mut Refresh<'_>,
        source: &SourceRecord,
        number: EntryNumber,
        one: Identified<TaggedEntry>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(mut record) = refresh.entry(number)? else {
            // The identity outlived its entry: the store was damaged, and a new entry mends it.
            return self.keep(refresh, source, one, now).map(|_| true);
        };
        let TaggedEntry { mut entry, topics, reading, text } = one.item;
        let fingerprint = fingerprint_of(&entry)?;
        refresh.put_identity(source.number, one.key, Identity::Kept { entry: number, fingerprint });
        if let Revision::Material(at) = judge(&record.entry, &entry, now) {
            record.revised = Some(record.dated().max(at));
            record.feed_updated = source.feed.updated;
        }
        // A publisher that moves the date of old news does not make it newer.
        entry.published = record.entry.published.or(entry.published);
        let mut keys = std::mem::replace(&mut record.shared_keys, shared_keys(&entry));
        keys.extend(&record.shared_keys);
        // The topics of one whose page is known are told by the page as well.
        let has_article = refresh.article(number)?.is_some();
        if !has_article || self.tagger.is_none() {
            record.topics = topics;
        }
        record.entry = entry;
        self.keep_reading(refresh, &record, reading, now)?;
        let mut around = vec![number];
        around.extend(self.look_for_copies(refresh, &record, text, source)?);
        refresh.put_entry(record)?;
        regroup(self, refresh, &around, &keys)?;
        if let Some(tagger) = self.tagger.as_ref().filter(|_| has_article) {
            let learnt = refresh.boilerplate(source.number)?;
            self.read_again(refresh, number, &learnt.boilerplate, tagger, now)?;
        }
        Ok(true)
    }
}

/// An item without link, title and text is no entry that anybody could read.
fn says_something(entry: &Entry) -> bool {
    entry.link.is_some() || !entry.title.is_empty() || entry.summary.is_some() || entry.content.is_some()
}

fn stored_twin(
    refresh: &Refresh<'_>,
    source: &SourceRecord,
    key: IdentityKey,
) -> Result<Option<StoredTwin>, StoreError> {
    Ok(match known(refresh, source.number, key)?.1 {
        Some(Identity::Kept { entry, .. }) => {
            let twin = |record: EntryRecord| StoredTwin::Kept { link: record.entry.link, title: record.entry.title };
            Some(refresh.entry(entry)?.map_or(StoredTwin::Forgotten, twin))
        }
        Some(Identity::Tombstone { .. } | Identity::Deleted { .. }) => Some(StoredTwin::Forgotten),
        None | Some(Identity::Alias { .. }) => None,
    })
}

/// When an entry counts as updated, as far as can be told when it is first seen: the publisher's word, unless it is missing
/// or from the future.
pub(super) fn dated(entry: &Entry, first_seen: DateTime<Utc>) -> DateTime<Utc> {
    let believable = |date: &DateTime<Utc>| *date <= first_seen + FUTURE_TOLERANCE;
    let published = entry.published.filter(believable);
    let updated = entry.updated.filter(believable);
    updated.max(published).unwrap_or(first_seen)
}

fn fingerprint_of(entry: &Entry) -> Result<u64, StoreError> {
    let bytes =
        postcard::to_stdvec(entry).map_err(|error| StoreError::Record { what: "entry", cause: error.to_string() })?;
    Ok(xxh3_64(&bytes))
}

fn differs_visibly(a: &FeedMetadata, b: &FeedMetadata) -> bool {
    // `updated` moves at every build of many feeds; entries remember the one they came with.
    FeedMetadata { updated: None, ..a.clone() } != FeedMetadata { updated: None, ..b.clone() }
}
