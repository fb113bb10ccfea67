//! In which language a text is: what is declared, checked against the text itself.

use super::{fold::push_lower_folded, stop_words, words::words};
use crate::{
    model::{Language, LanguageOrigin},
    normalize,
};

/// Texts shorter than this say too little.
const FEWEST_WORDS: usize = 4;
/// So much of a text is looked at.
pub(super) const SAMPLE_BYTES: usize = 1_500;
/// So many of another language's stop words, and so many times those of the declared one, refute a declaration. Publishers
/// leave their software's default ("en-US") in place, so a declaration is no proof; a quotation or a name must not refute it.
const REFUTING_HITS: usize = 5;
const REFUTING_RATIO: usize = 2;

/// The language of `text`, or `None` when neither a declaration nor the text tells. `configured` are the primary subtags to
/// choose among when nothing is declared.
///
/// A declared language stands unless the text clearly is in another configured one; what the admin configured always stands.
pub fn language_of(text: &str, declared: Option<&Language>, configured: &[String]) -> Option<Language> {
    if let Some(declared) = declared.filter(|declared| declared.origin == LanguageOrigin::Configured) {
        return Some(declared.clone());
    }
    let detected = |tag: &str| Language { tag: tag.to_owned(), origin: LanguageOrigin::Detected };
    let sample = beginning(text);
    if words(sample).take(FEWEST_WORDS).count() < FEWEST_WORDS {
        return declared.cloned();
    }
    let recognised = normalize::recognised(sample);
    match declared {
        Some(declared) if primary_subtag(&declared.tag) == recognised => Some(declared.clone()),
        Some(declared) => match Evidence::of(sample, recognised).refutes(declared, configured) {
            Some(other) => Some(detected(other)),
            None => Some(declared.clone()),
        },
        None if configured.iter().any(|name| name == recognised) => Some(detected(recognised)),
        None => Evidence::of(sample, recognised).settled(configured).map(detected),
    }
}

fn beginning(text: &str) -> &str {
    let end = (0..=SAMPLE_BYTES.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}

/// The lower-case primary subtag of a BCP 47 tag; both written forms of Norwegian are `no`.
pub fn primary_subtag(tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim().to_ascii_lowercase();
    if matches!(primary.as_str(), "nb" | "nn") { "no".to_owned() } else { primary }
}

/// What the text itself says.
struct Evidence {
    recognised: &'static str,
    /// Stop words of each language in the text.
    hits: Vec<(&'static str, usize)>,
}

impl Evidence {
    fn of(sample: &str, recognised: &'static str) -> Self {
        let mut hits: Vec<_> = stop_words::languages().map(|language| (language, 0)).collect();
        let mut folded = String::new();
        for word in words(sample) {
            folded.clear();
            push_lower_folded(&word.text, &mut folded);
            let languages = stop_words::languages_of(&folded);
            for (position, (_, hits)) in hits.iter_mut().enumerate() {
                *hits += usize::from(languages & (1 << position) != 0);
            }
        }
        Self { recognised, hits }
    }

    fn hits(&self, language: &str) -> Option<usize> {
        self.hits.iter().find(|(name, _)| *name == language).map(|(_, hits)| *hits)
    }

    /// The language with more stop words in the text than any other.
    fn most_hits(&self) -> Option<&'static str> {
        let most = self.hits.iter().map(|(_, hits)| *hits).max().filter(|&hits| hits > 0)?;
        let mut best = self.hits.iter().filter(|(_, hits)| *hits == most);
        match (best.next(), best.next()) {
            (Some((language, _)), None) => Some(language),
            _ => None,
        }
    }

    /// The recogniser knows sixteen languages and cannot be told to leave some out. Where it names one that is not
    /// configured, the stop words decide whether it is right or has been misled by names.
    fn settled(&self, configured: &[String]) -> Option<&'static str> {
        let is_configured = |language: &str| configured.iter().any(|name| name == language);
        match self.most_hits() {
            Some(language) if is_configured(language) || language == self.recognised => Some(language),
            None if self.hits(self.recognised).is_none() => Some(self.recognised),
            _ => None,
        }
    }

    fn refutes(&self, declared: &Language, configured: &[String]) -> Option<&'static str> {
        let declared = primary_subtag(&declared.tag);
        // A language whose stop words we do not know (Catalan, Galician) cannot be told from its neighbours.
        let declared_hits = self.hits(&declared)?;
        let other = self.most_hits().filter(|&language| language == self.recognised && language != declared)?;
        let clear = self.hits(other)? >= REFUTING_HITS.max(REFUTING_RATIO * declared_hits);
        (clear && configured.iter().any(|name| name == other)).then_some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_the_language() {
        let french =
            "Les opérateurs doivent construire des centres de données pour que l'écosystème soit plus fort, selon lui";
        let portuguese =
            "O governo disse que não vai mudar a lei, mas os partidos querem uma nova votação para o fim do ano";
        let catalan =
            "El govern diu que no canviarà la llei i que els partits volen una nova votació per a la fi de l'any";
        for (what, text, declared, expected) in [
            ("declared and true", french, Some("fr"), Some("fr")),
            ("declared with a region", french, Some("fr-CA"), Some("fr-CA")),
            ("a wrong declaration", french, Some("en-US"), Some("fr")),
            ("nothing declared", french, None, Some("fr")),
            ("three words say too little", "Macron in Berlin", None, None),
            ("three words do not refute", "Les télécoms européens", Some("en"), Some("en")),
            (
                "a title with names does not refute",
                "Meghan Markle et Harry: Netflix, the end of the deal",
                Some("fr"),
                Some("fr"),
            ),
            ("a language nobody configured", portuguese, None, Some("pt")),
            ("a declared language nobody configured", portuguese, Some("pt"), Some("pt")),
            ("a language we cannot judge", catalan, Some("ca"), Some("ca")),
        ] {
            let configured = ["en", "fr", "de", "es", "it"].map(String::from);
            let declared = declared.map(|tag| Language { tag: tag.to_owned(), origin: LanguageOrigin::Feed });
            let language = language_of(text, declared.as_ref(), &configured);
            assert_eq!(language.as_ref().map(|language| language.tag.as_str()), expected, "{what}");
        }
    }

    #[test]
    fn what_the_admin_configured_stands() {
        let french =
            "Les opérateurs doivent construire des centres de données pour que l'écosystème soit plus fort, selon lui";
        let configured = Language { tag: "en".to_owned(), origin: LanguageOrigin::Configured };
        assert_eq!(language_of(french, Some(&configured), &["en".into(), "fr".into()]), Some(configured));
    }
}
