//! The address guard: which addresses and ports may be contacted (SEC-06). It checks addresses that are written in the URL of
//! every hop; the resolver calls it for the very addresses that are then dialled. Pure: resolves no names.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Host;

use super::addresses::{is_metadata, is_public};
use crate::model::WebUrl;

/// What may be contacted. By default, public addresses only.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Allow every address and port.
    pub allow_all: bool,
    /// Networks that are allowed although they are not public.
    pub allow: Vec<IpNet>,
}

/// Why an address or a port may not be contacted. The text contains the host and the address and nothing else of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Every address of the host is private or reserved.
    #[error(
        "{host}{} is a private or reserved address; to allow it, set allow_private = [\"{}\"] under [fetch]",
        address_of(host, *ip),
        network_of(*ip)
    )]
    Address {
        /// The requested host.
        host: String,
        /// Its first address.
        ip: IpAddr,
    },
    /// A port that belongs to another protocol.
    #[error("port {port} of {host} is not a web port (80, 443, or 1024 and above)")]
    Port {
        /// The requested host.
        host: String,
        /// The requested port.
        port: u16,
    },
}

/// The text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a network: {0:?}; write an address or a block like 10.0.0.0/8")]
pub struct NetworkError(String);

/// Reads a network in CIDR form (`10.0.0.0/8`, `fd00::/8`), or a single address.
///
/// # Errors
/// [`NetworkError`] if it is neither.
pub fn parse_network(text: &str) -> Result<IpNet, NetworkError> {
    let text = text.trim();
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| single())
        .map_err(|_| NetworkError(text.to_owned()))
}

impl Guard {
    /// Whether this address may be dialled. A metadata service is allowed only by its own address, not by a block around it.
    pub fn allows(&self, ip: IpAddr) -> bool {
        let is_metadata = is_metadata(ip);
        // An IPv4-mapped IPv6 address counts as the IPv4 address.
        let canonical = ip.to_canonical();
        let allows = |net: &IpNet| {
            let is_single = net.prefix_len() == net.max_prefix_len();
            net.contains(&canonical) && (is_single || !is_metadata)
        };
        self.allow_all || is_public(ip) || self.allow.iter().any(allows)
    }

    /// Checks what can be seen of a URL before its name is resolved: the port, and an address in any spelling (the URL parser
    /// has already normalized `0x7f.1` and the like). HTTP clients do not pass such addresses to the resolver.
    ///
    /// # Errors
    /// [`Blocked`] if it may not be contacted.
    pub fn check_url(&self, url: &WebUrl) -> Result<(), Blocked> {
        if self.allow_all {
            return Ok(());
        }
        let port = url.as_url().port_or_known_default().unwrap_or(0);
        if !matches!(port, 80 | 443 | 1024..) {
            let host = url.host().to_owned();
            return Err(Blocked::Port { host, port });
        }
        let ip = match url.as_url().host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.allows(ip) {
            return Ok(());
        }
        let host = url.host().to_owned();
        Err(Blocked::Address { host, ip })
    }
}

/// The address of a host as part of a message; empty if the host is written as this address.
fn address_of(host: &str, ip: IpAddr) -> String {
    match host.trim_matches(['[', ']']).parse() == Ok(ip) {
        true => String::new(),
        false => format!(" is at {ip}, which"),
    }
}

/// The network to allow for this address: the private network that contains it, or the address alone.
fn network_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => match v4.octets() {
            [127, ..] => "127.0.0.0/8".to_owned(),
            [10, ..] => "10.0.0.0/8".to_owned(),
            [172, 16..=31, ..] => "172.16.0.0/12".to_owned(),
            [192, 168, ..] => "192.168.0.0/16".to_owned(),
            _ => format!("{v4}/32"),
        },
        IpAddr::V6(v6) => format!("{v6}/128"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::addresses::METADATA;
    use super::*;

    #[test]
    fn a_refusal_names_an_address_once() {
        let text = |host: &str, ip: &str| {
            let (host, ip) = (host.to_owned(), ip.parse().unwrap());
            Blocked::Address { host, ip }.to_string()
        };
        let is_private = |network: &str| {
            format!(
                "is a private or reserved address; to allow it, set allow_private = [\"{network}\"] under [fetch]"
            )
        };
        assert_eq!(
            text("10.0.0.1", "10.0.0.1"),
            format!("10.0.0.1 {}", is_private("10.0.0.0/8"))
        );
        assert_eq!(
            text("[::1]", "::1"),
            format!("[::1] {}", is_private("::1/128"))
        );
        assert_eq!(
            text("nas.example", "192.168.7.1"),
            format!(
                "nas.example is at 192.168.7.1, which {}",
                is_private("192.168.0.0/16")
            )
        );
    }

    #[test]
    fn sec_06_metadata_services_are_allowed_by_their_own_address_alone() {
        for (cloud, ip) in METADATA {
            let allowing = |net: &str| Guard {
                allow_all: false,
                allow: vec![parse_network(net).unwrap()],
            };
            assert!(!Guard::default().allows(ip), "{cloud}");
            assert!(!allowing("0.0.0.0/0").allows(ip) && !allowing("::/0").allows(ip));
            assert!(allowing(&ip.to_string()).allows(ip), "{cloud}");
        }
    }

    #[test]
    fn sec_06_literals_in_every_spelling_are_refused() {
        let guard = Guard::default();
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:127.0.0.2]/",
            "http://１２７.0.0.1/",
            "http://[64:ff9b::7f00:1]/",
            "http://169.254.169.254/latest",
        ] {
            let url = WebUrl::parse(url).unwrap();
            assert!(
                matches!(guard.check_url(&url), Err(Blocked::Address { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn sec_06_ports_of_other_protocols_are_refused() {
        let guard = Guard::default();
        let check = |url: &str| guard.check_url(&WebUrl::parse(url).unwrap());
        assert!(check("http://example.org:25/").is_err());
        assert!(check("http://example.org:22/").is_err());
        assert!(check("http://example.org:8080/").is_ok());
        assert!(check("https://example.org/").is_ok());
        assert!(check("https://example.org:80/").is_ok());
    }

    #[test]
    fn sec_06_allowed_networks_open_only_themselves() {
        let guard = Guard {
            allow_all: false,
            allow: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
        };
        assert!(guard.allows("10.9.9.9".parse().unwrap()));
        assert!(guard.allows("::ffff:10.9.9.9".parse().unwrap()));
        assert!(guard.allows("fd00::5".parse().unwrap()));
        assert!(!guard.allows("192.168.0.1".parse().unwrap()));
        assert!(!guard.allows("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn networks_are_parsed_or_refused() {
        let contains = |network: &str, ip: &str| {
            let ip: IpAddr = ip.parse().unwrap();
            parse_network(network).unwrap().contains(&ip)
        };
        assert!(contains("0.0.0.0/0", "9.9.9.9"));
        assert!(contains(" ::1 ", "::1"));
        assert!(!contains("::1", "::2"));
        assert_eq!(parse_network("::1").unwrap().to_string(), "::1/128");
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "example.org",
            "10.0.0.0/x",
        ] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }
}
