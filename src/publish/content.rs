//! How much of a story is shown: by what its publisher lets us, and by what a reader asks for.

use quick_xml::escape::partial_escape;

use super::EditionStory;
use crate::{model::ContentPolicy, normalize::to_text};

/// The most characters of text that a summary has before it counts as the whole text.
const LONGEST_SUMMARY: usize = 1_000;

/// The most characters of text that stand in for a summary.
const BEGINNING: usize = 280;

impl EditionStory {
    /// Takes away what is more than this.
    pub(super) fn show_no_more_than(&mut self, policy: ContentPolicy) {
        match policy {
            ContentPolicy::Full => {}
            ContentPolicy::Summary => {
                let (summary, content) = (self.summary.take(), self.content.take());
                let is_short = |html: &String| to_text(html).chars().count() <= LONGEST_SUMMARY;
                self.summary = match summary {
                    Some(summary) if is_short(&summary) => Some(summary),
                    summary => summary.or(content).as_deref().and_then(beginning),
                };
            }
            ContentPolicy::Title => {
                self.summary = None;
                self.content = None;
                self.enclosures.clear();
            }
        }
    }
}

/// How a text begins, as HTML of its own; `None` if it says nothing.
pub(super) fn beginning(html: &str) -> Option<String> {
    let text = to_text(html);
    if text.is_empty() {
        return None;
    }
    let short: String = text.chars().take(BEGINNING).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    Some(format!("{}{cut}", partial_escape(short.trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::tests::bare_story;

    #[test]
    fn no_more_is_shown_than_is_let() {
        let long = format!("<p>{}</p>", "word &amp; ".repeat(200));
        type Case<'a> = (&'a str, ContentPolicy, Option<&'a str>, Option<&'a str>, bool, bool);
        let cases: [Case<'_>; 7] = [
            ("all of it", ContentPolicy::Full, Some("<p>s</p>"), Some("<p>c</p>"), true, true),
            ("the summary", ContentPolicy::Summary, Some("<p>s</p>"), Some("<p>c</p>"), true, false),
            ("the beginning of a text alone", ContentPolicy::Summary, None, Some(&long), true, false),
            ("a whole text given out as a summary", ContentPolicy::Summary, Some(&long), None, true, false),
            (
                "a text that says nothing",
                ContentPolicy::Summary,
                None,
                Some("<img src=\"https://a.example/1.png\">"),
                false,
                false,
            ),
            ("nothing", ContentPolicy::Summary, None, None, false, false),
            ("the title", ContentPolicy::Title, Some("<p>s</p>"), Some("<p>c</p>"), false, false),
        ];
        for (what, policy, summary, content, has_summary, has_content) in cases {
            let mut story = bare_story();
            story.summary = summary.map(str::to_owned);
            story.content = content.map(str::to_owned);
            story.show_no_more_than(policy);
            assert_eq!((story.summary.is_some(), story.content.is_some()), (has_summary, has_content), "{what}");
            let text = story.summary.as_deref().map(to_text).unwrap_or_default();
            assert!(policy == ContentPolicy::Full || text.chars().count() <= BEGINNING + 1, "{what}: {text}");
            assert!(!text.contains("&amp;"), "{what}: {text}");
        }
    }
}
