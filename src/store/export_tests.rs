//! What is exported makes the same store elsewhere.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, Utc};

use super::{
    faults::Fault,
    tests::{at, fill, folder, open, put, settings, source},
    *,
};
use crate::model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber};

/// The lines of an export; `between` is called after each.
fn export_with(
    store: &Store,
    since: Option<DateTime<Utc>>,
    between: impl Fn(usize),
) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    store.export(since, &AtomicBool::new(false), &mut |line| {
        lines.push(serde_json::to_string(&line).expect("JSON"));
        between(lines.len());
        Ok::<_, StoreError>(())
    })?;
    Ok(lines)
}

fn export(store: &Store, since: Option<DateTime<Utc>>) -> Vec<String> {
    export_with(store, since, |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| line.clone() + "\n").collect()
}

fn import_into(path: &Path, lines: &[String]) -> Result<Contents, ImportError> {
    import(&settings(path), &mut text(lines).as_bytes(), &|_| true)
}

/// What a store holds, without when and as of which commit that was asked.
fn records(store: &Store) -> BTreeSet<String> {
    let lines = export(store, None);
    let inner = lines[1..lines.len() - 1].iter().cloned();
    // An absent fingerprint and one that says so are the same.
    inner.filter(|line| line != "{\"tagged_with\":null}").collect()
}

fn assert_same(found: &BTreeSet<String>, expected: &BTreeSet<String>, what: &str) {
    let less = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).take(3).cloned().collect::<Vec<_>>();
    let (missing, more) = (less(expected, found), less(found, expected));
    assert!(missing.is_empty() && more.is_empty(), "{what}: missing {missing:#?}, too many {more:#?}");
}

/// A store of one source with entries and stories, some of which were changed or taken out, in the base and after it.
fn lived_in(path: &Path) -> Store {
    let store = open(path);
    let old = fill(&store, 0..20);
    export(&store, None);
    let mut refresh = store.refresh();
    refresh.put_poll_state(&SourceId::new("one"), PollState { failures: 2, ..PollState::default() });
    refresh.put_source(&SourceId::new("two"), source(2));
    for (entry, story) in &old[..3] {
        let record = refresh.entry(*entry).expect("read").expect("there");
        let gone = match story.0 % 2 {
            0 => Identity::Tombstone { last_listed: at(30) },
            _ => Identity::Deleted { when: at(29), last_listed: at(30) },
        };
        refresh.put_identity(SourceNumber(1), record.identity, gone);
        refresh.remove_entry(*entry).expect("removed");
        refresh.remove_story(*story).expect("removed");
    }
    let mut revised = refresh.entry(old[5].0).expect("read").expect("there");
    revised.revised = Some(at(50));
    refresh.put_entry(revised).expect("put");
    put(&mut refresh, 40, "late news");
    refresh.apply().expect("applied");
    store
}

#[test]
fn an_import_of_an_export_is_the_same_store() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let lines = export(&store, None);
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), lines.len(), "each record once");
    assert!(!text(&lines).contains("_removed"), "what is gone is not in it");
    let contents = import_into(&to.path().join("store"), &lines).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((contents.sources, contents.entries, contents.stories, contents.identities), (2, 18, 18, 21));
    assert_eq!((contents.lines, contents.instance), (lines.len() as u64, Some(store.instance())));
    let copy = open(&to.path().join("store"));
    assert_eq!(copy.instance(), store.instance());
    assert_same(&records(&copy), &records(&store), "the copy");
    assert_eq!(copy.newest(None, 100).expect("read"), store.newest(None, 100).expect("read"));
    assert_eq!(copy.repairs(), [], "it was made whole");
    let next = |store: &Store| fill(store, 60..61)[0];
    assert_eq!(next(&copy), next(&store), "numbers go on where they were");
}

