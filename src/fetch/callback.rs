//! Requests to addresses that strangers named: callbacks of subscribers. No redirect is followed, no cookie kept, no proxy asked,
//! and no address outside the public Internet is connected, but in the networks that the settings name (SSRF-5).

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, ACCEPT_ENCODING, RETRY_AFTER},
};
use reqwest::Client;
use tokio::time::timeout;
use url::{Host, Url};

use super::{
    FetchSettings, FetcherError,
    address::{Reach, special_use},
    client::{build, chain, user_agent},
    error::printable,
    resolver::{Lookup, Names},
};

/// Calls callbacks. Clones share connections.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    names: Names,
}

/// What a callback answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    pub status: u16,
    /// What `Retry-After` says, as it is.
    pub retry_after: Option<String>,
    /// The beginning of the body, one octet longer than was asked for if there is more.
    pub body: Vec<u8>,
}

/// Why a callback was not called, or did not answer; printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallbackError(pub String);

/// For one connection: name, TCP and TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// What callbacks may be asked at on the public Internet (SSRF-1).
const PORTS: [u16; 2] = [80, 443];

impl Caller {
    /// As [`Fetcher::new`](super::Fetcher::new): the same agent, networks and certificates.
    pub fn new(settings: &FetchSettings) -> Result<Self, FetcherError> {
        Self::with_lookup(settings, Names::system_lookup())
    }

    fn with_lookup(settings: &FetchSettings, lookup: Lookup) -> Result<Self, FetcherError> {
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names = Names::new(lookup, &settings.allow_networks);
        let connect_timeout = CONNECT.min(settings.connect_timeout);
        let settings = FetchSettings { connect_timeout, ..settings.clone() };
        let client = build(&settings, &names, &user_agent(&settings)?, Reach::Listed)?;
        Ok(Self { client, names })
    }

    /// Why this URL is never called, as far as that can be told without looking its name up.
    pub fn refuses(&self, url: &Url) -> Option<String> {
        let address = match url.host()? {
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
            Host::Domain(_) => return None,
        };
        self.refuses_addresses(url, &[address])
    }

    fn refuses_addresses(&self, url: &Url, addresses: &[IpAddr]) -> Option<String> {
        let refused = |address: &IpAddr| self.names.refuses(*address, Reach::Listed);
        if let Some((address, special)) = addresses.iter().find_map(|address| Some((address, refused(address)?))) {
            return Some(format!("{address} is {special}"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        // In networks that the admin listed, any port may be called.
        let is_public = addresses.iter().any(|address| special_use(*address).is_none());
        (is_public && !PORTS.contains(&port)).then(|| format!("port {port} is neither 80 nor 443"))
    }

    /// Asks with GET. Of the body no more than `most` octets, and one, are read.
    pub async fn get(&self, url: &Url, most: usize, within: Duration) -> Result<CallbackAnswer, CallbackError> {
        self.call(Method::GET, url, HeaderMap::new(), Bytes::new(), most, within).await
    }

    /// Sends with POST. The answer's body is not read.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        within: Duration,
    ) -> Result<CallbackAnswer, CallbackError> {
        self.call(Method::POST, url, headers, body, 0, within).await
    }

    async fn call(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Bytes,
        most: usize,
        within: Duration,
    ) -> Result<CallbackAnswer, CallbackError> {
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let failed = |error: reqwest::Error| CallbackError(printable(&chain(&error.without_url())));
        let called = async {
            let addresses = match url.host() {
                Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
                Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
                Some(Host::Domain(name)) => {
                    // The connector asks for the name again, and checks what it is told then as well.
                    let found = self.names.addresses(name, Reach::Listed).await;
                    found.map_err(|error| CallbackError(error.to_string()))?
                }
                None => return Err(CallbackError("it names no host".into())),
            };
            if let Some(why) = self.refuses_addresses(url, &addresses) {
                return Err(CallbackError(why));
            }
            let request = self.client.request(method, url.clone()).headers(headers).body(body);
            let mut response = request.send().await.map_err(failed)?;
            let mut body = Vec::new();
            if most > 0 {
                while body.len() <= most
                    && let Some(piece) = response.chunk().await.map_err(failed)?
                {
                    body.extend(piece.iter().take(most + 1 - body.len()));
                }
            }
            let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            Ok(CallbackAnswer { status: response.status().as_u16(), retry_after: retry_after.map(str::to_owned), body })
        };
        match timeout(within, called).await {
            Ok(answer) => answer,
            Err(_) => Err(CallbackError(format!("no answer within {} s", within.as_secs_f64()))),
        }
    }
}

#[cfg(test)]
mod tests;
