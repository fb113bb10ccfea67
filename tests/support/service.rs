//! The daemon in a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::programs::{signal, wait_for_end};

pub const PATIENCE: Duration = Duration::from_secs(10);

/// `newsdesk run` on this configuration, with nothing of our own surroundings.
pub fn newsdesk(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    for variable in [
        "NEWSDESK_CONFIG",
        "NEWSDESK_LOG",
        "STATE_DIRECTORY",
        "RUNTIME_DIRECTORY",
        "JOURNAL_STREAM",
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
    ] {
        command.env_remove(variable);
    }
    command.arg("run").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A daemon that runs, with its log.
pub struct Service {
    pub child: Child,
    lines: mpsc::Receiver<String>,
    pub log: String,
    pub address: SocketAddr,
}

impl Service {
    /// Starts it and waits until it says where it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("started");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut service = Self { child, lines, log: String::new(), address: ([127, 0, 0, 1], 0).into() };
        let line = service.wait_for("newsdesk is up");
        let after = line.split("http://").nth(1).expect("an address");
        service.address = after.split('/').next().and_then(|address| address.parse().ok()).expect("an address");
        service
    }

    /// Waits until the log holds this text, if it does not yet.
    pub fn wait_until_told(&mut self, text: &str) {
        if !self.log.contains(text) {
            self.wait_for(text);
        }
    }

    /// The next line of the log that holds this text.
    pub fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.log += &line;
            self.log.push('\n');
            if line.contains(text) {
                return line;
            }
        }
        panic!("{text:?} is not in the log:\n{}", self.log);
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = format!("GET {path} HTTP/1.1\r\nHost: newsdesk\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
    }

    pub fn until(&self, what: &str, path: &str, wanted: impl Fn(u16, &str) -> bool) {
        let begun = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if wanted(status, &body) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}: {status} {body}\n{}", self.log);
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// SIGTERM; how it ended, and everything that was logged.
    pub fn stop(mut self) -> (ExitStatus, String, Duration) {
        let begun = Instant::now();
        self.signal("TERM");
        let status = wait_for_end(&mut self.child);
        let took = begun.elapsed();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.log += &line;
            self.log.push('\n');
        }
        (status, std::mem::take(&mut self.log), took)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A feed with one entry.
pub fn feed(title: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><item><guid isPermaLink=\"false\">{title}</guid>\
         <link>https://g.example/{}</link><title>{title}</title><description>{title}, told at length.</description></item>\
         </channel></rss>",
        title.replace(' ', "-")
    )
}

/// A source in the configuration.
pub fn source(id: &str, url: impl std::fmt::Display) -> String {
    format!("[sources.{id}]\nurl = \"{url}\"\nlanguage = \"en\"\n")
}
