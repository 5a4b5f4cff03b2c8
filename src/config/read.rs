//! The schema: every section and key, its default and its limits. `config/newswire.toml` documents the same.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::credentials::Credentials;
use super::document::{Placed, Reading, Section};
use super::environment::Environment;
use super::mask::mask;
use super::overlay::Overlay;
use super::places::{Given, STATE_DIRECTORY, beside, config_file, store_file};
use super::problem::{ConfigError, Invalid, Problem};
use super::value::{Etiquette, HeaderText, Keep, Listen, Size, SynchronousFull, Value};
use super::{
    Config, DedupConfig, FetchConfig, Origin, SAMPLE, ScheduleConfig, ServerConfig, StoreConfig,
    WebSubConfig, credentials, feeds, topics,
};
use crate::fetch::Net;
use crate::model::WebUrl;
use crate::serve::{CALLBACK_PATH, Tokens};

/// Largest configuration read, in bytes: some ten thousand feeds.
pub const CONFIG_BYTES_MAX: u64 = 8 << 20;

/// Longest file of readers' tokens, in bytes: room for ten thousand tokens.
const TOKENS_BYTES_MAX: u64 = 1 << 20;

const SECTIONS: [&str; 6] = ["store", "server", "fetch", "schedule", "dedup", "websub"];
/// 10 GiB: some two million articles.
const SIZE_WARNING: u64 = 10 << 30;
const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);
const CENTURY: Duration = super::span::DURATION_MAX;

/// Finds, reads and checks the configuration that the command line and the process environment ask for.
pub fn load(given: &Given) -> Result<Config, ConfigError> {
    let env = Environment::of_process();
    if given.sample {
        return read_text(SAMPLE, None, given, &env);
    }
    match config_file(given, &env) {
        None => read_text("", None, given, &env),
        Some(path) => read_text(&text_of_file(&path)?, Some(&path), given, &env),
    }
}

fn text_of_file(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason: String| ConfigError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    credentials::read_text(path, CONFIG_BYTES_MAX).map_err(unreadable)
}

/// Reads and checks a configuration. `file` names it in messages and anchors relative paths.
pub fn read_text(
    text: &str,
    file: Option<&Path>,
    given: &Given,
    env: &Environment,
) -> Result<Config, ConfigError> {
    let mut overlay = Overlay::of_environment(env);
    overlay.flag("--listen", ("server", "listen"), &given.listen);
    let overlay = overlay;
    let invalid = |mut problems: Vec<Problem>| {
        problems.sort_by_key(|p| p.place.start);
        ConfigError::Invalid(Box::new(Invalid {
            path: file.map_or_else(|| "(built in)".to_owned(), |p| p.display().to_string()),
            text: mask(text),
            overlay: mask(overlay.text()),
            problems,
        }))
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What a recovering reader guesses after a syntax error would be reported as mistakes that nobody made.
        return Err(invalid(errors.iter().map(syntax_problem).collect()));
    }
    let mut reading = Reading::new(text, &overlay, Credentials::of(env));
    let checked = root_table(&mut reading, root.get_ref(), file);
    reading.close();
    if !reading.problems.is_empty() {
        return Err(invalid(reading.problems));
    }
    let (path, origin) = store_file(given, env, checked.path)?;
    let shown = path.show();
    for setting in &mut reading.settings {
        if setting.key == "store.path" {
            (setting.value, setting.origin) = (shown.clone(), origin.clone());
        }
    }
    let is_default_place = match &origin {
        Origin::Default => true,
        Origin::Env(name) => name == STATE_DIRECTORY,
        Origin::Line(_) | Origin::Flag(_) => false,
    };
    Ok(Config {
        file: file.map(Path::to_owned),
        is_sample: given.sample,
        store: StoreConfig {
            path,
            is_default_place,
            ..checked.store
        },
        server: checked.server,
        fetch: checked.fetch,
        schedule: checked.schedule,
        dedup: checked.dedup,
        websub: checked.websub,
        feeds: checked.feeds,
        topics: checked.topics,
        settings: reading.settings,
        warnings: reading.warnings,
        unavailable: reading.unavailable,
    })
}

