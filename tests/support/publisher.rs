//! A publisher on a loopback address of its own. HTTP/1.1 is written by hand on plain threads, so that it can be broken at will
//! and does not depend on the runtime, or the clock, of whoever asks.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use url::Url;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct LoggedRequest {
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// Names in lower case, values as sent.
    pub headers: Vec<(String, Vec<u8>)>,
    pub at: Instant,
}

impl LoggedRequest {
    /// The value of a header field, the first if there are several.
    pub fn header(&self, name: &str) -> Option<String> {
        self.header_octets(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    pub fn header_octets(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
    }

    pub fn is_conditional(&self) -> bool {
        self.header_octets("if-none-match").is_some() || self.header_octets("if-modified-since").is_some()
    }
}

/// What is served at a path. Made by one of the constructors and bent by the methods.
#[derive(Debug, Clone)]
pub struct Resource {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    /// Added to a 304 only; a field of the same name replaces the usual one.
    headers_of_304: Vec<(String, Vec<u8>)>,
    etag: Option<Vec<u8>>,
    last_modified: Option<Vec<u8>>,
    body: Vec<u8>,
    framing: Framing,
    /// Octets per piece, and the pause after each.
    drip: Option<(usize, Duration)>,
    /// Close the connection after so many octets of the body.
    cut_after: Option<usize>,
    /// Answer nothing for so long.
    delay: Duration,
    raw: Option<Vec<u8>>,
    /// What later requests get; the last one stays.
    then: Vec<Resource>,
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    Length,
    FalseLength(u64),
    Chunked,
    UntilClose,
}

impl Resource {
    /// 200 with a body. Answers 304 if it has an ETag or a Last-Modified and the request echoes it to the byte.
    pub fn feed(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::status(200) }.header("Content-Type", "application/xml")
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            headers_of_304: Vec::new(),
            etag: None,
            last_modified: None,
            body: Vec::new(),
            framing: Framing::Length,
            drip: None,
            cut_after: None,
            delay: Duration::ZERO,
            raw: None,
            then: Vec::new(),
        }
    }

    pub fn redirect(status: u16, location: impl AsRef<[u8]>) -> Self {
        Self::status(status).header("Location", location)
    }

    /// These octets and nothing else, then the end of the connection.
    pub fn raw(octets: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(octets.into()), ..Self::status(0) }
    }

    /// This for the first request, then the next for each further one; the last one stays.
    pub fn then(mut self, next: Resource) -> Self {
        self.then.push(next);
        self
    }

    pub fn etag(mut self, etag: impl AsRef<[u8]>) -> Self {
        self.etag = Some(etag.as_ref().to_vec());
        self
    }

    pub fn last_modified(mut self, date: impl AsRef<[u8]>) -> Self {
        self.last_modified = Some(date.as_ref().to_vec());
        self
    }

    pub fn max_age(self, seconds: u64) -> Self {
        self.header("Cache-Control", format!("max-age={seconds}"))
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// A field of the 304 answer alone.
    pub fn header_of_304(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers_of_304.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub fn content_type(mut self, value: &str) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        self.header("Content-Type", value)
    }

    pub fn gzip(mut self) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.body).unwrap();
        self.body = encoder.finish().unwrap();
        self.header("Content-Encoding", "gzip")
    }

    pub fn brotli(mut self) -> Self {
        let parameters = brotli::enc::BrotliEncoderParams { quality: 2, ..Default::default() };
        let mut out = Vec::new();
        brotli::BrotliCompress(&mut self.body.as_slice(), &mut out, &parameters).unwrap();
        self.body = out;
        self.header("Content-Encoding", "br")
    }

    pub fn zstd(mut self) -> Self {
        self.body = zstd::encode_all(self.body.as_slice(), 3).unwrap();
        self.header("Content-Encoding", "zstd")
    }

    pub fn chunked(self) -> Self {
        Self { framing: Framing::Chunked, ..self }
    }

    /// As HTTP/1.0 does: no length, the end of the connection ends the body.
    pub fn until_close(self) -> Self {
        Self { framing: Framing::UntilClose, ..self }
    }

    /// A Content-Length that is not the body's.
    pub fn false_length(self, length: u64) -> Self {
        Self { framing: Framing::FalseLength(length), ..self }
    }

    pub fn drip(self, octets: usize, pause: Duration) -> Self {
        Self { drip: Some((octets, pause)), ..self }
    }

    pub fn cut_after(self, octets: usize) -> Self {
        Self { cut_after: Some(octets), ..self }
    }

    pub fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub fn body_length(&self) -> usize {
        self.body.len()
    }

    fn matches(&self, request: &LoggedRequest) -> bool {
        match request.header_octets("if-none-match") {
            Some(echoed) => self.etag.as_deref() == Some(echoed),
            None => match request.header_octets("if-modified-since") {
                Some(echoed) => self.last_modified.as_deref() == Some(echoed),
                None => false,
            },
        }
    }
}

