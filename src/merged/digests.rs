//! `/feeds/digest-NAME.atom` (and .rss, .json): the digests of a target of notifications with `feed = true`. An entry never changes.

use super::base_url::BaseUrl;
use super::error::MergedError;
use super::token::LinkToken;
use crate::emit::{Channel, Format};
use crate::model::{Content, FeedId, FeedRef, Seq, StoryId, StoryView, WebUrl};
use crate::store::{Reads, StoredDigest};

/// How the names of these feeds begin; the name of the target follows.
pub const PREFIX: &str = "digest-";

/// Maximum number of entries.
const ENTRIES_MAX: usize = 50;

/// The digest feed of a target; `None` if no target has this name, or if it has no feed.
///
/// # Errors
/// The store's error.
pub fn channel(
    reads: &Reads,
    (target, format): (&str, Format),
    site: &str,
    (base, hub): (&BaseUrl, Option<&WebUrl>),
    token: Option<&LinkToken>,
) -> Result<Option<Channel>, MergedError> {
    let Some(digests) = reads.digests(target, ENTRIES_MAX)? else {
        return Ok(None);
    };
    let path = format!("/feeds/{PREFIX}{target}");
    let own = token.map_or_else(String::new, |t| t.parameter('?'));
    let of_pages = token.cloned().and_then(LinkToken::for_pages);
    let of_pages = of_pages.map_or_else(String::new, |t| t.parameter('?'));
    let home = base.at(&format!("/{of_pages}"));
    let feed = FeedRef {
        id: FeedId::of(&base.at(&path)),
        title: site.to_owned(),
        url: base.at(&format!("{path}.{}", format.extension())),
        ..FeedRef::default()
    };
    Ok(Some(Channel {
        id: base.id(&path),
        title: format!("{site}: digest {target}"),
        description: "The stories of a day or an hour, the most printed first".to_owned(),
        self_url: Some(base.at(&format!("{path}.{}{own}", format.extension()))),
        home_url: Some(home.clone()),
        hub_url: hub.map(WebUrl::to_string),
        updated: match digests.first() {
            Some(newest) => newest.at,
            None => reads.created()?,
        },
        stories: digests
            .into_iter()
            .map(|d| entry(d, &home, &feed))
            .collect(),
        ..Channel::default()
    }))
}

fn entry(stored: StoredDigest, home: &str, feed: &FeedRef) -> StoryView {
    let StoredDigest { at, digest } = stored;
    StoryView {
        id: StoryId(digest.id),
        seq: Seq::default(),
        content: Content {
            title: digest.title,
            url: Some(home.to_owned()),
            content_html: Some(digest.html),
            content_text: Some(digest.text),
            published: Some(at),
            first_seen: at,
            arrived: at,
            feed: feed.clone(),
            ..Content::default()
        },
        copies: 1,
        also_in: Vec::new(),
    }
}
