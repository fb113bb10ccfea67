//! Appending, rotation, a full disk, a disk that fails.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    super::faults::{EIO, ENOSPC},
    *,
};

const FIRST: &str = "segment-0000000000000001.jsonl.zst";

#[test]
fn what_was_appended_is_there_again_after_reopening_and_goes_on() {
    let desk = Desk::new();
    let all: Vec<_> = (1..=5).map(|number| samples::of_entries(number, number..number + 3)).collect();
    let opened = desk.open();
    assert_eq!((opened.base, opened.first, opened.last), (None, None, CommitNumber(0)));
    append(&opened.journal, &all[..1], 0);
    append(&opened.journal, &all[1..3], 1);
    sync(&opened.journal);
    drop(opened);
    let opened = desk.open();
    assert_eq!((opened.first, opened.last), (Some(CommitNumber(1)), CommitNumber(3)));
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    append(&opened.journal, &all[3..], 2);
    assert_eq!(commits(&opened.journal), all);
    let (_, after, end) = read(opened.journal.commits_after(CommitNumber(2)));
    assert!(end.is_ok());
    assert_eq!(after, all[2..]);
    assert_eq!(desk.files(), [FIRST], "one file for one day");
    assert_eq!(opened.journal.sizes().bytes, fs::metadata(desk.path(FIRST)).expect("a file").len());
    assert_eq!(opened.journal.sizes().commits_since_base, 5);
}

#[test]
fn only_this_user_may_read_it() {
    let desk = Desk::new();
    let folder = desk.path("journal");
    let journal = Journal::open(JournalSettings::new(&folder, None)).map_err(|e| e.to_string()).expect("it opens");
    append(&journal.journal, &[commit(1, Vec::new())], 0);
    let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(folder.clone()), mode(folder.join(FIRST))), (0o700, 0o600));
}

#[test]
fn commits_follow_each_other_without_a_gap() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    for wrong in [vec![2], vec![1, 3], vec![1, 1], vec![0]] {
        let wrong: Vec<_> = wrong.into_iter().map(|number| commit(number, Vec::new())).collect();
        assert!(matches!(journal.append(&wrong, at(0)), Err(JournalError::OutOfOrder { .. })), "{wrong:?}");
    }
    append(&journal, &[commit(1, Vec::new()), commit(2, Vec::new())], 0);
    assert!(matches!(journal.append(&[commit(2, Vec::new())], at(0)), Err(JournalError::OutOfOrder { .. })));
    assert_eq!(commits(&journal).len(), 2);
}

#[test]
fn points_that_are_no_number_are_refused_and_nothing_is_written() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    for bad in [f64::NAN, f64::INFINITY] {
        let mut record = samples::entry(1, "x");
        record.topics[0].score = bad;
        let mut story = samples::story(1, "x");
        story.copies[0].topics[0].score = bad;
        for change in [Change::Entry(Box::new(record)), Change::Story(Box::new(story))] {
            let result = journal.append(&[commit(1, Vec::new()), commit(2, vec![change])], at(0));
            assert!(matches!(result, Err(JournalError::Unwritable { number: CommitNumber(2), .. })));
        }
    }
    append(&journal, &[commit(1, Vec::new())], 0);
    assert_eq!(commits(&journal).len(), 1);
}

#[test]
fn a_segment_is_closed_when_it_is_large_or_of_another_day() {
    let desk = Desk::new();
    let journal = desk.open_with(2_000, &Disk::default());
    append(&journal, &[samples::of_entries(1, 0..30)], 0);
    append(&journal, &[samples::of_entries(2, 0..1)], 0);
    append(&journal, &[samples::of_entries(3, 0..1)], 24 * 60);
    let expected = [1, 2, 3].map(|first| format!("segment-{first:016}.jsonl.zst"));
    assert_eq!(desk.files(), expected);
    drop(journal);
    let opened = desk.open();
    assert_eq!(opened.damage, []);
    assert_eq!(commits(&opened.journal).len(), 3);
    assert_eq!(read(opened.journal.commits_after(CommitNumber(2))).1.len(), 1);
    assert_eq!(read(opened.journal.commits_after(CommitNumber(3))).1.len(), 0);
}

#[test]
fn a_full_disk_leaves_nothing_half_there_and_it_goes_on_when_there_is_room() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1 << 20, &disk);
    let mut number = 1;
    // With no room for its first segment, then with no room for the next commit.
    for room in [0, 100, 5_000, 300, 0, 40_000] {
        disk.faults().room = Some(room);
        let full = loop {
            match journal.append(&[samples::of_entries(number, 0..20)], at(0)) {
                Ok(()) => number += 1,
                Err(error) => break error,
            }
        };
        assert!(full.is_out_of_room(), "{full}");
        assert_eq!(journal.last(), CommitNumber(number - 1));
        assert_eq!(commits(&journal).len() as u64, number - 1);
        let on_disk: u64 = desk.files().iter().map(|name| fs::metadata(desk.path(name)).expect("a file").len()).sum();
        assert_eq!(on_disk, journal.sizes().bytes, "cut back");
    }
    disk.faults().room = None;
    append(&journal, &[samples::of_entries(number, 0..20)], 0);
    sync(&journal);
    drop(journal);
    let opened = desk.open();
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    assert_eq!(commits(&opened.journal).len() as u64, number);
}

