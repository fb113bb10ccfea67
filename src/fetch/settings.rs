use std::time::Duration;

use ipnet::IpNet;

/// How the fetcher behaves towards publishers, for all sources alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSettings {
    /// Where a publisher can find out who is asking: a URL or an e-mail address, sent in `User-Agent` (REQ-1).
    pub user_agent_contact: Option<String>,
    /// Networks outside the public Internet that sources may be in (SSRF-4). A public host cannot redirect into them.
    pub allow_networks: Vec<IpNet>,
    /// The pause between the end of one request to a host and the start of the next (SCHED-12).
    pub host_gap: Duration,
    /// Requests under way at once, over all hosts. At least 1.
    pub concurrency: usize,
    /// Octets of a body, content coding removed (LIM-1).
    pub max_body: u64,
    /// Redirects followed within one fetch (STAT-3).
    pub max_redirects: usize,
    /// For one connection: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// The longest silence of a server that is to answer, for a source without a longer timeout of its own.
    pub read_timeout: Duration,
    /// For one fetch, redirects included and waiting for a turn excluded, where the request names no other (LIM-2).
    pub timeout: Duration,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            user_agent_contact: None,
            allow_networks: Vec::new(),
            host_gap: Duration::from_secs(1),
            concurrency: 32,
            max_body: 10 * 1024 * 1024,
            max_redirects: 5,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(30),
        }
    }
}
