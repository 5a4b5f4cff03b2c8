//! WebSub as subscriber (ET-50, ET-51): hubs that feeds name are asked to tell us of news; what they push goes the same
//! way as what a poll brings. Only where a public callback is configured. Trusts nothing but its own secret: the path
//! is unguessable, every push is signed, and what is not is taken without a word and forgotten.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::fault::caught;
use super::visit::{Settled, Visited};
use crate::fetch::hub::HubRequest;
use crate::memory::Body;
use crate::model::{Extent, Hints, HubCall, HubReply, Outcome, Poll, Secret, Validators, WebUrl};
use crate::store::{ClaimScope, HubAsk, HubOffer, HubRow, StoreError};
use crate::text::plain;

/// The lease that hubs are asked for.
const LEASE: Duration = Duration::from_secs(10 * 86_400);
/// What is believed of the lease that they give.
const LEASE_MIN: Duration = Duration::from_secs(5 * 60);
const LEASE_MAX: Duration = Duration::from_secs(90 * 86_400);
/// Hubs asked at once.
const ASKS_MAX: usize = 8;
/// A push that comes while its feed is being polled waits so often and so long, then the hub is to come again.
const TRIES: usize = 5;
const TRY_EVERY: Duration = Duration::from_secs(1);
/// A thin ping leads to a poll within this (ET-51).
const PING_MS: u64 = 60_000;
/// The public hub of feeds that name none but are known to have one (ET-52).
const YOUTUBE_HUB: &str = "https://pubsubhubbub.appspot.com/";

/// What the operator decides about hubs.
#[derive(Debug, Clone)]
pub struct WebSub {
    /// Where hubs reach us; the subscription's own path is put behind it.
    pub callback: WebUrl,
}

impl WebSub {
    fn callback(&self, path: &str) -> String {
        format!("{}/{path}", self.callback.as_str().trim_end_matches('/'))
    }
}

