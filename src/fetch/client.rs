//! One visit: a request, its redirects, its deadline, and what came of it. Only GET, no cookies, no Referer, no
//! second try (ET-31, ET-41, ET-44). Never follows anything the caller did not ask for (ET-48).

use std::io::Read;
use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::TryStreamExt;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::body::{self, Bound, Coding};
use super::failure::{self, fail};
use super::guard::Guard;
use super::hints;
use super::hosts::{HostStats, Hosts, Resting, Turn};
use super::intake::{Incoming, Intake};
use super::link;
use super::local::Local;
use super::options::{FetchOptions, FetchSetupError};
use super::resolve::Resolver;
use super::robots::{self, Robots, Rules};
use super::visit_time::{TURN_MAX, VisitTime};
use crate::clock::Clock;
use crate::memory::{Body, MemoryBudget};
use crate::model::{
    Extent, Failure, FailureKind, FeedRow, Hints, Outcome, Poll, Secret, Time, Validators, WebUrl,
};

/// Feed types first, anything last, always the same text (ET-43).
pub const ACCEPT_FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
     application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// What pages of articles are asked for with.
const ACCEPT_PAGES: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// RFC 3229.
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

/// Longest file of `extra_ca`, in bytes: all public authorities take less than 1 MiB.
const EXTRA_CA_BYTES_MAX: u64 = 8 << 20;
/// Limit of one connection's set-up.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// A feed that is redirected to a host whose queue is longer is put off: the caller could not see that host coming (REL-16).
const HOP_PATIENCE: Duration = Duration::from_secs(10);
/// A request that takes longer lets others ask meanwhile.
const PROMPT: Duration = Duration::from_millis(500);
/// Idle connections are closed after this (ET-44 allows 60 s): feeds of one host follow one another within the usual
/// spacing of two seconds.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// The same where nothing else is wanted of the host: a redirect may still come back to it. A pass over ten thousand hosts
/// must not keep as many connections, each with some 20 KB of buffers.
const IDLE_ALONE_MAX: Duration = Duration::from_millis(50);
/// Most headers of an answer, and most bytes of them (SEC-05).
const HEADERS_MAX: usize = 100;
const HEADER_BYTES_MAX: usize = 64 << 10;
/// What is read of a body nobody wants, to keep its connection.
const DRAIN_BYTES: usize = 16 << 10;
const DRAIN_TIME: Duration = Duration::from_millis(500);
/// Data that an HTTP/2 server may send before we read it, in bytes: it lies outside the memory budget.
const HTTP2_WINDOW: u32 = 128 << 10;

/// Headers that belong to the connection or to us; a feed's own headers may not set them.
pub const RESERVED: [&str; 14] = [
    "a-im",
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "proxy-authorization",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// What to ask for.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    /// The feed's row, copied into the poll.
    pub feed: FeedRow,
    /// Where the visit starts.
    pub url: WebUrl,
    /// What is known of each URL that may answer, by its serialized form: a redirect's target gets its own
    /// validators or none (ET-07).
    pub validators: Vec<(String, Validators)>,
    /// User name and password, sent to the origin of `url` only (SEC-08).
    pub auth: Option<(String, Secret)>,
    /// The user's own headers, sent to the origin of `url` only.
    pub headers: Vec<(String, Secret)>,
    /// Instead of the common user agent.
    pub user_agent: Option<String>,
    /// Whether the last visit there went well: then its name does not wait for names of which nothing is known.
    pub is_proven: bool,
    /// Whether other feeds are likely to be asked of the same origin: then the connection is kept for them (ET-44).
    pub has_neighbours: bool,
}

/// A document that is no poll of a feed: a page to look for feeds on, an OPML file.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The URL that answered, after redirects.
    pub url: WebUrl,
    /// The Content-Type header as written.
    pub content_type: Option<String>,
    /// Decoded bytes.
    pub body: Body,
}

