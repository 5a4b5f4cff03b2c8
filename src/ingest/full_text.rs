//! `full_text`: reads the bodies of new articles from their pages. Never for an article that is stored already, never twice,
//! never against robots.txt (ET-47), and only a limited number of pages and minutes per poll. A page that fails, is no article,
//! or says less than the feed changes nothing.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::context::Ingest;
use super::reading::is_large;
use crate::fetch;
use crate::memory::Reserved;
use crate::model::{Draft, FailureKind, WebUrl};
use crate::normalize::page::{self, Page};
use crate::parse::charset;
use crate::store::Standing;

/// Most pages requested per poll, from the top of the document, where feeds list the newest articles. Further new articles keep
/// the text of the feed.
const PAGES_MAX: usize = 20;
/// Time limit for all of them. Together with the wait for the feed's own turn it stays below the lease (15 min).
const TIME_MAX: Duration = Duration::from_secs(180);
/// Largest page, decoded, in bytes.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Ends of paths that do not lead to pages.
const FILE_EXTENSIONS: &[&str] = &[
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".mp3", ".m4a", ".ogg", ".opus",
    ".wav", ".mp4", ".webm", ".mov", ".m3u8", ".pdf", ".zip", ".gz", ".exe", ".dmg", ".epub",
];

/// A new article whose page is to be requested.
#[derive(Debug)]
pub(super) struct PageRequest {
    /// Position of the article in the document.
    at: usize,
    url: WebUrl,
    title: String,
}

/// Where bodies come from, if not from the feed.
#[derive(Debug, Default)]
pub(super) struct PagePlan {
    /// Pages to request.
    pub(super) requests: Vec<PageRequest>,
    /// Stored bodies of articles that the feed has edited: their pages are not requested again.
    pub(super) stored: Vec<(usize, Page)>,
}

/// Plans the pages for the drafts of a document, given what the store has of each. `others` are the URLs of the document's
/// other articles.
pub(super) fn plan<'u>(
    drafts: &'u [Draft],
    others: impl IntoIterator<Item = &'u WebUrl>,
    standings: Vec<Standing>,
) -> PagePlan {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    let urls = drafts.iter().filter_map(|d| d.url.as_ref());
    for url in urls.chain(others) {
        *uses.entry(url.without_fragment()).or_default() += 1;
    }
    let mut plan = PagePlan::default();
    for (at, (draft, standing)) in drafts.iter().zip(standings).enumerate() {
        match standing {
            Standing::Same => {}
            Standing::Edited { html } => plan.stored.push((
                at,
                Page {
                    html,
                    ..Page::default()
                },
            )),
            Standing::New => {
                // A page that several articles link to is the article of none of them.
                let is_own = |url: &&WebUrl| uses.get(url.without_fragment()) == Some(&1);
                let own = draft.url.as_ref().filter(is_own);
                let own = own.filter(|url| !is_file(url) && plan.requests.len() < PAGES_MAX);
                if let Some(url) = own {
                    plan.requests.push(PageRequest {
                        at,
                        url: url.clone(),
                        title: draft.title.clone(),
                    });
                }
            }
        }
    }
    plan
}

impl Ingest {
    /// Requests pages one after another, because most are on one host. Those that do not arrive in time are left out.
    pub(super) async fn pages(
        &self,
        feed: &str,
        requests: &[PageRequest],
        cancel: &CancellationToken,
    ) -> Vec<(usize, Reserved<Page>)> {
        let deadline = Instant::now() + TIME_MAX;
        let count = requests.len();
        let mut failed_hosts: HashSet<String> = HashSet::new();
        let mut read = Vec::new();
        #[cfg(test)]
        crate::faults::panic_at("pages", feed);
        for PageRequest { at, url, title } in requests {
            if cancel.is_cancelled() || failed_hosts.contains(url.host()) {
                continue;
            }
            let page = self.fetcher.article(url, PAGE_BYTES_MAX, cancel);
            match timeout_at(deadline, page).await {
                Ok(Ok(page)) => {
                    let page = self.read_page(page, title.clone()).await;
                    read.extend(page.map(|page| (*at, page)));
                }
                Ok(Err(failure)) => {
                    tracing::debug!(article.url = %url, "no full text: {}", failure.message);
                    if concerns_host(failure.kind) {
                        failed_hosts.insert(url.host().to_owned());
                    }
                }
                Err(_) => break,
            }
        }
        tracing::debug!(
            feed.url = feed,
            "full text of {} of {count} new articles",
            read.len()
        );
        read
    }

    /// Extracts the article of a page, on a thread that may block. `None` if it has none, or one with another headline. The
    /// article keeps as much of the page's memory as it takes.
    async fn read_page(&self, page: fetch::Page, headline: String) -> Option<Reserved<Page>> {
        let slot = self.reading_slot(is_large(page.body.len())).await;
        let reading = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let fetch::Page {
                url,
                content_type,
                body,
            } = page;
            let read = |body: Vec<u8>| {
                let text = charset::page_to_text(&body, content_type.as_deref());
                page::read(&text, &url).filter(|page| page.speaks_of(&headline))
            };
            let read = |body| catch_unwind(AssertUnwindSafe(|| read(body))).unwrap_or_default();
            body.filter_map(read, |page| page.html.len())
        });
        reading.await.ok().flatten()
    }
}

/// Whether other pages of the host would fail in the same way.
fn concerns_host(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Dns
            | FailureKind::Connect
            | FailureKind::Tls
            | FailureKind::Timeout
            | FailureKind::Throttled
            | FailureKind::Server
    )
}

fn is_file(url: &WebUrl) -> bool {
    let path = url.as_url().path().to_ascii_lowercase();
    FILE_EXTENSIONS
        .iter()
        .any(|extension| path.ends_with(extension))
}
