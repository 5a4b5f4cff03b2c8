//! Which addresses are public (SEC-06), by the IANA special-purpose registries and the known metadata services of clouds. Pure
//! tables; what to do about an address is decided by [`guard`](super::guard).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// IPv4 blocks of the IANA special-purpose registry (and multicast) that are not globally reachable.
const SPECIAL_V4: [Ipv4Net; 15] = [
    net4([0, 0, 0, 0], 8),
    net4([10, 0, 0, 0], 8),
    net4([100, 64, 0, 0], 10),
    net4([127, 0, 0, 0], 8),
    net4([169, 254, 0, 0], 16),
    net4([172, 16, 0, 0], 12),
    net4([192, 0, 0, 0], 24),
    net4([192, 0, 2, 0], 24),
    net4([192, 88, 99, 0], 24),
    net4([192, 168, 0, 0], 16),
    net4([198, 18, 0, 0], 15),
    net4([198, 51, 100, 0], 24),
    net4([203, 0, 113, 0], 24),
    net4([224, 0, 0, 0], 4),
    net4([240, 0, 0, 0], 4),
];

/// The only IPv6 block with globally reachable unicast addresses.
const GLOBAL_V6: Ipv6Net = net6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Blocks inside [`GLOBAL_V6`] that are not globally reachable.
const SPECIAL_V6: [Ipv6Net; 3] = [
    net6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    net6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    net6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Metadata services, from which the machines of a cloud get credentials. Some lie in public blocks, so they are listed by
/// address.
pub(super) const METADATA: [(&str, IpAddr); 16] = [
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

const fn net4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn net6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), bits)
}

/// Whether `ip` is a metadata service, also if it is embedded in an IPv6 address.
pub fn is_metadata(ip: IpAddr) -> bool {
    let ip = match ip {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    METADATA.iter().any(|(_, known)| *known == ip)
}

/// Whether `ip` is a globally reachable unicast address and not a metadata service. An IPv4 address that is embedded in an IPv6
/// address (mapped, NAT64 64:ff9b::/96, 6to4) is judged as the IPv4 address.
pub fn is_public(ip: IpAddr) -> bool {
    if is_metadata(ip) {
        return false;
    }
    match ip {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|net| net.contains(&v6)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn public(ip: &str) -> bool {
        is_public(ip.parse().unwrap())
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
    fn sec_06_embedded_metadata_addresses_are_not_public() {
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
}
