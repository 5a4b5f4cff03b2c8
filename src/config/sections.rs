//! The sections `[store]` to `[websub]`: every key with its default and limits. `config/newswire.toml` documents the same.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::paths::resolve;
use super::problem::Problem;
use super::section::Section;
use super::setting_types::{Etiquette, HeaderText, Keep, Listen, Size, SynchronousFull};
use super::value::Value;
use super::{
    DedupConfig, FetchConfig, Origin, ScheduleConfig, ServerConfig, StoreConfig, WebSubConfig,
    credentials,
};
use crate::model::WebUrl;
use crate::model::span::SPAN_MAX;
use crate::serve::{CALLBACK_PATH, Tokens};
use ipnet::IpNet;

/// Maximum size of a token file, in bytes: enough for ten thousand tokens.
const TOKENS_BYTES_MAX: u64 = 1 << 20;

/// Default of `size_warning`, 10 GiB: about two million articles.
const SIZE_WARNING: u64 = 10 << 30;
const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

/// `[store]`. Its path needs the environment, so it is returned separately, if it is set.
pub fn read_store(
    mut s: Section<'_, '_, '_>,
    file: Option<&Path>,
) -> (StoreConfig, Option<(PathBuf, Origin)>) {
    let (path, span) = s.or_spanned::<Option<PathBuf>>("path", None);
    let origin = span.map(|p| s.origin(&p));
    let path = path.zip(origin).map(|(p, o)| (resolve(file, p, &o), o));
    let (keep, span) = s.or_spanned("keep", Keep::For(180 * DAY));
    if let (Some(span), Keep::For(keep)) = (span, keep)
        && keep < DAY
    {
        s.wrong(span, "keep is out of range", "at least 1d, or \"forever\"");
    }
    let store = StoreConfig {
        path: PathBuf::new(),
        is_default_path: false,
        keep,
        keep_max_per_feed: s.within("keep_max_per_feed", 10_000, 1, 10_000_000),
        size_warning: s.or("size_warning", Size(SIZE_WARNING)).0,
        synchronous_full: s.or("synchronous", SynchronousFull(false)).0,
    };
    s.close();
    (store, path)
}

/// `[server]`.
pub fn read_server(mut s: Section<'_, '_, '_>, file: Option<&Path>) -> ServerConfig {
    let loopback = Listen::Tcp(std::net::SocketAddr::from(([127, 0, 0, 1], 8390)));
    let (listen, span) = s.or_spanned::<Vec<Listen>>("listen", vec![loopback]);
    let is_any_port = |one: &Listen| matches!(one, Listen::Tcp(address) if address.port() == 0);
    let mut again = listen.iter().enumerate();
    if let Some((_, twice)) =
        again.find(|(n, one)| !is_any_port(one) && listen.iter().take(*n).any(|l| l == *one))
    {
        let what = format!("{twice} is listed twice");
        s.wrong(span.unwrap_or_default(), &what, "remove one of them");
    }
    let (public_url, span) = s.or_spanned::<Option<WebUrl>>("public_url", None);
    if let (Some(url), Some(span)) = (&public_url, span)
        && (url.as_url().query().is_some() || url.as_url().fragment().is_some())
    {
        s.wrong(
            span,
            "public_url is the base of other URLs",
            "without ? and #",
        );
    }
    let (allowed_hosts, span) = s.or_spanned::<Vec<String>>("allowed_hosts", Vec::new());
    for name in &allowed_hosts {
        if !is_host_name(name) {
            let label = format!(
                "\"{name}\" is not a host name; write for example [\"newswire\", \"nas.home\"]"
            );
            s.wrong(
                span.clone().unwrap_or_default(),
                "allowed_hosts are host names without scheme, port and path",
                label,
            );
        }
    }
    let open = listen
        .iter()
        .find(|l| matches!(l, Listen::Tcp(a) if !a.ip().is_loopback()));
    if let (Some(open), None) = (open, &public_url) {
        s.warn(format!(
            "server.listen has {open}, which other machines can reach, but server.public_url is not set: links in the merged feeds will not work there, and requests by host name are refused"
        ));
    }
    let server = ServerConfig {
        listen,
        public_url,
        allowed_hosts,
        title: s.or("title", "newswire".to_owned()),
        page_size: s.within("page_size", 50, 1, 1000),
        images: s.or("images", false),
        mcp: s.or("mcp", false),
        tokens: read_tokens(&mut s, file),
    };
    s.close();
    server
}

/// Whether this is a host name as in a `Host` header.
fn is_host_name(name: &str) -> bool {
    let is_plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    is_plain && matches!(url::Host::parse(name), Ok(url::Host::Domain(_)))
}

fn read_tokens(s: &mut Section<'_, '_, '_>, file: Option<&Path>) -> Option<Tokens> {
    let read = |path: &Path| Tokens::read(&credentials::read_text(path, TOKENS_BYTES_MAX)?);
    let keys = ["token_file", "token_credential"];
    for key in keys {
        if !s.has(key) {
            s.record_default(key, &None::<PathBuf>);
        }
    }
    s.secret("the tokens of readers", (keys, file), read)
}

