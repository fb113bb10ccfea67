use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Newsdesk, beside,
    newsdesk::{Alone, Standing},
};
use crate::{
    clock::Clock,
    control::{Command, Failure, Finished, Lines},
    daemon::assemble,
    publish::Archives,
    store::{self, Aside, AsideKind, Examined, FolderState, Progress, Repair, Room, Store, StoreError, StoreSize},
};

/// All of the store is to be looked at; what is found damaged is mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doctor {}

/// A line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoctorLine {
    Doing(String),
    Found(Finding),
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub about: String,
    pub state: FindingState,
    pub what: String,
    /// For the admin; empty if there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to_do: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    Well,
    /// Good to know.
    Note,
    /// It was wrong and has been put right.
    Mended,
    /// The admin has something to do.
    ToDo,
}

impl Finding {
    fn new(about: &str, state: FindingState, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { about: about.into(), state, what: what.into(), to_do: to_do.into() }
    }

    fn well(about: &str, what: impl Into<String>) -> Self {
        Self::new(about, FindingState::Well, what, "")
    }

    /// The store is held by a process that cannot be asked.
    pub fn in_use(what: String) -> Self {
        let to_do =
            "wait until it has started or stopped; if it stays so, look at the log, and end the process that holds it";
        Self::new("lock", FindingState::ToDo, what, to_do)
    }
}

/// Repairs are told for so long.
const LATELY: TimeDelta = TimeDelta::days(30);

/// So many of them are no accident.
const TOO_MANY: usize = 3;

impl Command<Newsdesk> for Doctor {
    const NAME: &'static str = "doctor";
    type Line = DoctorLine;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<DoctorLine>) -> Result<Finished, Failure> {
        let standing = newsdesk.standing().clone();
        let runtime = tokio::runtime::Handle::current();
        beside(move || {
            let mut round =
                Round { lines, is_well: true, told: Mutex::new(Instant::now()), gone: AtomicBool::new(false) };
            match standing {
                Standing::Running(running) => {
                    round.found(Finding::well("lock", "newsdesk runs, and has the store to itself"))?;
                    round.folder(running.store.examine(), running.store.path())?;
                    round.store(&running.store, &Clock::system())?;
                }
                Standing::Alone(alone) => {
                    if round.may_open(&alone)? {
                        match runtime.block_on(newsdesk.store()) {
                            Ok(store) => round.store(&store, &alone.clock)?,
                            Err(failure) => round.not_opened(failure)?,
                        }
                    }
                }
            }
            Ok(if round.is_well { Finished::Done } else { Finished::PartFailed })
        })
        .await
    }
}

/// One look at everything.
struct Round {
    lines: Lines<DoctorLine>,
    is_well: bool,
    /// When progress was told last.
    told: Mutex<Instant>,
    /// Nobody reads any more.
    gone: AtomicBool,
}

impl Round {
    fn found(&mut self, finding: Finding) -> Result<(), Failure> {
        self.is_well &= finding.state != FindingState::ToDo;
        self.lines.send_blocking(&DoctorLine::Found(finding))
    }

    fn goes_on(&self, progress: Progress) -> bool {
        let Ok(mut told) = self.told.lock() else { return true };
        if told.elapsed() >= Duration::from_secs(1) {
            *told = Instant::now();
            if self.lines.send_blocking(&DoctorLine::Doing(progress.to_string())).is_err() {
                self.gone.store(true, Ordering::Relaxed);
            }
        }
        !self.gone.load(Ordering::Relaxed)
    }

