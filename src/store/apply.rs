//! From changes to the database: each record, and every row that follows from it.

use std::ops::Deref;

use serde::Serialize;

use super::{
    StoreError,
    archive::Join,
    codec,
    commit::{Change, Commit},
    engine::{Database, TreeName, Work, Write},
    keys,
    ledger::{BOILERPLATE, LEARNT_AT, WORDS},
    readings,
    records::{EntryRecord, StoryRecord},
    refresh::ChangedEditions,
    taken_down, went_on,
};
use crate::model::{EntryNumber, StoryNumber};

pub(super) const INSTANCE: &[u8] = b"instance";
pub(super) const NEXT: &[u8] = b"next";
pub(super) const TAGGED_WITH: &[u8] = b"tagged-with";
pub(super) const TAGGING: &[u8] = b"tagging";
pub(super) const TOPICS_EVER: &[u8] = b"topics-ever";

/// Applies commits as one, numbered as the last of them. Returns the editions whose stories changed.
pub(super) fn apply(database: &Database, commits: &[Commit]) -> Result<ChangedEditions, StoreError> {
    let Some(last) = commits.last() else { return Ok(ChangedEditions::new()) };
    let (writes, changed) = prepare(Work::new(database), commits)?;
    database.write(last.number, &writes)?;
    Ok(changed)
}

/// What commits come to. Nothing is written yet.
pub(super) fn prepare<D: Deref<Target = Database>>(
    mut work: Work<D>,
    commits: &[Commit],
) -> Result<(Vec<Write>, ChangedEditions), StoreError> {
    let mut changed = ChangedEditions::new();
    for change in commits.iter().flat_map(|commit| &commit.changes) {
        apply_change(&mut work, &mut changed, change)?;
    }
    Ok((work.writes()?, changed))
}

fn apply_change<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    changed: &mut ChangedEditions,
    change: &Change,
) -> Result<(), StoreError> {
    match change {
        Change::Instance(instance) => put(work, TreeName::Meta, INSTANCE, "instance", instance),
        Change::Next { entry, story } => put(work, TreeName::Meta, NEXT, "numbers", &(entry, story)),
        Change::TaggedWith(fingerprint) => put(work, TreeName::Meta, TAGGED_WITH, "fingerprint", fingerprint),
        Change::TopicsEver(topics) => put(work, TreeName::Meta, TOPICS_EVER, "topics", topics),
        Change::Source { id, record } => put(work, TreeName::Sources, id.as_str().as_bytes(), "source", record),
        Change::SourceRemoved { id } => work.remove(TreeName::Sources, id.as_str().as_bytes()),
        Change::Poll { id, state } => put(work, TreeName::Polls, id.as_str().as_bytes(), "poll state", state),
        Change::PollRemoved { id } => work.remove(TreeName::Polls, id.as_str().as_bytes()),
        Change::Identity { source, key, is } => {
            put(work, TreeName::Identities, &keys::identity(*source, *key), "identity", is)
        }
        Change::IdentityRemoved { source, key } => work.remove(TreeName::Identities, &keys::identity(*source, *key)),
        Change::Entry(record) => {
            remove_entry(work, record.number)?;
            put_entry(work, record)
        }
        Change::EntryRemoved { number } => remove_entry(work, *number),
        Change::Story(record) => {
            remove_story(work, changed, record.number)?;
            put_story(work, changed, record)
        }
        Change::StoryRemoved { number } => remove_story(work, changed, *number),
        Change::Reading(record) => readings::put_reading(work, record),
        Change::ReadingRemoved { number } => readings::remove_reading(work, *number),
        Change::Boilerplate { source, record } => {
            put(work, TreeName::Boilerplates, &source.0.to_be_bytes(), "boilerplate", record)
        }
        Change::Article(record) => {
            put(work, TreeName::Articles, &record.number.0.to_be_bytes(), "article", record.as_ref())
        }
        Change::ArticleRemoved { number } => work.remove(TreeName::Articles, &number.0.to_be_bytes()),
        Change::ArticleJob(job) => {
            put(work, TreeName::ArticleJobs, &keys::article_job(job.source, job.number), "article job", job)
        }
        Change::ArticleJobRemoved { source, number } => {
            work.remove(TreeName::ArticleJobs, &keys::article_job(*source, *number))
        }
        Change::Tagging(tagging) => put(work, TreeName::Meta, TAGGING, "tagging", tagging),
        Change::Text(record) => put(work, TreeName::Texts, &record.number.0.to_be_bytes(), "text", record),
        Change::TextRemoved { number } => work.remove(TreeName::Texts, &number.0.to_be_bytes()),
        Change::Pair { a, b, is } => {
            put(work, TreeName::Pairs, &keys::pair_row(*a, *b), "comparison", is)?;
            put(work, TreeName::Pairs, &keys::pair_row(*b, *a), "comparison", is)
        }
        Change::PairRemoved { a, b } => {
            work.remove(TreeName::Pairs, &keys::pair_row(*a, *b))?;
            work.remove(TreeName::Pairs, &keys::pair_row(*b, *a))
        }
        Change::Told { a, b, is } => {
            let [one, other] = [a, b].map(|name| keys::identity(name.source, name.key));
            put(work, TreeName::Told, &[one, other].concat(), "word of the admin", is)?;
            put(work, TreeName::Told, &[other, one].concat(), "word of the admin", is)
        }
        Change::Learnt(learnt) => {
            put(work, TreeName::Learnt, LEARNT_AT, "date of what was learnt", &learnt.at)?;
            put(work, TreeName::Learnt, BOILERPLATE, "boilerplate", &learnt.boilerplate)?;
            put(work, TreeName::Learnt, WORDS, "word statistics", &learnt.words)
        }
        Change::Renumbered { source, is } => {
            put(work, TreeName::Renumbered, &source.0.to_be_bytes(), "renumbering", is)
        }
        Change::Subscription(record) => {
            put(work, TreeName::Subscriptions, record.key.as_bytes(), "subscription", record)
        }
        Change::SubscriptionRemoved { key } => work.remove(TreeName::Subscriptions, key.as_bytes()),
        Change::Joined { topic, at, story } => {
            work.put(TreeName::Joins, keys::join_row(topic, &Join { at: *at, story: *story }), Vec::new())
        }
        Change::JoinedRemoved { topic, at, story } => {
            work.remove(TreeName::Joins, &keys::join_row(topic, &Join { at: *at, story: *story }))
        }
        Change::Archive { topic, is } => put(work, TreeName::Archives, topic.as_str().as_bytes(), "archive", is),
        Change::TakenDown(record) => taken_down::put(work, record),
        Change::TakenDownRemoved { number } => taken_down::remove(work, *number),
        Change::WentOn { story, entry } => went_on::put(work, *story, *entry),
        Change::WentOnRemoved { story } => went_on::remove(work, *story),
    }
}

