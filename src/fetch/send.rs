//! Sends a message to a target of notifications: one request to an address that the guard allows. Redirects are not followed: a
//! target's URL is the operator's, and a redirect could lead the message, with its secrets, to another host. The turns of hosts
//! that feeds wait for do not apply.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::timeout;
use url::Host;

use super::client::Fetcher;
use super::failure;
use super::hints;
use super::visit_time::VisitTime;
use crate::model::{Failure, FailureKind, Secret, WebUrl};

/// How much of an answer is read, in bytes, and for how long. The text is not used: it may repeat what was sent.
const ANSWER_BYTES_MAX: usize = 16 << 10;
const ANSWER_TIME_MAX: Duration = Duration::from_millis(500);

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Message {
    /// PUT instead of POST.
    pub is_put: bool,
    /// The target.
    pub url: WebUrl,
    /// Further headers. Their values stay out of logs.
    pub headers: Vec<(&'static str, Secret)>,
    /// The Content-Type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// What the target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendAnswer {
    /// The status.
    pub status: u16,
    /// How long it asks to wait (429 and 503).
    pub retry_after: Option<Duration>,
}

impl Fetcher {
    /// Sends a message. Every status is an answer.
    ///
    /// # Errors
    /// [`Failure`] if no answer came: blocked by the guard, unreachable, too slow.
    pub async fn send_message(&self, message: &Message) -> Result<SendAnswer, Failure> {
        let host = message.url.host();
        self.guard.check_url(&message.url)?;
        let mut time = VisitTime::new(self.options.timeout_total, self.options.local_wait);
        // The operator chose the host, so its lookup does not queue behind those of unknown hosts.
        self.resolver.prepare(&message.url, true, &mut time).await?;
        time.start_server();
        let method = if message.is_put {
            Method::PUT
        } else {
            Method::POST
        };
        let mut request = self
            .client
            .request(method, message.url.as_url().clone())
            .header(USER_AGENT, self.options.user_agent.as_str())
            .header(CONTENT_TYPE, message.content_type)
            .body(Bytes::from(message.body.clone()));
        for (name, value) in &message.headers {
            let mut value =
                HeaderValue::from_str(value.reveal()).map_err(|_| not_a_header(name))?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(name), value);
        }
        let sent = time.server(host, request.send()).await?;
        let mut response = sent.map_err(|e| failure::of_request(&e, host))?;
        let status = response.status();
        let hints = hints::from_headers(response.headers(), status, self.clock.now());
        let answer = SendAnswer {
            status: status.as_u16(),
            retry_after: hints.retry_after,
        };
        // Read for the next message on this connection. Nothing depends on it, and an answer may be without end.
        let reading = async {
            let mut bytes = 0;
            while let Ok(Some(chunk)) = response.chunk().await {
                bytes += chunk.len();
                if bytes > ANSWER_BYTES_MAX {
                    break;
                }
            }
        };
        let _ = timeout(ANSWER_TIME_MAX, reading).await;
        Ok(answer)
    }
}

impl Fetcher {
    /// The addresses of a server that is no web server, as far as the guard allows them. Its port is the operator's choice.
    ///
    /// # Errors
    /// [`Failure`] if the name has no address, or none that may be contacted.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let no_host = || Failure::new(FailureKind::Dns, format!("{host} is not a host name"));
        let url = WebUrl::parse(&format!("http://{host}/")).map_err(|_| no_host())?;
        self.guard.check_url(&url)?;
        let ip = match url.as_url().host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(ip) = ip {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let mut time = VisitTime::new(self.options.timeout_total, self.options.local_wait);
        self.resolver.prepare(&url, true, &mut time).await?;
        let found = self.resolver.addresses(url.host()).await?;
        Ok(found
            .into_iter()
            .map(|a| SocketAddr::new(a.ip(), port))
            .collect())
    }
}

fn not_a_header(name: &str) -> Failure {
    let text =
        format!("the value of the header {name} contains characters that a header cannot hold");
    Failure::new(FailureKind::Internal, text)
}
