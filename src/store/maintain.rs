//! What keeps the store whole and small while it is used: checking, mending, folding the journal, giving room back.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Progress, StoreError, Watch,
    commit::{Change, CommitNumber},
    engine::{Database, TreeName},
    folder::{self, Present, Repair},
    journal::{JournalError, fold_is_due},
    open::roll_forward,
    read::Store,
    rebuild::rebuild,
    taken_down::TakenDownRecord,
};
use crate::memory;

/// Databases smaller than this are never renewed to win room, bytes.
const WORTH_RENEWING: u64 = 64 << 20;

/// A database that takes more than this many times its content is made anew.
const MOST_SPREAD: u64 = 3;

/// What is taken down within so long of each other leaves the database's file together.
const TAKEN_DOWN_STAYS: TimeDelta = TimeDelta::hours(2);

/// A renewed database that is no more than so many commits behind is brought up while commits wait.
const NEARLY: u64 = 50;

impl Store {
    /// Reads all of the database and compares it with what was written to it. Commits wait.
    ///
    /// # Errors
    /// Damage: then [`Store::mend`] is called for.
    pub fn verify(&self, progress: Watch<'_>) -> Result<(), StoreError> {
        let _occupied = self.0.occupy("the database is being checked");
        let verified = self.verify_occupied(progress);
        memory::give_back();
        verified
    }

    /// As [`Store::verify`], and mends what is damaged before any commit can build on it. Returns what was wrong.
    pub fn verify_and_mend(&self, progress: Watch<'_>) -> Result<Option<StoreError>, StoreError> {
        let _occupied = self.0.occupy("the database is being checked");
        match self.verify_occupied(progress) {
            Err(damage) if damage.is_damage() => {
                tracing::error!("{damage}; the database is rebuilt from the journal, polls wait, editions stay up");
                self.mend_occupied(&damage, progress).map(|()| Some(damage))
            }
            other => {
                memory::give_back();
                other.map(|()| None)
            }
        }
    }

    fn verify_occupied(&self, progress: Watch<'_>) -> Result<(), StoreError> {
        let database = self.database()?;
        let all = database.live_bytes();
        Progress { doing: "checking the database", done: 0, all }.tell(progress)?;
        database.verify(|done| Progress { doing: "checking the database", done, all }.tell(progress))
    }

    /// Rebuilds a damaged database from the journal, keeps the damaged one aside and goes on with the new one. Commits wait,
    /// readers go on with what they can read.
    pub fn mend(&self, why: &StoreError, progress: Watch<'_>) -> Result<(), StoreError> {
        let _occupied = self.0.occupy("the database is being rebuilt from the journal");
        self.mend_occupied(why, progress)
    }

    fn mend_occupied(&self, why: &StoreError, progress: Watch<'_>) -> Result<(), StoreError> {
        if let Some(damage) = self.journal_damage() {
            let cause = format!("{why}; and the journal cannot replace it: {damage}");
            return Err(StoreError::Damaged { path: self.0.settings.path.clone(), cause });
        }
        let former = self.0.folder_number();
        let database = rebuild(&self.0.settings, &self.0.journal, former + 1, progress)?;
        self.take_over(&database)?;
        // What the journal has not folded yet is in its files, though it may be gone.
        self.replace(database, None)?;
        let store = &self.0.settings.path;
        let aside = folder::set_aside(store, former, self.0.settings.clock.now())
            .map_err(|cause| StoreError::Folder { path: store.clone(), cause })?;
        let kept = aside.map(|aside| format!("; what there was is kept in {}", aside.display())).unwrap_or_default();
        self.note_repair(format!(
            "the database was rebuilt from the journal, complete, because {}{kept}",
            why.damage()
        ));
        Ok(())
    }

    /// Makes the database anew where it takes far more room than its content, without keeping commits out for longer than a
    /// moment. Returns whether it did.
    pub fn reclaim(&self, progress: Watch<'_>) -> Result<bool, StoreError> {
        let database = self.database()?;
        let on_disk = database.bytes_on_disk();
        let is_due = on_disk > WORTH_RENEWING && on_disk > MOST_SPREAD * database.live_bytes();
        drop(database);
        if is_due && self.journal_damage().is_none() { self.renew(progress).map(|()| true) } else { Ok(false) }
    }

    /// Whether something was taken down so long ago that the database must be made anew: its file holds what is gone until
    /// then.
    pub fn must_be_renewed(&self) -> Result<bool, StoreError> {
        let made = *self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.settings.clock.now();
        let is_due = |record: TakenDownRecord| {
            made.is_none_or(|made| made < record.at) && now.signed_duration_since(record.at) >= TAKEN_DOWN_STAYS
        };
        Ok(self.taken_down()?.into_iter().any(is_due))
    }

