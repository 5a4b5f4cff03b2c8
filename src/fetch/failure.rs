//! Turns errors into [`Failure`]s: a kind and one line for a person. The text names hosts only, never a path, a query, a header
//! or userinfo, which may be secret.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use http::StatusCode;

use super::guard::Blocked;
use crate::memory::Busy;
use crate::model::{Failure, FailureKind};

/// A host name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot resolve {host}: {reason}")]
pub struct Unresolved {
    /// The name.
    pub host: String,
    /// Why.
    pub reason: String,
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Self {
        Failure::new(FailureKind::Dns, unresolved.to_string())
    }
}

impl From<Blocked> for Failure {
    fn from(blocked: Blocked) -> Self {
        Failure::new(FailureKind::Blocked, blocked.to_string())
    }
}

impl From<Busy> for Failure {
    fn from(busy: Busy) -> Self {
        Failure::new(FailureKind::Busy, busy.to_string())
    }
}

/// The queue of the host did not end within the wait of a visit.
pub(super) fn queue_too_long(host: &str) -> Failure {
    let text = format!("too many requests wait for {host}; try again later");
    Failure::new(FailureKind::Busy, text)
}

/// The host must not be contacted yet.
pub(super) fn backing_off(host: &str, left: Duration) -> Failure {
    let text = format!(
        "{host} must not be contacted for another {} s",
        left.as_secs()
    );
    Failure::new(FailureKind::Throttled, text)
}

/// What went wrong with a request to `host`. The cause is at the end of the error's source chain.
pub(super) fn of_request(error: &reqwest::Error, host: &str) -> Failure {
    let chain = Chain::of(error);
    if let Some(blocked) = chain.find::<Blocked>() {
        return blocked.clone().into();
    }
    if let Some(unresolved) = chain.find::<Unresolved>() {
        return unresolved.clone().into();
    }
    // A body that is sent too slowly is a timeout and a decoding error at once; the timeout is the cause.
    if error.is_timeout() {
        return timeout(host);
    }
    if let Some(text) = tls(&chain.text) {
        return Failure::new(FailureKind::Tls, format!("{host}: {text}"));
    }
    let kind = chain.io_kind();
    if error.is_connect() {
        let text = match kind {
            Some(ErrorKind::ConnectionRefused) => "refused the connection",
            Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted) => {
                "closed the connection while it was set up"
            }
            Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => "cannot be reached",
            Some(ErrorKind::TimedOut) => "did not accept the connection in time",
            _ => "could not be connected to",
        };
        return Failure::new(FailureKind::Connect, format!("{host} {text}"));
    }
    if error.is_body() || error.is_decode() {
        return cut_off(host);
    }
    if matches!(
        kind,
        Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
    ) || chain.text.contains("closed before message completed")
    {
        let text = format!("{host} closed the connection without an answer");
        return Failure::new(FailureKind::Connect, text);
    }
    Failure::new(FailureKind::Body, format!("{host} sent no valid HTTP"))
}

/// What went wrong while a body was read.
pub(super) fn of_body(error: &reqwest::Error, host: &str) -> Failure {
    if error.is_timeout() {
        return timeout(host);
    }
    cut_off(host)
}

/// The failure of a body that ended early or is framed badly.
fn cut_off(host: &str) -> Failure {
    let text = format!("{host} closed the connection in the middle of the body");
    Failure::new(FailureKind::Body, text)
}

/// The failure of a visit that exceeded its time limit.
pub(super) fn timeout(host: &str) -> Failure {
    let text = format!("{host} did not answer completely in time");
    Failure::new(FailureKind::Timeout, text)
}

/// The failure of a status that is neither a document nor a redirect.
pub(super) fn of_status(status: StatusCode, host: &str) -> Failure {
    let (kind, text) = match status.as_u16() {
        404 => (FailureKind::NotFound, "has no such document"),
        410 => (FailureKind::Gone, "has removed the document permanently"),
        401 => (FailureKind::Forbidden, "requires a user name and password"),
        403 => (FailureKind::Forbidden, "denies access"),
        451 => (FailureKind::Forbidden, "may not show it for legal reasons"),
        429 => (FailureKind::Throttled, "asks for fewer requests"),
        503 => (
            FailureKind::Throttled,
            "is temporarily unavailable; it will be asked later",
        ),
        500..=599 => (FailureKind::Server, "has a server error"),
        204 | 205 => (FailureKind::Status, "answered without a document"),
        206 => (FailureKind::Status, "sent a part that was not requested"),
        304 => (
            FailureKind::Status,
            "answered \"not modified\" to an unconditional request",
        ),
        _ => (FailureKind::Status, "gave an unexpected answer"),
    };
    Failure::new(kind, format!("{host} {text} (HTTP {})", status.as_u16()))
}

