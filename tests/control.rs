//! Commands beside a running daemon and without one: the real program on both ends of the socket.

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{PATIENCE, Publisher, Resource, Service, feed, newsdesk, signal, source, wait_for_end};

const AI: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 3.0\nterms.any = [\"=AI^2\"]\n";

/// A configuration with a store beside it. The gap between two requests to a host is none unless `rest` begins with one.
fn configure(folder: &Path, rest: &str) -> PathBuf {
    let path = folder.join("newsdesk.toml");
    let gap = if rest.starts_with("polling.host_gap") { "" } else { "polling.host_gap = \"0s\"\n" };
    let head = "server.listen = \"127.0.0.1:0\"\nstore.path = \"store\"\npolling.allow_networks = [\"127.0.0.0/8\"]\n";
    fs::write(&path, format!("{head}{gap}{rest}")).expect("written");
    path
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("store/control.sock")
}

fn command(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    for variable in ["NEWSDESK_CONFIG", "NEWSDESK_LOG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM"] {
        command.env_remove(variable);
    }
    command.args(arguments).arg("--config").arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[derive(Debug, PartialEq)]
struct Output {
    code: Option<i32>,
    out: String,
    err: String,
}

fn finished(child: Child) -> Output {
    let output = child.wait_with_output().expect("ended");
    let text = |octets| String::from_utf8(octets).expect("UTF-8");
    Output { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(arguments: &[&str], config: &Path) -> Output {
    finished(command(arguments, config).spawn().expect("started"))
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A daemon whose first round of polls is over.
fn start(config: &Path) -> Service {
    let mut service = Service::start(newsdesk(config));
    service.wait_until_told("the first round of polls is done");
    service
}

#[test]
fn each_command_gives_the_same_beside_a_daemon_as_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")).etag("\"1\""));
    publisher.serve("/missing", Resource::status(404));
    let sources = source("gazette", publisher.url("/feed")) + &source("missing", publisher.url("/missing?key=secret"));
    let disabled = source("asleep", publisher.url("/asleep")) + "disabled = true\n";
    let config = configure(folder.path(), &(sources + &disabled + AI));
    let service = start(&config);
    let health: Value = serde_json::from_str(&service.get("/healthz").1).expect("JSON");
    let beside = |arguments: &[&str]| run(arguments, &config);

    let commands: [&[&str]; 11] = [
        &["explain", "https://www.g.example/AI-for-all?utm_source=x"],
        &["explain", "https://g.example/AI-for-all", "--topic", "ai"],
        &["explain", "https://g.example/nothing"],
        &["explain", "no id"],
        &["poll", "gazette"],
        &["poll", "gazette", "--json"],
        &["poll", "missing", "--json"],
        &["poll", "asleep"],
        &["poll"],
        &["poll", "unknown"],
        &["status", "--json"],
    ];
    let asked = commands.map(beside);
    let codes = asked.each_ref().map(|output| output.code);
    assert_eq!(codes, [0, 0, 1, 1, 0, 0, 1, 0, 1, 2, 0].map(Some), "{asked:#?}");
    assert!(asked[0].out.contains("shown: gazette") && asked[0].out.contains("topic ai"), "{asked:#?}");
    assert!(asked[5].out.contains("\"outcome\":\"unchanged\",\"status\":304"), "{asked:#?}");
    assert_eq!(
        publisher.requests().iter().filter(|request| request.path == "/feed").count(),
        4,
        "each poll asked once"
    );
    let told: Value = serde_json::from_str(&asked[10].out).expect("JSON");
    assert_eq!(told, health, "what /healthz said");
    assert!(told["failing"]["missing"].as_str().is_some_and(|why| why.contains("404") && !why.contains("secret")));
    let words = beside(&["status"]);
    assert!(words.out.starts_with("newsdesk runs and serves\nfailing: 1\n  missing  "), "{words:?}");

    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    for (number, arguments) in commands.iter().enumerate().take(10) {
        assert_eq!(run(arguments, &config), asked[number], "{arguments:?}");
    }
    let alone = run(&["status", "--json"], &config);
    assert_eq!(alone.code, Some(1), "{alone:?}");
    let alone: Value = serde_json::from_str(&alone.out).expect("JSON");
    assert_eq!(alone["status"], "stopped");
    for field in ["sources", "failing", "moved"] {
        assert_eq!(alone[field], told[field], "{field}");
    }
    let words = run(&["status"], &config);
    assert!(words.out.starts_with("newsdesk does not run; "), "{words:?}");
    let reload = run(&["reload"], &config);
    assert!(reload.code == Some(1) && reload.err.contains("no newsdesk runs on the store in"), "{reload:?}");
}

#[test]
fn a_story_is_explained_as_it_was_tagged_and_on_demand_as_it_would_be_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI and rain")));
    let text = source("gazette", publisher.url("/feed")) + AI;
    let _service = start(&configure(folder.path(), &text));
    let rain = "[topics.rain]\ntitle = \"Rain\"\nthreshold = 2.0\nterms.any = [\"rain^2\"]\n";
    let config = configure(folder.path(), &(text + rain));
    let link = "https://g.example/AI-and-rain";
    let explained = run(&["explain", link], &config);
    assert!(explained.out.contains("topic ai") && !explained.out.contains("topic rain"), "{explained:?}");
    assert!(explained.out.contains(" with former settings ("), "{explained:?}");
    let now = run(&["explain", "--now", link], &config);
    assert!(now.out.contains("topic rain") && now.out.contains("topic ai"), "{now:?}");
    assert!(!now.out.contains("tagged 20"), "{now:?}");
    let told = run(&["explain", "--json", link], &config);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    let entry = &told["entries"][0];
    assert_eq!(entry["tagged"]["present"], false);
    let sum: f64 =
        entry["topics"][0]["terms"].as_array().expect("terms").iter().filter_map(|t| t["points"].as_f64()).sum();
    assert_eq!(Some(sum), entry["topics"][0]["score"].as_f64(), "{entry}");
    let of_rain = run(&["explain", "--topic", "rain", link], &config);
    assert!(of_rain.out.contains("nothing was kept of rain"), "{of_rain:?}");
}

#[test]
fn what_a_change_would_change_and_how_topics_do_is_told_beside_a_daemon_as_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    for (path, title) in [("/a", "AI and rain"), ("/b", "Only AI"), ("/c", "Nothing of note")] {
        publisher.serve(path, Resource::feed(feed(title)));
    }
    let sources: String = ["a", "b", "c"].map(|id| source(id, publisher.url(&format!("/{id}")))).concat();
    let service = start(&configure(folder.path(), &(sources.clone() + AI)));
    let edited = "[topics.machines]\ntitle = \"Machines\"\nformerly = [\"ai\"]\nthreshold = 2.0\nterms.any = [\"=AI^2\", \"robot\"]\n\
                  minus.en = [\"rain^3\"]\n[topics.rain]\nthreshold = 2.0\nterms.any = [\"rain^2\"]\n\
                  [topics.local]\nthreshold = 2.0\nterms.any = [\"=AI^2\"]\nscope.sources = [\"b\"]\n";
    let config = configure(folder.path(), &(sources + edited));

    let commands: [&[&str]; 5] = [
        &["check", "--diff", "--json"],
        &["check", "--diff"],
        &["topics", "stats", "--json"],
        &["topics", "stats", "machines"],
        &["topics", "stats", "unknown"],
    ];
    let timeless = |arguments: &[&str]| {
        let mut output = run(arguments, &config);
        output.out =
            output.out.lines().filter(|line| !line.contains("next ticks")).map(|line| line.to_owned() + "\n").collect();
        output
    };
    let beside = commands.map(timeless);
    let codes = beside.each_ref().map(|output| output.code);
    assert_eq!(codes, [0, 0, 0, 0, 2].map(Some), "{beside:#?}");
    let lines = |output: &Output| {
        output.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>()
    };
    let of: Vec<_> = lines(&beside[0])
        .iter()
        .map(|topic| {
            let title = |list: &str| topic[list][0]["title"].as_str().unwrap_or("-").to_owned();
            let numbers = ["stories", "enter", "leave"].map(|key| topic[key].as_u64().expect("a number"));
            (topic["topic"].as_str().expect("an id").to_owned(), numbers, title("entering"), title("leaving"))
        })
        .collect();
    let expected = [
        ("machines", [2, 0, 1], "-", "AI and rain"),
        ("rain", [0, 1, 0], "AI and rain", "-"),
        ("local", [0, 1, 0], "Only AI", "-"),
    ]
    .map(|(topic, numbers, enters, leaves)| (topic.to_owned(), numbers, enters.to_owned(), leaves.to_owned()));
    assert_eq!(of, expected);
    for told in ["3 stories are kept", "topic machines: 0 enter, 1 leave; 2 now, 1 then", "no mistakes"] {
        assert!(beside[1].out.contains(told), "{told}: {}", beside[1].out);
    }
    let statistics = lines(&beside[2]);
    assert_eq!(statistics[0]["never"][0]["term"], "robot", "{statistics:#?}");
    assert_eq!((&statistics[0]["stories"], &statistics[1]["alone"][0]["term"]), (&1.into(), &"rain^2".into()));
    assert_eq!(statistics[0]["overlaps"][0]["topic"], "local");
    assert!(beside[3].out.starts_with("3 stories in the last 30 days\ntopic machines: 1 stories"), "{beside:#?}");
    assert!(beside[4].err.contains("there is no topic unknown"), "{beside:#?}");
    // Nothing of it is in force.
    assert_eq!(service.get("/topics/rain.atom").0, 404);

    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    for (number, arguments) in commands.iter().enumerate() {
        assert_eq!(timeless(arguments), beside[number], "{arguments:?}");
    }
}

