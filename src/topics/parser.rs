//! The grammar of terms.
//!
//! ```text
//! term     = ( operand [ "NEAR/" number operand ] / "/" regex "/" ) [ "^" weight ]
//! operand  = 1*( word / group )
//! group    = "(" alternative 1*( "|" alternative ) ")"      alternative = 1*word
//! word     = [ "=" ] letters / letters "*" / "*" letters / "*" letters "*"
//! ```
//!
//! `=` holds from where it stands to the end of its operand or alternative: `=Free Mobile` is exact in both words,
//! `(=US) election` in the first. Text falls into words here as it does in the stories, so that "semi-conducteur" and
//! "l'IA" are two words each.

use super::{
    pattern::Pattern,
    term::{Expression, Matching, Operand, TermError, TermWord},
};
use crate::text::{is_stop_word_somewhere, words};

/// A term written with alternatives may stand for so many phrases.
const MOST_PHRASES: usize = 64;
const LONGEST_PHRASE: usize = 16;
const FARTHEST: u32 = 100;
const HEAVIEST: f64 = 1000.0;

#[derive(Debug)]
pub(super) struct Parsed {
    pub expression: Expression,
    /// The weight and the offset of its `^`, if one is written.
    pub weight: Option<(usize, f64)>,
}

pub(super) fn parse(term: &str) -> Result<Parsed, TermError> {
    if term.trim().is_empty() {
        return Err(TermError::new(0, "the term is empty").hint("remove it, or write a word"));
    }
    let start = term.len() - term.trim_start().len();
    if term[start..].starts_with('/') {
        return pattern(term, start + 1);
    }
    let caret = term.find('^');
    let expression = expression(&term[..caret.unwrap_or(term.len())])?;
    Ok(Parsed { expression, weight: caret.map(|caret| weight(term, caret)).transpose()? })
}

/// `/…/`: to the last slash, so that slashes within need no escape.
fn pattern(term: &str, start: usize) -> Result<Parsed, TermError> {
    let Some(end) = term.rfind('/').filter(|&end| end >= start) else {
        let error = TermError::new(start - 1, "this regular expression has no end");
        return Err(error.hint("write / after it"));
    };
    let after = &term[end + 1..];
    let rest = end + 1 + (after.len() - after.trim_start().len());
    let weight = match term[rest..].chars().next() {
        None => None,
        Some('^') => Some(weight(term, rest)?),
        Some(_) => {
            let error = TermError::new(rest, "this stands after the regular expression's last slash");
            return Err(
                error.hint("write (?i) at its beginning to leave case aside; only ^ and a weight come after it")
            );
        }
    };
    Ok(Parsed { expression: Expression::Pattern(Pattern::parse(&term[start..end], start)?), weight })
}

/// The weight after the `^` at `caret`, with that offset.
pub(super) fn weight(term: &str, caret: usize) -> Result<(usize, f64), TermError> {
    let written = term[caret + 1..].trim();
    let hint = "end the term with ^ and a number, as in cloud^1.5";
    let well_formed = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match written.parse::<f64>() {
        Ok(weight) if well_formed && weight > 0.0 && weight <= HEAVIEST => Ok((caret, weight)),
        Ok(weight) if weight.is_finite() && well_formed => {
            let message = format!("the weight {written} is not above 0 and at most {HEAVIEST}");
            Err(TermError::new(caret + 1, message).hint(hint))
        }
        _ => Err(TermError::new(caret + 1, format!("{written:?} is not a weight")).hint(hint)),
    }
}

fn expression(body: &str) -> Result<Expression, TermError> {
    let mut near = None;
    for (offset, chunk) in chunks(body) {
        if chunk != "NEAR" && !chunk.starts_with("NEAR/") {
            continue;
        }
        if near.is_some() {
            return Err(TermError::new(offset, "a term can have one NEAR").hint("write two terms"));
        }
        let hint = "write NEAR/ and the number of words, as in cloud NEAR/6 européen";
        let number = chunk.strip_prefix("NEAR/").unwrap_or_default();
        let distance = match number.parse::<u32>() {
            Ok(distance) if (1..=FARTHEST).contains(&distance) && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                distance
            }
            _ => {
                let message = format!("NEAR needs a number of words from 1 to {FARTHEST}");
                return Err(TermError::new(offset, message).hint(hint));
            }
        };
        near = Some((offset, offset + chunk.len(), distance));
    }
    let Some((start, end, distance)) = near else { return Ok(Expression::Phrase(operand(body, 0)?)) };
    let left =
        operand(&body[..start], 0).map_err(|error| besides_near(error, start, body[..start].trim().is_empty()))?;
    let right =
        operand(&body[end..], end).map_err(|error| besides_near(error, start, body[end..].trim().is_empty()))?;
    Ok(Expression::Near { left, right, distance })
}

