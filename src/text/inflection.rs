//! Whether two words of one stem are forms of one word.
//!
//! Snowball brings "parlamento" and "parlerò", "attaccante" and "attacco", "celebrity" and "celebrated" to one stem. A form
//! of a word differs from another only in a short ending; a longer difference is another word made from the same root.

/// The languages whose endings we have measured. In the others (Finnish, Hungarian, Turkish, Russian) endings are long, and
/// the stem alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endings {
    English,
    French,
    German,
    /// Spanish and Italian.
    Short,
    Any,
}

impl Endings {
    pub fn of(primary: &str) -> Self {
        match primary {
            "en" => Self::English,
            "fr" => Self::French,
            "de" => Self::German,
            "es" | "it" => Self::Short,
            _ => Self::Any,
        }
    }

    /// Whether `word` can be a form of `term`, both folded and of one stem. `lone` says that the term is this one word, and so
    /// a noun or a name rather than an adjective.
    pub fn fit(self, term: &str, word: &str, lone: bool) -> bool {
        if self == Self::Any || term == word {
            return true;
        }
        let common =
            term.chars().zip(word.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
        let (beginning, [of_term, of_word]) = (&term[..common], [&term[common..], &word[common..]]);
        let short = |ending: &str| ending.chars().count() <= 2 || self.is_long_ending(beginning, ending);
        short(of_term) && short(of_word) && !(lone && self.is_verb_of_noun(term, word))
    }

    /// The regular endings of more than two letters.
    fn is_long_ending(self, beginning: &str, ending: &str) -> bool {
        let doubled = |endings: &[&str]| {
            let mut letters = ending.chars();
            letters.next() == beginning.chars().next_back() && endings.contains(&letters.as_str())
        };
        match self {
            // vote, voting; party, parties; plan, planning.
            Self::English => matches!(ending, "ing" | "ies" | "ied") || doubled(&["ing", "ed"]),
            // européen, européennes.
            Self::French => doubled(&["es"]),
            Self::German | Self::Short | Self::Any => false,
        }
    }

    /// A noun made from a verb has forms of its own. In German, "Treffer", "Sender" and "Spieler" take -s and -n, never the
    /// -e and -en of "treffen"; in English, "boxing" and "lending" take -s, and are not "boxes" or "lends".
    fn is_verb_of_noun(self, term: &str, word: &str) -> bool {
        match self {
            Self::German => term.ends_with("er") && ["e", "en", "em"].iter().any(|ending| word.ends_with(ending)),
            Self::English => term.ends_with("ing") && !["ing", "ings"].iter().any(|ending| word.ends_with(ending)),
            Self::French | Self::Short | Self::Any => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::text::WordForm;

    #[test]
    fn tells_forms_of_a_word_from_other_words_of_its_stem() {
        for (language, term, word, expected) in [
            ("en", "election", "Elections", true),
            ("en", "party", "parties", true),
            ("en", "vote", "voting", true),
            ("en", "plan", "planning", true),
            ("en", "celebrity", "celebrated", false),
            ("en", "boxing", "boxes", false),
            ("en", "building", "buildings", true),
            ("en", "cloud", "crowd", false),
            ("fr", "européen", "européennes", true),
            ("fr", "télécoms", "TÉLÉCOM", true),
            ("it", "parlamento", "parlerò", false),
            ("it", "attaccante", "attacco", false),
            ("it", "attaccante", "attaccanti", true),
            ("es", "futbolista", "futbolistas", true),
            ("de", "Treffer", "treffen", false),
            ("de", "Treffer", "Treffern", true),
            ("de", "Trainer", "Trainers", true),
            ("de", "Häuser", "Haus", true),
            ("fi", "talo", "talossa", true),
        ] {
            let form = WordForm::of(language);
            assert_eq!(form.is_form_of(term, word, true), expected, "{language}: {word} of {term}");
        }
        assert!(WordForm::of("de").is_form_of("künstlicher", "künstlichen", false), "an adjective in a phrase");
    }
}
