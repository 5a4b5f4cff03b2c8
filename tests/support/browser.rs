//! A client that says exactly what the test wants said: HTTP/1.1 by hand, one request a connection.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug, Clone)]
pub struct Page {
    /// The status; 0 if the connection closed without an answer.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
}

impl Page {
    /// The header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// GET with these headers.
pub async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Page {
    ask(address, "GET", path, headers).await
}

/// Any method.
pub async fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    say(address, format!("{request}\r\n").as_bytes()).await
}

/// These bytes; then whatever comes until the connection closes.
pub async fn say(address: SocketAddr, bytes: &[u8]) -> Page {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server may refuse before it has read all.
    let _ = stream.write_all(bytes).await;
    hear(&mut stream).await
}

/// What comes until the connection closes.
pub async fn hear(stream: &mut TcpStream) -> Page {
    let mut answer = Vec::new();
    // A connection that is reset ends the answer too.
    let _ = stream.read_to_end(&mut answer).await;
    let head_end = answer.windows(4).position(|w| w == b"\r\n\r\n");
    let Some(end) = head_end else {
        return Page {
            status: 0,
            headers: Vec::new(),
            body: answer,
        };
    };
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Page {
        status: status.parse().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: answer[end + 4..].to_vec(),
    }
}
