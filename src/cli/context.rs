//! What a command works with: the configuration, the clock, the store, and where it prints.

use super::exit::Failure;
use super::global::Global;
use super::output::Out;
use super::times::{Style, Times};
use crate::clock::Clock;
use crate::config::environment::Environment;
use crate::config::{self, Config, ConfigFlags, paths};
use crate::daemon::parts;
use crate::daemon::sample::snapshot;
use crate::store::{self, Reads, Store, StoreError};

/// The surroundings of one command.
pub struct Context {
    /// Where it prints.
    pub out: Out,
    /// What time it is.
    pub clock: Clock,
    /// How it writes times.
    pub times: Times,
    /// What was said about places.
    pub given: ConfigFlags,
}

impl Context {
    /// From what every command takes.
    pub fn new(global: &Global) -> Self {
        let more = i8::try_from(global.verbose).unwrap_or(i8::MAX);
        let less = i8::try_from(global.quiet).unwrap_or(i8::MAX);
        let clock = global.now.map_or_else(Clock::system, Clock::manual);
        let style = global.time.or_else(|| global.utc.then_some(Style::Utc));
        Self {
            out: Out::new(global.color, more.saturating_sub(less)),
            times: Times::new(style, clock.now()),
            clock,
            given: ConfigFlags {
                config: global.config.clone(),
                db: global.db.clone(),
                ..ConfigFlags::default()
            },
        }
    }

    /// What was said about places. A store that is a sample, and was named, brings the sample's configuration unless
    /// another one was named too: the user's own would unsubscribe the sample's feeds.
    pub fn places(&self) -> ConfigFlags {
        let mut given = self.given.clone();
        if given.config.is_none()
            && let Some(db) = paths::named_store(&given, &Environment::of_process())
        {
            given.sample |= Reads::open(&db).is_ok_and(|reads| snapshot::is_sample(&reads));
        }
        given
    }

    /// The configuration.
    pub fn config(&self) -> Result<Config, Failure> {
        config::load(&self.places()).map_err(|e| Failure::of_config(&e, self.out.color_err))
    }

    /// The store for reading; there must be one.
    pub fn reads(&self) -> Result<Reads, Failure> {
        Ok(Reads::open(&self.config()?.store.path)?)
    }

    /// The store for writing, made if there is none.
    pub fn store(&self, config: &Config) -> Result<Store, Failure> {
        for credential in &config.unavailable {
            self.out.warn(&format!(
                "{credential}; the configuration's feeds stay as they are in the store"
            ));
        }
        Ok(parts::open_store(config, &self.clock)?)
    }

    /// The store for writing; there must be one.
    pub fn existing_store(&self, config: &Config) -> Result<Store, Failure> {
        if !store::exists(&config.store.path)? {
            return Err(StoreError::Missing(config.store.path.clone()).into());
        }
        self.store(config)
    }
}
