//! The HTTP clients: one per reach, so that no connection made under a wider reach serves a narrower one.

use std::{error::Error, io, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};

use super::{
    FetchSettings, FetcherError,
    address::Reach,
    decode::ACCEPT_ENCODING as CODINGS,
    error::FetchErrorKind,
    resolver::{Names, ResolveError, VettedResolver},
};

/// Feed types first, anything else if need be (REQ-3).
const ACCEPT_FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                            application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";
/// Less than the five seconds after which common servers close an idle connection, so that we seldom write into a closed one.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// Octets of a response's header fields (LIM-2).
pub(super) const MOST_HEADER_OCTETS: usize = 64 * 1024;

pub(super) struct Clients {
    public: Client,
    listed: Client,
    anywhere: Client,
}

impl Clients {
    pub(super) fn new(settings: &FetchSettings, names: &Names) -> Result<Self, FetcherError> {
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = user_agent(settings)?;
        let client = |reach| build(settings, names, &agent, reach);
        Ok(Self { public: client(Reach::Public)?, listed: client(Reach::Listed)?, anywhere: client(Reach::Anywhere)? })
    }

    pub(super) fn get(&self, reach: Reach) -> &Client {
        match reach {
            Reach::Public => &self.public,
            Reach::Listed => &self.listed,
            Reach::Anywhere => &self.anywhere,
        }
    }
}

pub(super) fn user_agent(settings: &FetchSettings) -> Result<HeaderValue, FetcherError> {
    let product = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    let agent = match &settings.user_agent_contact {
        Some(contact) => format!("{product} (+{contact})"),
        None => product.to_owned(),
    };
    let fits = agent.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    HeaderValue::from_str(&agent)
        .ok()
        .filter(|_| fits)
        .ok_or_else(|| FetcherError::Contact { contact: settings.user_agent_contact.clone().unwrap_or_default() })
}

pub(super) fn build(
    settings: &FetchSettings,
    names: &Names,
    agent: &HeaderValue,
    reach: Reach,
) -> Result<Client, FetcherError> {
    builder(settings, names, agent, reach).build().or_else(|error| {
        // Slim containers have no certificates of their own, which the client takes for an error.
        tracing::debug!(error = %chain(&error), "no use of the system's certificates, the built-in ones serve");
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok());
        builder(settings, names, agent, reach)
            .tls_certs_only(roots)
            .build()
            .map_err(|error| FetcherError::Client { source: error.into() })
    })
}

fn builder(settings: &FetchSettings, names: &Names, agent: &HeaderValue, reach: Reach) -> ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPT_FEEDS));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(CODINGS));
    Client::builder()
        .user_agent(agent.clone())
        .default_headers(headers)
        .referer(false)
        .redirect(Policy::none())
        // A proxy from the environment would connect for us and pass by the resolver.
        .no_proxy()
        .dns_resolver(Arc::new(VettedResolver { names: names.clone(), reach }))
        // Decoding is ours: limits hold, and a wrong Content-Encoding costs the publisher no second request.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(1)
        // Servers that fold header lines or send broken ones are common and otherwise fine.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_max_headers(256)
        .http2_max_header_list_size(MOST_HEADER_OCTETS as u32)
}

/// What kind of failure a client's error is, before any header arrived.
pub(super) fn kind_of(error: &reqwest::Error) -> FetchErrorKind {
    let refused = find(error, &|error| matches!(error.downcast_ref(), Some(ResolveError::Refused { .. })));
    if refused {
        FetchErrorKind::AddressRefused
    } else if error.is_timeout() {
        FetchErrorKind::Timeout
    } else if error.is_dns() {
        FetchErrorKind::Dns
    } else if find(error, &|error| error.is::<rustls::Error>() || is_handshake_end(error)) {
        FetchErrorKind::Tls
    } else if error.is_connect() {
        FetchErrorKind::Connect
    } else {
        FetchErrorKind::Protocol
    }
}

/// A server that hangs up in the middle of the handshake: plain TCP connects never end so.
fn is_handshake_end(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof && io.to_string().contains("handshake"))
}

/// The causes under the outermost error, which only repeats the URL.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        // Wrappers repeat what they wrap.
        if causes.last().is_none_or(|last| !last.ends_with(&text)) {
            causes.push(text);
        }
        next = error.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

fn find(error: &(dyn Error + 'static), wanted: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if wanted(error) {
            return true;
        }
        // An io::Error's source is its content's source, so its content has to be asked for.
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && find(inner, wanted)
        {
            return true;
        }
        next = error.source();
    }
    false
}
