//! JSON Lines in, tags out: how a whole file of stories is tagged.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::compile::Topics;
use crate::{
    json_lines::{self, LineProblem},
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
pub fn tag_lines(topics: &Topics, input: impl BufRead, mut output: impl Write) -> io::Result<TagReport> {
    let mut report = TagReport::default();
    report.problems = json_lines::read(input, |line: Line| {
        report.stories += 1;
        report.tagged += usize::from(write_tagged(topics, line, &mut output)?);
        Ok(())
    })?;
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
