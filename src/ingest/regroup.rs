use std::collections::{BTreeMap, BTreeSet};

use super::{
    known::{known, name_of},
    public_id::minted_id,
    ranks::Ranks,
    rules::TakeInRules,
    take_in::Ingest,
};
use crate::{
    model::{EntryNumber, StoryNumber, TopicId, TopicScore},
    store::{Copy, EntryRecord, Identity, Originality, Refresh, SharedKey, Store, StoreError, StoryRecord, Word},
    stories::{
        Link, Member, Told, Verdict, best_first, link_hash, links_to, one_story, originality, partition, story_updated,
    },
};

/// More sources than this do not carry one article: it is a link to somewhere else that all of them print.
const MOST_SHARERS: usize = 512;

/// A chain of texts is followed to so many entries: what goes on for longer is no article.
const MOST_BY_TEXT: usize = 256;

/// Once so many entries stand under a key that several of one source share, it is known to join nobody and not looked at again.
const MOST_ON_A_LIVE_PAGE: usize = 64;

/// Brings the stories around entries up to date, after the first of them was put, changed or removed. `keys` are those it has
/// and had. Returns how many copies its story now has.
///
/// Which entries are one story depends on the set of entries alone, on what comparing them found, and on the admin's word; only
/// the id under which the story was first published remembers what came first.
pub(super) fn regroup(
    ingest: &Ingest,
    refresh: &mut Refresh<'_>,
    around: &[EntryNumber],
    keys: &[SharedKey],
) -> Result<usize, StoreError> {
    let (store, rules) = (&ingest.store, &ingest.rules);
    let Neighbourhood { records, crowded, mut links, told } = neighbourhood(refresh, around, keys)?;
    let members: Vec<Member> = records
        .values()
        .map(|record| Member {
            entry: record.number,
            source: record.source,
            keys: record.shared_keys.iter().filter(|key| !crowded.contains(key)).copied().collect(),
        })
        .collect();
    let ranks = Ranks::of(refresh, &records);
    let keyed = partition(&members);
    ingest.compare_around(refresh, &keyed, &mut links)?;
    let keyed: Vec<_> = keyed.iter().map(|group| ranks.of_all(group)).collect();
    let groups = ranks.entries(one_story(&ranks.dated(), &keyed, &ranks.links(&links), &ranks.told(&told)));
    let stories = allot_stories(refresh, &records, &groups)?;
    let mut copies_of_entry = 0;
    for (group, kept) in groups.iter().zip(stories) {
        let story = renew(refresh, store, rules, &records, group, kept)?;
        if around.first().is_some_and(|entry| group.contains(entry)) {
            copies_of_entry = story.copies.len();
        }
        for number in group {
            if let Some(record) = records.get(number)
                && record.story != story.number
            {
                refresh.put_entry(EntryRecord { story: story.number, ..record.clone() })?;
            }
        }
        if refresh.story(story.number)?.as_ref() != Some(&story) {
            refresh.put_story(story)?;
        }
    }
    Ok(copies_of_entry)
}

/// The entries around some, as far as a chain of shared keys, of texts and of the admin's word leads.
struct Neighbourhood {
    records: BTreeMap<EntryNumber, EntryRecord>,
    /// Keys that too many entries hold to mean anything.
    crowded: BTreeSet<SharedKey>,
    /// What was found of any two of them.
    links: Vec<Link>,
    told: Vec<Told>,
}