    /// Copies the database into a new one, row by row in order, and goes on with that. Commits go on meanwhile: those made
    /// since the copy began are rolled forward onto it from the journal, whatever of them it has seen.
    ///
    /// What is left behind by a renewal that was stopped is deleted by the next.
    pub fn renew(&self, progress: Watch<'_>) -> Result<(), StoreError> {
        let former = self.0.folder_number();
        let begun = self.0.settings.clock.now();
        let path = self.0.database_folder(former + 1);
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(|cause| StoreError::Folder { path: path.clone(), cause })?;
        }
        let database = self.database()?;
        // It is only written to for now; the cache is the other's.
        let (fresh, _) = Database::open(&path, self.0.settings.cache_bytes / 8)?;
        let all = database.live_bytes();
        tracing::debug!("renewal begins");
        database.copy_into(&fresh, database.last_commit(), |done| {
            Progress { doing: "making the database anew", done, all }.tell(progress)
        })?;
        drop(database);
        // sled writes down where everything is only when it opens: after that, nothing of the copy has to be read at the next
        // start.
        drop(fresh);
        let (fresh, _) = Database::open(&path, self.0.settings.cache_bytes)?;
        loop {
            let behind = self.0.journal.last().0.saturating_sub(fresh.last_commit().0);
            if behind <= NEARLY {
                break;
            }
            Progress { doing: "bringing the new database up", done: 0, all: behind }.tell(progress)?;
            roll_forward(&self.0.journal, &fresh)?;
            fresh.make_durable()?;
        }
        {
            let _commits = self.0.without_commits();
            roll_forward(&self.0.journal, &fresh)?;
            fresh.make_durable()?;
            self.replace(fresh, Some(begun))?;
        }
        let old = self.0.database_folder(former);
        if let Err(error) = std::fs::remove_dir_all(&old) {
            tracing::warn!(%error, "the former database could not be deleted from {}", old.display());
        }
        memory::give_back();
        Ok(())
    }

    /// Puts a database in the place of the present one, on the disk and for every reader.
    fn replace(&self, database: Database, made: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        tracing::debug!("swap begins");
        let number = self.0.folder_number() + 1;
        let instance = Some(self.0.instance);
        Present { format: folder::FORMAT, database: number, instance, made }.write(&self.0.settings.path)?;
        *self.0.made.lock().unwrap_or_else(PoisonError::into_inner) = made;
        self.0.folder.store(number, Ordering::Relaxed);
        let mut present = self.0.database.write().unwrap_or_else(PoisonError::into_inner);
        *present = Some(Arc::new(database));
        self.0.is_doubtful.store(false, Ordering::Release);
        Ok(())
    }

    /// Folds old segments of the journal into its base if that is due. Returns whether it did. A damaged journal is written
    /// anew from the database instead.
    pub fn fold(&self, stop: &AtomicBool) -> Result<bool, StoreError> {
        if self.journal_damage().is_some() {
            return self.write_journal_anew(stop).map(|()| true);
        }
        let Some(reason) = fold_is_due(&self.0.journal.unfolded(), self.0.settings.clock.now()) else {
            return Ok(false);
        };
        tracing::debug!("fold begins");
        let folded = self.0.journal.fold(reason, stop);
        memory::give_back();
        match folded {
            Ok(folded) => Ok(folded.is_some()),
            Err(JournalError::Damaged(damage)) => {
                self.journal_is_damaged(damage.to_string());
                self.write_journal_anew(stop).map(|()| true)
            }
            // Somebody else folds it, such as an export.
            Err(JournalError::Busy) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads all of the journal. Damage is noted, and the next [`Store::fold`] mends it.
    pub fn verify_journal(&self, stop: &AtomicBool) -> Result<(), StoreError> {
        if let Some(damage) = self.0.journal.verify(stop)?.damage.first() {
            self.journal_is_damaged(damage.to_string());
        }
        Ok(())
    }

    /// Writes the journal's base anew from the database, and lets go of the damaged files.
    fn write_journal_anew(&self, stop: &AtomicBool) -> Result<(), StoreError> {
        let why = self.journal_damage().unwrap_or_default();
        tracing::debug!("journal anew begins");
        // What is committed from here on is in segments of its own, which count over the base.
        let (database, mut base) = {
            let _commits = self.0.without_commits();
            let database = self.database()?;
            let base = self.0.journal.write_base(database.last_commit(), self.0.settings.clock.now())?;
            (database, base)
        };
        self.each_record(&database, &mut |change| {
            if stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped);
            }
            Ok(base.write(&change)?)
        })?;
        // Records of commits that came meanwhile may be in it: without these commits they would be half there.
        self.0.journal.sync()?;
        base.finish()?;
        *self.0.journal_damage.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.note_repair(format!("the journal was written anew from the database, complete, because {why}"));
        Ok(())
    }

    /// Every record, as the changes that would make it.
    pub(super) fn each_record(
        &self,
        database: &Database,
        take: &mut dyn FnMut(Change) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        use super::{
            archive::Join,
            codec, keys,
            ledger::{EntryName, Learnt},
            records::EntryRecord,
        };
        use crate::model::{SourceId, TopicId};
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok().map(SourceId::new);
        take(Change::Instance(self.0.instance))?;
        if let Some(topics) = self.record("topics", TreeName::Meta, super::apply::TOPICS_EVER)? {
            take(Change::TopicsEver(topics))?;
        }
        take(Change::TaggedWith(self.tagged_with()?))?;
        for item in database.scan(TreeName::Sources, &[]) {
            let (id, bytes) = item?;
            if let Some(id) = text(id) {
                take(Change::Source { id, record: codec::decode("source", &bytes)? })?;
            }
        }
        for item in database.scan(TreeName::Polls, &[]) {
            let (id, bytes) = item?;
            if let Some(id) = text(id) {
                take(Change::Poll { id, state: codec::decode("poll state", &bytes)? })?;
            }
        }
        for item in database.scan(TreeName::Identities, &[]) {
            let (key, bytes) = item?;
            if let Some((source, key)) = keys::read_identity(&key) {
                take(Change::Identity { source, key, is: codec::decode("identity", &bytes)? })?;
            }
        }
        for item in database.scan(TreeName::Entries, &[]) {
            take(Change::Entry(Box::new(codec::decode::<EntryRecord>("entry", &item?.1)?)))?;
        }
        for item in database.scan(TreeName::Stories, &[]) {
            take(Change::Story(Box::new(codec::decode("story", &item?.1)?)))?;
        }
        self.each_reading(&mut |record| take(Change::Reading(Box::new(record))))?;
        for (source, record) in self.boilerplates()? {
            take(Change::Boilerplate { source, record })?;
        }
        self.each_article(&mut |record| take(Change::Article(Box::new(record))))?;
        for job in self.article_jobs()? {
            take(Change::ArticleJob(job))?;
        }
        if let Some(tagging) = self.record("tagging", TreeName::Meta, super::apply::TAGGING)? {
            take(Change::Tagging(tagging))?;
        }
        for item in database.scan(TreeName::Texts, &[]) {
            take(Change::Text(Box::new(codec::decode("text", &item?.1)?)))?;
        }
        for item in database.scan(TreeName::Pairs, &[]) {
            let (key, bytes) = item?;
            // Each is there twice.
            if let Some((a, b)) = keys::read_pair(&key).filter(|(a, b)| a < b) {
                take(Change::Pair { a, b, is: codec::decode("comparison", &bytes)? })?;
            }
        }
        for item in database.scan(TreeName::Told, &[]) {
            let (key, bytes) = item?;
            let name = |key: &[u8]| keys::read_identity(key).map(|(source, key)| EntryName { source, key });
            let names = key.split_at_checked(20).and_then(|(a, b)| name(a).zip(name(b)));
            if let Some((a, b)) = names.filter(|(a, b)| a < b) {
                take(Change::Told { a, b, is: codec::decode("word of the admin", &bytes)? })?;
            }
        }
        if let Some(at) = self.learnt_at()? {
            let learnt = Learnt { at, boilerplate: self.publisher_boilerplate()?, words: self.word_statistics()? };
            take(Change::Learnt(Box::new(learnt)))?;
        }
        for item in database.scan(TreeName::Renumbered, &[]) {
            let (key, bytes) = item?;
            if let Some(source) = keys::source_number(&key) {
                take(Change::Renumbered { source, is: codec::decode("renumbering", &bytes)? })?;
            }
        }
        for record in self.subscriptions()? {
            take(Change::Subscription(Box::new(record)))?;
        }
        for item in database.scan(TreeName::Joins, &[]) {
            if let Some((topic, Join { at, story })) = keys::read_join_row(&item?.0) {
                take(Change::Joined { topic, at, story })?;
            }
        }
        for item in database.scan(TreeName::Archives, &[]) {
            let (name, bytes) = item?;
            if let Ok(name) = std::str::from_utf8(&name) {
                take(Change::Archive { topic: TopicId::new(name), is: codec::decode("archive", &bytes)? })?;
            }
        }
        for record in self.taken_down()? {
            take(Change::TakenDown(Box::new(record)))?;
        }
        for (story, entry) in self.gone_on()? {
            take(Change::WentOn { story, entry })?;
        }
        take(self.next_numbers())
    }

    /// What is wrong with the journal, if anything is known to be.
    pub fn journal_damage(&self) -> Option<String> {
        self.0.journal_damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn journal_is_damaged(&self, damage: String) {
        tracing::warn!("{damage}; it will be written anew from the database");
        *self.0.journal_damage.lock().unwrap_or_else(PoisonError::into_inner) = Some(damage);
    }

    pub(super) fn note_repair(&self, what: String) {
        tracing::warn!("{what}");
        folder::note_repair(&self.0.settings.path, &Repair { at: self.0.settings.clock.now(), what });
    }

    /// What was mended so far, oldest first.
    pub fn repairs(&self) -> Vec<Repair> {
        folder::repairs(&self.0.settings.path)
    }

    /// How much there is, and what it takes.
    pub fn size(&self) -> Result<StoreSize, StoreError> {
        let database = self.database()?;
        Ok(StoreSize {
            content: database.live_bytes(),
            database: database.bytes_on_disk(),
            journal: self.0.journal.sizes().bytes,
            commits: database.last_commit(),
        })
    }
}

/// How much the store holds, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct StoreSize {
    /// Keys and values in the database, as they are kept.
    pub content: u64,
    /// The database's file.
    pub database: u64,
    /// The journal's files.
    pub journal: u64,
    /// Commits so far.
    pub commits: CommitNumber,
}