#[test]
fn commits_go_on_during_an_export_and_are_not_in_it() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let (before, newest) = (records(&store), store.newest(None, 100).expect("read"));
    for since in [None, Some(at(-1))] {
        let lines = export_with(&store, since, |line| {
            if line % 7 == 0 {
                fill(&store, [line as i64].into_iter());
                let oldest = store.entries_from(EntryNumber(0), 1).expect("read").remove(0);
                let mut refresh = store.refresh();
                refresh.remove_entry(oldest.number).expect("removed");
                refresh.remove_story(oldest.story).expect("removed");
                refresh.remove_identity(oldest.source, oldest.identity);
                refresh.apply().expect("applied");
                store.fold(&AtomicBool::new(false)).expect("folded");
            }
        });
        let lines = lines.unwrap_or_else(|error| panic!("{error}"));
        if since.is_some() {
            // What it holds belongs together all the same.
            let path = to.path().join("since");
            import_into(&path, &lines).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        let path = to.path().join("store");
        import_into(&path, &lines).unwrap_or_else(|error| panic!("{error}"));
        let copy = open(&path);
        assert_same(&records(&copy), &before, "as of the beginning");
        assert_eq!(copy.newest(None, 100).expect("read"), newest);
    }
    assert_ne!(records(&store), before);
}

/// A commit may come at any moment, also between the fold and the reading.
#[test]
fn while_somebody_commits_without_a_pause_each_record_is_there_once() {
    let from = folder();
    let store = lived_in(from.path());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let mut refresh = store.refresh();
                let (entry, _) = put(&mut refresh, 80, "news");
                refresh.apply().expect("applied");
                let mut refresh = store.refresh();
                let record = refresh.entry(entry).expect("read").expect("there");
                refresh.remove_entry(entry).expect("removed");
                refresh.remove_story(record.story).expect("removed");
                refresh.remove_identity(record.source, record.identity);
                refresh.apply().expect("applied");
            }
        });
        // Told also when an assertion fails, lest the thread go on for ever.
        let _told = Told(&is_over);
        for _ in 0..40 {
            let lines = export(&store, None);
            assert!(!text(&lines).contains("_removed"));
            let subjects = lines[1..lines.len() - 1].iter().map(|line| {
                let change: Change = serde_json::from_str(line).expect("a change");
                change.subject()
            });
            assert_eq!(subjects.collect::<BTreeSet<_>>().len(), lines.len() - 2);
            check_export(&mut text(&lines).as_bytes(), &|_| true).unwrap_or_else(|error| panic!("{error}"));
        }
    });
}

/// Says that something is over when it is dropped.
struct Told<'a>(&'a AtomicBool);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn without_room_to_fold_the_journal_is_given_as_it_is() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    store.faults().set(&[Fault::Room]);
    for since in [None, Some(at(-1)), Some(at(10))] {
        let lines = export(&store, since);
        assert!(since.is_some() || text(&lines).contains("{\"entry_removed\""), "{lines:#?}");
        let path = to.path().join(since.map_or_else(String::new, |since| since.timestamp().to_string())).join("store");
        let contents = import_into(&path, &lines).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(contents.entries, if since == Some(at(10)) { 12 } else { 18 });
        store.faults().set(&[]);
        if since != Some(at(10)) {
            assert_same(&records(&open(&path)), &records(&store), "the copy");
        }
        let mut refresh = store.refresh();
        put(&mut refresh, 70, "gone soon");
        refresh.apply().expect("applied");
        let last = store.entries_from(EntryNumber(0), 100).expect("read").pop().expect("an entry");
        let mut refresh = store.refresh();
        refresh.remove_entry(last.number).expect("removed");
        refresh.remove_story(last.story).expect("removed");
        refresh.remove_identity(last.source, last.identity);
        refresh.apply().expect("applied");
        store.faults().set(&[Fault::Room]);
    }
}