/// Asks servers. Cheap to share by reference; one for the whole process, because permits, spacing and connections
/// are kept in it.
#[derive(Debug)]
pub struct Fetcher {
    pub(super) client: reqwest::Client,
    /// For feeds that have their host to themselves.
    client_alone: reqwest::Client,
    local: Option<Local>,
    pub(super) options: FetchOptions,
    pub(super) clock: Clock,
    pub(super) guard: Guard,
    pub(super) hosts: Hosts,
    pub(super) resolver: Resolver,
    robots: Robots,
    pub(super) intake: Intake,
}

/// One visit in the fetcher's own terms.
struct Ask<'a> {
    url: WebUrl,
    accept: &'a str,
    user_agent: &'a str,
    validators: &'a [(String, Validators)],
    auth: Option<&'a (String, Secret)>,
    headers: &'a [(String, Secret)],
    bound: Bound,
    /// A feed: what has changed since is enough (ET-10).
    is_feed: bool,
    is_alone: bool,
    is_proven: bool,
    /// An article's page: robots.txt holds on every hop, and nothing but HTML is read.
    is_article: bool,
}

/// How far a visit came, filled in on the way.
struct Trace {
    started: Option<Time>,
    url: Option<WebUrl>,
    hops: usize,
    permanent: bool,
    status: Option<u16>,
    bytes_wire: u64,
    hints: Hints,
    extent: Extent,
    time: VisitTime,
    /// The turn of the request that brought the feed.
    turn: Option<Turn>,
}

/// What a server finally gave.
enum Answer {
    Document { headers: HeaderMap, body: Body },
    NotModified { headers: HeaderMap },
}

/// One request's result.
enum Step {
    Final(Answer),
    Redirect { to: WebUrl, permanent: bool },
}

impl Fetcher {
    /// Sets up the client. Reads `options.extra_ca`; contacts nobody.
    pub fn new(options: FetchOptions, clock: Clock) -> Result<Self, FetchSetupError> {
        let guard = Guard {
            allow_all: options.allow_private_all,
            allow: options.allow_private.clone(),
        };
        HeaderValue::from_str(&options.user_agent).map_err(|_| FetchSetupError::UserAgent)?;
        let proxy = options.proxy.as_deref().and_then(proxy_host);
        let resolver = Resolver::new(options.names.clone(), guard.clone(), proxy);
        let kept = client(&options, &resolver, IDLE_MAX)?;
        let client_alone = client(&options, &resolver, IDLE_ALONE_MAX)?;
        let local = options.local.clone();
        let local = local.map(|hosts| Local::new(hosts, plain_client(IDLE_ALONE_MAX)));
        if options.proxy.is_some() {
            tracing::warn!("a proxy is set: the address filter sees address literals only");
        }
        let hosts = Hosts::new(
            options.concurrency,
            options.per_host,
            options.host_delay,
            options.slow_hosts.clone(),
        );
        Ok(Self {
            client: kept,
            client_alone,
            local: local.transpose()?,
            options,
            clock,
            guard,
            hosts,
            resolver,
            robots: Robots::default(),
            intake: Intake::new(MemoryBudget::new()),
        })
    }

    /// Visits a feed once. Waits for the host's permit without counting it against the time limit; a host at rest is
    /// not asked at all, and the poll says so ([`Poll::is_unasked`]). When `cancel` fires the poll fails as `Internal`
    /// and should be forgotten; before its turn that is a rest of no time. A document's body comes beside the poll.
    ///
    /// Every wait has an end (REL-13): ten minutes for the turns of hosts, over all hops; `timeout_total` for all servers
    /// together; `own_wait` for memory, decoding and name lookups. When the first or the last is over, the poll is
    /// [busy](Poll::is_busy), which is not the feed's fault.
    pub async fn poll(
        &self,
        request: &FetchRequest,
        cancel: &CancellationToken,
    ) -> (Poll, Option<Body>) {
        let (poll, body, _) = self.poll_in_turn(request, cancel).await;
        (poll, body)
    }