#[test]
fn the_socket_is_ours_alone_and_does_no_harm_once_its_daemon_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &(source("gazette", publisher.url("/feed")) + AI));
    let mut service = start(&config);
    let found = fs::symlink_metadata(socket(folder.path())).expect("a socket");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    let explained = run(&["explain", "https://g.example/AI-for-all"], &config);
    assert_eq!(explained.code, Some(0), "{explained:?}");

    signal(&service.child, "KILL");
    wait_for_end(&mut service.child);
    assert!(socket(folder.path()).exists(), "a kill leaves it");
    assert_eq!(run(&["explain", "https://g.example/AI-for-all"], &config), explained);

    let service = start(&config);
    let renewed = fs::symlink_metadata(socket(folder.path())).expect("a socket");
    assert_ne!(renewed.ino(), found.ino());
    // A second daemon is refused before it touches the socket of the first.
    let mut second = newsdesk(&config).spawn().expect("started");
    assert_eq!(wait_for_end(&mut second).code(), Some(3));
    assert_eq!(run(&["status"], &config).code, Some(0));
    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(fs::symlink_metadata(socket(folder.path())).is_err(), "an orderly stop removes it");
}

#[test]
fn under_systemd_the_socket_is_in_the_runtime_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let runtime = folder.path().join("run");
    fs::create_dir(&runtime).expect("made");
    let mut daemon = newsdesk(&config);
    daemon.env("RUNTIME_DIRECTORY", format!("{}:/nonexistent", runtime.display()));
    let mut service = Service::start(daemon);
    service.wait_until_told("the first round of polls is done");
    assert_eq!(fs::read_link(socket(folder.path())).expect("a link"), runtime.join("control.sock"));
    let mode = fs::metadata(runtime.join("control.sock")).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The admin's own shell has no such variable.
    assert_eq!(run(&["status"], &config).code, Some(0));
    let (_, log, _) = service.stop();
    assert!(fs::symlink_metadata(socket(folder.path())).is_err(), "{log}");
    assert_eq!(fs::read_dir(&runtime).expect("read").count(), 0);
}

