use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::at;
use crate::{
    model::{Document, Freshness, Moved, PollHints, PollState, Validators},
    schedule::{
        FailureKind, Spread, after_clock_step, after_failure, after_not_modified, after_success, for_url, started,
        url_to_poll,
    },
};

const URL: &str = "https://example.org/feed";

fn state() -> PollState {
    PollState { url: URL.into(), ..PollState::default() }
}

fn validators(etag: Option<&str>, last_modified: Option<&str>) -> Validators {
    let bytes = |text: &str| text.as_bytes().to_vec();
    Validators { etag: etag.map(bytes), last_modified: last_modified.map(bytes) }
}

fn document(etag: Option<&str>, moved_to: Option<&str>) -> Document {
    let url = Url::parse(moved_to.unwrap_or(URL)).unwrap();
    Document {
        base: url.clone(),
        moved_permanently_to: moved_to.map(|_| url.clone()),
        url,
        content_type: None,
        body: Bytes::new(),
        validators: validators(etag, None),
        freshness: Freshness::default(),
    }
}

fn fail(state: PollState, kind: FailureKind, now: DateTime<Utc>) -> PollState {
    after_failure(started(state, now), kind, Freshness::default(), "failed", Spread::NONE, now)
}

/// POLL-3, POLL-6.
#[test]
fn a_200_replaces_the_validators_and_a_failure_leaves_them() {
    let now = at("2026-03-04T10:00:00Z");
    let first = after_success(state(), &document(Some("\"one\""), None), 1, Some(PollHints::default()), "new", now);
    assert_eq!(first.validators, validators(Some("\"one\""), None));
    assert!(first.ever_validated);
    let unreadable = fail(first.clone(), FailureKind::Unreadable, now);
    assert_eq!(unreadable.validators, first.validators);
    assert_eq!((unreadable.failures, unreadable.failing_since, unreadable.body_hash), (1, Some(now), Some(1)));
    let second = after_success(unreadable, &document(None, None), 1, None, "same", now);
    assert!(second.validators.is_empty(), "a header that is absent now clears the one held");
    assert!(second.ever_validated, "what was given once is remembered for the floor");
    assert_eq!((second.failures, second.failing_since), (0, None));
}

/// POLL-4.
#[test]
fn a_304_replaces_only_what_it_carries() {
    let now = at("2026-03-04T10:00:00Z");
    let held = PollState { validators: validators(Some("a"), Some("then")), ..state() };
    let after =
        after_not_modified(started(held, now), validators(Some("b"), None), Freshness::default(), None, "304", now);
    assert_eq!(after.validators, validators(Some("b"), Some("then")));
    assert_eq!((after.last_response, after.unchanged_since), (Some(now), Some(now)));
}

/// POLL-7.
#[test]
fn the_two_weeks_of_304_begin_anew_after_the_unconditional_request() {
    let begin = at("2026-03-01T00:00:00Z");
    let poll = |state: PollState, now| {
        after_not_modified(started(state, now), Validators::default(), Freshness::default(), None, "304", now)
    };
    let mut current = poll(state(), begin);
    for day in 1..14 {
        current = poll(current, begin + TimeDelta::days(day));
        assert_eq!(current.unchanged_since, Some(begin), "day {day}");
    }
    let later = begin + TimeDelta::days(14);
    assert_eq!(poll(current.clone(), later).unchanged_since, Some(later), "even if it was answered 304");
    assert_eq!(fail(current.clone(), FailureKind::Unreachable, later).unchanged_since, Some(later), "or not at all");
    let fresh = after_success(started(current, later), &document(None, None), 1, None, "200", later);
    assert_eq!(fresh.unchanged_since, None);
}

