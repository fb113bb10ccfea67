//! Two sources with thirty entries, configurations that read them into stores of different names, and the program.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::support::{Publisher, Resource, Service, newsdesk};

pub struct Newsroom {
    folder: tempfile::TempDir,
    pub publisher: Publisher,
    /// Where every daemon of this room listens, so that what they publish can be compared.
    listen: SocketAddr,
}

const AI: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 2.0\nterms.any = [\"=AI^2\"]\n";

impl Newsroom {
    pub fn open() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let room = Self { folder, publisher: Publisher::start(), listen: free };
        room.serve_all("\"first\"");
        room
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Both feeds, under this entity tag: ten entries of the herald, twenty of the gazette, a day apart.
    pub fn serve_all(&self, etag: &str) {
        for (path, days) in [("/herald", 1..11), ("/gazette", 11..31)] {
            let items: String = days
                .map(|day| {
                    let date = format!("2026-10-{day:02}T00:30:00+02:00");
                    let date = chrono::DateTime::parse_from_rfc3339(&date).expect("a date").to_rfc2822();
                    item(&format!("AI on day {day}"), &format!("<pubDate>{date}</pubDate>"))
                })
                .collect();
            // The same entries in other bytes: who knows the bytes looks no further.
            let bytes = format!("{}<!-- {etag} -->", document(&items));
            self.publisher.serve(path, Resource::feed(bytes).etag(etag));
        }
    }

    /// A feed of entries with these titles.
    pub fn serve(&self, path: &str, titles: &[String]) {
        let items: String = titles.iter().map(|title| item(title, "")).collect();
        self.publisher.serve(path, Resource::feed(document(&items)).etag(format!("\"{}\"", titles.len())));
    }

    /// A configuration with a store of this name beside it.
    pub fn configure(&self, store: &str, rest: &str) -> PathBuf {
        let (path, listen) = (self.path().join(format!("{store}.toml")), self.listen);
        let head = format!(
            "server.listen = \"{listen}\"\nserver.public_url = \"http://{listen}/\"\nstore.path = \"{store}\"\n\
             store.retention = \"36500d\"\npolling.allow_networks = [\"127.0.0.0/8\"]\npolling.host_gap = \"0s\"\n\
             polling.backlog = 0\n"
        );
        let source = |id: &str| {
            format!("[sources.{id}]\nurl = \"{}\"\nlanguage = \"en\"\n", self.publisher.url(&format!("/{id}")))
        };
        let text = head + &source("gazette") + &source("herald") + AI + rest;
        fs::write(&path, text).expect("written");
        path
    }
}

fn item(title: &str, date: &str) -> String {
    let told = "It is told at some length, as such things are, with all that is known about it. ".repeat(12);
    format!(
        "<item><guid isPermaLink=\"false\">{title}</guid><link>https://g.example/{}</link><title>{title}</title>{date}\
         <description>{title}. {told}</description></item>",
        title.replace(' ', "-")
    )
}

fn document(items: &str) -> String {
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title>{items}</channel></rss>")
}

pub fn command(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    for variable in ["NEWSDESK_CONFIG", "NEWSDESK_LOG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM"] {
        command.env_remove(variable);
    }
    command.args(arguments).arg("--config").arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[derive(Debug, PartialEq)]
pub struct Output {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub fn finished(child: Child) -> Output {
    let output = child.wait_with_output().expect("ended");
    let text = |octets| String::from_utf8(octets).expect("UTF-8");
    Output { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn run(arguments: &[&str], config: &Path) -> Output {
    finished(command(arguments, config).spawn().expect("started"))
}

const FIRST_ROUND: &str = "the first round of polls is done";

/// A daemon whose first round of polls is over.
pub fn start(config: &Path) -> Service {
    let mut service = Service::start(newsdesk(config));
    // Where no source is due it is over before the daemon says that it is up.
    if !service.log.contains(FIRST_ROUND) {
        service.wait_for(FIRST_ROUND);
    }
    service
}
