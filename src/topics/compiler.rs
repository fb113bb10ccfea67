//! Settings -> the compiled matcher, or everything that is wrong with them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    compile::{CompiledTerm, MOST_GROUPS, Role, TermText, Topic, TopicProblem, category_key},
    example,
    lexicon::Lexicon,
    pattern::MOST_PATTERNS,
    reach::highest_score,
    score::Points,
    settings::{TaggingSettings, TermLists, TopicSettings},
    term::{Expression, Term},
};
use crate::{model::TopicId, text::WordForm};

/// What the settings come to.
pub(super) struct Compiled {
    pub topics: Vec<Topic>,
    pub terms: Vec<CompiledTerm>,
    pub texts: Vec<TermText>,
    pub categories: HashMap<String, Vec<u32>>,
    pub lexicons: Vec<Lexicon>,
}

pub(super) fn compile_all(settings: &TaggingSettings, topics: &[TopicSettings]) -> Result<Compiled, Vec<TopicProblem>> {
    let mut compiler = Compiler::new(settings, topics);
    for topic in topics {
        compiler.add(topic);
    }
    for (topic, message, hint) in example::problems(topics) {
        compiler.problem(topic, message, hint);
    }
    compiler.finish(topics);
    let Compiler { topics, terms, texts, categories, lexicons, problems, .. } = compiler;
    if problems.is_empty() { Ok(Compiled { topics, terms, texts, categories, lexicons }) } else { Err(problems) }
}

struct Compiler<'a> {
    settings: &'a TaggingSettings,
    topics: Vec<Topic>,
    ids: HashSet<&'a TopicId>,
    /// Topics that another one brings along.
    implied: HashSet<&'a TopicId>,
    terms: Vec<CompiledTerm>,
    texts: Vec<TermText>,
    lists: HashMap<String, Arc<str>>,
    categories: HashMap<String, Vec<u32>>,
    lexicons: Vec<Lexicon>,
    patterns: usize,
    problems: Vec<TopicProblem>,
}

/// A term in its place.
struct Placed<'a> {
    role: Role,
    list: &'a str,
    term: &'a Term,
}

impl<'a> Compiler<'a> {
    fn new(settings: &'a TaggingSettings, topics: &'a [TopicSettings]) -> Self {
        let configured = settings.languages.iter().map(|language| Lexicon::new(WordForm::of(language)));
        // A text in a language that is not configured is looked at with the lists for any language, a text whose language
        // is not known with every list; neither has stems.
        let others = [WordForm::unstemmed(), WordForm::unstemmed()].map(Lexicon::new);
        Self {
            settings,
            topics: Vec::new(),
            ids: HashSet::new(),
            implied: topics.iter().flat_map(|topic| &topic.implies).collect(),
            terms: Vec::new(),
            texts: Vec::new(),
            lists: HashMap::new(),
            categories: HashMap::new(),
            lexicons: configured.chain(others).collect(),
            patterns: 0,
            problems: Vec::new(),
        }
    }

    fn add(&mut self, topic: &'a TopicSettings) {
        let problems = self.problems.len();
        if !self.ids.insert(&topic.id) {
            self.problem(topic, "there is another topic of this name", "give each topic a name of its own");
        }
        if !(topic.threshold.is_finite() && topic.threshold > 0.0) {
            let message = format!("the threshold {} is not above 0", topic.threshold);
            self.problem(topic, message, "4 is a good threshold to begin with");
        }
        if !topic.can_score() && !self.implied.contains(&topic.id) {
            self.problem(topic, "it has no terms", "list words under terms.any or terms.<language>");
        }
        if topic.require.len() > MOST_GROUPS || topic.require.iter().any(Vec::is_empty) {
            let message = format!("`require` has an empty group, or more than {MOST_GROUPS}");
            self.problem(topic, message, "write groups of terms, as in [[\"cloud\", \"data\"], [\"Europe\"]]");
        }
        for (key, lists) in lists(topic) {
            for list in lists.keys() {
                if list != TaggingSettings::ANY && !self.settings.languages.contains(list) {
                    let message = format!("{key}.{list} is for a language that is not configured");
                    let hint = format!("add {list:?} to languages under [tagging], or remove the list");
                    self.problem(topic, message, hint);
                }
            }
        }
        let highest = highest_score(topic, self.settings);
        let is_sum_of_terms = topic.can_score() && topic.examples.is_none();
        if self.problems.len() == problems && is_sum_of_terms && topic.threshold > highest {
            let message =
                format!("no text can reach the threshold {}: its terms give {highest} at most", topic.threshold);
            self.problem(topic, message, "lower the threshold, or add terms");
        }
        if self.problems.len() == problems {
            self.compile(topic);
        }
    }

    fn problem(&mut self, topic: &TopicSettings, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(TopicProblem { topic: topic.id.clone(), message: message.into(), hint: hint.into() });
    }

