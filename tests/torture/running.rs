//! The daemon that is tormented, and its log.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Nothing takes longer, on a loaded machine either.
const PATIENCE: Duration = Duration::from_secs(300);

/// Set where renewals are wanted.
pub const STORE_TO_RENEW: &str = "NEWSDESK_TORTURE_RENEW";

pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    pub log: String,
    port: u16,
}

impl Running {
    pub fn start(config: &Path, port: u16) -> Self {
        let mut command = newsdesk(&["run", "--log", "plain"], config);
        command.env("NEWSDESK_LOG", "newsdesk=debug");
        Self::begin(command, port)
    }

    /// This test program once more, which opens the store and makes its database anew until it is killed.
    pub fn start_renewals(store: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.args(["--exact", "renewals::renewals_until_killed", "--nocapture"]).env(STORE_TO_RENEW, store);
        command.stdout(Stdio::null());
        Self::begin(command, 0)
    }

    fn begin(mut command: Command, port: u16) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("started");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, log: String::new(), port }
    }

    /// Waits until one of these has come so many times; false if the daemon ended before.
    pub fn wait_for(&mut self, texts: &[&str], times: usize) -> bool {
        let until = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                assert!(Instant::now() < until, "{texts:?} did not come:\n{}", self.log);
                return false;
            };
            seen += usize::from(texts.iter().any(|text| line.contains(text)));
            self.log += &line;
            self.log.push('\n');
            if seen == times {
                return true;
            }
        }
    }

    /// Whether it still does.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn wait_until_up(&mut self) {
        assert!(self.wait_for(&["newsdesk is up"], 1), "the store does not open:\n{}", self.log);
    }

    /// Whether the log has this so far.
    pub fn has_said(&mut self, text: &str) -> bool {
        self.read_on();
        self.log.contains(text)
    }

    fn read_on(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.log += &line;
            self.log.push('\n');
        }
    }

    /// SIGKILL. Gives back the log, and whether it still ran.
    pub fn kill(mut self) -> (String, bool) {
        let ran = matches!(self.child.try_wait(), Ok(None));
        let _ = self.child.kill();
        let _ = self.child.wait();
        while let Ok(line) = self.lines.recv() {
            self.log += &line;
            self.log.push('\n');
        }
        // sled panics at some damage; who called it takes that for damage.
        let own = self.log.lines().find(|line| line.contains("panicked at") && !line.contains("/sled-"));
        assert_eq!(own, None, "{}", self.log);
        assert!(ran, "newsdesk ended by itself:\n{}", self.log);
        (std::mem::take(&mut self.log), ran)
    }

    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: newsdesk\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// Waits until asking for `path` gives what is wanted.
    pub fn until(&mut self, what: &str, path: &str, wanted: impl Fn(u16, &str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.get(path).unwrap_or_default();
            if wanted(status, &body) {
                return body;
            }
            self.read_on();
            assert!(Instant::now() < until, "waited in vain for {what}: {status} {body}\n{}", self.log);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks the daemon to poll every source now.
pub struct Poll(Child);

impl Poll {
    pub fn begin(config: &Path) -> Self {
        Self(newsdesk(&["poll"], config).stderr(Stdio::piped()).spawn().expect("started"))
    }

    /// Whether every source was polled, and what was said otherwise.
    pub fn end(mut self) -> Result<(), String> {
        let mut said = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        let status = self.0.wait().expect("ended");
        if status.success() { Ok(()) } else { Err(format!("{status}: {said}")) }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Copies the program to where the configuration is: it stays the same however often it is built meanwhile.
pub fn bring_program(folder: &Path) {
    let built = std::env::var_os("NEWSDESK_TORTURE_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_newsdesk").into());
    std::fs::copy(built, folder.join("newsdesk")).expect("copied");
}

fn newsdesk(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(config.with_file_name("newsdesk"));
    for variable in ["STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        command.env_remove(variable);
    }
    command.args(arguments).arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null());
    command
}
