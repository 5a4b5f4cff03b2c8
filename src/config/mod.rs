//! L4: the configuration. It reads TOML into a checked [`Config`], or reports all mistakes with their positions. It never writes a
//! file and never prints a secret.
//!
//! Modules below L4 do not know `Config`: the daemon and [`Config::store_options`], [`Config::declared_feeds`] and
//! [`Config::topics`] turn it into their options.
//!
//! | file | purpose |
//! |---|---|
//! | `read` | reads the whole configuration |
//! | `sections`, `feeds`, `topics`, `notify`, `places`, `email` | the keys, with defaults and limits |
//! | `section`, `reading` | reads a table key by key; collects values and mistakes |
//! | [`value`], [`setting_types`], `size` | how values are read and shown |
//! | [`paths`], [`environment`], `overlay` | the paths of file and store; variables and flags that override settings |
//! | [`credentials`] | passwords and tokens |
//! | [`problem`], `mask` | how mistakes are shown, without secrets |

pub mod credentials;
mod email;
pub mod environment;
mod feeds;
mod mask;
mod notify;
mod overlay;
pub mod paths;
mod places;
pub mod problem;
mod read;
mod reading;
mod section;
mod sections;
pub mod setting_types;
mod size;
#[cfg(test)]
mod tests;
mod topics;
pub mod value;

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::deliver::Target;
use crate::model::WebUrl;
use crate::serve::Tokens;
use crate::store::{NewFeed, StoreOptions, TopicDefinition};

pub use feeds::INTERVAL_TOLERATED;
pub use paths::ConfigFlags;
pub use problem::{ConfigError, Problem};
pub use read::{load, read_text};
pub use setting_types::{Etiquette, Keep, Listen};

/// The configuration for a first look (`newswire run --sample`): public feeds, fictional newspapers and topics.
pub const SAMPLE: &str = include_str!("../../config/sample.toml");

/// The whole configuration, checked, with defaults, environment and flags applied.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file; `None` for built-in defaults.
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
    /// Every `[[topic]]`, with its expression parsed.
    pub topics: Vec<TopicDefinition>,
    /// Every `[[notify]]`.
    pub notify: Vec<Target>,
    /// Every value with its origin, in the order of the sections.
    pub settings: Vec<Setting>,
    /// Warnings, one line each.
    pub warnings: Vec<String>,
    /// The credentials that are not available to this process, one line each. Their feeds and tokens are missing.
    pub unavailable: Vec<String>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database file.
    pub path: PathBuf,
    /// Whether the path is the default one, whose directory is created if it is missing.
    pub is_default_path: bool,
    /// How long an article is kept.
    pub keep: Keep,
    /// Maximum number of articles kept per feed.
    pub keep_max_per_feed: u64,
    /// Size of the store, in bytes, above which there is a warning; 0: never.
    pub size_warning: u64,
    /// Whether every commit is synced (`full`), or only checkpoints (`normal`).
    pub synchronous_full: bool,
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The addresses to listen on; empty: no HTTP server.
    pub listen: Vec<Listen>,
    /// The base of our URLs.
    pub public_url: Option<WebUrl>,
    /// Further host names that the server answers to.
    pub allowed_hosts: Vec<String>,
    /// The title of the pages and of the merged feed.
    pub title: String,
    /// Entries per page of a merged feed, 1 to 1000.
    pub page_size: usize,
    /// Whether pages show images, which browsers load from the publishers.
    pub images: bool,
    /// Whether language models may use the tools at `/mcp`.
    pub mcp: bool,
    /// The tokens of readers (`token_file`); `None`: no token is needed.
    pub tokens: Option<Tokens>,
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// Maximum number of requests in flight.
    pub concurrency: usize,
    /// Maximum number of requests in flight to one host.
    pub per_host: usize,
    /// Minimum time between the starts of two requests to one host.
    pub host_delay: Duration,
    /// Time limit for the servers of one poll, redirects included.
    pub timeout: Duration,
    /// Maximum size of a decoded body, in bytes.
    pub max_body_bytes: u64,
    /// Maximum number of redirects.
    pub max_redirects: usize,
    /// Replaces newswire's User-Agent.
    pub user_agent: Option<String>,
    /// How publishers can reach the operator; part of the User-Agent.
    pub contact: Option<String>,
    /// Whether any address may be contacted; for closed networks only.
    pub allow_private_addresses: bool,
    /// Private networks that may be contacted.
    pub allow_private: Vec<IpNet>,
    /// The proxy for all requests, `http://host:port`, without credentials.
    pub proxy: Option<WebUrl>,
    /// A PEM file with further certificate authorities.
    pub extra_ca: Option<PathBuf>,
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleConfig {
    /// Average number of polls per feed and day.
    pub polls_per_day: f64,
    /// Minimum time between two planned polls of a feed.
    pub min_interval: Duration,
    /// Maximum time between two planned polls of a feed.
    pub max_interval: Duration,
    /// Minimum time between two polls of a feed by command.
    pub manual_interval: Duration,
    /// How strictly hints of publishers are followed.
    pub etiquette: Etiquette,
}

/// `[dedup]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DedupConfig {
    /// Time in which a story gathers copies.
    pub window: Duration,
    /// Whether near copies are joined too.
    pub near: bool,
}

/// `[websub]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebSubConfig {
    /// The URL at which hubs reach this server; `None`: hubs are not used.
    pub callback_url: Option<WebUrl>,
    /// Our hub, which is notified of changes in the merged feeds; `None` if readers need tokens, because it could not read them.
    pub hub: Option<WebUrl>,
}

/// A value that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `store.keep`, `feed[2].title`.
    pub key: String,
    /// The value as TOML; secrets are masked.
    pub value: String,
    /// The origin.
    pub origin: Origin,
}

impl Setting {
    /// Whether it has a value. TOML cannot express a missing one.
    pub fn is_set(&self) -> bool {
        self.value != value::NOT_SET
    }
}

/// The origin of a value.
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

    /// The origin of a setting, for people: `default`, `FILE:LINE`, `$NAME` or `--flag`.
    pub fn origin_of(&self, key: &str) -> String {
        let setting = self.settings.iter().find(|s| s.key == key);
        match setting.map(|s| &s.origin) {
            None | Some(Origin::Default) => "default".to_owned(),
            Some(Origin::Line(line)) => format!("{}:{line}", self.source()),
            Some(Origin::Env(name)) => format!("${name}"),
            Some(Origin::Flag(name)) => (*name).to_owned(),
        }
    }

    /// Checks that all secrets of the configuration are available, which the daemon requires.
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
