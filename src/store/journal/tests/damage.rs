//! Files that are cut off, changed, missing.

use std::fs;

use proptest::prelude::*;

use super::*;

const FIRST: &str = "segment-0000000000000001.jsonl.zst";

/// Holds what opening and reading give against what was written: whole commits from the first one on and nothing else, and
/// if any are missing, that is said.
fn assert_prefix_or_named(desk: &Desk, written: &[Commit], what: &str) {
    let opened = match desk.try_open() {
        Ok(opened) => opened,
        Err(JournalError::Damaged(_) | JournalError::NewerFormat { .. } | JournalError::OtherStore { .. }) => return,
        Err(other) => panic!("{what}: {other}"),
    };
    let (records, read, end) = read(opened.journal.read_all());
    assert_eq!(records, [], "{what}");
    assert_eq!(read, written[..read.len()], "{what}");
    let named = opened.torn.is_some() || !opened.damage.is_empty() || matches!(end, Err(JournalError::Damaged(_)));
    assert!(named || read.len() == written.len(), "{what}: {} of {} and no word", read.len(), written.len());
    if let Err(error) = end {
        assert!(matches!(error, JournalError::Damaged(_)), "{what}: {error}");
        let verified = opened.journal.verify(&false.into()).map_err(|error| error.to_string()).expect("verified");
        assert!(!verified.damage.is_empty(), "{what}: verifying sees what reading sees");
    }
}

fn three_commits() -> Vec<Commit> {
    vec![samples::of_entries(1, 0..2), commit(2, vec![samples::change(9, 3, "")]), samples::of_entries(3, 2..3)]
}

#[test]
fn cut_at_any_byte_it_opens_with_the_commits_that_are_whole_and_goes_on() {
    let desk = Desk::new();
    let written = three_commits();
    let journal = desk.open().journal;
    let ends: Vec<usize> = written
        .iter()
        .map(|commit| {
            append(&journal, std::slice::from_ref(commit), 0);
            journal.sizes().bytes as usize
        })
        .collect();
    drop(journal);
    let bytes = fs::read(desk.path(FIRST)).expect("read");
    for length in 0..=bytes.len() {
        fs::write(desk.path(FIRST), &bytes[..length]).expect("written");
        let whole = ends.iter().filter(|end| **end <= length).count();
        let opened = desk.open();
        assert_eq!(opened.damage, [], "cut at {length}");
        assert_eq!(opened.last, CommitNumber(whole as u64), "cut at {length}");
        let end = if whole == 0 { 0 } else { ends[whole - 1] };
        assert_eq!(
            opened.torn.map(|torn| (torn.offset, torn.bytes)),
            match length - end {
                0 if length > 0 => None,
                over => Some((end as u64, over as u64)),
            }
        );
        assert_eq!(commits(&opened.journal), written[..whole], "cut at {length}");
        append(&opened.journal, &[samples::of_entries(whole as u64 + 1, 7..8)], 0);
        assert_eq!(commits(&opened.journal).len(), whole + 1);
    }
}

#[test]
fn with_any_byte_changed_it_gives_whole_commits_and_says_what_is_wrong() {
    let desk = Desk::new();
    let written = three_commits();
    let journal = desk.open().journal;
    written.iter().for_each(|commit| append(&journal, std::slice::from_ref(commit), 0));
    drop(journal);
    let bytes = fs::read(desk.path(FIRST)).expect("read");
    for at in 0..bytes.len() {
        for flip in [1 << (at % 8), 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            fs::write(desk.path(FIRST), &changed).expect("written");
            assert_prefix_or_named(&desk, &written, &format!("byte {at} changed by {flip:#x}"));
        }
    }
}