fn syntax_problem(error: &toml::de::Error) -> Problem {
    let message = error.message();
    let (what, label) = message.split_once(", ").unwrap_or((message, "here"));
    Problem::new(error.span().unwrap_or(0..0), what, label)
}

/// Everything but the store's place, which needs the environment.
struct Checked {
    path: Option<(PathBuf, Origin)>,
    store: StoreConfig,
    server: ServerConfig,
    fetch: FetchConfig,
    schedule: ScheduleConfig,
    dedup: DedupConfig,
    websub: WebSubConfig,
    feeds: Vec<crate::store::NewFeed>,
    topics: Vec<crate::store::TopicDefinition>,
}

fn root_table<'t>(reading: &mut Reading<'t>, root: &DeTable<'_>, file: Option<&Path>) -> Checked {
    let [store, server, fetch, schedule, dedup, websub] =
        SECTIONS.map(|name| (name, table(reading, root, name)));
    let feed_tables = tables(reading, root, "feed");
    let topic_tables = tables(reading, root, "topic");
    let mut top = Section::open(reading, "", Some(root), 0..0, &["notify"]);
    for name in SECTIONS.into_iter().chain(["feed", "topic"]) {
        top.raw(name);
    }
    top.close();

    let (store, path) = read_store(section(reading, store, &[]), file);
    let server = read_server(section(reading, server, &[]), file);
    let fetch = read_fetch(section(reading, fetch, &[]), file);
    let schedule = read_schedule(section(reading, schedule, &[]));
    let dedup = read_dedup(section(reading, dedup, &[]));
    let websub = read_websub(section(reading, websub, &[]), &server);
    let feeds = feeds::read(reading, &feed_tables, file);
    let topics = topics::read(reading, &topic_tables, file);
    if let Some(file) = file
        && has_secrets(&feeds)
        && credentials::is_open_to_others(file)
    {
        reading.warnings.push(format!(
            "{} holds credentials and others may read it; chmod 600 it, or use password_file",
            file.display()
        ));
    }
    Checked {
        path,
        store,
        server,
        fetch,
        schedule,
        dedup,
        websub,
        feeds,
        topics,
    }
}

/// Headers may carry tokens; credentials in URLs are in the file itself.
fn has_secrets(feeds: &[crate::store::NewFeed]) -> bool {
    feeds.iter().any(|f| !f.settings.headers.is_empty())
}

fn table<'d>(reading: &mut Reading<'_>, root: &'d DeTable<'d>, name: &str) -> Option<Placed<'d>> {
    let (_, found) = root
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == name)?;
    let table = found.get_ref().as_table();
    if table.is_none() {
        reading.problems.push(
            Problem::new(
                found.span(),
                format!("{name} is a section"),
                "expected a table",
            )
            .help(format!(
                "write [{name}] on a line of its own, and the keys below it"
            )),
        );
    }
    table.map(|t| (t, found.span()))
}

fn tables<'d>(reading: &mut Reading<'_>, root: &'d DeTable<'d>, name: &str) -> Vec<Placed<'d>> {
    let Some((_, found)) = root.iter().find(|(key, _)| key.get_ref().as_ref() == name) else {
        return Vec::new();
    };
    let advice = format!("each {name} has a section of its own: [[{name}]] with double brackets");
    let Some(items) = found.get_ref().as_array() else {
        reading.problems.push(
            Problem::new(
                found.span(),
                format!("{name} is a list"),
                "this is not a list",
            )
            .help(advice),
        );
        return Vec::new();
    };
    let mut tables = Vec::with_capacity(items.len());
    for item in items.iter() {
        match item.get_ref() {
            DeValue::Table(table) => tables.push((table, item.span())),
            _ => reading.problems.push(
                Problem::new(
                    item.span(),
                    format!("{name} is a list of sections"),
                    "not a table",
                )
                .help(advice.clone()),
            ),
        }
    }
    tables
}

