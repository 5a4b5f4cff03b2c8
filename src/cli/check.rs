//! `newswire check`: validates the configuration and prints its effective values.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use super::humanize::count;
use super::warnings;
use crate::config::{self, Config, Setting};
use crate::store::{Reads, StoreError};

/// `newswire check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print the effective values as a configuration file, each with its origin; secrets are masked
    #[arg(long)]
    pub print: bool,
    /// Print a JSON object; with --print it includes every value
    #[arg(long)]
    pub json: bool,
}

/// The output of `--json`.
#[derive(Default, Serialize)]
struct Checked {
    configuration: String,
    ok: bool,
    /// The errors, one per line; null if there are none.
    error: Option<String>,
    warnings: Vec<String>,
    feeds: usize,
    topics: usize,
    store: Option<String>,
    /// `None` if the store does not exist or cannot be read.
    store_feeds: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<Value>,
}

/// An effective value.
#[derive(Serialize)]
struct Value {
    key: String,
    /// As TOML; null if it is not set.
    value: Option<String>,
    origin: String,
}

/// Runs `newswire check`.
pub fn check(cx: &mut Context, args: &CheckArgs) -> Result<(), Failure> {
    let read = config::load(&cx.places());
    let config = match read {
        Ok(config) => config,
        Err(e) => {
            if args.json {
                cx.out.json(&Checked::wrong(&e.render(false)))?;
                return Err(Failure::Quiet(super::exit::Exit::Config));
            }
            return Err(Failure::of_config(&e, cx.out.color_err));
        }
    };
    let mut warnings = config.warnings.clone();
    warnings.extend(config.unavailable.iter().cloned());
    warnings.extend(warnings::of_topics(&config));
    if args.json {
        return cx.out.json(&Checked::right(&config, warnings, args.print));
    }
    for warning in &warnings {
        cx.out.warn(warning);
    }
    if args.print {
        return print(cx, &config);
    }
    cx.out.line(&format!(
        "{}: OK; {} and {} in the file; {}",
        config.source(),
        count(config.feeds.len(), "feed"),
        count(config.topics.len(), "topic"),
        store_in_words(&config.store.path)
    ))
}

impl Checked {
    fn wrong(error: &str) -> Self {
        Self {
            error: Some(error.trim_end().to_owned()),
            ..Self::default()
        }
    }

    fn right(config: &Config, warnings: Vec<String>, with_settings: bool) -> Self {
        let settings = config.settings.iter().filter(|_| with_settings);
        let settings = settings.map(|setting| Value {
            key: setting.key.clone(),
            value: setting.is_set().then(|| setting.value.clone()),
            origin: config.origin_of(&setting.key),
        });
        Self {
            configuration: config.source(),
            ok: true,
            error: None,
            warnings,
            feeds: config.feeds.len(),
            topics: config.topics.len(),
            store: Some(config.store.path.display().to_string()),
            store_feeds: stored_feeds(&config.store.path).ok().flatten(),
            settings: settings.collect(),
        }
    }
}

/// Prints an equivalent configuration: sections as dotted keys, then the tables of feeds and topics.
fn print(cx: &mut Context, config: &Config) -> Result<(), Failure> {
    let mut table = "";
    for setting in &config.settings {
        let (list, key) = in_table(setting);
        if list != table {
            table = list;
            let name = list.split('[').next().unwrap_or_default();
            cx.out.line("")?;
            cx.out.line(&format!("[[{name}]]"))?;
        }
        let origin = config.origin_of(&setting.key);
        cx.out.line(&match setting.is_set() {
            true => format!("{key} = {}  # {origin}", setting.value),
            false => format!("# {key} is not set  # {origin}"),
        })?;
    }
    Ok(())
}

/// The list entry that a setting belongs to (`feed[2]`), or an empty string; and its key there.
fn in_table(setting: &Setting) -> (&str, &str) {
    match setting.key.split_once("].") {
        Some((list, key)) => (setting.key.get(..=list.len()).unwrap_or_default(), key),
        None => ("", &setting.key),
    }
}

/// The location of the store and its number of feeds. A store that cannot be read is not an error of the configuration.
fn store_in_words(path: &Path) -> String {
    let place = path.display();
    match stored_feeds(path) {
        Ok(None) => format!("the store {place} does not exist yet"),
        Ok(Some(feeds)) => format!("{} in the store {place}", count(feeds, "feed")),
        Err(e) => format!("the store cannot be read: {e}"),
    }
}

/// The number of feeds in the store; `None` if it does not exist.
fn stored_feeds(path: &Path) -> Result<Option<usize>, StoreError> {
    match Reads::open(path).and_then(|reads| reads.feeds()) {
        Ok(feeds) => Ok(Some(feeds.len())),
        Err(StoreError::Missing(_)) => Ok(None),
        Err(e) => Err(e),
    }
}