#[test]
fn two_who_ask_at_once_are_both_answered_and_the_publisher_is_asked_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    let slow = Resource::feed(feed("Slow news")).delay(Duration::from_millis(1500));
    publisher.serve("/feed", Resource::feed(feed("AI for all")).then(slow));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let _service = start(&config);
    let poll = || command(&["poll", "gazette", "--json"], &config).spawn().expect("started");
    let first = poll();
    until("the poll under way", || publisher.requests().len() == 2);
    let (second, third) = (poll(), poll());
    // Meanwhile others are answered.
    let begun = Instant::now();
    assert_eq!(run(&["explain", "https://g.example/AI-for-all"], &config).code, Some(0));
    assert!(begun.elapsed() < Duration::from_millis(1400), "{:?}", begun.elapsed());
    let answers = [first, second, third].map(finished);
    assert!(answers[0].out.contains("\"outcome\":\"read\",\"status\":200,\"entries\":1,\"new\":1"), "{answers:#?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(publisher.requests().len(), 2);
}

#[test]
fn polls_that_are_asked_for_are_as_polite_as_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (busy, gazette) = (Publisher::start(), Publisher::start());
    busy.serve("/feed", Resource::status(429).header("Retry-After", "3600"));
    for path in ["/a", "/b", "/c"] {
        gazette.serve(path, Resource::feed(feed(&format!("News of {path}"))));
    }
    let mut text = "polling.host_gap = \"400ms\"\n".to_owned() + &source("busy", busy.url("/feed"));
    for id in ["a", "b", "c"] {
        text += &source(id, gazette.url(&format!("/{id}")));
    }
    let config = configure(folder.path(), &text);
    let _service = start(&config);
    gazette.forget_requests();

    let answer = run(&["poll", "--json"], &config);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let lines: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4);
    let waiting = lines.iter().find(|line| line["source"] == "busy").expect("a line");
    assert_eq!(waiting["outcome"], "waiting");
    assert!(waiting["error"].as_str().is_some_and(|why| why.contains("wants no request before")));
    assert_eq!(busy.requests().len(), 1, "a Retry-After holds, whoever asks");
    let status = run(&["status"], &config);
    assert!(status.out.contains("failing: 1\n  busy  "), "and the source fails as before: {status:?}");
    let asked: Vec<Instant> = gazette.requests().iter().map(|request| request.at).collect();
    assert_eq!(asked.len(), 3);
    for pair in asked.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(400), "the pause holds too: {:?}", pair[1] - pair[0]);
    }
}

