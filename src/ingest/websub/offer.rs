//! Which hub a feed offers, and what a poll changes about it. Makes no requests; a new subscription gets a random path and
//! secret.

use aws_lc_rs::rand;

use crate::ingest::read_document::Contents;
use crate::model::{Extent, Hints, Outcome, Poll, Secret, WebUrl};
use crate::store::{Claim, HubChange, HubOffer};

/// The public hub of YouTube's feeds, which do not name it (ET-52).
const YOUTUBE_HUB: &str = "https://pubsubhubbub.appspot.com/";

/// What a poll changes about the feed's hub. Headers take precedence over the document (ET-50). A failure or a part of a feed
/// changes nothing.
pub(in crate::ingest) fn change(claim: &Claim, poll: &Poll, contents: &Contents) -> HubChange {
    if matches!(poll.outcome, Outcome::Failed(_)) || poll.extent != Extent::Whole {
        return HubChange::Unchanged;
    }
    let offer = offered(&claim.url, &combined(&poll.hints, &contents.hints));
    let known = claim.hub.as_ref().filter(|known| !known.leaving);
    match (offer, known) {
        (Some(offer), Some(known))
            if offer.hub.as_str() == known.hub && offer.topic.as_str() == known.topic =>
        {
            HubChange::Unchanged
        }
        (Some(offer), _) => HubChange::Offered(Box::new(offer)),
        // A document with the same bytes as last time is not read: it offers what it offered then.
        (None, Some(_)) if contents.document.is_some() => HubChange::Removed,
        (None, _) => HubChange::Unchanged,
    }
}

/// Hub and topic of headers and document. The topic comes from where the hub does, if it is there.
fn combined(headers: &Hints, document: &Hints) -> Hints {
    let (first, second) = match headers.hub {
        Some(_) => (headers, document),
        None => (document, headers),
    };
    Hints {
        hub: headers.hub.clone().or_else(|| document.hub.clone()),
        topic: first.topic.clone().or_else(|| second.topic.clone()),
        ..Hints::default()
    }
}

fn offered(feed: &WebUrl, hints: &Hints) -> Option<HubOffer> {
    let (hub, topic) = match (&hints.hub, &hints.topic) {
        (Some(hub), topic) => (hub.clone(), topic.clone().unwrap_or_else(|| feed.clone())),
        (None, _) => youtube(feed)?,
    };
    Some(HubOffer {
        hub,
        topic,
        path: random()?,
        secret: Secret::new(random()?),
    })
}

/// Hub and topic of a YouTube channel.
fn youtube(feed: &WebUrl) -> Option<(WebUrl, WebUrl)> {
    let url = feed.as_url();
    let is_channel = matches!(feed.host(), "www.youtube.com" | "youtube.com")
        && url.path() == "/feeds/videos.xml";
    let (_, channel) = url
        .query_pairs()
        .find(|(name, _)| is_channel && name == "channel_id")?;
    let topic = format!("https://www.youtube.com/xml/feeds/videos.xml?channel_id={channel}");
    Some((
        WebUrl::parse(YOUTUBE_HUB).ok()?,
        WebUrl::parse(&topic).ok()?,
    ))
}

/// 160 random bits as hexadecimal digits.
fn random() -> Option<String> {
    let mut bytes = [0_u8; 20];
    rand::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    #[test]
    fn et_52_youtube_has_a_hub_that_its_feeds_do_not_name() {
        let feed = url("https://www.youtube.com/feeds/videos.xml?channel_id=UC123");
        let offer = offered(&feed, &Hints::default()).unwrap();
        assert_eq!(offer.hub.as_str(), YOUTUBE_HUB);
        assert_eq!(
            offer.topic.as_str(),
            "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UC123"
        );
        for other in [
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
            "https://example.org/feeds/videos.xml?channel_id=UC123",
        ] {
            assert!(offered(&url(other), &Hints::default()).is_none(), "{other}");
        }
    }

    #[test]
    fn et_50_paths_and_secrets_are_random() {
        let hints = Hints {
            hub: Some(url("https://hub.example/")),
            ..Hints::default()
        };
        let feed = url("https://news.example/feed");
        let (a, b) = (
            offered(&feed, &hints).unwrap(),
            offered(&feed, &hints).unwrap(),
        );
        assert_eq!(a.topic, feed, "a feed without a self link is its own topic");
        assert!(a.path.len() == 40 && a.path != b.path && a.path != a.secret.reveal());
    }
}
