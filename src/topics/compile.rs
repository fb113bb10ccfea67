//! Settings -> the compiled matcher.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    example::{self, ExampleTopics},
    lexicon::Lexicon,
    matcher::Desks,
    reach::highest_score,
    score::Points,
    settings::{TaggingSettings, TopicSettings},
    term::{Expression, Term, parse_term},
};
use crate::{
    model::{TopicId, TopicScore},
    text::{ReadableEntry, WordForm, primary_subtag},
};

/// To be raised whenever the same settings may tag the same entry otherwise than before: by a change here or in what counts
/// as the text.
const ENGINE_VERSION: u32 = 1;

/// Every topic, ready to tag. Cheap to share between threads, not to build.
pub struct Topics {
    settings: TaggingSettings,
    topics: Vec<Topic>,
    /// Topic by topic, so that hits in the order of terms are in the order of topics.
    terms: Vec<CompiledTerm>,
    /// One for each configured language, then one for texts in another language and one for texts in an unknown one.
    lexicons: Vec<Lexicon>,
    desks: Desks,
    examples: ExampleTopics,
    fingerprint: u64,
}

pub(super) struct Topic {
    pub id: TopicId,
    pub threshold: Points,
}

pub(super) struct CompiledTerm {
    pub topic: usize,
    pub weight: f64,
    /// The distance, in a NEAR term.
    pub near: Option<u32>,
    pub written: String,
    /// The list it stands in.
    pub language: String,
}

/// A topic that cannot be compiled, told so that the admin can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("topic {topic}: {message}")]
pub struct TopicProblem {
    pub topic: TopicId,
    /// The list and the position in it (from 0) of the term that is wrong, if it is one.
    pub term: Option<(String, usize)>,
    /// Byte offset into that term.
    pub offset: usize,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Topics {
    /// Compiles every topic, or tells everything that is wrong with any of them.
    pub fn compile(settings: &TaggingSettings, topics: &[TopicSettings]) -> Result<Self, Vec<TopicProblem>> {
        let mut compiler = Compiler::new(settings);
        for topic in topics {
            compiler.add(topic);
        }
        for (topic, message, hint) in example::problems(topics) {
            compiler.problem(topic, message, hint);
        }
        if !compiler.problems.is_empty() {
            return Err(compiler.problems);
        }
        let Compiler { topics: compiled, terms, lexicons, .. } = compiler;
        let fingerprint = fingerprint(settings, topics);
        Ok(Self {
            settings: settings.clone(),
            topics: compiled,
            terms,
            lexicons,
            desks: Desks::default(),
            examples: ExampleTopics::train(settings, topics),
            fingerprint,
        })
    }

    /// The topics the entry belongs to, in the order of the settings.
    pub fn tag(&self, entry: &ReadableEntry) -> Vec<TopicScore> {
        self.read(entry, |_, matched| {
            matched.iter().filter(|matched| self.is_tag(matched)).map(|matched| self.topic_score(matched)).collect()
        })
    }

    /// Every topic with a score other than 0, tag or not, in the order of the settings.
    pub fn scores(&self, entry: &ReadableEntry) -> Vec<TopicScore> {
        self.read(entry, |_, matched| matched.iter().map(|matched| self.topic_score(matched)).collect())
    }

    /// Both in one pass: every score other than 0, and the topics that are tags.
    pub(super) fn scores_and_tags(&self, entry: &ReadableEntry) -> (Vec<TopicScore>, Vec<TopicId>) {
        self.read(entry, |_, matched| {
            let scores = matched.iter().map(|matched| self.topic_score(matched)).collect();
            let tags = matched.iter().filter(|matched| self.is_tag(matched));
            (scores, tags.map(|matched| self.topics[matched.topic].id.clone()).collect())
        })
    }

    /// A number that stays the same as long as the same entry gets the same tags: over restarts, machines and releases.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The configured languages, primary subtags.
    pub fn languages(&self) -> &[String] {
        &self.settings.languages
    }

    fn topic_score(&self, matched: &super::score::TopicMatch) -> TopicScore {
        TopicScore { topic: self.topics[matched.topic].id.clone(), score: matched.score.as_f64() }
    }

    pub(super) fn settings(&self) -> &TaggingSettings {
        &self.settings
    }

    pub(super) fn topic(&self, topic: usize) -> &Topic {
        &self.topics[topic]
    }

    pub(super) fn term(&self, term: u32) -> &CompiledTerm {
        &self.terms[term as usize]
    }

    pub(super) fn examples(&self) -> &ExampleTopics {
        &self.examples
    }

    pub(super) fn desks(&self) -> &Desks {
        &self.desks
    }

    /// The words to look for in a text of this language, and their number.
    pub(super) fn lexicon(&self, language: Option<&str>) -> (usize, &Lexicon) {
        let configured = self.settings.languages.len();
        let number = match language {
            None => configured + 1,
            Some(language) => {
                self.settings.languages.iter().position(|name| primary_subtag(name) == language).unwrap_or(configured)
            }
        };
        (number, &self.lexicons[number])
    }
}

struct Compiler<'a> {
    settings: &'a TaggingSettings,
    topics: Vec<Topic>,
    ids: HashSet<TopicId>,
    terms: Vec<CompiledTerm>,
    lexicons: Vec<Lexicon>,
    problems: Vec<TopicProblem>,
}

