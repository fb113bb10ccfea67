use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::{
    Spread,
    backoff::backoff,
    due::{LONGEST_UNCHANGED, PROBE_OF_GONE},
    redirect::believe,
};
use crate::model::{Document, Freshness, PollHints, PollState, Validators};

/// How a poll failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No whole answer came: name, address, connection, TLS, time, length.
    Unreachable,
    /// The answer was an HTTP status other than 200 and 304.
    Status(u16),
    /// A 200 that holds no feed.
    Unreadable,
}

/// The shortest silence after a 429 that names none.
const SILENCE_AFTER_429: TimeDelta = TimeDelta::hours(1);
/// For so long the place a publisher moved to may fail, in whatever way, before we go back to the configured URL.
const PATIENCE_WITH_NEW_PLACE: TimeDelta = TimeDelta::days(7);

/// The state of a source as the configuration names it now: what was learnt of another URL is dropped.
#[must_use]
pub fn for_url(state: PollState, url: &str) -> PollState {
    if state.url == url { state } else { PollState { url: url.to_owned(), ..PollState::default() } }
}

/// Where to poll: the configured URL, or where the publisher has moved for good.
pub fn url_to_poll(state: &PollState) -> &str {
    match &state.moved {
        Some(moved) if moved.accepted => &moved.to,
        _ => &state.url,
    }
}

/// The state after the clock was found to run behind it: nothing lies in the future but what the publisher asked for.
///
/// To be kept whenever `last_start` is after `now`, so that a source neither polls in a burst nor waits for the old clock.
#[must_use]
pub fn after_clock_step(mut state: PollState, now: DateTime<Utc>) -> PollState {
    let Some(last_start) = state.last_start.filter(|start| *start > now) else { return state };
    let ahead = last_start - now;
    let past = |time: DateTime<Utc>| time.min(now);
    state.last_start = Some(now);
    state.last_response = state.last_response.map(past);
    state.unchanged_since = state.unchanged_since.map(past);
    state.failing_since = state.failing_since.map(past);
    state.refused_since = state.refused_since.map(past);
    state.gone_seen = state.gone_seen.map(past);
    state.gone_since = state.gone_since.map(past);
    // What is left of a lifetime keeps its length.
    state.fresh_until = state.fresh_until.map(|until| until - ahead);
    state.retry_until = state.retry_until.map(|until| until - ahead);
    if let Some(moved) = &mut state.moved {
        moved.first_seen = moved.first_seen.min(now);
    }
    state
}

/// A poll begins. To be on disk before the request leaves.
#[must_use]
pub fn started(mut state: PollState, now: DateTime<Utc>) -> PollState {
    state.last_start = Some(now);
    state
}

/// A 200 came, and its body is a feed.
///
/// `hints` are the feed's own elements, or `None` when the body is the one already read. The validators are replaced whatever
/// the body: a header that is absent now clears the one we held.
#[must_use]
pub fn after_success(
    state: PollState,
    document: &Document,
    body_hash: u64,
    hints: Option<PollHints>,
    outcome: &str,
    now: DateTime<Utc>,
) -> PollState {
    let mut state = answered(state, document.freshness, document.moved_permanently_to.as_ref(), outcome, now);
    state.validators = document.validators.clone();
    state.validators_url = Some(document.url.to_string());
    state.ever_validated |= !state.validators.is_empty();
    state.body_hash = Some(body_hash);
    state.unchanged_since = None;
    if let Some(hints) = hints {
        state.hints = hints;
    }
    state
}

/// A 304 came. A validator it carries replaces the one we held; one it leaves out stays (RFC 9111 §4.3.4).
#[must_use]
pub fn after_not_modified(
    state: PollState,
    validators: Validators,
    freshness: Freshness,
    moved_permanently_to: Option<&Url>,
    outcome: &str,
    now: DateTime<Utc>,
) -> PollState {
    let unchanged_since = unchanged_since(&state).or(Some(now));
    let mut state = answered(state, freshness, moved_permanently_to, outcome, now);
    state.unchanged_since = unchanged_since;
    state.validators.etag = validators.etag.or(state.validators.etag);
    state.validators.last_modified = validators.last_modified.or(state.validators.last_modified);
    state.ever_validated |= !state.validators.is_empty();
    state
}

