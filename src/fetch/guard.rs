//! Which addresses and ports may be contacted (SEC-06). Pure: knows no names and no network. The check is made on
//! address literals of every hop and, in the resolver, on the very addresses that are dialled.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::Host;

use crate::model::WebUrl;

/// IPv4 blocks of the IANA special-purpose registry (and multicast) that are not globally reachable.
const SPECIAL_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// IPv6 blocks inside 2000::/3 that are not globally reachable; outside 2000::/3 nothing is.
const SPECIAL_V6: [([u16; 8], u8); 3] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Where clouds tell their machines secrets, by name: none is public, whatever its block says, and none is opened by an allowed
/// block around it, only by its own address. An address that lies in a public block would pass every other check.
const METADATA: [(&str, IpAddr); 16] = [
    // The same address in AWS, Google Cloud, Azure, Oracle Cloud, IBM Cloud, DigitalOcean, Hetzner, OpenStack and others.
    ("most clouds", v4(169, 254, 169, 254)),
    ("Azure (wire server)", v4(168, 63, 129, 16)),
    ("AWS, IPv6", v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254])),
    ("AWS (containers)", v4(169, 254, 170, 2)),
    ("AWS (EKS)", v4(169, 254, 170, 23)),
    ("AWS (EKS), IPv6", v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23])),
    (
        "Google Cloud, IPv6",
        v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]),
    ),
    ("Oracle Cloud", v4(192, 0, 0, 192)),
    (
        "Oracle Cloud, IPv6",
        v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]),
    ),
    (
        "OpenStack, IPv6",
        v6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe]),
    ),
    ("Alibaba Cloud", v4(100, 100, 100, 200)),
    ("Tencent Cloud", v4(169, 254, 0, 23)),
    ("Volcano Engine", v4(100, 96, 0, 96)),
    ("Scaleway", v4(169, 254, 42, 42)),
    ("Scaleway, IPv6", v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42])),
    (
        "Vultr, IPv6",
        v6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 0x254]),
    ),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h))
}

/// Whether a cloud tells its machines secrets at `ip`, also if it is written inside an IPv6 address.
pub fn is_metadata(ip: IpAddr) -> bool {
    let ip = match ip {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    METADATA.iter().any(|(_, known)| *known == ip)
}

/// Whether `ip` is a globally routable unicast address, by the IANA special-purpose registries. An IPv4 address
/// inside an IPv6 one (mapped, NAT64 64:ff9b::/96, 6to4) is judged itself. The metadata service of a cloud never is.
pub fn is_public(ip: IpAddr) -> bool {
    if is_metadata(ip) {
        return false;
    }
    match ip {
        IpAddr::V4(v4) => !SPECIAL_V4
            .iter()
            .any(|(net, bits)| v4_in(v4, Ipv4Addr::from(*net), *bits)),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                v6_in(v6, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                    && !SPECIAL_V6
                        .iter()
                        .any(|(net, bits)| v6_in(v6, Ipv6Addr::from(*net), *bits))
            }
        },
    }
}

fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => Some(join(g, h)),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, _) => Some(join(b, c)),
        _ => None,
    }
}

fn v4_in(ip: Ipv4Addr, net: Ipv4Addr, bits: u8) -> bool {
    let mask = u32::MAX
        .checked_shl(32u32.saturating_sub(u32::from(bits)))
        .unwrap_or(0);
    u32::from(ip) & mask == u32::from(net) & mask
}

fn v6_in(ip: Ipv6Addr, net: Ipv6Addr, bits: u8) -> bool {
    let mask = u128::MAX
        .checked_shl(128u32.saturating_sub(u32::from(bits)))
        .unwrap_or(0);
    u128::from(ip) & mask == u128::from(net) & mask
}

/// A network in CIDR form: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    ip: IpAddr,
    bits: u8,
}

/// A text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a network: {0:?}; write an address or a block like 10.0.0.0/8")]
pub struct NetError(String);

