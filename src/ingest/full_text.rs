//! `full_text`: the body of a new article is read off its page. Never for an article that the store knows, never twice, never
//! against robots.txt (ET-47), never more than a bounded number of pages and minutes a poll. A page that fails, that is none,
//! or that says less than the feed changes nothing.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::visit::is_large;
use crate::fetch;
use crate::memory::Reserved;
use crate::model::{Draft, FailureKind, WebUrl};
use crate::normalize::page::{self, Page};
use crate::parse::charset;
use crate::store::Standing;

/// Pages asked for in one poll; further new articles keep what the feed gave. They are the newest as feeds list them.
const PAGES_MAX: usize = 20;
/// Longest time for all of them. Together with the wait for the feed's own turn it stays below the lease (15 min).
const TIME_MAX: Duration = Duration::from_secs(180);
/// Largest page, decoded, in bytes.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// What is no page, by the end of its path.
const FILES: &[&str] = &[
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".mp3", ".m4a", ".ogg", ".opus",
    ".wav", ".mp4", ".webm", ".mov", ".m3u8", ".pdf", ".zip", ".gz", ".exe", ".dmg", ".epub",
];

/// A new article whose page is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its place in the document.
    at: usize,
    url: WebUrl,
    title: String,
}

/// Which drafts want a page, and what else their bodies come from.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Those that want one.
    pub(super) pages: Vec<Wanted>,
    /// Bodies that the store has of articles which the feed has edited since: their pages are not asked for again.
    pub(super) stored: Vec<(usize, Page)>,
}

/// What is wanted for a document whose drafts stand so in the store. `others` are the pages of its other articles.
pub(super) fn wants<'u>(
    drafts: &'u [Draft],
    others: impl IntoIterator<Item = &'u WebUrl>,
    standings: Vec<Standing>,
) -> Wants {
    let mut named: HashMap<&str, usize> = HashMap::new();
    let urls = drafts.iter().filter_map(|d| d.url.as_ref());
    for url in urls.chain(others) {
        *named.entry(url.without_fragment()).or_default() += 1;
    }
    let mut wants = Wants::default();
    for (at, (draft, standing)) in drafts.iter().zip(standings).enumerate() {
        match standing {
            Standing::Same => {}
            Standing::Edited { html } => wants.stored.push((
                at,
                Page {
                    html,
                    ..Page::default()
                },
            )),
            Standing::New => {
                // A page that several articles name is none of theirs.
                let own = draft
                    .url
                    .as_ref()
                    .filter(|url| named.get(url.without_fragment()) == Some(&1) && !is_file(url));
                if let Some(url) = own.filter(|_| wants.pages.len() < PAGES_MAX) {
                    wants.pages.push(Wanted {
                        at,
                        url: url.clone(),
                        title: draft.title.clone(),
                    });
                }
            }
        }
    }
    wants
}

impl Ingest {
    /// Asks for the pages, one after the other: most are of one host. What is not there in time is left out.
    pub(super) async fn pages(
        &self,
        feed: &str,
        wanted: &[Wanted],
        cancel: &CancellationToken,
    ) -> Vec<(usize, Reserved<Page>)> {
        let deadline = Instant::now() + TIME_MAX;
        let count = wanted.len();
        let mut silent: HashSet<String> = HashSet::new();
        let mut read = Vec::new();
        #[cfg(test)]
        crate::faults::panic_at("pages", feed);
        for Wanted { at, url, title } in wanted {
            if cancel.is_cancelled() || silent.contains(url.host()) {
                continue;
            }
            let asked = self.fetcher.article(url, PAGE_BYTES_MAX, cancel);
            match timeout_at(deadline, asked).await {
                Ok(Ok(page)) => {
                    let page = self.read_page(page, title.clone()).await;
                    read.extend(page.map(|page| (*at, page)));
                }
                Ok(Err(failure)) => {
                    tracing::debug!(article.url = %url, "no full text: {}", failure.message);
                    if is_of_host(failure.kind) {
                        silent.insert(url.host().to_owned());
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

    /// Reads a page on a thread that may block, as one of the few that read at a time. None if it is no article, or one under
    /// another headline.
    /// It keeps its memory until it is stored, as much of it as the article takes.
    async fn read_page(&self, page: fetch::Page, headline: String) -> Option<Reserved<Page>> {
        let place = self.place(is_large(page.body.len())).await;
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
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

/// Failures that the next page of the host would meet too.
fn is_of_host(kind: FailureKind) -> bool {
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
    FILES.iter().any(|end| path.ends_with(end))
}
