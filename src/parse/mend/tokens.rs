//! The document as a sequence of tokens, whatever its state: quick-xml reads, and where it would stop, the text is taken
//! as a person would read it. Every step moves forward, so that the work is linear in the document's length.

use std::borrow::Cow;

use quick_xml::{Reader, events::Event, events::attributes::Attributes};

use super::{
    entities,
    tally::{Flaw, Tally},
};

#[derive(Debug)]
pub enum Token<'a> {
    /// Characters to be taken as they are.
    Text(&'a str),
    /// The inside of a CDATA section.
    Verbatim(&'a str),
    /// What stands between `&` and `;`.
    Reference(&'a str),
    Start(Tag<'a>),
    /// The name of an end tag.
    End(&'a str),
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    /// As written, prefix included.
    pub name: &'a str,
    /// `<name/>`.
    pub is_empty: bool,
    /// Between `<` and `>`.
    content: &'a str,
}

impl<'a> Tag<'a> {
    /// The first `limit` attributes, references resolved. Quotes and values may be missing, names may repeat.
    pub fn attributes(&self, limit: usize) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let mut attributes = Attributes::html(self.content, self.name.len());
        attributes.with_checks(false);
        attributes.take(limit).filter_map(|attribute| {
            let attribute = attribute.ok()?;
            let value = match attribute.value {
                Cow::Borrowed(value) => entities::unescape(value),
                Cow::Owned(value) => Cow::Owned(entities::unescape(&value).into_owned()),
            };
            Some((attribute.key.into_inner(), value))
        })
    }

    /// Whether the tag has more than `limit` attributes.
    pub fn exceeds(&self, limit: usize) -> bool {
        // A tag shorter than this cannot hold that many.
        self.content.len() > limit
            && Attributes::html(self.content, self.name.len()).with_checks(false).nth(limit).is_some()
    }
}

pub struct Tokens<'a> {
    input: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where `reader` began in `input`.
    origin: usize,
    /// No `?>` is left, so that looking for one again would only cost time.
    lacks_instruction_end: bool,
    is_done: bool,
}

impl<'a> Tokens<'a> {
    pub fn new(input: &'a str) -> Self {
        Self { input, reader: lenient(input), origin: 0, lacks_instruction_end: false, is_done: false }
    }

    /// The next token; `None` at the end of the document, or where the rest of it lies inside a construct that never ends.
    pub fn next(&mut self, tally: &mut Tally) -> Option<Token<'a>> {
        while !self.is_done {
            let at = self.position();
            if let Some(markup) = self.input.get(at..).and_then(|rest| rest.strip_prefix('<'))
                && let Some(token) = self.odd_markup(at, markup, tally)
            {
                match token {
                    Some(token) => return Some(token),
                    None => continue,
                }
            }
            let event = self.reader.read_event();
            let end = self.position();
            let source = self.input.get(at..end).unwrap_or_default();
            match event {
                Ok(Event::Text(_)) => return Some(Token::Text(source)),
                Ok(Event::CData(_)) => {
                    let inside = source.strip_prefix("<![CDATA[").and_then(|source| source.strip_suffix("]]>"));
                    return inside.map(Token::Verbatim);
                }
                Ok(Event::GeneralRef(_)) => {
                    let name = source.strip_prefix('&').and_then(|name| name.strip_suffix(';')).unwrap_or_default();
                    if entities::is_name(name) {
                        return Some(Token::Reference(name));
                    }
                    tally.note(Flaw::BareAmpersand, || source.to_owned());
                    return Some(Token::Text(source));
                }
                Ok(Event::Start(_) | Event::Empty(_)) => return Some(self.start(at, end, tally)),
                Ok(Event::End(_)) => {
                    let inside =
                        source.strip_prefix("</").and_then(|source| source.strip_suffix('>')).unwrap_or_default();
                    return Some(Token::End(inside.get(..name_length(inside)).unwrap_or_default()));
                }
                // Nothing of a document type declaration is processed: no entity, no default, no file.
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                Ok(Event::Eof) => self.is_done = true,
                Err(_) => return self.after_error(at, tally),
            }
        }
        None
    }

    fn position(&self) -> usize {
        self.origin + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Goes on reading at a place of the input.
    fn seek(&mut self, position: usize) {
        match self.input.get(position..) {
            Some(rest) => {
                self.reader = lenient(rest);
                self.origin = position;
            }
            None => self.is_done = true,
        }
    }

    /// Takes what begins with `<` and is no markup of XML out of quick-xml's sight: `Some(Some(..))` is the token to use in its
    /// place, `Some(None)` that it was passed over, `None` that quick-xml may read on.
    fn odd_markup(&mut self, at: usize, markup: &'a str, tally: &mut Tally) -> Option<Option<Token<'a>>> {
        let is_start = |text: &str| text.chars().next().is_some_and(is_name_start);
        let is_declaration = |text: &str| {
            text.starts_with("!--")
                || text.starts_with("![CDATA[")
                || text.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("!DOCTYPE"))
        };
        match markup.as_bytes().first() {
            // Such as `<![if IE]>` from a word processor, a stray `<?` or `</>`: what HTML calls a bogus comment.
            Some(b'!') if !is_declaration(markup) => self.pass_over(at, tally),
            Some(b'?') if self.lacks_instruction_end || !markup.contains("?>") => {
                self.lacks_instruction_end = true;
                self.pass_over(at, tally);
            }
            Some(b'/') if !markup.get(1..).is_some_and(is_start) => self.pass_over(at, tally),
            Some(b'!' | b'?' | b'/') => return None,
            _ if is_start(markup) && is_tag_name(markup) => return None,
            _ => {
                tally.note(Flaw::BareBracket, || first_characters(markup));
                self.seek(at + 1);
                return Some(self.input.get(at..=at).map(Token::Text));
            }
        }
        Some(None)
    }

    fn pass_over(&mut self, at: usize, tally: &mut Tally) {
        let rest = self.input.get(at..).unwrap_or_default();
        tally.note(Flaw::OddMarkup, || first_characters(rest));
        match rest.find('>') {
            Some(length) => self.seek(at + length + 1),
            None => self.is_done = true,
        }
    }

    /// A start tag from `at` to `end`. If a quote of it was never closed, quick-xml runs on to the next one, over other tags:
    /// then the tag ends at its first `>`.
    fn start(&mut self, at: usize, mut end: usize, tally: &mut Tally) -> Token<'a> {
        let source = self.input.get(at..end).unwrap_or_default();
        let close = source.find('>').unwrap_or(source.len());
        if source.get(1..close).is_some_and(|head| !head.contains('<'))
            && source.get(close + 1..).is_some_and(|rest| rest.contains('<'))
        {
            tally.note(Flaw::OpenQuote, || first_characters(source));
            end = at + close + 1;
            self.seek(end);
        }
        let content = self.input.get(at + 1..end - 1).unwrap_or_default();
        let is_empty = content.ends_with('/');
        let content = content.strip_suffix('/').unwrap_or(content);
        let name = content.get(..name_length(content)).unwrap_or_default();
        Token::Start(Tag { name, is_empty, content })
    }

    /// quick-xml found no end to the construct at `at`.
    fn after_error(&mut self, at: usize, tally: &mut Tally) -> Option<Token<'a>> {
        let rest = self.input.get(at..).unwrap_or_default();
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            self.is_done = true;
            return Some(Token::Verbatim(inside));
        }
        let is_tag = rest.get(1..).and_then(|rest| rest.chars().next()).is_some_and(is_name_start);
        if is_tag && let Some(length) = rest.find('>') {
            self.seek(at + length + 1);
            return Some(self.start(at, at + length + 1, tally));
        }
        self.is_done = true;
        None
    }
}

