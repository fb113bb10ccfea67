//! Names to addresses, vetted. Whatever a name resolves to, the connector only ever sees addresses that passed (SSRF-2).

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::time::Instant;

use super::address::Reach;

/// How long an answer is used again: long enough that the gate and the connector see the same one.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// More names than this are not remembered at once.
const MOST_KNOWN: usize = 4096;

pub(super) type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
/// Asks the system, or in tests whatever stands for it.
pub(super) type Lookup = Arc<dyn Fn(&str) -> LookingUp + Send + Sync>;

/// What a name resolved to, and when.
type Answer = (Instant, Vec<IpAddr>);

#[derive(Debug, Error)]
pub(super) enum ResolveError {
    #[error("{0}")]
    Lookup(#[source] io::Error),
    #[error("the name has no address")]
    NoAddress,
    #[error("{name} has the address {address}, which is {special}")]
    Refused { name: String, address: IpAddr, special: &'static str },
}

/// Looks names up and says which addresses may be connected.
#[derive(Clone)]
pub(super) struct Names {
    lookup: Lookup,
    known: Arc<Mutex<HashMap<String, Answer>>>,
    networks: Arc<[IpNet]>,
}

impl Names {
    pub(super) fn new(lookup: Lookup, networks: &[IpNet]) -> Self {
        Self { lookup, known: Arc::default(), networks: networks.into() }
    }

    /// The system's own resolver.
    pub(super) fn system_lookup() -> Lookup {
        Arc::new(|name| {
            let name = name.to_owned();
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|socket| socket.ip()).collect()) })
        })
    }

    /// Why a literal address is out of reach, or `None`.
    pub(super) fn refuses(&self, address: IpAddr, reach: Reach) -> Option<&'static str> {
        reach.refuses(address, &self.networks)
    }

    /// Every address of a name; an error if any one of them is out of reach, for then the name is not to be trusted.
    pub(super) async fn addresses(&self, name: &str, reach: Reach) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses = match self.known(name) {
            Some(addresses) => addresses,
            None => {
                let addresses = (self.lookup)(name).await.map_err(ResolveError::Lookup)?;
                self.remember(name, &addresses);
                addresses
            }
        };
        if addresses.is_empty() {
            return Err(ResolveError::NoAddress);
        }
        for &address in &addresses {
            if let Some(special) = self.refuses(address, reach) {
                return Err(ResolveError::Refused { name: name.to_owned(), address, special });
            }
        }
        Ok(addresses)
    }

    fn known(&self, name: &str) -> Option<Vec<IpAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).filter(|(since, _)| since.elapsed() < KNOWN_FOR).map(|(_, addresses)| addresses.clone())
    }

    fn remember(&self, name: &str, addresses: &[IpAddr]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, (since, _)| since.elapsed() < KNOWN_FOR);
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
        }
        known.insert(name.to_owned(), (Instant::now(), addresses.to_vec()));
    }
}

/// What one HTTP client resolves names with.
pub(super) struct VettedResolver {
    pub names: Names,
    pub reach: Reach,
}

impl Resolve for VettedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (self.names.clone(), self.reach);
        Box::pin(async move {
            let addresses = names.addresses(name.as_str(), reach).await?;
            // Port 0 stands for the URL's own port.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
