//! What can be said of a topic only when all are known, and of its points only when all its terms are.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{Check, include::IncludedFile, topics::in_order};
use crate::{
    config::{
        file::{At, File, Topic},
        shape::closest,
    },
    model::TopicId,
    topics::{Field, TaggingSettings, TopicSettings, highest_score, highest_score_in, lone_terms},
};

/// More regular expressions than this are felt in the speed of every poll.
const MANY_PATTERNS: usize = 20;
const MOST_PATTERNS: usize = 100;

/// The ids of everything, before any of it is looked at more closely.
pub(super) struct Together {
    sources: Vec<String>,
    /// Each topic's file and place there.
    first: BTreeMap<String, (Option<PathBuf>, usize)>,
    implies: BTreeMap<String, Vec<String>>,
    former: BTreeMap<String, String>,
    /// A file could not be read, so that topics may be missing.
    incomplete: bool,
    patterns: Cell<usize>,
}

impl Together {
    pub fn new(file: &File, included: &[IncludedFile<'_>]) -> Self {
        let mut together = Self {
            sources: file.sources.keys().map(|id| id.to_string()).collect(),
            first: BTreeMap::new(),
            implies: BTreeMap::new(),
            former: BTreeMap::new(),
            incomplete: included.iter().any(|included| included.content.is_none()),
            patterns: Cell::new(0),
        };
        together.add(None, &file.topics);
        for included in included {
            if let Some(content) = &included.content {
                together.add(included.check.file.as_ref(), &content.topics);
            }
        }
        together
    }

    fn add(&mut self, file: Option<&PathBuf>, topics: &BTreeMap<At<String>, At<Topic>>) {
        for (id, topic) in in_order(topics) {
            self.first.entry(id.to_string()).or_insert((file.cloned(), id.span().start));
            let implied = topic.implies.iter().flatten().map(|implied| implied.to_string());
            self.implies.entry(id.to_string()).or_default().extend(implied);
            for old in topic.formerly.iter().flatten() {
                self.former.entry(old.to_string()).or_insert(id.to_string());
            }
        }
    }

    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    pub fn ids(&self) -> BTreeSet<&str> {
        self.first.keys().map(String::as_str).collect()
    }

    fn is_implied(&self, id: &str) -> bool {
        self.implies.iter().any(|(by, implied)| by != id && implied.iter().any(|implied| implied == id))
    }

    /// Whether the one brings the other along, directly or by way of others.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            for implied in self.implies.get(id).into_iter().flatten() {
                if implied == to {
                    return true;
                }
                if seen.insert(implied) {
                    next.push(implied);
                }
            }
        }
        false
    }
}