    /// Looks at the folder of a store that nobody has open. Returns whether the store is to be opened.
    fn may_open(&mut self, alone: &Alone) -> Result<bool, Failure> {
        let settings = assemble::store_settings(alone.config()?);
        let given = store::give_to_owner(&settings.path).unwrap_or_default();
        if !given.is_empty() {
            let what =
                format!("{} belonged to another user than the folder; now they belong to its owner", files(&given));
            let to_do = "nothing; a command that root gave with an older newsdesk may have made them";
            self.found(Finding::new("permissions", FindingState::Mended, what, to_do))?;
        }
        let Some(state) = self.folder(store::examine(&settings), &settings.path)? else { return Ok(false) };
        let path = settings.path.display();
        match state {
            FolderState::Store => Ok(true),
            FolderState::Missing | FolderState::Empty => {
                let what = format!("there is no store in {path}");
                let to_do = "start newsdesk, which makes one; if there was one before, see whether its disk is mounted and \
                             whether [store] path is right, or restore a backup";
                self.found(Finding::new("store", FindingState::ToDo, what, to_do))?;
                Ok(false)
            }
            FolderState::Former => {
                let what = format!("the store in {path} was written by an older newsdesk, in format 1");
                let to_do =
                    "start newsdesk: it brings the store to the present format and keeps the old files beside it";
                self.found(Finding::new("format", FindingState::ToDo, what, to_do))?;
                Ok(false)
            }
        }
    }

    fn not_opened(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure.kind != crate::control::FailureKind::Store {
            return Err(failure);
        }
        let to_do = "do what this says; news that cannot be saved otherwise is in the newest backup, and in the files of the \
                     folder journal, as far as they can be read: `zstdcat journal/*.zst`";
        self.found(Finding::new("store", FindingState::ToDo, failure.message, to_do))
    }

    /// What can be seen from outside. `None` if nothing can.
    fn folder(&mut self, examined: std::io::Result<Examined>, path: &Path) -> Result<Option<FolderState>, Failure> {
        let examined = match examined {
            Ok(examined) => examined,
            Err(error) => {
                let what = format!("the folder {} cannot be read: {error}", path.display());
                let to_do =
                    "run this as root or as the user that newsdesk runs as; see who owns the folder, and its disk";
                self.found(Finding::new("permissions", FindingState::ToDo, what, to_do))?;
                return Ok(None);
            }
        };
        for finding in permissions(&examined, path) {
            self.found(finding)?;
        }
        if let Some(room) = examined.room {
            self.found(of_room(room))?;
        }
        for aside in &examined.aside {
            self.found(of_aside(aside))?;
        }
        Ok(Some(examined.state))
    }

    /// What can be seen of an open store.
    fn store(&mut self, store: &Store, clock: &Clock) -> Result<(), Failure> {
        self.database(store)?;
        self.journal(store)?;
        self.archives(store)?;
        if let Ok(size) = store.size() {
            self.found(of_size(&size))?;
            let room = store.examine().ok().and_then(|examined| examined.room);
            if let Some(finding) = room.and_then(|room| too_little_to_rebuild(room, &size)) {
                self.found(finding)?;
            }
        }
        for finding in of_repairs(&store.repairs(), clock.now()) {
            self.found(finding)?;
        }
        for (id, source) in store.sources() {
            if let Some(renumbered) = store.renumbered(source.number)?
                && clock.now() - renumbered.at <= LATELY
            {
                let day = renumbered.at.format("%Y-%m-%d %H:%M UTC");
                let what = format!("{day}: source {id}: {}", renumbered.renumbering);
                let to_do =
                    "nothing, unless that is wrong: `newsdesk explain` with an entry's link shows what it is taken for";
                self.found(Finding::new("renumbered", FindingState::Note, what, to_do))?;
            }
        }
        Ok(())
    }

    fn database(&mut self, store: &Store) -> Result<(), Failure> {
        let watch = |progress: Progress| self.goes_on(progress);
        let finding = match store.verify(&watch) {
            Ok(()) => Finding::well("database", "every row is as it was written"),
            Err(damage) if damage.is_damage() => match store.mend(&damage, &watch) {
                Ok(()) => {
                    let what = format!("it was damaged ({damage}) and has been rebuilt from the journal, complete");
                    Finding::new("database", FindingState::Mended, what, CHECK_THE_DISK)
                }
                Err(StoreError::Stopped) => return Err(StoreError::Stopped.into()),
                Err(error) => {
                    let what = format!("it is damaged ({damage}) and could not be rebuilt: {error}");
                    let to_do =
                        "make a backup now, of what can still be read (`newsdesk backup DIR`); then do what this says";
                    Finding::new("database", FindingState::ToDo, what, to_do)
                }
            },
            Err(StoreError::Stopped) => return Err(StoreError::Stopped.into()),
            Err(error) => {
                Finding::new("database", FindingState::ToDo, error.to_string(), "see whether the disk can be read")
            }
        };
        self.found(finding)
    }

