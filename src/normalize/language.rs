//! Which language an entry is in (ATOM-12).

use super::language_tag::language_tag;
use crate::{
    language::{primary_subtag, recognise},
    model::{Language, LanguageOrigin},
};

/// What is said about an entry's language, and by whom.
pub(super) struct Declarations<'a> {
    pub(super) entry: Option<&'a str>,
    /// The admin's word for the source.
    pub(super) configured: Option<&'a str>,
    pub(super) feed: Option<&'a str>,
}

/// The entry's own declaration, else the admin's, else the feed's, else what the text looks like, else nothing.
///
/// The admin goes before the feed because publishing software declares the language it was installed in.
pub(super) fn decide(
    declared: &Declarations<'_>,
    text: impl FnOnce() -> String,
    candidates: &[String],
) -> Option<Language> {
    let said = |written: Option<&str>, origin| written.and_then(language_tag).map(|tag| Language { tag, origin });
    said(declared.entry, LanguageOrigin::Entry)
        .or_else(|| said(declared.configured, LanguageOrigin::Configured))
        .or_else(|| said(declared.feed, LanguageOrigin::Feed))
        .or_else(|| {
            let tag = detect_language(&text(), candidates)?;
            Some(Language { tag: tag.to_owned(), origin: LanguageOrigin::Detected })
        })
}

/// The language a text is written in, as a two-letter code, if the text is long enough to tell.
///
/// `candidates` are the languages that may be meant, as BCP 47 tags; a text that looks like another is undecided. No
/// candidates: any that can be told apart.
pub fn detect_language(text: &str, candidates: &[String]) -> Option<&'static str> {
    let language = recognise(text, candidates).language?;
    let is_candidate = candidates.iter().any(|tag| primary_subtag(tag) == language);
    (candidates.is_empty() || is_candidate).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str = "Le gouvernement présente son projet de loi sur les retraites devant l'Assemblée nationale";

    fn candidates() -> Vec<String> {
        ["fr", "de-DE", "en"].map(String::from).to_vec()
    }

    #[test]
    fn whose_word_counts() {
        use LanguageOrigin::{Configured, Detected, Entry, Feed};
        for (what, entry, configured, feed, text, expected) in [
            ("the entry's own first", Some("de_AT"), Some("it"), Some("en"), FRENCH, Some(("de-AT", Entry))),
            ("then the admin's", None, Some("it"), Some("en"), FRENCH, Some(("it", Configured))),
            ("then the feed's", None, None, Some("en-us"), FRENCH, Some(("en-US", Feed))),
            ("nonsense counts as silence", Some("xx"), Some(""), Some("klingonese"), FRENCH, Some(("fr", Detected))),
            ("then the text", None, None, None, FRENCH, Some(("fr", Detected))),
            ("none is invented", None, None, None, "Paris 2024", None),
        ] {
            let language = decide(&Declarations { entry, configured, feed }, || text.into(), &candidates());
            assert_eq!(language.as_ref().map(|l| (l.tag.as_str(), l.origin)), expected, "{what}");
        }
    }

    #[test]
    fn detection_needs_words_and_keeps_to_the_candidates() {
        for (what, text, expected) in [
            ("German", "Die Bundesregierung hat am Mittwoch ein neues Gesetz beschlossen", Some("de")),
            ("English", "The government has announced a new law on Wednesday after months of debate", Some("en")),
            ("no candidate", "El gobierno anunció el miércoles una nueva ley después de meses de debate", None),
            ("three words", "gouvernement projet loi", None),
            ("numbers are no words", "12 345 6,7 89 2026 11", None),
            ("nothing", "", None),
        ] {
            assert_eq!(detect_language(text, &candidates()), expected, "{what}");
        }
        assert_eq!(detect_language("東京で新しい法律が発表されました", &[]), Some("ja"));
    }
}
