//! Which articles tell of the same event. Nothing is dropped for it: they are told of each other.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{
    hashes::common,
    story_terms::{StoryTerms, WordStatistics},
};
use crate::model::EntryNumber;

/// A story goes on as long as articles follow each other within this time ...
const PAUSE: Duration = Duration::hours(48);
/// ... and no longer than this from its first article.
const LIFE: Duration = Duration::days(7);
/// After this time an article must agree about three times as much.
const FADING_HOURS: f64 = 16.0;
/// What the sum of agreements with a story's articles is divided by: their number to this power. A story of many articles has
/// many sides, and no article agrees with all of them.
const SIZE_EXPONENT: f64 = 0.45;
/// The agreement that joins.
const AGREEMENT: f64 = 0.22;
/// Likewise for an entry that is a title and little else: titles have few words in common.
const TITLE_AGREEMENT: f64 = 0.2;
/// The articles of a story that are nearest in time say where in time it is.
const NEAREST: usize = 8;
/// Titles of one pattern are looked for among so many of a story's articles.
const COMPARED_TITLES: usize = 64;

/// An article, or several that are copies of one text, as far as others on the same event are to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryEntry {
    /// Of copies, the one that comes first.
    pub entry: EntryNumber,
    pub dated: Option<DateTime<Utc>>,
    pub terms: StoryTerms,
}

/// The articles on one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryGroup {
    /// In the order of dates and numbers.
    pub members: Vec<StoryMember>,
}

/// An article of a story, and how it comes to be in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StoryMember {
    pub entry: EntryNumber,
    /// How much it agrees with the story's other articles, and how much it had to. 0 where there are no others.
    pub agreement: f32,
    pub required: f32,
    /// From the articles of the story that are nearest in time; `None` without a date or without others.
    pub hours_apart: Option<f32>,
}

/// Puts the articles of a window of time together that tell of the same event.
///
/// Each goes, in the order of date and number, to the story it agrees with most, or begins one; then each is looked at once
/// more, now that all are there. The order of `entries` makes no difference. Stories come in the order of their first articles.
pub fn same_story(entries: &[StoryEntry], statistics: &WordStatistics) -> Vec<StoryGroup> {
    let mut languages: BTreeMap<&str, Vec<&StoryEntry>> = BTreeMap::new();
    for entry in entries {
        languages.entry(&entry.terms.language).or_default().push(entry);
    }
    let mut groups: Vec<_> =
        languages.into_values().flat_map(|entries| Stories::new(entries, statistics).settle()).collect();
    groups.sort_unstable_by_key(|(order, _)| *order);
    groups.into_iter().map(|(_, group)| group).collect()
}

type Order = (Option<DateTime<Utc>>, EntryNumber);

struct Article<'a> {
    entry: &'a StoryEntry,
    terms: Vec<(u32, f32)>,
    /// Seconds of the epoch.
    at: Option<i64>,
}

/// The stories of one language while they form.
struct Stories<'a> {
    /// In the order of dates and numbers.
    articles: Vec<Article<'a>>,
    /// By article: its story.
    of: Vec<usize>,
    /// By story: its articles, in order.
    members: Vec<Vec<usize>>,
    /// By term: the stories that have it, in order, and the sum of its weights there.
    sums: HashMap<u32, Vec<(u32, f32)>>,
    /// By story: room to add up in.
    agreements: Vec<f32>,
}

struct Fit {
    story: usize,
    agreement: f64,
    hours_apart: Option<f64>,
}

