//! The canonical form of an article's URL: equal for the forms under which publishers spread one page. Never used
//! to fetch, and never shown in place of what was published.

use url::Url;

use super::session;
use crate::model::WebUrl;

/// Query parameters that describe where a reader came from, not which page it is.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
    "ref",
    "ref_src",
    "ref_url",
    "referrer",
    "referer",
    "cmp",
    "cmpid",
    "campaign_id",
    "cid_rss",
    "ns_campaign",
    "ns_mchannel",
    "ns_source",
    "ns_linkname",
    "ns_fee",
    "xtor",
    "smid",
    "smtyp",
    "ito",
    "ftag",
    "feedtype",
    "feedname",
    "taid",
    "traffic_source",
    "sr_share",
    "__twitter_impression",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "spm",
    "ocid",
    "icid",
    "intcid",
    "emc",
    "soc_src",
    "soc_trk",
    "s_cid",
    "partner",
    "rss",
    "rssid",
    "from_rss",
    "via",
    "share",
    "sharetype",
    "trk",
    "wprss",
    "srnd",
    "amp",
    "outputtype",
    "usqp",
    "amp_js_v",
    "__source",
    "src_rss",
    "syndication",
];

/// Beginnings of the names of such parameters.
const TRACKING_PREFIXES: &[&str] = &[
    "utm_", "at_", "pk_", "piwik_", "mtm_", "wt_", "hsa_", "itm_", "stm_", "ga_",
];

/// Values that mark a parameter as describing a reader who came from a feed: `?source=rss`, `?mod=rss_headlines`.
const BY_FEED: &[&str] = &["rss", "feed", "rss20", "atom", "feedburner"];

/// How often the rules are applied: one form can hide another (`/amp/amp/`, a cache inside a cache).
const ROUNDS_MAX: usize = 8;

/// The canonical form. Applying it twice changes nothing.
#[must_use]
pub fn canonicalize(url: &WebUrl) -> WebUrl {
    let mut url = url.clone();
    for _ in 0..ROUNDS_MAX {
        let next = WebUrl::from_url(once(url.as_url())).unwrap_or_else(|_| url.clone());
        if next == url {
            break;
        }
        url = next;
    }
    url
}

fn once(url: &Url) -> Url {
    if let Some(inner) = inside_amp_cache(url) {
        return inner;
    }
    let mut out = Url::parse(&session::without_known(url.as_str())).unwrap_or_else(|_| url.clone());
    // Each of these fails only for a URL without a host.
    let _ = out.set_scheme("https");
    if url.port() == Some(80) || url.port() == Some(443) {
        let _ = out.set_port(None);
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let short = ["www.", "amp.", "m.", "mobile."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        // `m.com` itself is not a mobile name.
        .filter(|rest| rest.contains('.'))
        .unwrap_or(host);
    let _ = out.set_host(Some(short));
    let path = out.path().to_owned();
    out.set_path(path_of(&path));
    let query = out.query().unwrap_or_default().to_owned();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|p| !p.is_empty() && !is_tracking(p))
        .collect();
    let query = kept.join("&");
    out.set_query((!query.is_empty()).then_some(query.as_str()));
    // The fragment distinguishes pages with `#!` and `#/`.
    let keeps_fragment = url.fragment().is_some_and(|f| f.starts_with(['!', '/']));
    if !keeps_fragment {
        out.set_fragment(None);
    }
    out
}

fn path_of(path: &str) -> &str {
    let mut path = path;
    for end in [
        "/index.html",
        "/index.htm",
        "/index.php",
        "/amp",
        ".amp",
        "/amp.html",
    ] {
        let whole = path.trim_end_matches('/');
        path = whole.strip_suffix(end).unwrap_or(path);
    }
    if path.starts_with("/amp/") {
        path = path.get(4..).unwrap_or(path);
    }
    match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    }
}

fn is_tracking(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let name = name.to_ascii_lowercase();
    let value = value.to_ascii_lowercase();
    TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES.iter().any(|p| name.starts_with(p))
        || BY_FEED.iter().any(|v| {
            value == *v
                || value.starts_with(&format!("{v}_"))
                || value.starts_with(&format!("{v}-"))
        })
}

/// The page behind Google's AMP viewer and cache: `google.com/amp/s/…`, `….cdn.ampproject.org/c/s/…`.
fn inside_amp_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = url.path();
    let rest = if host.ends_with(".cdn.ampproject.org") {
        path.strip_prefix("/c/")
            .or_else(|| path.strip_prefix("/v/"))
    } else if host.trim_start_matches("www.").starts_with("google.") {
        path.strip_prefix("/amp/")
    } else {
        None
    }?;
    let (scheme, rest) = match rest.strip_prefix("s/") {
        Some(rest) => ("https", rest),
        None => ("http", rest),
    };
    let inner = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    inner
        .host_str()
        .is_some_and(|h| h.contains('.'))
        .then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(url: &str) -> String {
        canonicalize(&WebUrl::parse(url).unwrap()).to_string()
    }

    #[test]
    fn the_forms_of_one_page_are_one() {
        for form in [
            "https://www.a.example/world/story-7?utm_source=rss&utm_medium=feed",
            "http://a.example/world/story-7/",
            "https://amp.a.example/world/story-7/amp/",
            "https://a.example:443/world/story-7#comments",
            "https://www.google.com/amp/s/www.a.example/world/story-7/amp",
            "https://www-a-example.cdn.ampproject.org/c/s/www.a.example/world/story-7.amp?amp=1",
            "https://m.a.example/amp/world/story-7?source=rss",
        ] {
            assert_eq!(canonical(form), "https://a.example/world/story-7", "{form}");
        }
    }

    #[test]
    fn what_tells_pages_apart_stays() {
        assert_eq!(
            canonical("https://a.example/?p=7&utm_x=1"),
            "https://a.example/?p=7"
        );
        assert_ne!(
            canonical("https://a.example/a?id=1"),
            canonical("https://a.example/a?id=2")
        );
        assert_ne!(
            canonical("https://a.example/#!/1"),
            canonical("https://a.example/#!/2")
        );
        assert_eq!(canonical("https://m.com/a"), "https://m.com/a");
    }

    proptest! {
        #[test]
        fn twice_is_once(
            host in "(www\\.|m\\.|amp\\.){0,3}[a-z]{1,8}\\.(example|com)",
            path in "(/(amp|index\\.html|[a-z0-9.%]{0,6}|c|s)){0,5}/?",
            query in "(([a-z_]{1,6}|utm_a|ref)=[a-z0-9]{0,4}&?){0,4}",
            fragment in "[!/a-z]{0,4}",
        ) {
            let url = format!("http://{host}{path}?{query}#{fragment}");
            if let Ok(url) = WebUrl::parse(&url) {
                let once = canonicalize(&url);
                prop_assert_eq!(canonicalize(&once), once);
            }
        }
    }
}
