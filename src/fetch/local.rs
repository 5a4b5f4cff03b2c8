//! Hosts that this process serves itself: the papers of the sample. Exactly these names, at exactly one port, lead to
//! exactly one address; the guard (SEC-06) still judges every other URL. Never opens a network, a port or a name
//! beside these, and never goes through a proxy.

use std::net::SocketAddr;

use url::{Host, Url};

use super::options::FetchSetupError;
use crate::model::WebUrl;

/// Names that lead to a server of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalHosts {
    /// The host names, in lower case.
    pub names: Vec<String>,
    /// The port that their URLs name; at another port they are hosts like any other.
    pub port: u16,
    /// Where the server listens; its port may differ from the one in the URLs.
    pub address: SocketAddr,
}

/// The way to these hosts.
#[derive(Debug)]
pub(super) struct Local {
    hosts: LocalHosts,
    /// A client of its own, which resolves these names only.
    pub(super) client: reqwest::Client,
}

impl Local {
    pub(super) fn new(
        hosts: LocalHosts,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<Self, FetchSetupError> {
        for name in &hosts.names {
            builder = builder.resolve(name, hosts.address);
        }
        let client = builder.build();
        let client = client.map_err(|e| FetchSetupError::Client(e.to_string()))?;
        Ok(Self { hosts, client })
    }

    /// What to ask for instead of `url`, if it belongs to one of these hosts.
    pub(super) fn target(&self, url: &WebUrl) -> Option<Url> {
        let LocalHosts {
            names,
            port,
            address,
        } = &self.hosts;
        let url = url.as_url();
        let Some(Host::Domain(host)) = url.host() else {
            return None;
        };
        let is_ours =
            url.scheme() == "http" && url.port() == Some(*port) && names.iter().any(|n| n == host);
        let mut target = is_ours.then(|| url.clone())?;
        target.set_port(Some(address.port())).ok()?;
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_06_only_the_named_hosts_at_the_named_port_are_local() {
        let hosts = LocalHosts {
            names: vec!["ledger.localhost".to_owned()],
            port: 8391,
            address: "127.0.0.1:40000".parse().unwrap(),
        };
        let local = Local::new(hosts, reqwest::Client::builder()).unwrap();
        let target = |url: &str| {
            let url = WebUrl::parse(url).unwrap();
            local.target(&url).map(|t| t.to_string())
        };
        assert_eq!(
            target("http://Ledger.localhost:8391/feed.xml?a#b").as_deref(),
            Some("http://ledger.localhost:40000/feed.xml?a#b")
        );
        for other in [
            "http://ledger.localhost/",
            "http://ledger.localhost:8392/",
            "http://ledger.localhost:40000/",
            "https://ledger.localhost:8391/",
            "http://ledger.localhost.:8391/",
            "http://x.ledger.localhost:8391/",
            "http://localhost:8391/",
            "http://127.0.0.1:8391/",
            "http://ledger.localhost.example:8391/",
        ] {
            assert_eq!(target(other), None, "{other}");
        }
    }
}
