//! Who else has a story, said in its text: a feed's reader shows no `rel="related"`.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::{EditionStory, Related, pages::Phrases};

/// Who is named by name; more are only linked.
const MOST_NAMED: usize = 12;

impl EditionStory {
    /// Adds a short line to the text that names the story's other sources, and one with the articles on the same event. In
    /// this language, or else the story's own; in English where neither is known to us.
    pub fn say_who_else(&mut self, language: Option<&str>) {
        let phrases = [language, self.language.as_deref()].into_iter().flatten().find_map(Phrases::of);
        let phrases = phrases.unwrap_or_else(Phrases::english);
        let lines = [(phrases.also_at, &self.related), (phrases.same_event, &self.same_event)];
        let lines = lines.map(|(label, others)| line(label, phrases.colon, others)).concat();
        if lines.is_empty() {
            return;
        }
        let text = match (&mut self.content, &mut self.summary) {
            (Some(content), _) => content,
            (None, summary) => summary.get_or_insert_default(),
        };
        text.push_str(&lines);
    }
}

/// How a text names another source.
pub(super) fn anchor(other: &Related) -> String {
    format!("<a href=\"{}\">{}</a>", escape(&other.link), escape(&other.title))
}

fn line(label: &str, colon: &str, others: &[Related]) -> String {
    let mut line = String::new();
    for other in others.iter().take(MOST_NAMED) {
        line.push_str(if line.is_empty() { colon } else { ", " });
        // Writing to a String cannot fail.
        let _ = write!(line, "{}", anchor(other));
    }
    if line.is_empty() { line } else { format!("<p>{label}{line}</p>") }
}
