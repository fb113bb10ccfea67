//! Figures, by hand: `cargo test --release --lib journal::tests::measure -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::*;
use crate::model::{EntryNumber, SourceNumber, StoryNumber, TopicId, TopicScore};
use crate::store::{Copy, EntryRecord, Identity, IdentityKey, Originality, SharedKey, StoryRecord};

/// So many bytes of words, frequent ones more often.
fn text(numbers: &mut Numbers, bytes: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "le", "cas", "nu", "vel", "or", "pi", "des", "ba", "qui", "fer", "lu", "an", "so"];
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        let at = numbers.below(1 << 20) as f64 / f64::from(1 << 20);
        let mut rank = (at * 20_000_f64.ln()).exp() as usize + 16;
        while rank > 0 {
            text.push_str(SYLLABLES[rank % 16]);
            rank /= 16;
        }
        text.push(' ');
    }
    text
}

/// A linear congruential generator: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What a poll that brings 30 new entries comes to.
fn poll(number: u64) -> Commit {
    let source = number % 500;
    let mut changes = Vec::new();
    for entry in (number - 1) * 30..number * 30 {
        let mut numbers = Numbers(entry.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let link = format!("https://source-{source}.example/2026/11/22/article-{entry:x}");
        let topics = vec![TopicScore { topic: TopicId::new(format!("topic-{}", entry % 8)), score: 4.0 }];
        let key = IdentityKey::new("guid", &[&link]);
        let mut record = samples::entry(entry, "");
        record.entry = crate::model::Entry {
            guid: Some(link.clone()),
            link: Some(link.clone()),
            title: text(&mut numbers, 70),
            summary: Some(format!("<p>{}</p>", text(&mut numbers, 780))),
            published: Some(at(numbers.below(3_000) as i64)),
            ..Default::default()
        };
        let record = EntryRecord {
            source: SourceNumber(source as u32),
            identity: key,
            shared_keys: vec![SharedKey::link(&link), SharedKey::atom_id(&link, "site")],
            atom_id: link.clone(),
            topics: topics.clone(),
            ..record
        };
        let copy = Copy {
            entry: EntryNumber(entry),
            source: record.source,
            link: Some(link.clone()),
            originality: Originality::Own,
            published: record.entry.published,
            first_dated: record.first_dated,
            revised: None,
            topics: topics.clone(),
        };
        let (owner, updated) = (EntryNumber(entry), record.first_dated);
        changes.push(Change::Identity {
            source: record.source,
            key,
            is: Identity::Kept { entry: owner, fingerprint: entry.wrapping_mul(0x9E37_79B9_7F4A_7C15) },
        });
        changes.push(Change::Entry(Box::new(record)));
        let story = StoryNumber(entry);
        changes.push(Change::Story(Box::new(StoryRecord {
            number: story,
            id: link,
            owner,
            copies: vec![copy],
            updated,
            topics,
        })));
    }
    let id = crate::model::SourceId::new(format!("source-{source}"));
    changes.push(Change::Poll { id, state: samples::poll("https://source.example/feed") });
    commit(number, changes)
}

/// Seconds of processor this process has used.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a process");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

fn told<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let (begun, used) = (Instant::now(), processor());
    let result = act();
    println!("{what}: {:.1} s, {:.1} s of processor, {}", begun.elapsed().as_secs_f64(), processor() - used, memory());
    result
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")).collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "takes minutes; in a release build"]
fn measure() {
    let entries: u64 = std::env::var("ENTRIES").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let desk = Desk::new();
    let journal = desk.open().journal;
    let (mut times, mut syncs) = (Vec::new(), Vec::new());
    let (mut plain, mut appending) = (0, 0.0);
    for number in 1..=entries / 30 {
        let commit = [poll(number)];
        if number % 100 == 0 {
            plain += commit[0].changes.iter().map(|c| serde_json::to_vec(c).expect("written").len() + 1).sum::<usize>();
        }
        let begun = Instant::now();
        append(&journal, &commit, (number / 5_000) as i64 * 24 * 60);
        times.push(begun.elapsed());
        appending += begun.elapsed().as_secs_f64();
        if number % 10 == 0 {
            let begun = Instant::now();
            sync(&journal);
            syncs.push(begun.elapsed());
        }
    }
    let spread = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        format!("p50 {:.2?}, p99 {:.2?}, most {:.2?}", at(50), at(99), at(100))
    };
    println!("append of 30 entries: {}, {appending:.1} s in all", spread(&mut times));
    println!("sync of ten of them: {}", spread(&mut syncs));
    println!("{} plain bytes an entry", plain as u64 * 100 / entries);
    println!("{} bytes an entry in segments", journal.sizes().bytes / entries);
    let count = |journal: &Journal| {
        let count = |piece: Result<Piece, JournalError>| match piece.map_err(|e| e.to_string()).expect("whole") {
            Piece::Records(records) => records.len(),
            Piece::Commit(commit, _) => commit.changes.len(),
        };
        journal.read_all().map_err(|error| error.to_string()).expect("begun").map(count).sum::<usize>()
    };
    told("read the segments", || count(&journal));
    let mut folds = 0;
    while told("fold", || journal.fold(FoldReason::Removal, &false.into()).map_err(|e| e.to_string()).expect("folded"))
        .is_some_and(|folded| {
            println!("{folded:?}");
            folded.more
        })
    {
        folds += 1;
    }
    println!("{} folds, {} bytes an entry in the base", folds + 1, journal.sizes().bytes / entries);
    told("read the base", || count(&journal));
    told("verify", || journal.verify(&false.into()).map_err(|e| e.to_string()).expect("verified"));
    let mut next = journal.last().next().0;
    for gone in 0..30_000 {
        append(&journal, &[commit(next, vec![samples::change(6, gone, ""), samples::change(11, gone, "")])], 0);
        next += 1;
    }
    told("fold the removal of 30,000", || journal.fold(FoldReason::Removal, &false.into()).is_ok());
    for number in 0..1_000 {
        let mut more = poll(next + number);
        more.number = CommitNumber(next + number);
        append(&journal, &[more], 0);
    }
    println!("{} bytes in the newest segment", journal.unfolded().current_bytes);
    drop(journal);
    told("open", || desk.open().last);
}