fn lenient(input: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(input);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

/// Length in bytes of the name at the start of a tag's inside.
fn name_length(content: &str) -> usize {
    content.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(content.len())
}

/// Tells `<b>` and `<dc:date>` from `<john@example.com>` and `<http://example.com>`.
fn is_tag_name(markup: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.') || !c.is_ascii();
    let end = markup.find(|c: char| !is_name(c)).unwrap_or(markup.len());
    let after = markup.get(end..).and_then(|rest| rest.chars().next());
    !markup.get(..end).is_some_and(|name| name.ends_with(':'))
        && after.is_none_or(|after| after.is_ascii_whitespace() || matches!(after, '/' | '>'))
}

fn first_characters(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(input: &str) -> String {
        let mut tally = Tally::default();
        let mut tokens = Tokens::new(input);
        let mut written = String::new();
        while let Some(token) = tokens.next(&mut tally) {
            let piece = match token {
                Token::Text(text) => format!("{text}|"),
                Token::Verbatim(text) => format!("[{text}]|"),
                Token::Reference(name) => format!("&{name}|"),
                Token::Start(tag) => {
                    let attributes: Vec<_> =
                        tag.attributes(9).map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("<{}{}{}|", tag.name, attributes.concat(), if tag.is_empty { "/" } else { "" })
                }
                Token::End(name) => format!("/{name}|"),
            };
            written.push_str(&piece);
        }
        written
    }

    #[test]
    fn reads_any_document_to_its_end() {
        let cases = [
            ("<a b='1'>x</a>", "<a b=1|x|/a|"),
            ("<a b=1 c d='&lt;&amp;x'/>", "<a b=1 c= d=<&x/|"),
            ("a & b &amp; c", "a |& b |&amp| c|"),
            ("AT&T is great; x", "AT|&T is great;| x|"),
            ("1 < 2 and 3 > 2", "1 |<| 2 and 3 > 2|"),
            ("it's <5 o'clock", "it's |<|5 o'clock|"),
            ("John <john@example.com>!", "John |<|john@example.com>!|"),
            ("<http://example.com/>", "<|http://example.com/>|"),
            ("a<![CDATA[<b>&amp;]]>c", "a|[<b>&amp;]|c|"),
            ("a<![CDATA[never ends", "a|[never ends]|"),
            ("a<!-- c -->b<?php x ?>c", "a|b|c|"),
            ("a<!-- never ends", "a|"),
            ("a<![if IE]>b<![endif]>c", "a|b|c|"),
            ("a</>b</ c>d", "a|b|d|"),
            ("<!DOCTYPE rss [<!ENTITY a 'b'>]><a>&a;</a>", "<a|&a|/a|"),
            ("<a b=\"1>x</a><c d=\"2\"/>", "<a|x|/a|<c d=2/|"),
            ("<a c=1 b=\"1>x</a>", "<a c=1|x|/a|"),
            ("<a title=\"x > y\">z</a>", "<a title=x > y|z|/a|"),
            ("<a", ""),
            ("<a b='", ""),
            ("</a", ""),
            ("x<", "x|<|"),
            ("&", "&|"),
            ("<é>x</é>", "<é|x|/é|"),
            ("</a >x", "/a|x|"),
        ];
        for (input, expected) in cases {
            assert_eq!(written(input), expected, "{input}");
        }
    }
}