fn section<'r, 'd, 't>(
    reading: &'r mut Reading<'t>,
    (name, table): (&'static str, Option<Placed<'d>>),
    later: &'static [&'static str],
) -> Section<'r, 'd, 't> {
    let (table, place) = table.map_or((None, 0..0), |(t, place)| (Some(t), place));
    Section::open(reading, name, table, place, later)
}

fn read_store(
    mut s: Section<'_, '_, '_>,
    file: Option<&Path>,
) -> (StoreConfig, Option<(PathBuf, Origin)>) {
    let (path, place) = s.or_placed::<Option<PathBuf>>("path", None);
    let origin = place.map(|p| s.origin(&p));
    let path = path.zip(origin).map(|(p, o)| (beside(file, p, &o), o));
    let (keep, place) = s.or_placed("keep", Keep::For(180 * DAY));
    if let (Some(place), Keep::For(keep)) = (place, keep)
        && keep < DAY
    {
        s.wrong(place, "keep is out of range", "at least 1d, or \"forever\"");
    }
    let store = StoreConfig {
        path: PathBuf::new(),
        is_default_place: false,
        keep,
        keep_max_per_feed: s.within("keep_max_per_feed", 10_000, 1, 10_000_000),
        size_warning: s.or("size_warning", Size(SIZE_WARNING)).0,
        synchronous_full: s.or("synchronous", SynchronousFull(false)).0,
    };
    s.close();
    (store, path)
}

fn read_server(mut s: Section<'_, '_, '_>, file: Option<&Path>) -> ServerConfig {
    let loopback = Listen::Tcp(std::net::SocketAddr::from(([127, 0, 0, 1], 8390)));
    let (listen, place) = s.or_placed::<Vec<Listen>>("listen", vec![loopback]);
    let is_any_port = |one: &Listen| matches!(one, Listen::Tcp(address) if address.port() == 0);
    let mut again = listen.iter().enumerate();
    if let Some((_, twice)) =
        again.find(|(n, one)| !is_any_port(one) && listen.iter().take(*n).any(|l| l == *one))
    {
        let what = format!("{twice} is listed twice");
        s.wrong(place.unwrap_or_default(), &what, "each address once");
    }
    let (public_url, place) = s.or_placed::<Option<WebUrl>>("public_url", None);
    if let (Some(url), Some(place)) = (&public_url, place)
        && (url.as_url().query().is_some() || url.as_url().fragment().is_some())
    {
        s.wrong(
            place,
            "public_url is the base of other URLs",
            "without ? and #",
        );
    }
    let (allowed_hosts, place) = s.or_placed::<Vec<String>>("allowed_hosts", Vec::new());
    for name in &allowed_hosts {
        if !is_host_name(name) {
            let label = format!("\"{name}\" is none; as in [\"newswire\", \"nas.home\"]");
            s.wrong(
                place.clone().unwrap_or_default(),
                "allowed_hosts are host names, without a scheme, port or path",
                label,
            );
        }
    }
    let open = listen
        .iter()
        .find(|l| matches!(l, Listen::Tcp(a) if !a.ip().is_loopback()));
    if let (Some(open), None) = (open, &public_url) {
        s.warn(format!(
            "server.listen has {open}, which others can reach, and server.public_url is not set: links in the merged feeds will not work for them, and a request by a host name is refused"
        ));
    }
    let server = ServerConfig {
        listen,
        public_url,
        allowed_hosts,
        title: s.or("title", "newswire".to_owned()),
        page_size: s.within("page_size", 50, 1, 1000),
        images: s.or("images", false),
        tokens: read_tokens(&mut s, file),
    };
    s.close();
    server
}

/// Whether this is a name as a client would write it into `Host`.
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
            s.note_default(key, &None::<PathBuf>);
        }
    }
    s.secret("the readers' token", (keys, file), read)
}