fn besides_near(error: TermError, near: usize, nothing: bool) -> TermError {
    if !nothing {
        return error;
    }
    TermError::new(near, "NEAR needs words on both sides").hint("write a word before and after it, as in a NEAR/5 b")
}

/// Runs of anything but white space, with their offsets.
fn chunks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr().addr();
    text.split_whitespace().map(move |chunk| (chunk.as_ptr().addr() - start, chunk))
}

/// `base` is the offset of `text` in the term.
fn operand(text: &str, base: usize) -> Result<Operand, TermError> {
    let mut phrases: Vec<Vec<TermWord>> = vec![Vec::new()];
    let mut exact = false;
    let mut at = 0;
    while at < text.len() {
        let open = text[at..].find('(').map_or(text.len(), |open| at + open);
        let plain = sequence(&text[at..open], base + at, &mut exact)?;
        for phrase in &mut phrases {
            phrase.extend(plain.iter().cloned());
        }
        if open == text.len() {
            break;
        }
        let Some(close) = text[open..].find(')').map(|close| open + close) else {
            return Err(TermError::new(base + open, "this parenthesis is not closed")
                .hint("write ) after the last alternative"));
        };
        let alternatives = alternatives(&text[open + 1..close], base + open + 1, exact)?;
        if phrases.len() * alternatives.len() > MOST_PHRASES {
            let message = format!("the alternatives make more than {MOST_PHRASES} phrases");
            return Err(TermError::new(base + open, message).hint("write several terms"));
        }
        phrases = phrases
            .iter()
            .flat_map(|phrase| alternatives.iter().map(move |alternative| [phrase.as_slice(), alternative].concat()))
            .collect();
        at = close + 1;
    }
    if phrases.iter().any(Vec::is_empty) {
        let at = text.find(|letter: char| !letter.is_whitespace()).unwrap_or(0);
        return Err(TermError::new(base + at, "there is no word in this").hint("write letters or digits"));
    }
    if let Some(word) = phrases.iter().find_map(|phrase| phrase.get(LONGEST_PHRASE)) {
        let message = format!("the phrase has more than {LONGEST_PHRASE} words");
        return Err(TermError::new(word.offset, message).hint("shorten it"));
    }
    Ok(Operand { phrases })
}

fn alternatives(group: &str, base: usize, exact: bool) -> Result<Vec<Vec<TermWord>>, TermError> {
    if let Some(nested) = group.find('(') {
        let error = TermError::new(base + nested, "alternatives cannot stand within alternatives");
        return Err(error.hint("write all of them in one pair of parentheses"));
    }
    let mut alternatives = Vec::new();
    let mut at = 0;
    for alternative in group.split('|') {
        let mut exact = exact;
        let words = sequence(alternative, base + at, &mut exact)?;
        if words.is_empty() {
            let error = TermError::new(base + at, "this alternative is empty");
            return Err(error.hint("write a word on both sides of |"));
        }
        alternatives.push(words);
        at += alternative.len() + 1;
    }
    Ok(alternatives)
}

/// Words without parentheses. `exact` is set by the first `=` and stays.
fn sequence(text: &str, base: usize, exact: &mut bool) -> Result<Vec<TermWord>, TermError> {
    let mut sequence = Vec::new();
    for (offset, chunk) in chunks(text) {
        let offset = base + offset;
        if let Some(stray) = chunk.find([')', '|']) {
            let error = TermError::new(offset + stray, format!("unexpected {:?}", &chunk[stray..=stray]));
            return Err(error.hint("write alternatives as (a|b)"));
        }
        let (chunk, offset) = match chunk.strip_prefix('=') {
            Some(rest) => {
                *exact = true;
                (rest, offset + 1)
            }
            None => (chunk, offset),
        };
        if let Some(stray) = chunk.find('=') {
            let error = TermError::new(offset + stray, "= stands within a word");
            return Err(error.hint("write it before the word that must match exactly"));
        }
        if *exact && chunk.is_empty() {
            return Err(TermError::new(offset, "= without a word").hint("write it right before the word, as in =AI"));
        }
        wildcard_words(chunk, offset, *exact, &mut sequence)?;
    }
    Ok(sequence)
}