#[test]
fn what_could_not_be_cut_back_is_cut_before_the_next_append() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1 << 20, &disk);
    append(&journal, &[samples::of_entries(1, 0..5)], 0);
    disk.faults().room = Some(2_000);
    disk.faults().failing.insert("truncate", EIO);
    let long = samples::of_entries(2, 0..400);
    assert!(journal.append(std::slice::from_ref(&long), at(0)).is_err());
    assert!(fs::metadata(desk.path(FIRST)).expect("a file").len() > journal.sizes().bytes, "it could not be cut");
    assert!(journal.append(&[samples::of_entries(2, 0..1)], at(0)).is_err(), "nor can it yet");
    assert_eq!(commits(&journal).len(), 1);
    *disk.faults() = Default::default();
    append(&journal, &[samples::of_entries(2, 0..1)], 0);
    drop(journal);
    let opened = desk.open();
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    assert_eq!(commits(&opened.journal), [samples::of_entries(1, 0..5), samples::of_entries(2, 0..1)]);
}

#[test]
fn after_a_failed_sync_everything_since_the_last_good_one_is_written_again() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1 << 20, &disk);
    append(&journal, &[samples::of_entries(1, 0..5)], 0);
    sync(&journal);
    let safe = journal.sizes().bytes;
    append(&journal, &[samples::of_entries(2, 0..5)], 0);
    disk.faults().failing.insert("sync", EIO);
    assert!(journal.sync().is_err());
    assert!(journal.sync().is_err(), "it stays failed until the disk takes it");
    append(&journal, &[samples::of_entries(3, 0..5)], 0);
    // The system dropped the pages that it could not write.
    let length = journal.sizes().bytes;
    let file = fs::OpenOptions::new().write(true).open(desk.path(FIRST)).expect("it opens");
    file.set_len(safe).expect("cut");
    file.set_len(length).expect("zeros");
    *disk.faults() = Default::default();
    sync(&journal);
    assert_eq!(disk.faults().taken, ["write", "sync"]);
    append(&journal, &[samples::of_entries(4, 0..5)], 0);
    sync(&journal);
    assert_eq!(disk.faults().taken, ["write", "sync", "write", "sync"], "once is enough");
    drop(journal);
    let opened = desk.open();
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    assert_eq!(commits(&opened.journal).len(), 4);
}

#[test]
fn a_segment_is_closed_only_once_it_is_on_the_disk() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1, &disk);
    append(&journal, &[samples::of_entries(1, 0..5)], 0);
    disk.faults().failing.insert("sync", ENOSPC);
    let refused = journal.append(&[samples::of_entries(2, 0..5)], at(0)).expect_err("the first is not on the disk");
    assert!(refused.is_out_of_room(), "{refused}");
    assert_eq!((desk.files().len(), journal.last()), (1, CommitNumber(1)));
    *disk.faults() = Default::default();
    append(&journal, &[samples::of_entries(2, 0..5)], 0);
    assert_eq!(desk.files().len(), 2);
    assert_eq!(commits(&journal).len(), 2);
}

#[test]
fn the_folder_is_made_durable_with_a_new_file() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1 << 20, &disk);
    *disk.faults() = Default::default();
    append(&journal, &[commit(1, Vec::new())], 0);
    sync(&journal);
    append(&journal, &[commit(2, Vec::new())], 0);
    sync(&journal);
    assert_eq!(disk.faults().taken, ["create", "write", "sync", "sync folder", "write", "sync"]);
}

#[test]
fn much_that_is_unsynced_is_synced_by_appending() {
    let desk = Desk::new();
    let disk = Disk::default();
    let journal = desk.open_with(1 << 30, &disk);
    let mut numbers = 0..;
    let noise = |seed: u64| {
        (0..20_000)
            .map(|n| format!("{:x}", xxhash_rust::xxh3::xxh3_64(&[seed * 20_000 + n].map(u64::to_le_bytes).concat())))
            .collect::<String>()
    };
    let mut number = 0;
    while !disk.faults().taken.iter().skip(3).any(|step| *step == "sync") {
        number += 1;
        let record = samples::entry(number, &noise(numbers.next().expect("a number")));
        append(&journal, &[commit(number, vec![Change::Entry(Box::new(record))])], 0);
        assert!(journal.sizes().bytes < 10 << 20, "it must have been synced by now");
    }
    assert_eq!(commits(&journal).len() as u64, number);
}

#[test]
fn syncing_from_another_thread_beside_appending_loses_nothing() {
    let desk = Desk::new();
    let journal = desk.open_with(3_000, &Disk::default());
    let syncer = journal.clone();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                sync(&syncer);
            }
        });
        for number in 1..=300 {
            append(&journal, &[samples::of_entries(number, number..number + 2)], 0);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    sync(&journal);
    assert!(desk.files().len() > 3);
    assert_eq!(commits(&journal).len(), 300);
    assert_eq!(commits(&desk.open().journal).len(), 300);
}
