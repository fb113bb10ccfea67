//! When a delivery that failed is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::HubSettings;
use crate::store::SubscriptionKey;

/// Each pause against the first: 10 s, 1 min, 5 min, 30 min, 2 h, and from then on 6 h.
const GROWTH: [u32; 6] = [1, 6, 30, 180, 720, 2_160];

/// No subscriber is left without a try for longer, whatever it asks for.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// What becomes of a subscription whose delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    At(DateTime<Utc>),
    /// It has failed for too long.
    GivenUp,
}

/// After the `failures`th failure in a row, the first of which was at `since`. Subscribers that failed together are not tried
/// again together: each waits up to a quarter longer, by a hash. `asked` is what the subscriber's `Retry-After` says.
pub(super) fn next_try(
    settings: &HubSettings,
    key: SubscriptionKey,
    failures: u32,
    since: DateTime<Utc>,
    asked: Option<Duration>,
    now: DateTime<Utc>,
) -> Next {
    if now - since >= settings.give_up_after {
        return Next::GivenUp;
    }
    let step = (failures.max(1) as usize - 1).min(GROWTH.len() - 1);
    let pause = settings.first_retry * GROWTH.get(step).copied().unwrap_or(1);
    let mut bytes = key.as_bytes().to_vec();
    bytes.extend(failures.to_le_bytes());
    let share = (xxh3_64(&bytes) % 1024) as u32;
    let pause = (pause + pause * share / 4096).max(asked.unwrap_or_default()).min(LONGEST);
    Next::At(now + TimeDelta::from_std(pause).unwrap_or(settings.give_up_after))
}

/// `Retry-After` as a time from now: seconds or a date (RFC 9110 §10.2.3).
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(LONGEST, Duration::from_secs));
    }
    let date: DateTime<Utc> = httpdate::parse_http_date(value).ok()?.into();
    (date - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> HubSettings {
        HubSettings::new(url::Url::parse("https://news.example/").expect("a URL"))
    }

    #[test]
    fn pauses_grow_and_differ_from_one_subscriber_to_the_next() {
        let now = DateTime::UNIX_EPOCH;
        let cases = [(1, 10), (2, 60), (3, 300), (4, 1_800), (5, 7_200), (6, 21_600), (7, 21_600), (u32::MAX, 21_600)];
        for (failures, seconds) in cases {
            let mut seen = std::collections::BTreeSet::new();
            for subscriber in 0..20 {
                let key = SubscriptionKey::new("callback", &subscriber.to_string());
                let Next::At(at) = next_try(&settings(), key, failures, now, None, now) else { panic!("given up") };
                let pause = (at - now).as_seconds_f64();
                let least = f64::from(seconds);
                assert!((least..=least * 1.25).contains(&pause), "{failures}: {pause}");
                seen.insert(at);
            }
            assert!(seen.len() > 10, "{failures}: spread over {} moments", seen.len());
        }
    }

    #[test]
    fn a_subscriber_may_ask_for_more_time_but_not_for_ever() {
        let (now, key) = (DateTime::UNIX_EPOCH, SubscriptionKey::new("c", "t"));
        let asked = |text| retry_after(text, now).map(|asked| asked.as_secs());
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked(" 120 "), Some(120));
        assert_eq!(asked("99999999999999999999999"), Some(12 * 3600));
        assert_eq!(asked("Thu, 01 Jan 1970 00:10:00 GMT"), Some(600));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-5"), None);
        assert_eq!(asked(""), None);
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(next_try(&settings(), key, 1, now, hour, now), Next::At(now + TimeDelta::hours(1)));
        let year = Some(Duration::from_secs(365 * 86_400));
        assert_eq!(next_try(&settings(), key, 1, now, year, now), Next::At(now + TimeDelta::hours(12)));
    }

    #[test]
    fn after_three_days_of_failures_it_is_given_up() {
        let (now, key) = (DateTime::UNIX_EPOCH, SubscriptionKey::new("c", "t"));
        let after = |time| next_try(&settings(), key, 9, now - time, None, now);
        assert_eq!(after(TimeDelta::days(3)), Next::GivenUp);
        assert!(matches!(after(TimeDelta::days(3) - TimeDelta::seconds(1)), Next::At(_)));
    }
}
