//! Sites: which hosts belong together. By the public suffix list (publicsuffix.org), which is compiled in.

use std::net::IpAddr;

/// The site of a host: its registrable domain, or the host itself if it has none, such as an address or a name in a local network.
pub fn site_of(host: &str) -> &str {
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// The owner of a feed, as far as addresses say: the site that the feed names as its own, else the site of its address. Feeds on a
/// service that publishes the feeds of others thus belong to their publishers. An address without a host is its own owner.
pub fn owner_of(feed_url: &str, site: Option<&str>) -> String {
    let of = |url: &str| {
        let url = url::Url::parse(url).ok()?;
        Some(site_of(url.host_str()?).to_owned())
    };
    site.and_then(of)
        .or_else(|| of(feed_url))
        .unwrap_or_else(|| feed_url.to_owned())
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

    #[test]
    fn feeds_that_name_one_site_have_one_owner() {
        let owner = |url, site| owner_of(url, site);
        let paper = owner("https://feeds.paper.example.com/a", None);
        assert_eq!(paper, "example.com");
        let proxied = owner("https://proxy.net/x", Some("https://www.example.com/world"));
        assert_eq!(proxied, paper);
        assert_eq!(owner("https://proxy.net/x", Some("no URL")), "proxy.net");
        assert_eq!(owner("file:///a.xml", None), "file:///a.xml");
    }
}
