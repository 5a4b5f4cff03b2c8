//! What a draft becomes before it reaches the writer: folded, fingerprinted, compressed. It needs no lock, so it is
//! done on the caller's thread.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::dedup::{Fingerprint, Subject};
use crate::model::{Draft, WebUrl};
use crate::normalize;
use crate::query::Folded;
use crate::store::articles::content::{ArticleFacts, fold, pack, with_text};
use crate::store::leases::claim::Claim;
use crate::store::polls::listing::Listed;
use crate::store::polls::poll_commit::PollCommit;
use crate::store::sql::json;
use crate::store::topics::tagging::{ReadTopics, Topics};
use crate::text::fold::fold as fold_text;

/// A page that so many articles of a document name is none of theirs.
const ARTICLES_A_PAGE: usize = 3;

/// A draft, ready to be written.
#[derive(Debug)]
pub(in crate::store) struct Prepared {
    pub(in crate::store) draft: Draft,
    pub(in crate::store) folded: Folded,
    pub(in crate::store) fingerprint: Fingerprint,
    /// [`ArticleFacts`] as JSON.
    pub(in crate::store) facts: String,
    /// The body, compressed.
    pub(in crate::store) content: Vec<u8>,
    /// Whose page it is.
    pub(in crate::store) page: PageOf,
    /// Whether no other draft of the document names the same page.
    pub(in crate::store) only_with_its_page: bool,
    pub(in crate::store) paragraphs: Vec<u64>,
    /// What the text says of the topics, if it was asked.
    pub(in crate::store) topics: Option<ReadTopics>,
}

/// Whose page an article has (SEC-13), by what proves it: anybody can name any site as its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum PageOf {
    /// Another site's, or there is none.
    Another = 0,
    /// That of the site which the feed names as its own.
    ItsSite = 1,
    /// That of the host which serves the feed.
    ItsHost = 2,
}

impl PageOf {
    fn of(draft: &Draft, claim: &Claim, site: Option<&WebUrl>) -> Self {
        let Some(page) = &draft.url else {
            return Self::Another;
        };
        if related_hosts(page.host(), claim.url.host()) {
            Self::ItsHost
        } else if site.is_some_and(|s| related_hosts(page.host(), s.host())) {
            Self::ItsSite
        } else {
            Self::Another
        }
    }
}

impl Prepared {
    /// Asks its text everything that topics depend on.
    pub(in crate::store) fn read_topics(&mut self, topics: &Topics) {
        let draft = &self.draft;
        let text = (&*draft.title, &*draft.summary, &*draft.content_text);
        let labels = (&*draft.authors, &*draft.categories, &*draft.agencies);
        // As printed it would double what a document of many articles takes while it waits for the writer.
        with_text(text, labels, |text| self.folded.set_raw(text));
        self.topics = Some(topics.match_text(&self.folded));
        self.folded.drop_raw();
    }

    /// Whether its publisher dated it.
    pub(in crate::store) fn is_dated(&self) -> bool {
        self.draft.published.is_some() || self.draft.updated.is_some()
    }
}

/// How many items of a document name each page.
pub(in crate::store) struct Pages(HashMap<String, usize>);

impl Pages {
    /// The pages of drafts; `listed` are the other items of their document.
    pub(in crate::store) fn of(drafts: &[Draft], listed: &[Listed]) -> Self {
        let mut pages: HashMap<String, usize> = HashMap::new();
        for url in drafts.iter().filter_map(|d| d.canonical_url.as_ref()) {
            *pages.entry(url.to_string()).or_default() += 1;
        }
        for url in listed.iter().filter_map(|l| l.url.as_ref()) {
            if let Some(count) = pages.get_mut(normalize::links::canonicalize(url).as_str()) {
                *count += 1;
            }
        }
        Self(pages)
    }

    /// How many items name the page of this draft, itself included; 0 if it has none.
    pub(in crate::store) fn shared_by(&self, draft: &Draft) -> usize {
        let page = draft.canonical_url.as_ref();
        let count = page.and_then(|page| self.0.get(page.as_str()));
        count.copied().unwrap_or(0)
    }
}