/// The common reasons why a certificate is refused (SEC-09).
fn tls(text: &str) -> Option<&'static str> {
    let has = |part: &str| text.contains(part);
    Some(if has("certificate expired") || has("Expired") {
        "the server's certificate has expired"
    } else if has("not valid for name") || has("NotValidForName") {
        "the server's certificate is for another host"
    } else if has("not valid yet") || has("NotValidYet") {
        "the server's certificate is not valid yet"
    } else if has("UnknownIssuer")
        || has("self-signed")
        || has("self signed")
        || has("CaUsedAsEndEntity")
    {
        "the server's certificate is self-signed or from an unknown authority"
    } else if has("Revoked") || has("certificate revoked") {
        "the server's certificate is revoked"
    } else if has("invalid peer certificate") {
        "the server's certificate is not valid"
    } else if has("HandshakeFailure")
        || has("handshake")
        || has("ProtocolVersion")
        || has("PeerIncompatible")
        || has("fatal alert")
    {
        "the TLS handshake failed"
    } else if has("InvalidContentType") || has("corrupt message") {
        "the server does not speak TLS on this port"
    } else {
        return None;
    })
}

/// The source chain of an error. `source()` of an `io::Error` skips the error that it contains, so that one is added.
struct Chain<'e> {
    links: Vec<&'e (dyn Error + 'static)>,
    text: String,
}

impl<'e> Chain<'e> {
    fn of(error: &'e reqwest::Error) -> Self {
        let mut links: Vec<&'e (dyn Error + 'static)> = Vec::new();
        let mut next = error.source();
        // A real chain is shorter; the limit ends one that contains itself.
        while let Some(link) = next.filter(|_| links.len() < 32) {
            links.push(link);
            let inner = link
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match inner {
                Some(inner) => Some(inner as &(dyn Error + 'static)),
                None => link.source(),
            };
        }
        let texts: Vec<String> = links.iter().map(ToString::to_string).collect();
        let text = texts.join(": ");
        Self { links, text }
    }

    fn find<T: Error + 'static>(&self) -> Option<&'e T> {
        self.links.iter().find_map(|link| link.downcast_ref())
    }

    fn io_kind(&self) -> Option<ErrorKind> {
        let errors = self
            .links
            .iter()
            .filter_map(|l| l.downcast_ref::<io::Error>());
        errors.map(io::Error::kind).next_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_kind() {
        for (status, kind) in [
            (404, FailureKind::NotFound),
            (410, FailureKind::Gone),
            (401, FailureKind::Forbidden),
            (403, FailureKind::Forbidden),
            (451, FailureKind::Forbidden),
            (429, FailureKind::Throttled),
            (503, FailureKind::Throttled),
            (500, FailureKind::Server),
            (418, FailureKind::Status),
            (206, FailureKind::Status),
        ] {
            let failure = of_status(StatusCode::from_u16(status).unwrap(), "news.example");
            assert_eq!(failure.kind, kind, "{status}");
            assert!(
                failure.message.starts_with("news.example ")
                    && failure.message.contains(&status.to_string())
            );
        }
    }

    #[test]
    fn sec_09_reasons_of_refused_certificates_are_named() {
        assert!(
            tls("invalid peer certificate: certificate expired: verification time 9")
                .unwrap()
                .contains("expired")
        );
        assert!(
            tls("invalid peer certificate: certificate not valid for name \"a\"")
                .unwrap()
                .contains("another host")
        );
        assert!(
            tls("invalid peer certificate: UnknownIssuer")
                .unwrap()
                .contains("self-signed")
        );
        assert_eq!(tls("connection reset by peer"), None);
    }
}