    /// The same, with the turn of the request. As long as it is kept no other feed is asked in its place: who keeps it until the
    /// document is read, and waits for no other request meanwhile, has no more documents waiting than requests at once.
    pub async fn poll_in_turn(
        &self,
        request: &FetchRequest,
        cancel: &CancellationToken,
    ) -> (Poll, Option<Body>, Option<Turn>) {
        let ask = Ask {
            url: without_fragment(&request.url),
            accept: ACCEPT_FEEDS,
            user_agent: request
                .user_agent
                .as_deref()
                .unwrap_or(&self.options.user_agent),
            validators: &request.validators,
            auth: request.auth.as_ref(),
            headers: &request.headers,
            bound: Bound {
                limit: self.options.body_bytes_max,
                cut: false,
            },
            is_feed: true,
            is_alone: !request.has_neighbours,
            is_proven: request.is_proven,
            is_article: false,
        };
        let mut trace = Trace::new(&self.options);
        let mut read = None;
        let outcome = match self.visit(&ask, &mut trace, cancel).await {
            Ok(Answer::Document { headers, body }) => {
                read = Some(body);
                Outcome::Document {
                    content_type: content_type(&headers),
                    validators: validators(&headers),
                }
            }
            Ok(Answer::NotModified { headers }) => Outcome::NotModified {
                validators: validators(&headers),
            },
            Err(failure) => Outcome::Failed(failure),
        };
        let finished = self.clock.now();
        let poll = Poll {
            feed: request.feed,
            started: trace.started.unwrap_or(finished),
            finished,
            moved_permanently: trace.hops > 0
                && trace.permanent
                && !matches!(outcome, Outcome::Failed(_)),
            final_url: trace.url.or(Some(ask.url)),
            status: trace.status,
            bytes_wire: trace.bytes_wire,
            hints: trace.hints,
            extent: trace.extent,
            outcome,
        };
        (poll, read, trace.turn)
    }

    /// Gets a page or an OPML file through the same guard, permits and limits. `body_bytes_max` cannot exceed the
    /// fetcher's own limit.
    pub async fn get(
        &self,
        url: &WebUrl,
        accept: &str,
        body_bytes_max: usize,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        let ask = self.ask(url, accept, body_bytes_max);
        self.page(&ask, &mut Trace::new(&self.options), cancel)
            .await
    }

    /// Gets the page of an article: the same, but robots.txt is obeyed on every hop (ET-47), and what is no HTML is a
    /// failure before it is read (ET-48).
    pub async fn article(
        &self,
        url: &WebUrl,
        body_bytes_max: usize,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        let ask = Ask {
            is_article: true,
            ..self.ask(url, ACCEPT_PAGES, body_bytes_max)
        };
        self.page(&ask, &mut Trace::new(&self.options), cancel)
            .await
    }

    fn ask<'a>(&'a self, url: &WebUrl, accept: &'a str, body_bytes_max: usize) -> Ask<'a> {
        Ask {
            url: without_fragment(url),
            accept,
            user_agent: &self.options.user_agent,
            validators: &[],
            auth: None,
            headers: &[],
            bound: Bound {
                limit: body_bytes_max.min(self.options.body_bytes_max),
                cut: false,
            },
            is_feed: false,
            is_alone: false,
            is_proven: false,
            is_article: false,
        }
    }

    async fn page(
        &self,
        ask: &Ask<'_>,
        trace: &mut Trace,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        match self.visit(ask, trace, cancel).await? {
            Answer::Document { headers, body } => Ok(Page {
                url: trace.url.clone().unwrap_or_else(|| ask.url.clone()),
                content_type: content_type(&headers),
                body,
            }),
            Answer::NotModified { .. } => {
                Err(failure::of_status(StatusCode::NOT_MODIFIED, ask.url.host()))
            }
        }
    }

