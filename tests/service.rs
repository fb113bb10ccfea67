//! The program as the service manager and a person at a terminal meet it: signals, readiness, logs, exit codes. Every test runs
//! the real binary in a process of its own.

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::{fs::PermissionsExt as _, net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{PATIENCE, Publisher, Resource, Service, feed, newsdesk, source, wait_for_end};

const AI: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 2.0\nterms.any = [\"=AI^2\"]\n";
const RAIN: &str = "[topics.rain]\ntitle = \"Rain\"\nthreshold = 2.0\nterms.any = [\"rain^2\"]\n";

/// A configuration in a folder of its own. `store` is left to the caller, the address is any that is free.
fn configure(folder: &Path, rest: &str) -> PathBuf {
    let path = folder.join("newsdesk.toml");
    let head =
        "server.listen = \"127.0.0.1:0\"\npolling.allow_networks = [\"127.0.0.0/8\"]\npolling.host_gap = \"0s\"\n";
    fs::write(&path, format!("{head}{rest}")).expect("written");
    path
}

const STORE: &str = "store.path = \"store\"\n";

/// How a start that is refused ends, and what it says.
fn refused(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.spawn().expect("started");
    let status = wait_for_end(&mut child);
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    (status.code(), said)
}

/// The service manager's end of the notification socket.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(folder: &Path) -> Self {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).expect("bound");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { socket, path }
    }

    /// The next message; the watchdog's are passed over.
    fn next(&self) -> String {
        loop {
            let message = self.next_of_any_kind();
            if message.trim() != "WATCHDOG=1" {
                return message;
            }
        }
    }

    fn next_of_any_kind(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("a message in time");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }
}

#[test]
fn sigterm_stops_within_ten_seconds_whoever_drips_or_dawdles() {
    let folder = tempfile::tempdir().expect("a folder");
    let gazette = Publisher::start();
    gazette.serve("/feed", Resource::feed(feed("AI for all")));
    let drippers: Vec<_> = (0..4).map(|_| Publisher::start()).collect();
    let mut text = STORE.to_owned() + &source("gazette", gazette.url("/feed"));
    for (number, dripper) in drippers.iter().enumerate() {
        dripper.serve("/feed", Resource::feed(feed("Slow news")).drip(1, Duration::from_millis(200)));
        text += &source(&format!("dripper-{number}"), dripper.url("/feed"));
    }
    let service = Service::start(newsdesk(&configure(folder.path(), &(text + AI))));
    service.until("the good source's story", "/topics/ai.atom", |_, body| body.contains("AI for all"));
    for dripper in &drippers {
        support_until("a poll under way", || !dripper.requests().is_empty());
    }
    // One reader idles, one has sent half a request, one has asked and does not read.
    let connect = || TcpStream::connect(service.address).expect("connected");
    let (mut idle, mut half, mut greedy) = (connect(), connect(), connect());
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: n\r\n\r\n").expect("sent");
    let mut first = [0; 1];
    idle.read_exact(&mut first).expect("answered");
    half.write_all(b"GET /all.atom HTTP/1.1\r\nHos").expect("sent");
    greedy.write_all(&b"GET /all.atom HTTP/1.1\r\nHost: n\r\n\r\n".repeat(200)).expect("sent");

    let (status, log, took) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < Duration::from_secs(10), "{took:?}\n{log}");
    assert!(log.contains("asked to stop") && log.contains("newsdesk has stopped"), "{log}");
    assert!(!log.contains("not everything stopped") && !log.contains("panic"), "{log}");
    println!("stopped after {took:?}");
    drop((idle, half, greedy));
}

