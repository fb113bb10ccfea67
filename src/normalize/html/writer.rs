//! Writes tags and text in the form of the HTML serialiser, or text alone, within a size.

use super::{allowed::is_block, rewrite::Rewritten};
use crate::normalize::characters::{legible, prefix};

/// Characters to be escaped that a run of text may hold before a `<wbr>` parts it: the serialiser looks through the rest of
/// the run for each of them, which would make it quadratic.
const MOST_SPECIALS: usize = 1024;

pub(super) struct Writer {
    out: String,
    as_text: bool,
    /// Bytes that may be written, end tags included.
    limit: usize,
    /// Bytes that the end tags of what is open will take.
    owed: usize,
    /// Nothing more fits.
    full: bool,
    last: Last,
    /// Characters to be escaped in the text since the last tag.
    specials: usize,
    /// In text: what is owed before the next word.
    gap: Gap,
}

#[derive(PartialEq, Eq)]
enum Last {
    Tag,
    Text,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Gap {
    None,
    Space,
    Line,
}

impl Writer {
    pub(super) fn new(as_text: bool, limit: usize) -> Self {
        Self { out: String::new(), as_text, limit, owed: 0, full: false, last: Last::Tag, specials: 0, gap: Gap::None }
    }

    /// `false` if it does not fit any more, and nothing does from then on.
    pub(super) fn start_tag(&mut self, tag: &str, name: &str, will_end: bool) -> bool {
        if self.as_text {
            self.gap_around(name);
            return !self.full;
        }
        let owed = if will_end { end_tag_length(name) } else { 0 };
        if self.full || self.out.len() + self.owed + tag.len() + owed > self.limit {
            self.full = true;
            return false;
        }
        self.owed += owed;
        self.out.push_str(tag);
        self.last = Last::Tag;
        self.specials = 0;
        true
    }

    /// Ends an element whose start tag was written.
    pub(super) fn end_tag(&mut self, name: &str) {
        if self.as_text {
            self.gap_around(name);
            return;
        }
        self.owed -= end_tag_length(name);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.last = Last::Tag;
        self.specials = 0;
    }

    /// `begins_preformatted`: the text follows the start tag of `pre`, where HTML ignores a line break.
    pub(super) fn text(&mut self, text: &str, begins_preformatted: bool) {
        if self.full {
            return;
        }
        let text = legible(text);
        if self.as_text {
            self.words(&text);
            return;
        }
        let text = text.replace('\r', "\n");
        let text = if begins_preformatted { text.trim_start_matches('\n') } else { &text };
        let text = if self.out.is_empty() { text.trim_start() } else { text };
        let mut rest = text;
        while let Some((index, _)) = rest.match_indices(is_special).nth(MOST_SPECIALS - self.specials) {
            let (run, after) = rest.split_at(index);
            self.run(run);
            if !self.start_tag("<wbr>", "wbr", false) {
                return;
            }
            rest = after;
        }
        self.run(rest);
    }

    fn run(&mut self, text: &str) {
        if self.full || text.is_empty() {
            return;
        }
        self.specials += text.matches(is_special).count();
        let room = self.limit.saturating_sub(self.out.len() + self.owed);
        // An escape takes six bytes at most.
        if text.len().saturating_mul(6) <= room || escaped_length(text) <= room {
            escape(&mut self.out, text, false);
        } else {
            self.cut_text(text, room);
        }
        self.last = Last::Text;
    }

    /// Writes what fits of a text that does not, to the end of a word where one is near, with an ellipsis if that fits too.
    fn cut_text(&mut self, text: &str, room: usize) {
        self.full = true;
        let ellipsis = if room < '…'.len_utf8() { "" } else { "…" };
        let mut room = room - ellipsis.len();
        let mut end = 0;
        for (index, character) in text.char_indices() {
            let length = escaped_length(prefix(text.get(index..).unwrap_or_default(), character.len_utf8()));
            let Some(left) = room.checked_sub(length) else { break };
            room = left;
            end = index + character.len_utf8();
        }
        let fitting = prefix(text, end);
        let between_words = fitting.rfind(char::is_whitespace).filter(|&cut| cut > end / 2).unwrap_or(end);
        let kept = prefix(fitting, between_words).trim_end();
        if kept.is_empty() && self.last == Last::Text {
            self.out.truncate(self.out.trim_end().len());
        }
        escape(&mut self.out, kept, false);
        self.out.push_str(ellipsis);
    }

    fn words(&mut self, text: &str) {
        for character in text.chars() {
            if character.is_whitespace() {
                self.gap = self.gap.max(Gap::Space);
                continue;
            }
            match self.gap {
                Gap::Space if !self.out.is_empty() => self.out.push(' '),
                Gap::Line if !self.out.is_empty() => self.out.push('\n'),
                _ => {}
            }
            self.gap = Gap::None;
            self.out.push(character);
        }
        self.full = self.out.len() > self.limit;
    }

    /// Keeps apart what stood in an element that is not kept.
    pub(super) fn separate(&mut self) {
        if self.as_text {
            self.gap = Gap::Line;
        } else if self.last == Last::Text && !self.out.ends_with(char::is_whitespace) {
            self.text(" ", false);
        }
    }

    fn gap_around(&mut self, name: &str) {
        if matches!(name, "td" | "th") {
            self.gap = self.gap.max(Gap::Space);
        } else if is_block(name) {
            self.gap = Gap::Line;
        }
    }

    pub(super) fn stop(&mut self) {
        self.full = true;
    }

    pub(super) fn is_after_text(&self) -> bool {
        self.last == Last::Text
    }

    pub(super) fn is_after_tag(&self) -> bool {
        self.last == Last::Tag
    }

    pub(super) fn finish(mut self) -> Rewritten {
        self.out.truncate(self.out.trim_end().len());
        Rewritten { text: self.out, cut: self.full }
    }
}

/// What the serialiser stops at: characters to be escaped, and those that begin with the same byte as a no-break space.
fn is_special(character: char) -> bool {
    matches!(character, '&' | '<' | '>' | '\u{80}'..='\u{BF}')
}

fn end_tag_length(name: &str) -> usize {
    name.len() + "</>".len()
}

pub(super) fn escape_attribute(out: &mut String, value: &str) {
    escape(out, value, true);
}

/// Text as HTML that shows it.
pub(in crate::normalize) fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape(&mut escaped, text, false);
    escaped
}

/// Exactly as the HTML serialiser escapes (HTML §13.3), so that what it is given comes back the same.
fn escape(out: &mut String, text: &str, quotes: bool) {
    let mut rest = text;
    while let Some(index) = rest.find(['&', '<', '>', '"', '\u{A0}']) {
        let (plain, special) = rest.split_at(index);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('"') if !quotes => out.push('"'),
            Some(character) => out.push_str(replacement(character)),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

fn replacement(character: char) -> &'static str {
    match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        _ => "&nbsp;",
    }
}

fn escaped_length(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            '&' | '<' | '>' | '\u{A0}' => replacement(character).len(),
            other => other.len_utf8(),
        })
        .sum()
}
