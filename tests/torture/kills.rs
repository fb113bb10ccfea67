//! SIGKILL at random moments.

use std::{collections::BTreeMap, fs, thread, time::Duration};

use crate::{damage::present_database, house::House, journal, press::MOST_UNTAKEN, random::Random, running::Poll};

/// Where the daemon is when the kill comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Between the start of the process and the opened store.
    Opening,
    /// The store is read and compared with what was written to it.
    Check,
    Fetch,
    Commit,
    Publish,
    /// Old segments of the journal become a new base.
    Fold,
    /// The database is made anew to give room back.
    Renewal,
    /// The new database takes the old one's place.
    Swap,
    /// A lost database is rebuilt from the journal.
    Rebuild,
    /// A lost journal is written anew from the database.
    JournalAnew,
}

impl Phase {
    /// By turns. What happens at every poll and every start comes twice as often as what happens seldom.
    pub const TURNS: [Phase; 14] = [
        Phase::Opening,
        Phase::Check,
        Phase::Fetch,
        Phase::Commit,
        Phase::Publish,
        Phase::Fold,
        Phase::Opening,
        Phase::Fetch,
        Phase::Commit,
        Phase::Publish,
        Phase::Renewal,
        Phase::Swap,
        Phase::Rebuild,
        Phase::JournalAnew,
    ];

    /// The line that begins it, and the one that ends it, if one does.
    fn lines(self) -> (&'static str, Option<&'static str>) {
        match self {
            Phase::Opening => ("opening begins", Some("opening ends")),
            Phase::Check => ("opening ends", Some("the store is whole")),
            Phase::Fetch => ("fetch begins", None),
            Phase::Commit => ("commit begins", None),
            Phase::Publish => ("publish begins", None),
            Phase::Fold => ("fold begins", Some("the journal was folded")),
            Phase::Renewal => ("renewal begins", Some("swap begins")),
            Phase::Swap => ("swap begins", Some("renewed")),
            Phase::Rebuild => ("rebuild begins", Some("rebuild ends")),
            Phase::JournalAnew => ("journal anew begins", Some("the journal was written anew")),
        }
    }

    /// The phase lasts about so long, microseconds, with a small store.
    fn length(self) -> u64 {
        match self {
            Phase::Opening | Phase::Check | Phase::Commit | Phase::Publish | Phase::Fold => 40_000,
            Phase::Fetch | Phase::Swap => 4_000,
            Phase::Renewal | Phase::Rebuild | Phase::JournalAnew => 150_000,
        }
    }

    /// How often it begins in a run at most: the kill comes at one of these.
    fn times(self, feeds: usize) -> u64 {
        match self {
            Phase::Fetch => feeds as u64,
            Phase::Renewal | Phase::Swap => 3,
            _ => 1,
        }
    }

    /// Afterwards one of the two copies may be incomplete: it is let heal before anything else happens.
    pub fn leaves_one_copy(self) -> bool {
        matches!(self, Phase::Rebuild | Phase::JournalAnew)
    }

    /// Sees to it that it will come.
    fn prepare(self, house: &House) {
        match self {
            Phase::Fold => journal::age(&house.store.join("journal")),
            Phase::Rebuild => fs::remove_dir_all(present_database(&house.store)).expect("removed"),
            Phase::JournalAnew => fs::remove_dir_all(house.store.join("journal")).expect("removed"),
            _ => {}
        }
    }
}

/// What was done, for the report.
#[derive(Debug, Default)]
pub struct Counts {
    pub kills: BTreeMap<Phase, usize>,
    /// Kills that came too late for their phase.
    pub too_late: usize,
    /// Databases that only a kill had damaged.
    pub mended_after_kill: usize,
}

impl Counts {
    pub fn total(&self) -> usize {
        self.kills.values().sum()
    }
}

/// One kill in a phase, and a look at what it leaves behind.
pub fn kill_in(phase: Phase, house: &mut House, random: &mut Random, counts: &mut Counts) {
    if house.press.most_untaken() + 3 > MOST_UNTAKEN {
        house.check();
    }
    house.press.go_on(random, 3);
    phase.prepare(house);
    // The daemon renews none but large databases, so that a process of its own does it here, over and over.
    let renews = matches!(phase, Phase::Renewal | Phase::Swap);
    let mut newsdesk = if renews { house.start_renewals() } else { house.start() };
    let (begin, end) = phase.lines();
    let mut poll = None;
    // The first editions of a start are made without a poll.
    if matches!(phase, Phase::Fetch | Phase::Commit) || phase == Phase::Publish && random.one_in(2) {
        newsdesk.wait_until_up();
        poll = Some(Poll::begin(&house.config));
    }
    let times = 1 + random.below(phase.times(house.press.feeds.len()));
    let seen = newsdesk.wait_for(&[begin], times as usize);
    assert!(seen, "newsdesk ended by itself:\n{}\n{}", house.story.join("\n"), newsdesk.log);
    if random.one_in(4) && !renews && phase > Phase::Commit {
        house.check_edition_in_between(&newsdesk);
    }
    // Short waits are as likely as long ones.
    let longest = phase.length() >> random.below(8);
    thread::sleep(Duration::from_micros(random.below(longest.max(1))));
    let (log, _) = newsdesk.kill();
    drop(poll);
    let after = log.rsplit(begin).next().unwrap_or_default();
    let in_time = end.is_none_or(|end| !after.contains(end));
    if in_time {
        *counts.kills.entry(phase).or_default() += 1;
    } else {
        counts.too_late += 1;
    }
    house.note(format!("killed in {phase:?}, {}", if in_time { "in time" } else { "too late" }));
    let mended =
        log.contains("rebuilt from the journal") || log.contains("is damaged") || log.contains("not what was written");
    if mended && !phase.leaves_one_copy() {
        counts.mended_after_kill += 1;
        house.note(format!("mended after a kill:\n{log}"));
    }
    if phase == Phase::JournalAnew {
        house.check();
    } else {
        house.check_journal(false);
        if phase.leaves_one_copy() {
            house.check();
        }
    }
}