#[test]
fn since_a_date_whole_stories_are_exported_and_nothing_older_comes_back_as_new() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    // An old copy of a story that is new by another copy.
    let old = store.entries_from(EntryNumber(0), 100).expect("read").remove(1);
    assert!(old.dated() < at(10));
    let mut refresh = store.refresh();
    let (late, story) = put(&mut refresh, 45, "a late copy");
    let mut shared = refresh.story(story).expect("read").expect("there");
    shared.copies.extend(store.story(old.story).expect("read").expect("there").copies);
    refresh.put_story(shared).expect("put");
    refresh.remove_story(old.story).expect("removed");
    refresh.put_entry(EntryRecord { story, ..old.clone() }).expect("put");
    refresh.apply().expect("applied");

    let lines = export(&store, Some(at(10)));
    assert!(lines[0].contains("\"since\":"), "{}", lines[0]);
    let path = to.path().join("store");
    import_into(&path, &lines).unwrap_or_else(|error| panic!("{error}"));
    let copy = open(&path);
    let expected: Vec<EntryRecord> = store
        .entries_from(EntryNumber(0), 100)
        .expect("read")
        .into_iter()
        .filter(|record| record.dated() >= at(10) || record.number == old.number)
        .collect();
    // Minutes 10 to 19, the one revised at 50, the one at 40, the late copy and what it is a copy of.
    assert_eq!(expected.len(), 14);
    assert_eq!(copy.entries_from(EntryNumber(0), 100).expect("read"), expected);
    assert_eq!(copy.entry(late).expect("read").map(|record| record.story), Some(story));
    assert_eq!(copy.source(&SourceId::new("one")).map(|source| source.entries), Some(14));
    for record in store.entries_from(EntryNumber(0), 100).expect("read") {
        let is = copy.identity(record.source, record.identity).expect("read");
        match expected.iter().any(|kept| kept.number == record.number) {
            true => assert!(matches!(is, Some(Identity::Kept { entry, .. }) if entry == record.number)),
            false => assert!(matches!(is, Some(Identity::Tombstone { .. })), "{is:?}"),
        }
    }
    let poll = copy.poll_state(&SourceId::new("one")).expect("read");
    assert_eq!(poll, store.poll_state(&SourceId::new("one")).expect("read"));
}

#[test]
fn an_export_from_a_damaged_journal_says_so_and_the_next_is_whole() {
    let from = folder();
    let store = lived_in(from.path());
    let before = records(&store);
    let journal = from.path().join("journal");
    let base =
        std::fs::read_dir(&journal).expect("read").map(|file| file.expect("read").path()).next().expect("a base");
    let mut bytes = std::fs::read(&base).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(&base, bytes).expect("written");
    let error = export_with(&store, None, |_| {}).expect_err("damaged").to_string();
    assert!(error.contains("the journal is damaged"), "{error}");
    assert_same(&records(&store), &before, "mended");
    assert_eq!(store.repairs().len(), 1);
}

