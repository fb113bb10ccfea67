use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::broadcast;

use super::{
    Archives, Edition, PublishSettings, SavedEditions,
    address::{Address, AddressError, StoriesAddress},
    changes::Changes,
    plan::{Plan, depends_on, is_standing},
    publisher::Held,
    renderer::Outcome,
    shelf::{Shelf, Slot, Tick},
};
use crate::model::TopicId;

/// The current edition at every address, shared by whoever serves.
///
/// Those of topics and of everything that were asked for within a day are kept current; others, and combinations, are made
/// when somebody asks.
#[derive(Clone, Default)]
pub struct Editions(Arc<Shared>);

struct Shared {
    state: RwLock<State>,
    /// Minutes that have passed, from 1.
    minute: AtomicU64,
    changes: Changes,
    archives: OnceLock<Archives>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            state: RwLock::default(),
            minute: AtomicU64::new(1),
            changes: Changes::default(),
            archives: OnceLock::new(),
        }
    }
}

struct State {
    plan: Option<Arc<Plan>>,
    /// Topics and everything, in every format, and what is there once.
    standing: Shelf,
    /// What strangers combine. It never takes room from the others.
    combined: Shelf,
    tick: Tick,
    /// What is being made since before this is not kept: there may be something in it that must not be shown any more.
    forgotten_at: Tick,
    /// When the editions (`None`: of everything) last changed.
    changed_at: HashMap<Option<TopicId>, Tick>,
    held: Held,
}

/// Bytes of combinations that are kept.
const COMBINED_BYTES: usize = 16 << 20;

/// What nobody has asked for in so many minutes is made when somebody does.
const FORGOTTEN_AFTER: u64 = 24 * 60;

/// The list of sources is made again at most so often, in minutes: it takes a look at every topic.
const SOURCES_OUTLINE_LASTS: u64 = 60;

impl Default for State {
    fn default() -> Self {
        Self {
            plan: None,
            standing: Shelf::new(usize::MAX),
            combined: Shelf::new(COMBINED_BYTES),
            tick: 0,
            forgotten_at: 0,
            changed_at: HashMap::new(),
            held: Held::Nothing,
        }
    }
}

/// As of when an edition is made, and by whose settings.
#[derive(Clone)]
pub(super) struct Stamp {
    plan: Option<Arc<Plan>>,
    tick: Tick,
}

/// What is to be had at an address.
pub enum Found {
    Edition(Arc<Edition>),
    /// The address is right; [`Editions::make`] has to make what it asks for.
    ToMake(Box<Address>),
    /// It is at another address.
    Moved(String),
    /// The topic was taken out.
    Gone,
    /// What is asked for cannot be combined.
    Refused(AddressError),
    Nothing,
}

/// What came of making an edition.
pub enum Made {
    Edition(Arc<Edition>),
    /// It is at another address.
    Moved(String),
    /// What it would be made of cannot be read until somebody has mended it.
    Damaged,
    /// It cannot be made now, and there is none of before.
    NotYet,
    Nothing,
}

impl Editions {
    /// What there is at an address: a path and a query, if there is one.
    pub fn find(&self, target: &str) -> Found {
        let state = self.state();
        let slot = state.standing.get(target).or_else(|| state.combined.get(target));
        if let Some(slot) = slot {
            slot.is_asked_for(self.minute());
            let is_over = slot.lasts_until.is_some_and(|until| until <= self.minute());
            if (state.is_current(slot) && !is_over) || !state.can_make() {
                return Found::Edition(slot.edition.clone());
            }
        }
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let Some(plan) = state.plan.clone() else { return Found::Nothing };
        drop(state);
        match Address::parse(path, query) {
            Err(AddressError::Nothing) => Found::Nothing,
            Err(error) => Found::Refused(error),
            Ok(address) => plan.find(address, target),
        }
    }

    /// Makes what an address asks for, from the store. What cannot be made now is had as it was.
    ///
    /// Takes some milliseconds; a combination up to some tens of them.
    pub fn make(&self, address: &Address) -> Made {
        let target = address.to_string();
        let stamp = self.stamp();
        let held = self.state().held.clone();
        let renderer = stamp.plan.as_ref().and_then(|plan| plan.renderer.as_ref());
        let is_held = match address {
            Address::Stories(stories) => {
                depends_on(address, None).iter().any(|topic| held.holds(topic.as_ref()))
                    || stories.selection.topics().any(|topic| held.holds(Some(topic)))
            }
            Address::Index | Address::Story(_) | Address::SourcesOutline => held != Held::Nothing,
            // What is in an archive stays as it is.
            Address::Archive(..) | Address::TopicsOutline => false,
        };
        match renderer.filter(|_| !is_held).map(|renderer| renderer.render(address)) {
            Some(Ok(Outcome::Edition(edition))) => {
                let edition = self.put(address, edition, &stamp);
                if let Some(slot) = self.state().slot(&target) {
                    slot.is_asked_for(self.minute());
                }
                return Made::Edition(edition);
            }
            Some(Ok(Outcome::Moved(to))) => return Made::Moved(to.to_string()),
            Some(Ok(Outcome::Damaged)) => return Made::Damaged,
            Some(Ok(Outcome::Nothing)) => return Made::Nothing,
            Some(Err(error)) => tracing::error!(%error, address = target, "an edition could not be made"),
            None => {}
        }
        if let Some(slot) = self.state().slot(&target) {
            return Made::Edition(slot.edition.clone());
        }
        let saved = stamp.plan.as_ref().and_then(|plan| plan.saved.as_ref());
        match saved.and_then(|saved| saved.load(&target)) {
            Some(edition) => Made::Edition(Arc::new(edition)),
            None => Made::NotYet,
        }
    }