/// STAT-1.
#[test]
fn a_permanent_redirect_is_believed_after_five_polls_over_seven_days() {
    const NEW: &str = "https://new.example.org/feed";
    let begin = at("2026-03-01T00:00:00Z");
    let poll = |state: PollState, to: Option<&str>, hours: i64| {
        after_success(state, &document(None, to), 1, None, "", begin + TimeDelta::hours(hours))
    };
    let believed = |state: &PollState| url_to_poll(state) == NEW;

    let mut hourly = state();
    for hour in 0..=168 {
        assert!(!believed(&hourly), "hour {hour}");
        hourly = poll(hourly, Some(NEW), hour);
    }
    assert!(believed(&hourly), "seven days of hourly polls");

    let mut weekly = state();
    for week in 0..5 {
        assert!(!believed(&weekly), "week {week}");
        weekly = poll(weekly, Some(NEW), week * 168);
    }
    assert!(believed(&weekly), "five weekly polls");

    let kept = poll(hourly.clone(), None, 200);
    assert!(believed(&kept), "polls of the new place see no redirect and keep the belief");

    let mut interrupted = poll(state(), Some(NEW), 0);
    interrupted = poll(interrupted, None, 1);
    assert_eq!(interrupted.moved, None, "one poll without the redirect and it starts again");

    let elsewhere = poll(poll(state(), Some(NEW), 0), Some("https://other.example.org/"), 1);
    assert_eq!(elsewhere.moved.as_ref().map(|moved| moved.times), Some(1), "another target starts again");

    let mut downgrade = state();
    for day in 0..20 {
        downgrade = poll(downgrade, Some("http://new.example.org/feed"), day * 24);
    }
    assert_eq!(downgrade.moved, None, "https is not given up");

    // The new place refuses: a week's patience, then the configured URL is asked again.
    let mut refused = PollState { validators: validators(Some("x"), None), ..hourly };
    for day in 0..=7 {
        assert!(believed(&refused), "day {day}");
        refused = fail(refused, FailureKind::Status(404), begin + TimeDelta::days(10 + day));
    }
    assert_eq!(url_to_poll(&refused), URL);
    assert!(refused.validators.is_empty(), "POLL-5: validators belong to the place that gave them");
}

/// STAT-4.
#[test]
fn a_410_is_believed_when_it_comes_again_a_day_later() {
    let gone = FailureKind::Status(410);
    let first = fail(state(), gone, at("2026-03-01T00:00:00Z"));
    assert_eq!((first.gone_since, first.gone_seen), (None, Some(at("2026-03-01T00:00:00Z"))));
    let by_hand = fail(first.clone(), gone, at("2026-03-01T01:00:00Z"));
    assert_eq!((by_hand.gone_since, by_hand.gone_seen), (None, first.gone_seen), "an hour later proves nothing");
    let second = fail(by_hand, gone, at("2026-03-02T00:00:00Z"));
    assert_eq!(second.gone_since, Some(at("2026-03-02T00:00:00Z")));
    let between = fail(first, FailureKind::Status(500), at("2026-03-01T06:00:00Z"));
    assert_eq!(between.gone_seen, None, "another answer starts again");
    let back = after_success(second, &document(None, None), 1, None, "", at("2026-04-01T00:00:00Z"));
    assert_eq!((back.gone_since, back.gone_seen), (None, None), "polled by hand, it is back");
}

/// STAT-5.
#[test]
fn refusals_are_dated_from_the_first_one() {
    let day = |day: i64| at("2026-03-01T00:00:00Z") + TimeDelta::days(day);
    for status in [401, 403, 404, 451] {
        let mut current = fail(state(), FailureKind::Status(status), day(0));
        current = fail(current, FailureKind::Unreachable, day(1));
        current = fail(current, FailureKind::Status(404), day(2));
        assert_eq!(current.refused_since, Some(day(0)), "{status}: no answer is no other answer");
        assert_eq!(fail(current, FailureKind::Unreadable, day(3)).refused_since, None, "{status}");
    }
    assert_eq!(fail(state(), FailureKind::Status(500), day(0)).refused_since, None);
}