/// Every mistake is told with its line, and nothing is left behind.
#[test]
fn mistakes_in_an_export_are_told_by_their_line() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let good = export(&store, None);
    let line_of = |begins: &str| good.iter().position(|line| line.starts_with(begins)).expect("a line");
    let (entry, story, identity, source) =
        (line_of("{\"entry\""), line_of("{\"story\""), line_of("{\"identity\""), line_of("{\"source\""));
    let replaced = |line: usize, from: &str, to: &str| {
        let mut lines = good.clone();
        assert!(lines[line].contains(from), "{from} in {}", lines[line]);
        lines[line] = lines[line].replacen(from, to, 1);
        lines
    };
    let without = |line: usize| [&good[..line], &good[line + 1..]].concat();
    let cases = [
        ("nothing at all", Vec::new(), "line 1, column 1: it is empty".to_owned()),
        ("another file", vec!["{\"title\":1}".into()], "line 1, column 1: this is no export".into()),
        ("no JSON", vec!["id;title".into()], "line 1, column 1: this is no export".into()),
        (
            "another file of ours",
            replaced(0, "export", "backup"),
            "line 1, column 1: this is a file of newsdesk, but".into(),
        ),
        (
            "a later format",
            replaced(0, "\"format\":1", "\"format\":2"),
            "it has format 2, and this newsdesk knows".into(),
        ),
        ("no end", good[..good.len() - 1].to_vec(), format!("it ends after line {} without", good.len() - 1)),
        ("half a line", replaced(entry, "\"source\":", "\"source\""), format!("line {}, column ", entry + 1)),
        (
            "another word",
            replaced(story, "{\"story\"", "{\"tale\""),
            format!("line {}, column 7: unknown variant `tale`", story + 1),
        ),
        ("a wrong type", replaced(entry, "\"number\":", "\"number\":-"), format!("line {}, column ", entry + 1)),
        ("a missing entry", without(entry), "which is missing".into()),
        ("a missing story", without(story), "which does not say so".into()),
        ("a missing source", without(source), "is of source number 1, which is missing".into()),
        (
            "a story that shows none of its own",
            replaced(story, "\"owner\":", "\"owner\":99"),
            format!("line {}, column 1: story ", story + 1),
        ),
        (
            "more after the end",
            [&good[..], &good[identity..identity + 1]].concat(),
            format!("line {}, column 1: the export has ended", good.len() + 1),
        ),
        (
            "two stores",
            [&good[..], &[good[0].replace(&store.instance().to_string(), "00000000-0000-0000-0000-000000000001")]]
                .concat(),
            format!("line {}, column 1: from here on it is of another store", good.len() + 1),
        ),
    ];
    let path = to.path().join("store");
    for (what, lines, expected) in cases {
        let error = import_into(&path, &lines).expect_err(what).to_string();
        assert!(error.contains(&expected), "{what}: {error}, not {expected}");
        let left: Vec<_> =
            std::fs::read_dir(&path).expect("read").map(|entry| entry.expect("read").file_name()).collect();
        assert_eq!(left, ["newsdesk.lock"], "{what}");
    }
    import_into(&path, &good).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_journals_own_files_can_be_imported() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let expected = store.newest(None, 100).expect("read");
    let mut files: Vec<_> =
        std::fs::read_dir(from.path().join("journal")).expect("read").map(|file| file.expect("read").path()).collect();
    files.sort();
    assert!(files.len() > 1, "a base and what came after it");
    let text: Vec<u8> = files
        .iter()
        .flat_map(|file| zstd::stream::decode_all(std::fs::File::open(file).expect("opened")).expect("unpacked"))
        .collect();
    let path = to.path().join("store");
    import(&settings(&path), &mut text.as_slice(), &|_| true).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(open(&path).newest(None, 100).expect("read"), expected);

    // Up to the damage it is a store as it once was; beyond a gap it is not.
    let text = String::from_utf8(text).expect("UTF-8");
    let commits: Vec<usize> =
        text.match_indices("{\"commit\"").map(|(at, _)| at + text[at..].find('\n').expect("an end") + 1).collect();
    let base = &text[..commits[0]];
    let contents = import(&settings(&to.path().join("base")), &mut base.as_bytes(), &|_| true);
    assert_eq!(contents.map_err(|error| error.to_string()).map(|contents| contents.entries), Ok(20));
    assert!(commits.len() > 1);
    let beyond = base.to_owned() + "{\"commit\":99,\"at\":\"2026-11-22T00:00:00Z\"}\n";
    let gap =
        import(&settings(&to.path().join("gap")), &mut beyond.as_bytes(), &|_| true).expect_err("a gap").to_string();
    assert!(gap.contains("to 98 are missing"), "{gap}");
}

