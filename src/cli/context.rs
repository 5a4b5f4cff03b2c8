//! The environment of a command: configuration, clock, store and output.

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

/// The environment of one command.
pub struct Context {
    /// Where the command prints.
    pub out: Out,
    /// The clock.
    pub clock: Clock,
    /// How times are displayed.
    pub times: Times,
    /// The locations given on the command line.
    pub given: ConfigFlags,
}

impl Context {
    /// A context from the global options.
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

    /// The locations given on the command line. If the named store is a sample, the sample's configuration is used unless another
    /// one is named: with the user's own, the feeds of the sample would be unsubscribed.
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

    /// The store for reading; it must exist.
    pub fn reads(&self) -> Result<Reads, Failure> {
        Ok(Reads::open(&self.config()?.store.path)?)
    }

    /// The store for writing; it is created if it does not exist.
    pub fn store(&self, config: &Config) -> Result<Store, Failure> {
        for credential in &config.unavailable {
            self.out.warn(&format!(
                "{credential}; the configuration's feeds stay as they are in the store"
            ));
        }
        Ok(parts::open_store(config, &self.clock)?)
    }

    /// The store for writing; it must exist.
    pub fn existing_store(&self, config: &Config) -> Result<Store, Failure> {
        if !store::exists(&config.store.path)? {
            return Err(StoreError::Missing(config.store.path.clone()).into());
        }
        self.store(config)
    }
}