/// A poll failed. What the last good answer left (validators, freshness, hints) stays, since its body was read.
///
/// `freshness` is what the failing response's headers said, if there was one. `spread` is the source's own.
#[must_use]
pub fn after_failure(
    mut state: PollState,
    kind: FailureKind,
    freshness: Freshness,
    outcome: &str,
    spread: Spread,
    now: DateTime<Utc>,
) -> PollState {
    state.unchanged_since = state.unchanged_since.and(unchanged_since(&state).or(Some(now)));
    state.failures = state.failures.saturating_add(1);
    state.failing_since = state.failing_since.or(Some(now));
    state.last_outcome = Some(outcome.to_owned());
    state.retry_until = freshness.retry_until;
    state.retry_is_for_host = kind == FailureKind::Status(429);
    let gone_seen = state.gone_seen.take();
    match kind {
        FailureKind::Status(410) => {
            state.refused_since = None;
            let confirmed = gone_seen.is_some_and(|seen| now - seen >= PROBE_OF_GONE);
            if !confirmed {
                state.gone_seen = gone_seen.or(Some(now));
            } else if has_moved(&state) {
                state = at_configured_url(state);
            } else {
                state.gone_since = state.gone_since.or(Some(now));
            }
        }
        FailureKind::Status(401 | 403 | 404 | 451) => {
            state.refused_since.get_or_insert(now);
        }
        FailureKind::Status(429) => {
            // A 429 may name its wait in Cache-Control too; the longer one is meant. Without any, ours doubles.
            let ours = || now + backoff(SILENCE_AFTER_429, state.failures, spread).max(SILENCE_AFTER_429);
            state.retry_until = freshness.retry_until.max(freshness.fresh_until).filter(|until| *until > now);
            state.retry_until = state.retry_until.or_else(|| Some(ours()));
        }
        FailureKind::Unreadable => state.refused_since = None,
        FailureKind::Unreachable | FailureKind::Status(_) => {}
    }
    if has_moved(&state) && state.failing_since.is_some_and(|since| now - since >= PATIENCE_WITH_NEW_PLACE) {
        state = at_configured_url(state);
    }
    state
}

/// What a 200 and a 304 have in common.
fn answered(
    mut state: PollState,
    freshness: Freshness,
    moved_permanently_to: Option<&Url>,
    outcome: &str,
    now: DateTime<Utc>,
) -> PollState {
    state.last_response = Some(now);
    state.fresh_until = freshness.fresh_until;
    state.explicit_freshness = freshness.explicit;
    // Retry-After is for redirects and errors.
    state.retry_until = None;
    state.retry_is_for_host = false;
    state.failures = 0;
    state.failing_since = None;
    state.refused_since = None;
    state.gone_seen = None;
    state.gone_since = None;
    state.moved = believe(state.moved.take(), &state.url, moved_permanently_to, now);
    state.last_outcome = Some(outcome.to_owned());
    state
}

/// Since when nothing but 304 has come, unless the last poll was the unconditional one this is counted for.
fn unchanged_since(state: &PollState) -> Option<DateTime<Utc>> {
    let last_start = state.last_start?;
    state.unchanged_since.filter(|since| last_start - *since < LONGEST_UNCHANGED)
}

fn has_moved(state: &PollState) -> bool {
    state.moved.as_ref().is_some_and(|moved| moved.accepted)
}

/// The new place is no good: the admin's own URL is asked again. Validators belong to the place that gave them.
fn at_configured_url(mut state: PollState) -> PollState {
    state.moved = None;
    state.validators = Validators::default();
    state.unchanged_since = None;
    state
}
