//! A term of a topic, in its typed form.

use super::{parser, pattern::Pattern, settings::TaggingSettings};
use crate::text::{WordForm, is_stop_word};

/// A term that cannot be used, told so that the admin can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TermError {
    /// Byte offset into the term.
    pub offset: usize,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl TermError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A term of a topic, parsed and checked: what it looks for, and what a hit is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub(super) written: Box<str>,
    /// More than 0; 1 unless written.
    pub(super) weight: f64,
    pub(super) expression: Expression,
}

impl Term {
    /// Parses one term, as written, for the list it stands in (`any` or a primary subtag).
    ///
    /// Besides what the grammar refuses, a term must not consist of stop words alone, in the list's language or, for `any`,
    /// in one of `languages`: Italian "ai", German "die" and English "it" would hit every text.
    ///
    /// # Errors
    /// What is wrong, at which byte of the term, and what to write instead.
    pub fn parse(written: &str, list: &str, languages: &[String]) -> Result<Self, TermError> {
        let parsed = parser::parse(written)?;
        check(&parsed.expression, list, languages)?;
        let weight = parsed.weight.map_or(1.0, |(_, weight)| weight);
        Ok(Self { written: written.into(), weight, expression: parsed.expression })
    }

    /// As [`Term::parse`], for terms whose hits are not counted in points; `what` names them.
    ///
    /// # Errors
    /// As [`Term::parse`], and a weight.
    pub fn parse_unweighted(written: &str, list: &str, languages: &[String], what: &str) -> Result<Self, TermError> {
        let parsed = parser::parse(written)?;
        if let Some((caret, _)) = parsed.weight {
            let error = TermError::new(caret, format!("{what} brings no points, so it has no weight"));
            return Err(error.hint("leave out ^ and the number"));
        }
        check(&parsed.expression, list, languages)?;
        Ok(Self { written: written.into(), weight: 1.0, expression: parsed.expression })
    }

    /// As the admin wrote it.
    pub fn written(&self) -> &str {
        &self.written
    }

    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// It is a regular expression, which costs something in every text.
    pub fn is_pattern(&self) -> bool {
        matches!(self.expression, Expression::Pattern(_))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Phrase(Operand),
    /// Both, in either order, at most `distance` words apart (1 = side by side).
    Near {
        left: Operand,
        right: Operand,
        distance: u32,
    },
    Pattern(Pattern),
}

impl Expression {
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        match self {
            Self::Phrase(operand) => [Some(operand), None],
            Self::Near { left, right, .. } => [Some(left), Some(right)],
            Self::Pattern(_) => [None, None],
        }
        .into_iter()
        .flatten()
    }
}

/// Any of these phrases: alternatives in parentheses, written out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    /// Never empty.
    pub phrases: Vec<Vec<TermWord>>,
}

/// One word of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TermWord {
    pub matching: Matching,
    /// As written, without `=` and `*`.
    pub text: String,
    /// Byte offset into the term.
    pub offset: usize,
    /// It is a stop word of some language: texts are full of it.
    pub common: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Matching {
    /// The word in any of its forms.
    Stem,
    /// `=`: this form, in this case, with these diacritics.
    Exact,
    /// `x*`: words that begin so, case and diacritics aside.
    Prefix,
    /// `*x`: words that end so, case and diacritics aside.
    Suffix,
    /// `*x*`: words that have it anywhere, case and diacritics aside.
    Inside,
}

/// A wildcard must leave so many letters, or it hits half the dictionary; within a phrase the other words narrow it down.
const SHORTEST_LONE_WILDCARD: usize = 3;
const SHORTEST_WILDCARD: usize = 2;
/// With a wildcard on both sides it takes one more.
const SHORTEST_INSIDE: usize = 4;

/// What the grammar allows and no text can bear.
fn check(expression: &Expression, list: &str, languages: &[String]) -> Result<(), TermError> {
    let own = [list.to_owned()];
    let judged = if list == TaggingSettings::ANY { languages } else { &own };
    for phrase in expression.operands().flat_map(|operand| &operand.phrases) {
        check_wildcards(phrase)?;
        check_stop_words(phrase, judged)?;
    }
    Ok(())
}

