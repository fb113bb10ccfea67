//! How a connection gets on, as seen from outside of it: enough to tell a slow client from a busy one, at no cost to either.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::ServeLimits;

/// Counted by the connection itself, looked at now and then by who watches over it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    requests: AtomicU32,
    /// Requests whose answers are still being made.
    answering: AtomicU32,
    /// Bytes that the client's side has taken.
    written: AtomicU64,
    /// More is to be written than it takes for now.
    is_blocked: AtomicBool,
    /// Something came after the last request: part of the next, perhaps.
    is_heard: AtomicBool,
}

impl Pace {
    pub(super) fn request(&self) {
        // One connection is one task at a time: nobody else counts here.
        self.requests.store(self.requests.load(Relaxed).wrapping_add(1), Relaxed);
        self.is_heard.store(false, Relaxed);
    }

    /// Something came.
    pub(super) fn heard(&self) {
        self.is_heard.store(true, Relaxed);
    }

    /// The client's side took that many bytes, or takes none for now.
    pub(super) fn wrote(&self, written: Option<usize>) {
        self.is_blocked.store(written.is_none(), Relaxed);
        if let Some(bytes) = written {
            self.written.store(self.written.load(Relaxed).wrapping_add(bytes as u64), Relaxed);
        }
    }

    /// Until the value is dropped, an answer is being made.
    pub(super) fn answering(self: Arc<Self>) -> Answering {
        self.answering.fetch_add(1, Relaxed);
        Answering(self)
    }
}

#[derive(Debug)]
pub(super) struct Answering(Arc<Pace>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Relaxed);
    }
}

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    /// What is under way may be finished, nothing more is taken.
    Finish,
    CutOff,
}

/// Decides when a connection has had its time.
#[derive(Debug)]
pub(super) struct Watch {
    begun: Instant,
    /// When it was last seen to get on.
    progress: Instant,
    requests: u32,
    written: u64,
    /// Since when it is to finish.
    finishing: Option<Instant>,
    is_http2: bool,
}

/// Fewer bytes between two looks are no progress: HTTP/2 has words of its own that carry no answer.
const LEAST_PROGRESS: u64 = 256;

impl Watch {
    pub(super) fn new(now: Instant, is_http2: bool) -> Self {
        Self { begun: now, progress: now, requests: 0, written: 0, finishing: None, is_http2 }
    }

    /// How often to look.
    pub(super) fn interval(limits: &ServeLimits) -> Duration {
        let shortest = limits.head_timeout.min(limits.write_timeout).min(limits.idle_timeout);
        (shortest.min(limits.connection_lifetime) / 4).max(Duration::from_millis(5))
    }