    /// Refuses what the robots.txt of its origin forbids us.
    async fn obey_robots(&self, url: &WebUrl, cancel: &CancellationToken) -> Result<(), Failure> {
        let now = self.clock.now();
        let rules = match self.robots.known(url, now) {
            Some(rules) => rules,
            None => {
                // One asks, the others wait for the answer. Both have an end: a visit has one.
                let asking = self.robots.asking(url);
                let turn = timeout(TURN_MAX, asking.lock()).await;
                let _turn = turn.map_err(|_| too_many(url.host()))?;
                match self.robots.known(url, self.clock.now()) {
                    Some(rules) => rules,
                    None => {
                        let rules = self.rules(url, cancel).await?;
                        self.robots.keep(url, rules, self.clock.now())
                    }
                }
            }
        };
        if rules.allow(url) {
            return Ok(());
        }
        let why = match *rules {
            Rules::Closed => "cannot say what its robots.txt allows",
            _ => "does not want this page to be read by programs (robots.txt)",
        };
        Err(fail(
            FailureKind::Forbidden,
            format!("{} {why}", url.host()),
        ))
    }

    /// Asks an origin for its robots.txt. What is beyond the part that counts is not read.
    async fn rules(&self, url: &WebUrl, cancel: &CancellationToken) -> Result<Rules, Failure> {
        let robots = url
            .join("/robots.txt")
            .map_err(|e| fail(FailureKind::Internal, e.to_string()))?;
        let ask = Ask {
            bound: Bound {
                limit: robots::ROBOTS_BYTES_MAX,
                cut: true,
            },
            ..self.ask(&robots, "text/plain, */*;q=0.1", usize::MAX)
        };
        let mut trace = Trace::new(&self.options);
        // Boxed: a visit to a page asks for robots.txt, which is a visit.
        match Box::pin(self.page(&ask, &mut trace, cancel)).await {
            Ok(page) => Ok(Rules::read(&page.body)),
            // No request was made, or there was no memory for the answer: that says nothing about the rules.
            Err(failure)
                if cancel.is_cancelled()
                    || trace.started.is_none()
                    || failure.kind == FailureKind::Busy =>
            {
                Err(failure)
            }
            Err(failure) => Ok(Rules::of_failure(&failure)),
        }
    }

    /// The memory that all bodies share.
    pub fn memory(&self) -> &MemoryBudget {
        self.intake.memory()
    }

    /// How much longer the host of `url` wants to be left alone, if it does. Ask before claiming a feed.
    pub fn resting(&self, url: &WebUrl) -> Option<Duration> {
        self.hosts.resting(url.host())
    }

    /// A host asked, before this process began, to be left alone for this much longer.
    pub fn rest(&self, host: &str, span: Duration) {
        self.hosts.rest(host, span);
    }

    /// How many visits to the site of `host` may be under way at once, so that it does not take the places of others.
    pub fn allowance(&self, host: &str) -> usize {
        self.hosts.allowance(host)
    }

    /// How long a visit to `url` that came now would wait for its host's turn.
    pub fn wait(&self, url: &WebUrl) -> Duration {
        self.hosts.wait(url.host())
    }

    /// Longest time that the servers of one visit may take.
    pub fn timeout_total(&self) -> Duration {
        self.options.timeout_total
    }

    /// How every host is doing.
    pub fn host_stats(&self) -> Vec<HostStats> {
        self.hosts.stats()
    }

