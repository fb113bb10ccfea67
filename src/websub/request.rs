//! What came to the hub: a form (application/x-www-form-urlencoded, UTF-8) that says who wants what (WebSub §5.1).

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use http::StatusCode;
use url::{Url, form_urlencoded};

use super::HubSettings;
use crate::store::{SubscriptionKey, SubscriptionSecret};

/// The longest form that is read.
pub const MOST_OCTETS: usize = 8 * 1024;

/// The longest callback that is kept.
const LONGEST_CALLBACK: usize = 2048;

/// A secret is shorter than this (WebSub §5.1).
const SECRET_OCTETS: usize = 200;

/// What a subscriber wants. Nothing is changed until its callback confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub callback: Url,
    /// As it was written.
    pub topic: String,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Subscribe { lease: TimeDelta, secret: Option<SubscriptionSecret> },
    Unsubscribe,
}

impl Action {
    pub(super) fn mode(&self) -> &'static str {
        match self {
            Action::Subscribe { .. } => "subscribe",
            Action::Unsubscribe => "unsubscribe",
        }
    }
}

impl Wish {
    pub(super) fn key(&self) -> SubscriptionKey {
        SubscriptionKey::new(self.callback.as_str(), &self.topic)
    }
}

/// Why a wish is not taken. The text repeats nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub why: String,
    /// When to come again, if that may help.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), retry_after: None }
    }

    /// It may be taken later.
    pub(super) fn later(status: StatusCode, why: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(status, why) }
    }

    fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }
}

/// Reads a form. Parameters that are not known are ignored, as the standard asks.
pub(super) fn read(settings: &HubSettings, content_type: Option<&str>, body: &[u8]) -> Result<Wish, Refusal> {
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim).unwrap_or_default();
    if !media_type.is_empty() && !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let why = "the request must be a form: Content-Type: application/x-www-form-urlencoded";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    if body.len() > MOST_OCTETS {
        let why = format!("the form is longer than {MOST_OCTETS} octets");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    let form = Form::read(body)?;
    let is_subscribe = match form.get("hub.mode") {
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        Some("publish") => {
            let why =
                "this hub serves the feeds of this site only and knows by itself when they change: it takes no pings";
            return Err(Refusal::bad(why));
        }
        Some(_) => return Err(Refusal::bad("hub.mode must be subscribe or unsubscribe")),
        None => return Err(Refusal::bad("hub.mode is missing; it must be subscribe or unsubscribe")),
    };
    let topic = form.needed("hub.topic")?.to_owned();
    let callback = callback(form.needed("hub.callback")?)?;
    let action = match is_subscribe {
        true => Action::Subscribe {
            lease: lease(settings, form.get("hub.lease_seconds"))?,
            secret: secret(form.get("hub.secret"))?,
        },
        false => Action::Unsubscribe,
    };
    Ok(Wish { callback, topic, action })
}

/// The parameters that we know, each of which may be given once.
struct Form(BTreeMap<&'static str, String>);

impl Form {
    const KNOWN: [&str; 5] = ["hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", "hub.secret"];

    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut form = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let Some(name) = Self::KNOWN.into_iter().find(|known| *known == name) else { continue };
            // What stands for octets that are no UTF-8; nobody has a reason to send it.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Refusal::bad(format!("{name} is not UTF-8")));
            }
            if form.insert(name, value.into_owned()).is_some() {
                return Err(Refusal::bad(format!("{name} is given twice")));
            }
        }
        Ok(Self(form))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn needed(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Refusal::bad(format!("{name} is missing")))
    }
}

fn callback(text: &str) -> Result<Url, Refusal> {
    let url = Url::parse(text).map_err(|_| Refusal::bad("hub.callback is not an absolute URL"))?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if !is_web {
        Err(Refusal::bad("hub.callback must be an http or https URL"))
    } else if !url.username().is_empty() || url.password().is_some() {
        Err(Refusal::bad("hub.callback must name no user and no password"))
    } else if url.fragment().is_some() {
        Err(Refusal::bad("hub.callback must have no fragment"))
    } else if url.as_str().len() > LONGEST_CALLBACK {
        Err(Refusal::bad(format!("hub.callback is longer than {LONGEST_CALLBACK} octets")))
    } else {
        Ok(url)
    }
}

/// What was asked for, within our bounds (WS-9). Subscribers are told what they get when they are verified.
fn lease(settings: &HubSettings, text: Option<&str>) -> Result<TimeDelta, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(settings.lease) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad("hub.lease_seconds must be a whole number of seconds"));
    }
    // Only a number too long to be read is no number here.
    let asked = text.parse().ok().and_then(TimeDelta::try_seconds).unwrap_or(settings.longest_lease);
    Ok(asked.clamp(settings.shortest_lease, settings.longest_lease))
}

fn secret(text: Option<&str>) -> Result<Option<SubscriptionSecret>, Refusal> {
    match text {
        None | Some("") => Ok(None),
        Some(text) if text.len() < SECRET_OCTETS => Ok(Some(SubscriptionSecret::new(text))),
        Some(_) => Err(Refusal::bad(format!("hub.secret must be shorter than {SECRET_OCTETS} octets"))),
    }
}

#[cfg(test)]
mod tests;