impl<'a> Stories<'a> {
    fn new(mut entries: Vec<&'a StoryEntry>, statistics: &WordStatistics) -> Self {
        entries.sort_unstable_by_key(|entry| (entry.dated, entry.entry));
        let article = |entry: &'a StoryEntry| Article {
            entry,
            terms: statistics.weigh(&entry.terms),
            at: entry.dated.map(|date| date.timestamp()),
        };
        Self {
            articles: entries.into_iter().map(article).collect(),
            of: Vec::new(),
            members: Vec::new(),
            sums: HashMap::new(),
            agreements: Vec::new(),
        }
    }

    fn settle(mut self) -> Vec<(Order, StoryGroup)> {
        for article in 0..self.articles.len() {
            let story = self.joins(article).map_or(self.members.len(), |fit| fit.story);
            self.put(article, story);
        }
        let mut figures = Vec::with_capacity(self.articles.len());
        for article in 0..self.articles.len() {
            let left = self.take(article);
            let fit = self.joins(article);
            let story = match &fit {
                Some(fit) => fit.story,
                None if self.members[left].is_empty() => left,
                None => self.members.len(),
            };
            self.put(article, story);
            figures.push(fit);
        }
        let grouped = self.members.iter().filter_map(|members| {
            let first = self.articles[*members.first()?].entry;
            let members = members.iter().map(|article| self.member(*article, figures[*article].as_ref())).collect();
            Some(((first.dated, first.entry), StoryGroup { members }))
        });
        grouped.collect()
    }

    fn member(&self, article: usize, fit: Option<&Fit>) -> StoryMember {
        StoryMember {
            entry: self.articles[article].entry.entry,
            agreement: fit.map_or(0.0, |fit| fit.agreement as f32),
            required: self.required(article) as f32,
            hours_apart: fit.and_then(|fit| fit.hours_apart).map(|hours| hours as f32),
        }
    }

    fn required(&self, article: usize) -> f64 {
        if self.articles[article].entry.terms.title_only { TITLE_AGREEMENT } else { AGREEMENT }
    }

    /// The story that the article belongs to, among those there are.
    fn joins(&mut self, article: usize) -> Option<Fit> {
        let required = self.required(article);
        let mut fits = self.fits(article);
        fits.retain(|fit| fit.agreement >= required);
        fits.sort_by(|a, b| b.agreement.total_cmp(&a.agreement).then(a.story.cmp(&b.story)));
        fits.into_iter().find(|fit| !self.is_of_another_day(article, fit.story))
    }

    /// How the article agrees with each story it shares a term with.
    fn fits(&mut self, article: usize) -> Vec<Fit> {
        self.agreements.resize(self.members.len(), 0.0);
        let mut touched: Vec<u32> = Vec::new();
        for (term, weight) in &self.articles[article].terms {
            for (story, sum) in self.sums.get(term).into_iter().flatten() {
                let agreement = &mut self.agreements[*story as usize];
                if *agreement == 0.0 {
                    touched.push(*story);
                }
                // Never 0, so that each story is touched once.
                *agreement += (weight * sum).max(f32::MIN_POSITIVE);
            }
        }
        let mut fits = Vec::new();
        for story in touched {
            let story = story as usize;
            let sum = f64::from(std::mem::take(&mut self.agreements[story]));
            // Size and time only take away; most stories fall out here.
            if sum < TITLE_AGREEMENT {
                continue;
            }
            let agreement = sum / (self.members[story].len() as f64).powf(SIZE_EXPONENT);
            if agreement >= TITLE_AGREEMENT
                && let Some(hours_apart) = self.hours_apart(article, story)
            {
                let fading = hours_apart.map_or(1.0, |hours| (-hours / FADING_HOURS).exp());
                fits.push(Fit { story, agreement: agreement * fading, hours_apart });
            }
        }
        fits
    }

    /// From the articles of the story that are nearest in time; `None` if the story was over, or began too late.
    fn hours_apart(&self, article: usize, story: usize) -> Option<Option<f64>> {
        let Some(at) = self.articles[article].at else { return Some(None) };
        let date = |member: &usize| self.articles[*member].at;
        let dated = self.members[story].iter().filter_map(date);
        let (first, last) = (dated.clone().next(), dated.clone().next_back());
        let (Some(first), Some(last)) = (first, last) else { return Some(None) };
        if (at - first).max(last - at) > LIFE.num_seconds() {
            return None;
        }
        let mut distances: Vec<i64> = dated.map(|date| at - date).collect();
        distances.sort_unstable_by_key(|distance| distance.abs());
        distances.truncate(NEAREST);
        if distances.first().is_some_and(|nearest| nearest.abs() > PAUSE.num_seconds()) {
            return None;
        }
        let mean = distances.iter().sum::<i64>() as f64 / distances.len() as f64;
        Some(Some(mean.abs() / 3_600.0))
    }

    /// Whether an article of the story has a title of the same pattern with other numbers: the bulletin of another day.
    fn is_of_another_day(&self, article: usize, story: usize) -> bool {
        let title = &self.articles[article].entry.terms.title;
        if title.numbers.len() == 0 {
            return false;
        }
        self.members[story].iter().rev().take(COMPARED_TITLES).any(|member| {
            let other = &self.articles[*member].entry.terms.title;
            let shared = common(title.numbers.as_slice(), other.numbers.as_slice());
            let words = common(title.stems.as_slice(), other.stems.as_slice());
            let all = title.stems.len() + other.stems.len() - words;
            shared < title.numbers.len() && shared < other.numbers.len() && words * 2 >= all
        })
    }

    fn put(&mut self, article: usize, story: usize) {
        if story == self.members.len() {
            self.members.push(Vec::new());
        }
        for (term, weight) in &self.articles[article].terms {
            let sums = self.sums.entry(*term).or_default();
            match sums.binary_search_by_key(&(story as u32), |(story, _)| *story) {
                Ok(place) => sums[place].1 += weight,
                Err(place) => sums.insert(place, (story as u32, *weight)),
            }
        }
        let members = &mut self.members[story];
        members.insert(members.partition_point(|member| *member < article), article);
        match self.of.get_mut(article) {
            Some(of) => *of = story,
            None => self.of.push(story),
        }
    }

    /// Takes the article out of its story and says which that was.
    fn take(&mut self, article: usize) -> usize {
        let story = self.of[article];
        self.members[story].retain(|member| *member != article);
        for (term, weight) in &self.articles[article].terms {
            let Some(sums) = self.sums.get_mut(term) else { continue };
            if let Ok(place) = sums.binary_search_by_key(&(story as u32), |(story, _)| *story) {
                sums[place].1 -= weight;
                if sums[place].1 < 1e-6 {
                    sums.remove(place);
                }
            }
        }
        story
    }
}

#[cfg(test)]
mod tests;
