//! A fake internet on loopback: many named hosts, one listener. It speaks HTTP/1.1 by hand, so that it can drip,
//! truncate, lie about lengths and send odd framing, and it writes down every request verbatim.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET, we hope.
    pub method: String,
    /// The Host header without port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Names as sent, values verbatim.
    pub headers: Vec<(String, String)>,
    /// What came behind the head, if it said how long that is.
    pub body: Vec<u8>,
}

impl Request {
    /// A field of the form that was sent.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(&self.body);
        pairs
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The first header of that name, any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What was asked.
    pub request: Request,
    /// The number of the connection, from 0.
    pub connection: usize,
}

/// How a body goes over the wire.
#[derive(Debug, Clone)]
pub enum Framing {
    /// An honest Content-Length.
    Sized,
    /// Chunked, one chunk.
    Chunked,
    /// No length; the connection ends the body.
    Close,
    /// Claims this length, sends what there is, and closes.
    Claim(usize),
    /// An honest Content-Length, but the connection closes after so many bytes.
    Cut(usize),
    /// Chunked, and closes without the last chunk.
    ChunkedCut,
    /// An honest Content-Length, one byte each time.
    Drip(Duration),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Its headers, without the framing's.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// How it is sent.
    pub framing: Framing,
    raw: Option<Vec<u8>>,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Sized,
            raw: None,
        }
    }

    /// 200 with a feed.
    pub fn feed(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200)
            .header("Content-Type", "application/rss+xml")
            .body(body)
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("Location", location)
    }

    /// These bytes and nothing else; then the connection closes.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            raw: Some(bytes.into()),
            ..Self::status(0)
        }
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sent that way.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// 304 with the same validators and caching headers if the request holds a current validator (RFC 9110
    /// section 13.2.2: If-None-Match wins), else itself.
    pub fn conditional(self, request: &Request) -> Self {
        let own = |name: &str| {
            self.headers
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.clone())
        };
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let fresh = match (
            request.header("if-none-match"),
            request.header("if-modified-since"),
        ) {
            (Some(tags), _) => {
                own("etag").is_some_and(|etag| tags.split(',').any(|t| weak(t) == weak(&etag)))
            }
            (None, Some(since)) => own("last-modified").as_deref() == Some(since),
            (None, None) => false,
        };
        if !fresh {
            return self;
        }
        let kept = [
            "etag",
            "last-modified",
            "cache-control",
            "expires",
            "date",
            "age",
            "vary",
        ];
        let mut not_modified = Self::status(304);
        not_modified.headers = self
            .headers
            .into_iter()
            .filter(|(n, _)| kept.contains(&n.to_ascii_lowercase().as_str()))
            .collect();
        not_modified
    }
}

type Script = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Default)]
struct State {
    scripts: HashMap<(String, String), Script>,
    hosts: BTreeSet<String>,
    log: Vec<Seen>,
}

/// The internet. Dropping it closes the listener.
pub struct Internet {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listener: JoinHandle<()>,
}

impl Internet {
    /// Opens the listener.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let listener = tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, connection, Arc::clone(&shared)));
                connection += 1;
            }
        });
        Self {
            address,
            state,
            listener,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers `path` of `host` by a function of the request.
    pub fn on(
        &self,
        host: &str,
        path: &str,
        script: impl FnMut(&Request) -> Reply + Send + 'static,
    ) -> &Self {
        let mut state = self.state.lock().unwrap();
        state.hosts.insert(host.to_owned());
        state
            .scripts
            .insert((host.to_owned(), path.to_owned()), Box::new(script));
        drop(state);
        self
    }

    /// Answers always the same.
    pub fn always(&self, host: &str, path: &str, reply: Reply) -> &Self {
        self.on(host, path, move |_| reply.clone())
    }

    /// A well-behaved document: 304 to whoever holds its ETag or Last-Modified.
    pub fn document(&self, host: &str, path: &str, reply: Reply) -> &Self {
        self.on(host, path, move |request| {
            reply.clone().conditional(request)
        })
    }

    /// The hosts known so far, as a table of names for the fetcher.
    pub fn names(&self) -> HashMap<String, Vec<SocketAddr>> {
        let state = self.state.lock().unwrap();
        state
            .hosts
            .iter()
            .map(|h| (h.clone(), vec![self.address]))
            .collect()
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        self.state.lock().unwrap().log = Vec::new();
    }

    /// Everything asked so far.
    pub fn log(&self) -> Vec<Seen> {
        self.state.lock().unwrap().log.clone()
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn serve(mut stream: TcpStream, connection: usize, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let reply = {
            let mut state = state.lock().unwrap();
            let path = request
                .path
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned();
            let reply = match state.scripts.get_mut(&(request.host.clone(), path)) {
                Some(script) => script(&request),
                None => Reply::status(404),
            };
            state.log.push(Seen {
                request,
                connection,
            });
            reply
        };
        if !send(&mut stream, reply).await {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        // What is no HTTP (a TLS hello) is answered as servers do: at once.
        if !buffer.first().is_some_and(u8::is_ascii_alphabetic) {
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                .await;
            return None;
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_owned(), v.strip_prefix(' ').unwrap_or(v).to_owned()))
        .collect();
    let host = headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("host"))
        .map(|(_, v)| v.as_str());
    let host = host
        .unwrap_or_default()
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let length = headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, v)| v.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer.drain(..length).collect();
    Some(Request {
        method,
        host,
        path,
        headers,
        body,
    })
}

/// Sends a reply; true if the connection can be used again.
async fn send(stream: &mut TcpStream, reply: Reply) -> bool {
    if let Some(raw) = reply.raw {
        let _ = stream.write_all(&raw).await;
        return false;
    }
    let mut head = format!("HTTP/1.1 {} Said\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let len = reply.body.len();
    match reply.framing {
        Framing::Sized | Framing::Cut(_) | Framing::Drip(_) if reply.status != 304 => {
            head.push_str(&format!("Content-Length: {len}\r\n"));
        }
        Framing::Chunked | Framing::ChunkedCut => head.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Claim(claimed) => head.push_str(&format!("Content-Length: {claimed}\r\n")),
        _ => {}
    }
    head.push_str("\r\n");
    let mut wire = head.into_bytes();
    match reply.framing {
        Framing::Chunked | Framing::ChunkedCut => {
            wire.extend(format!("{len:x}\r\n").bytes());
            wire.extend(&reply.body);
            wire.extend(b"\r\n");
            if matches!(reply.framing, Framing::Chunked) {
                wire.extend(b"0\r\n\r\n");
            }
        }
        Framing::Cut(n) => wire.extend(reply.body.iter().take(n)),
        Framing::Drip(_) => {}
        _ => wire.extend(&reply.body),
    }
    if stream.write_all(&wire).await.is_err() {
        return false;
    }
    if let Framing::Drip(every) = reply.framing {
        for byte in &reply.body {
            tokio::time::sleep(every).await;
            if stream.write_all(&[*byte]).await.is_err() {
                return false;
            }
        }
    }
    matches!(
        reply.framing,
        Framing::Sized | Framing::Chunked | Framing::Drip(_)
    )
}