fn support_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn sighup_takes_over_a_good_file_and_refuses_a_bad_one_with_line_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI and rain")));
    let gazette = STORE.to_owned() + &source("gazette", publisher.url("/feed"));
    let config = configure(folder.path(), &(gazette.clone() + AI));
    let mut service = Service::start(newsdesk(&config));
    service.until("the first story", "/topics/ai.atom", |_, body| body.contains("AI and rain"));
    assert_eq!(service.get("/topics/rain.atom").0, 404);

    configure(folder.path(), &(gazette.clone() + AI + RAIN));
    service.signal("HUP");
    service.until("the new topic", "/topics/rain.atom", |status, body| status == 200 && body.contains("AI and rain"));
    service.wait_for("the configuration is reloaded");

    let bad = configure(folder.path(), &(gazette + AI + "[topics.snow]\ntitel = \"Snow\"\n"));
    let text = fs::read_to_string(&bad).expect("read");
    let line = 1 + text.lines().position(|line| line.starts_with("titel")).expect("the mistake");
    service.signal("HUP");
    service.wait_for("the configuration is not reloaded");
    let place = service.wait_for(&format!("newsdesk.toml:{line}:1"));
    assert!(place.contains("titel"), "{place}");
    service.until("the refusal in /healthz", "/healthz", |status, body| status == 200 && body.contains("titel"));
    assert_eq!(service.get("/topics/rain.atom").0, 200, "the old configuration stays");
    assert_eq!(service.get("/topics/snow.atom").0, 404);
    assert_eq!(publisher.requests().len(), 1, "a reload asks nobody");
    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn the_service_manager_is_told_ready_once_editions_are_served_then_reloading_and_stopping() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &(STORE.to_owned() + &source("gazette", publisher.url("/feed")) + AI + RAIN));
    let manager = Manager::new(folder.path());
    let start = || {
        let mut command = newsdesk(&config);
        command.env("NOTIFY_SOCKET", &manager.path);
        Service::start(command)
    };
    // Ready too soon is a matter of luck, so luck is tried several times.
    for _ in 0..5 {
        let service = start();
        let ready = manager.next();
        assert!(ready.lines().any(|line| line == "READY=1"), "{ready}");
        for path in ["/", "/all.atom", "/all.rss", "/topics/ai.atom", "/topics/rain.rss", "/healthz"] {
            assert_eq!(service.get(path).0, 200, "{path} is there when we say we are ready");
        }
        assert!(ready.contains("STATUS=serving 4 editions"), "{ready}");
        let (status, log, _) = service.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(manager.next().contains("STOPPING=1"));
    }

    let service = start();
    assert!(manager.next().contains("READY=1"));
    service.signal("HUP");
    let reloading = manager.next();
    assert!(reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="), "{reloading}");
    assert!(manager.next().contains("READY=1"));
    fs::write(&config, "nonsense").expect("written");
    service.signal("HUP");
    assert!(manager.next().contains("RELOADING=1"));
    assert!(manager.next().contains("READY=1"), "a refused reload ends too");
    let (_, _, _) = service.stop();
    assert!(manager.next().contains("STOPPING=1"));
}

#[test]
fn the_watchdog_is_fed_twice_as_often_as_it_asks_and_only_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configure(folder.path(), &(STORE.to_owned() + &source("nobody", "http://127.255.255.254:9/feed")));
    let manager = Manager::new(folder.path());
    let mut command = newsdesk(&config);
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "400000");
    let service = Service::start(command);
    let begun = Instant::now();
    let fed = std::iter::repeat_with(|| manager.next_of_any_kind()).filter(|message| message.trim() == "WATCHDOG=1");
    assert_eq!(fed.take(6).count(), 6);
    assert!(begun.elapsed() < Duration::from_millis(6 * 400), "{:?}", begun.elapsed());
    service.stop();
    while !manager.next().contains("STOPPING=1") {}

    let mut command = newsdesk(&config);
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "50000").env("WATCHDOG_PID", "1");
    let service = Service::start(command);
    assert!(manager.next().contains("READY=1"));
    service.stop();
    let mut messages = vec![];
    while !messages.last().is_some_and(|message: &String| message.contains("STOPPING=1")) {
        messages.push(manager.next_of_any_kind());
    }
    let fed = messages.iter().filter(|message| message.trim() == "WATCHDOG=1").count();
    assert!(fed <= 1, "another process' watchdog is not ours to feed: {messages:?}");
}

#[test]
fn a_json_log_is_one_object_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI \u{1b}[31m\r\n for all")));
    publisher.serve("/missing", Resource::status(404));
    let sources = source("gazette", publisher.url("/feed")) + &source("missing", publisher.url("/missing"));
    let config = configure(folder.path(), &(STORE.to_owned() + &sources));
    let mut command = newsdesk(&config);
    command.args(["--log", "json"]).env("NEWSDESK_LOG", "debug");
    let mut service = Service::start(command);
    service.wait_until_told("the first round of polls is done");
    // A report of several lines is still one event.
    fs::write(&config, "a = 1\nb = 2\n").expect("written");
    service.signal("HUP");
    service.wait_for("the configuration is not reloaded");
    let (_, log, _) = service.stop();
    let events: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    assert!(events.iter().all(|event| event["timestamp"].is_string() && event["level"].is_string()), "{log}");
    let failed = events.iter().find(|event| event["level"] == "WARN").expect("a warning");
    assert_eq!((&failed["fields"]["source"], &failed["fields"]["status"]), (&"missing".into(), &404.into()));
}

#[test]
fn the_store_is_where_systemd_says_when_the_file_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let mut command = newsdesk(&config);
    command.env("STATE_DIRECTORY", format!("{}:/nonexistent", state.display()));
    let service = Service::start(command);
    service.until("the story", "/all.atom", |_, body| body.contains("AI for all"));
    service.stop();
    assert!(fs::read_dir(&state).expect("made").next().is_some(), "the store is in {}", state.display());

    let (code, said) = refused(newsdesk(&config));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("$STATE_DIRECTORY") && said.contains("[store]"), "{said}");
}

