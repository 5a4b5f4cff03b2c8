//! The client for hosts that this process serves itself (the newspapers of the sample). Exactly these names at exactly one port
//! lead to exactly one address; the guard (SEC-06) applies to every other URL. Requests must never go through a proxy.

use url::{Host, Url};

use super::options::{FetchSetupError, LocalHosts};
use crate::model::WebUrl;

/// Sends requests to the local hosts.
#[derive(Debug)]
pub(super) struct LocalClient {
    hosts: LocalHosts,
    /// Resolves these names only.
    pub(super) client: reqwest::Client,
}

impl LocalClient {
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

    /// The URL to request instead of `url`, if it belongs to one of these hosts.
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
        let is_local =
            url.scheme() == "http" && url.port() == Some(*port) && names.iter().any(|n| n == host);
        let mut target = is_local.then(|| url.clone())?;
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
        let local = LocalClient::new(hosts, reqwest::Client::builder()).unwrap();
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
