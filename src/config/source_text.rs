use std::ops::Range;

use super::problem::Place;

/// The text of the file, and what of it must not be shown.
pub(super) struct SourceText<'a> {
    text: &'a str,
    /// Byte ranges of passwords and the like.
    secrets: Vec<Range<usize>>,
}

/// Longer lines are shown in part.
const EXCERPT: usize = 110;

impl<'a> SourceText<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, secrets: Vec::new() }
    }

    pub(super) fn hide(&mut self, secret: Range<usize>) {
        self.secrets.push(secret);
    }

    pub(super) fn get(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The place of `span`; of a span over several lines, the first counts.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let start = self.boundary(span.start);
        let line_start = self.text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line_text = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let line_end = line_start + line_text.len();
        let end = self.boundary(span.end.max(start)).min(line_end).max(start.min(line_end));
        let characters = |range: Range<usize>| self.text.get(range).unwrap_or_default().chars().count();
        let before = characters(line_start..start.min(line_end));
        let width = characters(start.min(line_end)..end).max(1);
        let shown: Vec<char> = self.without_secrets(line_start, line_text);
        let first =
            if shown.len() <= EXCERPT { 0 } else { before.saturating_sub(EXCERPT / 2).min(shown.len() - EXCERPT) };
        let mut excerpt: String = shown.iter().skip(first).take(EXCERPT).collect();
        let mut indent = before - first.min(before);
        if first > 0 {
            excerpt.insert(0, '…');
            indent += 1;
        }
        if first + EXCERPT < shown.len() {
            excerpt.push('…');
        }
        let width = width.min((EXCERPT + first).saturating_sub(before)).max(1);
        let line = self.text.get(..line_start).map_or(1, |before| before.matches('\n').count() + 1);
        Place { line, column: before + 1, excerpt, indent, width }
    }

    /// Where the byte `offset` of the string value written at `span` stands in the text: quotes and escapes are passed over.
    pub(super) fn inside(&self, span: &Range<usize>, offset: usize) -> usize {
        let raw = self.get(span);
        let (open, multi_line, basic) = if raw.starts_with("\"\"\"") {
            (3, true, true)
        } else if raw.starts_with("'''") {
            (3, true, false)
        } else if raw.starts_with('"') {
            (1, false, true)
        } else if raw.starts_with('\'') {
            (1, false, false)
        } else {
            (0, false, false)
        };
        let mut at = open;
        if multi_line {
            // A newline right after the opening quotes is not part of the value.
            let body = raw.get(open..).unwrap_or_default();
            at += if body.starts_with("\r\n") { 2 } else { usize::from(body.starts_with('\n')) };
        }
        let mut decoded = 0;
        while decoded < offset {
            let Some(character) = raw.get(at..).and_then(|rest| rest.chars().next()) else { break };
            if !(basic && character == '\\') {
                decoded += character.len_utf8();
                at += character.len_utf8();
                continue;
            }
            let (length, value) = escape(raw.get(at..).unwrap_or_default());
            at += length;
            decoded += value;
        }
        (span.start + at).min(span.end)
    }

    fn boundary(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    fn without_secrets(&self, line_start: usize, line: &str) -> Vec<char> {
        let userinfo = userinfo(line);
        let hidden = |at: usize| {
            let inside = |range: &Range<usize>| range.contains(&(line_start + at));
            self.secrets.iter().any(inside) || userinfo.as_ref().is_some_and(|range| range.contains(&at))
        };
        line.char_indices()
            .map(|(at, c)| if hidden(at) && !matches!(c, '"' | '\'' | ' ' | '\t') { '*' } else { c })
            .collect()
    }
}

/// How long an escape sequence is, and how many bytes of the value it stands for.
fn escape(raw: &str) -> (usize, usize) {
    let code = |digits: usize| {
        let value = raw.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        (2 + digits, value.map_or(0, char::len_utf8))
    };
    match raw.chars().nth(1) {
        Some('x') => code(2),
        Some('u') => code(4),
        Some('U') => code(8),
        // A backslash at the end of a line swallows the white space that follows.
        Some(c) if c.is_whitespace() => {
            let rest = raw.get(1..).unwrap_or_default();
            (1 + rest.len() - rest.trim_start().len(), 0)
        }
        Some(c) => (1 + c.len_utf8(), 1),
        None => (1, 0),
    }
}

/// The user and password of a URL in the line.
fn userinfo(line: &str) -> Option<Range<usize>> {
    let start = line.find("://")? + 3;
    let rest = line.get(start..)?;
    let end = rest.find(['/', '"', '\'', '?', '#', ' ']).unwrap_or(rest.len());
    let at = rest.get(..end)?.rfind('@')?;
    Some(start..start + at)
}
