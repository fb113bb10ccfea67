//! Real feeds. They belong to their publishers and are no part of the project: the test reads them where NEWSDESK_CORPUS says
//! they are, and skips where it says nothing.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use super::*;

#[test]
fn every_feed_of_the_corpus_has_the_entries_it_is_known_to_have() {
    let Some(corpus) = std::env::var_os("NEWSDESK_CORPUS") else {
        println!("skipped: NEWSDESK_CORPUS does not name a folder of feeds");
        return;
    };
    let folder = Path::new(&corpus).join("feeds");
    let manifest = fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let mut lines = manifest.lines();
    let names: Vec<_> = lines.next().unwrap().split('\t').collect();
    let (mut read, mut equal, mut bytes) = (0, 0, 0);
    let mut spent = std::time::Duration::ZERO;
    let mut defects: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let row: BTreeMap<_, _> = names.iter().copied().zip(line.split('\t')).collect();
        if row["format"] == "parsed-json-array" {
            continue;
        }
        read += 1;
        let body = fs::read(folder.join(row["path"])).unwrap();
        let is_xml = !row["format"].starts_with("json");
        let document = document(body, None);
        let begin = Instant::now();
        let result = parse(&document, &ParseLimits::default());
        if is_xml {
            bytes += document.body.len();
            spent += begin.elapsed();
        }
        match result {
            Ok(feed) => {
                for defect in &feed.defects {
                    if std::env::var_os("NEWSDESK_CORPUS_DEFECTS").is_some() {
                        println!("{}: {defect:?}", row["path"]);
                    }
                    let kind = defect.message.split(['(', '`']).next().unwrap_or_default().trim().to_owned();
                    *defects.entry(kind).or_default() += 1;
                }
                match feed.entries.len().to_string() == row["entries"] {
                    true => equal += 1,
                    false => println!(
                        "{}: {} entries, {} known ({}); {:?}",
                        row["path"],
                        feed.entries.len(),
                        row["entries"],
                        row["features"],
                        feed.defects
                    ),
                }
                if feed.title.is_none() {
                    println!("{}: no title", row["path"]);
                }
                for (at, entry) in feed.entries.iter().enumerate() {
                    if entry.links.is_empty()
                        && entry.guid.is_none()
                        && entry.title.is_none()
                        && entry.summary.is_none()
                    {
                        println!("{}: entry {at} is empty", row["path"]);
                    }
                }
            }
            Err(error) => println!("{}: {error} ({} known)", row["path"], row["entries"]),
        }
    }
    println!("{equal} of {read} feeds agree; {:.1} MB/s of XML", bytes as f64 / 1e6 / spent.as_secs_f64());
    for (kind, count) in defects {
        println!("{count:4} {kind}");
    }
    assert!(equal * 100 >= read * 95, "{equal} of {read}");
}
