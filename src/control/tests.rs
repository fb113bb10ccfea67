use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use super::*;

/// What the commands below work on.
#[derive(Debug, Clone, Default)]
struct Counters {
    written: Arc<AtomicUsize>,
    working: Arc<AtomicUsize>,
}

struct Working(Counters);

impl Working {
    fn begin(counters: Counters) -> Self {
        counters.working.fetch_add(1, Ordering::SeqCst);
        Self(counters)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Counts, and ends as it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    to: usize,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum How {
    Beside,
    OnAThread,
    InSilence,
    AndFail,
    AndPanic,
    UnlessInUse,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counted {
    number: usize,
    text: String,
}

impl Command<Counters> for Count {
    const NAME: &'static str = "count";
    type Line = Counted;

    async fn run(self, counters: Counters, lines: Lines<Counted>) -> Result<Finished, Failure> {
        let working = Working::begin(counters);
        let line = |number| Counted { number, text: "\n{\"end\":\"".repeat(100) };
        match self.how {
            How::InSilence => std::future::pending().await,
            How::UnlessInUse => Err(Failure::new(FailureKind::StoreInUse, "the store is in use")),
            How::OnAThread => {
                let counting = tokio::task::spawn_blocking(move || {
                    for number in 0..self.to {
                        lines.send_blocking(&line(number))?;
                        working.0.written.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(Finished::PartFailed)
                });
                counting.await.expect("no panic")
            }
            How::Beside | How::AndFail | How::AndPanic => {
                for number in 0..self.to {
                    lines.send(&line(number)).await?;
                    working.0.written.fetch_add(1, Ordering::SeqCst);
                }
                match self.how {
                    How::AndFail => Err(Failure::new(FailureKind::Configuration, "a \"mistake\"\nin line 2")),
                    How::AndPanic => panic!("a fault"),
                    _ => Ok(Finished::Done),
                }
            }
        }
    }
}

struct Setup {
    folder: tempfile::TempDir,
    counters: Counters,
    control: Control,
}

impl Setup {
    async fn new(limits: ControlLimits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let counters = Counters::default();
        let socket = listen(folder.path(), None).await.expect("a socket");
        let control = Control::start(socket, Commands::new().with::<Count>(), counters.clone(), limits);
        Self { folder, counters, control }
    }

    fn socket(&self) -> PathBuf {
        socket_of(self.folder.path())
    }

    async fn until(&self, what: &str, condition: impl Fn(&Counters) -> bool) {
        let begun = Instant::now();
        while !condition(&self.counters) {
            assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain for {what}: {:?}", self.counters);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_nobody_works(&self) {
        self.until("everybody to stop", |counters| counters.working.load(Ordering::SeqCst) == 0).await;
    }

    /// Everything that comes back to these octets.
    async fn exchange(&self, sent: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).await.expect("connected");
        stream.write_all(sent.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer));
        let _ = read.await.expect("an answer in time");
        String::from_utf8(answer).expect("UTF-8")
    }
}

async fn count(socket: &Path, to: usize, how: How) -> (Vec<Counted>, Result<Finished, AskError>) {
    let mut lines = Vec::new();
    let finished = ask(socket, Count { to, how }, Counters::default(), |line| {
        lines.push(line);
        Ok(())
    })
    .await;
    (lines, finished)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_same_from_a_daemon_and_from_our_own_process() {
    let setup = Setup::new(ControlLimits::default()).await;
    let nowhere = setup.folder.path().join("nowhere");
    let cases = [(How::Beside, 0), (How::Beside, 1), (How::OnAThread, 3000), (How::AndFail, 3), (How::AndPanic, 2)];
    for (how, to) in cases {
        let (mut asked, ended) = count(&setup.socket(), to, how).await;
        let (mut alone, alone_ended) = count(&nowhere, to, how).await;
        assert_eq!(alone.iter().map(|line| line.number).collect::<Vec<_>>(), (0..to).collect::<Vec<_>>(), "{how:?}");
        if matches!(how, How::AndPanic) {
            // A connection that breaks off may take lines that are on their way with it.
            alone.truncate(asked.len());
            asked.truncate(alone.len());
        }
        assert_eq!(asked, alone, "{how:?}");
        assert_eq!(format!("{ended:?}"), format!("{alone_ended:?}"), "{how:?}");
        match how {
            How::Beside => assert!(matches!(ended, Ok(Finished::Done)), "{ended:?}"),
            How::OnAThread => assert!(matches!(ended, Ok(Finished::PartFailed)), "{ended:?}"),
            How::AndFail => {
                let Err(AskError::Failed(failure)) = ended else { panic!("{ended:?}") };
                assert_eq!(failure, Failure::new(FailureKind::Configuration, "a \"mistake\"\nin line 2"));
            }
            _ => assert!(matches!(ended, Err(AskError::BrokenOff)), "{ended:?}"),
        }
    }
    setup.until_nobody_works().await;
    assert_eq!(setup.counters.written.load(Ordering::SeqCst), 3006, "the daemon did its half of it");
    setup.control.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_can_be_passed_on_as_they_are() {
    let setup = Setup::new(ControlLimits::default()).await;
    let mut text = Vec::new();
    let command = Count { to: 2, how: How::Beside };
    ask_for_text(&setup.socket(), command, Counters::default(), |line| {
        text.extend_from_slice(line);
        Ok(())
    })
    .await
    .expect("an answer");
    let lines: Vec<Counted> =
        String::from_utf8(text).expect("UTF-8").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_stops_the_work() {
    let setup = Setup::new(ControlLimits::default()).await;
    for how in [How::Beside, How::OnAThread, How::InSilence] {
        let socket = setup.socket();
        let asking = tokio::spawn(async move { count(&socket, usize::MAX, how).await });
        setup.until("work", |counters| counters.working.load(Ordering::SeqCst) == 1).await;
        asking.abort();
        setup.until_nobody_works().await;
    }
    // So does one whose own reader has gone.
    let command = Count { to: usize::MAX, how: How::OnAThread };
    let closed = ask(&setup.socket(), command, Counters::default(), |_| Err(io::ErrorKind::BrokenPipe.into())).await;
    let Err(AskError::Output(error)) = closed else { panic!("no error") };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    setup.until_nobody_works().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_is_as_fast_as_its_reader_and_is_not_held_for_ever() {
    let limits = ControlLimits { reader_patience: Duration::from_millis(500), ..ControlLimits::default() };
    let setup = Setup::new(limits).await;
    for how in ["Beside", "OnAThread"] {
        let mut stream = UnixStream::connect(setup.socket()).await.expect("connected");
        let body = format!("{{\"to\":10000000,\"how\":\"{how}\"}}");
        let request = format!("POST /v1/count HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.expect("sent");
        setup.until("work", |counters| counters.working.load(Ordering::SeqCst) == 1).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let written = setup.counters.written.swap(0, Ordering::SeqCst);
        // What the socket holds, what hyper holds, what waits: some hundred kilobytes of lines of 1 kB.
        assert!((1..3000).contains(&written), "{how}: {written} lines for a reader that reads nothing");
        setup.until_nobody_works().await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(
            !String::from_utf8_lossy(&rest).contains("{\"end\":{\"finished\""),
            "it is not told that it has everything"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_is_let_go() {
    let patience = Duration::from_millis(300);
    let limits = ControlLimits { connections: 1, reader_patience: patience, ..ControlLimits::default() };
    let setup = Setup::new(limits).await;
    let mut deaf = UnixStream::connect(setup.socket()).await.expect("connected");
    let body = "{\"to\":10000000,\"how\":\"Beside\"}";
    let request = format!("POST /v1/count HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    deaf.write_all(request.as_bytes()).await.expect("sent");
    setup.until("work", |counters| counters.working.load(Ordering::SeqCst) == 1).await;
    let begun = Instant::now();
    let (lines, ended) = count(&setup.socket(), 1, How::Beside).await;
    assert_eq!((lines.len(), ended.expect("done")), (1, Finished::Done), "the only place is free again");
    assert!((patience..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_bounded() {
    let limits = ControlLimits {
        request_timeout: Duration::from_millis(300),
        request_size: 100,
        connections: 2,
        ..ControlLimits::default()
    };
    let setup = Setup::new(limits).await;
    let post = |path: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let cases = [
        ("right", post("/v1/count", "{\"to\":0,\"how\":\"Beside\"}"), "200 OK", "{\"end\":{\"finished\":\"done\"}}"),
        ("another command", post("/v1/mount", "{}"), "404", "no such command"),
        ("another protocol", post("/v2/count", "{}"), "404", "no such command"),
        ("another method", "GET /v1/count HTTP/1.1\r\nHost: n\r\n\r\n".into(), "405", "by POST"),
        ("no JSON", post("/v1/count", "count"), "400", "not understood"),
        ("a field we do not know", post("/v1/count", "{\"to\":0,\"how\":\"Beside\",\"by\":2}"), "400", "`by`"),
        ("too large", post("/v1/count", &"x".repeat(101)), "413", "100 octets"),
        ("half a body", "POST /v1/count HTTP/1.1\r\nHost: n\r\nContent-Length: 9\r\n\r\n{".into(), "408", "too long"),
        ("half a head", "POST /v1/count HTTP/1.1\r\nHo".into(), "", ""),
        ("nothing", String::new(), "", ""),
        ("no HTTP", "\u{0}\u{1}\u{2}\r\n\r\n".into(), "400", ""),
    ];
    for (what, sent, status, said) in cases {
        let answer = setup.exchange(&sent).await;
        assert!(answer.contains(status) && answer.contains(said), "{what}: {answer}");
        assert!(
            answer.is_empty() || answer.contains("400") || answer.contains("newsdesk-version: "),
            "{what}: {answer}"
        );
    }

    // Two commands that go on take both places; a third waits until one of them ends.
    let held = [How::InSilence, How::InSilence].map(|how| {
        let socket = setup.socket();
        tokio::spawn(async move { count(&socket, 0, how).await })
    });
    setup.until("two at work", |counters| counters.working.load(Ordering::SeqCst) == 2).await;
    let socket = setup.socket();
    let third = tokio::spawn(async move { count(&socket, 1, How::Beside).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!third.is_finished());
    held[0].abort();
    let (lines, ended) = third.await.expect("an answer");
    assert_eq!((lines.len(), ended.expect("done")), (1, Finished::Done));
    held[1].abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_tells_those_who_wait_and_leaves_nothing_behind() {
    let setup = Setup::new(ControlLimits::default()).await;
    let socket = setup.socket();
    let asking = tokio::spawn(async move { count(&socket, 0, How::InSilence).await });
    setup.until("work", |counters| counters.working.load(Ordering::SeqCst) == 1).await;
    // One that does not read is cut off.
    let mut deaf = UnixStream::connect(setup.socket()).await.expect("connected");
    let body = "{\"to\":10000000,\"how\":\"OnAThread\"}";
    let request = format!("POST /v1/count HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    deaf.write_all(request.as_bytes()).await.expect("sent");
    setup.until("work", |counters| counters.working.load(Ordering::SeqCst) == 2).await;

    let begun = Instant::now();
    setup.control.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let (_, ended) = asking.await.expect("an answer");
    assert!(matches!(&ended, Err(AskError::Failed(failure)) if failure.message.contains("stopping")), "{ended:?}");
    assert_eq!(fs::read_dir(setup.folder.path()).expect("read").count(), 0);
    let begun = Instant::now();
    while setup.counters.working.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(deaf);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_socket_is_ours_alone_and_replaces_only_what_nobody_answers_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, runtime) = (folder.path().join("store"), folder.path().join("run"));
    for folder in [&store, &runtime] {
        fs::create_dir(folder).expect("made");
    }
    let (known_as, there) = (socket_of(&store), runtime.join("control.sock"));
    // One that was killed leaves its socket.
    drop(UnixListener::bind(&known_as).expect("bound"));
    drop(UnixListener::bind(&there).expect("bound"));
    assert!(client::connect(&known_as).await.expect("no error").is_none(), "nobody is there");
    assert!(client::connect(&store.join("none")).await.expect("no error").is_none());
    assert!(client::connect(Path::new("/dev/null/none")).await.expect("no error").is_none());

    let socket = listen(&store, None).await.expect("a socket");
    assert_eq!((mode(&known_as), client::connect(&known_as).await.expect("no error").is_some()), (0o600, true));
    drop(socket);
    assert!(!known_as.exists());

    let first = listen(&store, Some(&runtime)).await.expect("a socket");
    assert_eq!((fs::read_link(&known_as).expect("a link"), mode(&there)), (there.clone(), 0o600));
    assert!(client::connect(&known_as).await.expect("no error").is_some());
    // Another store's newsdesk does not take the socket of one that runs.
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("made");
    let second = listen(&other, Some(&runtime)).await.expect("a socket");
    assert!(!socket_of(&other).is_symlink() && socket_of(&other).exists());
    drop(second);
    assert!(!socket_of(&other).exists() && there.exists());

    // What somebody else has put in its place is not ours to remove.
    fs::remove_file(&there).expect("removed");
    let theirs = UnixListener::bind(&there).expect("bound");
    drop(first);
    assert!(there.exists() && !known_as.is_symlink());
    drop(theirs);

    fs::write(&known_as, "a diary").expect("written");
    let refused = listen(&store, None).await.expect_err("something is in the way");
    assert!(refused.to_string().contains("something else has that name"), "{refused}");
    assert_eq!(fs::read_to_string(&known_as).expect("read"), "a diary");
    let nowhere = listen(&folder.path().join("nowhere"), None).await.expect_err("no folder");
    assert!(nowhere.to_string().contains("nowhere/control.sock"), "{nowhere}");
    // A runtime directory that cannot be used is no reason to take no commands.
    fs::remove_file(&known_as).expect("removed");
    let socket = listen(&store, Some(Path::new("/nonexistent"))).await.expect("a socket");
    assert!(known_as.exists() && !known_as.is_symlink());
    drop(socket);
}

#[tokio::test]
async fn a_path_may_be_longer_than_an_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let exact = 107 - "/control.sock".len() - folder.path().as_os_str().len() - 1;
    for length in [exact, exact + 1, 200] {
        let store = folder.path().join("s".repeat(length));
        fs::create_dir(&store).expect("made");
        let socket = listen(&store, None).await.expect("a socket");
        assert!(client::connect(&socket_of(&store)).await.expect("no error").is_some(), "{length}");
        assert_eq!(mode(&socket_of(&store)), 0o600);
        drop(socket);
        assert_eq!(fs::read_dir(&store).expect("read").count(), 0);
    }
    let link = folder.path().join("t".repeat(200));
    fs::create_dir(&link).expect("made");
    let runtime = folder.path().join("run");
    fs::create_dir(&runtime).expect("made");
    let _socket = listen(&link, Some(&runtime)).await.expect("a socket");
    assert!(client::connect(&socket_of(&link)).await.expect("no error").is_some());
}

/// Answers one connection with these octets.
fn stand_in(path: &Path, answer: String) {
    let listener = UnixListener::bind(path).expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(answer.as_bytes()).await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn other_versions_and_strangers_are_told_apart() {
    let head = |status: &str, version: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{version}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let ours = "newsdesk-version: 0.0.7\r\n";
    let cases = [
        ("an older one", head("404 Not Found", ours, ""), "version 0.0.7 and has no command `count`"),
        ("one that wants other fields", head("400 Bad", ours, "{\"error\":\"missing `by`\"}"), "missing `by`"),
        ("one that says other things", head("200 OK", ours, "{\"count\":1}\n"), "in words that this version"),
        ("one that ends otherwise", head("200 OK", ours, "{\"end\":{\"paused\":1}}\n"), "words of its own"),
        ("one that breaks off", head("200 OK", ours, "{\"number\":0,\"text\":\"\"}\n"), "broke off"),
        ("one that refuses without a word", head("500 Oh", ours, "?"), "it does not say why"),
        ("another server", head("200 OK", "", "hello"), "is not newsdesk"),
        ("no server at all", "220 mail.example ESMTP\r\n".into(), "is not newsdesk"),
        ("one that hangs up", String::new(), "does not answer"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (what, answer, expected)) in cases.into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        stand_in(&path, answer);
        let (_, ended) = count(&path, 1, How::Beside).await;
        let error = ended.expect_err(what).to_string();
        assert!(error.contains(expected), "{what}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_in_use_is_asked_for_again_until_its_newsdesk_listens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = socket_of(folder.path());
    let asking = tokio::spawn({
        let path = path.clone();
        async move { count(&path, 7, How::UnlessInUse).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!asking.is_finished());
    stand_in(&path, "HTTP/1.1 200 OK\r\nnewsdesk-version: 9\r\n\r\n{\"end\":{\"finished\":\"done\"}}\n".into());
    assert!(matches!(asking.await.expect("an answer"), (_, Ok(Finished::Done))));

    fs::remove_file(&path).expect("removed");
    let (_, ended) = count(&path, 7, How::UnlessInUse).await;
    let error = ended.expect_err("nobody listens").to_string();
    assert!(error.starts_with("the store is in use. It does not take commands on "), "{error}");
}
