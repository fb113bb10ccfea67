//! In which language a text is, and why: what is declared, checked against the text itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    language::{LanguageScore, Recognition, is_recognisable, primary_subtag, recognise},
    model::{Language, LanguageOrigin},
};

/// So many stop words that the other language has and the declared one has not, and so many times the reverse, refute a
/// declaration. Publishers leave their software's default ("en-US") in place, so a declaration is no proof; a quotation or a
/// name must not refute it.
const REFUTING_WORDS: usize = 5;
const REFUTING_RATIO: usize = 2;

/// Why a text is taken to be in its language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageReason {
    pub verdict: LanguageVerdict,
    /// What was declared, if anything.
    pub declared: Option<Language>,
    /// The languages that were weighed, best first; empty if the text was too short or did not matter.
    pub scores: Vec<LanguageScore>,
    /// How many words of the text were looked at.
    pub words: usize,
}

/// How a declaration and the text fit together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageVerdict {
    /// The admin configured it for the source; the text was not asked.
    Configured,
    /// The text agrees with what is declared.
    Confirmed,
    /// The text does not contradict what is declared, or not clearly enough.
    NotRefuted,
    /// The text is clearly in another language than the declared one.
    Refuted,
    /// Nothing is declared; the text tells.
    Recognised,
    /// Nothing is declared, and the text does not tell.
    #[default]
    Unknown,
}

/// A text's language and how it was settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettledLanguage {
    /// `None` when neither a declaration nor the text tells.
    pub language: Option<Language>,
    pub reason: LanguageReason,
}

impl SettledLanguage {
    /// The declared language, if the text refuted it.
    pub fn refuted(&self) -> Option<&Language> {
        self.reason.refuted()
    }
}

impl LanguageReason {
    /// The declared language, if the text refuted it.
    pub fn refuted(&self) -> Option<&Language> {
        self.declared.as_ref().filter(|_| self.verdict == LanguageVerdict::Refuted)
    }
}

/// The language of `text`. `configured` are the languages to choose among when the declaration is missing or wrong.
///
/// A declared language stands unless the text clearly is in another one; what the admin configured always stands.
/// [`LanguageOrigin::Detected`] is no declaration.
pub fn settle_language(text: &str, declared: Option<&Language>, configured: &[String]) -> SettledLanguage {
    let declared = declared.filter(|declared| declared.origin != LanguageOrigin::Detected);
    let settled = |verdict, language: Option<Language>, found: Recognition| SettledLanguage {
        language,
        reason: LanguageReason { verdict, declared: declared.cloned(), scores: found.scores, words: found.words },
    };
    let Some(said) = declared else {
        let found = recognise(text, configured);
        let verdict = if found.language.is_some() { LanguageVerdict::Recognised } else { LanguageVerdict::Unknown };
        return settled(verdict, found.language.map(detected), found);
    };
    if said.origin == LanguageOrigin::Configured {
        return settled(LanguageVerdict::Configured, declared.cloned(), Recognition::default());
    }
    let primary = primary_subtag(&said.tag);
    let mut candidates = configured.to_vec();
    if !candidates.iter().any(|tag| primary_subtag(tag) == primary) {
        candidates.push(primary.clone());
    }
    let found = recognise(text, &candidates);
    match found.language {
        Some(language) if language == primary => settled(LanguageVerdict::Confirmed, declared.cloned(), found),
        Some(language) if refutes(&found, language, &primary) => {
            settled(LanguageVerdict::Refuted, Some(detected(language)), found)
        }
        _ => settled(LanguageVerdict::NotRefuted, declared.cloned(), found),
    }
}

fn detected(tag: &str) -> Language {
    Language { tag: tag.to_owned(), origin: LanguageOrigin::Detected }
}

/// Whether the text is so clearly in `other` that the declaration must be wrong.
fn refutes(found: &Recognition, other: &str, declared: &str) -> bool {
    if found.by_letters {
        return true;
    }
    // What can be told from its neighbours by nobody (Galician, Corsican) is taken on trust.
    let for_the_other = found.only_of(other, declared);
    is_recognisable(declared) && for_the_other >= REFUTING_WORDS.max(REFUTING_RATIO * found.only_of(declared, other))
}

