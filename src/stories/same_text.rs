//! Whether two entries are copies of one text.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{hashes::common, wording::Wording};
use crate::model::EntryNumber;

/// Copies appear within this time of each other.
pub const COPY_WINDOW: Duration = Duration::hours(72);

/// Who publishes: entries of one publisher share its boilerplate and its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Publisher(pub u64);

impl Publisher {
    /// From a name that is its own: a site's registrable domain, or what the publisher calls itself.
    pub fn named(name: &str) -> Self {
        Self(xxh3_64(name.trim().to_lowercase().as_bytes()))
    }
}

/// An entry, as far as copies of it are to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEntry {
    pub entry: EntryNumber,
    pub publisher: Publisher,
    /// `None` when neither the publisher nor the desk has a date for it; it is then compared whatever the time.
    pub dated: Option<DateTime<Utc>>,
    /// A hash of the link's key form.
    pub link: Option<u64>,
    pub wording: Wording,
}

impl TextEntry {
    /// The order in which groups are formed: by date, then by number. Undated entries come first.
    pub(super) fn order(&self) -> (Option<DateTime<Utc>>, EntryNumber) {
        (self.dated, self.entry)
    }
}

/// The share of the shorter text's shingles that stand in the other.
const CONTAINMENT: Share = Share { of: 2, at_least: 1 };
/// The same, where each title names somebody or something that the other does not: articles made after one pattern share half.
const CONTAINMENT_OF_OTHER_NAMES: Share = Share { of: 4, at_least: 3 };
/// Texts with fewer shingles say too little by themselves.
const FEWEST_SHINGLES: u32 = 12;
/// Fewer shingles in the sample than this tell nothing of the text.
const SMALLEST_SAMPLE: u32 = 8;
/// Of a lead of eight words.
const FEWEST_LEAD_SHINGLES: u32 = 5;
/// The share of words that stand in both titles.
const TITLE_AGREEMENT: Share = Share { of: 5, at_least: 3 };
/// All of a text, but for a word or two.
const WHOLE: Share = Share { of: 20, at_least: 19 };
/// Of a live page so much at least stands in a copy.
const OF_A_LIVE_PAGE: Share = Share { of: 10, at_least: 9 };
/// A text of fewer shingles may be what stands above every piece of a series.
const FEWEST_OF_AN_ARTICLE: u32 = 24;
/// Words of a title that says what its article is about.
const FEWEST_TITLE_WORDS: usize = 4;
/// Titles that have this much in common are made after one pattern, if their numbers differ.
const TITLE_PATTERN: Share = Share { of: 2, at_least: 1 };
/// A publisher's text that comes again after this time, under another link, is a bulletin or a live page.
const SAME_PUBLISHER: Duration = Duration::hours(12);

struct Share {
    of: u32,
    at_least: u32,
}

impl Share {
    fn reached(&self, part: u32, whole: u32) -> bool {
        whole > 0 && u64::from(part) * u64::from(self.of) >= u64::from(whole) * u64::from(self.at_least)
    }
}

/// What two entries were found to have in common, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub verdict: Verdict,
    /// Shingles of the shorter text that stand in both, of those looked at.
    pub shared_shingles: u32,
    pub shingles: u32,
    /// Likewise of the shorter lead.
    pub shared_lead: u32,
    pub lead: u32,
    /// Words that stand in both titles, of those that stand in either.
    pub shared_title: u32,
    pub title: u32,
    /// Numbers after the same two words that agree, of those there are.
    pub agreeing_numbers: u32,
    pub numbers: u32,
    /// `None` when one of them has no date.
    pub minutes_apart: Option<i64>,
    pub same_publisher: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    SameText(Likeness),
    /// The texts are alike, but they are not copies. No group holds both.
    Apart(Objection),
    /// Nothing speaks for one text.
    Unlike,
}

/// Why two entries are copies of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Likeness {
    /// Half of the shorter text stands in the other.
    Text,
    /// The titles and the leads agree.
    TitleAndLead,
}

/// Why two entries are not copies though their texts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Objection {
    /// After the same words stand other numbers: another day's figures.
    NumbersInText,
    /// The titles are made after one pattern, each with a number that the other lacks.
    NumbersInTitle,
    /// Each title names somebody or something that the other does not.
    Names,
    /// The same publisher, another link, and too long after: a bulletin, a live page, a column.
    SamePublisherLater,
    /// The same publisher, another link, and neither title has all words of the other: a notice in place of the article, an
    /// instalment of a series.
    SamePublisherOtherTitle,
    /// Neither text says anything of either title: a notice in place of the article.
    NotTheArticle,
    /// One is a page that goes on, and tells more than the other.
    LivePage,
}