impl<'a> Compiler<'a> {
    fn new(settings: &'a TaggingSettings) -> Self {
        let configured = settings.languages.iter().map(|language| Lexicon::new(WordForm::of(language)));
        // A text in a language that is not configured is looked at with the lists for any language, a text whose language
        // is not known with every list; neither has stems.
        let others = [WordForm::unstemmed(), WordForm::unstemmed()].map(Lexicon::new);
        Self {
            settings,
            topics: Vec::new(),
            ids: HashSet::new(),
            terms: Vec::new(),
            lexicons: configured.chain(others).collect(),
            problems: Vec::new(),
        }
    }

    fn add(&mut self, topic: &TopicSettings) {
        let problems = self.problems.len();
        if !self.ids.insert(topic.id.clone()) {
            self.problem(topic, "there is another topic of this name", "give each topic a name of its own");
        }
        if !(topic.threshold.is_finite() && topic.threshold > 0.0) {
            let message = format!("the threshold {} is not above 0", topic.threshold);
            self.problem(topic, message, "4 is a good threshold to begin with");
        }
        if topic.terms.values().all(Vec::is_empty) && topic.examples.is_none() {
            self.problem(topic, "it has no terms", "list words under terms.any or terms.<language>");
        }
        let mut parsed = Vec::new();
        for (language, terms) in &topic.terms {
            if language != TaggingSettings::ANY && !self.settings.languages.contains(language) {
                let message = format!("terms.{language} is for a language that is not configured");
                let hint = format!("add {language:?} to languages under [tagging], or remove the list");
                self.problem(topic, message, hint);
                continue;
            }
            for (position, written) in terms.iter().enumerate() {
                match parse_term(written, language, &self.settings.languages) {
                    Ok(term) => parsed.push((language.as_str(), written.as_str(), term)),
                    Err(error) => self.problems.push(TopicProblem {
                        topic: topic.id.clone(),
                        term: Some((language.clone(), position)),
                        offset: error.offset,
                        message: format!("terms.{language}: {written:?}: {}", error.message),
                        hint: error.hint,
                    }),
                }
            }
        }
        let highest = highest_score(topic, self.settings);
        if self.problems.len() == problems && topic.examples.is_none() && topic.threshold > highest {
            let message =
                format!("no text can reach the threshold {}: its terms give {highest} at most", topic.threshold);
            self.problem(topic, message, "lower the threshold, or add terms");
        }
        if self.problems.len() == problems {
            self.compile(topic, parsed);
        }
    }