    pub(super) fn plan(&self) -> Option<Arc<Plan>> {
        self.state().plan.clone()
    }

    /// What there was at an address the last time it was made.
    pub fn former(&self, target: &str) -> Option<Arc<Edition>> {
        self.state().slot(target).map(|slot| slot.edition.clone())
    }

    /// How many editions are kept current.
    pub fn len(&self) -> usize {
        self.state().standing.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that all editions take.
    pub fn bytes(&self) -> usize {
        let state = self.state();
        state.standing.bytes() + state.combined.bytes()
    }

    /// Editions of topics that have archives.
    pub fn with_archives(archives: Archives) -> Self {
        let editions = Self::default();
        // Nobody else has them yet.
        let _ = editions.0.archives.set(archives);
        editions
    }

    /// The pages of the topics' archives.
    pub fn archives(&self) -> Option<&Archives> {
        self.0.archives.get()
    }

    /// Lets go of everything that was made: there may be something in it that must not be shown any more.
    pub(super) fn forget(&self) {
        let mut state = self.state_mut();
        state.standing.clear();
        state.combined.clear();
        state.tick += 1;
        state.forgotten_at = state.tick;
        let saved = state.plan.as_ref().and_then(|plan| plan.saved.clone());
        drop(state);
        if let Some(saved) = saved {
            saved.clear();
        }
    }

    /// To be told every minute: by it, it is known what nobody has asked for in a day.
    pub fn a_minute_passed(&self) {
        self.0.minute.fetch_add(1, Ordering::Relaxed);
    }

    /// Has the editions of the last run served until the store is open.
    pub fn restore(&self, settings: &Arc<PublishSettings>, saved: SavedEditions) {
        let (settings, gone) = (settings.clone(), BTreeSet::new());
        self.arrange(Plan { settings, gone, renderer: None, saved: Some(saved) });
    }

    /// From now on the addresses are these. Editions at other ones are dropped, and combinations are made anew.
    pub(super) fn arrange(&self, plan: Plan) -> Arc<Plan> {
        let plan = Arc::new(plan);
        let mut state = self.state_mut();
        state.standing.holds_at_most(plan.settings.memory);
        state.standing.retain(|target| plan.is_standing(target));
        state.combined.clear();
        state.plan = Some(plan.clone());
        plan
    }

    pub(super) fn hold(&self, held: Held) {
        self.state_mut().held = held;
    }

    /// What is read from the store from now on is as of this.
    pub(super) fn next_stamp(&self) -> Stamp {
        let mut state = self.state_mut();
        state.tick += 1;
        Stamp { plan: state.plan.clone(), tick: state.tick }
    }

    fn stamp(&self) -> Stamp {
        let state = self.state();
        Stamp { plan: state.plan.clone(), tick: state.tick }
    }

    /// Puts a whole edition in the place of the one before it, unless that is newer, or the same, or nobody expects it any
    /// more; then that one stays. One that was begun before everything was forgotten is not kept.
    pub(super) fn put(&self, address: &Address, edition: Edition, stamp: &Stamp) -> Arc<Edition> {
        let target = address.to_string();
        let mut state = self.state_mut();
        let is_of_now = match (&state.plan, &stamp.plan) {
            (Some(now), Some(then)) => Arc::ptr_eq(now, then),
            _ => false,
        };
        if !is_of_now || stamp.tick < state.forgotten_at {
            return Arc::new(edition);
        }
        let is_standing = is_standing(address);
        let shelf = if is_standing { &mut state.standing } else { &mut state.combined };
        let (edition, is_saved) = match shelf.get(&target) {
            Some(former) if former.made_at > stamp.tick => return former.edition.clone(),
            Some(former) => {
                // Most of what is made again at a start or a reload is what it was.
                let is_same = former.edition.hash() == edition.hash();
                let is_saved = is_same && former.is_saved.load(Ordering::Relaxed);
                (Arc::new(edition.succeeding(&former.edition)), is_saved)
            }
            None => (Arc::new(edition), false),
        };
        let mut slot = Slot::new(edition.clone(), stamp.tick, depends_on(address, stamp.plan.as_deref()));
        if *address == Address::SourcesOutline {
            slot.lasts_until = Some(self.minute() + SOURCES_OUTLINE_LASTS);
        }
        slot.is_saved.store(is_saved, Ordering::Relaxed);
        let is_other = shelf.get(&target).is_none_or(|former| former.edition.hash() != edition.hash());
        shelf.put(target.clone(), slot);
        drop(state);
        if is_other && address.can_be_subscribed_to() {
            self.0.changes.tell(target);
        }
        edition
    }

    /// From now on, the address of every feed of a topic or of everything whose bytes change.
    pub fn changes(&self) -> broadcast::Receiver<String> {
        self.0.changes.watch()
    }

    /// Whether an edition is to be kept current: it was asked for within a day, or (`for_all`) there is room for those that
    /// nobody has asked for.
    pub(super) fn is_wanted(&self, address: &StoriesAddress, for_all: bool) -> bool {
        let state = self.state();
        let asked_at = state.standing.get(&address.to_string()).and_then(|slot| slot.asked_at());
        asked_at.is_some_and(|asked_at| asked_at + FORGOTTEN_AFTER > self.minute())
            || (for_all && state.standing.has_room())
    }

    /// Whether a page that is there once is to be kept current.
    pub(super) fn is_wanted_once(&self, address: &Address) -> bool {
        let state = self.state();
        match state.standing.get(&address.to_string()) {
            Some(slot) => slot.asked_at().is_some_and(|asked_at| asked_at + FORGOTTEN_AFTER > self.minute()),
            None => state.standing.has_room(),
        }
    }

    pub(super) fn drop_edition(&self, address: &StoriesAddress) {
        self.state_mut().standing.remove(&address.to_string());
    }

    /// From now on what depends on this topic (`None`: on everything) and is older than the stamp is made anew when it is
    /// asked for.
    pub(super) fn has_changed(&self, topic: Option<TopicId>, stamp: &Stamp) {
        self.state_mut().changed_at.insert(topic, stamp.tick);
    }

    /// Does what can wait for one edition: its codings, its file for the next start. `false` if nothing is left to do.
    pub(super) fn settle_one(&self) -> bool {
        let state = self.state();
        let uncoded = state.standing.slots().find(|(_, slot)| !slot.edition.is_prepared());
        if let Some(edition) = uncoded.map(|(_, slot)| slot.edition.clone()) {
            drop(state);
            edition.prepare();
            return true;
        }
        let Some(saved) = state.plan.as_ref().and_then(|plan| plan.saved.clone()) else { return false };
        let unsaved = state.standing.slots().find(|(_, slot)| !slot.is_saved.load(Ordering::Relaxed));
        let Some((target, slot)) = unsaved.map(|(target, slot)| (target.clone(), slot.clone())) else { return false };
        drop(state);
        if let Err(error) = saved.save(&target, &slot.edition) {
            tracing::warn!(%error, target, "an edition could not be kept for the next start");
        }
        slot.is_saved.store(true, Ordering::Relaxed);
        true
    }

    /// The feeds of these topics and of everything, for tests elsewhere. Nothing is made for them.
    #[cfg(test)]
    pub(crate) fn of_topics(public_url: url::Url, topics: &[&str]) -> Self {
        let page = |id: &&str| super::TopicPage::new(TopicId::new(*id), *id);
        let topics = topics.iter().map(page).collect();
        let settings = Arc::new(PublishSettings { topics, ..PublishSettings::new(public_url) });
        let editions = Self::default();
        editions.arrange(Plan { settings, gone: BTreeSet::new(), renderer: None, saved: None });
        editions
    }

    #[cfg(test)]
    pub(crate) fn put_feed(&self, path: &str, body: &[u8]) {
        let edition = Edition::new(super::atom::MEDIA_TYPE, chrono::DateTime::UNIX_EPOCH, body.to_vec().into());
        let address = Address::parse(path, None).unwrap_or_else(|error| panic!("{error}"));
        self.put(&address, edition, &self.next_stamp());
    }

    fn minute(&self) -> u64 {
        self.0.minute.load(Ordering::Relaxed)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn slot(&self, target: &str) -> Option<&Arc<Slot>> {
        self.standing.get(target).or_else(|| self.combined.get(target))
    }

    fn is_current(&self, slot: &Slot) -> bool {
        let changed = slot.depends_on.iter().filter_map(|topic| self.changed_at.get(topic));
        changed.max().is_none_or(|changed| *changed <= slot.made_at)
    }

    fn can_make(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.renderer.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_before_everything_was_forgotten_is_not_kept() {
        let editions = Editions::of_topics(url::Url::parse("https://news.example/").expect("a URL"), &["ai"]);
        let address = Address::parse("/topics/ai.atom", None).expect("an address");
        let edition =
            |text: &str| Edition::new("text/plain", chrono::DateTime::UNIX_EPOCH, text.as_bytes().to_vec().into());
        let begun = editions.next_stamp();
        editions.put(&address, edition("before"), &begun);
        assert!(editions.former("/topics/ai.atom").is_some());
        editions.forget();
        editions.put(&address, edition("before"), &begun);
        assert!(editions.former("/topics/ai.atom").is_none(), "it may show what was taken down");
        editions.put(&address, edition("after"), &editions.stamp());
        let kept = editions.former("/topics/ai.atom").expect("what was begun since then is kept");
        assert_eq!(&kept.document()[..], b"after");
    }
}
