//! The files as others read them.

use std::{fs, process::Command};

use proptest::prelude::*;

use super::{
    super::{
        line,
        names::{self, FileName},
        subject::{self, About},
    },
    *,
};
use crate::model::{EntryNumber, SourceId, SourceNumber};
use crate::store::Identity;

fn assert_goes_through_json(change: &Change) {
    let mut lines = Vec::new();
    line::write(&mut lines, change).expect("written");
    let line = lines.strip_suffix(b"\n").expect("an end");
    assert!(!line.contains(&b'\n'), "one line");
    assert_eq!(&line::read_change(line).expect("read"), change);
    assert_eq!(subject::scan(line).or(About::read(line).ok()), Some(About::of(change)));
    // What is said seldom, and short, is parsed.
    let is_parsed = matches!(
        change.subject(),
        Subject::Told(..) | Subject::Joined(..) | Subject::Archive(_) | Subject::TakenDown(_)
    );
    let plain_id =
        !is_parsed && !matches!(change.subject(), Subject::Source(id) | Subject::Poll(id) if id.as_str().contains('"'));
    assert_eq!(subject::scan(line).is_some(), plain_id, "told from its beginning: {}", String::from_utf8_lossy(line));
}

#[test]
fn every_change_goes_through_json_and_its_line_tells_its_subject() {
    for text in ["", "text", "\"quoted\" \\ \n\r\t \u{0}\u{2028}\u{1F5DE}", "é".repeat(5000).as_str()] {
        samples::every_kind(text).iter().for_each(assert_goes_through_json);
    }
}

proptest! {
    #[test]
    fn any_points_text_and_bytes_go_through_json(
        score in any::<f64>().prop_filter("finite", |score| score.is_finite()),
        text in ".*",
        etag in any::<Vec<u8>>(),
        micros in -8_000_000_000_000_000_i64..8_000_000_000_000_000,
    ) {
        let mut record = samples::entry(1, &text);
        record.topics[0].score = score;
        record.first_seen = DateTime::from_timestamp_micros(micros).expect("a time");
        assert_goes_through_json(&Change::Entry(Box::new(record)));
        let mut state = samples::poll(&text);
        state.validators.etag = Some(etag);
        assert_goes_through_json(&Change::Poll { id: SourceId::new("plain"), state });
    }
}

#[test]
fn subjects_that_differ_have_keys_that_differ() {
    let changes = samples::every_kind("text");
    for one in &changes {
        for other in &changes {
            let same = one.subject() == other.subject();
            assert_eq!(About::of(one).subject == About::of(other).subject, same, "{one:?} and {other:?}");
        }
    }
}

/// The commit whose lines are pinned below.
fn pinned_commit() -> Commit {
    let is = Identity::Kept { entry: EntryNumber(7), fingerprint: 5 };
    let identity = Change::Identity { source: SourceNumber(2), key: samples::key(7), is };
    let gone = Change::SourceRemoved { id: SourceId::new("one") };
    let next = Change::Next { entry: EntryNumber(8), story: crate::model::StoryNumber(3) };
    commit(1, vec![Change::Instance(uuid::Uuid::from_u128(5)), identity, gone, next, Change::TaggedWith(None)])
}

const PINNED_LINES: [&str; 7] = [
    r#"{"newsdesk":"journal","format":1,"instance":"00000000-0000-0000-0000-000000000005","at":"2026-09-21T14:13:20Z"}"#,
    r#"{"instance":"00000000-0000-0000-0000-000000000005"}"#,
    r#"{"identity":{"source":2,"key":"KEY","is":{"Kept":{"entry":7,"fingerprint":5}}}}"#,
    r#"{"source_removed":{"id":"one"}}"#,
    r#"{"next":{"entry":8,"story":3}}"#,
    r#"{"tagged_with":null}"#,
    r#"{"commit":1,"at":"2026-09-21T14:13:20Z"}"#,
];

fn pinned_lines() -> Vec<String> {
    let key = samples::key(7).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    PINNED_LINES.iter().map(|line| line.replace("KEY", &key)).collect()
}

/// Journals out there hold these lines: whoever changes them raises the format and still reads the old ones.
#[test]
fn the_lines_are_what_journals_out_there_hold() {
    let desk = Desk::new();
    let settings = JournalSettings { instance: Some(uuid::Uuid::from_u128(5)), ..desk.settings() };
    let journal = Journal::open(settings).map_err(|error| error.to_string()).expect("it opens").journal;
    append(&journal, &[pinned_commit()], 0);
    assert_eq!(desk.lines("segment-0000000000000001.jsonl.zst"), pinned_lines());
}

