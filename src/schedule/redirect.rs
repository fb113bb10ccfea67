use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::model::Moved;

/// Polls in a row that must have ended at the same place before a permanent redirect is believed.
const TIMES: u32 = 5;
/// How long they must have done so: captive portals and broken deployments redirect for days.
const SPAN: TimeDelta = TimeDelta::days(7);

/// What is believed of a permanent redirect after a poll of `asked` that brought a feed (RFC 9110 §15.4.2, §15.4.9).
///
/// `target` is where an unbroken chain of permanent redirects ended, if there was one. A belief once formed is kept: polls
/// then go to the new place and see no redirect any more.
pub(super) fn believe(moved: Option<Moved>, asked: &str, target: Option<&Url>, now: DateTime<Utc>) -> Option<Moved> {
    if moved.as_ref().is_some_and(|moved| moved.accepted) {
        return moved;
    }
    let target = target?;
    // Following the redirect is the publisher's word; giving up encryption for good is not ours to learn.
    let downgrade = asked.starts_with("https:") && target.scheme() != "https";
    if downgrade || target.as_str() == asked {
        return None;
    }
    let mut seen = match moved {
        Some(moved) if moved.to == target.as_str() => moved,
        _ => Moved { to: target.as_str().to_owned(), first_seen: now, times: 0, accepted: false },
    };
    seen.times = seen.times.saturating_add(1);
    seen.accepted = seen.times >= TIMES && now - seen.first_seen >= SPAN;
    Some(seen)
}
