//! The host names that this server answers to, against DNS rebinding (SEC-22): a page of another site can resolve its own host
//! name to this machine and would then read a server without tokens. The browser sends that name in `Host`, so a request
//! with an unknown name is refused.
//!
//! IP addresses are always allowed, because no other site can use them for rebinding. With tokens every name is allowed: the
//! other site has no token.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use url::Host;

use super::options::ServeOptions;

/// Paths that are answered under any name: monitoring systems use names of their own, and the responses contain no article.
const OPEN_PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// Why the host of a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostError {
    /// There is no host, several, or an invalid one: 400.
    Malformed,
    /// It is not a name of this server: 421 (RFC 9110 section 15.5.20).
    Unknown,
}

/// The host names of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts {
    /// `None`: every name.
    names: Option<BTreeSet<String>>,
}

impl AllowedHosts {
    /// The hosts of `server.public_url` and of the callback, and `server.allowed_hosts`; every name if there are tokens.
    pub fn new(options: &ServeOptions) -> Self {
        let url_hosts = [&options.public_url, &options.callback_url];
        let url_hosts = url_hosts.into_iter().flatten().map(|url| url.host());
        let names = options.allowed_hosts.iter().map(String::as_str);
        Self {
            names: options
                .tokens
                .is_none()
                .then(|| url_hosts.chain(names).map(normalized).collect()),
        }
    }

    /// Checks the host of a request. HTTP/1.0 requires none, and no browser uses it.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn check(&self, request: &Request) -> Result<(), HostError> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        if second.is_some() || (first.is_none() && request.version() != Version::HTTP_10) {
            return Err(HostError::Malformed);
        }
        let is_open = OPEN_PATHS.contains(&request.uri().path());
        // RFC 9112 section 3.2.2: the target may be a whole URL. Both hosts are checked.
        let of_target = request.uri().authority().map(|a| a.as_str());
        let of_header = match first.map(HeaderValue::to_str).transpose() {
            Ok(host) => host,
            Err(_) => return Err(HostError::Malformed),
        };
        for authority in of_target.into_iter().chain(of_header) {
            match host(authority) {
                None => return Err(HostError::Malformed),
                Some(host) if !is_open && !self.allows(&host) => return Err(HostError::Unknown),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Whether the origin of a page is this server, by any of its names.
    pub fn allows_origin(&self, origin: &str) -> bool {
        let authority = ["http://", "https://"]
            .iter()
            .find_map(|scheme| origin.strip_prefix(scheme));
        authority
            .and_then(host)
            .is_some_and(|host| self.allows(&host))
    }

    fn allows(&self, host: &Host<String>) -> bool {
        let Some(names) = &self.names else {
            return true;
        };
        match host {
            Host::Ipv4(_) | Host::Ipv6(_) => true,
            Host::Domain(name) => {
                let name = normalized(name);
                name == "localhost" || name.ends_with(".localhost") || names.contains(&name)
            }
        }
    }
}

/// The host of `host:port`, parsed as in URLs (WHATWG URL standard); `None` if it is invalid.
fn host(authority: &str) -> Option<Host<String>> {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority.get(after_brackets..)?.rfind(':') {
        Some(colon) => authority.split_at_checked(after_brackets + colon)?,
        None => (authority, ""),
    };
    let is_port = port.chars().skip(1).all(|c| c.is_ascii_digit());
    let is_plain = !host.contains(['@', '/', '?', '#', '\\', '%']);
    Host::parse(host).ok().filter(|_| is_port && is_plain)
}

/// A name for comparison: in lower case, without a trailing dot.
fn normalized(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::model::WebUrl;

    fn hosts() -> AllowedHosts {
        AllowedHosts::new(&ServeOptions {
            public_url: WebUrl::parse("https://News.example.org/river").ok(),
            allowed_hosts: vec!["newswire".to_owned()],
            ..ServeOptions::default()
        })
    }

    fn check(target: &str, host: &str) -> Result<(), HostError> {
        let request = Request::builder().uri(target).header(header::HOST, host);
        hosts().check(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn sec_22_addresses_localhost_and_configured_names_are_allowed() {
        for host in [
            "127.0.0.1:8390",
            "192.168.1.7",
            "[::1]:8390",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:8390",
            "a.b.localhost",
            "localhost.",
            "news.example.org",
            "NEWS.example.org.:443",
            "newswire:8390",
        ] {
            assert_eq!(check("/", host), Ok(()), "{host}");
        }
    }

    #[test]
    fn sec_22_any_other_name_is_refused_except_for_probes() {
        for host in [
            "evil.example",
            "evil.example:8390",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "example.org",
            "xnews.example.org",
        ] {
            assert_eq!(check("/", host), Err(HostError::Unknown), "{host}");
            assert_eq!(check("/healthz", host), Ok(()), "{host}");
            assert_eq!(check("/metrics", host), Err(HostError::Unknown), "{host}");
        }
        assert_eq!(
            check("http://evil.example/", "127.0.0.1"),
            Err(HostError::Unknown),
            "the target counts"
        );
        assert_eq!(check("http://localhost/", "localhost"), Ok(()));
    }

    #[test]
    fn sec_22_an_invalid_host_is_refused_everywhere() {
        for host in [
            "",
            ":80",
            "a b",
            "user@localhost",
            "localhost:x",
            "[::1",
            "a%41.localhost",
        ] {
            assert_eq!(check("/", host), Err(HostError::Malformed), "{host:?}");
            assert_eq!(
                check("/healthz", host),
                Err(HostError::Malformed),
                "{host:?}"
            );
        }
    }

    #[test]
    fn sec_22_with_tokens_every_name_is_allowed() {
        let private = AllowedHosts::new(&ServeOptions {
            tokens: super::super::Tokens::read("0123456789abcdef0").ok(),
            ..ServeOptions::default()
        });
        let request = Request::builder().uri("/").header(header::HOST, "nas.home");
        assert_eq!(private.check(&request.body(Body::empty()).unwrap()), Ok(()));
    }
}