    /// Follows redirects ourselves, so that each hop passes guard, permit and header rules (ET-36..39, SEC-06,
    /// SEC-07).
    async fn visit(
        &self,
        ask: &Ask<'_>,
        trace: &mut Trace,
        cancel: &CancellationToken,
    ) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        let mut seen = vec![url.clone()];
        loop {
            self.guard.check_url(&url)?;
            if ask.is_article {
                self.obey_robots(&url, cancel).await?;
            }
            let host = url.host();
            let patience = match ask.is_feed && seen.len() > 1 {
                true => HOP_PATIENCE,
                false => Duration::MAX,
            };
            let turn = trace.time.turn(self.hosts.acquire_within(host, patience));
            let permit = tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    trace.hints.retry_after = Some(Duration::ZERO);
                    return Err(cancelled());
                }
                permit = turn => permit,
            };
            let permit = permit.ok_or_else(|| too_many(host))?;
            let mut permit = permit.map_err(|Resting(rest)| {
                trace.hints.retry_after = Some(rest);
                // The server that has the feed was not asked, whatever one before it said.
                trace.status = None;
                let text = format!("{host} cannot be asked for another {} s", rest.as_secs());
                fail(FailureKind::Throttled, text)
            })?;
            trace.started.get_or_insert_with(|| self.clock.now());
            trace.time.go_on();
            let step = {
                let mut request = pin!(self.request(ask, &url, trace));
                let mut patience = pin!(sleep(PROMPT));
                let mut is_prompt = true;
                loop {
                    tokio::select! {
                        biased;
                        () = cancel.cancelled() => return Err(cancelled()),
                        step = &mut request => break step,
                        () = &mut patience, if is_prompt => {
                            is_prompt = false;
                            permit.step_aside();
                        }
                    }
                }
            };
            let turn = permit.end();
            trace.time.pause();
            match step? {
                Step::Final(answer) => {
                    trace.turn = turn.filter(|_| ask.is_feed);
                    return Ok(answer);
                }
                Step::Redirect { to, permanent } => {
                    check_redirect(&ask.url, &to, &seen, self.options.redirects_max)?;
                    trace.hops = trace.hops.saturating_add(1);
                    trace.permanent &= permanent;
                    seen.push(to.clone());
                    url = to;
                }
            }
        }
    }

    /// One request and its answer.
    async fn request(
        &self,
        ask: &Ask<'_>,
        url: &WebUrl,
        trace: &mut Trace,
    ) -> Result<Step, Failure> {
        let host = url.host();
        let headers = request_headers(ask, url)?;
        let wants_delta = headers.contains_key(&A_IM);
        let conditional =
            headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
        let local = self.local.as_ref();
        let sent = if let Some((local, target)) = local.and_then(|l| Some((l, l.target(url)?))) {
            local.client.get(target)
        } else {
            let client = match ask.is_alone {
                true => &self.client_alone,
                false => &self.client,
            };
            let is_proven = ask.is_proven && url.origin() == ask.url.origin();
            self.resolver
                .prepare(url, is_proven, &mut trace.time)
                .await?;
            client.get(url.as_url().clone())
        };
        let sent = sent.headers(headers).send();
        let sent = trace.time.server(host, sent).await?;
        let response = sent.map_err(|e| failure::of_request(&e, host))?;
        let status = response.status();
        trace.status = Some(status.as_u16());
        trace.url = Some(url.clone());
        if header_bytes(response.headers()) > HEADER_BYTES_MAX {
            return Err(fail(
                FailureKind::Body,
                format!("{host} sent headers of more than 64 KiB"),
            ));
        }
        let now = self.clock.now();
        if is_redirect(status) && response.headers().contains_key(LOCATION) {
            self.note_rate_limit(host, response.headers());
            let to = target(url, response.headers())?;
            drain(response, trace).await;
            let permanent = matches!(
                status,
                StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
            );
            return Ok(Step::Redirect { to, permanent });
        }
        trace.hints = hints::from_headers(response.headers(), status, now);
        self.note(host, status, response.headers(), &trace.hints);
        let links = link::links(response.headers(), url);
        (trace.hints.hub, trace.hints.topic) = (links.hub, links.this);
        trace.hints.alternates = links.feeds;
        match status.as_u16() {
            304 if conditional => {
                let headers = response.headers().clone();
                Ok(Step::Final(Answer::NotModified { headers }))
            }
            200 | 203 | 226
                if status != StatusCode::IM_USED
                    || (wants_delta && is_delta(response.headers())) =>
            {
                if status == StatusCode::IM_USED {
                    trace.extent = Extent::Delta;
                }
                let headers = response.headers().clone();
                if ask.is_article && !is_html(&headers) {
                    let text = format!("{host} sent something that is no page");
                    return Err(fail(FailureKind::Status, text));
                }
                let body = self.body(response, host, ask.bound, trace).await?;
                Ok(Step::Final(Answer::Document { headers, body }))
            }
            _ => {
                drain(response, trace).await;
                Err(failure::of_status(status, host))
            }
        }
    }

    /// Tells the host's permits what the answer means for them (ET-26, ET-28).
    pub(super) fn note(&self, host: &str, status: StatusCode, headers: &HeaderMap, hints: &Hints) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.hosts.throttled(host, hints.retry_after);
        } else if status.is_success() || status == StatusCode::NOT_MODIFIED {
            self.hosts.succeeded(host);
        }
        self.note_rate_limit(host, headers);
    }

    /// Any answer may say that its host's rate limit is used up, a redirect too; it speaks for no other host.
    fn note_rate_limit(&self, host: &str, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|v| v.to_str().ok());
        let date = date
            .and_then(hints::http_date)
            .unwrap_or_else(|| self.clock.now());
        if let Some(span) = hints::rate_limit_reset(headers, date) {
            self.hosts.rest(host, span);
        }
    }

    /// Reads a body to its end (SEC-05, ET-49).
    async fn body(
        &self,
        response: reqwest::Response,
        host: &str,
        bound: Bound,
        trace: &mut Trace,
    ) -> Result<Body, Failure> {
        let (coding, unknown) = Coding::of(response.headers())?;
        let told = response.content_length().unwrap_or(0);
        if usize::try_from(told).unwrap_or(usize::MAX) > bound.limit && !bound.cut {
            return Err(body::too_large(bound.limit));
        }
        let pieces = response
            .bytes_stream()
            .map_err(|e| failure::of_body(&e, host));
        let incoming = Incoming {
            host,
            coding,
            bound,
            wire: &mut trace.bytes_wire,
        };
        let body = self.intake.read(pieces, incoming, &mut trace.time).await?;
        if let Some(unknown) = unknown {
            body::is_readable(&body, &unknown)?;
            trace.hints.unknown_coding = Some(unknown);
        }
        Ok(body)
    }
}