    fn problem(&mut self, topic: &TopicSettings, message: impl Into<String>, hint: impl Into<String>) {
        let (message, hint) = (message.into(), Some(hint.into()));
        self.problems.push(TopicProblem { topic: topic.id.clone(), term: None, offset: 0, message, hint });
    }

    fn compile(&mut self, topic: &TopicSettings, parsed: Vec<(&str, &str, Term)>) {
        let number = self.topics.len();
        self.topics.push(Topic { id: topic.id.clone(), threshold: Points::new(topic.threshold) });
        let other = self.settings.languages.len();
        let unknown = other + 1;
        let only_once = self.only_once(unknown, &parsed);
        for (position, (language, written, term)) in parsed.into_iter().enumerate() {
            let term_number = self.terms.len() as u32;
            for (lexicon_number, lexicon) in self.lexicons.iter_mut().enumerate() {
                let holds = match lexicon_number {
                    at if at == unknown => only_once.contains(&position),
                    at => {
                        language == TaggingSettings::ANY
                            || self.settings.languages.get(at).is_some_and(|name| name == language)
                    }
                };
                if holds {
                    lexicon.add(term_number, &term.expression);
                }
            }
            let near = match term.expression {
                Expression::Near { distance, .. } => Some(distance),
                Expression::Phrase(_) => None,
            };
            let (written, language) = (written.to_owned(), language.to_owned());
            self.terms.push(CompiledTerm { topic: number, weight: term.weight, near, written, language });
        }
    }

    /// "Football" may stand in the lists of three languages. A text of unknown language is looked at with all of them, and
    /// must not get three times the points: of terms that come to the same there, the heaviest holds.
    fn only_once(&self, unknown: usize, parsed: &[(&str, &str, Term)]) -> HashSet<usize> {
        let lexicon = &self.lexicons[unknown];
        let mut heaviest: HashMap<String, usize> = HashMap::new();
        for (position, (_, _, term)) in parsed.iter().enumerate() {
            let mut key = match term.expression {
                Expression::Near { distance, .. } => format!("{distance}\n"),
                Expression::Phrase(_) => String::new(),
            };
            for operand in term.expression.operands() {
                for word in operand.phrases.iter().flat_map(|phrase| phrase.iter()) {
                    key.push_str(&format!("{:?} {}\n", word.matching, lexicon.common_form(word)));
                }
                key.push('\n');
            }
            let known = heaviest.entry(key).or_insert(position);
            if parsed[*known].2.weight < term.weight {
                *known = position;
            }
        }
        heaviest.into_values().collect()
    }
}

/// xxh3 of everything that has a say in tags, each value with its length so that no two settings write the same bytes.
fn fingerprint(settings: &TaggingSettings, topics: &[TopicSettings]) -> u64 {
    let mut bytes = Vec::new();
    let mut write = |part: &[u8]| {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part);
    };
    let weights = settings.field_weight;
    write(&ENGINE_VERSION.to_le_bytes());
    write(&(settings.languages.len() as u64).to_le_bytes());
    for language in &settings.languages {
        write(language.as_bytes());
    }
    for weight in [weights.title, weights.lead, weights.body, weights.category] {
        write(&weight.to_le_bytes());
    }
    for words in [settings.lead_words, settings.anchor_words] {
        write(&(words as u64).to_le_bytes());
    }
    for topic in topics {
        write(topic.id.as_str().as_bytes());
        write(&topic.threshold.to_le_bytes());
        write(&(topic.terms.len() as u64).to_le_bytes());
        for (language, terms) in &topic.terms {
            write(language.as_bytes());
            write(&(terms.len() as u64).to_le_bytes());
            for term in terms {
                write(term.as_bytes());
            }
        }
        if let Some(examples) = &topic.examples {
            examples.write_fingerprint(&mut write);
        }
    }
    xxh3_64(&bytes)
}
