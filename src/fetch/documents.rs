//! What the fetcher can be asked for: polls of feeds, pages and other documents, pages of articles. Each is one visit; what
//! comes back is returned to the caller and never kept.

use http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio_util::sync::CancellationToken;

use super::client::Fetcher;
use super::coding::SizeLimit;
use super::failure;
use super::hosts::RequestSlot;
use super::request::{ACCEPT_FEEDS, FetchRequest, Request};
use super::response::Answer;
use super::trace::Trace;
use crate::memory::Body;
use crate::model::{Failure, Outcome, Poll, Validators, WebUrl};

/// The Accept header for pages of articles.
const ACCEPT_PAGES: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// A document that is not a poll of a feed: a page, an archive document, an OPML file.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The URL that answered, after redirects.
    pub url: WebUrl,
    /// The Content-Type header as written.
    pub content_type: Option<String>,
    /// Decoded bytes.
    pub body: Body,
}

impl Fetcher {
    /// Polls a feed once; the body of a document is returned beside the poll. While the host must not be contacted, no request
    /// is made and the poll says so ([`Poll::is_unasked`]). If `cancel` fires, the poll fails as `Internal` and should be
    /// discarded; if it fires before the host's turn, the poll is unasked with a wait of zero.
    ///
    /// Every wait is limited (REL-13): ten minutes for the turns of hosts, over all hops; `timeout_total` for all servers
    /// together; `local_wait` for memory, decoding and name lookups. If the first or the last is exceeded, the poll is
    /// [busy](Poll::is_busy), which is not the feed's fault.
    pub async fn poll(
        &self,
        request: &FetchRequest,
        cancel: &CancellationToken,
    ) -> (Poll, Option<Body>) {
        let (poll, body, _) = self.poll_with_slot(request, cancel).await;
        (poll, body)
    }

    /// The same, with the slot of the request. No other request can start in its place while it is kept. A caller that keeps it
    /// until the document is read never has more documents waiting than there are concurrent requests; meanwhile it must not
    /// wait for another request.
    pub async fn poll_with_slot(
        &self,
        request: &FetchRequest,
        cancel: &CancellationToken,
    ) -> (Poll, Option<Body>, Option<RequestSlot>) {
        let user_agent = request.user_agent.as_deref();
        let visit = Request {
            user_agent: user_agent.unwrap_or(&self.options.user_agent),
            validators: &request.validators,
            auth: request.auth.as_ref(),
            headers: &request.headers,
            is_feed: true,
            is_single: !request.has_neighbours,
            is_proven: request.is_proven,
            ..self.plain_request(&request.url, ACCEPT_FEEDS, usize::MAX)
        };
        let mut trace = Trace::new(&self.options);
        let mut document = None;
        let outcome = match self.visit(&visit, &mut trace, cancel).await {
            Ok(Answer::Document { headers, body }) => {
                document = Some(body);
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
                && trace.is_permanent
                && !matches!(outcome, Outcome::Failed(_)),
            final_url: trace.url.or(Some(visit.url)),
            status: trace.status,
            bytes_wire: trace.bytes_wire,
            hints: trace.hints,
            extent: trace.extent,
            outcome,
        };
        (poll, document, trace.slot)
    }

    /// Gets a document with the same guard, permits and limits as a feed. `body_bytes_max` cannot exceed the fetcher's own
    /// limit.
    ///
    /// # Errors
    /// [`Failure`] as for a feed.
    pub async fn get(
        &self,
        url: &WebUrl,
        accept: &str,
        body_bytes_max: usize,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        let request = self.plain_request(url, accept, body_bytes_max);
        self.page(&request, &mut Trace::new(&self.options), cancel)
            .await
    }

    /// Gets the page of an article: robots.txt is obeyed on every hop (ET-47), and anything but HTML is a failure before its
    /// body is read (ET-48).
    ///
    /// # Errors
    /// [`Failure`] as for a feed, or `Forbidden` by robots.txt.
    pub async fn article(
        &self,
        url: &WebUrl,
        body_bytes_max: usize,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        let request = Request {
            is_article: true,
            ..self.plain_request(url, ACCEPT_PAGES, body_bytes_max)
        };
        self.page(&request, &mut Trace::new(&self.options), cancel)
            .await
    }

    /// A request without credentials, validators or special treatment.
    pub(super) fn plain_request<'a>(
        &'a self,
        url: &WebUrl,
        accept: &'a str,
        body_bytes_max: usize,
    ) -> Request<'a> {
        Request {
            url: url.clone().strip_fragment(),
            accept,
            user_agent: &self.options.user_agent,
            validators: &[],
            auth: None,
            headers: &[],
            size_limit: SizeLimit {
                bytes: body_bytes_max.min(self.options.body_bytes_max),
                truncate: false,
            },
            is_feed: false,
            is_single: false,
            is_proven: false,
            is_article: false,
        }
    }

    /// Makes a visit whose answer has to be a document.
    pub(super) async fn page(
        &self,
        request: &Request<'_>,
        trace: &mut Trace,
        cancel: &CancellationToken,
    ) -> Result<Page, Failure> {
        match self.visit(request, trace, cancel).await? {
            Answer::Document { headers, body } => Ok(Page {
                url: trace.url.clone().unwrap_or_else(|| request.url.clone()),
                content_type: content_type(&headers),
                body,
            }),
            Answer::NotModified { .. } => Err(failure::of_status(
                StatusCode::NOT_MODIFIED,
                request.url.host(),
            )),
        }
    }
}

/// Both validators byte for byte. One that is missing or too long is left out, so that the stored one is cleared (ET-02, ET-03,
/// ET-05).
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