impl Trace {
    fn new(options: &FetchOptions) -> Self {
        Self {
            started: None,
            url: None,
            hops: 0,
            permanent: true,
            status: None,
            bytes_wire: 0,
            hints: Hints::default(),
            extent: Extent::Whole,
            time: VisitTime::new(options.timeout_total, options.own_wait),
            turn: None,
        }
    }

    fn count(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes_wire = self.bytes_wire.saturating_add(bytes);
    }
}

/// The host that a proxy's URL names.
fn proxy_host(proxy: &str) -> Option<String> {
    let url: url::Url = proxy.parse().ok()?;
    url.host_str().map(str::to_ascii_lowercase)
}

/// What all clients have in common: the bounds of a connection.
fn plain_client(idle_max: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        // Variables of the environment must not lead around the guard.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(idle_max)
        .pool_max_idle_per_host(1)
        .http1_max_headers(HEADERS_MAX)
        .http2_max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX))
        .http2_initial_stream_window_size(HTTP2_WINDOW)
        .http2_initial_connection_window_size(HTTP2_WINDOW)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
}

fn client(
    options: &FetchOptions,
    resolver: &Resolver,
    idle_max: Duration,
) -> Result<reqwest::Client, FetchSetupError> {
    let mut builder = plain_client(idle_max);
    if let Some(text) = &options.proxy {
        let url: url::Url = text.parse().map_err(|_| FetchSetupError::Proxy)?;
        let proxy = reqwest::Proxy::all(url).map_err(|_| FetchSetupError::Proxy)?;
        builder = builder.proxy(proxy);
    }
    if let Some(path) = &options.extra_ca {
        let wrong = |reason: String| FetchSetupError::ExtraCa {
            path: path.clone(),
            reason,
        };
        let mut pem = Vec::new();
        // A device or a pipe gives no size: the limit is one of reading.
        std::fs::File::open(path)
            .and_then(|file| file.take(EXTRA_CA_BYTES_MAX + 1).read_to_end(&mut pem))
            .map_err(|e| wrong(e.to_string()))?;
        if pem.len() as u64 > EXTRA_CA_BYTES_MAX {
            return Err(wrong(format!("longer than {EXTRA_CA_BYTES_MAX} bytes")));
        }
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|_| wrong("it is not PEM".to_owned()))?;
        if certificates.is_empty() {
            return Err(wrong("it holds no certificate".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .dns_resolver(resolver.clone())
        .build()
        .map_err(|e| FetchSetupError::Client(e.to_string()))
}

fn request_headers(ask: &Ask<'_>, url: &WebUrl) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let bad = |what: &str| {
        fail(
            FailureKind::Internal,
            format!("{what} cannot stand in an HTTP header"),
        )
    };
    let accept = HeaderValue::from_str(ask.accept).map_err(|_| bad("Accept"))?;
    headers.insert(ACCEPT, accept);
    headers.insert(
        ACCEPT_ENCODING,
        HeaderValue::from_static(body::ACCEPT_ENCODING),
    );
    let agent = HeaderValue::from_str(ask.user_agent).map_err(|_| bad("the user agent"))?;
    headers.insert(USER_AGENT, agent);
    let known = ask.validators.iter().find(|(of, _)| of == url.as_str());
    if let Some((_, known)) = known {
        for (name, value) in [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ] {
            // They came out of a header, so they fit into one.
            let value = value
                .as_deref()
                .filter(|v| v.len() <= usize::from(Validators::BYTES_MAX));
            if let Some(value) = value.and_then(|v| HeaderValue::from_bytes(v).ok()) {
                headers.insert(name, value);
            }
        }
    }
    // RFC 3229 section 10.5.3: a delta needs an entity tag to be the difference to.
    if ask.is_feed && headers.contains_key(IF_NONE_MATCH) {
        headers.insert(A_IM, HeaderValue::from_static("feed"));
    }
    if url.origin() != ask.url.origin() {
        return Ok(headers);
    }
    for (name, value) in ask.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("a header's name"))?;
        if RESERVED.contains(&name.as_str()) {
            let text = format!("the header {name} cannot be set by a feed");
            return Err(fail(FailureKind::Internal, text));
        }
        headers.insert(
            name.clone(),
            secret(value.reveal()).ok_or_else(|| bad(name.as_str()))?,
        );
    }
    if let Some((user, password)) = ask.auth {
        let pair = BASE64.encode(format!("{user}:{}", password.reveal()));
        let value = secret(&format!("Basic {pair}")).ok_or_else(|| bad("the password"))?;
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// Whether a 226 says that it is a delta of the kind that was asked for, and no other manipulation on top.
fn is_delta(headers: &HeaderMap) -> bool {
    let value = headers.get(&IM).and_then(|v| v.to_str().ok());
    value.is_some_and(|im| im.trim().eq_ignore_ascii_case("feed"))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The target of a redirect, its fragment dropped: none is ever sent (ET-39).
fn target(from: &WebUrl, headers: &HeaderMap) -> Result<WebUrl, Failure> {
    let location = headers
        .get(LOCATION)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let to = from.join(&String::from_utf8_lossy(location)).map_err(|e| {
        let text = format!("{} redirects to where we cannot follow: {e}", from.host());
        fail(FailureKind::Redirect, text)
    })?;
    Ok(without_fragment(&to))
}

/// Refuses loops, long chains, and leaving https for http unless the visit began with http (SEC-07).
fn check_redirect(
    start: &WebUrl,
    to: &WebUrl,
    seen: &[WebUrl],
    most: usize,
) -> Result<(), Failure> {
    let refuse = |text: String| Err(fail(FailureKind::Redirect, text));
    if seen.contains(to) {
        return refuse(format!("{} redirects in a circle", start.host()));
    }
    if seen.len() > most {
        return refuse(format!("{} redirects more than {most} times", start.host()));
    }
    if start.is_https() && !to.is_https() {
        return refuse(format!(
            "{} redirects from https to plain http",
            start.host()
        ));
    }
    Ok(())
}

fn without_fragment(url: &WebUrl) -> WebUrl {
    let mut bare = url.as_url().clone();
    bare.set_fragment(None);
    WebUrl::from_url(bare).unwrap_or_else(|_| url.clone())
}

/// Reads a little of a body nobody wants, so that its connection can be used again (ET-44).
async fn drain(mut response: reqwest::Response, trace: &mut Trace) {
    let until = trace.time.until().min(Instant::now() + DRAIN_TIME);
    let reading = async {
        let mut total = 0usize;
        while let Ok(Some(chunk)) = response.chunk().await {
            trace.count(chunk.len());
            total = total.saturating_add(chunk.len());
            if total > DRAIN_BYTES {
                break;
            }
        }
    };
    // Slow or not: nothing depends on it.
    let _ = timeout_at(until, reading).await;
}

fn header_bytes(headers: &HeaderMap) -> usize {
    let each = headers
        .iter()
        .map(|(n, v)| n.as_str().len().saturating_add(v.len()));
    each.fold(0, usize::saturating_add)
}

/// Both validators byte for byte; what is not there, or too long, is cleared by the caller (ET-02, ET-03, ET-05).
fn validators(headers: &HeaderMap) -> Validators {
    let bytes = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value
            .map(|v| v.as_bytes().to_vec())
            .filter(|v| !v.is_empty() && v.len() <= usize::from(Validators::BYTES_MAX))
    };
    Validators {
        etag: bytes(ETAG),
        last_modified: bytes(LAST_MODIFIED),
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether the body is a page, as far as its header tells; without one it may be.
fn is_html(headers: &HeaderMap) -> bool {
    content_type(headers).is_none_or(|told| {
        let told = told.trim_start().to_ascii_lowercase();
        told.starts_with("text/html") || told.starts_with("application/xhtml")
    })
}

/// The host's queue did not end.
pub(super) fn too_many(host: &str) -> Failure {
    let text = format!("too many requests wait for {host}; try again later");
    fail(FailureKind::Busy, text)
}

fn cancelled() -> Failure {
    fail(
        FailureKind::Internal,
        "stopped before the answer was complete",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    #[test]
    fn sec_07_redirects_never_leave_https_loop_or_go_on_for_ever() {
        let (a, b) = (url("https://a.example/"), url("http://b.example/"));
        let seen = |n: usize| -> Vec<WebUrl> {
            (0..n)
                .map(|n| url(&format!("https://a.example/{n}")))
                .collect()
        };
        assert!(check_redirect(&a, &b, &seen(1), 5).is_err());
        assert!(check_redirect(&b, &b, &seen(1), 5).is_ok());
        assert!(check_redirect(&a, &url("https://a.example/0"), &seen(1), 5).is_err());
        assert!(check_redirect(&a, &a, &seen(5), 5).is_ok());
        assert!(check_redirect(&a, &a, &seen(6), 5).is_err());
    }

    #[test]
    fn sec_07_only_http_targets_are_followed_and_fragments_dropped() {
        let to = |location: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            target(&url("https://a.example/x/y?q"), &headers)
        };
        assert_eq!(to("../z#part").unwrap(), url("https://a.example/z"));
        assert_eq!(to("//b.example/f").unwrap(), url("https://b.example/f"));
        for location in [
            "file:///etc/passwd",
            "gopher://a.example/",
            "javascript:1",
            "http://",
        ] {
            assert_eq!(
                to(location).unwrap_err().kind,
                FailureKind::Redirect,
                "{location}"
            );
        }
    }

    #[test]
    fn et_43_accept_names_feeds_first_and_anything_last() {
        assert!(ACCEPT_FEEDS.starts_with("application/atom+xml, application/rss+xml"));
        assert!(ACCEPT_FEEDS.ends_with("*/*;q=0.1"));
        assert!(!ACCEPT_FEEDS.contains("  "));
    }
}
