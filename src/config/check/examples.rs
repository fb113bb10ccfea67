use std::path::Path;

use super::{Check, Surroundings};
use crate::{
    config::file::{At, TopicExamples},
    text::ReadableText,
    topics::{ExampleProblem, Examples, read_examples, same_texts},
};

/// So many mistakes are told of one file.
const MOST_TOLD: usize = 5;

/// A file's texts, with their lines.
type Texts = Vec<(usize, ReadableText)>;

impl Check<'_> {
    /// A topic's examples, read from their files. `None` when a file cannot be used; the problems say which and why.
    pub(super) fn examples(
        &mut self,
        id: &str,
        examples: &At<TopicExamples>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Examples> {
        let Some(written) = &examples.like else {
            self.missing(
                &format!("topics.{id}.examples"),
                &examples.span(),
                format!("the examples of the topic `{id}` have no `like`"),
                "write `like = \"FILE.jsonl\"`: a file of texts that belong to the topic",
            );
            return None;
        };
        let like = self.example_file(written, surroundings);
        let unlike = examples.unlike.as_ref().map(|written| (written, self.example_file(written, surroundings)));
        let unlike = match unlike {
            None => None,
            Some((_, None)) => return None,
            Some((written, Some(unlike))) => {
                for (line, same) in same_texts(like.as_deref().unwrap_or_default(), &unlike).into_iter().take(MOST_TOLD)
                {
                    let like = examples.like.as_deref().map_or("", String::as_str);
                    let message = format!("{}:{same}: this text is in {like}:{line} as well", written.as_str());
                    self.problem(&written.span(), message, "a text either belongs to the topic or not: remove one");
                }
                Some(texts(unlike))
            }
        };
        let weight = examples.weight.as_deref().copied().unwrap_or(0.5);
        Some(Examples { like: texts(like?), unlike, weight })
    }

    fn example_file(&mut self, written: &At<String>, surroundings: &Surroundings<'_>) -> Option<Texts> {
        let path = surroundings.folder.join(Path::new(written.as_str()));
        let file = match (surroundings.read)(&path) {
            Ok(file) => file,
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                self.problem(&written.span(), message, "a relative path begins in the folder of this file");
                return None;
            }
        };
        let problems = match read_examples(&file) {
            Ok(texts) => return Some(texts),
            Err(problems) => problems,
        };
        let more = problems.len().saturating_sub(MOST_TOLD);
        for (told, ExampleProblem { line, message, hint }) in problems.into_iter().take(MOST_TOLD).enumerate() {
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            let rest = if told + 1 == MOST_TOLD && more > 0 {
                format!(" (and {more} more in this file)")
            } else {
                String::new()
            };
            self.problem(&written.span(), format!("{}{line}: {message}{rest}", written.as_str()), hint);
        }
        None
    }
}

fn texts(texts: Texts) -> std::sync::Arc<[ReadableText]> {
    texts.into_iter().map(|(_, text)| text).collect()
}
