use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    time::Duration,
};

use http::{HeaderName, HeaderValue};
use url::Host;

use super::{Check, Surroundings, polling::backlog};
use crate::{
    config::{
        BasicAuth, PollingSettings, Secret, SourceSettings,
        file::{At, Credentials, File, IdText, Source},
        quantity,
    },
    model::SourceId,
    topics::TaggingSettings,
};

/// An id, and those it had before.
pub(super) type IdAndFormer<'a> = (&'a At<String>, Option<&'a [At<IdText>]>);

/// Header fields that are ours to send, and why.
const OURS: [(&[&str], &str); 3] = [
    (&["user-agent"], "newsdesk always says who it is; set `contact` in [polling] to be reached"),
    (
        &["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"],
        "newsdesk asks for changes by itself",
    ),
    (
        &[
            "host",
            "connection",
            "content-length",
            "transfer-encoding",
            "te",
            "trailer",
            "upgrade",
            "keep-alive",
            "expect",
            "accept-encoding",
            "proxy-authorization",
            "proxy-connection",
            "referer",
            "content-type",
            "a-im",
        ],
        "it belongs to the connection, not to the source",
    ),
];

impl Check<'_> {
    pub(super) fn sources(
        &mut self,
        file: &File,
        polling: &PollingSettings,
        tagging: &TaggingSettings,
        surroundings: &Surroundings<'_>,
    ) -> (BTreeMap<SourceId, SourceSettings>, BTreeMap<SourceId, SourceId>) {
        let mut sources = BTreeMap::new();
        let mut urls: HashMap<String, &At<String>> = HashMap::new();
        let mut in_order: Vec<_> = file.sources.iter().collect();
        in_order.sort_by_key(|(id, _)| id.span().start);
        for (id, source) in &in_order {
            self.read(&id.span(), quantity::check_id(id));
            let Some(settings) = self.source(id, source, polling, tagging, surroundings) else { continue };
            if !settings.disabled
                && let Some(first) = urls.insert(settings.url.to_string(), id)
            {
                let span = source.url.as_ref().map_or(source.span(), At::span);
                self.problem(
                    &span,
                    format!("[sources.{}] has this URL already", first.as_str()),
                    "remove one of the two; if the source was renamed, list its old id in `formerly`",
                );
            }
            sources.insert(SourceId::new(id.as_str()), settings);
        }
        let ids = in_order.iter().map(|(id, source)| (*id, source.formerly.as_deref())).collect::<Vec<_>>();
        let former = self.formerly(&ids, "source");
        let former = former.into_iter().map(|(old, new)| (SourceId::new(old), SourceId::new(new))).collect();
        (sources, former)
    }

    fn source(
        &mut self,
        id: &str,
        source: &At<Source>,
        polling: &PollingSettings,
        tagging: &TaggingSettings,
        surroundings: &Surroundings<'_>,
    ) -> Option<SourceSettings> {
        let schedule = source.schedule.as_ref().and_then(|schedule| self.schedule(schedule, polling.timezone));
        let timeout = self.duration(&source.timeout, polling.timeout, Duration::from_secs(1));
        let language = source.language.as_ref().and_then(|tag| {
            let language = self.read(&tag.span(), quantity::language_tag(tag))?;
            let primary = language.split('-').next().unwrap_or_default();
            if !tagging.languages.iter().any(|known| known == primary) {
                let message = format!("only the terms under `any` are looked for in `{language}`");
                self.warning(&tag.span(), message, format!("add \"{primary}\" to `languages` in [tagging]"));
            }
            Some(language)
        });
        let basic_auth =
            source.basic_auth.as_ref().and_then(|credentials| self.credentials(id, credentials, surroundings));
        let headers = self.headers(source);
        let article = self.article(&source.article).unwrap_or(polling.article);
        let deleted = self.deleted(&source.deleted).unwrap_or(polling.deleted);
        let content = source.content.as_ref().and_then(|text| self.read(&text.span(), quantity::content(text)));
        let allow_private = source.allow_private.as_ref().is_some_and(|allow| **allow);
        let Some(url_at) = &source.url else {
            self.missing(
                &format!("sources.{id}"),
                &source.span(),
                "the source has no `url`",
                "write `url = \"https://www.example.org/feed.xml\"`",
            );
            return None;
        };
        let url = self.url(url_at, "write `basic_auth = { username = \"…\", password_file = \"…\" }` instead")?;
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        let allowed = |address| polling.allow_networks.iter().any(|network| network.contains(&address));
        if let Some(address) = address
            && !allow_private
            && private(address)
            && !allowed(address)
        {
            self.warning(
                &url_at.span(),
                "polls of a private address are refused",
                "set `allow_private = true` if you trust it",
            );
        }
        Some(SourceSettings {
            url,
            title: source.title.as_deref().map(|title| title.trim().to_owned()).filter(|title| !title.is_empty()),
            language,
            schedule,
            timeout,
            headers,
            basic_auth,
            allow_private,
            backlog: backlog(&source.backlog).unwrap_or(polling.backlog),
            article,
            deleted,
            content: content.unwrap_or_default(),
            priority: source.priority.as_deref().copied().unwrap_or(0),
            disabled: source.disabled.as_ref().is_some_and(|disabled| **disabled),
        })
    }

    fn headers(&mut self, source: &Source) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (name, value) in source.headers.iter().flatten() {
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                self.problem(&name.span(), "this is not the name of a header field", "write it as in \"X-Api-Key\"");
                continue;
            };
            if let Some((_, why)) = OURS.iter().find(|(names, _)| names.contains(&header.as_str())) {
                self.problem(&name.span(), format!("`{}` cannot be set", name.as_str()), *why);
                continue;
            }
            if header == http::header::AUTHORIZATION && source.basic_auth.is_some() {
                self.problem(&name.span(), "both `Authorization` and `basic_auth`", "keep one of the two");
                continue;
            }
            if headers.iter().any(|(known, _)| *known == header) {
                self.problem(
                    &name.span(),
                    format!("`{}` is set twice", name.as_str()),
                    "header fields are the same in any case",
                );
                continue;
            }
            match HeaderValue::from_str(value) {
                Ok(mut sent) => {
                    sent.set_sensitive(true);
                    headers.push((header, sent));
                }
                Err(_) => {
                    self.problem(&value.span(), "a header field cannot hold this value", "use visible ASCII characters")
                }
            }
        }
        headers
    }

    fn credentials(
        &mut self,
        id: &str,
        credentials: &At<Credentials>,
        surroundings: &Surroundings<'_>,
    ) -> Option<BasicAuth> {
        let table = format!("sources.{id}.basic_auth");
        const FORM: &str = "write `basic_auth = { username = \"…\", password_file = \"…\" }`";
        let username = match &credentials.username {
            Some(username) if username.contains(':') => {
                self.problem(&username.span(), "a user name cannot hold `:`", "the password goes in `password_file`");
                None
            }
            Some(username) => Some(username.to_string()),
            None => {
                self.missing(&table, &credentials.span(), "`basic_auth` has no `username`", FORM);
                None
            }
        };
        let password = match (&credentials.password, &credentials.password_file) {
            (Some(_), Some(file)) => {
                self.problem(&file.span(), "both `password` and `password_file`", "keep one of the two");
                None
            }
            (None, None) => {
                self.missing(&table, &credentials.span(), "`basic_auth` has no `password_file`", FORM);
                None
            }
            (Some(password), None) => Some(Secret::new(password.as_str())),
            (None, Some(file)) => {
                let path = surroundings.folder.join(file.as_str());
                match (surroundings.read)(&path) {
                    Ok(text) if text.trim_end_matches(['\r', '\n']).is_empty() => {
                        self.problem(&file.span(), "the password file is empty", "write the password into it");
                        None
                    }
                    Ok(text) => Some(Secret::new(text.trim_end_matches(['\r', '\n']))),
                    Err(error) => {
                        let message = format!("{} cannot be read: {error}", path.display());
                        self.problem(&file.span(), message, "let the user newsdesk runs as read it");
                        None
                    }
                }
            }
        };
        Some(BasicAuth { username: username?, password: password? })
    }

    /// Old ids by the ids they have now; one that is in use, or claimed twice, is a problem.
    pub(super) fn formerly(&mut self, ids: &[IdAndFormer<'_>], what: &str) -> BTreeMap<String, String> {
        let current: BTreeSet<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
        let mut former = BTreeMap::new();
        for (id, old) in ids {
            self.formerly_of(id, *old, &current, &mut former, what);
        }
        former
    }

    /// Adds the old ids of one.
    pub(super) fn formerly_of(
        &mut self,
        id: &At<String>,
        old: Option<&[At<IdText>]>,
        current: &BTreeSet<&str>,
        former: &mut BTreeMap<String, String>,
        what: &str,
    ) {
        for old in old.into_iter().flatten() {
            let span: Range<usize> = old.span();
            if self.read(&span, quantity::check_id(old)).is_none() {
                continue;
            }
            let old: &str = old;
            if current.contains(old) {
                let message = format!("`{old}` is still the id of a {what}");
                self.problem(&span, message, "an id can lead to one place only; rename one of the two");
            } else if let Some(other) = former.get(old) {
                let message = format!("`{other}` was formerly `{old}` already");
                self.problem(&span, message, "an id can lead to one place only; remove one of the two");
            } else {
                former.insert(old.to_owned(), id.to_string());
            }
        }
    }

    /// The countries of the sources that have one: their own, or the region of their language.
    pub(super) fn countries(&mut self, file: &File) -> BTreeMap<SourceId, String> {
        let mut countries = BTreeMap::new();
        for (id, source) in &file.sources {
            let country = match &source.country {
                Some(country) => self.read(&country.span(), quantity::country(country)),
                None => source.language.as_deref().and_then(|tag| {
                    let region = tag.split('-').skip(1).find(|subtag| subtag.len() == 2)?;
                    quantity::country(region).ok()
                }),
            };
            countries.extend(country.map(|country| (SourceId::new(id.as_str()), country)));
        }
        countries
    }
}

fn private(address: std::net::IpAddr) -> bool {
    match address.to_canonical() {
        std::net::IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
        std::net::IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    }
}
