//! Builds the store, the fetcher, `ingest` and the options of the server from the configuration, for the daemon and for commands that run without it.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, Etiquette};
use crate::fetch::{FetchOptions, FetchSetupError, Fetcher, LocalHosts, user_agent};
use crate::ingest::{Ingest, IngestOptions, WebSub};
use crate::model::WebUrl;
use crate::schedule::Policy;
use crate::serve::{CALLBACK_PATH, Limits, ServeOptions};
use crate::store::{Store, StoreError, exists};

/// Checks that the directory of the store exists. newswire creates only the default directory: for another one, a mistake in the
/// path would create a second store.
///
/// # Errors
/// [`StoreError::Unusable`] if the directory does not exist or may not be accessed.
pub fn check_store_directory(config: &Config) -> Result<(), StoreError> {
    let path = &config.store.path;
    exists(path)?;
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    match directory {
        Some(directory) if !config.store.is_default_path && !directory.is_dir() => {
            Err(StoreError::Unusable {
                path: path.clone(),
                reason: format!(
                    "the directory {} does not exist; create it, or correct the path given by {}",
                    directory.display(),
                    config.origin_of("store.path")
                ),
            })
        }
        _ => Ok(()),
    }
}

/// Opens the store for writing and applies the feeds and topics of the configuration, also to stored articles.
///
/// # Errors
/// See [`Store::open`].
pub fn open_store(config: &Config, clock: &Clock) -> Result<Store, StoreError> {
    check_store_directory(config)?;
    let store = Store::open(&config.store_options(), clock.clone())?;
    if apply(config, &store)? > 0 {
        store.settle_topics()?;
    }
    Ok(store)
}

/// Applies the feeds and topics of the configuration. Without a configuration those of the store remain: a command with only `--db`
/// must not unsubscribe anything. Returns the number of changed topics, whose stored articles may not be re-evaluated yet.
///
/// # Errors
/// [`StoreError`] if the store cannot be written.
pub fn apply(config: &Config, store: &Store) -> Result<usize, StoreError> {
    let is_empty = config.file.is_none() && config.feeds.is_empty() && config.topics.is_empty();
    if is_empty {
        return Ok(0);
    }
    // Without its credentials a feed would lose the password that the daemon has stored.
    if config.unavailable.is_empty() {
        store.reconcile(config.declared_feeds())?;
    }
    let changed = store.declare_topics(config.topics())?;
    if changed > 0 {
        tracing::info!(
            topics = changed,
            "{changed} {} changed; re-evaluating stored articles, the newest first",
            if changed == 1 { "topic" } else { "topics" }
        );
    }
    Ok(changed)
}

/// The fetcher.
///
/// # Errors
/// [`FetchSetupError`] if the proxy, the certificate authorities or the user agent cannot be used.
pub fn fetcher(config: &Config, clock: &Clock) -> Result<Fetcher, FetchSetupError> {
    fetcher_with(config, clock, None)
}

/// The same, with `local` hosts that this process serves itself.
///
/// # Errors
/// As [`fetcher`].
pub fn fetcher_with(
    config: &Config,
    clock: &Clock,
    local: Option<LocalHosts>,
) -> Result<Fetcher, FetchSetupError> {
    let fetch = &config.fetch;
    let outputs = u32::try_from(config.topics.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let options = FetchOptions {
        user_agent: fetch
            .user_agent
            .clone()
            .unwrap_or_else(|| user_agent(fetch.contact.as_deref(), outputs)),
        timeout_total: fetch.timeout,
        body_bytes_max: usize::try_from(fetch.max_body_bytes).unwrap_or(usize::MAX),
        redirects_max: fetch.max_redirects,
        concurrency: fetch.concurrency,
        per_host: fetch.per_host,
        host_delay: fetch.host_delay,
        allow_private_all: fetch.allow_private_addresses,
        allow_private: fetch.allow_private.clone(),
        proxy: fetch.proxy.as_ref().map(ToString::to_string),
        extra_ca: fetch.extra_ca.clone(),
        local,
        ..FetchOptions::default()
    };
    Fetcher::new(options, clock.clone())
}

/// The options of the HTTP server.
pub fn serve_options(config: &Config, is_sample: bool) -> ServeOptions {
    ServeOptions {
        title: config.server.title.clone(),
        public_url: config.server.public_url.clone(),
        allowed_hosts: config.server.allowed_hosts.clone(),
        callback_url: config.websub.callback_url.clone(),
        hub: config.websub.hub.clone(),
        tokens: config.server.tokens.clone(),
        page_size: config.server.page_size,
        is_sample,
        size_warning: config.store.size_warning,
        zone: jiff::tz::TimeZone::system(),
        images: config.server.images,
        mcp: config.server.mcp,
        limits: Limits::default(),
    }
}

/// The callback URL without the part of a subscription. A URL without a path gets [`CALLBACK_PATH`]; the configuration accepts no
/// other path.
fn callback(config: &Config) -> Option<WebUrl> {
    let url = config.websub.callback_url.as_ref()?;
    match url.as_url().path() {
        "/" => url.join(CALLBACK_PATH).ok(),
        _ => Some(url.clone()),
    }
}

/// Polling and storing, with this store and fetcher.
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub fn ingest(
    config: &Config,
    store: Arc<Store>,
    fetcher: Fetcher,
    clock: &Clock,
) -> Result<Arc<Ingest>, StoreError> {
    let now = clock.now();
    for (host, until) in store.reads().resting_hosts(now)? {
        fetcher.back_off(&host, until.since(now));
    }
    let schedule = &config.schedule;
    let options = IngestOptions {
        policy: Policy {
            polls_per_day: schedule.polls_per_day,
            min_interval: schedule.min_interval,
            max_interval: schedule.max_interval,
            strict: schedule.etiquette == Etiquette::Strict,
            install: store.reads().install()?,
            poll_cost: None,
        },
        manual_interval: schedule.manual_interval,
        websub: callback(config).map(|callback| WebSub { callback }),
    };
    Ingest::new(store, Arc::new(fetcher), clock.clone(), options).map(Arc::new)
}