/// The hub that a document, or the feed's address, names, with a path and a secret for it if it is new.
pub(super) fn offered(feed: &WebUrl, hints: &Hints) -> Option<HubOffer> {
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

/// YouTube's feeds name no hub, but there is one (ET-52).
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

/// 160 bits that nobody can guess, in hex.
fn random() -> Option<String> {
    let mut bytes = [0_u8; 20];
    rand::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Whether the hub signed `body` with our secret; compared in constant time (section 7.1 of WebSub).
fn is_signed(secret: &Secret, signature: Option<&str>, body: &[u8]) -> bool {
    let Some((method, hex)) = signature.and_then(|s| s.trim().split_once('=')) else {
        return false;
    };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(tag) = from_hex(hex) else {
        return false;
    };
    let key = hmac::Key::new(algorithm, secret.reveal().as_bytes());
    hmac::verify(&key, body, &tag).is_ok()
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.chars().map(|c| c.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// What came of trying to store a push.
enum Tried {
    Taken(HubReply),
    /// The feed is being polled, or another push is being stored.
    Leased(Body),
}

/// Hubs are being asked; when this is dropped, they may be asked again.
struct Asking(Arc<Ingest>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.asking_hubs.store(false, Ordering::SeqCst);
    }
}

impl Ingest {
    /// Asks the hubs whose turn it is, if nobody does already. Returns at once: the asking goes on by itself.
    pub(super) async fn tend_hubs(
        self: &Arc<Self>,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        if self.options.websub.is_none() || self.is_offline() {
            return Ok(());
        }
        let now = self.clock.now();
        let is_due = self
            .ask(move |store| store.reads().are_hubs_due(now))
            .await?;
        if !is_due || self.asking_hubs.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let (asking, cancel) = (Asking(Arc::clone(self)), cancel.clone());
        tokio::spawn(async move {
            if let Err(e) = caught(asking.0.ask_hubs(&cancel)).await {
                tracing::warn!("hubs were not asked: {e}");
            }
        });
        Ok(())
    }

    /// Asks the hubs whose turn it is to tell us of news, or to stop; gives up leases that ended. Without a callback it
    /// asks nobody.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; no hub's failure is an error.
    pub async fn ask_hubs(&self, cancel: &CancellationToken) -> Result<(), StoreError> {
        let Some(websub) = &self.options.websub else {
            return Ok(());
        };
        #[cfg(test)]
        crate::faults::at("hubs", websub.callback.host())?;
        let (now, callback) = (self.clock.now(), websub.callback.to_string());
        let asks = self.ask(move |store| store.hub_asks(callback, now, ASKS_MAX));
        // At once: one that does not answer must not hold up the others (REL-04).
        let asks = asks.await?.into_iter().map(|ask| async move {
            let asked = AssertUnwindSafe(self.ask_hub(websub, &ask, cancel))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err("newswire itself failed".to_owned()));
            if let Err(why) = &asked {
                tracing::debug!(
                    hub.url = ask.hub,
                    topic = ask.topic,
                    "a hub was asked in vain: {why}"
                );
            }
            self.ask(move |store| store.hub_asked(ask.path, asked.err()))
                .await
        });
        join_all(asks).await.into_iter().collect()
    }

    async fn ask_hub(
        &self,
        websub: &WebSub,
        ask: &HubAsk,
        cancel: &CancellationToken,
    ) -> Result<(), String> {
        let hub = WebUrl::parse(&ask.hub).map_err(|e| e.to_string())?;
        let request = HubRequest {
            subscribe: ask.subscribe,
            topic: &ask.topic,
            callback: &websub.callback(&ask.path),
            secret: ask.secret.reveal(),
            lease_s: LEASE.as_secs(),
        };
        let asked = self.fetcher.request_hub(&hub, &request, cancel).await;
        asked.map_err(|failure| failure.message)
    }

    /// Answers a hub.
    pub async fn answer_hub(self: &Arc<Self>, path: String, call: HubCall) -> HubReply {
        match self.hub_says(path, call).await {
            Ok(reply) => reply,
            Err(e) => {
                tracing::debug!("a hub is told to come again: {e}");
                HubReply::Later
            }
        }
    }

    async fn hub_says(
        self: &Arc<Self>,
        path: String,
        call: HubCall,
    ) -> Result<HubReply, StoreError> {
        let now = self.clock.now();
        let known =
            move |is_ours: bool, reply: HubReply| if is_ours { reply } else { HubReply::Unknown };
        match call {
            HubCall::Verify {
                subscribe: true,
                topic,
                challenge,
                lease_s,
            } => {
                let lease = Duration::from_secs(lease_s.unwrap_or(LEASE.as_secs()))
                    .clamp(LEASE_MIN, LEASE_MAX);
                let verify = self.ask(move |store| store.hub_verified(path, topic, lease, now));
                Ok(known(verify.await?, HubReply::Challenge(challenge)))
            }
            HubCall::Verify {
                topic, challenge, ..
            } => {
                let part = self.ask(move |store| store.hub_left(path, topic));
                Ok(known(part.await?, HubReply::Challenge(challenge)))
            }
            HubCall::Denied { topic, reason } => {
                let reason = reason.as_deref().map(plain::line).unwrap_or_default();
                let reason = format!("the hub will not: {reason}");
                let deny = self.ask(move |store| store.hub_denied(path, topic, reason, now));
                Ok(known(deny.await?, HubReply::Taken))
            }
            HubCall::Coming => {
                let found = self.ask(move |store| store.reads().hub_at(&path)).await?;
                Ok(found.map_or(HubReply::Unknown, |row| match row.leaving {
                    true => HubReply::Gone,
                    false => HubReply::Taken,
                }))
            }
            HubCall::Content {
                signature,
                content_type,
                body,
            } => {
                let found = self.ask(move |store| store.reads().hub_at(&path)).await?;
                match found {
                    None => Ok(HubReply::Unknown),
                    Some(row) if row.leaving => Ok(HubReply::Gone),
                    Some(row) if row.paused => Ok(HubReply::Taken),
                    Some(row) if !is_signed(&row.secret, signature.as_deref(), &body) => {
                        tracing::debug!(
                            feed.url = row.url.as_str(),
                            "a push that is not signed as agreed was ignored"
                        );
                        Ok(HubReply::Taken)
                    }
                    Some(row) => self.take_push(row, content_type, body).await,
                }
            }
        }
    }

    /// A push goes the way of a poll, under a lease of its own.
    async fn take_push(
        self: &Arc<Self>,
        row: HubRow,
        content_type: Option<String>,
        mut body: Body,
    ) -> Result<HubReply, StoreError> {
        if body.is_empty() {
            return self.pinged(row).await;
        }
        for n in 0..TRIES {
            if n > 0 {
                sleep(TRY_EVERY).await;
            }
            if self.stopping.is_cancelled() {
                break;
            }
            let (ingest, row, told) = (Arc::clone(self), row.clone(), content_type.clone());
            // From the claim on it goes on by itself, also if the hub hangs up: hubs wait for some seconds only. A push that
            // was dropped half-way would keep its lease, and cost the publisher the same pages at the next try.
            let trying = self
                .pushes
                .spawn(async move { ingest.try_push(row, told, body).await });
            let tried = trying.await;
            match tried.map_err(|e| StoreError::Internal(format!("a push ended early: {e}")))?? {
                Tried::Taken(reply) => return Ok(reply),
                Tried::Leased(back) => body = back,
            }
        }
        Ok(HubReply::Later)
    }

    async fn try_push(
        self: Arc<Self>,
        row: HubRow,
        content_type: Option<String>,
        body: Body,
    ) -> Result<Tried, StoreError> {
        let (feed, now) = (row.feed, self.clock.now());
        let scope = ClaimScope::Pushed(feed);
        let (claims, _) = self.ask(move |store| store.claim(now, scope, 1)).await?;
        let Some(claim) = claims.into_iter().next() else {
            return Ok(Tried::Leased(body));
        };
        let poll = Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(row.url.clone()),
            moved_permanently: false,
            status: None,
            bytes_wire: u64::try_from(body.len()).unwrap_or(u64::MAX),
            hints: Hints::default(),
            extent: Extent::Push,
            outcome: Outcome::Document {
                content_type,
                validators: Validators::default(),
            },
        };
        let visited = Visited::new(claim, poll, Some(body), &self.clock);
        let reply = match caught(self.settle_push(&visited)).await {
            Ok(Some(settled)) if settled.committed.lease_lost => HubReply::Later,
            Ok(Some(_)) => HubReply::Taken,
            // What cannot be read or stored is asked for at the feed itself, which then tells what is wrong (REL-12).
            Ok(None) => self.give_back(&visited, row).await?,
            Err(e) if !e.is_of_store() => {
                tracing::warn!(feed.url = row.url.as_str(), "a push was not stored: {e}");
                self.give_back(&visited, row).await?
            }
            Err(e) => return Err(e),
        };
        Ok(Tried::Taken(reply))
    }

    /// Reads and commits a push; none if it cannot be read.
    async fn settle_push(&self, visited: &Arc<Visited>) -> Result<Option<Settled>, StoreError> {
        let cancel = &self.stopping;
        for alone in [false, true] {
            let (read, place) = self.read(visited, false).await?;
            if read.has_failed() {
                return Ok(None);
            }
            match self.finish(visited, read, place, cancel, alone).await {
                Err(StoreError::Shared(_)) if !alone => {}
                done => return done.map(Some),
            }
        }
        Ok(None)
    }

    async fn give_back(&self, visited: &Visited, row: HubRow) -> Result<HubReply, StoreError> {
        let claim = Arc::clone(&visited.claim);
        self.ask(move |store| store.give_back(&claim)).await?;
        self.pinged(row).await
    }

    /// A push without news in it: the feed is asked soon, unless its server wants to be left alone.
    async fn pinged(&self, row: HubRow) -> Result<HubReply, StoreError> {
        let mut bytes = [0_u8; 8];
        let _ = rand::fill(&mut bytes); // without chance it is asked at once
        let wait = Duration::from_millis(u64::from_le_bytes(bytes) % PING_MS);
        let at = self.clock.now().plus(wait);
        self.ask(move |store| store.poll_soon(row.feed, at, "its hub says that there is news"))
            .await?;
        Ok(HubReply::Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    #[test]
    fn et_50_signatures_of_every_method_are_checked() {
        let secret = Secret::new("s3cret".to_owned());
        let body = b"<feed/>";
        for (name, algorithm) in [
            ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            ("sha256", hmac::HMAC_SHA256),
            ("sha384", hmac::HMAC_SHA384),
            ("SHA512", hmac::HMAC_SHA512),
        ] {
            let tag = hmac::sign(&hmac::Key::new(algorithm, b"s3cret"), body);
            let hex: String = tag.as_ref().iter().map(|b| format!("{b:02X}")).collect();
            let right = format!("{name}={hex}");
            assert!(is_signed(&secret, Some(&right), body), "{name}");
            assert!(
                !is_signed(&secret, Some(&right), b"<feed></feed>"),
                "{name}"
            );
            assert!(!is_signed(
                &Secret::new("other".to_owned()),
                Some(&right),
                body
            ));
            let cut = right.strip_suffix(char::is_alphanumeric).unwrap();
            assert!(!is_signed(&secret, Some(cut), body));
        }
        for wrong in [
            None,
            Some(""),
            Some("sha1"),
            Some("sha1="),
            Some("md5=00"),
            Some("sha256=zz"),
        ] {
            assert!(!is_signed(&secret, wrong, body), "{wrong:?}");
        }
    }

    #[test]
    fn et_52_youtube_names_no_hub_but_has_one() {
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
    fn et_50_paths_and_secrets_cannot_be_guessed() {
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
