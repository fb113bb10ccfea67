//! The daemon's configuration for this newsroom.

use std::{net::SocketAddr, path::Path};

use toml::Value;

use crate::publisher::Publisher;

const TOPICS: &str = include_str!("topics.toml");

pub struct Settings<'a> {
    pub work: &'a Path,
    pub listen: SocketAddr,
    pub entries: u32,
}

/// A whole `newsdesk.toml`. The invented news is of fixed dates, so nothing is ever too old here.
pub fn write(settings: &Settings, publishers: &[Publisher]) -> String {
    let mut text = format!(
        r#"# Written by the newsroom example, anew at each start.

[server]
listen = {listen}
public_url = {public_url}

[store]
path = {store}
retention = "36500d"

[polling]
schedule = "*/5 * * * *"
allow_networks = ["127.0.0.0/8"]
host_gap = "1s"
backlog = 0

[publish]
entries = {entries}
"#,
        listen = quoted(&settings.listen.to_string()),
        public_url = quoted(&format!("http://{}/", settings.listen)),
        store = quoted(&settings.work.join("store").to_string_lossy()),
        entries = settings.entries,
    );
    for publisher in publishers {
        text.push_str(&format!("\n[sources.{}]\nurl = {}\n", publisher.id, quoted(&publisher.feed_url())));
        if let Some(language) = &publisher.language {
            text.push_str(&format!("language = {}\n", quoted(language)));
        }
    }
    text.push('\n');
    text.push_str(TOPICS);
    text
}

/// A TOML string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented;

    #[test]
    fn what_is_written_reads_back() {
        let settings =
            Settings { work: Path::new("/tmp/a \"b\""), listen: "127.0.0.1:8080".parse().unwrap(), entries: 7 };
        let written: toml::Table = write(&settings, &invented::publishers(8000)).parse().unwrap();
        assert_eq!(written["store"]["path"].as_str(), Some("/tmp/a \"b\"/store"));
        assert_eq!(written["sources"]["rivage"]["url"].as_str(), Some("http://127.20.0.1:8000/rss.xml"));
        assert_eq!(written["sources"].as_table().unwrap().len(), 9);
        assert_eq!(written["topics"].as_table().unwrap().len(), 8);
    }
}
