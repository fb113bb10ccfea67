//! Languages by their short names, and by those the recognisers use.

use whatlang::Lang;

/// The lower-case primary subtag of a BCP 47 tag; both written forms of Norwegian are `no`.
pub fn primary_subtag(tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim().to_ascii_lowercase();
    if matches!(primary.as_str(), "nb" | "nn") { "no".to_owned() } else { primary }
}

/// What ISO 639-3 and BCP 47 call the languages that can be recognised.
const NAMES: &[(&str, &str)] = &[
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "no"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

/// The primary subtag of a language that a recogniser named by its three letters.
pub(super) fn subtag_of(three_letters: &str) -> Option<&'static str> {
    NAMES.iter().find(|(name, _)| *name == three_letters).map(|(_, subtag)| *subtag)
}

/// The language as the careful recogniser knows it, by its primary subtag.
pub(super) fn lang_of(subtag: &str) -> Option<Lang> {
    NAMES.iter().find(|(_, name)| *name == subtag).and_then(|(code, _)| Lang::from_code(*code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_language_that_can_be_recognised() {
        for language in Lang::all() {
            let subtag = subtag_of(language.code()).unwrap_or_else(|| panic!("{language} has a name"));
            assert_eq!(lang_of(subtag), Some(*language), "{subtag}");
        }
        for language in whichlang::LANGUAGES {
            assert!(subtag_of(language.three_letter_code()).is_some(), "{}", language.three_letter_code());
        }
    }

    #[test]
    fn knows_a_tag_by_its_first_part() {
        for (tag, expected) in [("fr", "fr"), ("pt-BR", "pt"), ("EN_us", "en"), ("nb-NO", "no"), ("nn", "no"), ("", "")]
        {
            assert_eq!(primary_subtag(tag), expected, "{tag}");
        }
    }
}
