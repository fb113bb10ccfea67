//! Copies and stories at the size of a large installation: 200,000 entries in the window, articles of about 2.6 kB.
//!
//! `cargo bench --bench copies`. The words are made up, and as unevenly frequent as words are; every tenth article is a copy of an
//! earlier one with a new beginning and end. Nothing is drawn at random. Times are those of one core; look-ups are told one by
//! one, for their tail matters.

use std::time::{Duration, Instant};

use chrono::DateTime;
use newsdesk::{
    model::EntryNumber,
    stories::{
        CopyIndex, Publisher, PublisherBoilerplate, StoryEntry, StoryTerms, TextEntry, WordStatistics, Wording,
        same_story,
    },
    text::{ReadableEntry, ReadableText},
};

const WINDOW: u64 = 200_000;
const MEASURED: u64 = 20_000;
const STORY_BYTES: usize = 2_600;
const VOCABULARY: u64 = 60_000;
const PUBLISHERS: u64 = 500;
/// Within the 72 hours of the window.
const SECONDS_APART: i64 = 1;

/// splitmix64: the same numbers on every machine, and nothing in common between two seeds.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 33) % limit
    }

    /// A word's rank by frequency: the nth word is about n times as rare as the first.
    fn rank(&mut self) -> u64 {
        let at = self.below(1 << 20) as f64 / f64::from(1 << 20);
        (at * (VOCABULARY as f64).ln()).exp() as u64
    }
}

fn push_word(rank: u64, text: &mut String) {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "lé", "cas", "nu", "vel", "or", "pi", "des", "ba", "qui", "fer", "lu", "an", "so"];
    let mut rest = rank + 16;
    while rest > 0 {
        text.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
}

fn push_words(numbers: &mut Numbers, count: u64, text: &mut String) {
    for _ in 0..count {
        push_word(numbers.rank(), text);
        text.push(' ');
    }
}

fn article(number: u64) -> ReadableEntry {
    // A copy has the words of an earlier article between words of its own.
    let copied = number.is_multiple_of(10) && number > 50_000;
    let original = if copied { number - 49_999 } else { number };
    let (mut own, mut words) = (Numbers(number << 32), Numbers((original << 32) | (1 << 31)));
    let (mut title, mut text) = (String::new(), String::new());
    push_words(&mut words, 9, &mut title);
    if copied {
        push_words(&mut own, 6, &mut text);
    }
    while text.len() < STORY_BYTES {
        push_words(&mut words, 40, &mut text);
        text.push('\n');
    }
    push_words(&mut own, 20, &mut text);
    let text = ReadableText { title, text, language: Some("fr".into()), ..ReadableText::default() };
    ReadableEntry::from_text(&text, &["fr".into()])
}

fn entry(number: u64, wording: Wording) -> TextEntry {
    TextEntry {
        entry: EntryNumber(number),
        publisher: Publisher(number % PUBLISHERS),
        dated: DateTime::from_timestamp(1_790_000_000 + number as i64 * SECONDS_APART, 0),
        link: Some(number),
        wording,
    }
}

fn told(what: &str, count: u64, time: Duration) {
    let seconds = time.as_secs_f64();
    println!("{what:<58} {:>9.0} a second  ({:.1} µs each)", count as f64 / seconds, seconds * 1e6 / count as f64);
}

fn main() {
    // `cargo test --benches` only wants to know that this runs.
    let small = std::env::args().any(|argument| argument == "--test");
    let (window, measured) = if small { (2_000, 200) } else { (WINDOW, MEASURED) };

    let mut index = CopyIndex::new(PublisherBoilerplate::default());
    let mut stored = 0;
    for number in 0..window {
        let wording = Wording::of(&article(number));
        stored += postcard::to_stdvec(&wording).map_or(0, |bytes| bytes.len());
        index.insert(entry(number, wording));
    }
    println!(
        "{} entries: {} bytes each in memory, {} stored",
        index.len(),
        index.bytes() / index.len(),
        stored / index.len()
    );

    let readable: Vec<ReadableEntry> = (window..window + measured).map(article).collect();
    let started = Instant::now();
    let wordings: Vec<Wording> = readable.iter().map(Wording::of).collect();
    told("wording of an article", measured, started.elapsed());

    let mut lookups = Vec::with_capacity(readable.len());
    let mut found = 0;
    let started = Instant::now();
    for (number, wording) in (window..).zip(wordings) {
        let entry = entry(number, wording);
        let begun = Instant::now();
        found += index.compare(entry.clone()).len();
        lookups.push(begun.elapsed());
        index.insert(entry);
        index.remove(EntryNumber(number - window));
    }
    let time = started.elapsed();
    told("compared with the window, put in, the oldest taken out", measured, time);
    lookups.sort_unstable();
    let at = |share: f64| lookups[((lookups.len() - 1) as f64 * share) as usize];
    println!("look-ups: median {:?}, 99 % within {:?}, longest {:?}; {found} copies found", at(0.5), at(0.99), at(1.0));

    // All of it, from the text on, again and in one go.
    let again: Vec<_> = (window + measured..window + 2 * measured).map(article).collect();
    let started = Instant::now();
    for (number, article) in (window + measured..).zip(&again) {
        let entry = entry(number, Wording::of(article));
        found += index.compare(entry.clone()).len();
        index.insert(entry);
        index.remove(EntryNumber(number - window));
    }
    told("from text to copies, one after the other", measured, started.elapsed());
    println!("{found} copies found in all");

    let started = Instant::now();
    let terms: Vec<StoryTerms> = readable.iter().chain(&again).map(StoryTerms::of).collect();
    told("terms of an article", 2 * measured, started.elapsed());
    let started = Instant::now();
    let statistics = WordStatistics::learn(&terms);
    told("word statistics", 2 * measured, started.elapsed());
    let articles: Vec<StoryEntry> = (0..)
        .zip(terms)
        .map(|(number, terms)| StoryEntry {
            entry: EntryNumber(number),
            dated: DateTime::from_timestamp(1_790_000_000 + number as i64 * SECONDS_APART, 0),
            terms,
        })
        .collect();
    let started = Instant::now();
    let stories = same_story(&articles, &statistics);
    told("stories of a window", 2 * measured, started.elapsed());
    println!("{} stories of {} articles", stories.len(), articles.len());
}
