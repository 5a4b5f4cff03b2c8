//! Rendered documents, kept until the store changes. They are valid while the store's sequence, which is known in memory, is the
//! same, so that a hit reads nothing from the store. Their bytes carry reservations of the budget ([`super::budget`]).

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::budget::ResponseBudget;
use super::coding::Coding;
use super::error::HttpError;
use crate::model::{Seq, Time};

/// Memory of a cached document besides its content, in bytes.
const OVERHEAD_BYTES: u64 = 512;

/// Typical size of a document, by which the cache sizes its tables.
const DOCUMENT_BYTES: u64 = 64 << 10;

/// Maximum age of a rendering while the sequence stays the same: titles, topics, retention and `since=24h` change without it.
/// No client is asked to return sooner than this (`max-age`).
const TTL: Duration = Duration::from_secs(60);

/// Bytes of the SHA-256 digest in an entity tag: enough that no two contents of one URL share a tag.
const TAG_BYTES: usize = 16;

/// A document as rendered.
#[derive(Debug)]
pub struct Document {
    /// The Content-Type header.
    pub content_type: &'static str,
    /// The Link header.
    pub links: Option<String>,
    /// The content, with its reservation.
    pub body: Bytes,
    /// When the content last changed, as far as the content shows it.
    pub changed: Option<Time>,
    /// When it may change next: the time of the next planned poll.
    pub next_change: Option<Time>,
}

/// A document as cached and sent.
#[derive(Debug)]
pub struct Rendered {
    /// The Content-Type header.
    pub content_type: &'static str,
    /// The Link header.
    pub links: Option<String>,
    /// The entity tag of the content, without quotes.
    pub tag: String,
    /// The Last-Modified date, in whole seconds; `None` for a document without dates.
    pub modified: Option<Time>,
    /// When it may change next.
    pub next_change: Option<Time>,
    sequence: Seq,
    at: Time,
    identity: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    /// Locked while the content is encoded.
    encoding: Mutex<()>,
}

impl Rendered {
    /// The document rendered at `at` with the store at `sequence`; `old` is the previous rendering.
    pub fn new(document: Document, sequence: Seq, at: Time, old: Option<&Self>) -> Self {
        let tag = tag(&document.body);
        let changed = document.changed.map(|t| whole_seconds(t.min(at)));
        let (same, modified) = match old {
            Some(old) if old.tag == tag => (Some(old), old.modified),
            // Some changes have no date in the stories (a copy joined, a story was removed): the time of rendering counts.
            Some(old) if changed <= old.modified => (
                None,
                old.modified
                    .map(|t| whole_seconds(at).max(t.plus(Duration::from_secs(1)))),
            ),
            _ => (None, changed),
        };
        Self {
            content_type: document.content_type,
            links: document.links,
            tag,
            modified,
            next_change: document.next_change,
            sequence,
            at,
            identity: same.map_or(document.body, |old| old.identity.clone()),
            gzip: same.map_or_else(OnceLock::new, |old| old.gzip.clone()),
            brotli: same.map_or_else(OnceLock::new, |old| old.brotli.clone()),
            encoding: Mutex::new(()),
        }
    }

    /// The content without a coding.
    pub fn identity(&self) -> Bytes {
        self.identity.clone()
    }

    /// The encoded content, if it was encoded before.
    pub fn encoded_before(&self, coding: Coding) -> Option<Bytes> {
        match coding {
            Coding::Identity => Some(self.identity.clone()),
            Coding::Gzip => self.gzip.get().cloned(),
            Coding::Brotli => self.brotli.get().cloned(),
        }
    }

    /// The encoded content. The first call for a coding encodes it, which is slow.
    ///
    /// # Errors
    /// [`HttpError::Busy`] without memory for the encoder; the content can still be sent without a coding.
    pub fn encoded(&self, coding: Coding, budget: &ResponseBudget) -> Result<Bytes, HttpError> {
        let encoded = match coding {
            Coding::Identity => return Ok(self.identity.clone()),
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        };
        let _guard = self.encoding.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = encoded.get() {
            return Ok(bytes.clone());
        }
        let mut reservation = budget.reserve();
        reservation.grow(Coding::encoder_memory(&self.identity))?;
        let bytes = reservation.attach_to(coding.encode(&self.identity))?;
        Ok(encoded.get_or_init(|| bytes).clone())
    }

    /// Whether it may be sent at `now` with the store at `sequence`. Never after the clock was set back.
    fn is_valid(&self, sequence: Seq, now: Time) -> bool {
        self.sequence == sequence && self.at <= now && now.since(self.at) < TTL
    }
}

