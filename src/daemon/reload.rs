//! Reads the configuration again on SIGHUP. Feeds, topics and targets of
//! notifications are applied at once; the other sections need a restart. An invalid
//! configuration changes nothing.

use std::sync::Arc;

use sd_notify::NotifyState;

use super::parts;
use super::systemd::notify;
use crate::config::{self, Config, ConfigError, ConfigFlags};
use crate::store::Store;

/// Reads the configuration again, and replaces the feeds, topics and targets of `config`.
pub(super) async fn reload(flags: &ConfigFlags, config: &mut Config, store: &Arc<Store>) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
    match load_and_apply(flags, store).await {
        Ok(new) => {
            for section in restart_needed(config, &new) {
                tracing::warn!("[{section}] changed; restart newswire to apply it");
            }
            tracing::info!(
                feeds = new.feeds.len(),
                topics = new.topics.len(),
                targets = new.notify.len(),
                "the configuration was reloaded"
            );
            config.feeds = new.feeds;
            config.topics = new.topics;
            config.notify = new.notify;
        }
        Err(reason) => tracing::error!(
            "the configuration was not reloaded; the previous one remains in use: {reason}"
        ),
    }
    notify(&[NotifyState::Ready]);
}

async fn load_and_apply(flags: &ConfigFlags, store: &Arc<Store>) -> Result<Config, String> {
    let (flags, store) = (flags.clone(), Arc::clone(store));
    let work = move || {
        let new = config::load(&flags)
            .and_then(|new| new.require_credentials().map(|()| new))
            .map_err(|e: ConfigError| e.render(false))?;
        parts::apply(&new, &store).map_err(|e| e.to_string())?;
        Ok(new)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| e.to_string())?
}

/// The sections that differ and that only a restart applies.
fn restart_needed(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        ("store", old.store != new.store),
        ("server", old.server != new.server),
        ("fetch", old.fetch != new.fetch),
        ("schedule", old.schedule != new.schedule),
        ("dedup", old.dedup != new.dedup),
        ("websub", old.websub != new.websub),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