fn check_wildcards(phrase: &[TermWord]) -> Result<(), TermError> {
    for word in phrase {
        let shortest = match word.matching {
            Matching::Stem | Matching::Exact => continue,
            Matching::Inside if phrase.len() == 1 => SHORTEST_INSIDE,
            Matching::Prefix | Matching::Suffix if phrase.len() == 1 => SHORTEST_LONE_WILDCARD,
            Matching::Prefix | Matching::Suffix => SHORTEST_WILDCARD,
            Matching::Inside => SHORTEST_LONE_WILDCARD,
        };
        if word.text.chars().count() < shortest {
            let message = format!("the wildcard leaves only {:?}, which stands in too many words", word.text);
            return Err(TermError::new(word.offset, message).hint(format!("write at least {shortest} letters")));
        }
    }
    Ok(())
}

fn check_stop_words(phrase: &[TermWord], languages: &[String]) -> Result<(), TermError> {
    if phrase.iter().any(|word| word.matching != Matching::Stem) {
        return Ok(());
    }
    let form = WordForm::unstemmed();
    let of = |language: &String| phrase.iter().all(|word| is_stop_word(language, &form.folded(&word.text)));
    let (Some(language), Some(first)) = (languages.iter().find(|language| of(language)), phrase.first()) else {
        return Ok(());
    };
    let written: Vec<_> = phrase.iter().map(|word| word.text.as_str()).collect();
    let written = written.join(" ");
    let message = match phrase.len() {
        1 => format!("{written:?} is a stop word of language {language:?}: it would hit nearly every text"),
        _ => format!("{written:?} are only stop words of language {language:?}: they would hit nearly every text"),
    };
    Err(TermError::new(first.offset, message)
        .hint(format!("write ={} to match this case only, or add a word", written.to_uppercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages() -> Vec<String> {
        ["en", "fr", "de", "es", "it"].map(String::from).to_vec()
    }

    #[test]
    fn refuses_what_would_hit_every_text() {
        for (list, term, offset, complaint) in [
            ("any", "ai", 0, r#""ai" is a stop word of language "fr""#),
            ("it", "ai^2", 0, r#""ai" is a stop word of language "it""#),
            ("de", "die", 0, r#""die" is a stop word of language "de""#),
            ("any", "war", 0, r#""war" is a stop word of language "de""#),
            ("en", "IT", 0, r#""IT" is a stop word of language "en""#),
            ("en", "the who", 0, r#""the who" are only stop words of language "en""#),
            ("en", "cloud NEAR/5 it", 13, r#""it" is a stop word"#),
            ("en", "(cloud|us)", 7, r#""us" is a stop word"#),
            ("en", "ai*", 0, r#"the wildcard leaves only "ai""#),
            ("en", "cloud a*", 6, r#"the wildcard leaves only "a""#),
            ("en", "*art*", 1, r#"the wildcard leaves only "art""#),
            ("en", "cloud *ar*", 7, r#"the wildcard leaves only "ar""#),
            ("en", "/a|GPT/", 1, r#"the regular expression hits "a""#),
        ] {
            let error = Term::parse(term, list, &languages()).expect_err(term);
            assert!(error.message.starts_with(complaint), "{term}: {error}");
            assert_eq!(error.offset, offset, "{term}");
            assert!(error.hint.is_some(), "{term}");
        }
    }

    #[test]
    fn accepts_what_says_something() {
        for (list, term) in [
            ("any", "=AI^1.5"),
            ("it", "=AI"),
            ("en", "ai"),
            ("fr", "die"),
            ("en", "the queen^0.6"),
            ("en", "=WHO"),
            ("en", "no 10^1.5"),
            ("fr", "can 20*"),
            ("any", "C++"),
            ("any", "5G"),
            ("any", "*netz*"),
            ("en", "cloud *art*"),
            ("any", r"/\bGPT-\d/^2"),
        ] {
            assert_eq!(Term::parse(term, list, &languages()).err(), None, "{term}");
        }
    }

    #[test]
    fn a_term_that_brings_no_points_has_no_weight() {
        let error = Term::parse_unweighted("vent de mistral^2", "fr", &languages(), "a shield").expect_err("refused");
        assert_eq!((error.offset, error.message.as_str()), (15, "a shield brings no points, so it has no weight"));
        assert!(Term::parse_unweighted("vent de mistral", "fr", &languages(), "a shield").is_ok());
    }
}