/// Renderings by key: the path, and the parameters in a fixed order.
pub struct Cache(QuickCache<String, Arc<Rendered>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Arc<Rendered>> for ByBytes {
    /// Encoded content comes later and is never larger than the content.
    fn weight(&self, key: &String, value: &Arc<Rendered>) -> u64 {
        2 * value.identity.len() as u64 + key.len() as u64 + OVERHEAD_BYTES
    }
}

impl Cache {
    /// An empty cache of at most `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        let bytes_max = bytes_max as u64;
        // One shard, so that the largest document fits.
        let documents = usize::try_from(bytes_max / DOCUMENT_BYTES).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .shards(1)
            .weight_capacity(bytes_max)
            .estimated_items_capacity(documents)
            .build();
        Self(match options {
            Ok(options) => QuickCache::with_options(
                options,
                ByBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => QuickCache::with_weighter(documents, bytes_max, ByBytes),
        })
    }

    /// The rendering with this `key` if it is valid, else that of `render`. Concurrent requests for one key render once. After an
    /// error the old rendering is kept, because the next one takes its date over.
    ///
    /// # Errors
    /// What `render` returns.
    pub async fn get(
        &self,
        key: &str,
        sequence: Seq,
        now: Time,
        render: impl Future<Output = Result<Document, HttpError>>,
    ) -> Result<Arc<Rendered>, HttpError> {
        if let Some(cached) = self
            .0
            .get(key)
            .filter(|cached| cached.is_valid(sequence, now))
        {
            return Ok(cached);
        }
        let entry = self.0.entry_async(key, |_, cached| {
            if cached.is_valid(sequence, now) {
                EntryAction::Retain(Arc::clone(cached))
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        let (place, old) = match entry.await {
            EntryResult::Retained(cached) => return Ok(cached),
            EntryResult::Replaced(place, old) => (Some(place), Some(old)),
            EntryResult::Vacant(place) => (Some(place), None),
            EntryResult::Removed(..) | EntryResult::Timeout => (None, None),
        };
        let rendered = match render.await {
            Ok(document) => Arc::new(Rendered::new(document, sequence, now, old.as_deref())),
            Err(error) => {
                if let (Some(place), Some(old)) = (place, old) {
                    let _ = place.insert(old);
                }
                return Err(error);
            }
        };
        if let Some(place) = place {
            // One that is too large to be cached is still sent.
            let _ = place.insert(Arc::clone(&rendered));
        }
        Ok(rendered)
    }
}

fn tag(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let digest = digest.as_ref();
    URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES).unwrap_or(digest))
}

/// HTTP dates are in whole seconds. Rounding down never gives a date in the future.
fn whole_seconds(t: Time) -> Time {
    Time::from_seconds(t.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(s: i64) -> Time {
        Time::from_seconds(s)
    }

    fn document(body: &str, changed: i64) -> Document {
        Document {
            content_type: "text/plain",
            links: None,
            body: body.to_owned().into(),
            changed: Some(t(changed)),
            next_change: None,
        }
    }

    fn rendered(document: Document, sequence: i64, at: Time, old: Option<&Rendered>) -> Rendered {
        Rendered::new(document, Seq::new(sequence), at, old)
    }

    #[test]
    fn et_54_dates_move_with_the_content_and_only_with_it() {
        let first = rendered(document("a", 50), 1, t(100), None);
        assert_eq!(first.modified, Some(t(50)));
        let same = rendered(document("a", 60), 2, t(200), Some(&first));
        assert_eq!((same.modified, &same.tag), (Some(t(50)), &first.tag));
        let dated = rendered(document("b", 210), 3, t(300), Some(&same));
        assert_eq!(dated.modified, Some(t(210)));
        assert_ne!(dated.tag, first.tag);
        let undated = rendered(document("c", 210), 4, t(400), Some(&dated));
        assert_eq!(undated.modified, Some(t(400)), "a change without a date");
        let at_once = rendered(document("d", 210), 5, t(400), Some(&undated));
        assert_eq!(at_once.modified, Some(t(401)), "within the same second");
        let future = rendered(document("a", 999), 1, t(100), None);
        assert_eq!(future.modified, Some(t(100)), "never after now");
    }

    #[test]
    fn a_rendering_is_valid_for_one_sequence_and_for_at_most_a_minute() {
        let rendered = rendered(document("a", 0), 7, t(100), None);
        assert!(rendered.is_valid(Seq::new(7), t(159)));
        assert!(!rendered.is_valid(Seq::new(8), t(100)), "the store changed");
        assert!(!rendered.is_valid(Seq::new(7), t(160)), "a minute is over");
        assert!(
            !rendered.is_valid(Seq::new(7), t(99)),
            "the clock was set back"
        );
    }

    #[test]
    fn both_codings_decode_to_the_same_content() {
        let text = "boats and ships ".repeat(500);
        let rendered = rendered(document(&text, 0), 1, t(0), None);
        let budget = ResponseBudget::new(80 << 20);
        let gzip = rendered.encoded(Coding::Gzip, &budget).unwrap();
        let mut plain = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut plain)
            .unwrap();
        assert_eq!(plain, text);
        let mut plain = Vec::new();
        let brotli = rendered.encoded(Coding::Brotli, &budget).unwrap();
        brotli::BrotliDecompress(&mut &brotli[..], &mut plain).unwrap();
        assert_eq!(plain, text.as_bytes());
        assert!(gzip.len() < text.len() / 10);
        assert_eq!(budget.used(), gzip.len() + brotli.len());
    }

    #[test]
    fn concurrent_requests_render_once() {
        let cache = Cache::new(1 << 20);
        let rendered = std::sync::atomic::AtomicUsize::new(0);
        let ask = || {
            cache.get("k", Seq::new(1), t(0), async {
                tokio::task::yield_now().await;
                rendered.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                Ok(document("a", 0))
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime
            .unwrap()
            .block_on(futures_util::future::join_all((0..20).map(|_| ask())));
        assert_eq!(rendered.into_inner(), 1);
    }
}
