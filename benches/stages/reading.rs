//! Parse, normalize, and the whole of reading, on one thread.

use divan::{
    Bencher, black_box,
    counter::{BytesCount, ItemsCount},
};
use newsdesk::{
    model::{Document, Entry, ParsedFeed},
    normalize::{NormalizeContext, NormalizedFeed, normalize},
    parse::{ParseLimits, parse},
    text::{Boilerplate, ReadableEntry},
};

use crate::{
    desk::reader,
    feeds::{documents, octets},
};

const DOCUMENTS: usize = 40;

fn parsed(document: &Document) -> ParsedFeed {
    parse(document, &ParseLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn normalized(document: &Document, feed: ParsedFeed, languages: &[String]) -> NormalizedFeed {
    normalize(
        feed,
        &NormalizeContext { base: &document.base, configured_language: None, languages, tracking: &Default::default() },
    )
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn parse_documents(bencher: Bencher) {
    let documents = documents(DOCUMENTS);
    bencher.counter(BytesCount::new(octets(&documents))).bench_local(|| {
        for document in &documents {
            black_box(parsed(document));
        }
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn normalize_entries(bencher: Bencher) {
    let documents = documents(DOCUMENTS);
    let languages = reader().languages().to_vec();
    let feeds: Vec<ParsedFeed> = documents.iter().map(parsed).collect();
    let entries: usize = feeds.iter().map(|feed| feed.entries.len()).sum();
    bencher
        .counter(ItemsCount::new(entries))
        .counter(BytesCount::new(octets(&documents)))
        .with_inputs(|| feeds.clone())
        .bench_local_values(|feeds| {
            for (document, feed) in documents.iter().zip(feeds) {
                black_box(normalized(document, feed, &languages));
            }
        });
}

/// Of an entry's text: blocks, what is cut from them, words, language; then its topics.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn tag_entries(bencher: Bencher) {
    let documents = documents(DOCUMENTS);
    let reader = reader();
    let entries: Vec<Entry> = documents
        .iter()
        .flat_map(|document| normalized(document, parsed(document), reader.languages()).entries)
        .collect();
    bencher.counter(ItemsCount::new(entries.len())).bench_local(|| {
        for entry in &entries {
            black_box(reader.tag(entry, None));
        }
    });
}

/// The first half of tagging.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_text(bencher: Bencher) {
    let documents = documents(DOCUMENTS);
    let reader = reader();
    let entries: Vec<Entry> = documents
        .iter()
        .flat_map(|document| normalized(document, parsed(document), reader.languages()).entries)
        .collect();
    bencher.counter(ItemsCount::new(entries.len())).bench_local(|| {
        for entry in &entries {
            black_box(ReadableEntry::from_entry(entry, reader.languages()));
        }
    });
}

/// From bytes to tagged entries.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_documents(bencher: Bencher) {
    let documents = documents(DOCUMENTS);
    let reader = reader();
    let entries = DOCUMENTS * crate::feeds::ENTRIES;
    bencher.counter(ItemsCount::new(entries)).counter(BytesCount::new(octets(&documents))).bench_local(|| {
        for document in &documents {
            let read =
                reader.read(document, None, None, &Boilerplate::default()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.reading.entries.len(), crate::feeds::ENTRIES);
        }
    });
}
