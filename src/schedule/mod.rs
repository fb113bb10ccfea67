//! When to ask a publisher again.
//!
//! A [`Schedule`] is the admin's cron line in the admin's time zone. [`next_poll`] weighs its ticks against what the
//! publisher asked for (freshness, `Retry-After`, `<ttl>`, `<skipHours>`), our own floor between two polls, and the backoff
//! after failures, and says when the source is due and why. [`started`], [`after_success`], [`after_not_modified`] and
//! [`after_failure`] say what a poll leaves behind in the source's [`PollState`](crate::model::PollState), from which the
//! next decision is made.
//!
//! Everything here is pure: `now` is an argument, and what looks like chance is a hash of the source's id.

mod backoff;
mod cron_field;
mod cron_line;
mod due;
mod hints;
mod outcome;
mod redirect;
mod spread;
mod tick;

pub use cron_line::{Schedule, ScheduleError};
pub use due::{Due, DueReason, SourceSchedule, may_poll_now, next_poll, wants_unconditional};
pub use outcome::{
    FailureKind, after_clock_step, after_failure, after_not_modified, after_success, for_url, started, url_to_poll,
};
pub use spread::Spread;

#[cfg(test)]
mod tests;
