//! Settings of the fetcher, with the documented defaults. No I/O.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::resolve::Names;
use super::visit_time::LOCAL_WAIT_MAX;

/// Settings of a [`super::Fetcher`].
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Sent with every request (ET-40); see [`user_agent`].
    pub user_agent: String,
    /// Time limit for all servers of one visit, redirects included. Waiting for permits and memory does not count.
    pub timeout_total: Duration,
    /// Limit for waiting for memory, decoding slots and lookup threads, over all requests of one visit.
    pub local_wait: Duration,
    /// Most bytes of a body, as sent and as decoded.
    pub body_bytes_max: usize,
    /// Most redirects followed.
    pub redirects_max: usize,
    /// Requests in flight at once, over all hosts; at least 1. Slow ones are counted apart, up to eight times as many.
    pub concurrency: usize,
    /// Requests in flight at once to one host; at least 1.
    pub per_host: usize,
    /// Time between two request starts to one host. Zero switches off our own spacing, including that of `slow_hosts`; pauses
    /// that servers ask for still apply.
    pub host_delay: Duration,
    /// Hosts (with their subdomains) that require more time between starts.
    pub slow_hosts: Vec<(String, Duration)>,
    /// Contact any address and port. For closed networks only.
    pub allow_private_all: bool,
    /// Networks that may be contacted although they are not public.
    pub allow_private: Vec<IpNet>,
    /// A proxy for all requests (`http://host:port`). The address guard then checks only addresses that are written in URLs.
    pub proxy: Option<String>,
    /// PEM file with further certificate authorities.
    pub extra_ca: Option<PathBuf>,
    /// How names are resolved.
    pub names: Names,
    /// Hosts that this process serves itself.
    pub local: Option<LocalHosts>,
}

/// Host names that lead to a server of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalHosts {
    /// The host names, in lower case.
    pub names: Vec<String>,
    /// The port in their URLs; at another port they are hosts like any other.
    pub port: u16,
    /// Where the server listens; its port may differ from the one in the URLs.
    pub address: SocketAddr,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            user_agent: user_agent(None, 1),
            timeout_total: Duration::from_secs(30),
            local_wait: LOCAL_WAIT_MAX,
            body_bytes_max: 16 << 20,
            redirects_max: 5,
            concurrency: 32,
            per_host: 1,
            host_delay: Duration::from_secs(2),
            slow_hosts: vec![("reddit.com".to_owned(), Duration::from_secs(60))],
            allow_private_all: false,
            allow_private: Vec::new(),
            proxy: None,
            extra_ca: None,
            names: Names::System,
            local: None,
        }
    }
}

/// Why a [`super::Fetcher`] could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum FetchSetupError {
    /// The file with further certificate authorities cannot be used.
    #[error("cannot use the certificate file {path}: {reason}; give a readable PEM file")]
    ExtraCa {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The proxy's URL cannot be used. The message does not contain it, because it may contain a password.
    #[error("the proxy is not a usable URL; write http://host:port")]
    Proxy,
    /// The user agent cannot be sent in a header.
    #[error("the user agent contains characters that an HTTP header cannot hold")]
    UserAgent,
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {0}; are the system's CA certificates installed?")]
    Client(String),
}

/// The user agent that servers see (ET-40): `newswire/VERSION (+PROJECT-URL; CONTACT; N subscribers)`. Characters of `contact`
/// that would break this form or the header are dropped.
pub fn user_agent(contact: Option<&str>, subscribers: u32) -> String {
    let contact: String = contact
        .unwrap_or_default()
        .chars()
        .filter(|c| (c.is_ascii_graphic() || *c == ' ') && !matches!(c, '(' | ')' | ';'))
        .collect();
    let project = match env!("CARGO_PKG_REPOSITORY") {
        "" => "https://crates.io/crates/newswire",
        url => url,
    };
    let contact = match contact.trim() {
        "" => String::new(),
        text => format!("; {text}"),
    };
    let noun = if subscribers == 1 {
        "subscriber"
    } else {
        "subscribers"
    };
    format!(
        "newswire/{} (+{project}{contact}; {subscribers} {noun})",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_40_user_agent_names_version_project_contact_and_subscribers() {
        let ua = user_agent(Some("ops@example.org (night\n); x"), 3);
        assert!(ua.starts_with("newswire/"), "{ua}");
        assert!(ua.contains("(+https://"), "{ua}");
        assert!(
            ua.ends_with("; ops@example.org night x; 3 subscribers)"),
            "{ua}"
        );
        assert!(!ua.contains("Mozilla"));
    }
}
