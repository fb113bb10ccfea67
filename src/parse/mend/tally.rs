//! What was mended, counted by kind: a document with ten thousand bare ampersands is one defect, not ten thousand.

use crate::model::Defect;

/// The kinds of flaw that the mending pass can put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    TextBeforeRoot,
    BareAmpersand,
    BareBracket,
    OddMarkup,
    OpenQuote,
    UnknownEntity,
    IllegalCharacter,
    UnmatchedEnd,
    MissingEnd,
    UndeclaredPrefix,
    TooDeep,
    TooManyAttributes,
    UnreadableDate,
    BinaryContent,
    BadBase,
    DeletedEntry,
}

impl Flaw {
    fn what(self) -> &'static str {
        match self {
            Self::TextBeforeRoot => "there is text before the feed's root element; it was skipped",
            Self::BareAmpersand => "an & is not written &amp;; it was taken as text",
            Self::BareBracket => "a < is not written &lt;; it was taken as text",
            Self::OddMarkup => "a declaration is none of XML; it was skipped",
            Self::OpenQuote => "an attribute's quote is never closed; the tag was ended at its first >",
            Self::UnknownEntity => "an entity is neither XML's nor HTML's; it was taken as text",
            Self::IllegalCharacter => "a character reference names a character that XML 1.0 forbids; it was dropped",
            Self::UnmatchedEnd => "an end tag closes nothing; it was skipped",
            Self::MissingEnd => "an element is not closed; it was closed with the one around it",
            Self::UndeclaredPrefix => "a namespace prefix is not declared; its usual meaning was assumed",
            Self::TooDeep => "elements are nested too deeply; the inner tags were dropped and their text was kept",
            Self::TooManyAttributes => "a tag has too many attributes; the rest were dropped",
            Self::UnreadableDate => "a date cannot be read; it was left out",
            Self::BinaryContent => "a content is neither text nor HTML; it was left out",
            Self::BadBase => "an xml:base is no URL; it was ignored",
            Self::DeletedEntry => {
                "a deleted-entry does not say which entry, or when (RFC 3339); nothing was deleted for it"
            }
        }
    }
}

/// The first case of a flaw and how many there are.
#[derive(Debug)]
struct Count {
    flaw: Flaw,
    times: usize,
    entry: Option<usize>,
    first: String,
}

/// Counts the flaws of one document.
#[derive(Debug, Default)]
pub struct Tally {
    /// The position of the item that is being read.
    pub entry: Option<usize>,
    counts: Vec<Count>,
}

impl Tally {
    /// Counts a flaw; `detail` is asked for at its first case only.
    pub fn note(&mut self, flaw: Flaw, detail: impl FnOnce() -> String) {
        match self.counts.iter_mut().find(|count| count.flaw == flaw) {
            Some(count) => count.times += 1,
            None => self.counts.push(Count { flaw, times: 1, entry: self.entry, first: excerpt(&detail()) }),
        }
    }

    /// One defect for each kind of flaw, in the order of their first cases.
    pub fn defects(&self) -> impl Iterator<Item = Defect> {
        self.counts.iter().map(|count| {
            let example = if count.first.is_empty() { String::new() } else { format!(" (`{}`)", count.first) };
            let message = match count.times {
                1 => format!("{}{example}", count.flaw.what()),
                times => format!("{}{example}; {times} times in all", count.flaw.what()),
            };
            Defect { entry: count.entry, message }
        })
    }
}

/// The beginning of a publisher's text, on one line and without control characters.
pub fn excerpt(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.retain(|character| !character.is_control());
    if line.chars().count() > 60 {
        line = line.chars().take(59).chain(['…']).collect();
    }
    line
}