/// `[fetch]`.
pub fn read_fetch(mut s: Section<'_, '_, '_>, file: Option<&Path>) -> FetchConfig {
    let header = |text: Option<HeaderText>| text.map(|t| t.0);
    let fetch = FetchConfig {
        concurrency: s.within("concurrency", 32, 1, 1024),
        per_host: s.within("per_host", 1, 1, 64),
        host_delay: s.within("host_delay", Duration::from_secs(2), Duration::ZERO, HOUR),
        timeout: s.within(
            "timeout",
            Duration::from_secs(30),
            Duration::from_millis(100),
            HOUR,
        ),
        max_body_bytes: s
            .within("max_body_bytes", Size(16 << 20), Size(1024), Size(1 << 30))
            .0,
        max_redirects: s.within("max_redirects", 5, 0, 20),
        user_agent: header(s.or("user_agent", None)),
        contact: header(s.or("contact", None)),
        allow_private_addresses: s.or("allow_private_addresses", false),
        allow_private: s.or::<Vec<IpNet>>("allow_private", Vec::new()),
        proxy: read_proxy(&mut s),
        extra_ca: read_extra_ca(&mut s, file),
    };
    if fetch.allow_private_addresses {
        s.warn(
            "fetch.allow_private_addresses allows every feed to reach the machines of your network; list the networks in fetch.allow_private instead".to_owned(),
        );
    }
    s.close();
    fetch
}

fn read_proxy(s: &mut Section<'_, '_, '_>) -> Option<WebUrl> {
    // Read as text, because WebUrl would silently drop a password, and the proxy would then refuse our requests.
    let Some((text, span)) = s.get_unrecorded::<String>("proxy") else {
        s.record_default("proxy", &None::<WebUrl>);
        return None;
    };
    match credentials::part(&text) {
        Ok((_, Some(_))) => {
            s.wrong(
                span,
                "a proxy with a password is not supported",
                "remove user and password",
            );
            None
        }
        Ok((url, None)) => {
            s.record("proxy", url.show(), &span);
            Some(url)
        }
        Err(why) => {
            s.wrong(
                span,
                "expected the URL of a proxy such as \"http://proxy.example:3128\"",
                why.to_string(),
            );
            None
        }
    }
}

fn read_extra_ca(s: &mut Section<'_, '_, '_>, file: Option<&Path>) -> Option<PathBuf> {
    let (path, span) = s.or_spanned::<Option<PathBuf>>("extra_ca", None);
    let (path, span) = path.zip(span)?;
    let path = resolve(file, path, &s.origin(&span));
    if let Err(why) = std::fs::metadata(&path) {
        s.wrong(span, "extra_ca cannot be read", why.to_string());
    }
    Some(path)
}

/// `[schedule]`.
pub fn read_schedule(mut s: Section<'_, '_, '_>) -> ScheduleConfig {
    let polls_per_day = s.within("polls_per_day", 24.0, 0.01, 1440.0);
    let (min_interval, min_span) = s.or_spanned("min_interval", HOUR);
    let (max_interval, max_span) = s.or_spanned("max_interval", DAY);
    if min_interval > max_interval
        && let Some(span) = min_span.clone().or_else(|| max_span.clone())
    {
        let mut problem = Problem::new(
            span.clone(),
            "min_interval is longer than max_interval",
            "here",
        )
        .help(format!(
            "min_interval is {}, max_interval is {}",
            min_interval.show(),
            max_interval.show()
        ));
        if let Some(other) = max_span.filter(|other| *other != span) {
            problem = problem.related(other, "and here");
        }
        s.problem(problem);
    }
    let schedule = ScheduleConfig {
        polls_per_day,
        min_interval,
        max_interval,
        manual_interval: s.within(
            "manual_interval",
            Duration::from_secs(300),
            Duration::ZERO,
            SPAN_MAX,
        ),
        etiquette: s.or("etiquette", Etiquette::Normal),
    };
    s.close();
    schedule
}

/// `[websub]`.
pub fn read_websub(mut s: Section<'_, '_, '_>, server: &ServerConfig) -> WebSubConfig {
    let (mut callback_url, span) = s.or_spanned::<Option<WebUrl>>("callback_url", None);
    if let (Some(url), Some(span)) = (&callback_url, span)
        && let Some((what, label)) = wrong_callback(url.as_url())
    {
        s.wrong(span, what, label);
        callback_url = None;
    }
    let (mut hub, span) = s.or_spanned::<Option<WebUrl>>("hub", None);
    if let Some(span) = span {
        if server.public_url.is_none() {
            let label = "set server.public_url, so that the hub can fetch the feeds";
            s.wrong(span, "a hub needs the public URL of this server", label);
        } else if server.tokens.is_some() {
            s.warn(
                "websub.hub is not used: with server.token_file the hub could not read the feeds"
                    .to_owned(),
            );
            hub = None;
        }
    }
    s.close();
    WebSubConfig { callback_url, hub }
}

/// What is wrong with a callback URL, and what would be right.
fn wrong_callback(url: &url::Url) -> Option<(&'static str, String)> {
    if url.query().is_some() || url.fragment().is_some() {
        return Some((
            "callback_url is the base of other URLs",
            "without ? and #".to_owned(),
        ));
    }
    let path = url.path();
    let is_plain = !path.contains("//");
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let front = match names.split_last() {
        Some((last, front)) if CALLBACK_PATH.strip_prefix('/') == Some(last) => front,
        _ => &names,
    };
    let is_ours = front.len() < names.len() || names.is_empty();
    if is_plain && is_ours {
        return None;
    }
    let mut right = url.clone();
    let front: String = front.iter().map(|name| format!("/{name}")).collect();
    right.set_path(&format!("{front}{CALLBACK_PATH}"));
    Some((
        "hubs are answered below one path only",
        format!(
            "the path must end in {CALLBACK_PATH}, as in \"{right}\"; the proxy removes what is before it"
        ),
    ))
}

/// `[dedup]`.
pub fn read_dedup(mut s: Section<'_, '_, '_>) -> DedupConfig {
    let dedup = DedupConfig {
        window: s.within("window", 7 * DAY, HOUR, 90 * DAY),
        near: s.or("near", true),
    };
    s.close();
    dedup
}
