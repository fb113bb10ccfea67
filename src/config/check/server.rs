use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use url::{Host, Url};

use super::{Check, Surroundings, number};
use crate::config::{
    ServerSettings, StoreSettings,
    file::{At, File, ListenText, Server, SizeText},
    quantity,
};

impl Check<'_> {
    pub(super) fn server(&mut self, server: Option<&Server>) -> Option<ServerSettings> {
        let listen = match server.and_then(|server| server.listen.as_ref()) {
            Some(listen) => self.listen(listen)?,
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
        };
        let given = server.and_then(|server| server.public_url.as_ref());
        let public_url = match given {
            Some(public_url) => {
                let url = self.url(public_url, "put credentials in front of newsdesk, in a proxy")?;
                if url.query().is_some() {
                    self.problem(&public_url.span(), "`public_url` has a query", "leave out `?` and what follows");
                }
                if loopback(&url) && !listen.ip().is_loopback() {
                    self.warning(
                        &public_url.span(),
                        "readers elsewhere cannot follow links to a loopback address",
                        "set `public_url` to the address readers use",
                    );
                }
                url
            }
            None => {
                if let Some(listen_at) = server.and_then(|server| server.listen.as_ref())
                    && listen.ip().is_unspecified()
                {
                    self.warning(
                        &listen_at.span(),
                        format!("links in the feeds will begin with http://{listen}, which leads nowhere"),
                        "set `public_url` to the address readers use",
                    );
                }
                Url::parse(&format!("http://{listen}")).ok()?
            }
        };
        let hub = server.and_then(|server| server.hub.as_ref());
        if let Some(hub) = hub.filter(|hub| ***hub)
            && given.is_none()
        {
            self.warning(
                &hub.span(),
                "there is no hub without `public_url`",
                "set `public_url` to the address readers use",
            );
        }
        let hub = hub.is_none_or(|hub| **hub);
        let networks = server.and_then(|server| server.hub_networks.as_ref()).into_iter().flatten();
        let hub_networks = networks.filter_map(|network| self.network(network, "strangers' callbacks")).collect();
        Some(ServerSettings { listen, public_url, public_url_given: given.is_some(), hub, hub_networks })
    }

    fn listen(&mut self, value: &At<ListenText>) -> Option<SocketAddr> {
        let text = value.trim();
        if let Ok(listen) = text.parse() {
            return Some(listen);
        }
        let hint = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("write \"127.0.0.1:{port}\""),
            Some(("" | "*", port)) => format!("write \"[::]:{port}\" for every address, or \"127.0.0.1:{port}\""),
            _ if text.parse::<IpAddr>().is_ok() => {
                format!("add the port: \"{}\"", SocketAddr::new(text.parse().ok()?, 8080))
            }
            _ => "write an IP address and a port, as in \"127.0.0.1:8080\" or \"[::]:8080\"".to_owned(),
        };
        self.problem(&value.span(), format!("`{text}` is not an address and port"), hint);
        None
    }

    pub(super) fn store(&mut self, file: &File, surroundings: &Surroundings<'_>) -> Option<StoreSettings> {
        let store = file.store.as_deref();
        let path = match store.and_then(|store| store.path.as_ref()) {
            Some(path) if path.trim().is_empty() => {
                self.problem(&path.span(), "`path` is empty", "name a folder, as in \"/var/lib/newsdesk\"");
                None
            }
            Some(path) if path.starts_with('~') => {
                self.problem(&path.span(), "`~` is not followed", "write the path in full");
                None
            }
            Some(path) => Some(surroundings.folder.join(path.as_str())),
            None => surroundings.state_directory.clone(),
        };
        let given = store.is_some_and(|store| store.path.is_some());
        if path.is_none() && !given && !file.sources.is_empty() {
            let message =
                "nowhere to keep the news: `path` is not set in [store], and $STATE_DIRECTORY is not set either";
            let hint = "write `path = \"/var/lib/newsdesk\"` under [store], or run newsdesk by its systemd unit";
            match &file.store {
                Some(store) => self.problem(&store.span(), message, hint),
                None => self.problem_of_file(message, hint),
            }
        }
        let default = Duration::from_secs(400 * 86_400);
        let retention = match store {
            Some(store) => self.duration(&store.retention, default, Duration::from_secs(1)),
            None => default,
        };
        let mut cache_bytes = 64 << 20;
        if let Some(cache) = store.and_then(|store| store.cache.as_ref())
            && let Some(octets) = self.read(&cache.span(), quantity::size(cache))
        {
            if octets < 1 << 20 {
                self.problem(&cache.span(), "the cache is too small", "the smallest is 1MiB");
            }
            cache_bytes = octets;
        }
        let size_of = |this: &mut Self, given: Option<&At<SizeText>>, least: u64, hint: &str| {
            let given = given?;
            let octets = this.read(&given.span(), quantity::size(given))?;
            if octets < least {
                this.problem(&given.span(), "this is too little", hint);
            }
            Some(octets)
        };
        let given = store.and_then(|store| store.free_space.as_ref());
        let free_space = size_of(self, given, 0, "").unwrap_or(64 << 20);
        let given = store.and_then(|store| store.size.as_ref());
        let size = size_of(self, given, 10 << 20, "the smallest is 10MiB; leave it out for no limit");
        let entries_per_source = store.and_then(|store| number(&store.entries_per_source)).unwrap_or(5000);
        Some(StoreSettings { path, retention, cache_bytes, free_space, size, entries_per_source })
    }
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
