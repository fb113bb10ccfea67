//! Accidents that opening must outlive.

use std::{fs, path::Path, process::Command, sync::atomic::AtomicBool};

use super::*;
use crate::model::{PollState, SourceId};

fn open(path: &Path) -> Opened {
    Store::open(&StoreSettings::new(path)).unwrap_or_else(|error| panic!("the store does not open: {error}"))
}

fn commit(store: &Store, numbers: std::ops::Range<u32>) {
    for failures in numbers {
        let mut refresh = store.refresh();
        refresh.put_poll_state(&source(), PollState { failures, ..PollState::default() });
        refresh.apply().unwrap_or_else(|error| panic!("no commit: {error}"));
    }
    store.make_durable().unwrap_or_else(|error| panic!("not durable: {error}"));
}

fn source() -> SourceId {
    SourceId::new("gazette")
}

fn failures(store: &Store) -> Option<u32> {
    store.poll_state(&source()).expect("read").map(|state| state.failures)
}

fn segment(store: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(store.join("journal")).expect("a journal").map(|file| file.expect("a file").path());
    files.filter(|path| path.to_string_lossy().contains("segment-")).max().expect("a segment")
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().expect("copied").success());
}

/// A kill may leave commits in the journal alone, none of which counted. If they cannot be read, the store goes on without them.
#[test]
fn a_journal_damaged_where_only_it_has_commits_is_written_anew_and_commits_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, aside) = (folder.path().join("store"), folder.path().join("aside"));
    let store = open(&path).store;
    commit(&store, 1..4);
    drop(store);
    copy(&path.join("db"), &aside);
    let before = fs::metadata(segment(&path)).expect("a file").len();
    let store = open(&path).store;
    commit(&store, 4..9);
    drop(store);
    fs::remove_dir_all(path.join("db")).expect("removed");
    copy(&aside, &path.join("db"));
    let mut bytes = fs::read(segment(&path)).expect("read");
    let middle = (before as usize + bytes.len()) / 2;
    bytes[middle] ^= 1;
    fs::write(segment(&path), bytes).expect("written");

    let store = open(&path).store;
    assert_eq!(failures(&store), Some(3), "commits after the damage are not applied without those before");
    assert!(store.journal_damage().is_some_and(|damage| damage.contains("what it had after commit 4 is given up")));
    commit(&store, 20..22);
    drop(store);
    let store = open(&path).store;
    assert_eq!(failures(&store), Some(21));
    store.verify_journal(&AtomicBool::new(false)).expect("read");
    assert!(store.fold(&AtomicBool::new(false)).expect("written anew"));
    assert_eq!(store.journal_damage(), None);
    drop(store);
    fs::remove_dir_all(path.join("db")).expect("removed");
    let store = open(&path).store;
    assert_eq!(failures(&store), Some(21), "the new journal has everything");
}

#[test]
fn work_on_the_journal_that_is_stopped_has_not_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).store;
    commit(&store, 1..20);
    let stopped = store.verify_journal(&AtomicBool::new(true));
    assert!(matches!(stopped, Err(StoreError::Stopped)), "{stopped:?}");
}

#[test]
fn without_store_toml_the_database_that_is_there_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let store = open(path).store;
    commit(&store, 1..4);
    store.renew(&|_| true).expect("renewed");
    let instance = store.instance();
    drop(store);
    for damaged in [None, Some("\0\0\0")] {
        match damaged {
            None => fs::remove_file(path.join("store.toml")).expect("removed"),
            Some(text) => fs::write(path.join("store.toml"), text).expect("written"),
        }
        let opened = open(path);
        assert_eq!(opened.repairs, Vec::<String>::new());
        assert_eq!((failures(&opened.store), opened.store.instance()), (Some(3), instance));
        assert!(path.join("db/2").exists());
    }
}

#[test]
fn a_database_that_lost_its_beginning_is_rebuilt_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let store = open(path).store;
    commit(&store, 1..4);
    store.renew(&|_| true).expect("renewed");
    store.verify(&|_| true).expect("whole");
    drop(store);
    fs::remove_dir_all(path.join("db/2")).expect("removed");
    let opened = open(path);
    assert_eq!(failures(&opened.store), Some(3));
    assert!(
        opened.repairs.iter().any(|repair| repair.contains("because the database is gone")),
        "{:?}",
        opened.repairs
    );
    assert!(matches!(opened.store.verify_and_mend(&|_| true), Ok(None)), "it is what the journal says");
}