fn read_fetch(mut s: Section<'_, '_, '_>, file: Option<&Path>) -> FetchConfig {
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
        allow_private: s.or::<Vec<Net>>("allow_private", Vec::new()),
        proxy: read_proxy(&mut s),
        extra_ca: read_extra_ca(&mut s, file),
    };
    if fetch.allow_private_addresses {
        s.warn(
            "fetch.allow_private_addresses lets any feed reach the machines of your network; name the networks in fetch.allow_private instead".to_owned(),
        );
    }
    s.close();
    fetch
}

fn read_proxy(s: &mut Section<'_, '_, '_>) -> Option<WebUrl> {
    // Read as text first: WebUrl would drop a password without a word, and the proxy would then refuse us.
    let Some((text, place)) = s.get_unshown::<String>("proxy") else {
        s.note_default("proxy", &None::<WebUrl>);
        return None;
    };
    match credentials::part(&text) {
        Ok((_, Some(_))) => {
            s.wrong(
                place,
                "a proxy with a password is not supported",
                "take the user and password out",
            );
            None
        }
        Ok((url, None)) => {
            s.note("proxy", url.show(), &place);
            Some(url)
        }
        Err(why) => {
            s.wrong(
                place,
                "expected the proxy's URL, as in \"http://proxy.example:3128\"",
                why.to_string(),
            );
            None
        }
    }
}

fn read_extra_ca(s: &mut Section<'_, '_, '_>, file: Option<&Path>) -> Option<PathBuf> {
    let (path, place) = s.or_placed::<Option<PathBuf>>("extra_ca", None);
    let (path, place) = path.zip(place)?;
    let path = beside(file, path, &s.origin(&place));
    if let Err(why) = std::fs::metadata(&path) {
        s.wrong(place, "extra_ca cannot be read", why.to_string());
    }
    Some(path)
}

fn read_schedule(mut s: Section<'_, '_, '_>) -> ScheduleConfig {
    let polls_per_day = s.within("polls_per_day", 24.0, 0.01, 1440.0);
    let (min_interval, min_place) = s.or_placed("min_interval", HOUR);
    let (max_interval, max_place) = s.or_placed("max_interval", DAY);
    if min_interval > max_interval
        && let Some(place) = min_place.clone().or_else(|| max_place.clone())
    {
        let mut problem = Problem::new(
            place.clone(),
            "min_interval is longer than max_interval",
            "here",
        )
        .help(format!(
            "min_interval is {}, max_interval is {}",
            min_interval.show(),
            max_interval.show()
        ));
        if let Some(other) = max_place.filter(|other| *other != place) {
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
            CENTURY,
        ),
        etiquette: s.or("etiquette", Etiquette::Normal),
    };
    s.close();
    schedule
}

fn read_websub(mut s: Section<'_, '_, '_>, server: &ServerConfig) -> WebSubConfig {
    let (mut callback_url, place) = s.or_placed::<Option<WebUrl>>("callback_url", None);
    if let (Some(url), Some(place)) = (&callback_url, place)
        && let Some((what, label)) = wrong_callback(url.as_url())
    {
        s.wrong(place, what, label);
        callback_url = None;
    }
    let (mut hub, place) = s.or_placed::<Option<WebUrl>>("hub", None);
    if let Some(place) = place {
        if server.public_url.is_none() {
            let label = "set server.public_url: the hub must reach our feeds";
            s.wrong(place, "a hub needs to know where we are", label);
        } else if server.tokens.is_some() {
            s.warn(
                "websub.hub is not used: with server.token_file it could not read our feeds"
                    .to_owned(),
            );
            hub = None;
        }
    }
    s.close();
    WebSubConfig { callback_url, hub }
}

/// What is wrong with the address of the callback, and what would be right.
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
        "hubs are answered below one path alone",
        format!(
            "the path has to end in {CALLBACK_PATH}, as in \"{right}\"; a proxy takes off what stands in front of it"
        ),
    ))
}

fn read_dedup(mut s: Section<'_, '_, '_>) -> DedupConfig {
    let dedup = DedupConfig {
        window: s.within("window", 7 * DAY, HOUR, 90 * DAY),
        near: s.or("near", true),
    };
    s.close();
    dedup
}