fn wildcard_words(chunk: &str, offset: usize, exact: bool, sequence: &mut Vec<TermWord>) -> Result<(), TermError> {
    let starred_start = chunk.starts_with('*');
    let bare = chunk.strip_prefix('*').unwrap_or(chunk);
    let starred_end = bare.ends_with('*');
    let bare = bare.strip_suffix('*').unwrap_or(bare);
    let bare_offset = offset + usize::from(starred_start);
    if let Some(inner) = bare.find('*') {
        let error = TermError::new(bare_offset + inner, "* stands within a word");
        return Err(error.hint("write it at the beginning or the end of a word"));
    }
    if exact && (starred_start || starred_end) {
        return Err(TermError::new(offset, "an exact word cannot have a *").hint("leave out = or *"));
    }
    let found: Vec<_> = words(bare).collect();
    let last = found.len().wrapping_sub(1);
    if (starred_start || starred_end) && found.is_empty() {
        return Err(TermError::new(offset, "* without a word").hint("write it at the beginning or the end of a word"));
    }
    for (position, word) in found.into_iter().enumerate() {
        let matching = match () {
            () if exact => Matching::Exact,
            () if starred_start && starred_end && last == 0 => Matching::Inside,
            () if starred_start && position == 0 => Matching::Suffix,
            () if starred_end && position == last => Matching::Prefix,
            () => Matching::Stem,
        };
        let common = is_stop_word_somewhere(&word.text.to_lowercase());
        sequence.push(TermWord { matching, text: word.text.into_owned(), offset: bare_offset + word.start, common });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A term written back in a plain form: phrases joined by " / ", the operands of NEAR by " ~n ".
    fn plain(term: &str) -> String {
        let parsed = parse(term).unwrap_or_else(|error| panic!("{term}: {error}"));
        let word = |word: &TermWord| match word.matching {
            Matching::Stem => word.text.clone(),
            Matching::Exact => format!("={}", word.text),
            Matching::Prefix => format!("{}*", word.text),
            Matching::Suffix => format!("*{}", word.text),
            Matching::Inside => format!("*{}*", word.text),
        };
        let phrase = |phrase: &Vec<TermWord>| phrase.iter().map(word).collect::<Vec<_>>().join(" ");
        let operand = |operand: &Operand| operand.phrases.iter().map(phrase).collect::<Vec<_>>().join(" / ");
        let body = match &parsed.expression {
            Expression::Phrase(phrases) => operand(phrases),
            Expression::Near { left, right, distance } => format!("{} ~{distance} {}", operand(left), operand(right)),
            Expression::Pattern(pattern) => format!("/{}/", pattern.regex),
        };
        format!("{body} ^{}", parsed.weight.map_or(1.0, |(_, weight)| weight))
    }

    #[test]
    fn reads_every_form() {
        for (term, expected) in [
            ("cloud", "cloud ^1"),
            ("  machine learning ^2", "machine learning ^2"),
            ("=AI^1.5", "=AI ^1.5"),
            ("=Free Mobile", "=Free =Mobile ^1"),
            ("géants =US", "géants =US ^1"),
            ("(=US) election", "=US election ^1"),
            ("=Le (Monde|Figaro)", "=Le =Monde / =Le =Figaro ^1"),
            ("künstlich* Intelligenz^2", "künstlich* Intelligenz ^2"),
            ("*netzbetreiber^1.5", "*netzbetreiber ^1.5"),
            ("semi-conduct*", "semi conduct* ^1"),
            ("*netz*^1.5", "*netz* ^1.5"),
            ("*semi-conduct*", "*semi conduct* ^1"),
            (r" /GPT-(4|5)/ ", "/GPT-(4|5)/ ^1"),
            (r"/^\d+ NEAR/dead$/ ^2", r"/^\d+ NEAR/dead$/ ^2"),
            ("l'IA", "l IA ^1"),
            ("coup d’état", "coup d état ^1"),
            ("opérateur NEAR/3 télécom*^2", "opérateur ~3 télécom* ^2"),
            ("=IA NEAR/12 modelo^1.5", "=IA ~12 modelo ^1.5"),
            ("front line NEAR/20 (ukrain*|=Kyiv)", "front line ~20 ukrain* / =Kyiv ^1"),
            ("géants (américains|US|du web)^.5", "géants américains / géants US / géants du web ^0.5"),
            ("(a|b) (c|d)", "a c / a d / b c / b d ^1"),
            ("C++", "C++ ^1"),
            ("AT&T", "AT&T ^1"),
            ("near miss", "near miss ^1"),
            ("人工智能", "人 工 智 能 ^1"),
        ] {
            assert_eq!(plain(term), expected, "{term}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (term, offset, complaint) in [
            ("", 0, "the term is empty"),
            ("  ", 0, "the term is empty"),
            ("!?", 0, "there is no word in this"),
            ("cloud^", 6, "\"\" is not a weight"),
            ("cloud^two", 6, "\"two\" is not a weight"),
            ("cloud^-1", 6, "\"-1\" is not a weight"),
            ("cloud^0", 6, "the weight 0 is not above 0"),
            ("cloud^1e3", 6, "\"1e3\" is not a weight"),
            ("cloud^inf", 6, "\"inf\" is not a weight"),
            ("cloud^99999", 6, "the weight 99999 is not above 0 and at most 1000"),
            ("a^2 b", 2, "\"2 b\" is not a weight"),
            ("cloud NEAR europe", 6, "NEAR needs a number"),
            ("cloud NEAR/ europe", 6, "NEAR needs a number"),
            ("cloud NEAR/0 europe", 6, "NEAR needs a number"),
            ("cloud NEAR/+5 europe", 6, "NEAR needs a number"),
            ("cloud NEAR/101 europe", 6, "NEAR needs a number"),
            ("cloud NEAR/5", 6, "NEAR needs words on both sides"),
            ("NEAR/5 cloud", 0, "NEAR needs words on both sides"),
            ("a NEAR/5 b NEAR/5 c", 11, "a term can have one NEAR"),
            ("(a|b", 0, "this parenthesis is not closed"),
            ("a) b", 1, "unexpected \")\""),
            ("a|b", 1, "unexpected \"|\""),
            ("(a|)", 3, "this alternative is empty"),
            ("x (a|(b|c))", 5, "alternatives cannot stand within alternatives"),
            ("a*b", 1, "* stands within a word"),
            ("a**", 1, "* stands within a word"),
            ("=*AI*", 1, "an exact word cannot have a *"),
            ("=AI*", 1, "an exact word cannot have a *"),
            ("a * b", 2, "* without a word"),
            ("= AI", 1, "= without a word"),
            ("A=I", 1, "= stands within a word"),
            ("/telecom", 0, "this regular expression has no end"),
            ("/", 0, "this regular expression has no end"),
            ("//", 1, "the regular expression is empty"),
            ("/telecom/i", 9, "this stands after the regular expression's last slash"),
            ("/telecom/ ^x", 11, "\"x\" is not a weight"),
            (" /tele(com/", 6, "not a regular expression: unclosed group"),
            ("(a|b|c|d) (a|b|c|d) (a|b|c|d) (a|b)", 30, "the alternatives make more than 64 phrases"),
            ("a b c d e f g h i j k l m n o p q", 32, "the phrase has more than 16 words"),
        ] {
            let error = parse(term).expect_err(term);
            assert!(error.message.starts_with(complaint), "{term}: {error}");
            assert_eq!(error.offset, offset, "{term}: {error}");
            assert!(error.hint.is_some(), "{term}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_term_or_an_error_within_it(term in "/?[a-zA-Zé=*()|^/ 0-9.NEAR\\\\]{0,24}|\\PC{0,16}") {
            match parse(&term) {
                Ok(parsed) => prop_assert!(parsed.weight.is_none_or(|(_, weight)| weight > 0.0)),
                Err(error) => prop_assert!(error.offset <= term.len() && term.is_char_boundary(error.offset)),
            }
        }
    }
}