#[test]
fn damage_that_whole_commits_come_after_is_not_taken_for_a_torn_tail() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    append(&journal, &[samples::of_entries(1, 0..2)], 0);
    let begin = journal.sizes().bytes;
    append(&journal, &[samples::of_entries(2, 0..2)], 0);
    append(&journal, &[samples::of_entries(3, 0..2)], 0);
    drop(journal);
    let bytes = fs::read(desk.path(FIRST)).expect("read");
    let mut changed = bytes.clone();
    changed[begin as usize + 40] ^= 1;
    fs::write(desk.path(FIRST), &changed).expect("written");
    let opened = desk.open();
    assert_eq!(opened.damage.iter().map(|damage| damage.offset).collect::<Vec<_>>(), [begin]);
    assert_eq!((opened.torn, opened.last), (None, CommitNumber(3)));
    assert_eq!(fs::read(desk.path(FIRST)).expect("read"), changed, "nothing is cut");
    let (_, before, end) = read(opened.journal.read_all());
    assert_eq!(before, [samples::of_entries(1, 0..2)]);
    assert!(matches!(end, Err(JournalError::Damaged(damage)) if damage.offset == begin));

    // It is appended to all the same, in a file of its own, and a new base makes it whole.
    append(&opened.journal, &[samples::of_entries(4, 0..2)], 0);
    assert!(matches!(opened.journal.fold(FoldReason::Removal, &false.into()), Err(JournalError::Damaged(_))));
    assert_eq!(desk.files().len(), 2, "a fold that meets damage changes nothing");
    let mut base = opened.journal.write_base(CommitNumber(4), at(1)).map_err(|e| e.to_string()).expect("begun");
    append(&opened.journal, &[samples::of_entries(5, 9..10)], 0);
    let records = samples::of_entries(4, 0..2).changes;
    records.iter().for_each(|record| base.write(record).map_err(|e| e.to_string()).expect("written"));
    base.finish().map_err(|error| error.to_string()).expect("finished");
    assert_eq!(desk.files(), ["base-0000000000000004.jsonl.zst", "segment-0000000000000005.jsonl.zst"]);
    drop(opened.journal);
    let opened = desk.open();
    assert_eq!(opened.damage, []);
    assert_eq!(
        (opened.base, opened.first, opened.last),
        (Some(CommitNumber(4)), Some(CommitNumber(5)), CommitNumber(5))
    );
    assert_eq!(contents(&opened.journal).len(), 3);
}

#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    let desk = Desk::new();
    append(&desk.open().journal, &[samples::of_entries(1, 0..2)], 0);
    let mut bytes = fs::read(desk.path(FIRST)).expect("read");
    bytes.extend([0; 5_000]);
    fs::write(desk.path(FIRST), &bytes).expect("written");
    let opened = desk.open();
    assert_eq!(opened.torn.map(|torn| torn.bytes), Some(5_000));
    assert_eq!(commits(&opened.journal).len(), 1);
}

#[test]
fn what_is_missing_is_named_when_it_is_opened() {
    let desk = Desk::new();
    let journal = desk.open_with(1, &Disk::default());
    (1..=4).for_each(|number| append(&journal, &[samples::of_entries(number, 0..2)], 0));
    drop(journal);
    let table: [(&[u64], &str); 3] = [
        (&[1], "the commits from 1 to 1 before it are missing"),
        (&[2, 3], "the commits from 2 to 3 before it are missing"),
        (&[1, 3], "the commits from 1 to 1 before it are missing"),
    ];
    for (missing, expected) in table {
        let other = Desk::new();
        for number in (1..=4).filter(|number| !missing.contains(number)) {
            let name = format!("segment-{number:016}.jsonl.zst");
            fs::copy(desk.path(&name), other.path(&name)).expect("copied");
        }
        let opened = other.open();
        assert_eq!(opened.damage[0].cause, expected, "without {missing:?}");
        assert_eq!(opened.last, CommitNumber(4));
        let (_, read, end) = read(opened.journal.read_all());
        assert_eq!(read.len() as u64, missing[0] - 1);
        assert!(matches!(end, Err(JournalError::Damaged(_))), "without {missing:?}");
        assert!(matches!(opened.journal.fold(FoldReason::Removal, &false.into()), Err(JournalError::Damaged(_))));
    }
    fs::write(desk.path("segment-0000000000000002.jsonl.zst"), b"").expect("written");
    let opened = desk.open();
    assert_eq!((opened.damage.len(), opened.last), (1, CommitNumber(4)), "an empty file that is not the newest");
}

