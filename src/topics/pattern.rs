//! Regular expressions as terms: `/…/`, read in time that grows with the text alone.

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;

use super::term::TermError;

/// So many of them in all topics; each costs something in every text.
pub(super) const MOST_PATTERNS: usize = 100;

const LONGEST: usize = 500;
/// Compiled, in bytes. `\w{1,8}` takes about a tenth.
const LARGEST: usize = 1 << 18;
const DEEPEST: u32 = 32;

/// What no pattern may hit: single letters and digits, and words that every text has.
const EVERYWHERE: &str = "a e i o u n s 1 2 0 the of and to in is that der die und das ist nicht le la les des et est \
                          que el los las y en una il lo gli che di per non";

/// A regular expression, in the crate `regex`'s syntax.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Pattern {
    /// `base` is the offset of `source` in the term.
    pub fn parse(source: &str, base: usize) -> Result<Self, TermError> {
        if source.is_empty() {
            let error = TermError::new(base, "the regular expression is empty");
            return Err(error.hint("write one between the slashes, as in /\\bGPT-\\d/"));
        }
        if source.chars().count() > LONGEST {
            let error = TermError::new(base, format!("the regular expression is longer than {LONGEST} characters"));
            return Err(error.hint("write several terms"));
        }
        let syntax = ParserBuilder::new().nest_limit(DEEPEST).build().parse(source);
        let syntax = syntax.map_err(|error| {
            let (at, message) = match &error {
                regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
                regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
                other => (0, other.to_string()),
            };
            TermError::new(base + at, format!("not a regular expression: {message}"))
                .hint("look-around and back-references do not exist here; a \\ before a sign takes it literally")
        })?;
        if syntax.properties().minimum_len().is_none_or(|shortest| shortest == 0) {
            let error = TermError::new(base, "the regular expression hits where nothing stands, and so in every text");
            return Err(error.hint("let it need a letter at least: + instead of *, and no empty alternative"));
        }
        let regex = RegexBuilder::new(source).size_limit(LARGEST).dfa_size_limit(LARGEST << 2).build();
        let regex = regex.map_err(|_| {
            let error = TermError::new(base, "the regular expression is too large");
            error.hint("repeat fewer times, or write words, which cost nothing")
        })?;
        if let Some(word) = EVERYWHERE.split_whitespace().find(|word| regex.is_match(word)) {
            let message = format!("the regular expression hits {word:?}, and so nearly every text");
            return Err(TermError::new(base, message).hint("write what stands around it; \\b is the edge of a word"));
        }
        Ok(Self { regex })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_cannot_work_and_says_where() {
        let long = "x".repeat(501);
        let deep = format!("{}x{}", "(".repeat(40), ")".repeat(40));
        for (source, offset, complaint) in [
            ("", 0, "the regular expression is empty"),
            ("GPT-(4", 4, "not a regular expression: unclosed group"),
            ("abc(?=d)", 3, "not a regular expression: look-around"),
            ("(a)\\1", 3, "not a regular expression: backreferences"),
            ("é[z-a]", 3, "not a regular expression: invalid character class range"),
            ("x*", 0, "the regular expression hits where nothing stands"),
            ("GPT|", 0, "the regular expression hits where nothing stands"),
            ("[a&&b]", 0, "the regular expression hits where nothing stands"),
            ("\\w{3}", 0, "the regular expression hits \"the\""),
            (".", 0, "the regular expression hits \"a\""),
            ("(\\w{99}){99}", 0, "the regular expression is too large"),
            (&long, 0, "the regular expression is longer than 500"),
            (&deep, 32, "not a regular expression: exceed the maximum number of nested"),
        ] {
            let error = Pattern::parse(source, 1).expect_err(source);
            assert!(error.message.starts_with(complaint), "{source}: {error}");
            assert_eq!(error.offset, offset + 1, "{source}: {error}");
            assert!(error.hint.is_some());
        }
        for source in [r"\bGPT-\d", r"(?i)\bCOVID-?19\b", r"€\s?\d+", "[A-Z]{2}-[0-9]{4}"] {
            assert!(Pattern::parse(source, 0).is_ok(), "{source}");
        }
    }
}
