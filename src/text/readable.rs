//! An entry as it is read: title, text, categories, language.

use serde::Deserialize;

use super::{
    blocks::{Block, blocks_of_html, blocks_of_plain_text},
    boilerplate::Boilerplate,
    cut::{Cut, cut, cut_repeated},
    fold::{fold, tidy},
    language::{LanguageReason, settle_language},
    outline::{EntryOutline, prints},
};
use crate::{
    language::primary_subtag,
    model::{Entry, Language, LanguageOrigin},
};

/// A story's text without markup, as a line of JSON brings it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ReadableText {
    pub title: String,
    /// Paragraphs are separated by line breaks.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub categories: Vec<String>,
    /// The declared language, a BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
}

/// As much of the text as its language is recognised from, in bytes.
const SAMPLE_BYTES: usize = 1_500;

/// What of an entry counts as its text, and in which language it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadableEntry {
    /// Plain text, NFC, white space collapsed; may be empty.
    pub title: String,
    /// The story's text, block by block.
    pub blocks: Vec<Block>,
    /// The publisher's categories as people read them, each once.
    pub categories: Vec<String>,
    /// `None` when nothing is declared and the text does not tell.
    pub language: Option<Language>,
    /// The language the entry or its feed declares, when the text refuted it.
    pub refuted_language: Option<Language>,
    /// Why it is that language.
    pub language_reason: LanguageReason,
    /// What was left out of `blocks`: by the rules for lines, then by what was learnt of the source, each in order.
    pub cuts: Vec<Cut>,
    /// What is to be kept so that the source's boilerplate can be learnt. It does not depend on what was learnt before.
    pub outline: EntryOutline,
}

impl ReadableEntry {
    /// Reads an entry: its content if that says more than the summary, else the summary. `languages` are the configured
    /// primary subtags.
    pub fn from_entry(entry: &Entry, languages: &[String]) -> Self {
        Self::from_entry_of(entry, languages, &Boilerplate::default())
    }

    /// The same, without what was learnt to be the source's furniture.
    pub fn from_entry_of(entry: &Entry, languages: &[String], boilerplate: &Boilerplate) -> Self {
        let summary = entry.summary.as_deref().map(blocks_of_html).unwrap_or_default();
        let content = entry.content.as_deref().map(blocks_of_html).unwrap_or_default();
        let length = |blocks: &[Block]| blocks.iter().map(|block| block.text.len()).sum::<usize>();
        let blocks = if length(&content) >= length(&summary) { content } else { summary };
        let categories =
            entry.categories.iter().map(|category| category.label.as_ref().unwrap_or(&category.term).as_str());
        let mut read = Self::new(&entry.title, blocks, categories, entry.language.as_ref(), languages, boilerplate);
        read.outline = read.outline.of_entry(entry);
        read
    }

    /// Reads plain text. `languages` are the configured primary subtags.
    pub fn from_text(text: &ReadableText, languages: &[String]) -> Self {
        let declared = text.language.as_deref().map(str::trim).filter(|tag| !tag.is_empty());
        let declared = declared.map(|tag| Language { tag: tag.to_owned(), origin: LanguageOrigin::Entry });
        let categories = text.categories.iter().map(String::as_str);
        let blocks = blocks_of_plain_text(&text.text);
        Self::new(&text.title, blocks, categories, declared.as_ref(), languages, &Boilerplate::default())
    }

    fn new<'a>(
        title: &str,
        blocks: Vec<Block>,
        categories: impl Iterator<Item = &'a str>,
        declared: Option<&Language>,
        languages: &[String],
        boilerplate: &Boilerplate,
    ) -> Self {
        let title = tidy(title);
        let (mut blocks, mut cuts) = cut(&title, blocks);
        let prints = prints(&blocks);
        let outline = EntryOutline::new(&title, &prints);
        let marks = boilerplate.marks(&prints);
        if !marks.is_empty() {
            blocks = cut_repeated(blocks, &marks, &mut cuts);
        }
        let mut sample = title.clone();
        for block in &blocks {
            if sample.len() > SAMPLE_BYTES {
                break;
            }
            sample.push('\n');
            sample.push_str(&block.text);
        }
        let settled = settle_language(&sample, declared, languages);
        Self {
            title,
            blocks,
            categories: distinct(categories),
            refuted_language: settled.refuted().cloned(),
            language: settled.language,
            language_reason: settled.reason,
            cuts,
            outline,
        }
    }

    /// The primary subtag of the language.
    pub fn primary_language(&self) -> Option<String> {
        self.language.as_ref().map(|language| primary_subtag(&language.tag))
    }
}

fn distinct<'a>(categories: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = Vec::new();
    let mut distinct = Vec::new();
    for category in categories.map(tidy).filter(|category| !category.is_empty()) {
        let folded = fold(&category.to_lowercase()).into_owned();
        if !seen.contains(&folded) {
            seen.push(folded);
            distinct.push(category);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Category;

    fn languages() -> Vec<String> {
        ["en", "fr"].map(String::from).to_vec()
    }

    #[test]
    fn reads_the_longer_of_content_and_summary() {
        for (what, summary, content, expected) in [
            ("content", Some("<p>Short</p>"), Some("<p>Rather longer</p><p>text</p>"), &["Rather longer", "text"][..]),
            (
                "a summary that says more",
                Some("<p>All there is to say</p>"),
                Some("<p>Image</p>"),
                &["All there is to say"],
            ),
            (
                "markup does not make it longer",
                Some("Five words are in here"),
                Some(r#"<a href="https://a.example/b?c=d">x</a>"#),
                &["Five words are in here"],
            ),
            ("no content", Some("Text"), None, &["Text"]),
            ("no summary", None, Some("Text"), &["Text"]),
            ("neither", None, None, &[]),
        ] {
            let entry =
                Entry { summary: summary.map(String::from), content: content.map(String::from), ..Entry::default() };
            let read = ReadableEntry::from_entry(&entry, &languages());
            let texts: Vec<_> = read.blocks.iter().map(|block| block.text.as_str()).collect();
            assert_eq!(texts, expected, "{what}");
        }
    }

    #[test]
    fn reads_each_category_once_by_its_label() {
        let category = |term: &str, label: Option<&str>| Category {
            term: term.into(),
            scheme: None,
            label: label.map(String::from),
        };
        let categories = vec![category("12", Some("Télécoms")), category("telecoms", None), category("AI", None)];
        let read = ReadableEntry::from_entry(&Entry { categories, ..Entry::default() }, &languages());
        assert_eq!(read.categories, ["Télécoms", "AI"]);
    }

    #[test]
    fn remembers_the_language_the_text_refuted() {
        let text =
            "Les opérateurs doivent construire des centres de données pour que l'écosystème soit plus fort, selon lui";
        let plain = ReadableText { text: text.into(), language: Some("en".into()), ..ReadableText::default() };
        let read = ReadableEntry::from_text(&plain, &languages());
        assert_eq!(read.primary_language().as_deref(), Some("fr"));
        assert_eq!(read.refuted_language.map(|language| language.tag).as_deref(), Some("en"));
    }
}
