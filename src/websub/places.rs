//! How many requests may be under way, and for whom: so that those who answer at once are never held up by those who do not.

use std::collections::HashMap;

use url::{Host, Url};

use super::HubSettings;

/// What a place is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// A delivery to a subscriber that took the last one at once, or had none yet.
    Steady,
    /// A delivery to a subscriber that failed last time, or took long.
    Troubled,
    /// A question to a callback whose owner is not known to want anything from us.
    Unasked,
}

/// Places for requests. A quarter of them at most is for [`Lane::Troubled`], and as many for [`Lane::Unasked`].
pub(super) struct Places {
    most: usize,
    most_per_host: usize,
    steady: usize,
    troubled: usize,
    unasked: usize,
    by_host: HashMap<String, usize>,
}

impl Places {
    pub(super) fn new(settings: &HubSettings) -> Self {
        let (most, most_per_host) = (settings.at_once.max(1), settings.at_once_per_host.max(1));
        Self { most, most_per_host, steady: 0, troubled: 0, unasked: 0, by_host: HashMap::new() }
    }

    /// Takes a place, if there is one. Whoever has it gives it back by [`Places::give_back`].
    pub(super) fn take(&mut self, lane: Lane, host: &str) -> bool {
        let share = (self.most / 4).max(1);
        let is_free = match lane {
            Lane::Steady => true,
            Lane::Troubled => self.troubled < share,
            Lane::Unasked => self.unasked < share,
        };
        let of_host = self.by_host.get(host).copied().unwrap_or_default();
        if !is_free || self.are_full() || of_host >= self.most_per_host {
            return false;
        }
        *self.lane(lane) += 1;
        self.by_host.insert(host.to_owned(), of_host + 1);
        true
    }

    pub(super) fn give_back(&mut self, lane: Lane, host: &str) {
        let taken = self.lane(lane);
        *taken = taken.saturating_sub(1);
        if let Some(taken) = self.by_host.get_mut(host) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                self.by_host.remove(host);
            }
        }
    }

    pub(super) fn are_full(&self) -> bool {
        self.steady + self.troubled + self.unasked >= self.most
    }

    fn lane(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Steady => &mut self.steady,
            Lane::Troubled => &mut self.troubled,
            Lane::Unasked => &mut self.unasked,
        }
    }
}

/// Whom bounds per host count as one: a registrable domain, or an address. Names below a domain cost nothing.
pub(super) fn host_of(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            psl::domain_str(name).unwrap_or(name).to_owned()
        }
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => std::net::IpAddr::V6(address).to_canonical().to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(at_once: usize) -> Places {
        let public_url = Url::parse("https://news.example/").expect("a URL");
        Places::new(&HubSettings { at_once, ..HubSettings::new(public_url) })
    }

    #[test]
    fn the_dead_and_the_unasked_leave_half_of_the_places() {
        let mut places = places(32);
        let taken = |places: &mut Places, lane, kind: &str| {
            (0..100).filter(|number| places.take(lane, &format!("{kind}{number}.example"))).count()
        };
        assert_eq!(taken(&mut places, Lane::Troubled, "dead"), 8);
        assert_eq!(taken(&mut places, Lane::Unasked, "new"), 8);
        assert_eq!(taken(&mut places, Lane::Steady, "good"), 16);
        assert!(places.are_full());
        places.give_back(Lane::Troubled, "dead0.example");
        assert!(!places.take(Lane::Unasked, "another.example"));
        assert!(places.take(Lane::Steady, "another.example"));
    }

    #[test]
    fn a_host_has_two_at_once() {
        let mut places = places(32);
        assert!(places.take(Lane::Steady, "reader.example"));
        assert!(places.take(Lane::Unasked, "reader.example"));
        assert!(!places.take(Lane::Steady, "reader.example"));
        places.give_back(Lane::Unasked, "reader.example");
        assert!(places.take(Lane::Steady, "reader.example"));
    }

    #[test]
    fn hosts_that_count_as_one() {
        let cases = [
            ("https://a.reader.example.com/x", "example.com"),
            ("https://b.example.com./y", "example.com"),
            ("https://me.github.io/", "me.github.io"),
            ("http://[::ffff:192.0.2.1]:8080/", "192.0.2.1"),
            ("http://192.0.2.1/", "192.0.2.1"),
            ("http://localhost:8080/", "localhost"),
        ];
        for (url, host) in cases {
            assert_eq!(host_of(&Url::parse(url).expect("a URL")), host, "{url}");
        }
    }
}
