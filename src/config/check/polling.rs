use std::{str::FromStr, time::Duration};

use chrono::TimeDelta;
use chrono_tz::{TZ_VARIANTS, Tz};
use ipnet::IpNet;

use super::{Check, number};
use crate::{
    config::{
        PollingSettings,
        file::{ArticleText, At, CronText, DeletedText, NetworkText, Polling},
        quantity,
        shape::closest,
    },
    model::{ArticlePolicy, DeletedPolicy},
    normalize::TrackingRules,
    schedule::Schedule,
};

impl Check<'_> {
    pub(super) fn polling(&mut self, polling: Option<&Polling>) -> Option<PollingSettings> {
        let zone = polling.and_then(|polling| polling.timezone.as_ref());
        // A schedule is checked in any zone, so that a wrong zone does not hide a wrong schedule.
        let timezone = zone.map_or(Some(Tz::UTC), |zone| self.zone(zone));
        let in_zone = timezone.unwrap_or(Tz::UTC);
        let schedule = match polling.and_then(|polling| polling.schedule.as_ref()) {
            Some(schedule) => self.schedule(schedule, in_zone),
            None => Schedule::parse("0 * * * *", in_zone).ok(),
        };
        let (host_gap, timeout) = (Duration::from_secs(1), Duration::from_secs(30));
        let mut settings = PollingSettings {
            schedule: schedule.or_else(|| Schedule::parse("0 * * * *", in_zone).ok())?,
            timezone: in_zone,
            contact: None,
            allow_networks: Vec::new(),
            host_gap,
            backlog: Some(50),
            article: ArticlePolicy::None,
            deleted: DeletedPolicy::Keep,
            timeout,
            concurrency: 64,
            tracking: TrackingRules::default(),
        };
        let Some(polling) = polling else { return Some(settings) };
        if let Some(contact) = &polling.contact {
            settings.contact = self.url(contact, "the contact is a public page");
        }
        for network in polling.allow_networks.iter().flatten() {
            settings.allow_networks.extend(self.network(network, "sources"));
        }
        let rules: Vec<&str> = polling
            .tracking
            .iter()
            .flatten()
            .filter(|rule| self.read(&rule.span(), quantity::tracking_rule(rule)).is_some())
            .map(|rule| rule.trim())
            .collect();
        settings.tracking = TrackingRules::read(rules);
        settings.host_gap = self.duration(&polling.host_gap, host_gap, Duration::ZERO);
        settings.timeout = self.duration(&polling.timeout, timeout, Duration::from_secs(1));
        settings.backlog = backlog(&polling.backlog).unwrap_or(settings.backlog);
        settings.article = self.article(&polling.article).unwrap_or_default();
        settings.deleted = self.deleted(&polling.deleted).unwrap_or_default();
        settings.concurrency = number(&polling.concurrency).unwrap_or(settings.concurrency);
        Some(settings)
    }

    /// A cron line; one that ticks more often than any source is polled gets a warning.
    pub(super) fn schedule(&mut self, value: &At<CronText>, zone: Tz) -> Option<Schedule> {
        match Schedule::parse(value, zone) {
            Ok(schedule) => {
                if schedule.interval() < TimeDelta::minutes(5) {
                    self.warning(
                        &value.span(),
                        "no source is polled more often than every five minutes",
                        "write `*/5 * * * *`, or less often",
                    );
                }
                Some(schedule)
            }
            Err(error) => {
                self.problem_inside(&value.span(), error.offset, error.message, error.hint);
                None
            }
        }
    }

    fn zone(&mut self, value: &At<String>) -> Option<Tz> {
        let text = value.trim();
        if let Ok(zone) = Tz::from_str(text) {
            return Some(zone);
        }
        let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
        let lower = text.to_lowercase().replace(' ', "_");
        let city = |name: &&str| name.to_lowercase() == lower || name.to_lowercase().rsplit('/').next() == Some(&lower);
        let hint = match names().find(city).or_else(|| closest(text, names())) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write an IANA name such as \"Europe/Paris\" or \"UTC\"".to_owned(),
        };
        self.problem(&value.span(), format!("`{text}` is not a time zone"), hint);
        None
    }

    /// What the admin wants done about articles' pages, if they say so.
    pub(super) fn article(&mut self, value: &Option<At<ArticleText>>) -> Option<ArticlePolicy> {
        let value = value.as_ref()?;
        match value.trim() {
            "none" => Some(ArticlePolicy::None),
            "fetch" => Some(ArticlePolicy::Fetch),
            "publish" => Some(ArticlePolicy::Publish),
            other => {
                let hint = match closest(other, ["none", "fetch", "publish"].into_iter()) {
                    Some(word) => format!("did you mean \"{word}\"?"),
                    None => "write \"none\", \"fetch\" or \"publish\"".to_owned(),
                };
                self.problem(&value.span(), format!("`{other}` is nothing that can be done about articles"), hint);
                None
            }
        }
    }

    /// What the admin wants done about entries that publishers delete, if they say so.
    pub(super) fn deleted(&mut self, value: &Option<At<DeletedText>>) -> Option<DeletedPolicy> {
        value.as_ref().and_then(|text| self.read(&text.span(), quantity::deleted(text)))
    }

    /// A network outside the public Internet, for `whom`.
    pub(super) fn network(&mut self, value: &At<NetworkText>, whom: &str) -> Option<IpNet> {
        let text = value.trim();
        match IpNet::from_str(text) {
            Ok(network) => {
                if network.prefix_len() == 0 {
                    self.warning(
                        &value.span(),
                        format!("this allows {whom} to be anywhere in your network"),
                        "name the network they are in",
                    );
                }
                Some(network.trunc())
            }
            Err(_) => {
                let hint = match text.parse::<std::net::IpAddr>() {
                    Ok(address) => format!("add the length of the prefix: \"{}\"", IpNet::from(address)),
                    Err(_) => "write an address and the length of its prefix, as in \"192.168.0.0/16\"".to_owned(),
                };
                self.problem(&value.span(), format!("`{text}` is not a network"), hint);
                None
            }
        }
    }
}

/// 0 is written for all.
pub(super) fn backlog(value: &Option<At<u64>>) -> Option<Option<usize>> {
    number(value).map(|entries| (entries > 0).then_some(entries))
}
