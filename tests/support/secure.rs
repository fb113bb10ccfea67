//! A publisher behind TLS that speaks HTTP/1.1 or HTTP/2, one canned answer for everything. Its certificate is for `localhost`
//! and 127.0.0.1 and signed by [`AUTHORITY`].

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// The file to name in `SSL_CERT_FILE`.
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../fixtures/tls/server.pem");
const KEY: &[u8] = include_bytes!("../fixtures/tls/server.key");

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// Serves as long as the process lives.
pub struct SecurePublisher {
    address: SocketAddr,
    /// One line per request: the protocol and, in HTTP/1.1, the head.
    log: Arc<Mutex<Vec<String>>>,
}

impl SecurePublisher {
    /// At 127.0.0.1. `protocols` are offered in ALPN; `status` and `headers` (names in lower case) go before the body.
    pub fn start(port: u16, protocols: &[&str], status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (shared_log, body) = (log.clone(), body.as_bytes().to_vec());
        let headers: Vec<(String, String)> = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let Ok(connection) = ServerConnection::new(config.clone()) else { continue };
                let (log, headers, body) = (shared_log.clone(), headers.clone(), body.clone());
                thread::spawn(move || {
                    let mut stream = StreamOwned::new(connection, socket);
                    // A client that does not trust us ends the handshake, which is an error here and no concern.
                    if stream.conn.complete_io(&mut stream.sock).is_err() {
                        return;
                    }
                    let _ = if stream.conn.alpn_protocol() == Some(b"h2") {
                        converse_http2(stream, &log, status, &headers, &body)
                    } else {
                        converse_http1(stream, &log, status, &headers, &body)
                    };
                });
            }
        });
        Self { address, log }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

fn converse_http1(
    stream: Stream,
    log: &Mutex<Vec<String>>,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::from("HTTP/1.1\n");
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        log.lock().unwrap().push(head);
        let mut answer = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        answer.push_str("\r\n");
        let stream = reader.get_mut();
        stream.write_all(answer.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()?;
    }
}

/// As little of RFC 9113 as a polite client needs: settings, pings, and one answer per request.
fn converse_http2(
    mut stream: Stream,
    log: &Mutex<Vec<String>>,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface)?;
    send_frame(&mut stream, SETTINGS, 0, 0, &[])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload)?;
        match kind {
            SETTINGS if flags & 1 == 0 => send_frame(&mut stream, SETTINGS, 1, 0, &[])?,
            PING if flags & 1 == 0 => send_frame(&mut stream, PING, 1, 0, &payload)?,
            HEADERS => {
                log.lock().unwrap().push("HTTP/2".into());
                // HPACK without indexing or Huffman coding (RFC 7541 §6.2.2): the name, then the value, each with its length.
                let mut block = Vec::new();
                let status = status.to_string();
                let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                for (name, value) in std::iter::once((":status", status.as_str())).chain(fields) {
                    assert!(name.len() < 127 && value.len() < 127, "lengths of one octet");
                    block.push(0);
                    for text in [name, value] {
                        block.push(text.len() as u8);
                        block.extend_from_slice(text.as_bytes());
                    }
                }
                send_frame(&mut stream, HEADERS, 4, id, &block)?;
                send_frame(&mut stream, DATA, 1, id, body)?;
            }
            _ => {}
        }
    }
}

fn send_frame(stream: &mut Stream, kind: u8, flags: u8, id: u32, payload: &[u8]) -> std::io::Result<()> {
    let [_, high, middle, low] = (payload.len() as u32).to_be_bytes();
    stream.write_all(&[high, middle, low, kind, flags])?;
    stream.write_all(&id.to_be_bytes())?;
    stream.write_all(payload)?;
    stream.flush()
}