fn put<D: Deref<Target = Database>, T: Serialize>(
    work: &mut Work<D>,
    tree: TreeName,
    key: &[u8],
    what: &'static str,
    record: &T,
) -> Result<(), StoreError> {
    work.put(tree, key.to_vec(), codec::encode(what, record)?)
}

fn put_entry<D: Deref<Target = Database>>(work: &mut Work<D>, record: &EntryRecord) -> Result<(), StoreError> {
    put(work, TreeName::Entries, &record.number.0.to_be_bytes(), "entry", record)?;
    work.put(TreeName::Ages, keys::age_row(record.source, record.dated(), record.number).to_vec(), Vec::new())?;
    for key in &record.shared_keys {
        let source = record.source.0.to_be_bytes();
        work.put(TreeName::Keys, keys::shared_row(*key, record.number).to_vec(), source.to_vec())?;
    }
    Ok(())
}

fn remove_entry<D: Deref<Target = Database>>(work: &mut Work<D>, number: EntryNumber) -> Result<(), StoreError> {
    let key = number.0.to_be_bytes();
    let Some(bytes) = work.get(TreeName::Entries, &key)? else { return Ok(()) };
    let before: EntryRecord = codec::decode("entry", bytes)?;
    work.remove(TreeName::Entries, &key)?;
    work.remove(TreeName::Ages, &keys::age_row(before.source, before.dated(), number))?;
    for key in &before.shared_keys {
        work.remove(TreeName::Keys, &keys::shared_row(*key, number))?;
    }
    Ok(())
}

fn put_story<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    changed: &mut ChangedEditions,
    record: &StoryRecord,
) -> Result<(), StoreError> {
    put(work, TreeName::Stories, &record.number.0.to_be_bytes(), "story", record)?;
    work.put(TreeName::Keys, keys::story_id_row(&record.id, record.number).to_vec(), Vec::new())?;
    for edition in record.editions() {
        work.put(TreeName::Topics, keys::topic_row(edition, &record.place()), Vec::new())?;
        changed.insert(edition.cloned());
    }
    Ok(())
}

fn remove_story<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    changed: &mut ChangedEditions,
    number: StoryNumber,
) -> Result<(), StoreError> {
    let key = number.0.to_be_bytes();
    let Some(bytes) = work.get(TreeName::Stories, &key)? else { return Ok(()) };
    let before: StoryRecord = codec::decode("story", bytes)?;
    work.remove(TreeName::Stories, &key)?;
    work.remove(TreeName::Keys, &keys::story_id_row(&before.id, number))?;
    for edition in before.editions() {
        work.remove(TreeName::Topics, &keys::topic_row(edition, &before.place()))?;
        changed.insert(edition.cloned());
    }
    Ok(())
}
