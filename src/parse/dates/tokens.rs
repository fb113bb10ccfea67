//! A date's text cut into numbers, words and signs.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Sign(char),
    Space,
}

/// The text in lower case and without accents.
pub fn fold(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).collect(),
    }
}

/// Cuts folded text; runs of white space are one space.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |belongs: fn(&char) -> bool| rest.chars().take_while(belongs).map(char::len_utf8).sum::<usize>();
        let (length, kind): (usize, fn(&str) -> Token<'_>) = match first {
            '0'..='9' => (run(char::is_ascii_digit), |digits| Token::Number(digits)),
            _ if first.is_alphabetic() => (run(|c| c.is_alphabetic()), |word| Token::Word(word)),
            _ if first.is_whitespace() => (run(|c| c.is_whitespace()), |_| Token::Space),
            _ => (first.len_utf8(), |sign| Token::Sign(sign.chars().next().unwrap_or(' '))),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(kind(token));
        rest = after;
    }
    tokens
}