/// Compares two entries, their publishers' boilerplate already out. Which comes first makes no difference.
pub fn compare(a: &TextEntry, b: &TextEntry) -> Comparison {
    let facts = Comparison::of(a, b);
    let same_page = facts.same_publisher && a.link.is_some() && a.link == b.link;
    let titles_differ = || {
        let (one, other) = (a.wording.title.stems.len(), b.wording.title.stems.len());
        !TITLE_PATTERN.reached(facts.shared_title, facts.title) || (facts.shared_title as usize) < one.min(other)
    };
    let objection = || {
        if facts.same_publisher
            && !same_page
            && facts.further_apart_than(SAME_PUBLISHER)
            && (titles_differ() || !facts.is_retitled(a, b))
        {
            Some(Objection::SamePublisherLater)
        } else if facts.same_publisher && !same_page && titles_differ() {
            Some(Objection::SamePublisherOtherTitle)
        } else if facts.shared_title == 0 && !a.wording.speaks_of_title && !b.wording.speaks_of_title {
            Some(Objection::NotTheArticle)
        } else if !same_page
            && (a.wording.title.live || b.wording.title.live)
            && !OF_A_LIVE_PAGE.reached(facts.shared_shingles, facts.shingles)
        {
            Some(Objection::LivePage)
        } else if same_page && !facts.further_apart_than(SAME_PUBLISHER) {
            // A correction: its numbers may be what was wrong.
            None
        } else if facts.numbers_differ() {
            Some(Objection::NumbersInText)
        } else if facts.titles_are_of_one_pattern(a, b) {
            Some(Objection::NumbersInTitle)
        } else {
            None
        }
    };
    let verdict = if facts.further_apart_than(COPY_WINDOW) {
        Verdict::Unlike
    } else if facts.text_agrees(a, b) {
        objection().map_or(Verdict::SameText(Likeness::Text), Verdict::Apart)
    } else if facts.title_and_lead_agree() {
        let names = || names_differ(a, b).then_some(Objection::Names);
        objection().or_else(names).map_or(Verdict::SameText(Likeness::TitleAndLead), Verdict::Apart)
    } else {
        Verdict::Unlike
    };
    Comparison { verdict, ..facts }
}

impl Comparison {
    fn of(a: &TextEntry, b: &TextEntry) -> Self {
        let (one, other) = (&a.wording, &b.wording);
        let bound = one.bound.min(other.bound);
        let (sample, other_sample) = (one.shingles.up_to(bound), other.shingles.up_to(bound));
        let (lead, other_lead) = (one.lead.as_slice(), other.lead.as_slice());
        let shared_title = common(one.title.stems.as_slice(), other.title.stems.as_slice());
        let (agreeing_numbers, numbers) = agreeing_numbers(one, other);
        Self {
            verdict: Verdict::Unlike,
            shared_shingles: common(sample, other_sample) as u32,
            shingles: sample.len().min(other_sample.len()) as u32,
            shared_lead: common(lead, other_lead) as u32,
            lead: lead.len().min(other_lead.len()) as u32,
            shared_title: shared_title as u32,
            title: (one.title.stems.len() + other.title.stems.len() - shared_title) as u32,
            agreeing_numbers,
            numbers,
            minutes_apart: a.dated.zip(b.dated).map(|(a, b)| (a - b).num_minutes().abs()),
            same_publisher: a.publisher == b.publisher,
        }
    }

    /// How much two copies are alike, to choose between groups: by title, then by text.
    pub fn closeness(&self) -> (u32, u32) {
        let thousandths = |part: u32, whole: u32| (u64::from(part) * 1_000 / u64::from(whole.max(1))) as u32;
        (thousandths(self.shared_title, self.title), thousandths(self.shared_shingles, self.shingles))
    }

    fn further_apart_than(&self, time: Duration) -> bool {
        self.minutes_apart.is_some_and(|minutes| minutes > time.num_minutes())
    }

    fn text_agrees(&self, a: &TextEntry, b: &TextEntry) -> bool {
        let fewest = shingles_in_all(&a.wording).min(shingles_in_all(&b.wording));
        fewest >= FEWEST_SHINGLES
            && self.shingles >= SMALLEST_SAMPLE
            && CONTAINMENT.reached(self.shared_shingles, self.shingles)
            && (CONTAINMENT_OF_OTHER_NAMES.reached(self.shared_shingles, self.shingles) || !names_differ(a, b))
    }

    /// Whether a publisher prints one article again, under a longer or a shorter title: on paper what was on the web.
    fn is_retitled(&self, a: &TextEntry, b: &TextEntry) -> bool {
        let (one, other) = (&a.wording.title, &b.wording.title);
        self.shingles >= FEWEST_OF_AN_ARTICLE
            && WHOLE.reached(self.shared_shingles, self.shingles)
            && one.stems.len().min(other.stems.len()) >= FEWEST_TITLE_WORDS
            && one.stems != other.stems
            && one.numbers == other.numbers
    }

