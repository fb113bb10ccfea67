//! When a changed entry is news again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::{model::Entry, normalize::to_text};

/// What an entry's change amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// The text is shown as it is now; the story's date stays.
    Quiet,
    /// The story counts as updated at that time.
    Material(DateTime<Utc>),
}

/// Titles whose words agree less than this (Dice coefficient) are different titles.
const TITLE_AGREEMENT: f64 = 0.6;

/// Texts whose words agree less than this are different texts.
const TEXT_AGREEMENT: f64 = 0.8;

/// Judges the step from the kept entry to the one the source shows at `now`.
///
/// Material is a change of wording that the publisher announces by a later `updated`, or one so large, in title or text,
/// that no announcement is needed. A bumped date over the same words is not, nor are new white space, markup or links.
/// An announcement from the future counts as made at `now`.
pub fn judge(before: &Entry, after: &Entry, now: DateTime<Utc>) -> Revision {
    let (old_title, new_title) = (words(&before.title), words(&after.title));
    let (old_text, new_text) = (words(&text(before)), words(&text(after)));
    if old_title == new_title && old_text == new_text {
        return Revision::Quiet;
    }
    let announced =
        after.updated.filter(|updated| before.updated.or(before.published).is_none_or(|old| *updated > old));
    if let Some(updated) = announced {
        return Revision::Material(updated.min(now));
    }
    if agreement(&old_title, &new_title) < TITLE_AGREEMENT || agreement(&old_text, &new_text) < TEXT_AGREEMENT {
        return Revision::Material(now);
    }
    Revision::Quiet
}

fn text(entry: &Entry) -> String {
    entry.content.as_ref().or(entry.summary.as_ref()).map(|html| to_text(html)).unwrap_or_default()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The Dice coefficient of two bags of words: 1 for the same words, 0 for none in common.
fn agreement(a: &[String], b: &[String]) -> f64 {
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in a {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in b {
        if let Some(left) = counts.get_mut(word.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    2.0 * f64::from(common) / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "<p>The ministers agreed late on Tuesday to fund three data centres run by European firms.</p>";

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).unwrap_or_default()
    }

    fn entry(title: &str, body: &str, updated: Option<i64>) -> Entry {
        Entry {
            title: title.into(),
            summary: Some(body.into()),
            published: Some(at(0)),
            updated: updated.map(at),
            ..Entry::default()
        }
    }

    #[test]
    fn only_changed_wording_is_material() {
        let before = entry("Ministers back a European cloud", BODY, Some(0));
        let other = "<p>Nothing was agreed on Tuesday; talks go on, and no money has been promised to anybody yet.</p>";
        let cases = [
            ("nothing changed", entry("Ministers back a European cloud", BODY, Some(0)), Revision::Quiet),
            ("only the date was bumped", entry("Ministers back a European cloud", BODY, Some(3)), Revision::Quiet),
            ("only white space and case", entry("ministers  back a European Cloud", BODY, Some(3)), Revision::Quiet),
            (
                "a word more, not announced",
                entry("Ministers back a sovereign European cloud", BODY, Some(0)),
                Revision::Quiet,
            ),
            (
                "a word more, announced",
                entry("Ministers back a sovereign European cloud", BODY, Some(3)),
                Revision::Material(at(3)),
            ),
            (
                "announced from the future",
                entry("Ministers back a sovereign European cloud", BODY, Some(90)),
                Revision::Material(at(5)),
            ),
            ("another title", entry("No deal on data centres", BODY, Some(0)), Revision::Material(at(5))),
            ("another text", entry("Ministers back a European cloud", other, Some(0)), Revision::Material(at(5))),
        ];
        for (what, after, expected) in cases {
            assert_eq!(judge(&before, &after, at(5)), expected, "{what}");
        }
    }
}