    fn archives(&mut self, store: &Store) -> Result<(), Failure> {
        self.lines.send_blocking(&DoctorLine::Doing("reading the archives".into()))?;
        let folder = store.path().join("archives");
        let kept = match Archives::verify(&folder) {
            Ok(kept) => kept,
            Err(error) => {
                let what = format!("the folder {} cannot be read: {error}", folder.display());
                return self.found(Finding::new("archives", FindingState::ToDo, what, "see who owns it, and its disk"));
            }
        };
        for (file, damage) in &kept.damaged {
            let what = format!("{} is not as it was written: {damage}", file.display());
            let to_do = "take the file out of a backup, where it is in the folder archives; without one delete it, and the \
                         page is answered by 410";
            self.found(Finding::new("archives", FindingState::ToDo, what, to_do))?;
        }
        if kept.damaged.is_empty() && kept.pages > 0 {
            let (pages, topics, bytes) = (kept.pages, kept.topics, size(kept.bytes));
            let what = format!("each page is as it was written: {pages} of {topics} topics, {bytes}");
            self.found(Finding::well("archives", what))?;
        }
        Ok(())
    }

    fn journal(&mut self, store: &Store) -> Result<(), Failure> {
        self.lines.send_blocking(&DoctorLine::Doing("checking the journal".into()))?;
        let stop = AtomicBool::new(false);
        let verified = store.verify_journal(&stop);
        let finding = match (verified, store.journal_damage()) {
            (Ok(()), None) => Finding::well("journal", "every line is as it was written"),
            (Ok(()), Some(damage)) => match store.fold(&stop) {
                Ok(true) => {
                    let what =
                        format!("it was damaged ({damage}) and has been written anew from the database, complete");
                    Finding::new("journal", FindingState::Mended, what, CHECK_THE_DISK)
                }
                Ok(false) => {
                    let what = format!("it is damaged ({damage}) and is being written anew from the database");
                    Finding::new("journal", FindingState::ToDo, what, "look again in a few minutes")
                }
                Err(error) => {
                    let what = format!("it is damaged ({damage}) and could not be written anew: {error}");
                    Finding::new(
                        "journal",
                        FindingState::ToDo,
                        what,
                        "do what this says; newsdesk tries again every minute",
                    )
                }
            },
            (Err(error), _) => {
                Finding::new("journal", FindingState::ToDo, error.to_string(), "see whether the disk can be read")
            }
        };
        self.found(finding)
    }
}

const CHECK_THE_DISK: &str =
    "nothing for the store; if it happens again, check the disk (`smartctl -a`, `dmesg`) and the memory";

fn files(paths: &[std::path::PathBuf]) -> String {
    match paths {
        [only] => only.display().to_string(),
        [first, rest @ ..] => format!("{} and {} other files", first.display(), rest.len()),
        [] => "no file".into(),
    }
}

fn permissions(examined: &Examined, path: &Path) -> Vec<Finding> {
    let path = path.display();
    let mut findings = Vec::new();
    if examined.is_open_to_others {
        let what = format!("others than its owner may look into {path}, where news for subscribers only may be");
        findings.push(Finding::new("permissions", FindingState::ToDo, what, format!("chmod 700 {path}")));
    }
    if !examined.foreign.is_empty() {
        let what = format!(
            "{} belong to another user than the folder, so that newsdesk may not use them",
            files(&examined.foreign)
        );
        let to_do = format!("as root: chown -R --reference={path} {path}");
        findings.push(Finding::new("permissions", FindingState::ToDo, what, to_do));
    }
    if findings.is_empty() && matches!(examined.state, FolderState::Store | FolderState::Former) {
        findings.push(Finding::well(
            "permissions",
            "everything belongs to the folder's owner, and nobody else may look into it",
        ));
    }
    findings
}