impl fmt::Display for LanguageReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared = match &self.declared {
            Some(Language { tag, origin }) => match origin {
                LanguageOrigin::Entry => format!("declared by the entry as {tag}"),
                LanguageOrigin::Feed => format!("declared by the feed as {tag}"),
                LanguageOrigin::Configured => format!("configured for the source as {tag}"),
                LanguageOrigin::Detected => format!("recognised earlier as {tag}"),
            },
            None => "nothing is declared".to_owned(),
        };
        f.write_str(&declared)?;
        f.write_str(match self.verdict {
            LanguageVerdict::Configured => return Ok(()),
            LanguageVerdict::Confirmed => ", and the text agrees",
            LanguageVerdict::NotRefuted if self.scores.is_empty() => ", and the text is too short to tell",
            LanguageVerdict::NotRefuted => ", and the text does not clearly say otherwise",
            LanguageVerdict::Refuted => ", but the text is in another language",
            LanguageVerdict::Recognised => ", and the text tells",
            LanguageVerdict::Unknown => ", and the text does not tell",
        })?;
        if self.scores.is_empty() {
            return Ok(());
        }
        write!(f, " (of {} words", self.words)?;
        for LanguageScore { language, score, stop_words } in &self.scores {
            write!(f, "; {language}: {stop_words} stop words, {}.{:03} points", score / 1_000, score % 1_000)?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str =
        "Les opérateurs doivent construire des centres de données pour que l'écosystème soit plus fort, selon lui";

    fn settle(text: &str, declared: Option<&str>, origin: LanguageOrigin) -> SettledLanguage {
        let configured = ["en", "fr", "de", "es", "it"].map(String::from);
        let declared = declared.map(|tag| Language { tag: tag.to_owned(), origin });
        settle_language(text, declared.as_ref(), &configured)
    }

    #[test]
    fn settles_the_language() {
        use LanguageVerdict::*;
        let portuguese =
            "O governo disse que não vai mudar a lei, mas os partidos querem uma nova votação para o fim do ano";
        let catalan =
            "El govern diu que no canviarà la llei i que els partits volen una nova votació per a la fi de l'any";
        let galician =
            "O goberno dixo que non vai cambiar a lei e que os partidos queren unha nova votación para o fin de ano";
        for (what, text, declared, expected, verdict) in [
            ("declared and true", FRENCH, Some("fr"), Some("fr"), Confirmed),
            ("declared with a region", FRENCH, Some("fr-CA"), Some("fr-CA"), Confirmed),
            ("a wrong declaration", FRENCH, Some("en-US"), Some("fr"), Refuted),
            ("a wrong declaration of a language nobody configured", FRENCH, Some("pl"), Some("fr"), Refuted),
            ("nothing declared", FRENCH, None, Some("fr"), Recognised),
            ("three words say too little", "Macron in Berlin", None, None, Unknown),
            ("three words do not refute", "Les télécoms européens", Some("en"), Some("en"), NotRefuted),
            (
                "a title with names does not refute",
                "Meghan Markle et Harry: Netflix, the end of the deal",
                Some("fr"),
                Some("fr"),
                NotRefuted,
            ),
            ("a language nobody configured", portuguese, None, Some("pt"), Recognised),
            ("a declared language nobody configured", portuguese, Some("pt"), Some("pt"), Confirmed),
            (
                "a wrong declaration, and the right language is not configured",
                portuguese,
                Some("en"),
                Some("pt"),
                Refuted,
            ),
            ("Catalan", catalan, Some("ca"), Some("ca"), Confirmed),
            ("a language nobody can tell from its neighbours", galician, Some("gl"), Some("gl"), NotRefuted),
            ("other letters", "政府は水曜日に新しい法案を発表した", Some("en-US"), Some("ja"), Refuted),
        ] {
            let settled = settle(text, declared, LanguageOrigin::Feed);
            let tag = settled.language.as_ref().map(|language| language.tag.as_str());
            assert_eq!((tag, settled.reason.verdict), (expected, verdict), "{what}: {}", settled.reason);
            assert_eq!(settled.refuted().is_some(), verdict == Refuted, "{what}");
        }
    }

    #[test]
    fn what_the_admin_configured_stands() {
        let settled = settle(FRENCH, Some("en"), LanguageOrigin::Configured);
        assert_eq!(settled.language.map(|language| language.tag).as_deref(), Some("en"));
        assert_eq!(settled.reason.to_string(), "configured for the source as en");
    }

    #[test]
    fn what_was_recognised_before_is_no_declaration() {
        let settled = settle(FRENCH, Some("en"), LanguageOrigin::Detected);
        assert_eq!(settled.reason.verdict, LanguageVerdict::Recognised);
    }

    #[test]
    fn the_reason_is_a_sentence() {
        assert_eq!(
            settle(FRENCH, Some("en-US"), LanguageOrigin::Feed).reason.to_string(),
            "declared by the feed as en-US, but the text is in another language (of 17 words; fr: 10 stop words, 2.265 points; \
             es: 3 stop words, 0.529 points; it: 2 stop words, 0.353 points)"
        );
        assert_eq!(
            settle("Les télécoms", Some("fr"), LanguageOrigin::Entry).reason.to_string(),
            "declared by the entry as fr, and the text is too short to tell"
        );
    }
}