#[test]
fn a_store_with_news_is_not_written_over() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let lines = export(&store, None);
    let refused = import_into(from.path(), &lines).expect_err("in use");
    assert!(matches!(refused, ImportError::Store(StoreError::InUse { .. })), "{refused}");
    let before = records(&store);
    drop(store);
    let refused = import_into(from.path(), &lines).expect_err("not empty");
    assert!(matches!(&refused, ImportError::NotEmpty { .. }), "{refused}");
    assert_same(&records(&open(from.path())), &before, "as it was");
    std::fs::remove_dir_all(from.path().join("journal")).expect("removed");
    let refused = import_into(from.path(), &lines).expect_err("not empty");
    assert!(refused.to_string().contains("cannot be told"), "{refused}");

    // One that was only ever opened may be replaced, ids of its own and all.
    let instance = open(to.path()).instance();
    import_into(to.path(), &lines).unwrap_or_else(|error| panic!("{error}"));
    let copy = open(to.path());
    assert_ne!(copy.instance(), instance);
    assert_same(&records(&copy), &before, "the copy");
}

#[test]
fn counts_and_next_numbers_follow_from_the_lines() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let mut lines = export(&store, None);
    lines.retain(|line| !line.starts_with("{\"next\""));
    let source = lines.iter_mut().find(|line| line.starts_with("{\"source\":{\"id\":\"one\"")).expect("a source");
    *source = source.replace("\"entries\":18", "\"entries\":4");
    import_into(&to.path().join("store"), &lines).unwrap_or_else(|error| panic!("{error}"));
    let copy = open(&to.path().join("store"));
    assert_eq!(copy.source(&SourceId::new("one")).map(|source| source.entries), Some(18));
    assert_eq!(fill(&copy, 60..61), [(EntryNumber(22), StoryNumber(22))]);
}

fn backup(into: &Path, lines: &[String]) -> Result<(std::path::PathBuf, Manifest), BackupError> {
    let mut writer = BackupWriter::create(into, at(0))?;
    for line in lines {
        writer.line(format!("{line}\n").as_bytes()).expect("written");
    }
    writer.finish(&|_| true)
}

#[test]
fn a_backup_is_there_whole_or_not_at_all_and_never_over_another() {
    let (from, to) = (folder(), folder());
    let store = lived_in(from.path());
    let lines = export(&store, None);
    let names = || -> BTreeSet<String> {
        let found = std::fs::read_dir(to.path()).expect("read").map(|entry| entry.expect("read").file_name());
        found.map(|name| name.to_string_lossy().into_owned()).collect()
    };
    let cut_off = backup(to.path(), &lines[..lines.len() - 1]).expect_err("cut off").to_string();
    assert!(cut_off.contains("does not read back") && cut_off.contains("a part of it is missing"), "{cut_off}");
    let mut given_up = BackupWriter::create(to.path(), at(0)).expect("begun");
    given_up.line(b"half\n").expect("written");
    assert_eq!(names().len(), 1, "hidden as long as it is not whole");
    assert!(names().iter().all(|name| name.starts_with(".unfinished-")));
    drop(given_up);
    assert_eq!(names(), BTreeSet::new());

    // At the same second, also beside one that a kill left unfinished.
    std::fs::create_dir(to.path().join(".unfinished-newsdesk-2026-09-21T14-13-20Z-2")).expect("made");
    let places: Vec<_> = (0..3).map(|_| backup(to.path(), &lines).unwrap_or_else(|error| panic!("{error}"))).collect();
    let ends = ["20Z", "20Z-3", "20Z-4"];
    for ((place, manifest), end) in places.iter().zip(ends) {
        assert!(place.ends_with(format!("newsdesk-2026-09-21T14-13-{end}")), "{}", place.display());
        assert_eq!(*manifest, places[0].1);
        let copy = place.join("restored");
        restore(&settings(&copy), place, &|_| true).unwrap_or_else(|error| panic!("{error}"));
        assert_same(&records(&open(&copy)), &records(&store), "restored");
    }
}