#[test]
fn each_report_comes_as_its_poll_ends_and_who_goes_away_stops_the_rest() {
    // So many, and so slow the second time, that asking all of them takes half a minute, however busy the machine is.
    const SOURCES: usize = 24;
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    let mut text = "polling.host_gap = \"300ms\"\npolling.concurrency = 2\n".to_owned();
    for number in 0..SOURCES {
        let [first, again] = ["News", "Slow news"].map(|title| Resource::feed(feed(&format!("{title} {number}"))));
        publisher.serve(&format!("/{number}"), first.then(again.delay(Duration::from_secs(1))));
        text += &source(&format!("s{number}"), publisher.url(&format!("/{number}")));
    }
    let config = configure(folder.path(), &text);
    let _service = start(&config);
    publisher.forget_requests();

    let mut asking = command(&["poll", "--json"], &config).spawn().expect("started");
    let mut answer = BufReader::new(asking.stdout.take().expect("a pipe"));
    let mut line = String::new();
    answer.read_line(&mut line).expect("a line");
    let asked = publisher.requests().len();
    assert!(
        asked < SOURCES && line.contains("\"source\":"),
        "the first report comes before the last poll: {asked} {line}"
    );
    signal(&asking, "TERM");
    wait_for_end(&mut asking);
    // Those under way come to their end; then nobody is asked any more, for twice as long as an answer takes.
    let mut asked = publisher.requests().len();
    loop {
        thread::sleep(Duration::from_millis(3000));
        let before = std::mem::replace(&mut asked, publisher.requests().len());
        if asked == before {
            break;
        }
    }
    assert!(asked < SOURCES, "all of {SOURCES} were asked although nobody wants to know");
}