#[test]
fn verifying_finds_all_damage_and_where() {
    let desk = Desk::new();
    let journal = desk.open_with(20_000, &Disk::default());
    (1..=40).for_each(|number| append(&journal, &[samples::of_entries(number, number..number + 8)], 0));
    assert!(desk.files().len() > 2);
    let verify = || journal.verify(&false.into()).map_err(|error| error.to_string()).expect("verified");
    let whole = verify();
    assert_eq!((whole.damage.len(), whole.commits, whole.lines), (0, 40, 320));
    assert_eq!(whole.bytes, journal.sizes().bytes);
    for name in desk.files() {
        let mut bytes = fs::read(desk.path(&name)).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(desk.path(&name), bytes).expect("written");
    }
    let damaged = verify();
    let mut files: Vec<_> = damaged.damage.iter().map(|damage| damage.file.clone()).collect();
    files.dedup();
    assert_eq!(files.len(), desk.files().len(), "{:#?}", damaged.damage);
    assert!(damaged.commits >= 40 - 2 * desk.files().len() as u64, "and goes on after it");
    assert!(matches!(journal.verify(&true.into()), Err(JournalError::Stopped)));
}

#[test]
fn a_base_without_its_end_is_named_and_the_one_before_it_is_not_deleted() {
    let desk = Desk::new();
    let journal = desk.open_with(1, &Disk::default());
    (1..=3).for_each(|number| append(&journal, &[samples::of_entries(number, number..number + 200)], 0));
    journal.fold(FoldReason::Removal, &false.into()).map_err(|error| error.to_string()).expect("folded");
    drop(journal);
    let base = "base-0000000000000003.jsonl.zst";
    assert_eq!(desk.files(), [base]);
    let bytes = fs::read(desk.path(base)).expect("read");
    for length in (0..bytes.len()).rev().step_by(97) {
        fs::write(desk.path(base), &bytes[..length]).expect("written");
        let opened = desk.open();
        assert_eq!((opened.base, opened.damage.len()), (None, 1), "cut at {length}");
        assert_eq!(desk.files(), [base], "a damaged file is kept");
    }
    for at in (0..bytes.len()).step_by(41) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(desk.path(base), &changed).expect("written");
        let opened = match desk.try_open() {
            Ok(opened) => opened,
            Err(JournalError::Damaged(_)) => continue,
            Err(other) => panic!("byte {at}: {other}"),
        };
        let (records, _, end) = read(opened.journal.read_all());
        let whole = records.len() == 202 && end.is_ok();
        assert!(whole || end.is_err() || !opened.damage.is_empty(), "byte {at}: {} records and no word", records.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_commits_with_any_piece_changed_come_back_whole_or_are_named(
        written in samples::commits(8),
        batch in 1..4_usize,
        place in 0.0..1.0_f64,
        piece in proptest::collection::vec(any::<u8>(), 0..20),
        cut in any::<bool>(),
    ) {
        let desk = Desk::new();
        let journal = desk.open().journal;
        let ends: Vec<usize> = written
            .chunks(batch)
            .map(|batch| {
                append(&journal, batch, 0);
                journal.sizes().bytes as usize
            })
            .collect();
        prop_assert_eq!(&commits(&journal), &written);
        drop(journal);
        let mut bytes = fs::read(desk.path(FIRST)).expect("read");
        let place = (bytes.len() as f64 * place) as usize;
        // Cut right after a commit it is a whole journal: that there was more, the database alone knows.
        prop_assume!(!cut || !ends.contains(&place));
        if cut {
            bytes.truncate(place);
        }
        for (to, from) in bytes.iter_mut().skip(place).zip(&piece) {
            *to = *from;
        }
        fs::write(desk.path(FIRST), &bytes).expect("written");
        assert_prefix_or_named(&desk, &written, &format!("at {place}"));
    }
}
