//! What an operator decides about fetching. No I/O, no defaults that differ from
//! the documented ones.

use std::path::PathBuf;
use std::time::Duration;

use super::guard::Net;
use super::local::LocalHosts;
use super::resolve::Names;
use super::visit_time::OWN_WAIT_MAX;

/// Settings of a [`super::Fetcher`].
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Sent with every request (ET-40); see [`user_agent`].
    pub user_agent: String,
    /// Limit of one visit, redirects included, waiting for permits and for memory excluded.
    pub timeout_total: Duration,
    /// Longest time that a visit waits, over all of its requests, for our own memory, decoding and lookup threads.
    pub own_wait: Duration,
    /// Most bytes of a body, as sent and as decoded.
    pub body_bytes_max: usize,
    /// Most redirects followed.
    pub redirects_max: usize,
    /// Requests in flight at once, over all hosts; at least 1. Those that are slow are counted apart, up to eight times
    /// as many.
    pub concurrency: usize,
    /// Requests in flight at once to one host; at least 1.
    pub per_host: usize,
    /// Time between two request starts to one host. Zero switches our own spacing off, slow table included;
    /// what servers ask for holds nevertheless.
    pub host_delay: Duration,
    /// Hosts (with their subdomains) that want more time between starts.
    pub slow_hosts: Vec<(String, Duration)>,
    /// Contact any address and port. For closed networks only.
    pub allow_private_all: bool,
    /// Networks that may be contacted although they are not public.
    pub allow_private: Vec<Net>,
    /// A proxy for everything (`http://host:port`). The address guard then sees literals only, not names.
    pub proxy: Option<String>,
    /// PEM file with further certificate authorities.
    pub extra_ca: Option<PathBuf>,
    /// How names become addresses.
    pub names: Names,
    /// Hosts that this process serves itself.
    pub local: Option<LocalHosts>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            user_agent: user_agent(None, 1),
            timeout_total: Duration::from_secs(30),
            own_wait: OWN_WAIT_MAX,
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
    /// The file of further authorities cannot be used.
    #[error("cannot use the certificate file {path}: {reason}; give a readable PEM file")]
    ExtraCa {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The proxy's URL cannot be used. It is not repeated: it may hold a password.
    #[error("the proxy is no usable URL; write http://host:port")]
    Proxy,
    /// A text cannot stand in an HTTP header.
    #[error("the user agent holds characters that no HTTP header may hold")]
    UserAgent,
    /// The HTTP client refused.
    #[error("cannot set up the HTTP client: {0}; are the system's CA certificates installed?")]
    Client(String),
}

/// The identity that servers see (ET-40): `newswire/VERSION (+PROJECT-URL; CONTACT; N subscribers)`. Characters
/// that would break the form or the header are dropped from `contact`.
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