    fn compile(&mut self, topic: &TopicSettings) {
        let number = self.topics.len() as u32;
        let placed = placed(topic);
        let unknown = self.settings.languages.len() + 1;
        let only_once = self.only_once(unknown, &placed);
        for (position, Placed { role, list, term }) in placed.iter().enumerate() {
            self.patterns += usize::from(term.is_pattern());
            let near = match term.expression {
                Expression::Near { distance, .. } => Some(distance),
                Expression::Phrase(_) | Expression::Pattern(_) => None,
            };
            let compiled = self.push(number, *role, term.weight, near, &term.written, list);
            for (lexicon_number, lexicon) in self.lexicons.iter_mut().enumerate() {
                let holds = match lexicon_number {
                    at if at == unknown => only_once.contains(&position),
                    at => {
                        *list == TaggingSettings::ANY
                            || self.settings.languages.get(at).is_some_and(|name| name == list)
                    }
                };
                if holds {
                    lexicon.add(compiled, &term.expression);
                }
            }
        }
        for category in &topic.category {
            let term = self.push(number, Role::Category, category.weight, None, &category.name, TaggingSettings::ANY);
            self.categories.entry(category_key(&category.name)).or_default().push(term);
        }
        let require = topic.require.iter().map(|group| group.iter().map(|term| term.written.clone()).collect());
        self.topics.push(Topic {
            id: topic.id.clone(),
            threshold: Points::new(topic.threshold),
            weights: topic.weights(self.settings),
            anchor_words: u32::try_from(topic.anchor_words.unwrap_or(self.settings.anchor_words)).unwrap_or(u32::MAX),
            require: require.collect(),
            groups: (1 << topic.require.len()) - 1,
            scope: (!topic.scope.is_everything()).then(|| topic.scope.clone()),
            implies: Vec::new(),
        });
    }

    fn push(&mut self, topic: u32, role: Role, weight: f64, near: Option<u32>, written: &str, list: &str) -> u32 {
        let known = self.lists.get(list).cloned();
        let list = known.unwrap_or_else(|| self.lists.entry(list.to_owned()).or_insert_with(|| list.into()).clone());
        self.terms.push(CompiledTerm { topic, role, weight, near });
        self.texts.push(TermText { written: written.into(), list });
        self.terms.len() as u32 - 1
    }

    /// What can be said only when every topic is known.
    fn finish(&mut self, topics: &[TopicSettings]) {
        if self.problems.is_empty() {
            for (number, topic) in topics.iter().enumerate() {
                for implied in &topic.implies {
                    match self.topics.iter().position(|known| known.id == *implied) {
                        Some(implied) => self.topics[number].implies.push(implied),
                        None => {
                            let message = format!("it implies {implied}, which is no topic");
                            self.problem(topic, message, "name another topic, or add this one");
                        }
                    }
                }
            }
        }
        let Some(first) = topics.first() else { return };
        if self.patterns > MOST_PATTERNS {
            let message = format!("all topics together have {} regular expressions", self.patterns);
            self.problem(first, message, format!("{MOST_PATTERNS} is the most; words and wildcards cost nothing"));
        } else if let Some(message) = self.lexicons.iter_mut().find_map(|lexicon| lexicon.finish().err()) {
            self.problem(first, message, "remove some of them");
        }
    }

    /// "Football" may stand in the lists of three languages. A text of unknown language is looked at with all of them, and
    /// must not get three times the points: of terms that come to the same there, the heaviest holds.
    fn only_once(&self, unknown: usize, placed: &[Placed<'_>]) -> HashSet<usize> {
        let lexicon = &self.lexicons[unknown];
        let mut heaviest: HashMap<(Role, String), usize> = HashMap::new();
        for (position, Placed { role, term, .. }) in placed.iter().enumerate() {
            let mut key = match &term.expression {
                Expression::Near { distance, .. } => format!("{distance}\n"),
                Expression::Pattern(pattern) => format!("/{}/", pattern.regex),
                Expression::Phrase(_) => String::new(),
            };
            for operand in term.expression.operands() {
                for word in operand.phrases.iter().flat_map(|phrase| phrase.iter()) {
                    key.push_str(&format!("{:?} {}\n", word.matching, lexicon.common_form(word)));
                }
                key.push('\n');
            }
            let known = heaviest.entry((*role, key)).or_insert(position);
            if placed[*known].term.weight < term.weight {
                *known = position;
            }
        }
        heaviest.into_values().collect()
    }
}

/// The lists of a topic that are made by language, by their key.
fn lists(topic: &TopicSettings) -> [(&'static str, &TermLists); 4] {
    [("shield", &topic.shield), ("terms", &topic.terms), ("minus", &topic.minus), ("not", &topic.not)]
}

/// Every term of a topic, its shields first.
fn placed(topic: &TopicSettings) -> Vec<Placed<'_>> {
    let roles = [Role::Shield, Role::Term, Role::Minus, Role::Not];
    let by_language = roles.into_iter().zip(lists(topic)).flat_map(|(role, (_, lists))| {
        let terms = lists.iter().flat_map(|(list, terms)| terms.iter().map(move |term| (list, term)));
        terms.map(move |(list, term)| Placed { role, list, term })
    });
    let groups = (0..).zip(&topic.require).flat_map(|(group, terms)| {
        terms.iter().map(move |term| Placed { role: Role::Require(group), list: TaggingSettings::ANY, term })
    });
    by_language.chain(groups).collect()
}