#[test]
fn reload_answers_with_the_mistakes() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI and rain")));
    let gazette = source("gazette", publisher.url("/feed"));
    let config = configure(folder.path(), &gazette);
    let service = start(&config);
    assert_eq!(service.get("/topics/ai.atom").0, 404);

    let more = gazette.clone() + &source("herald", publisher.url("/herald"));
    configure(folder.path(), &(more.clone() + AI));
    let unknown = run(&["poll", "herald"], &config);
    assert!(unknown.code == Some(2) && unknown.err.contains("`newsdesk reload`"), "not in force yet: {unknown:?}");
    let reloaded = run(&["reload"], &config);
    assert_eq!((reloaded.code, &*reloaded.out, &*reloaded.err), (Some(0), "reloaded: 2 sources are polled\n", ""));
    service.until("the new topic", "/topics/ai.atom", |status, _| status == 200);

    let text = fs::read_to_string(&config).expect("read").replace("127.0.0.1:0", "127.0.0.1:1");
    fs::write(&config, text).expect("written");
    let reloaded = run(&["reload"], &config);
    assert!(reloaded.code == Some(0) && reloaded.err.contains("takes a restart"), "{reloaded:?}");

    configure(folder.path(), &(more.clone() + "[topics.snow]\ntitel = \"Snow\"\nthreshold = \"high\"\n"));
    let line = fs::read_to_string(&config).expect("read").lines().position(|line| line.starts_with("titel"));
    let refused = run(&["reload"], &config);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let place = format!("newsdesk.toml:{}:1: ", 1 + line.expect("the mistake"));
    for expected in ["not reloaded, the old one stays in force", &place, "titel", "high"] {
        assert!(refused.err.contains(expected), "{expected} is missing in\n{}", refused.err);
    }
    assert!(service.get("/healthz").1.contains("titel"));
    // A file that is no longer TOML still says where the store is.
    configure(folder.path(), &(more + "[topics.snow\n"));
    let refused = run(&["reload"], &config);
    assert!(refused.code == Some(2) && refused.err.contains("stays in force"), "{refused:?}");
    let status = run(&["status"], &config);
    assert!(status.code == Some(0) && status.out.contains("configuration: "), "{status:?}");

    service.stop();
    let refused = run(&["reload"], &config);
    assert!(refused.code == Some(2) && !refused.err.contains("stays in force"), "{refused:?}");
}

#[test]
fn a_daemon_that_is_stopped_ends_its_commands_with_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    let slow = Resource::feed(feed("Slow news")).delay(Duration::from_secs(20));
    publisher.serve("/feed", Resource::feed(feed("AI for all")).then(slow));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let service = start(&config);
    let asking = command(&["poll"], &config).spawn().expect("started");
    until("the poll under way", || publisher.requests().len() == 2);
    let (status, log, took) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < PATIENCE, "{took:?}");
    let answer = finished(asking);
    assert_eq!((answer.code, &*answer.err), (Some(1), "newsdesk: newsdesk is stopping\n"));
}

#[test]
fn who_may_not_ask_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        println!("skipped: only root can be somebody else");
        return;
    }
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let _service = start(&config);
    // Whoever may read the configuration and reach the socket is still not its user.
    for path in [folder.path(), &folder.path().join("store")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
    }
    for arguments in [&["status"][..], &["poll"], &["explain", "https://g.example/AI-for-all"], &["reload"]] {
        let answer = finished(command(arguments, &config).uid(65534).gid(65534).spawn().expect("started"));
        assert_eq!(answer.code, Some(3), "{answer:?}");
        assert!(answer.err.contains("this user may not ask the newsdesk of this store"), "{answer:?}");
    }
    assert_eq!(publisher.requests().len(), 1);
}

/// What a client sees of a daemon that was made before or after it.
#[test]
fn a_daemon_of_another_version_is_told_plainly() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configure(folder.path(), &source("gazette", "http://127.0.0.1:9/feed"));
    fs::create_dir(folder.path().join("store")).expect("made");
    let cases = [
        ("newsdesk-version: 0.0.7\r\n", "newsdesk that runs is version 0.0.7 and has no command `status`"),
        ("Server: other\r\n", "is not newsdesk"),
    ];
    for (field, expected) in cases {
        let _ = fs::remove_file(socket(folder.path()));
        let listener = UnixListener::bind(socket(folder.path())).expect("bound");
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 4096];
            let length = stream.read(&mut request).expect("a request");
            write!(stream, "HTTP/1.1 404 Not Found\r\n{field}Content-Length: 0\r\n\r\n").expect("answered");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let answer = run(&["status"], &config);
        assert!(answer.code == Some(1) && answer.err.contains(expected), "{answer:?}");
        let request = answering.join().expect("no panic");
        assert!(request.starts_with("POST /v1/status HTTP/1.1\r\n"), "{request}");
    }
}