/// What the drafts of a document have in common.
struct About<'a> {
    claim: &'a Claim,
    site: Option<&'a WebUrl>,
    /// Titles of the feed, folded: papers set them behind their headlines.
    titles: Vec<String>,
}

/// Prepares the drafts of a poll; they are moved out of it.
pub(in crate::store) fn prepare(commit: &mut PollCommit) -> Vec<Prepared> {
    let Some(document) = &mut commit.document else {
        return Vec::new();
    };
    let drafts = std::mem::take(&mut document.drafts);
    let mut paragraphs = std::mem::take(&mut document.paragraphs).into_iter();
    let pages = Pages::of(&drafts, &document.listed);
    let about = About {
        claim: &commit.claim,
        site: document.site.as_ref(),
        titles: [Some(commit.claim.title.as_str()), document.title.as_deref()]
            .into_iter()
            .flatten()
            .map(fold_text)
            .collect(),
    };
    drafts
        .into_iter()
        .map(|draft| {
            let page_shared_by = pages.shared_by(&draft);
            prepare_one(
                &about,
                draft,
                page_shared_by,
                paragraphs.next().unwrap_or_default(),
            )
        })
        .collect()
}

fn prepare_one(
    about: &About<'_>,
    mut draft: Draft,
    page_shared_by: usize,
    paragraphs: Vec<u64>,
) -> Prepared {
    let About { claim, site, .. } = about;
    #[cfg(test)]
    crate::faults::panic_at("prepare", claim.url.host());
    let facts = ArticleFacts {
        authors: draft.authors.clone(),
        agencies: draft.agencies.clone(),
        categories: draft.categories.clone(),
        enclosures: draft.enclosures.clone(),
        image: draft.image.as_ref().map(WebUrl::to_string),
        comments_url: draft.comments_url.as_ref().map(WebUrl::to_string),
        rights: draft.rights.clone(),
        source: draft.source.clone(),
    };
    let mut folded = fold(&draft.title, &draft.summary, &draft.content_text, &facts);
    folded.drop_raw();
    let mut fingerprint = Fingerprint::of(&Subject {
        title: &fold_text(normalize::headline::bare(&draft.title, &about.titles)),
        body: &own_words(&draft, &folded),
        canonical_url: draft
            .canonical_url
            .as_ref()
            .filter(|_| page_shared_by <= ARTICLES_A_PAGE),
    });
    if !claim.settings.near_dedup {
        fingerprint.sketch = Default::default();
    }
    let facts = json(&facts);
    let page = PageOf::of(&draft, claim, *site);
    let content = pack(&draft.content_html);
    // A document of many articles is prepared whole: what the writer does not need of each goes at once.
    draft.content_html = String::new();
    Prepared {
        content,
        folded,
        fingerprint,
        facts,
        page,
        only_with_its_page: page_shared_by == 1,
        paragraphs,
        topics: None,
        draft,
    }
}

/// What the copies of a piece have in common, folded: the text without credits and dateline. Most texts have neither, and are
/// folded already.
fn own_words<'a>(draft: &Draft, folded: &'a Folded) -> Cow<'a, str> {
    if draft.is_boilerplate {
        return Cow::Borrowed("");
    }
    match normalize::agency::without_credits(&draft.content_text) {
        Cow::Borrowed(_) => Cow::Borrowed(folded.body_words()),
        Cow::Owned(text) => Cow::Owned(fold_text(&text)),
    }
}

/// Whether one host is the other, or under it, `www` aside.
fn related_hosts(a: &str, b: &str) -> bool {
    let a = a.strip_prefix("www.").unwrap_or(a);
    let b = b.strip_prefix("www.").unwrap_or(b);
    let under = |a: &str, b: &str| a.strip_suffix(b).is_some_and(|sub| sub.ends_with('.'));
    a == b || under(a, b) || under(b, a)
}