fn neighbourhood(
    refresh: &Refresh<'_>,
    around: &[EntryNumber],
    keys: &[SharedKey],
) -> Result<Neighbourhood, StoreError> {
    let (mut links, mut told) = (Vec::new(), Vec::new());
    let mut records: BTreeMap<EntryNumber, EntryRecord> = BTreeMap::new();
    let mut crowded = BTreeSet::new();
    let mut open_keys: Vec<SharedKey> = keys.to_vec();
    let mut seen_keys = BTreeSet::new();
    let mut open_entries = around.to_vec();
    loop {
        while let Some(number) = open_entries.pop() {
            if !records.contains_key(&number)
                && let Some(record) = refresh.entry(number)?
            {
                // A story is never renewed without all of its copies, or those left out would be in none.
                let story = refresh.story(record.story)?;
                open_entries.extend(story.into_iter().flat_map(|story| story.copies).map(|copy| copy.entry));
                open_keys.extend(&record.shared_keys);
                for (other, comparison) in refresh.pairs_of(number)? {
                    if matches!(comparison.verdict, Verdict::SameText(_)) && records.len() < MOST_BY_TEXT {
                        open_entries.push(other);
                    }
                    // Each is met twice, or the other is too far away to matter.
                    if number < other {
                        links.push(Link { entry: number, other, comparison });
                    }
                }
                for (other, word) in told_of(refresh, &record)? {
                    match word {
                        Word::Join => {
                            open_entries.push(other);
                            told.push(Told::Join(number, other));
                        }
                        Word::Split => told.push(Told::Split(number, other)),
                    }
                }
                records.insert(number, record);
            }
        }
        let Some(key) = open_keys.pop() else { return Ok(Neighbourhood { records, crowded, links, told }) };
        if seen_keys.insert(key) {
            let sharers = refresh.sharing(key, MOST_SHARERS + 1)?;
            let sources: BTreeSet<_> = sharers.iter().map(|(_, source)| source).collect();
            let most = if sources.len() == sharers.len() { MOST_SHARERS } else { MOST_ON_A_LIVE_PAGE };
            if sharers.len() <= most {
                open_entries.extend(sharers.into_iter().map(|(number, _)| number));
            } else {
                crowded.insert(key);
            }
        }
    }
}

/// What the admin said of an entry and others that are kept.
fn told_of(refresh: &Refresh<'_>, record: &EntryRecord) -> Result<Vec<(EntryNumber, Word)>, StoreError> {
    let mut told = Vec::new();
    for (other, is) in refresh.told_of(name_of(record))? {
        if let (_, Some(Identity::Kept { entry, .. })) = known(refresh, other.source, other.key)?
            && entry != record.number
        {
            told.push((entry, is.word));
        }
    }
    Ok(told)
}

/// Which of the existing stories each group goes on with; `None` for a group that becomes a story of its own.
///
/// The oldest story stays; when one falls apart, the part that holds the entry whose id it bears keeps it. A story that no
/// group goes on with is removed, and it is noted with which entry it went on.
fn allot_stories(
    refresh: &mut Refresh<'_>,
    records: &BTreeMap<EntryNumber, EntryRecord>,
    groups: &[Vec<EntryNumber>],
) -> Result<Vec<Option<StoryRecord>>, StoreError> {
    let mut existing = BTreeMap::new();
    for record in records.values() {
        if !existing.contains_key(&record.story)
            && let Some(story) = refresh.story(record.story)?
        {
            existing.insert(record.story, story);
        }
    }
    let mut allotted: Vec<Option<StoryRecord>> = vec![None; groups.len()];
    for (number, story) in existing {
        let claim = |group: &Vec<EntryNumber>| {
            let members = || group.iter().filter_map(|entry| records.get(entry)).filter(|r| r.story == number);
            let bears_its_id = members().any(|record| record.atom_id == story.id);
            let shows_it = members().any(|record| record.number == story.owner);
            (bears_its_id, shows_it, members().count())
        };
        let heir = (0..groups.len())
            .filter(|i| claim(&groups[*i]).2 > 0)
            .max_by_key(|i| (claim(&groups[*i]), std::cmp::Reverse(*i)));
        match heir {
            Some(heir) if allotted[heir].is_none() => allotted[heir] = Some(story),
            heir => {
                refresh.remove_story(number)?;
                // Who comes for it is led to where what it showed is now.
                let members = heir.and_then(|heir| groups.get(heir)).into_iter().flatten();
                let mut members = members.filter(|entry| records.get(entry).is_some_and(|r| r.story == number));
                let shown = members.clone().find(|entry| **entry == story.owner);
                if let Some(entry) = shown.or_else(|| members.next()) {
                    refresh.put_went_on(number, *entry);
                }
            }
        }
    }
    Ok(allotted)
}

