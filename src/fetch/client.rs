//! [`Fetcher`]: what all requests share (connections, permits, the address guard, memory), and what can be read from it. The
//! requests themselves are in `documents`, `visit`, `robots::check` and [`hub`](super::hub). Setting it up contacts no server.

use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;

use super::body_reader::BodyReader;
use super::guard::Guard;
use super::host_stats::HostStats;
use super::hosts::Hosts;
use super::http_client::{self, IDLE_TIMEOUT, IDLE_TIMEOUT_SINGLE};
use super::local::LocalClient;
use super::options::{FetchOptions, FetchSetupError};
use super::resolve::Resolver;
use super::robots::cache::RobotsCache;
use crate::clock::Clock;
use crate::memory::MemoryBudget;
use crate::model::WebUrl;

/// Sends requests. One for the whole process, because permits, spacing and connections are kept in it; share it by reference.
#[derive(Debug)]
pub struct Fetcher {
    pub(super) client: reqwest::Client,
    /// For feeds whose host serves no other feed: it closes idle connections sooner.
    pub(super) client_single: reqwest::Client,
    pub(super) local: Option<LocalClient>,
    pub(super) options: FetchOptions,
    pub(super) clock: Clock,
    pub(super) guard: Guard,
    pub(super) hosts: Hosts,
    pub(super) resolver: Resolver,
    pub(super) robots: RobotsCache,
    pub(super) bodies: BodyReader,
}

impl Fetcher {
    /// Sets up the HTTP clients. Reads the file `options.extra_ca`.
    ///
    /// # Errors
    /// [`FetchSetupError`] if the certificate file, the proxy or the user agent cannot be used.
    pub fn new(options: FetchOptions, clock: Clock) -> Result<Self, FetchSetupError> {
        let guard = Guard {
            allow_all: options.allow_private_all,
            allow: options.allow_private.clone(),
        };
        HeaderValue::from_str(&options.user_agent).map_err(|_| FetchSetupError::UserAgent)?;
        let proxy = options
            .proxy
            .as_deref()
            .and_then(http_client::host_of_proxy);
        let resolver = Resolver::new(options.names.clone(), guard.clone(), proxy);
        if options.proxy.is_some() {
            tracing::warn!(
                "a proxy is set: the address filter checks only addresses that are written in URLs"
            );
        }
        Self::assemble(options, clock, guard, resolver)
    }

    /// A fetcher for messages to targets (see `send`), which may be in other networks than feeds. It has connections of its own, and
    /// looks names up on the same threads.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_networks(&self, allow_private: &[IpNet]) -> Result<Self, FetchSetupError> {
        let options = FetchOptions {
            allow_private: allow_private.to_vec(),
            local: None,
            ..self.options.clone()
        };
        let guard = Guard {
            allow_all: options.allow_private_all,
            allow: options.allow_private.clone(),
        };
        let resolver = self.resolver.with_guard(guard.clone());
        Self::assemble(options, self.clock.clone(), guard, resolver)
    }

    fn assemble(
        options: FetchOptions,
        clock: Clock,
        guard: Guard,
        resolver: Resolver,
    ) -> Result<Self, FetchSetupError> {
        let client = http_client::build(&options, &resolver, IDLE_TIMEOUT)?;
        let client_single = http_client::build(&options, &resolver, IDLE_TIMEOUT_SINGLE)?;
        let local = options.local.clone();
        let local = local
            .map(|hosts| LocalClient::new(hosts, http_client::builder(IDLE_TIMEOUT_SINGLE)))
            .transpose()?;
        let hosts = Hosts::new(
            options.concurrency,
            options.per_host,
            options.host_delay,
            options.slow_hosts.clone(),
        );
        Ok(Self {
            client,
            client_single,
            local,
            options,
            clock,
            guard,
            hosts,
            resolver,
            robots: RobotsCache::default(),
            bodies: BodyReader::new(MemoryBudget::new()),
        })
    }

    /// The memory budget that all bodies share.
    pub fn memory(&self) -> &MemoryBudget {
        self.bodies.memory()
    }

    /// How much longer the host of `url` must not be contacted, if its server asked for a pause. Check before claiming a feed.
    pub fn backoff(&self, url: &WebUrl) -> Option<Duration> {
        self.hosts.backoff(url.host())
    }

    /// Does not contact the host for `span`: restores a pause that was asked for before this process started.
    pub fn back_off(&self, host: &str, span: Duration) {
        self.hosts.back_off(host, span);
    }

    /// How many visits to the site of `host` may be in progress at once, so that it does not take the slots of other sites.
    pub fn visits_max(&self, host: &str) -> usize {
        self.hosts.visits_max(host)
    }

    /// How long a visit to `url` that started now would wait in the queue of its host.
    pub fn queue_wait(&self, url: &WebUrl) -> Duration {
        self.hosts.queue_wait(url.host())
    }

    /// Longest time that the servers of one visit may take.
    pub fn timeout_total(&self) -> Duration {
        self.options.timeout_total
    }

    /// The state of every known host.
    pub fn host_stats(&self) -> Vec<HostStats> {
        self.hosts.stats()
    }
}
