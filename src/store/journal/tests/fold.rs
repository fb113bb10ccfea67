//! Folding, new bases, and being killed at any moment.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;

fn fold(journal: &Journal) -> Option<Folded> {
    journal.fold(FoldReason::Removal, &false.into()).map_err(|error| error.to_string()).expect("folded")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_fold_equals_the_replay_of_everything(
        written in samples::commits(40),
        close in 1..7_usize,
        fold_every in 2..20_usize,
        most_subjects in 1..30_usize,
    ) {
        let desk = Desk::new();
        let mut journal = desk.open().journal;
        let mut expected = BTreeMap::new();
        for (count, commit) in written.iter().enumerate() {
            append(&journal, std::slice::from_ref(commit), 0);
            replay(&mut expected, std::slice::from_ref(commit));
            if count % close == 0 {
                journal.close_segment().map_err(|error| error.to_string()).expect("closed");
            }
            if count % fold_every == 1 {
                let folded = journal.fold_at_most(FoldReason::Size, &false.into(), most_subjects);
                folded.map_err(|error| error.to_string()).expect("folded");
                prop_assert_eq!(&contents(&journal), &expected);
                drop(journal);
                let opened = desk.open();
                prop_assert_eq!(opened.damage, []);
                journal = opened.journal;
                prop_assert_eq!(&contents(&journal), &expected);
            }
        }
        while fold(&journal).is_some_and(|folded| folded.more) {}
        prop_assert_eq!(&contents(&journal), &expected);
        prop_assert_eq!(desk.files().len(), 1);
        let verified = journal.verify(&false.into()).map_err(|error| error.to_string()).expect("verified");
        prop_assert_eq!((verified.damage.len(), verified.lines), (0, expected.len() as u64));
    }
}

#[test]
fn frames_of_the_old_base_in_which_nothing_changed_are_taken_as_they_are() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    append(&journal, &[samples::of_entries(1, 0..3_000)], 0);
    fold(&journal);
    let before = std::fs::read(desk.path("base-0000000000000001.jsonl.zst")).expect("read");
    let gone = samples::change(6, 1_500, "");
    append(&journal, &[commit(2, vec![gone, Change::Entry(Box::new(samples::entry(4_000, "new")))])], 0);
    let folded = fold(&journal).expect("something");
    assert_eq!(folded.base.records, 3_000);
    let after = std::fs::read(desk.path("base-0000000000000002.jsonl.zst")).expect("read");
    let middle = before.len() / 4;
    let sample = &before[middle..middle + 2_000];
    assert!(after.windows(sample.len()).any(|window| window == sample));
    assert_eq!(contents(&journal).len(), 3_000);
    assert!(!contents(&journal).contains_key(&Subject::Entry(crate::model::EntryNumber(1_500))));
}

#[test]
fn what_was_taken_out_leaves_the_files() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    let secret = |desk: &Desk| {
        let lines = desk.files().into_iter().flat_map(|name| desk.lines(&name));
        lines.filter(|line| line.contains("a secret")).count()
    };
    append(&journal, &[commit(1, vec![Change::Entry(Box::new(samples::entry(1, "a secret")))])], 0);
    fold(&journal);
    assert_eq!(secret(&desk), 1);
    append(&journal, &[commit(2, vec![samples::change(6, 1, "")])], 60);
    assert_eq!(fold_is_due(&journal.unfolded(), at(60 + 11 * 60)), None);
    assert_eq!(fold_is_due(&journal.unfolded(), at(60 + 12 * 60)), Some(FoldReason::Removal));
    fold(&journal);
    assert_eq!(secret(&desk), 0);
    assert_eq!(journal.unfolded().oldest_removal, None);
    append(&journal, &[commit(3, vec![samples::change(6, 1, "")])], 70);
    drop(journal);
    let journal = desk.open().journal;
    assert_eq!(journal.unfolded().oldest_removal, Some(at(70)), "after a start a removal is taken for granted");
}

#[test]
fn a_fold_is_due_when_it_pays_or_when_something_must_go() {
    const MB: u64 = 1 << 20;
    let table = [
        ("nothing yet", 0, 0, None, None),
        ("little", 0, 3 * MB, None, None),
        ("some, and no base", 0, 5 * MB, None, Some(FoldReason::Size)),
        ("less than half of the base", 100 * MB, 49 * MB, None, None),
        ("more than half of the base", 100 * MB, 51 * MB, None, Some(FoldReason::Size)),
        ("a removal of today", 100 * MB, 0, Some(-60), None),
        ("a removal of last night", 100 * MB, 0, Some(-12 * 60), Some(FoldReason::Removal)),
        ("a removal of the future, after the clock was set back", 100 * MB, 0, Some(60), None),
        (
            "a removal of another year, after the clock was set back",
            100 * MB,
            0,
            Some(500_000),
            Some(FoldReason::Removal),
        ),
    ];
    for (what, base_bytes, closed_bytes, removal, expected) in table {
        let oldest_removal = removal.map(at);
        let unfolded = Unfolded { base_bytes, closed_bytes, current_bytes: 0, oldest_removal };
        assert_eq!(fold_is_due(&unfolded, at(0)), expected, "{what}");
    }
}

#[test]
fn there_is_one_fold_at_a_time_and_it_can_be_stopped() {
    let desk = Desk::new();
    let journal = desk.open().journal;
    assert_eq!(fold(&journal), None, "nothing to fold");
    append(&journal, &[samples::of_entries(1, 0..5)], 0);
    let base = journal.write_base(CommitNumber(1), at(0)).map_err(|error| error.to_string()).expect("begun");
    assert!(matches!(journal.fold(FoldReason::Size, &false.into()), Err(JournalError::Busy)));
    drop(base);
    assert!(matches!(journal.fold(FoldReason::Size, &true.into()), Err(JournalError::Stopped)));
    assert_eq!(desk.files(), ["segment-0000000000000001.jsonl.zst"], "neither leaves anything behind");
    assert!(fold(&journal).is_some());
}