    pub(super) fn look(&mut self, pace: &Pace, limits: &ServeLimits, now: Instant) -> Verdict {
        let (requests, written) = (pace.requests.load(Relaxed), pace.written.load(Relaxed));
        if requests != self.requests || written.wrapping_sub(self.written) >= LEAST_PROGRESS {
            (self.requests, self.written, self.progress) = (requests, written, now);
        }
        let still = now.saturating_duration_since(self.progress);
        let is_answering = pace.answering.load(Relaxed) > 0;
        if pace.is_blocked.load(Relaxed) {
            if still >= limits.write_timeout {
                return Verdict::CutOff;
            }
        } else if is_answering {
            // That is our own time.
        } else if requests == 0 || (pace.is_heard.load(Relaxed) && !self.is_http2) {
            if still >= limits.head_timeout {
                return Verdict::CutOff;
            }
        } else if still >= limits.idle_timeout {
            self.finishing.get_or_insert(now);
        }
        if now.saturating_duration_since(self.begun) >= limits.connection_lifetime {
            self.finishing.get_or_insert(now);
        }
        match self.finishing {
            None => Verdict::GoOn,
            Some(since) if now.saturating_duration_since(since) < limits.finish_timeout => Verdict::Finish,
            Some(_) => Verdict::CutOff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen at a second after the beginning.
    struct Seen {
        second: u64,
        requests: u32,
        written: u64,
        blocked: bool,
        heard: bool,
        answering: u32,
    }

    fn verdicts(is_http2: bool, seen: &[Seen]) -> Vec<Verdict> {
        let limits = ServeLimits {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            connection_lifetime: Duration::from_secs(300),
            finish_timeout: Duration::from_secs(20),
            ..ServeLimits::default()
        };
        let (begun, pace) = (Instant::now(), Pace::default());
        let mut watch = Watch::new(begun, is_http2);
        let look = |seen: &Seen| {
            pace.requests.store(seen.requests, Relaxed);
            pace.written.store(seen.written, Relaxed);
            pace.is_blocked.store(seen.blocked, Relaxed);
            pace.is_heard.store(seen.heard, Relaxed);
            pace.answering.store(seen.answering, Relaxed);
            watch.look(&pace, &limits, begun + Duration::from_secs(seen.second))
        };
        seen.iter().map(look).collect()
    }

    #[test]
    fn who_is_slow_is_let_go_and_who_is_busy_is_not() {
        use Verdict::{CutOff, Finish, GoOn};
        const AT: Seen = Seen { second: 0, requests: 0, written: 0, blocked: false, heard: false, answering: 0 };
        const IDLE: Seen = Seen { requests: 1, written: 5000, ..AT };
        let cases: Vec<(&str, bool, Vec<Seen>, Vec<Verdict>)> = vec![
            ("never says a word", false, vec![Seen { second: 9, ..AT }, Seen { second: 10, ..AT }], vec![GoOn, CutOff]),
            (
                "says its second request a byte a second",
                false,
                vec![
                    Seen { second: 5, ..IDLE },
                    Seen { second: 14, heard: true, ..IDLE },
                    Seen { second: 15, heard: true, ..IDLE },
                ],
                vec![GoOn, GoOn, CutOff],
            ),
            (
                "has nothing to ask for",
                false,
                vec![
                    Seen { second: 1, ..IDLE },
                    Seen { second: 60, ..IDLE },
                    Seen { second: 61, ..IDLE },
                    Seen { second: 80, ..IDLE },
                    Seen { second: 81, ..IDLE },
                ],
                vec![GoOn, GoOn, Finish, Finish, CutOff],
            ),
            (
                "says HTTP/2 words that ask for nothing",
                true,
                vec![
                    Seen { second: 1, ..IDLE },
                    Seen { second: 40, heard: true, written: 5100, ..IDLE },
                    Seen { second: 61, heard: true, written: 5150, ..IDLE },
                ],
                vec![GoOn, GoOn, Finish],
            ),
            (
                "takes nothing of its answer",
                false,
                vec![
                    Seen { second: 1, blocked: true, ..IDLE },
                    Seen { second: 30, blocked: true, ..IDLE },
                    Seen { second: 31, blocked: true, ..IDLE },
                ],
                vec![GoOn, GoOn, CutOff],
            ),
            (
                "takes its answer slowly",
                false,
                vec![
                    Seen { second: 1, blocked: true, ..IDLE },
                    Seen { second: 30, blocked: true, written: 6000, ..IDLE },
                    Seen { second: 59, blocked: true, written: 7000, ..IDLE },
                    Seen { second: 300, blocked: true, written: 8000, ..IDLE },
                    Seen { second: 320, blocked: true, written: 9000, ..IDLE },
                ],
                vec![GoOn, GoOn, GoOn, Finish, CutOff],
            ),
            (
                "waits for us",
                false,
                vec![
                    Seen { second: 1, requests: 1, answering: 1, ..AT },
                    Seen { second: 100, requests: 1, answering: 1, ..AT },
                ],
                vec![GoOn, GoOn],
            ),
        ];
        for (what, is_http2, seen, expected) in cases {
            assert_eq!(verdicts(is_http2, &seen), expected, "{what}");
        }
    }
}
