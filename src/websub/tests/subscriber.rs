//! A subscriber on a loopback address of its own, which answers as it is told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use url::Url;

/// A request that came to a callback.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub method: String,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }
}

/// How a callback answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// GET with the challenge, POST with 200.
    Right,
    /// This status and this body, whatever came.
    Fixed(u16, String),
    /// The challenge, with something behind it.
    ChallengeAnd(&'static str),
    Redirect(String),
    /// GET with the challenge, POST with this status, and these header lines.
    Post(u16, &'static str),
    /// GET with the challenge, POST with nothing for so long.
    SlowPost(Duration),
    /// Right, but after so long.
    Slow(Duration),
    /// Whoever connects is hung up on.
    Nothing,
}

#[derive(Clone)]
pub(super) struct Subscriber {
    pub address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<Mutex<Answer>>,
}

/// Every subscriber has an address of its own, as subscribers have.
static LAST: AtomicU16 = AtomicU16::new(0);

impl Subscriber {
    pub(super) fn start() -> Self {
        let [high, low] = (LAST.fetch_add(1, Ordering::Relaxed) + 2).to_be_bytes();
        let listener = TcpListener::bind((Ipv4Addr::new(127, 79, high, low), 0)).expect("bound");
        let address = listener.local_addr().expect("an address");
        let subscriber = Self { address, calls: Arc::default(), answer: Arc::new(Mutex::new(Answer::Right)) };
        let own = subscriber.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || own.serve(stream));
            }
        });
        subscriber
    }

    pub(super) fn callback(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    pub(super) fn calls(&self, method: &str) -> Vec<Call> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Waits until so many requests of a kind have come, and returns them.
    pub(super) async fn until(&self, method: &str, number: usize) -> Vec<Call> {
        let begun = Instant::now();
        loop {
            let calls = self.calls(method);
            if calls.len() >= number {
                return calls;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "waited in vain for {method} number {number}: {calls:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        if matches!(*self.answer.lock().unwrap_or_else(PoisonError::into_inner), Answer::Nothing) {
            return None;
        }
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?.to_owned(), words.next()?);
        let url = Url::parse(&self.callback(path)).ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut call = Call { method, url, headers, body: Vec::new(), at: Instant::now() };
        let length = call.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        call.body.resize(length, 0);
        reader.read_exact(&mut call.body).ok()?;
        let is_get = call.method == "GET";
        let challenge = call.query("hub.challenge").unwrap_or_default();
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (status, headers, body) = match answer {
            Answer::Fixed(status, body) => (status, String::new(), body),
            Answer::ChallengeAnd(more) => (200, String::new(), format!("{challenge}{more}")),
            Answer::Redirect(to) => (302, format!("Location: {to}\r\n"), challenge),
            Answer::Post(status, headers) if !is_get => (status, headers.to_owned(), String::new()),
            Answer::SlowPost(pause) if !is_get => {
                thread::sleep(pause);
                (200, String::new(), String::new())
            }
            Answer::Slow(pause) => {
                thread::sleep(pause);
                (200, String::new(), challenge)
            }
            Answer::Right | Answer::Post(..) | Answer::SlowPost(_) | Answer::Nothing => (200, String::new(), challenge),
        };
        let mut stream = stream;
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).ok()
    }
}
