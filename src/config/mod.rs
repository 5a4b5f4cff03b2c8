//! L4: what the operator wants. TOML in, one checked [`Config`] out, or every mistake at once with its place.
//!
//! Nobody below L4 sees `Config`: it is taken apart into small options here ([`Config::store_options`],
//! [`Config::declared_feeds`], [`Config::topics`]) and by the daemon. It never writes a file and never prints a
//! secret.
//!
//! Where to look: [`document`] walks the TOML and keeps the places, [`value`] reads single values, `read` is the
//! schema, `feeds` and `topics` the two lists, [`places`] which file and which store, [`problem`] how a mistake
//! is shown, `mask` without its secrets.

pub mod credentials;
mod document;
pub mod environment;
mod feeds;
mod mask;
mod overlay;
pub mod places;
pub mod problem;
mod read;
pub mod span;
#[cfg(test)]
mod tests;
mod topics;
pub mod value;

use std::path::PathBuf;
use std::time::Duration;

use crate::fetch::Net;
use crate::model::WebUrl;
use crate::serve::Tokens;
use crate::store::{NewFeed, StoreOptions, TopicDefinition};

pub use feeds::INTERVAL_TOLERATED;
pub use places::Given;
pub use problem::{ConfigError, Problem};
pub use read::{load, read_text};
pub use value::{Etiquette, Keep, Listen};

/// The configuration for a first look (`newswire run --sample`): public feeds, made-up papers and topics.
pub const SAMPLE: &str = include_str!("../../config/sample.toml");

/// The whole configuration, checked. Every value is effective: defaults, environment and flags are in it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from; none: built-in defaults.
    pub file: Option<PathBuf>,
    /// Whether it is the built-in sample.
    pub is_sample: bool,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[server]`.
    pub server: ServerConfig,
    /// `[fetch]`.
    pub fetch: FetchConfig,
    /// `[schedule]`.
    pub schedule: ScheduleConfig,
    /// `[dedup]`.
    pub dedup: DedupConfig,
    /// `[websub]`.
    pub websub: WebSubConfig,
    /// Every `[[feed]]`.
    pub feeds: Vec<NewFeed>,
    /// Every `[[topic]]`, its expression read.
    pub topics: Vec<TopicDefinition>,
    /// Every value with where it comes from, in the order of the file's sections.
    pub settings: Vec<Setting>,
    /// What is allowed but unwise, one line each.
    pub warnings: Vec<String>,
    /// The credentials that this process was not given, one line each: its feeds and readers' tokens are incomplete.
    pub unavailable: Vec<String>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database file.
    pub path: PathBuf,
    /// Whether no flag, variable or file names the path: its directory is made if it is missing.
    pub is_default_place: bool,
    /// How long an article is kept.
    pub keep: Keep,
    /// How many articles are kept of one feed.
    pub keep_max_per_feed: u64,
    /// Above how many bytes the operator is warned of the store's size; 0: never.
    pub size_warning: u64,
    /// Whether every commit is synced (`full`) or only checkpoints (`normal`).
    pub synchronous_full: bool,
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen; empty: no HTTP server.
    pub listen: Vec<Listen>,
    /// The base of the URLs that readers see.
    pub public_url: Option<WebUrl>,
    /// Further host names that the server answers to.
    pub allowed_hosts: Vec<String>,
    /// The title of the pages and of the merged feed.
    pub title: String,
    /// Entries a page of a merged feed, 1 to 1000.
    pub page_size: usize,
    /// Whether pages show publishers' pictures, loaded from the publishers.
    pub images: bool,
    /// Who may read (`token_file`); none: everybody who can connect.
    pub tokens: Option<Tokens>,
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// Requests in flight at once, over all hosts.
    pub concurrency: usize,
    /// Requests in flight at once to one host.
    pub per_host: usize,
    /// Time between two request starts to one host.
    pub host_delay: Duration,
    /// Total limit of one visit, redirects included.
    pub timeout: Duration,
    /// Most bytes of a decoded body.
    pub max_body_bytes: u64,
    /// Most redirects followed.
    pub max_redirects: usize,
    /// A User-Agent instead of newswire's own.
    pub user_agent: Option<String>,
    /// How a publisher reaches the operator; part of the User-Agent.
    pub contact: Option<String>,
    /// Whether any address may be contacted (closed networks only).
    pub allow_private_addresses: bool,
    /// Networks that may be contacted although they are not public.
    pub allow_private: Vec<Net>,
    /// A proxy for every request, `http://host:port`, without userinfo.
    pub proxy: Option<WebUrl>,
    /// A PEM file with further certificate authorities.
    pub extra_ca: Option<PathBuf>,
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleConfig {
    /// Mean polls a feed and day.
    pub polls_per_day: f64,
    /// Least time between two planned polls of a feed.
    pub min_interval: Duration,
    /// Most time between two planned polls of a feed.
    pub max_interval: Duration,
    /// Least time between two polls by command of a feed.
    pub manual_interval: Duration,
    /// How strictly publishers' wishes are followed.
    pub etiquette: Etiquette,
}

/// `[dedup]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DedupConfig {
    /// How long a story may gather copies.
    pub window: Duration,
    /// Whether near copies are joined too, not only equal ones.
    pub near: bool,
}

/// `[websub]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebSubConfig {
    /// Where hubs reach this server, to tell of news; none: hubs are not asked.
    pub callback_url: Option<WebUrl>,
    /// Our own hub, which is told of changes in our merged feeds; none on a private server, where it could not read them.
    pub hub: Option<WebUrl>,
}

/// One value as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `store.keep`, `feed[2].title`.
    pub key: String,
    /// The value in TOML; secrets are masked.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl Setting {
    /// Whether it has a value; TOML cannot say that one has none.
    pub fn is_set(&self) -> bool {
        self.value != value::NOT_SET
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file, with its line (counted from 1).
    Line(usize),
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Config {
    /// What the store needs to open.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            path: self.store.path.clone(),
            synchronous_full: self.store.synchronous_full,
            dedup_window: self.dedup.window,
            dedup_near: self.dedup.near,
        }
    }

    /// Where a setting comes from, for people: `default`, `FILE:LINE`, `$NAME` or `--flag`.
    pub fn origin_of(&self, key: &str) -> String {
        let setting = self.settings.iter().find(|s| s.key == key);
        match setting.map(|s| &s.origin) {
            None | Some(Origin::Default) => "default".to_owned(),
            Some(Origin::Line(line)) => format!("{}:{line}", self.source()),
            Some(Origin::Env(name)) => format!("${name}"),
            Some(Origin::Flag(name)) => (*name).to_owned(),
        }
    }

    /// That every secret of the configuration is known, as the daemon needs it.
    ///
    /// # Errors
    /// [`ConfigError::Unavailable`] otherwise.
    pub fn require_credentials(&self) -> Result<(), ConfigError> {
        if self.unavailable.is_empty() {
            return Ok(());
        }
        Err(ConfigError::Unavailable(self.unavailable.join("; ")))
    }

    /// The feeds of the file, for `Store::reconcile`.
    pub fn declared_feeds(&self) -> Vec<NewFeed> {
        self.feeds.clone()
    }

    /// The topics of the file, for `Store::set_topics`.
    pub fn topics(&self) -> Vec<TopicDefinition> {
        self.topics.clone()
    }
}
