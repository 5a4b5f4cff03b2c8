//! Which names this server answers to. A page of another site can make its own name lead to this machine and read what
//! it likes of a server that asks for no token (DNS rebinding); the name that it used stands in `Host`, so what is no
//! name of ours is refused (SEC-22).
//!
//! An address is no name: nobody but its owner gives it out. With a token no name has to be known: a page of another site
//! does not have it.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use url::Host;

use super::options::ServeOptions;

/// Paths that are answered under any name: monitors ask by whatever name they know, and what is said is in no article.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// What is wrong with the host that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// There is none, there are several, or it is no host: 400.
    Malformed,
    /// It is none of ours: 421 (RFC 9110 section 15.5.20).
    Foreign,
}

/// The names of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// None: any name will do.
    ours: Option<BTreeSet<String>>,
}

impl Hosts {
    /// `server.public_url`, the names of `server.allowed_hosts` and the host of the callback; any name, if a token is
    /// asked for.
    pub fn of(options: &ServeOptions) -> Self {
        let url_hosts = [&options.public_url, &options.callback_url];
        let url_hosts = url_hosts.into_iter().flatten().map(|url| url.host());
        let names = options.allowed_hosts.iter().map(String::as_str);
        Self {
            ours: options
                .tokens
                .is_none()
                .then(|| url_hosts.chain(names).map(plain).collect()),
        }
    }

    /// What is wrong with the host of a request, if anything. In HTTP/1.0 it need not name one; no browser speaks it.
    pub fn wrong(&self, request: &Request) -> Option<Wrong> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        if second.is_some() || (first.is_none() && request.version() != Version::HTTP_10) {
            return Some(Wrong::Malformed);
        }
        let is_open = OPEN.contains(&request.uri().path());
        // RFC 9112 section 3.2.2: a target may be a whole URL. Both hosts have to be right.
        let of_target = request.uri().authority().map(|a| a.as_str());
        let of_header = match first.map(HeaderValue::to_str).transpose() {
            Ok(host) => host,
            Err(_) => return Some(Wrong::Malformed),
        };
        for authority in of_target.into_iter().chain(of_header) {
            match host(authority) {
                None => return Some(Wrong::Malformed),
                Some(host) if !is_open && !self.answers_to(&host) => return Some(Wrong::Foreign),
                Some(_) => {}
            }
        }
        None
    }

    fn answers_to(&self, host: &Host<String>) -> bool {
        let Some(ours) = &self.ours else {
            return true;
        };
        match host {
            Host::Ipv4(_) | Host::Ipv6(_) => true,
            Host::Domain(name) => {
                let name = plain(name);
                name == "localhost" || name.ends_with(".localhost") || ours.contains(&name)
            }
        }
    }
}

/// The host of `host:port`, as URLs have it (the WHATWG URL standard); none if it is no host.
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

/// A name as it is compared: in lower case, without the dot of the root.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::model::WebUrl;

    fn hosts() -> Hosts {
        Hosts::of(&ServeOptions {
            public_url: WebUrl::parse("https://News.example.org/river").ok(),
            allowed_hosts: vec!["newswire".to_owned()],
            ..ServeOptions::default()
        })
    }

    fn asked(target: &str, host: &str) -> Option<Wrong> {
        let request = Request::builder().uri(target).header(header::HOST, host);
        hosts().wrong(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn sec_22_addresses_localhost_and_our_own_names_are_answered() {
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
            assert_eq!(asked("/", host), None, "{host}");
        }
    }

    #[test]
    fn sec_22_any_other_name_is_refused_but_for_the_probes() {
        for host in [
            "evil.example",
            "evil.example:8390",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "example.org",
            "xnews.example.org",
        ] {
            assert_eq!(asked("/", host), Some(Wrong::Foreign), "{host}");
            assert_eq!(asked("/healthz", host), None, "{host}");
            assert_eq!(asked("/metrics", host), Some(Wrong::Foreign), "{host}");
        }
        assert_eq!(
            asked("http://evil.example/", "127.0.0.1"),
            Some(Wrong::Foreign),
            "the target counts"
        );
        assert_eq!(asked("http://localhost/", "localhost"), None);
    }

    #[test]
    fn sec_22_what_is_no_host_is_refused_everywhere() {
        for host in [
            "",
            ":80",
            "a b",
            "user@localhost",
            "localhost:x",
            "[::1",
            "a%41.localhost",
        ] {
            assert_eq!(asked("/", host), Some(Wrong::Malformed), "{host:?}");
            assert_eq!(asked("/healthz", host), Some(Wrong::Malformed), "{host:?}");
        }
    }

    #[test]
    fn sec_22_with_a_token_any_name_will_do() {
        let private = Hosts::of(&ServeOptions {
            tokens: super::super::Tokens::read("0123456789abcdef0").ok(),
            ..ServeOptions::default()
        });
        let request = Request::builder().uri("/").header(header::HOST, "nas.home");
        assert_eq!(private.wrong(&request.body(Body::empty()).unwrap()), None);
    }
}