/// SCHED-3, SCHED-4.
#[test]
fn silence_that_was_asked_for() {
    let now = at("2026-03-04T10:00:00Z");
    let hours = |hours: i64| Some(now + TimeDelta::hours(hours));
    let after = |status: u16, retry: Option<DateTime<Utc>>, fresh: Option<DateTime<Utc>>| {
        let freshness = Freshness { fresh_until: fresh, retry_until: retry, explicit: fresh.is_some() };
        let kind = FailureKind::Status(status);
        let after = after_failure(started(state(), now), kind, freshness, "", Spread::NONE, now);
        (after.retry_until, after.retry_is_for_host)
    };
    assert_eq!(after(503, hours(2), None), (hours(2), false), "503 silences the feed");
    assert_eq!(after(429, hours(2), None), (hours(2), true), "429 silences the host");
    assert_eq!(after(429, hours(2), hours(48)), (hours(48), true), "the longer of the two");
    for (sentence, named) in [("none is named", None), ("the one named is over", hours(-1))] {
        let (until, for_host) = after(429, named, None);
        assert!(for_host && until >= hours(1) && until <= hours(2), "an hour when {sentence}: {until:?}");
    }
    assert_eq!(after(503, None, None), (None, false), "backoff is enough");
    assert_eq!(after(301, hours(3), None), (hours(3), false), "Retry-After is honoured on redirects");

    let mut current = state();
    let mut silences = Vec::new();
    for _ in 0..8 {
        current = fail(current, FailureKind::Status(429), now);
        silences.push((current.retry_until.unwrap() - now).num_minutes());
    }
    assert!(
        silences.iter().all(|minutes| *minutes >= 60) && silences[3] > 6 * 60 && silences[7] >= 19 * 60,
        "{silences:?}"
    );
    let answered = after_success(current, &document(None, None), 1, None, "", now);
    assert_eq!((answered.retry_until, answered.retry_is_for_host), (None, false));
}

/// STAT-1.
#[test]
fn a_new_place_that_fails_for_a_week_is_given_up() {
    let day = |day: i64| at("2026-03-01T00:00:00Z") + TimeDelta::days(day);
    for kind in [FailureKind::Unreachable, FailureKind::Unreadable, FailureKind::Status(404), FailureKind::Status(500)]
    {
        let moved = Moved { to: "https://b.example/".into(), first_seen: day(-9), times: 9, accepted: true };
        let mut current = PollState { validators: validators(Some("x"), None), moved: Some(moved), ..state() };
        for failed in 0..7 {
            current = fail(current, kind, day(failed));
            assert_eq!(url_to_poll(&current), "https://b.example/", "{kind:?} on day {failed}");
        }
        current = fail(current, kind, day(7));
        assert_eq!((url_to_poll(&current), current.validators.is_empty()), (URL, true), "{kind:?}");
    }
}

/// STAT-2, POLL-5.
#[test]
fn another_url_starts_afresh() {
    let moved =
        Moved { to: "https://b.example/".into(), first_seen: at("2026-03-01T00:00:00Z"), times: 9, accepted: true };
    let held = PollState { validators: validators(Some("x"), None), moved: Some(moved), failures: 3, ..state() };
    assert_eq!(for_url(held.clone(), URL), held);
    let edited = for_url(held, "https://example.org/other");
    assert_eq!(edited, PollState { url: "https://example.org/other".into(), ..PollState::default() });
}

/// SCHED-8.
#[test]
fn a_clock_put_back_leaves_nothing_in_the_future_but_what_was_left_of_a_lifetime() {
    let wrong = at("2031-01-01T00:00:00Z");
    let now = at("2026-03-04T10:00:00Z");
    let held = PollState {
        last_start: Some(wrong),
        last_response: Some(wrong + TimeDelta::seconds(1)),
        fresh_until: Some(wrong + TimeDelta::hours(2)),
        retry_until: Some(wrong + TimeDelta::hours(3)),
        failing_since: Some(wrong - TimeDelta::days(1)),
        ..state()
    };
    let mended = after_clock_step(held.clone(), now);
    assert_eq!(mended.last_start, Some(now));
    assert_eq!(mended.last_response, Some(now));
    assert_eq!(mended.failing_since, Some(now));
    assert_eq!(mended.fresh_until, Some(now + TimeDelta::hours(2)));
    assert_eq!(mended.retry_until, Some(now + TimeDelta::hours(3)));
    assert_eq!(after_clock_step(mended.clone(), now), mended);
    assert_eq!(after_clock_step(held.clone(), wrong), held, "a clock that goes forward changes nothing");
}