/// What a person with curl(1) sees, and a client that sends nonsense or nothing.
#[test]
fn the_socket_speaks_http_and_lines_of_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(feed("AI for all")));
    let config = configure(folder.path(), &source("gazette", publisher.url("/feed")));
    let service = start(&config);
    let exchange = |sent: &str| {
        let mut stream = UnixStream::connect(socket(folder.path())).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(sent.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let answer = exchange("POST /v1/status HTTP/1.1\r\nHost: n\r\nContent-Length: 2\r\n\r\n{}");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("application/jsonl"), "{answer}");
    assert!(answer.contains("\"status\":\"ok\"") && answer.contains("{\"end\":{\"finished\":\"done\"}}\n"), "{answer}");
    assert!(
        exchange("POST /v1/nothing HTTP/1.1\r\nHost: n\r\nContent-Length: 2\r\n\r\n{}").starts_with("HTTP/1.1 404")
    );
    let _idle = UnixStream::connect(socket(folder.path())).expect("connected");
    assert_eq!(run(&["status"], &config).code, Some(0), "one that says nothing is in nobody's way");
    let (status, log, took) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A feed with one article that others print too, under this title.
fn agency(site: &str, title: &str) -> String {
    let text = "The ministers agreed late on Tuesday to fund three data centres run by European firms, the commissioner said \
                in Brussels after a night of talks about AI. The money is to come from the common budget.";
    format!(
        "<rss version=\"2.0\"><channel><title>{site}</title><link>https://{site}.example/</link><description>d</description>\
         <item><title>{title}</title><link>https://{site}.example/story</link><guid>{site}-1</guid><description>{text}</description>\
         </item></channel></rss>"
    )
}

#[test]
fn stories_are_listed_split_and_joined_beside_a_daemon_and_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let publisher = Publisher::start();
    publisher.serve("/gazette", Resource::feed(agency("gazette", "Brussels pays for AI")));
    publisher.serve("/herald", Resource::feed(agency("herald", "AI paid for by Brussels")));
    let sources = source("gazette", publisher.url("/gazette")) + &source("herald", publisher.url("/herald"));
    let config = configure(folder.path(), &(sources + AI));
    let service = start(&config);
    let entries = |body: &str| body.matches("<entry").count();
    service.until("one entry", "/topics/ai.atom", |_, body| entries(body) == 1 && body.contains("Also at: "));

    let list = ["stories", "list", "--topic", "ai"];
    let listed = run(&list, &config);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(listed.out.contains("shown: entry") && listed.out.contains("the same text; containment"), "{listed:?}");
    let explained = run(&["explain", "https://herald.example/story"], &config);
    assert!(explained.out.contains("one story, by their entries' numbers:"), "{explained:?}");
    let split = run(&["stories", "split", "https://herald.example/story"], &config);
    assert_eq!((split.code, split.out.matches("shown: entry").count()), (Some(0), 2), "{split:?}");
    service.until("two entries", "/topics/ai.atom", |_, body| entries(body) == 2 && !body.contains("Also at: "));
    assert!(run(&list, &config).out.starts_with("none of the newest"));
    let explained = run(&["explain", "https://herald.example/story"], &config);
    assert!(explained.out.contains("other stories, though alike:"), "{explained:?}");
    assert!(explained.out.contains("split by the admin on "), "{explained:?}");
    assert!(explained.out.contains("on the same event, in ai:"), "{explained:?}");
    let again = run(&["stories", "split", "https://herald.example/story"], &config);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("nothing to split"), "{again:?}");

    let (status, log, _) = service.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    let joined = run(&["stories", "join", "https://herald.example/story", "https://gazette.example/story"], &config);
    assert_eq!((joined.code, joined.out.matches("shown: entry").count()), (Some(0), 1), "{joined:?}");
    let alone = run(&list, &config);
    assert!(alone.out.contains("joined by the admin on "), "{alone:?}");
    let number = alone.out.split("copy: entry ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a number");
    assert_eq!(run(&["stories", "split", number], &config).out.matches("shown: entry").count(), 2);
    assert_eq!(run(&["stories", "join", "https://herald.example/story", "no story"], &config).code, Some(1));
    run(&["stories", "join", "https://herald.example/story", "https://gazette.example/story"], &config);
    let service = start(&config);
    service.until("one entry", "/topics/ai.atom", |_, body| entries(body) == 1 && body.contains("Also at: "));
    assert_eq!(run(&list, &config), alone, "the same beside a daemon as without");
}
