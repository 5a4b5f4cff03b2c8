//! The configuration taken apart into the options of each room, and the rooms put together. Commands that run without the
//! daemon use the same parts.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, Etiquette};
use crate::fetch::{FetchOptions, FetchSetupError, Fetcher, LocalHosts, user_agent};
use crate::ingest::{Ingest, IngestOptions, WebSub};
use crate::model::WebUrl;
use crate::schedule::Policy;
use crate::serve::CALLBACK_PATH;
use crate::store::{Store, StoreError, exists};

/// Checks that the directory of the store exists. Only that of the default place is made by newswire: elsewhere a wrong path
/// would begin a second store.
///
/// # Errors
/// [`StoreError::Unusable`] if the directory does not exist or may not be accessed.
pub fn check_place(config: &Config) -> Result<(), StoreError> {
    let path = &config.store.path;
    exists(path)?;
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    match directory {
        Some(directory) if !config.store.is_default_place && !directory.is_dir() => {
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

/// Opens the store for writing and puts the file's feeds and topics in force, also for all that is stored.
///
/// # Errors
/// See [`Store::open`].
pub fn open_store(config: &Config, clock: &Clock) -> Result<Store, StoreError> {
    check_place(config)?;
    let store = Store::open(&config.store_options(), clock.clone())?;
    if apply(config, &store)? > 0 {
        store.settle_topics()?;
    }
    Ok(store)
}

/// Puts the feeds and topics of the configuration in force. Without a configuration those in the store stay: a command
/// that was given only `--db` must not unsubscribe anything. Returns how many topics changed; what is stored may not be
/// told anew yet then.
pub fn apply(config: &Config, store: &Store) -> Result<usize, StoreError> {
    let says_nothing = config.file.is_none() && config.feeds.is_empty() && config.topics.is_empty();
    if says_nothing {
        return Ok(0);
    }
    // Without its credentials a feed would lose the password that the daemon stored.
    if config.unavailable.is_empty() {
        store.reconcile(config.declared_feeds())?;
    }
    let changed = store.declare_topics(config.topics())?;
    if changed > 0 {
        tracing::info!(
            topics = changed,
            "{changed} {} changed; re-matching stored articles, the newest first",
            if changed == 1 { "topic" } else { "topics" }
        );
    }
    Ok(changed)
}

/// The fetcher that the configuration asks for.
///
/// # Errors
/// [`FetchSetupError`] if the proxy, the authorities or the user agent cannot be used.
pub fn fetcher(config: &Config, clock: &Clock) -> Result<Fetcher, FetchSetupError> {
    fetcher_with(config, clock, None)
}

/// The same, with hosts that this process serves itself.
///
/// # Errors
/// As [`fetcher`].
pub fn fetcher_with(
    config: &Config,
    clock: &Clock,
    local: Option<LocalHosts>,
) -> Result<Fetcher, FetchSetupError> {
    let f = &config.fetch;
    let outputs = u32::try_from(config.topics.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let options = FetchOptions {
        user_agent: f
            .user_agent
            .clone()
            .unwrap_or_else(|| user_agent(f.contact.as_deref(), outputs)),
        timeout_total: f.timeout,
        body_bytes_max: usize::try_from(f.max_body_bytes).unwrap_or(usize::MAX),
        redirects_max: f.max_redirects,
        concurrency: f.concurrency,
        per_host: f.per_host,
        host_delay: f.host_delay,
        allow_private_all: f.allow_private_addresses,
        allow_private: f.allow_private.clone(),
        proxy: f.proxy.as_ref().map(ToString::to_string),
        extra_ca: f.extra_ca.clone(),
        local,
        ..FetchOptions::default()
    };
    Fetcher::new(options, clock.clone())
}

/// Where hubs reach us, the subscription's own part excepted. A URL without a path gets [`CALLBACK_PATH`]; the
/// configuration takes no other path.
fn callback(config: &Config) -> Option<WebUrl> {
    let url = config.websub.callback_url.as_ref()?;
    match url.as_url().path() {
        "/" => url.join(CALLBACK_PATH).ok(),
        _ => Some(url.clone()),
    }
}

/// Store, fetcher and clock as one room that brings news in.
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
        fetcher.rest(&host, until.since(now));
    }
    let s = &config.schedule;
    let options = IngestOptions {
        policy: Policy {
            polls_per_day: s.polls_per_day,
            min_interval: s.min_interval,
            max_interval: s.max_interval,
            strict: s.etiquette == Etiquette::Strict,
            install: store.reads().install()?,
            poll_cost: None,
        },
        manual_interval: s.manual_interval,
        websub: callback(config).map(|callback| WebSub { callback }),
    };
    Ingest::new(store, Arc::new(fetcher), clock.clone(), options).map(Arc::new)
}
