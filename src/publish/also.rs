//! Who else has a story, said in its text: a feed's reader shows no `rel="related"`.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::{EditionStory, Related};

/// Who is named by name; more are only linked.
const MOST_NAMED: usize = 12;

/// By primary subtag: what introduces the other sources of a story, and the other articles on its event.
const PHRASES: [(&str, &str, &str); 10] = [
    ("da", "Også hos", "Om samme begivenhed"),
    ("de", "Auch bei", "Zum selben Ereignis"),
    ("en", "Also at", "On the same event"),
    ("es", "También en", "Sobre el mismo hecho"),
    ("fr", "Aussi chez\u{a0}", "Sur le même événement\u{a0}"),
    ("it", "Anche su", "Sullo stesso fatto"),
    ("nl", "Ook bij", "Over dezelfde gebeurtenis"),
    ("pl", "Także w", "O tym samym wydarzeniu"),
    ("pt", "Também em", "Sobre o mesmo acontecimento"),
    ("sv", "Även hos", "Om samma händelse"),
];

impl EditionStory {
    /// Adds a short line to the text that names the story's other sources, and one with the articles on the same event. In
    /// this language, or else the story's own; in English where neither is known to us.
    pub fn say_who_else(&mut self, language: Option<&str>) {
        let known = |tag: &str| {
            let primary = tag.split('-').next().unwrap_or(tag);
            PHRASES.iter().find(|(language, ..)| *language == primary)
        };
        let phrases = language.and_then(known).or_else(|| self.language.as_deref().and_then(known));
        let (_, also_at, same_event) = phrases.unwrap_or(&("en", "Also at", "On the same event"));
        let lines = [line(also_at, &self.related), line(same_event, &self.same_event)].concat();
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

fn line(phrase: &str, others: &[Related]) -> String {
    let mut line = String::new();
    for other in others.iter().take(MOST_NAMED) {
        line.push_str(if line.is_empty() { ": " } else { ", " });
        // Writing to a String cannot fail.
        let _ = write!(line, "<a href=\"{}\">{}</a>", escape(&other.link), escape(&other.title));
    }
    if line.is_empty() { line } else { format!("<p>{phrase}{line}</p>") }
}
