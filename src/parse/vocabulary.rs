//! Which vocabulary a namespace or an undeclared prefix means. Never guesses for an unknown one: it is
//! [`Ns::Other`].

/// The vocabularies that newswire reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ns {
    /// RSS of every version, and names without a namespace.
    Core,
    /// Atom 1.0 (RFC 4287) and 0.3.
    Atom,
    /// Dublin Core elements 1.0 and 1.1.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// RSS content module.
    Content,
    /// Media RSS.
    Media,
    /// iTunes and Google Play podcasts.
    Itunes,
    /// XHTML.
    Xhtml,
    /// RSS syndication module.
    Syndication,
    /// Feed paging and archiving (RFC 5005).
    History,
    /// RDF.
    Rdf,
    /// `xml:`.
    Xml,
    /// Well formed license modules: `creativeCommons:license`, `cc:license`.
    License,
    /// Any other namespace.
    Other,
}

/// The Atom 0.3 namespace.
pub const ATOM_03: &str = "http://purl.org/atom/ns#";

/// The vocabulary of a namespace URI. Case, scheme and a trailing `/` or `#` do not matter: publishers vary them.
pub fn of_uri(uri: &str) -> Option<Ns> {
    let lower = uri.trim().to_ascii_lowercase();
    let key = lower
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches(['/', '#']);
    Some(match key {
        "" => Ns::Core,
        "www.w3.org/2005/atom" | "purl.org/atom/ns" | "www.w3.org/2005/atom/ns" => Ns::Atom,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc" => Ns::Dc,
        "purl.org/dc/terms" => Ns::DcTerms,
        "purl.org/rss/1.0/modules/content" => Ns::Content,
        "search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" | "www.rssboard.org/media-rss" => {
            Ns::Media
        }
        "www.itunes.com/dtds/podcast-1.0.dtd"
        | "example.com/dtds/podcast-1.0.dtd"
        | "www.google.com/schemas/play-podcasts/1.0" => Ns::Itunes,
        "www.w3.org/1999/xhtml" => Ns::Xhtml,
        "purl.org/rss/1.0/modules/syndication" => Ns::Syndication,
        "purl.org/syndication/history/1.0" => Ns::History,
        "www.w3.org/1999/02/22-rdf-syntax-ns" => Ns::Rdf,
        "www.w3.org/xml/1998/namespace" => Ns::Xml,
        "backend.userland.com/creativecommonsrssmodule"
        | "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html"
        | "web.resource.org/cc"
        | "creativecommons.org/ns" => Ns::License,
        _ if key.starts_with("purl.org/rss/1.0/modules/")
            || key.starts_with("purl.org/atom/") && key != "purl.org/atom/ns" =>
        {
            Ns::Other
        }
        _ if key.starts_with("purl.org/rss/1.0")
            || key.starts_with("purl.org/net/rss")
            || key.starts_with("my.netscape.com/")
            || key.starts_with("channel.netscape.com/rdf/simple")
            || key.starts_with("backend.userland.com/rss")
            || key.starts_with("blogs.law.harvard.edu/tech/rss")
            || key.starts_with("cyber.law.harvard.edu/rss") =>
        {
            Ns::Core
        }
        _ => return None,
    })
}

/// The vocabulary that a prefix means by custom, for documents that forget to declare it.
pub fn of_prefix(prefix: &str) -> Ns {
    match prefix.to_ascii_lowercase().as_str() {
        "" | "rss" => Ns::Core,
        "atom" | "atom10" | "atom03" | "a10" => Ns::Atom,
        "dc" => Ns::Dc,
        "dcterms" | "dct" => Ns::DcTerms,
        "content" => Ns::Content,
        "media" => Ns::Media,
        "itunes" | "googleplay" => Ns::Itunes,
        "xhtml" | "html" | "body" => Ns::Xhtml,
        "sy" => Ns::Syndication,
        "fh" => Ns::History,
        "rdf" => Ns::Rdf,
        "xml" => Ns::Xml,
        "cc" | "creativecommons" => Ns::License,
        _ => Ns::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_of_a_namespace_does_not_matter() {
        assert_eq!(of_uri("http://www.w3.org/2005/Atom"), Some(Ns::Atom));
        assert_eq!(of_uri("https://search.yahoo.com/mrss/"), Some(Ns::Media));
        assert_eq!(of_uri("http://purl.org/rss/1.0/"), Some(Ns::Core));
        assert_eq!(
            of_uri("http://purl.org/rss/1.0/modules/slash/"),
            Some(Ns::Other)
        );
        assert_eq!(of_uri("tag:unknown"), None);
    }
}