#[test]
fn a_start_that_is_refused_says_why_by_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let gazette = source("gazette", publisher.url("/feed"));
    let config = configure(folder.path(), &(STORE.to_owned() + &gazette));
    let service = Service::start(newsdesk(&config));

    let (code, said) = refused(newsdesk(&config));
    assert_eq!(code, Some(3), "a second daemon on the same store: {said}");
    assert!(said.contains("in use by another newsdesk"), "{said}");

    let other = tempfile::tempdir().expect("a folder");
    let text = format!("server.listen = \"{}\"\n{STORE}{gazette}", service.address);
    fs::write(other.path().join("newsdesk.toml"), text).expect("written");
    let (code, said) = refused(newsdesk(&other.path().join("newsdesk.toml")));
    assert_eq!(code, Some(4), "a second daemon on the same address: {said}");
    assert!(!other.path().join("store").exists(), "and its store is not even made");

    let wrong = tempfile::tempdir().expect("a folder");
    let (code, said) = refused(newsdesk(&configure(wrong.path(), "[sources.a]\nurl = 7\n")));
    assert_eq!(code, Some(2), "a bad configuration: {said}");
    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "the first one goes on as if nothing had been: {log}");
}

#[test]
fn sec_3_the_store_is_ours_alone_and_no_secret_is_told() {
    const PASSWORD: &str = "correct-horse-battery";
    const KEY: &str = "staple-of-the-key";
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")).then(Resource::status(401)));
    publisher.serve("/closed", Resource::status(401));
    publisher.serve("/moved", Resource::redirect(302, publisher.url("/closed").as_str()));
    let mut text = STORE.to_owned();
    for id in ["feed", "closed", "moved"] {
        text += &source(id, publisher.url(&format!("/{id}")));
        text += &format!(
            "basic_auth = {{ username = \"desk\", password = \"{PASSWORD}\" }}\nheaders = {{ \"X-Api-Key\" = \"{KEY}\" }}\n"
        );
    }
    let config = configure(folder.path(), &text);
    let mut command = newsdesk(&config);
    command.env("NEWSDESK_LOG", "trace");
    let mut service = Service::start(command);
    service.wait_until_told("the first round of polls is done");
    let sent: Vec<_> = publisher.requests().iter().filter_map(|request| request.header("authorization")).collect();
    assert!(sent.len() >= 3, "the password was sent: {sent:?}");
    let encoded = sent[0].trim_start_matches("Basic ").to_owned();

    let mut told: Vec<(String, String)> =
        ["/healthz", "/", "/all.atom", "/all.rss"].map(|path| (path.to_owned(), service.get(path).1)).to_vec();
    // A mistake beside a secret is shown without it.
    fs::write(&config, text.replace("language = \"en\"", "language = 3")).expect("written");
    service.signal("HUP");
    service.wait_for("the configuration is not reloaded");
    told.push(("/healthz".into(), service.get("/healthz").1));
    told.push(("the log".into(), service.stop().1));
    for (place, text) in &told {
        for secret in [PASSWORD, KEY, &encoded] {
            assert!(!text.contains(secret), "{secret} is in {place}:\n{text}");
        }
    }
    let mode = fs::metadata(folder.path().join("store")).expect("a store").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_person_at_a_terminal_gets_a_summary_and_ends_it_with_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    publisher.serve("/missing", Resource::status(404));
    let sources = source("gazette", publisher.url("/feed")) + &source("missing", publisher.url("/missing"));
    let config = configure(folder.path(), &(STORE.to_owned() + &sources + AI));
    // Here the address is read off the screen, so it is one that is free now.
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    let text = fs::read_to_string(&config).expect("read").replace("127.0.0.1:0", &free.to_string());
    fs::write(&config, text).expect("written");
    // Without `exec` some shells stay in between, are interrupted as well, and answer 130 whatever newsdesk answers.
    let command = format!("exec '{}' run --config '{}'", env!("CARGO_BIN_EXE_newsdesk"), config.display());
    let terminal = Command::new("script")
        .args(["-q", "-e", "-c", &command, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .env_remove("NEWSDESK_LOG")
        .env_remove("NOTIFY_SOCKET")
        .env_remove("JOURNAL_STREAM")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut terminal) = terminal else {
        println!("skipped: there is no script(1) to make a terminal with");
        return;
    };
    let mut keyboard = terminal.stdin.take().expect("a pipe");
    let mut screen = BufReader::new(terminal.stdout.take().expect("a pipe"));
    let mut seen = String::new();
    while !seen.contains("The index page is at http://127.0.0.1:") {
        let mut line = Vec::new();
        assert_ne!(screen.read_until(b'\n', &mut line).expect("read"), 0, "the terminal closed: {seen}");
        seen += &String::from_utf8_lossy(&line);
    }
    let index =
        seen.rsplit("The index page is at http://").next().and_then(|rest| rest.split('/').next()).expect("an address");
    assert_eq!(index, free.to_string());
    TcpStream::connect(free).expect("somebody listens there");
    for expected in ["1 of 2 sources answered; 1 new stories", "AI", "All stories", "1 failed:", "missing", "404"] {
        assert!(seen.contains(expected), "{expected} is missing in\n{seen}");
    }
    keyboard.write_all(b"\x03").expect("typed");
    let status = wait_for_end(&mut terminal);
    assert_eq!(status.code(), Some(0), "{seen}");
}
