//! Tagging at the size of a large installation: 1,000 topics of 40 terms, stories of about 2.6 kB.
//!
//! `cargo bench --bench tag`. The words are made up, and as unevenly frequent as words are; nothing is drawn at random.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use divan::{Bencher, counter::ItemsCount};
use newsdesk::{
    model::{Entry, Language, LanguageOrigin},
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, TopicSettings, Topics},
};

const TOPICS: usize = 1_000;
const TERMS: usize = 40;
const STORIES: usize = 500;
const STORY_BYTES: usize = 2_600;
const VOCABULARY: u64 = 40_000;

fn main() {
    report_single_stories();
    divan::main();
}

/// What means do not show: the slowest stories of a hundred and of all, and the memory that the topics and their word
/// memories take.
fn report_single_stories() {
    let before = resident_kib();
    let topics = compiled();
    let compiled_kib = resident_kib().saturating_sub(before);
    let entries: Vec<_> =
        stories().iter().map(entry).map(|entry| ReadableEntry::from_entry(&entry, topics.languages())).collect();
    let before = resident_kib();
    let mut times: Vec<Duration> = Vec::new();
    let mut tags = 0;
    for entry in entries.iter().cycle().take(20 * entries.len()) {
        let start = Instant::now();
        tags += topics.tag(entry).len();
        times.push(start.elapsed());
    }
    let warm_kib = resident_kib().saturating_sub(before);
    times.drain(..entries.len());
    times.sort();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize];
    println!(
        "one story: median {:?}, 99 of 100 within {:?}, slowest {:?}; {tags} tags; \
         the topics take {compiled_kib} KiB, the words met {warm_kib} KiB",
        at(0.5),
        at(0.99),
        at(1.0),
    );
}

/// Resident memory in KiB, or 0 where /proc does not tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// A linear congruential generator: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A word's rank by frequency: the nth word is about n times as rare as the first.
    fn rank(&mut self) -> u64 {
        let spread = (VOCABULARY as f64).ln();
        let at = self.below(1 << 20) as f64 / f64::from(1 << 20);
        (at * spread).exp() as u64
    }
}

/// The word of a rank: frequent words are short.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "le", "cas", "nu", "vel", "or", "pi", "des", "ba", "qui", "fer", "lu", "an", "so"];
    let mut rest = rank + 16;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

/// Nobody lists a word that every story has: terms are made of all but the hundred most frequent.
fn term(numbers: &mut Numbers) -> String {
    let mut rare = || word(100 + numbers.below(VOCABULARY - 100));
    let words = [rare(), rare()];
    match numbers.below(20) {
        0..=9 => format!("{}^1.5", words[0]),
        10..=14 => format!("{} {}^2", words[0], words[1]),
        15 | 16 => format!("{}*", words[0]),
        17 => format!("*{}", words[0]),
        18 => format!("={}", words[0].to_uppercase()),
        _ => format!("{} NEAR/8 {}^2", words[0], words[1]),
    }
}

/// The terms of every topic as written, by list.
type Written = BTreeMap<String, Vec<String>>;

fn written() -> Vec<Written> {
    let mut numbers = Numbers(1);
    let topic = |number: usize| {
        let mut terms = Written::new();
        for position in 0..TERMS {
            let list =
                if position % 4 == 0 { TaggingSettings::ANY } else { ["en", "fr", "de", "es", "it"][number % 5] };
            terms.entry(list.to_owned()).or_default().push(term(&mut numbers));
        }
        terms
    };
    (0..TOPICS).map(topic).collect()
}

fn parsed(written: &[Written]) -> Vec<TopicSettings> {
    let languages = TaggingSettings::default().languages;
    let topic = |(number, lists): (usize, &Written)| TopicSettings {
        terms: TopicSettings::lists(lists, &languages).unwrap_or_else(|error| panic!("{error}")),
        ..TopicSettings::new(format!("topic-{number}"))
    };
    written.iter().enumerate().map(topic).collect()
}