impl Net {
    /// Whether `ip` lies inside. An IPv4-mapped IPv6 address counts as the IPv4 address.
    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.ip, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => v4_in(ip, net, self.bits),
            (IpAddr::V6(net), IpAddr::V6(ip)) => v6_in(ip, net, self.bits),
            _ => false,
        }
    }
}

impl Net {
    /// Whether it is one address.
    fn is_one(self) -> bool {
        self.bits == if self.ip.is_ipv4() { 32 } else { 128 }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.bits)
    }
}

impl FromStr for Net {
    type Err = NetError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let wrong = || NetError(s.to_owned());
        let (ip, bits) = match s.trim().split_once('/') {
            Some((ip, bits)) => (ip, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (s.trim(), None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { ip, bits })
    }
}

/// Says where the host is, unless it is named by its address.
fn at(host: &str, ip: IpAddr) -> String {
    let named = host.trim_matches(['[', ']']).parse() == Ok(ip);
    if named {
        String::new()
    } else {
        format!(" is at {ip}, which")
    }
}

/// The network to allow so that this address can be reached: the private network that it is in, else the address alone.
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

/// The address guard refused. The text names host and address, nothing else of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Every address of the host is private or reserved.
    #[error(
        "{host}{} is a private or reserved address; to allow it, set allow_private = [\"{}\"] under [fetch]",
        at(host, *ip),
        network_of(*ip)
    )]
    Address {
        /// The host asked for.
        host: String,
        /// Its (first) address.
        ip: IpAddr,
    },
    /// A port that belongs to another protocol.
    #[error("port {port} of {host} is not a web port (80, 443, or 1024 and above)")]
    Port {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
    },
}

/// What may be contacted.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Anything at all.
    pub allow_all: bool,
    /// These, besides public addresses.
    pub allow: Vec<Net>,
}

impl Guard {
    /// Whether this address may be dialled. A block does not open the metadata service inside it.
    pub fn allows(&self, ip: IpAddr) -> bool {
        let is_metadata = is_metadata(ip);
        let opens = |net: &Net| net.contains(ip) && (net.is_one() || !is_metadata);
        self.allow_all || is_public(ip) || self.allow.iter().any(opens)
    }

    /// Checks what can be seen of a URL before its name is resolved: the port, and an address literal in any
    /// spelling (the URL standard has already folded `0x7f.1` and the like). HTTP clients ask no resolver for
    /// literals, so this check cannot be left to it.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn public(ip: &str) -> bool {
        is_public(ip.parse().unwrap())
    }

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
    fn sec_06_special_addresses_are_not_public() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn sec_06_metadata_services_are_opened_by_their_own_address_alone() {
        for (cloud, ip) in METADATA {
            let allowing = |net: &str| Guard {
                allow_all: false,
                allow: vec![net.parse().unwrap()],
            };
            assert!(!Guard::default().allows(ip), "{cloud}");
            assert!(!allowing("0.0.0.0/0").allows(ip) && !allowing("::/0").allows(ip));
            assert!(allowing(&ip.to_string()).allows(ip), "{cloud}");
        }
        for hidden in [
            "::ffff:168.63.129.16",
            "64:ff9b::a83f:8110",
            "2002:a83f:8110::1",
        ] {
            assert!(!public(hidden), "{hidden}");
        }
        assert!(
            public("168.63.129.17"),
            "its neighbour is no metadata service"
        );
    }

    #[test]
    fn sec_06_public_addresses_are_public() {
        for ip in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(public(ip), "{ip}");
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
    fn networks_are_read_or_refused() {
        assert!(
            "0.0.0.0/0"
                .parse::<Net>()
                .unwrap()
                .contains("9.9.9.9".parse().unwrap())
        );
        assert!(
            "::1"
                .parse::<Net>()
                .unwrap()
                .contains("::1".parse().unwrap())
        );
        assert!(
            !"::1"
                .parse::<Net>()
                .unwrap()
                .contains("::2".parse().unwrap())
        );
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "example.org",
            "10.0.0.0/x",
        ] {
            assert!(text.parse::<Net>().is_err(), "{text}");
        }
    }
}