fn of_room(room: Room) -> Finding {
    let Room { free, floor } = room;
    let what = format!("{} are free on the disk, and [store] free_space wants {}", size(free), size(floor));
    if free < floor {
        let to_do = "until there is room nothing more is kept, and polls count as not done: delete something, or lower \
                     free_space, retention or entries_per_source";
        return Finding::new("room", FindingState::ToDo, what, to_do);
    }
    let what = if floor == 0 { format!("{} are free on the disk", size(free)) } else { what };
    Finding::well("room", what)
}

fn too_little_to_rebuild(room: Room, size_of: &StoreSize) -> Option<Finding> {
    let needed = size_of.content.saturating_mul(2).saturating_add(room.floor);
    (room.free < needed).then(|| {
        let what = format!(
            "{} are free, which may not be enough to make the database anew beside the present one (some {})",
            size(room.free),
            size(size_of.content.saturating_mul(2))
        );
        Finding::new("room", FindingState::Note, what, "give the disk more room, or lower retention")
    })
}

fn of_aside(aside: &Aside) -> Finding {
    let Aside { path, bytes, what } = aside;
    let what = match what {
        AsideKind::Damaged => "a database that was damaged and has been replaced is kept in",
        AsideKind::Former => "the store as the former newsdesk wrote it is kept in",
        AsideKind::Unfinished => "an import or upgrade that was interrupted has left behind",
    };
    let what = format!("{what} {} ({})", path.display(), size(*bytes));
    let to_do = format!("it is not needed any more and may be deleted: rm -r {}", path.display());
    Finding::new("kept aside", FindingState::Note, what, to_do)
}

fn of_size(found: &StoreSize) -> Finding {
    let StoreSize { content, database, journal, .. } = *found;
    let what = format!(
        "the database takes {} for {} of content, the journal {}",
        size(database),
        size(content),
        size(journal)
    );
    Finding::well("size", what)
}

fn of_repairs(repairs: &[Repair], now: DateTime<Utc>) -> Vec<Finding> {
    let lately: Vec<&Repair> = repairs.iter().filter(|repair| now - repair.at <= LATELY).collect();
    let mut findings: Vec<Finding> = lately
        .iter()
        .map(|repair| {
            let what = format!("{}: {}", repair.at.format("%Y-%m-%d %H:%M UTC"), repair.what);
            Finding::new("repaired", FindingState::Note, what, "")
        })
        .collect();
    if lately.len() >= TOO_MANY {
        let what = format!("{} repairs in 30 days are no accident", lately.len());
        let to_do = "check the disk (`smartctl -a`, `dmesg`) and the memory, and make a backup elsewhere";
        findings.push(Finding::new("repaired", FindingState::ToDo, what, to_do));
    }
    findings
}

/// A size for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_words_of_their_own_length() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (12_345, "12 kB"),
            (999_600, "1.0 MB"),
            (4_700_000_000, "4.7 GB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn room_is_something_to_do_only_below_the_floor() {
        for (free, floor, state) in
            [(5, 10, FindingState::ToDo), (10, 10, FindingState::Well), (5, 0, FindingState::Well)]
        {
            assert_eq!(of_room(Room { free, floor }).state, state, "{free} of {floor}");
        }
        let size = StoreSize { content: 100, database: 150, journal: 50, commits: Default::default() };
        assert!(too_little_to_rebuild(Room { free: 199, floor: 0 }, &size).is_some());
        assert!(too_little_to_rebuild(Room { free: 200, floor: 1 }, &size).is_some());
        assert!(too_little_to_rebuild(Room { free: 201, floor: 1 }, &size).is_none());
    }

    #[test]
    fn repairs_are_told_for_a_month_and_three_of_them_are_something_to_do() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        let repairs = |days: &[i64]| -> Vec<Repair> {
            days.iter().map(|days| Repair { at: now - TimeDelta::days(*days), what: "mended".into() }).collect()
        };
        let told =
            |days: &[i64]| of_repairs(&repairs(days), now).iter().map(|finding| finding.state).collect::<Vec<_>>();
        assert_eq!(told(&[40, 31]), []);
        assert_eq!(told(&[40, 30, 2]), [FindingState::Note; 2]);
        assert_eq!(told(&[9, 8, 7]).last(), Some(&FindingState::ToDo));
    }
}