#[test]
fn lines_packed_by_others_are_read_if_their_frames_have_length_and_checksum() {
    let desk = Desk::new();
    let lines = pinned_lines();
    let pack = |lines: &[String]| {
        let mut packer = zstd::bulk::Compressor::new(19).expect("a compressor");
        packer.set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true)).expect("set");
        packer.compress((lines.join("\n") + "\n").as_bytes()).expect("packed")
    };
    let bytes = [pack(&lines[..1]), pack(&lines[1..])].concat();
    fs::write(desk.path("segment-0000000000000001.jsonl.zst"), bytes).expect("written");
    let opened = desk.open();
    assert_eq!(opened.damage, []);
    assert_eq!(opened.journal.instance(), Some(uuid::Uuid::from_u128(5)));
    assert_eq!(commits(&opened.journal), [pinned_commit()]);
}

#[test]
fn zstdcat_and_jq_read_it() {
    let tools = ["zstdcat", "jq"].map(|tool| Command::new(tool).arg("--version").output().is_ok());
    if tools != [true, true] {
        eprintln!("skipped: needs zstdcat and jq");
        return;
    }
    let desk = Desk::new();
    let journal = desk.open().journal;
    append(&journal, &[samples::of_entries(1, 0..40)], 0);
    append(&journal, &[samples::of_entries(2, 40..50), commit(3, samples::every_kind("x"))], 0);
    journal.close_segment().map_err(|error| error.to_string()).expect("closed");
    append(&journal, &[samples::of_entries(4, 0..7)], 0);
    journal.fold(FoldReason::Size, &false.into()).map_err(|error| error.to_string()).expect("folded").expect("some");
    let script =
        format!("zstdcat {}/*.jsonl.zst | jq -c 'select(.entry) | .entry.entry.title'", desk.0.path().display());
    let output = Command::new("sh").args(["-c", &script]).output().expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let titles = String::from_utf8(output.stdout).expect("text");
    assert_eq!(titles.lines().filter(|title| title.contains("text 4 of")).count(), 7);
    assert_eq!(titles.lines().filter(|title| title.contains("text 1 of")).count(), 37, "0 to 2 are of commit 3");
}

#[test]
fn files_have_names_that_tell_what_they_hold() {
    let folder = std::path::Path::new("/j");
    assert_eq!(names::segment(folder, CommitNumber(42)), folder.join("segment-0000000000000042.jsonl.zst"));
    let most = names::base(folder, CommitNumber(u64::MAX));
    let table = [
        ("segment-0000000000000042.jsonl.zst", Some(FileName::Segment(CommitNumber(42)))),
        ("base-0000000000000042.jsonl.zst", Some(FileName::Base(CommitNumber(42)))),
        (
            most.file_name().and_then(|name| name.to_str()).expect("a name"),
            Some(FileName::Base(CommitNumber(u64::MAX))),
        ),
        ("base-0000000000000042.jsonl.zst.new", Some(FileName::Unfinished)),
        ("segment-42.jsonl.zst", None),
        ("segment-+000000000000042.jsonl.zst", None),
        ("other-0000000000000042.jsonl.zst", None),
        ("notes.txt.new", None),
        ("", None),
    ];
    for (name, expected) in table {
        assert_eq!(FileName::read(name), expected, "{name}");
    }
}

#[test]
fn a_journal_of_a_newer_format_or_of_another_store_is_refused_untouched() {
    let desk = Desk::new();
    append(&desk.open().journal, &[pinned_commit()], 0);
    let name = "segment-0000000000000001.jsonl.zst";
    let other = JournalSettings { instance: Some(uuid::Uuid::from_u128(6)), ..desk.settings() };
    // The header had no instance to tell: the segment may be anybody's.
    assert!(Journal::open(other.clone()).is_ok());
    let settings = JournalSettings { instance: Some(uuid::Uuid::from_u128(5)), ..desk.settings() };
    let journal = Journal::open(settings).map_err(|error| error.to_string()).expect("it opens").journal;
    journal.close_segment().map_err(|error| error.to_string()).expect("closed");
    append(&journal, &[commit(2, Vec::new())], 0);
    assert!(matches!(Journal::open(other), Err(JournalError::OtherStore { .. })));

    let newer = Desk::new();
    let header = "{\"newsdesk\":\"journal\",\"format\":2,\"at\":7}\n";
    let mut packer = super::super::frame::Packer::new(1).expect("a packer");
    fs::write(newer.path(name), packer.pack(header.as_bytes()).expect("packed")).expect("written");
    assert!(matches!(newer.try_open(), Err(JournalError::NewerFormat { found: 2, .. })));
    assert_eq!(newer.files(), [name]);
}
