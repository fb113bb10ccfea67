//! How topics do over some days: how much comes, which of their terms find it, and what they share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    explain::{TermKind, TopicExplanation},
    score::Points,
    settings::{TaggingSettings, TermLists, TopicSettings},
};
use crate::model::{StoryNumber, TopicId};

/// A term in its list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ListedTerm {
    /// `terms`, `minus` or `category`.
    pub list: &'static str,
    /// `any` or a primary subtag.
    pub language: String,
    pub term: String,
}

/// A term that is the only one to bring points to tagged entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoneDecision {
    #[serde(flatten)]
    pub term: ListedTerm,
    /// So many.
    pub entries: usize,
}

/// Stories that are in another topic as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    pub topic: TopicId,
    pub stories: usize,
}

/// What is to be known of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicStatistics {
    pub topic: TopicId,
    pub stories: usize,
    /// Every day, also those without a story.
    pub per_day: BTreeMap<NaiveDate, usize>,
    /// Terms that hit no entry at all, tagged or not, in the order of the settings.
    pub never: Vec<ListedTerm>,
    /// Terms that decide alone, the most often first.
    pub alone: Vec<LoneDecision>,
    /// The largest first.
    pub overlaps: Vec<Overlap>,
}

/// Gathers entries.
#[derive(Debug)]
pub struct Statistics {
    topics: Vec<Gathered>,
    numbers: HashMap<TopicId, usize>,
    stories: HashMap<StoryNumber, Story>,
}

#[derive(Debug)]
struct Gathered {
    topic: TopicId,
    terms: Vec<ListedTerm>,
    hit: BTreeSet<ListedTerm>,
    alone: BTreeMap<ListedTerm, usize>,
}

#[derive(Debug)]
struct Story {
    /// Of its first copy.
    day: NaiveDate,
    topics: BTreeSet<usize>,
}

impl Statistics {
    pub fn new(topics: &[TopicSettings]) -> Self {
        let gathered = topics.iter().map(|topic| Gathered {
            topic: topic.id.clone(),
            terms: terms(topic),
            hit: BTreeSet::new(),
            alone: BTreeMap::new(),
        });
        let numbers = topics.iter().enumerate().map(|(number, topic)| (topic.id.clone(), number));
        Self { topics: gathered.collect(), numbers: numbers.collect(), stories: HashMap::new() }
    }

    /// Adds an entry with the account of every topic that was hit.
    pub fn add(&mut self, story: StoryNumber, day: NaiveDate, explained: &[TopicExplanation]) {
        let story = self.stories.entry(story).or_insert(Story { day, topics: BTreeSet::new() });
        story.day = story.day.min(day);
        for explained in explained {
            let Some(&number) = self.numbers.get(&explained.topic) else { continue };
            let Some(topic) = self.topics.get_mut(number) else { continue };
            for term in &explained.terms {
                topic.hit.insert(listed(term.kind, &term.language, &term.term));
            }
            if !explained.tagged {
                continue;
            }
            story.topics.insert(number);
            let by_others = explained.brought_by.is_some()
                || explained.examples.as_ref().is_some_and(|share| share.points > Points::default());
            let mut bringing = explained.terms.iter().filter(|term| term.points > Points::default());
            if let (Some(term), None, false) = (bringing.next(), bringing.next(), by_others) {
                *topic.alone.entry(listed(term.kind, &term.language, &term.term)).or_default() += 1;
            }
        }
    }

    pub fn stories(&self) -> usize {
        self.stories.len()
    }

    /// Topic by topic in the order of the settings, with every day from the first story's to `last`.
    pub fn topics(&self, last: NaiveDate) -> Vec<TopicStatistics> {
        let first = self.stories.values().map(|story| story.day).min().unwrap_or(last);
        let days: BTreeMap<NaiveDate, usize> =
            first.iter_days().take_while(|day| *day <= last).map(|day| (day, 0)).collect();
        let mut per_day = vec![days; self.topics.len()];
        let mut shared = vec![BTreeMap::<usize, usize>::new(); self.topics.len()];
        for story in self.stories.values() {
            for &topic in &story.topics {
                *per_day[topic].entry(story.day).or_default() += 1;
                for &other in story.topics.iter().filter(|other| **other != topic) {
                    *shared[topic].entry(other).or_default() += 1;
                }
            }
        }
        let of = self.topics.iter().zip(per_day).zip(shared);
        of.map(|((gathered, per_day), shared)| {
            let lone = gathered.alone.iter();
            let mut alone: Vec<_> =
                lone.map(|(term, entries)| LoneDecision { term: term.clone(), entries: *entries }).collect();
            alone.sort_by_key(|term| std::cmp::Reverse(term.entries));
            let mut overlaps: Vec<_> = shared
                .into_iter()
                .map(|(topic, stories)| Overlap { topic: self.topics[topic].topic.clone(), stories })
                .collect();
            overlaps.sort_by_key(|overlap| std::cmp::Reverse(overlap.stories));
            TopicStatistics {
                topic: gathered.topic.clone(),
                stories: per_day.values().sum(),
                per_day,
                never: gathered.terms.iter().filter(|term| !gathered.hit.contains(term)).cloned().collect(),
                alone,
                overlaps,
            }
        })
        .collect()
    }
}