#[test]
fn folding_beside_appending_and_reading_loses_nothing() {
    let desk = Desk::new();
    let journal = desk.open_with(4_000, &Disk::default());
    let written: Vec<_> = (1..=400).map(|number| samples::of_entries(number, number % 50..number % 50 + 3)).collect();
    let mut expected = BTreeMap::new();
    replay(&mut expected, &written);
    let done = AtomicBool::new(false);
    let folds = std::thread::scope(|scope| {
        let folder = scope.spawn(|| {
            let mut folds = 0;
            while !done.load(Ordering::Relaxed) {
                let folded = journal.fold(FoldReason::Size, &false.into());
                folds += u32::from(folded.map_err(|error| error.to_string()).expect("folded").is_some());
                contents(&journal);
            }
            folds
        });
        written.iter().for_each(|commit| append(&journal, std::slice::from_ref(commit), 0));
        done.store(true, Ordering::Relaxed);
        folder.join().expect("no panic")
    });
    assert!(folds > 1, "{folds} folds");
    assert_eq!(contents(&journal), expected);
    drop(journal);
    assert_eq!(contents(&desk.open().journal), expected);
}

/// Lets `act` be killed at each of its steps in turn; what is there afterwards must be one of `allowed`, whole.
fn killed_at_each_step(
    segment_bytes: u64,
    before: &[Commit],
    act: impl Fn(&Journal) -> Result<(), JournalError>,
    allowed: &[BTreeMap<Subject, Change>],
) {
    let mut steps = 0;
    let mut seen = vec![0; allowed.len()];
    loop {
        let desk = Desk::new();
        let disk = Disk::default();
        let journal = desk.open_with(segment_bytes, &disk);
        before.iter().for_each(|commit| append(&journal, std::slice::from_ref(commit), 0));
        sync(&journal);
        disk.faults().taken.clear();
        disk.faults().steps_left = Some(steps);
        let result = act(&journal);
        drop(journal);
        let killed = disk.faults().killed;
        let after = disk.faults().taken.last().copied();
        let opened = desk.open();
        assert_eq!(opened.damage, [], "killed after step {steps}, {after:?}");
        let found = contents(&opened.journal);
        let which = allowed.iter().position(|allowed| *allowed == found);
        seen[which.unwrap_or_else(|| panic!("killed after step {steps}, {after:?}: something else"))] += 1;
        let files = desk.files();
        assert!(!files.iter().any(|name| name.ends_with(".new")), "{files:?}");
        assert!(files.iter().filter(|name| name.starts_with("base")).count() <= 1, "{files:?}");
        // It goes on from there.
        let next = opened.last.next().0;
        append(&opened.journal, &[samples::of_entries(next, 900..901)], 0);
        fold(&opened.journal);
        assert_eq!(contents(&opened.journal).len(), found.len() + 1);
        if !killed {
            result.map_err(|error| error.to_string()).expect("done");
            break;
        }
        steps += 1;
    }
    assert!(steps > 2 && seen.iter().all(|seen| *seen > 0), "{steps} steps, {seen:?}");
}

fn replayed(commits: &[Commit]) -> BTreeMap<Subject, Change> {
    let mut contents = BTreeMap::new();
    replay(&mut contents, commits);
    contents
}

#[test]
fn killed_at_any_step_of_a_fold_it_holds_the_same_as_before() {
    let mut before: Vec<_> = (1..=6).map(|number| samples::of_entries(number, number..number + 3)).collect();
    before.push(commit(7, vec![samples::change(6, 2, "")]));
    let all = replayed(&before);
    let folded = |journal: &Journal| journal.fold(FoldReason::Removal, &false.into()).map(drop);
    killed_at_each_step(1, &before, folded, std::slice::from_ref(&all));
    let twice = |journal: &Journal| {
        folded(journal)?;
        journal.append(&[commit(8, Vec::new())], at(0))?;
        folded(journal)
    };
    killed_at_each_step(1, &before, twice, &[all]);
}

#[test]
fn killed_at_any_step_of_a_new_base_it_has_the_old_or_the_new() {
    let before: Vec<_> = (1..=4).map(|number| samples::of_entries(number, number..number + 3)).collect();
    let new = commit(9, vec![samples::change(5, 77, "new"), samples::change(10, 78, "new")]);
    let act = |journal: &Journal| {
        let mut base = journal.write_base(CommitNumber(9), at(1))?;
        new.changes.iter().try_for_each(|record| base.write(record))?;
        base.finish().map(drop)
    };
    killed_at_each_step(1, &before, act, &[replayed(&before), replayed(std::slice::from_ref(&new))]);
}

#[test]
fn killed_at_any_step_of_appending_it_has_whole_appends() {
    let before = vec![samples::of_entries(1, 0..3)];
    let more: Vec<_> = (2..=5).map(|number| samples::of_entries(number, number..number + 3)).collect();
    let all = [before.clone(), more.clone()].concat();
    for segment_bytes in [1, 1 << 20] {
        let act = |journal: &Journal| {
            journal.append(&more[..1], at(0))?;
            journal.append(&more[1..3], at(0))?;
            journal.sync()?;
            journal.append(&more[3..], at(60 * 24))?;
            journal.sync()
        };
        let allowed = [1, 2, 4, 5].map(|count| replayed(&all[..count]));
        killed_at_each_step(segment_bytes, &before, act, &allowed);
    }
}
