//! Sites: which hosts belong together. By the public suffix list (publicsuffix.org), which is compiled in.

use std::net::IpAddr;

/// The site of a host: its registrable domain, or the host itself if it has none, such as an address or a name in a local network.
pub fn site_of(host: &str) -> &str {
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_45_hosts_of_one_registrable_domain_are_one_site() {
        assert_eq!(site_of("feeds.bbci.co.uk"), "bbci.co.uk");
        assert_eq!(site_of("www.example.com"), "example.com");
        assert_eq!(site_of("ann.github.io"), "ann.github.io", "each its own");
        assert_eq!(site_of("localhost"), "localhost");
        assert_eq!(site_of("192.0.2.7"), "192.0.2.7");
        assert_eq!(site_of("[2001:db8::1]"), "[2001:db8::1]");
    }
}