fn listed(kind: TermKind, language: &str, term: &str) -> ListedTerm {
    let list = match kind {
        TermKind::Term => "terms",
        TermKind::Minus => "minus",
        TermKind::Category => "category",
    };
    ListedTerm { list, language: language.to_owned(), term: term.to_owned() }
}

/// Every term that has its say in points.
fn terms(topic: &TopicSettings) -> Vec<ListedTerm> {
    let of = |kind: TermKind, lists: &TermLists| {
        let terms = lists.iter().flat_map(|(language, terms)| terms.iter().map(move |term| (language, term)));
        terms.map(|(language, term)| listed(kind, language, term.written())).collect::<Vec<_>>()
    };
    let categories = topic.category.iter().map(|name| listed(TermKind::Category, TaggingSettings::ANY, &name.name));
    [of(TermKind::Term, &topic.terms), of(TermKind::Minus, &topic.minus), categories.collect()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        text::{ReadableEntry, ReadableText},
        topics::Topics,
    };

    #[test]
    fn counts_what_comes_what_hits_and_what_decides() {
        let settings = TaggingSettings::default();
        let topic = |id: &str, terms: &[&str], minus: &[&str]| TopicSettings {
            terms: TopicSettings::lists([("en", terms)], &settings.languages).expect("right"),
            minus: TopicSettings::lists([("en", minus)], &settings.languages).expect("right"),
            ..TopicSettings::new(id)
        };
        let topics = [
            topic("space", &["rocket^2", "moon^2", "comet^2", "orbit"], &["recipe"]),
            topic("science", &["moon^2", "laboratory^2"], &[]),
        ];
        let compiled = Topics::compile(&settings, &topics).expect("it compiles");
        let mut statistics = Statistics::new(&topics);
        let day = |number: u32| NaiveDate::from_ymd_opt(2026, 11, number).expect("a day");
        for (story, number, title) in [
            (1, 1, "Rocket lifts off"),
            (2, 1, "The rocket is back from the moon"),
            // A copy of the first story, a day later.
            (1, 2, "A rocket lifts off"),
            (3, 3, "Moon over the harbour"),
            (4, 3, "An orbit of its own"),
            (5, 3, "A quiet day"),
        ] {
            let text = ReadableText { title: title.into(), language: Some("en".into()), ..ReadableText::default() };
            let entry = ReadableEntry::from_text(&text, &settings.languages);
            statistics.add(StoryNumber(story), day(number), &compiled.explain(&entry));
        }
        let told = statistics.topics(day(4));
        assert_eq!((told[0].stories, told[1].stories, statistics.stories()), (3, 2, 5));
        assert_eq!(told[0].per_day.values().copied().collect::<Vec<_>>(), [2, 0, 1, 0]);
        let never = |told: &TopicStatistics| told.never.iter().map(|term| term.term.clone()).collect::<Vec<_>>();
        assert_eq!(never(&told[0]), ["comet^2", "recipe"]);
        assert_eq!(told[0].never[1].list, "minus");
        assert_eq!(never(&told[1]), ["laboratory^2"]);
        let alone = told[0].alone.iter().map(|one| (one.term.term.as_str(), one.entries)).collect::<Vec<_>>();
        assert_eq!(alone, [("rocket^2", 2), ("moon^2", 1)]);
        assert_eq!(told[0].overlaps, [Overlap { topic: TopicId::new("science"), stories: 2 }]);
        assert_eq!(Statistics::new(&topics).topics(day(4))[0].per_day.len(), 1, "nothing is kept");
    }
}
