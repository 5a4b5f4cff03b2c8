//! The base of the addresses that readers see, and the ids of feeds. It comes from the configuration, never from a request: a
//! forged Host or X-Forwarded-Host header must reach no response and no cache (SEC-18).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use uuid::Uuid;

use crate::model::WebUrl;

/// Replaces the base in ids if there is no public address.
const UNNAMED: &str = "https://newswire.invalid";

/// The base of our URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a trailing slash.
    url: String,
    /// The base in ids: `url` if it is public, else [`UNNAMED`], because ids must not change with the listen address.
    name: String,
}

impl BaseUrl {
    /// `server.public_url`.
    pub fn public(url: &WebUrl) -> Self {
        let url = url.as_str().trim_end_matches('/').to_owned();
        Self {
            name: url.clone(),
            url,
        }
    }

    /// The listen address; `None` for a unix socket, or if there is no server.
    pub fn listening(address: Option<SocketAddr>) -> Self {
        let address = address.map(|mut address| {
            // 0.0.0.0 means every address of this machine; a client cannot connect to it.
            match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            address.to_string()
        });
        Self {
            url: format!("http://{}", address.as_deref().unwrap_or("localhost")),
            name: UNNAMED.to_owned(),
        }
    }

    /// The URL of a path that begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The id of the merged feed at `path`, whatever its format: a name-based UUID, so that it is the same on a rebuilt
    /// store and on every address listened on.
    pub fn id(&self, path: &str) -> String {
        let name = format!("{}{path}", self.name);
        format!(
            "urn:uuid:{}",
            Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_depend_on_the_address_listened_on() {
        let a = BaseUrl::listening("127.0.0.1:8390".parse().ok());
        let b = BaseUrl::listening("[::]:80".parse().ok());
        assert_eq!(a.id("/feeds/all"), b.id("/feeds/all"));
        assert_ne!(a.id("/feeds/all"), a.id("/feeds/sea"));
        assert_eq!(
            a.at("/feeds/all.atom"),
            "http://127.0.0.1:8390/feeds/all.atom"
        );
        assert_eq!(b.at("/"), "http://[::1]:80/");
        assert_eq!(BaseUrl::listening(None).at("/"), "http://localhost/");
    }

    #[test]
    fn a_public_url_may_have_a_path() {
        let base = BaseUrl::public(&WebUrl::parse("https://example.org/news/").unwrap());
        assert_eq!(
            base.at("/feeds/all.rss"),
            "https://example.org/news/feeds/all.rss"
        );
    }
}
