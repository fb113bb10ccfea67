//! JSON Lines in, tags out: how a whole file of stories is tagged.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::compile::Topics;
use crate::{
    model::{SourceId, TopicScore},
    text::{ReadableEntry, ReadableText},
};

/// What became of a file's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagReport {
    /// Stories read and written out.
    pub stories: usize,
    /// Stories with at least one tag.
    pub tagged: usize,
    /// Lines that could not be read, in order.
    pub problems: Vec<LineProblem>,
}

/// A line that could not be read. The lines after it are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LineProblem {
    /// From 1.
    pub line: usize,
    pub message: String,
}

#[derive(Deserialize)]
struct Line {
    /// A string or a number; written out as it came.
    id: Value,
    lang: Option<String>,
    title: String,
    text: Option<String>,
    categories: Option<Vec<String>>,
    /// A source's id, for topics that are for some sources only; anything else is nobody's.
    source: Option<Value>,
}

#[derive(Serialize)]
struct Tagged<'a> {
    id: &'a Value,
    labels: Vec<&'a str>,
    #[serde(serialize_with = "as_object")]
    scores: &'a [TopicScore],
}

fn as_object<S: Serializer>(scores: &&[TopicScore], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scores.iter().map(|score| (score.topic.as_str(), score.score)))
}

/// Tags one story per line: `{"id", "lang", "title", "text", "categories", "source"}`, all but `id` and `title` optional, other keys
/// ignored. Writes `{"id", "labels", "scores"}` per story, in order: the topics it belongs to, and every topic's score that
/// is not 0. Blank lines are skipped; a line that cannot be read is reported and does not stop the rest.
pub fn tag_lines(topics: &Topics, mut input: impl BufRead, mut output: impl Write) -> io::Result<TagReport> {
    let mut report = TagReport::default();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = if number == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) } else { &bytes };
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line>(line) {
            Ok(line) => {
                report.stories += 1;
                report.tagged += usize::from(write_tagged(topics, line, &mut output)?);
            }
            Err(error) => report.problems.push(LineProblem { line: number, message: told(&error) }),
        }
    }
    output.flush()?;
    Ok(report)
}

/// Whether the story got a tag.
fn write_tagged(topics: &Topics, line: Line, output: &mut impl Write) -> io::Result<bool> {
    let Line { id, lang, title, text, categories, source } = line;
    let text = ReadableText {
        title,
        text: text.unwrap_or_default(),
        categories: categories.unwrap_or_default(),
        language: lang,
    };
    let entry = ReadableEntry::from_text(&text, topics.languages());
    let source = source.as_ref().and_then(Value::as_str).map(SourceId::new);
    let (scores, tags) = topics.scores_and_tags(&entry, source.as_ref());
    let labels: Vec<_> = tags.iter().map(|topic| topic.as_str()).collect();
    let tagged = !labels.is_empty();
    serde_json::to_writer(&mut *output, &Tagged { id: &id, labels, scores: &scores })?;
    output.write_all(b"\n")?;
    Ok(tagged)
}

/// serde's message counts lines within the one line it was given: only the column means something.
fn told(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} (column {})", error.column()),
        None => message,
    }
}
