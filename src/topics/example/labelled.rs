//! Files of examples: one text a line, as JSON.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

use crate::{json_lines, text::ReadableText, topics::settings::TopicSettings};

/// Fewer teach nothing.
pub const FEWEST_EXAMPLES: usize = 5;
/// More in one file take too long to learn from.
pub const MOST_EXAMPLES: usize = 500;

/// A topic's examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// Texts of the topic.
    pub like: Arc<[ReadableText]>,
    /// Texts of anything else; `None`: what the other topics' examples are like.
    pub unlike: Option<Arc<[ReadableText]>>,
    /// The examples' say against that of the terms: above 0, below 1.
    pub weight: f64,
}

impl Examples {
    /// The texts that the topic of this number is told from.
    pub fn counter_examples<'a>(
        &'a self,
        topic: usize,
        topics: &'a [TopicSettings],
    ) -> impl Iterator<Item = &'a ReadableText> {
        let own = self.unlike.iter().flat_map(|texts| texts.iter());
        let others = topics.iter().enumerate().filter(move |(number, _)| self.unlike.is_none() && *number != topic);
        let others = others.filter_map(|(_, topic)| topic.examples.as_ref()).flat_map(|examples| examples.like.iter());
        own.chain(others.filter(|text| !self.like.contains(text)))
    }
}

impl Examples {
    /// Everything of them that has a say in points.
    pub(in crate::topics) fn write_fingerprint(&self, write: &mut impl FnMut(&[u8])) {
        write(b"examples");
        write(&LEARNING_VERSION.to_le_bytes());
        write(&self.weight.to_le_bytes());
        let unlike = self.unlike.as_deref();
        for texts in [Some(&*self.like), unlike] {
            write(&texts.map_or(u64::MAX, |texts| texts.len() as u64).to_le_bytes());
            for text in texts.into_iter().flatten() {
                for part in [&text.title, &text.text, text.language.as_deref().unwrap_or_default()] {
                    write(part.as_bytes());
                }
            }
        }
    }
}

/// To be raised whenever the same examples may bring other points than before.
const LEARNING_VERSION: u32 = 1;

/// What is wrong with the examples of topics, beyond what is wrong in their files: the topic, what, and what to do next.
pub(in crate::topics) fn problems(topics: &[TopicSettings]) -> Vec<(&TopicSettings, String, String)> {
    let mut problems = Vec::new();
    for (number, topic) in topics.iter().enumerate() {
        let Some(examples) = &topic.examples else { continue };
        if !(examples.weight > 0.0 && examples.weight < 1.0) {
            let message = format!("the weight {} of its examples is not between 0 and 1", examples.weight);
            problems.push((topic, message, "0.5 gives terms and examples the same say".to_owned()));
        }
        let enough = |number: usize| number >= FEWEST_EXAMPLES;
        if !enough(examples.like.len()) {
            let message = format!("{} examples of what it is like are too few", examples.like.len());
            problems.push((topic, message, format!("give {FEWEST_EXAMPLES} at least, better 20")));
        } else if !enough(examples.counter_examples(number, topics).count()) {
            let message = "there are too few texts to tell its examples from".to_owned();
            let hint = format!("give it `unlike`, a file of {FEWEST_EXAMPLES} texts at least that do not belong");
            problems.push((topic, message, hint));
        }
    }
    problems
}

/// What is wrong with a file of examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleProblem {
    /// From 1; `None` for the file as a whole.
    pub line: Option<usize>,
    pub message: String,
    /// What to do next.
    pub hint: String,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

/// Reads a file: `{"title", "text", "lang"}` a line, other keys ignored, one of title and text at least. Gives the texts with
/// their lines, from 1, or everything that is wrong.
///
/// # Errors
/// Lines that are no such JSON, lines without text, texts that are there twice, too few or too many of them.
pub fn read_examples(file: &str) -> Result<Vec<(usize, ReadableText)>, Vec<ExampleProblem>> {
    let mut texts: Vec<(usize, ReadableText)> = Vec::new();
    let mut lines: HashMap<(String, String), usize> = HashMap::new();
    let mut problems = Vec::new();
    for (line, written) in (1..).zip(file.strip_prefix('\u{feff}').unwrap_or(file).lines()) {
        let mut problem = |message: String, hint: &str| {
            problems.push(ExampleProblem { line: Some(line), message, hint: hint.to_owned() });
        };
        if written.trim().is_empty() {
            continue;
        }
        let read: Line = match serde_json::from_str(written) {
            Ok(read) => read,
            Err(error) => {
                let told = json_lines::cause(&error);
                let message = format!("this is no JSON object with title and text: {told} (column {})", error.column());
                problem(message, r#"write {"title": "…", "text": "…"} in one line"#);
                continue;
            }
        };
        let text = ReadableText {
            title: read.title.unwrap_or_default(),
            text: read.text.unwrap_or_default(),
            language: read.lang.filter(|language| !language.trim().is_empty()),
            categories: Vec::new(),
        };
        if !text.title.chars().chain(text.text.chars()).any(char::is_alphanumeric) {
            problem("there is no text".to_owned(), r#"write a "title", a "text" or both"#);
        } else if let Some(first) = lines.get(&key(&text)) {
            problem(format!("this text is in line {first} already"), "remove one of the two");
        } else {
            lines.insert(key(&text), line);
            texts.push((line, text));
        }
    }
    if problems.is_empty() {
        problems.extend(number_problem(texts.len()));
    }
    if problems.is_empty() { Ok(texts) } else { Err(problems) }
}

fn number_problem(number: usize) -> Option<ExampleProblem> {
    let (message, hint) = match number {
        0 => ("there is no example in it".to_owned(), format!("write {FEWEST_EXAMPLES} texts at least, better 20")),
        number if number < FEWEST_EXAMPLES => {
            (format!("{number} examples are too few"), format!("write {FEWEST_EXAMPLES} at least, better 20"))
        }
        number if number > MOST_EXAMPLES => {
            (format!("{number} examples are too many"), format!("{MOST_EXAMPLES} at most; 50 teach nearly as much"))
        }
        _ => return None,
    };
    Some(ExampleProblem { line: None, message, hint })
}

/// The lines of texts that are in both files.
pub fn same_texts(like: &[(usize, ReadableText)], unlike: &[(usize, ReadableText)]) -> Vec<(usize, usize)> {
    let lines: HashMap<_, usize> = like.iter().map(|(line, text)| (key(text), *line)).collect();
    unlike.iter().filter_map(|(line, text)| Some((*lines.get(&key(text))?, *line))).collect()
}

/// Texts of the same words are the same, whatever language they claim.
fn key(text: &ReadableText) -> (String, String) {
    (text.title.trim().to_owned(), text.text.trim().to_owned())
}