fn stories() -> Vec<(String, String)> {
    let mut numbers = Numbers(2);
    let mut sentence = |words: u64| (0..words).map(|_| word(numbers.rank())).collect::<Vec<_>>().join(" ") + ".";
    let story = |_| {
        let title = sentence(9);
        let mut text = String::new();
        while text.len() < STORY_BYTES {
            text.push_str(&sentence(40));
            text.push('\n');
        }
        (title, text)
    };
    (0..STORIES).map(story).collect()
}

fn compiled() -> Topics {
    compile_all(&parsed(&written()))
}

fn compile_all(topics: &[TopicSettings]) -> Topics {
    Topics::compile(&TaggingSettings::default(), topics).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn entry((title, text): &(String, String)) -> Entry {
    let language = Some(Language { tag: "fr".into(), origin: LanguageOrigin::Configured });
    let content = Some(format!("<p>{}</p>", text.trim_end().replace('\n', "</p><p>")));
    Entry { title: title.clone(), content, language, ..Entry::default() }
}

/// What a reload of the configuration costs, from terms as written.
#[divan::bench(sample_count = 10)]
fn load(bencher: Bencher) {
    let written = written();
    let settings = TaggingSettings::default();
    bencher.bench_local(|| Topics::compile(&settings, &parsed(&written)).is_ok());
}

/// From HTML to tags.
#[divan::bench(sample_count = 20)]
fn read_html_and_tag(bencher: Bencher) {
    let topics = compiled();
    let entries: Vec<_> = stories().iter().map(entry).collect();
    bencher.counter(ItemsCount::new(entries.len())).bench_local(|| {
        entries
            .iter()
            .map(|entry| topics.tag(&ReadableEntry::from_entry(entry, topics.languages())).len())
            .sum::<usize>()
    });
}

/// From plain text of undeclared language to tags.
#[divan::bench(sample_count = 20)]
fn read_text_and_tag(bencher: Bencher) {
    let topics = compiled();
    let texts: Vec<_> =
        stories().into_iter().map(|(title, text)| ReadableText { title, text, ..ReadableText::default() }).collect();
    bencher.counter(ItemsCount::new(texts.len())).bench_local(|| {
        texts.iter().map(|text| topics.tag(&ReadableEntry::from_text(text, topics.languages())).len()).sum::<usize>()
    });
}

/// Tagging alone.
#[divan::bench(sample_count = 20)]
fn tag(bencher: Bencher) {
    let topics = compiled();
    let entries: Vec<_> =
        stories().iter().map(entry).map(|entry| ReadableEntry::from_entry(&entry, topics.languages())).collect();
    bencher
        .counter(ItemsCount::new(entries.len()))
        .bench_local(|| entries.iter().map(|entry| topics.tag(entry).len()).sum::<usize>());
}

/// What a topic costs that no story hits: it must be nothing.
#[divan::bench(sample_count = 20, args = [0, 5_000])]
fn tag_beside_topics_that_never_hit(bencher: Bencher, idle: usize) {
    let mut all = written();
    let like_others: Vec<_> = all.iter().cycle().take(idle).cloned().collect();
    for (number, mut topic) in like_others.into_iter().enumerate() {
        let terms = topic.values_mut().flatten();
        terms.for_each(|term| {
            *term = format!("zz{number}{}", term.split([' ', '*', '^']).collect::<String>().replace('=', ""))
        });
        all.push(topic);
    }
    let topics = compile_all(&parsed(&all));
    let entries: Vec<_> =
        stories().iter().map(entry).map(|entry| ReadableEntry::from_entry(&entry, topics.languages())).collect();
    bencher
        .counter(ItemsCount::new(entries.len()))
        .bench_local(|| entries.iter().map(|entry| topics.tag(entry).len()).sum::<usize>());
}