/// Serves until it is dropped.
pub struct Publisher {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    resources: Mutex<HashMap<String, Resource>>,
    log: Mutex<Vec<LoggedRequest>>,
    connections: Mutex<HashMap<usize, TcpStream>>,
    stopped: AtomicBool,
    accepted: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Publisher {
    /// On the next loopback address, at a free port.
    pub fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(2);
        let [_, _, high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        // Where only 127.0.0.1 is set up, publishers differ by port alone.
        Self::bind(Ipv4Addr::new(127, 77, high, low), 0).unwrap_or_else(|_| Self::start_at(Ipv4Addr::LOCALHOST, 0))
    }

    pub fn start_at(address: Ipv4Addr, port: u16) -> Self {
        Self::bind(address, port).expect("a loopback address to listen at")
    }

    /// At this one's port, on the next loopback address: a redirect may lead there.
    pub fn start_beside(&self) -> Self {
        let [_, _, high, low] = Self::start().address.ip().to_string().parse::<Ipv4Addr>().unwrap().octets();
        Self::start_at(Ipv4Addr::new(127, 78, high, low), self.address.port())
    }

    fn bind(address: Ipv4Addr, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((address, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            resources: Mutex::default(),
            log: Mutex::default(),
            connections: Mutex::default(),
            stopped: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        });
        let accepting = shared.clone();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let number = accepting.accepted.fetch_add(1, Ordering::SeqCst);
                let shared = accepting.clone();
                let other = connection.try_clone().map(|other| (number, other));
                shared.connections.lock().unwrap().extend(other);
                thread::spawn(move || {
                    shared.converse(connection);
                    shared.connections.lock().unwrap().remove(&number);
                });
            }
        });
        Ok(Self { address, shared })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// From now on, in place of what was there.
    pub fn serve(&self, path: &str, resource: Resource) {
        self.shared.resources.lock().unwrap().insert(path.into(), resource);
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.lock().unwrap().clone()
    }

    /// Those that nobody has taken yet, in order of arrival.
    pub fn take_requests(&self) -> Vec<LoggedRequest> {
        std::mem::take(&mut *self.shared.log.lock().unwrap())
    }

    pub fn forget_requests(&self) {
        self.shared.log.lock().unwrap().clear();
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many requests were being answered at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for (_, connection) in self.shared.connections.lock().unwrap().drain() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Answers the requests of one connection until either side ends it.
    fn converse(&self, mut connection: TcpStream) {
        let _ = connection.set_nodelay(true);
        let Ok(read_half) = connection.try_clone() else { return };
        let mut reader = BufReader::new(read_half);
        while let Some(request) = read_request(&mut reader) {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_under_way.fetch_max(now, Ordering::SeqCst);
            let resource = self.take(&request);
            self.log.lock().unwrap().push(request.clone());
            let go_on = answer(&mut connection, &request, &resource);
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            if !matches!(go_on, Ok(true)) {
                break;
            }
        }
        let _ = connection.shutdown(Shutdown::Both);
    }

    /// The resource as it is for this request; a script moves on by one.
    fn take(&self, request: &LoggedRequest) -> Resource {
        let mut resources = self.resources.lock().unwrap();
        let Some(resource) = resources.get_mut(&request.path) else { return Resource::status(404) };
        let current = resource.clone();
        if !resource.then.is_empty() {
            let mut next = resource.then.remove(0);
            next.then.append(&mut resource.then);
            *resource = next;
        }
        current
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<LoggedRequest> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let mut field = Vec::new();
        reader.read_until(b'\n', &mut field).ok().filter(|read| *read > 0)?;
        let field = field.trim_ascii_end();
        if field.is_empty() {
            break;
        }
        let colon = field.iter().position(|&byte| byte == b':')?;
        let name = String::from_utf8_lossy(&field[..colon]).to_ascii_lowercase();
        let value = field[colon + 1..].trim_ascii_start().to_vec();
        if name == "content-length" {
            length = String::from_utf8_lossy(&value).parse().unwrap_or(0);
        }
        headers.push((name, value));
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    Some(LoggedRequest { method, path, headers, at: Instant::now() })
}

/// Whether the connection can be used again.
fn answer(connection: &mut TcpStream, request: &LoggedRequest, resource: &Resource) -> std::io::Result<bool> {
    thread::sleep(resource.delay);
    if let Some(raw) = &resource.raw {
        send(connection, raw, resource.drip)?;
        return Ok(false);
    }
    let unchanged = resource.status == 200 && resource.matches(request);
    let mut headers = resource.headers.clone();
    headers.extend(resource.etag.clone().map(|etag| ("ETag".into(), etag)));
    headers.extend(resource.last_modified.clone().map(|date| ("Last-Modified".into(), date)));
    let status = if unchanged { 304 } else { resource.status };
    if unchanged {
        for (name, value) in &resource.headers_of_304 {
            headers.retain(|(usual, _)| !usual.eq_ignore_ascii_case(name));
            headers.push((name.clone(), value.clone()));
        }
        headers.retain(|(_, value)| !value.is_empty());
    }
    let bodiless = unchanged || status == 204 || status == 304;
    if !bodiless {
        match resource.framing {
            Framing::Length => headers.push(("Content-Length".into(), resource.body.len().to_string().into())),
            Framing::FalseLength(length) => headers.push(("Content-Length".into(), length.to_string().into())),
            Framing::Chunked => headers.push(("Transfer-Encoding".into(), b"chunked".to_vec())),
            Framing::UntilClose => headers.push(("Connection".into(), b"close".to_vec())),
        }
    }
    let mut head = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
    for (name, value) in &headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    connection.write_all(&head)?;
    if bodiless {
        return Ok(true);
    }
    let mut body = match resource.framing {
        Framing::Chunked => chunks(&resource.body),
        _ => resource.body.clone(),
    };
    if let Some(octets) = resource.cut_after {
        body.truncate(octets);
    }
    send(connection, &body, resource.drip)?;
    Ok(resource.cut_after.is_none() && matches!(resource.framing, Framing::Length | Framing::Chunked))
}

fn chunks(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in body.chunks(1000) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn send(connection: &mut TcpStream, octets: &[u8], drip: Option<(usize, Duration)>) -> std::io::Result<()> {
    let (size, pause) = drip.unwrap_or((octets.len(), Duration::ZERO));
    for piece in octets.chunks(size.max(1)) {
        connection.write_all(piece)?;
        thread::sleep(pause);
    }
    Ok(())
}
