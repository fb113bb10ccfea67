//! The one place that reads the clock. Everything that decides takes `now` as an argument; what must ask, asks a [`Clock`].

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time, and whether others have the same. Cheap to clone; tests hand in a clock of their own.
#[derive(Clone)]
pub struct Clock {
    time: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// When another clock last agreed, in seconds since 1970.
    agreed: Arc<AtomicI64>,
}

/// Clocks agree that are no further apart.
const AGREEMENT: TimeDelta = TimeDelta::days(1);

const NEVER: i64 = i64::MIN;

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this is what everybody else is to ask")]
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// A clock that answers whatever `now` does.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { time: Arc::new(now), agreed: Arc::new(AtomicI64::new(NEVER)) }
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.time)()
    }

    /// Notes what somebody else's clock says at this moment.
    pub fn compare(&self, theirs: DateTime<Utc>) {
        let now = self.now();
        if (now - theirs).abs() <= AGREEMENT {
            self.agreed.store(now.timestamp(), Ordering::Relaxed);
        }
    }

    /// Whether somebody else's clock agrees, or did within a day, with this one saying `now`.
    pub fn is_agreed(&self, now: DateTime<Utc>) -> bool {
        let agreed = DateTime::from_timestamp(self.agreed.load(Ordering::Relaxed), 0);
        agreed.is_some_and(|agreed| (now - agreed).abs() <= AGREEMENT)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
