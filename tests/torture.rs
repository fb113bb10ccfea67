//! newsdesk against everything that can happen to its store: kills at random moments, damaged files, full disks.
//!
//! The real program polls feeds that go on publishing. What must hold afterwards is known from the publishers' own log: a
//! request that names a version of a feed proves that all of that version was taken. Every entry of it is kept, once, under
//! the same number and date for good; no validators are ahead of what is kept; the editions are exactly the newest entries, and
//! in the end the same to the byte as those of a newsdesk that nobody disturbed.
//!
//! The short version is part of the tests. The long one, with 1,000 kills, 200 damages and 50 full disks (which take root, for
//! they are made by mounting small ones):
//!
//! ```text
//! cargo test --release --test torture -- --ignored --nocapture
//! ```
//!
//! `NEWSDESK_TORTURE_SEED` repeats a run as far as the machine lets it: what is done is the same, the moments are not quite.

mod support;

#[path = "torture/damage.rs"]
mod damage;
#[path = "torture/full_disk.rs"]
mod full_disk;
#[path = "torture/house.rs"]
mod house;
#[path = "torture/journal.rs"]
mod journal;
#[path = "torture/kills.rs"]
mod kills;
#[path = "torture/press.rs"]
mod press;
#[path = "torture/random.rs"]
mod random;
#[path = "torture/renewals.rs"]
mod renewals;
#[path = "torture/running.rs"]
mod running;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use damage::{Damage, Part};
use full_disk::{FullDisks, full_disk};
use house::{House, Limits};
use kills::{Counts, Phase, kill_in};
use press::Press;
use random::Random;

/// How much of everything.
struct Plan {
    kills: usize,
    damages: usize,
    full_disks: usize,
    feeds: usize,
    /// Entries of each feed at first.
    entries: usize,
    limits: Limits,
}

/// For one who looks for something: `NEWSDESK_TORTURE_PLAN=kills,damages,disks`.
fn asked_for() -> Option<[usize; 3]> {
    let text = std::env::var("NEWSDESK_TORTURE_PLAN").ok()?;
    let numbers: Vec<_> = text.split(',').filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().ok()
}

#[test]
fn a_little_torture_loses_nothing_and_doubles_nothing() {
    let limits = Limits { edition: 20, kept: 400 };
    let [kills, damages, full_disks] = asked_for().unwrap_or([90, 14, 0]);
    torture(Plan { kills, damages, full_disks, feeds: 4, entries: 60, limits });
}

/// Takes half an hour.
#[test]
#[ignore = "the long version"]
fn a_lot_of_torture_loses_nothing_and_doubles_nothing() {
    let limits = Limits { edition: 300, kept: 1_500 };
    torture(Plan { kills: 1_000, damages: 200, full_disks: 50, feeds: 5, entries: 600, limits });
}

fn torture(plan: Plan) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("NEWSDESK_TORTURE_SEED")
        .unwrap_or_else(|| newsdesk::clock::Clock::system().now().timestamp_micros() as u64);
    println!("NEWSDESK_TORTURE_SEED={seed}");
    let folder = tempfile::Builder::new().prefix("newsdesk-torture-").tempdir().expect("a folder");
    let kept = KeptOnFailure(Some(folder));
    let mut random = Random::new(seed);
    let press = Press::found(plan.feeds, plan.entries);
    let mut house = House::build(kept.path().to_owned(), press, plan.limits);
    house.check();

    let (kills, damages) = (plan.kills, plan.damages);
    let full_disks = FullDisks::new(plan.full_disks);
    let mut counts = Counts::default();
    let mut damaged: BTreeMap<(Part, Damage), usize> = BTreeMap::new();
    let mut filled: BTreeMap<&str, usize> = BTreeMap::new();
    let begun = Instant::now();
    let mut turn = 0;
    loop {
        let killed = counts.total();
        let hurt: usize = damaged.values().sum();
        let disks_filled: usize = filled.values().sum();
        if kills + damages + plan.full_disks > 100 {
            eprint!(
                "\r{} s: {killed} kills, {hurt} damages, {disks_filled} full disks, {} entries ",
                begun.elapsed().as_secs(),
                house.press.entries()
            );
        }
        let lag = |done: usize, all: usize| if all == 0 { 2.0 } else { done as f64 / all as f64 };
        let next = [lag(killed, kills), lag(hurt, damages), lag(disks_filled, full_disks.wanted)];
        let least = next.iter().copied().fold(f64::INFINITY, f64::min);
        if least >= 1.0 {
            break;
        }
        if next[0] <= least {
            let phase = Phase::TURNS[turn % Phase::TURNS.len()];
            turn += 1;
            assert!(turn < 3 * kills, "too few of the kills came in time: {counts:?}");
            kill_in(phase, &mut house, &mut random, &mut counts);
        } else if next[1] <= least {
            *damaged.entry(damage(&mut house, &mut random)).or_default() += 1;
        } else {
            *filled.entry(full_disk(&mut house, &mut random)).or_default() += 1;
        }
    }
    house.check();
    // What is left when either copy is lost is everything.
    for part in [house.store.join("journal"), damage::present_database(&house.store)] {
        std::fs::remove_dir_all(part).expect("removed");
        house.check();
    }
    house.compare_with_undisturbed();
    println!(
        "\n{} s, {} entries; kills by phase {:?}, {} too late for it, {} databases mended after a kill; damages {damaged:?}; \
         full disks {filled:?}{}",
        begun.elapsed().as_secs(),
        house.press.entries(),
        counts.kills,
        counts.too_late,
        counts.mended_after_kill,
        full_disks.skipped.as_deref().unwrap_or_default()
    );
    assert!(
        kills < 40 || counts.kills.len() == BTreeSet::from(Phase::TURNS).len(),
        "a phase was never hit: {:?}",
        counts.kills
    );
}

/// One damage to one part, sometimes a kill while it heals, then a look whether it has healed.
fn damage(house: &mut House, random: &mut Random) -> (Part, Damage) {
    house.press.go_on(random, 2);
    house.check();
    let part = *random.one_of(&[Part::Database, Part::Journal]);
    let (kind, what) = part.damage(&house.store, random);
    house.note(what);
    if random.one_in(3) {
        let newsdesk = house.start();
        std::thread::sleep(std::time::Duration::from_millis(random.below(250)));
        let (log, _) = newsdesk.kill();
        house.note(format!("killed while it healed:\n{log}"));
    }
    let log = house.check();
    house.note(format!("healed:\n{log}"));
    (part, kind)
}

/// The folder stays when the test fails.
struct KeptOnFailure(Option<tempfile::TempDir>);

impl KeptOnFailure {
    fn path(&self) -> &std::path::Path {
        self.0.as_ref().map(tempfile::TempDir::path).unwrap_or(std::path::Path::new(""))
    }
}

impl Drop for KeptOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.0.take()
        {
            eprintln!("\nthe store and its configuration are kept in {}", folder.keep().display());
        }
    }
}