    fn title_and_lead_agree(&self) -> bool {
        self.lead >= FEWEST_LEAD_SHINGLES
            && CONTAINMENT.reached(self.shared_lead, self.lead)
            && TITLE_AGREEMENT.reached(self.shared_title, self.title)
    }

    /// Whether most of the numbers after equal words differ. One alone proves nothing: it may have been corrected.
    fn numbers_differ(&self) -> bool {
        self.numbers >= 2 && self.agreeing_numbers * 2 < self.numbers
    }

    fn titles_are_of_one_pattern(&self, a: &TextEntry, b: &TextEntry) -> bool {
        let (a, b) = (a.wording.title.numbers.as_slice(), b.wording.title.numbers.as_slice());
        let shared = common(a, b);
        a.len() > shared && b.len() > shared && TITLE_PATTERN.reached(self.shared_title, self.title)
    }
}

/// The share of the shorter text's shingles that stand in the other; `None` when too little is known of either.
pub(super) fn text_containment(a: &Wording, b: &Wording) -> Option<f64> {
    let bound = a.bound.min(b.bound);
    let (one, other) = (a.shingles.up_to(bound), b.shingles.up_to(bound));
    let shingles = one.len().min(other.len());
    (shingles >= SMALLEST_SAMPLE as usize).then(|| common(one, other) as f64 / shingles as f64)
}

fn shingles_in_all(wording: &Wording) -> u32 {
    let kept = wording.shingles.len() as f64;
    (kept * f64::from(u32::MAX) / f64::from(wording.bound.max(1))) as u32
}

/// How many places with the same two words before a number have the same number in both texts, and how many there are.
fn agreeing_numbers(a: &Wording, b: &Wording) -> (u32, u32) {
    let (mut left, mut right) = (a.numbers.as_slice(), b.numbers.as_slice());
    let (mut agreeing, mut places) = (0, 0);
    while let (Some(first), Some(other)) = (left.first(), right.first()) {
        let after = first.after.min(other.after);
        let (here, rest_of_left) = left.split_at(left.partition_point(|number| number.after <= after));
        let (there, rest_of_right) = right.split_at(right.partition_point(|number| number.after <= after));
        if !here.is_empty() && !there.is_empty() {
            places += 1;
            agreeing += u32::from(here.iter().any(|number| there.contains(number)));
        }
        (left, right) = (rest_of_left, rest_of_right);
    }
    (agreeing, places)
}

fn names_differ(a: &TextEntry, b: &TextEntry) -> bool {
    let (a, b) = (&a.wording.title, &b.wording.title);
    let lacks = |names: &[u32], stems: &[u32]| common(names, stems) < names.len();
    lacks(a.capitals.as_slice(), b.stems.as_slice()) && lacks(b.capitals.as_slice(), a.stems.as_slice())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.verdict {
            Verdict::SameText(Likeness::Text) => "the same text",
            Verdict::SameText(Likeness::TitleAndLead) => "the same title and lead",
            Verdict::Apart(Objection::NumbersInText) => "apart: after the same words stand other numbers",
            Verdict::Apart(Objection::NumbersInTitle) => "apart: the titles differ in their numbers",
            Verdict::Apart(Objection::Names) => "apart: each title has a name that the other lacks",
            Verdict::Apart(Objection::SamePublisherLater) => "apart: the same publisher, another link, long after",
            Verdict::Apart(Objection::SamePublisherOtherTitle) => {
                "apart: the same publisher, another link, and each title has words of its own"
            }
            Verdict::Apart(Objection::NotTheArticle) => "apart: the texts say nothing of either title",
            Verdict::Apart(Objection::LivePage) => "apart: a live page, which tells more",
            Verdict::Unlike => "unlike",
        };
        write!(f, "{reason}; ")?;
        let share = if self.shingles == 0 { 0.0 } else { f64::from(self.shared_shingles) / f64::from(self.shingles) };
        write!(f, "containment {share:.2} ({} of {} shingles), ", self.shared_shingles, self.shingles)?;
        write!(f, "lead {} of {}, title {} of {} words, ", self.shared_lead, self.lead, self.shared_title, self.title)?;
        write!(f, "numbers agree {} of {}, ", self.agreeing_numbers, self.numbers)?;
        match self.minutes_apart {
            Some(minutes) => write!(f, "{minutes} min apart, ")?,
            None => write!(f, "undated, ")?,
        }
        f.write_str(if self.same_publisher { "same publisher" } else { "other publisher" })
    }
}

#[cfg(test)]
pub(super) mod tests;