impl Check<'_> {
    /// Whether no other topic has this id before it; within one file TOML itself sees to that.
    pub(super) fn is_first(&mut self, id: &At<String>, together: &Together) -> bool {
        let Some((file, offset)) = together.first.get(id.as_str()) else { return true };
        if *file == self.file && *offset == id.span().start {
            return true;
        }
        let place = match file {
            Some(file) => file.display().to_string(),
            None => "the configuration file".to_owned(),
        };
        let message = format!("`{}` is a topic of {place} already", id.as_str());
        self.problem(&id.span(), message, "keep one of the two, or rename one");
        false
    }

    pub(super) fn implied(&mut self, id: &At<String>, topic: &Topic, together: &Together) -> Vec<TopicId> {
        let mut implied: Vec<TopicId> = Vec::new();
        for name in topic.implies.iter().flatten() {
            let (span, name): (_, &str) = (name.span(), name);
            if name == id.as_str() {
                self.problem(&span, "the topic implies itself", "remove it");
            } else if !together.first.contains_key(name) {
                if together.incomplete {
                    continue;
                }
                let close = closest(name, together.first.keys().map(String::as_str));
                let hint = match (together.former.get(name), close) {
                    (Some(now), _) => format!("it is called `{now}` now"),
                    (None, Some(close)) => format!("did you mean `{close}`?"),
                    (None, None) => "name a topic, or add this one".to_owned(),
                };
                self.problem(&span, format!("there is no topic `{name}`"), hint);
            } else if !implied.iter().any(|known| known.as_str() == name) {
                if together.leads_to(name, id.as_str()) {
                    let message = format!("`{}` and `{name}` bring each other along", id.as_str());
                    self.warning(&span, message, "they always come together; keep the one direction that is meant");
                }
                implied.push(TopicId::new(name));
            }
        }
        implied
    }

    /// Terms that cannot make the tag, and those that make it too easily.
    pub(super) fn judge_reach(
        &mut self,
        id: &At<String>,
        topic: &At<Topic>,
        settings: &TopicSettings,
        tagging: &TaggingSettings,
        together: &Together,
    ) {
        let has_terms = settings.terms.values().any(|terms| !terms.is_empty()) || !settings.category.is_empty();
        if topic.examples.is_some() {
            // What they bring nobody can say before it is read.
            self.shields_that_take_everything(topic);
            return;
        }
        if !has_terms {
            // A term that is wrong has been told already.
            let none_written = topic.terms.values().all(Vec::is_empty) && topic.category.is_none();
            if none_written && !together.is_implied(id) {
                self.missing(
                    &format!("topics.{}", id.as_str()),
                    &topic.span(),
                    format!("the topic `{}` has no terms and no examples", id.as_str()),
                    "write `terms.any = [\"telecom*\"]`, or `terms.en` for one language",
                );
            }
            return;
        }
        let highest = highest_score(settings, tagging);
        if settings.threshold > highest {
            let span = topic.threshold.as_ref().map_or(id.span(), At::span);
            let message =
                format!("no text can reach the threshold {}: its terms give {highest} at most", settings.threshold);
            self.problem(&span, message, "lower the threshold, or add terms or weight");
            return;
        }
        for (list, _) in topic.terms.iter().filter(|(list, terms)| {
            list.as_str() != TaggingSettings::ANY && !terms.is_empty() && settings.terms.contains_key(list.as_str())
        }) {
            let highest = highest_score_in(settings, tagging, Some(list));
            if settings.threshold > highest {
                let message = format!(
                    "no text in `{}` can reach the threshold {}: its terms give {highest} at most",
                    list.as_str(),
                    settings.threshold
                );
                self.warning(&list.span(), message, "add terms or weight to this list or to `any`");
            }
        }
        for lone in lone_terms(settings, tagging).into_iter().filter(|lone| lone.field == Field::Body) {
            let written = topic.terms.iter().find(|(list, _)| list.as_str() == lone.list);
            let term = written.and_then(|(_, terms)| terms.iter().find(|term| ***term == *lone.term));
            if let Some(term) = term {
                let message = "one hit anywhere in the text reaches the threshold";
                self.warning(
                    &term.span(),
                    message,
                    "give it less weight, so that a second word or a better place is needed",
                );
            }
        }
        self.shields_that_take_everything(topic);
    }

    fn shields_that_take_everything(&mut self, topic: &Topic) {
        let plain = |term: &str| term.split('^').next().unwrap_or_default().trim().to_lowercase();
        for (list, shields) in &topic.shield {
            for shield in shields {
                let same = |(other, terms): (&At<String>, &Vec<At<String>>)| {
                    (other == list || list.as_str() == TaggingSettings::ANY)
                        && terms.iter().any(|term| plain(term) == plain(shield))
                };
                if topic.terms.iter().any(same) {
                    let message = "this shields every hit of the term of the same words";
                    self.warning(&shield.span(), message, "a shield is a longer phrase that holds the term's words");
                }
            }
        }
    }

    /// Regular expressions cost something in every text, so their number is watched over all topics.
    pub(super) fn count_patterns(&mut self, topic: &Topic, settings: &TopicSettings, together: &Together) {
        let number = settings.patterns();
        let before = together.patterns.replace(together.patterns.get() + number);
        let tables = [&topic.terms, &topic.minus, &topic.shield, &topic.not];
        let lists = tables.into_iter().flat_map(|table| table.values()).chain(topic.require.iter().flatten());
        let Some(first) = lists.flatten().find(|term| term.trim_start().starts_with('/')) else { return };
        let crosses = |limit: usize| before <= limit && before + number > limit;
        if crosses(MOST_PATTERNS) {
            let message = format!("from here on there are more than {MOST_PATTERNS} regular expressions in all");
            self.problem(&first.span(), message, "write words, wildcards and alternatives, which cost nothing");
        } else if crosses(MANY_PATTERNS) {
            let message = format!("from here on there are more than {MANY_PATTERNS} regular expressions in all");
            self.warning(&first.span(), message, "each costs time in every text; words and wildcards cost none");
        }
    }
}