/// The number of a story that had gone on with one of these, and is there again now that they are apart.
fn number_of_before(refresh: &mut Refresh<'_>, group: &[EntryNumber]) -> Result<Option<StoryNumber>, StoreError> {
    for entry in group {
        for number in refresh.went_on_with(*entry)? {
            if refresh.story(number)?.is_none() {
                refresh.remove_went_on(number);
                return Ok(Some(number));
            }
        }
    }
    Ok(None)
}

/// The story of a group as it is now.
fn renew(
    refresh: &mut Refresh<'_>,
    store: &Store,
    rules: &TakeInRules,
    records: &BTreeMap<EntryNumber, EntryRecord>,
    group: &[EntryNumber],
    kept: Option<StoryRecord>,
) -> Result<StoryRecord, StoreError> {
    let mut members: Vec<&EntryRecord> = group.iter().filter_map(|entry| records.get(entry)).collect();
    members.sort_by_key(|record| record.identity);
    let links: Vec<u64> = members.iter().filter_map(|record| link_hash(&record.entry)).collect();
    let mut copies: Vec<Copy> = members.iter().map(|record| copy(refresh, record, &links)).collect();
    best_first(&mut copies, |source| rules.rank(refresh, source));
    let owner = copies.first().map_or(EntryNumber(0), |copy| copy.entry);
    let updated = story_updated(&copies).unwrap_or_default();
    let topics = union_of_topics(&copies);
    let (number, id) = match kept {
        Some(story) => (story.number, story.id),
        None => {
            let number = match number_of_before(refresh, group)? {
                Some(number) => number,
                None => refresh.new_story_number(),
            };
            (number, free_id(refresh, store, number, records.get(&owner))?)
        }
    };
    Ok(StoryRecord { number, id, owner, copies, updated, topics })
}

/// `links` are those of all copies of its story.
fn copy(refresh: &Refresh<'_>, record: &EntryRecord, links: &[u64]) -> Copy {
    let source = refresh.source_by_number(record.source);
    let originality = match source {
        Some((_, source)) if links.len() == 1 || !links_to(&record.entry, links) => {
            originality(&record.entry, &source.feed, &source.first_url)
        }
        _ => Originality::Elsewhere,
    };
    Copy {
        entry: record.number,
        source: record.source,
        link: record.entry.link.clone(),
        originality,
        published: record.entry.published,
        first_dated: record.first_dated,
        revised: record.revised,
        topics: record.topics.clone(),
    }
}

/// The owner's id, unless another story bears it already: two sources may claim one id for different articles.
fn free_id(
    refresh: &Refresh<'_>,
    store: &Store,
    number: StoryNumber,
    owner: Option<&EntryRecord>,
) -> Result<String, StoreError> {
    let Some(owner) = owner else { return Ok(String::new()) };
    if refresh.story_by_id(&owner.atom_id)?.is_none_or(|bearer| bearer == number) {
        return Ok(owner.atom_id.clone());
    }
    let source = refresh.source_by_number(owner.source).map(|(_, source)| source);
    let minted = source.map(|source| minted_id(&source, owner.identity)).unwrap_or_default();
    if refresh.story_by_id(&minted)?.is_none() {
        return Ok(minted);
    }
    Ok(uuid::Uuid::new_v5(&store.instance(), &number.0.to_be_bytes()).urn().to_string())
}

/// Every topic of any copy, with its highest score, in the order of ids.
fn union_of_topics(copies: &[Copy]) -> Vec<TopicScore> {
    let mut best: BTreeMap<&TopicId, f64> = BTreeMap::new();
    for score in copies.iter().flat_map(|copy| &copy.topics) {
        let highest = best.entry(&score.topic).or_insert(score.score);
        *highest = highest.max(score.score);
    }
    best.into_iter().map(|(topic, score)| TopicScore { topic: topic.clone(), score }).collect()
}
