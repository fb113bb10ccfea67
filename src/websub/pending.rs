//! Wishes that wait to be confirmed. Anybody can send them, so that they are few, and fewer for a host that confirms none.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use super::{HubSettings, Refusal, Wish, places::host_of};
use crate::store::SubscriptionKey;

/// So many wishes of a host that it did not confirm make us take no more of them for a while.
const MOST_UNCONFIRMED: u32 = 10;
const FOR: Duration = Duration::from_secs(600);

/// How soon a place among those who wait is likely to be free again.
const SOON: Duration = Duration::from_secs(30);

/// Hosts that are remembered for what they did not confirm.
const MOST_HOSTS: usize = 1_000;

#[derive(Default)]
pub(super) struct Pending {
    wishes: BTreeMap<SubscriptionKey, Waiting>,
    /// Hosts that did not confirm wishes: how many, and when the first.
    unconfirmed: HashMap<String, (u32, Instant)>,
    last: u64,
}

struct Waiting {
    wish: Wish,
    host: String,
    due: Instant,
    /// Tells it from one that it replaces.
    number: u64,
    is_under_way: bool,
}

impl Pending {
    /// Has a wish verified once it is due. It takes the place of another one for the same callback and topic.
    pub(super) fn put(
        &mut self,
        settings: &HubSettings,
        wish: Wish,
        due: Instant,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (key, host) = (wish.key(), host_of(&wish.callback));
        if let Some((failed, since)) = self.unconfirmed.get(&host)
            && *failed >= MOST_UNCONFIRMED
            && let Some(left) = (*since + FOR).checked_duration_since(now)
        {
            let why = "callbacks at this host confirmed none of the last wishes";
            return Err(Refusal::later(StatusCode::TOO_MANY_REQUESTS, why, left));
        }
        if !self.wishes.contains_key(&key) {
            if self.wishes.values().filter(|waiting| waiting.host == host).count() >= settings.pending_per_host {
                let why = "other wishes for callbacks at this host are still to be confirmed";
                return Err(Refusal::later(StatusCode::TOO_MANY_REQUESTS, why, SOON));
            }
            if self.wishes.len() >= settings.pending {
                let why = "too many other wishes are still to be confirmed";
                return Err(Refusal::later(StatusCode::SERVICE_UNAVAILABLE, why, SOON));
            }
        }
        self.last += 1;
        self.wishes.insert(key, Waiting { wish, host, due, number: self.last, is_under_way: false });
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.wishes.len()
    }

    pub(super) fn contains(&self, key: &SubscriptionKey) -> bool {
        self.wishes.contains_key(key)
    }

    /// Those to be verified now, with their hosts; the oldest first.
    pub(super) fn due(&self, now: Instant) -> Vec<(SubscriptionKey, String)> {
        let mut due: Vec<_> =
            self.wishes.iter().filter(|(_, waiting)| !waiting.is_under_way && waiting.due <= now).collect();
        due.sort_by_key(|(_, waiting)| waiting.number);
        due.into_iter().map(|(key, waiting)| (*key, waiting.host.clone())).collect()
    }

    /// When the next one is due that waits for its time.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        self.wishes.values().map(|waiting| waiting.due).filter(|due| *due > now).min()
    }

    /// Its verification begins. Returns the wish, with its number.
    pub(super) fn begin(&mut self, key: &SubscriptionKey) -> Option<(Wish, u64)> {
        let waiting = self.wishes.get_mut(key)?;
        waiting.is_under_way = true;
        Some((waiting.wish.clone(), waiting.number))
    }

    /// Its verification is over. `None` if it was replaced meanwhile: then that one counts.
    pub(super) fn end(&mut self, key: &SubscriptionKey, number: u64) -> Option<Wish> {
        self.wishes.get(key).filter(|waiting| waiting.number == number)?;
        self.wishes.remove(key).map(|waiting| waiting.wish)
    }

    /// A callback at this host did, or did not, confirm a wish.
    pub(super) fn was_confirmed(&mut self, host: &str, is_confirmed: bool, now: Instant) {
        self.unconfirmed.retain(|_, (_, since)| *since + FOR > now);
        if is_confirmed {
            self.unconfirmed.remove(host);
        } else if self.unconfirmed.len() < MOST_HOSTS || self.unconfirmed.contains_key(host) {
            self.unconfirmed.entry(host.to_owned()).or_insert((0, now)).0 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::websub::request::Action;

    fn settings() -> HubSettings {
        HubSettings::new(Url::parse("https://news.example/").expect("a URL"))
    }

    fn wish(callback: &str) -> Wish {
        let callback = Url::parse(callback).expect("a URL");
        Wish { callback, topic: "https://news.example/all.atom".into(), action: Action::Unsubscribe }
    }

    fn put(pending: &mut Pending, callback: &str, now: Instant) -> u16 {
        pending.put(&settings(), wish(callback), now, now).map_or_else(|refusal| refusal.status.as_u16(), |()| 202)
    }

    #[test]
    fn five_of_a_host_and_a_hundred_in_all_may_wait() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        let of_host: Vec<u16> =
            (0..7).map(|number| put(&mut pending, &format!("https://h{number}.reader.com/"), now)).collect();
        assert_eq!(of_host, [202, 202, 202, 202, 202, 429, 429]);
        assert_eq!(put(&mut pending, "https://h0.reader.com/", now), 202, "one that replaces another");
        let of_all: Vec<u16> =
            (0..96).map(|number| put(&mut pending, &format!("https://reader{number}.com/"), now)).collect();
        assert_eq!(of_all.iter().filter(|status| **status == 202).count(), 95);
        assert_eq!(of_all.last(), Some(&503));
    }

    #[test]
    fn a_second_wish_replaces_the_first_even_while_that_is_verified() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        assert_eq!(put(&mut pending, "https://reader.com/", now), 202);
        let key = wish("https://reader.com/").key();
        let (_, first) = pending.begin(&key).expect("there");
        assert!(pending.due(now).is_empty());
        assert_eq!(put(&mut pending, "https://reader.com/", now), 202);
        assert_eq!(pending.due(now).len(), 1);
        let (_, second) = pending.begin(&key).expect("there");
        assert_eq!(pending.end(&key, first), None);
        assert_eq!(pending.end(&key, second), Some(wish("https://reader.com/")));
        assert!(!pending.contains(&key));
    }

    #[test]
    fn a_host_that_confirms_nothing_is_asked_no_more_for_a_while() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(put(&mut pending, "https://victim.com/", now), 202);
            let key = wish("https://victim.com/").key();
            let (_, number) = pending.begin(&key).expect("there");
            pending.end(&key, number);
            pending.was_confirmed("victim.com", false, now);
        }
        assert_eq!(put(&mut pending, "https://victim.com/", now), 429);
        assert_eq!(put(&mut pending, "https://other.com/", now), 202);
        assert_eq!(put(&mut pending, "https://victim.com/", now + Duration::from_secs(660)), 202);
        pending.was_confirmed("victim.com", true, now);
        assert_eq!(put(&mut pending, "https://www.victim.com/", now), 202);
    }
}
