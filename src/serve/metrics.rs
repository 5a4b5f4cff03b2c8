//! The metrics of the server and the store, in OpenMetrics. Label values are constants of this file, never taken from a
//! request or a feed, so that their number is bounded.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::model::{Seq, Time};
use crate::store::{PollTotals, Status};

/// The Content-Type of [`Metrics::print`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The prefix of every metric.
const PREFIX: &str = "newswire";

/// How long the numbers of the store are kept: less than the interval of a monitoring system.
const STORE_NUMBERS_TTL: Duration = Duration::from_secs(5);

/// The counters of the server, and the metrics of other modules.
pub struct Metrics {
    /// Open connections.
    pub connections: Gauge,
    /// Connections closed because too many were open.
    pub refused: Counter,
    /// Connections closed because the client read its response too slowly while memory was short.
    pub cut: Counter,
    /// Bytes of memory that responses take.
    pub response_bytes: Gauge,
    /// Documents rendered because no valid one was cached.
    pub renderings: Counter,
    requests: Family<Request, Counter>,
    own: Registry,
    others: Arc<Registry>,
}

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A merged feed or an OPML list.
    Feed,
    /// A page.
    Page,
    /// A path of the JSON API.
    Api,
    /// Health or metrics.
    Probe,
    /// Anything else.
    Other,
}

/// The numbers of the store at one time.
pub struct StoreNumbers {
    pub status: Status,
    pub polls: PollTotals,
    pub sequence: Seq,
    pub at: Time,
}

impl StoreNumbers {
    /// Whether they may be used at `now` with the store at `sequence`.
    pub fn is_fresh(&self, sequence: Seq, now: Time) -> bool {
        self.sequence == sequence && self.at <= now && now.since(self.at) < STORE_NUMBERS_TTL
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    kind: Kind,
    class: Class,
}

/// The class of a status. 304 has its own, because it shows whether caching works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Success,
    NotModified,
    ClientError,
    ServerError,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Metrics {
    /// New counters. `others` are printed after the server's own.
    pub fn new(others: Arc<Registry>) -> Self {
        let (connections, refused) = (Gauge::default(), Counter::default());
        let (cut, response_bytes) = (Counter::default(), Gauge::default());
        let (renderings, requests) = (Counter::default(), Family::default());
        let mut own = Registry::with_prefix(PREFIX);
        own.register(
            "http_requests",
            "Responses by kind and status class",
            requests.clone(),
        );
        own.register("http_connections", "Open connections", connections.clone());
        let help = "Connections closed because too many were open";
        own.register("http_connections_refused", help, refused.clone());
        let help = "Connections closed because the client read too slowly while memory was short";
        own.register("http_connections_cut", help, cut.clone());
        let help = "Memory of responses that are being rendered, cached, or sent";
        own.register("http_answer_bytes", help, response_bytes.clone());
        let help = "Documents rendered; all other responses came from the cache";
        own.register("http_renderings", help, renderings.clone());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        own.register("build", "The version of newswire", build);
        Self {
            connections,
            refused,
            cut,
            response_bytes,
            renderings,
            requests,
            own,
            others,
        }
    }

    /// Counts a response.
    pub fn count(&self, kind: Kind, status: StatusCode) {
        let class = match status.as_u16() {
            304 => Class::NotModified,
            200..=299 => Class::Success,
            400..=499 => Class::ClientError,
            500..=599 => Class::ServerError,
            _ => Class::Other,
        };
        self.requests.get_or_create(&Request { kind, class }).inc();
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// A metric cannot be formatted, which is a bug.
    pub fn print(&self, status: &Status, polls: &PollTotals) -> Result<String, fmt::Error> {
        let mut out = String::new();
        encode_registry(&mut out, &store_registry(status, polls))?;
        encode_registry(&mut out, &self.own)?;
        encode_registry(&mut out, &self.others)?;
        encode_eof(&mut out)?;
        Ok(out)
    }
}

/// The metrics of the store.
fn store_registry(status: &Status, polls: &PollTotals) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    let feeds = Family::<State, Gauge>::default();
    let others = status.feeds_new + status.feeds_failing + status.feeds_paused + status.feeds_gone;
    for (state, n) in [
        ("ok", status.feeds.saturating_sub(others)),
        ("new", status.feeds_new),
        ("failing", status.feeds_failing),
        ("paused", status.feeds_paused),
        ("gone", status.feeds_gone),
    ] {
        feeds.get_or_create(&State { state }).set(signed(n));
    }
    registry.register("feeds", "Subscriptions by state", feeds);
    for (name, help, n) in [
        (
            "feeds_due",
            "Feeds due for a poll",
            signed(status.feeds_due),
        ),
        ("articles", "Articles stored", signed(status.articles)),
        ("stories", "Stories stored", signed(status.stories)),
        ("topics", "Topics", signed(status.topics)),
        (
            "sequence",
            "The sequence number of the last change",
            status.sequence.get(),
        ),
        (
            "store_bytes",
            "Size of the database file",
            signed(status.db_bytes),
        ),
        (
            "store_wal_bytes",
            "Size of the write-ahead log",
            signed(status.wal_bytes),
        ),
    ] {
        registry.register(name, help, ConstGauge::new(n));
    }
    if let Some(at) = status.last_success {
        registry.register(
            "last_success_timestamp_seconds",
            "Time of the last successful poll (a document or 304)",
            ConstGauge::new(at.millis() as f64 / 1000.0),
        );
    }
    let outcomes = Family::<Outcome, Counter>::default();
    let other = polls
        .polls
        .saturating_sub(polls.not_modified + polls.failed);
    for (outcome, n) in [
        ("document", other),
        ("not_modified", polls.not_modified),
        ("failed", polls.failed),
    ] {
        outcomes.get_or_create(&Outcome { outcome }).inc_by(n);
    }
    registry.register("polls", "Polls by outcome", outcomes);
    for (name, help, n) in [
        (
            "polls_throttled",
            "Polls answered with 429",
            polls.throttled,
        ),
        (
            "polls_received_bytes",
            "Bytes of response bodies received by polls",
            polls.bytes,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(n));
    }
    registry
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl EncodeLabelValue for Kind {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let name = match self {
            Self::Feed => "feed",
            Self::Page => "page",
            Self::Api => "api",
            Self::Probe => "probe",
            Self::Other => "other",
        };
        name.encode(encoder)
    }
}

impl EncodeLabelValue for Class {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let name = match self {
            Self::Success => "2xx",
            Self::NotModified => "304",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Other => "other",
        };
        name.encode(encoder)
    }
}
