//! What goes into the store and comes back from a write: plain data, no SQL.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::model::{
    Draft, FeedId, FeedRef, FeedRow, Network, Poll, Secret, Seq, Time, Validators, WebUrl,
};
use crate::normalize::boilerplate::Boilerplate;
use crate::query::Expr;
use crate::schedule::PlanExplanation;
use crate::store::polls::listing::Listed;
use crate::text::language::Votes;

/// A subscription to make, or to bring up to date.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// Where; userinfo goes to `auth`.
    pub url: WebUrl,
    /// The user's title.
    pub title: Option<String>,
    /// The folder; `a/b` if nested.
    pub folder: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// The user's settings.
    pub settings: FeedSettings,
    /// Whether the configuration file declares it.
    pub declared: bool,
}

/// What a user can set for one feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSettings {
    /// Basic credentials for the feed's own origin.
    pub auth: Option<(String, Secret)>,
    /// The user's interval.
    pub interval: Option<Duration>,
    /// Another User-Agent.
    pub user_agent: Option<String>,
    /// More request headers.
    pub headers: Vec<(String, String)>,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether its articles may be joined as near copies; equal ones always are.
    pub near_dedup: bool,
    /// Whether the bodies of its articles are read off their pages.
    pub full_text: bool,
    /// Whether nothing is left out of its articles as boilerplate.
    pub keep_boilerplate: bool,
    /// Attributes of its OPML outline that are not ours: kept for the next export. None: what is known already stays.
    pub outline: Vec<(String, String)>,
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self {
            auth: None,
            interval: None,
            user_agent: None,
            headers: Vec::new(),
            paused: false,
            near_dedup: true,
            full_text: false,
            keep_boilerplate: false,
            outline: Vec::new(),
        }
    }
}

impl FeedSettings {
    /// Forgets credentials and headers; whether there were any.
    pub fn drop_secrets(&mut self) -> bool {
        let had_any = self.auth.is_some() || !self.headers.is_empty();
        self.auth = None;
        self.headers.clear();
        had_any
    }
}

/// A change of a subscription by command; none leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct FeedChange {
    /// The user's title; empty: back to the feed's own.
    pub title: Option<String>,
    /// The folder; empty: none.
    pub folder: Option<String>,
    /// The tags.
    pub tags: Option<Vec<String>>,
    /// The interval; zero: back to the plan.
    pub interval: Option<Duration>,
    /// Paused or not.
    pub paused: Option<bool>,
    /// Whether bodies are read off the articles' pages.
    pub full_text: Option<bool>,
    /// Whether its articles may be joined as near copies.
    pub near_dedup: Option<bool>,
    /// Whether nothing is left out of its articles as boilerplate.
    pub keep_boilerplate: Option<bool>,
}

/// What `subscribe` made of one [`NewFeed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// The row.
    pub row: FeedRow,
    /// The id.
    pub id: FeedId,
    /// Whether it was not there before.
    pub new: bool,
}

/// A topic as defined.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicDefinition {
    /// The name in URLs and expressions.
    pub name: String,
    /// The title of its feeds.
    pub title: String,
    /// The expression as written, narrowing by feeds, tags and language included.
    pub source: String,
    /// What `source` says.
    pub expr: Expr,
    /// How its merged feed is made up.
    pub feed: TopicFeed,
}

/// How the merged feed of a topic is made up of its stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default)]
pub struct TopicFeed {
    /// One entry a story; else one for every copy that belongs to the topic.
    pub one_per_story: bool,
    /// Feeds whose copy stands for a story if there is one, the first of these that has one: words of their titles.
    pub prefer: Vec<String>,
    /// Most entries of one feed a page; none: no limit.
    pub limit_per_feed: Option<usize>,
}

impl Default for TopicFeed {
    fn default() -> Self {
        Self {
            one_per_story: true,
            prefer: Vec::new(),
            limit_per_feed: None,
        }
    }
}

/// A topic with its counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicInfo {
    /// The name.
    pub name: String,
    /// The title.
    pub title: String,
    /// The expression as written.
    #[serde(rename = "match")]
    pub source: String,
    /// Stories in it.
    pub stories: u64,
    /// Articles in it.
    pub articles: u64,
    /// When the newest story in it arrived.
    pub newest: Option<Time>,
}

/// What a topic is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicHead {
    /// The name.
    pub name: String,
    /// The title.
    pub title: String,
    /// The expression as written.
    pub source: String,
    /// How its merged feed is made up.
    pub feed: TopicFeed,
}

/// What a feed brought lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Articles of each day (UTC), today last.
    pub daily: Vec<u64>,
    /// Of the newest articles, oldest first: when each was seen, and how many milliseconds after its publication.
    pub delays: Vec<(Time, u64)>,
}

/// Something that happened to a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// Which feed, as it is called now.
    pub feed: FeedRef,
    /// When it was noticed.
    pub at: Time,
    /// What.
    pub kind: EventKind,
    /// Why it broke or went, where it moved, since when it is silent; else empty.
    pub note: String,
}

/// What can happen to a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It failed three times in a row.
    Broke,
    /// It was broken or gone and was read again.
    Recovered,
    /// It is asked at another URL from now on.
    Moved,
    /// Its server says that it is gone for good.
    Gone,
    /// It has not brought anything for far longer than usual.
    Silent,
    /// It brought something after a silence.
    Spoke,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Broke,
        Self::Recovered,
        Self::Moved,
        Self::Gone,
        Self::Silent,
        Self::Spoke,
    ];

    /// Its name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broke => "broke",
            Self::Recovered => "recovered",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Spoke => "spoke",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A feed that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub feed: FeedRow,
    /// The site that its host belongs to.
    pub site: String,
}

/// How many due feeds are looked for.
#[derive(Debug, Clone, Copy)]
pub struct DueLimits {
    /// Of all sites together.
    pub all: usize,
    /// Of one site.
    pub site: usize,
}

/// Which feeds a claim may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimScope {
    /// Those that are due.
    Due,
    /// Those of these that are due.
    StillDue(Vec<FeedRow>),
    /// All that no server's floor and no earlier manual poll holds back.
    All {
        /// `schedule.manual_interval`.
        manual_interval: Duration,
    },
    /// These, under the same condition.
    These {
        /// Which.
        feeds: Vec<FeedRow>,
        /// `schedule.manual_interval`.
        manual_interval: Duration,
    },
    /// This one, of which a hub tells: nobody is asked, so no floor holds it back, but a poll on its way does.
    Pushed(FeedRow),
}

/// A feed leased to one worker: the lease moved its due time forward, so nobody else takes it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which feed.
    pub feed: FeedRow,
    /// Its id.
    pub id: FeedId,
    /// Where to ask.
    pub url: WebUrl,
    /// Whether other feeds are subscribed at the same origin.
    pub has_neighbours: bool,
    /// Its title, for messages.
    pub title: String,
    /// The fencing number: a commit with an older one is discarded.
    pub lease: i64,
    /// When it was due before it was claimed.
    pub due: Option<Time>,
    /// The validators by URL.
    pub validators: Vec<(String, Validators)>,
    /// The SHA-256 of the last body that was read.
    pub body_digest: Option<Vec<u8>>,
    /// What is known as boilerplate.
    pub boilerplate: Boilerplate,
    /// What the feed's articles are in; none: they were not asked yet.
    pub votes: Option<Votes>,
    /// The schedule's state.
    pub schedule: Vec<u8>,
    /// The user's settings, without secrets that belong to another origin.
    pub settings: FeedSettings,
    /// Where the secrets belong that were left out of them, if any were: the feed has moved since they were given.
    pub secrets_withheld: Option<String>,
    /// When the last poll was, if any.
    pub last_poll: Option<Time>,
    /// Failures in a row so far.
    pub failures: u32,
    /// The hub that is to tell of its news.
    pub hub: Option<HubLease>,
    /// An archive page that is wanted and could not be had so far.
    pub archive: Option<String>,
}

/// A hub that a feed names, as claims know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLease {
    /// The hub's address.
    pub hub: String,
    /// What the hub knows the feed by.
    pub topic: String,
    /// Whether the hub is being asked to stop.
    pub leaving: bool,
    /// Since when, and until when, it tells us; none: it does not.
    pub verified: Option<(Time, Time)>,
}

impl HubLease {
    /// Since when the hub tells us, if it does at `now`.
    pub fn since(&self, now: Time) -> Option<Time> {
        let (since, until) = self.verified?;
        (until > now && !self.leaving).then_some(since)
    }
}

/// A hub that a feed names, with what a new subscription needs.
#[derive(Debug, Clone)]
pub struct HubOffer {
    /// The hub.
    pub hub: WebUrl,
    /// What the feed calls itself.
    pub topic: WebUrl,
    /// The end of our callback's URL for it.
    pub path: String,
    /// What the hub is to sign with.
    pub secret: Secret,
}

/// A hub whose turn it is to be asked.
#[derive(Debug, Clone)]
pub struct HubAsk {
    /// Of which feed.
    pub feed: FeedRow,
    /// The hub's address.
    pub hub: String,
    /// What the hub knows the feed by.
    pub topic: String,
    /// The end of our callback's URL.
    pub path: String,
    /// What the hub is to sign with.
    pub secret: Secret,
    /// To tell us, or else to stop.
    pub subscribe: bool,
}

/// The subscription that a hub calls about.
#[derive(Debug, Clone)]
pub struct HubRow {
    /// Of which feed.
    pub feed: FeedRow,
    /// Where the feed is.
    pub url: WebUrl,
    /// What the hub signs with.
    pub secret: Secret,
    /// Whether the hub is being asked to stop.
    pub leaving: bool,
    /// Whether the user paused the feed.
    pub paused: bool,
}

/// What a claim left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which feed.
    pub url: String,
    /// Why, in words.
    pub reason: String,
    /// Why, to be counted.
    #[serde(skip)]
    pub rest: Rest,
}

/// Why a feed is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rest {
    /// Its user paused it.
    Paused,
    /// Its server said that it is gone for good.
    Gone,
    /// It is being polled.
    Leased,
    /// Its server asks to wait.
    Floor,
    /// It was polled a moment ago.
    Polled,
    /// Its host has no turn for it.
    Host,
    /// What is stored of it cannot be read.
    Fault,
}

impl Rest {
    /// What is said of feeds that rest so, behind their number.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Gone => "withdrawn by their publishers (410)",
            Self::Leased => "being polled by another process",
            Self::Floor => "whose servers asked for more time",
            Self::Polled => "polled less than schedule.manual_interval ago",
            Self::Host => "whose hosts have no free turn",
            Self::Fault => "postponed after an internal error",
        }
    }
}

/// What the store knows of an article that a document lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: neither it nor its page was ever seen in this feed.
    New,
    /// It stands as listed, or was pruned.
    Same,
    /// It stands, and is listed otherwise now.
    Edited {
        /// Its body as stored.
        html: String,
    },
}

/// One poll with everything that came of it: committed in one transaction (ET-08).
#[derive(Debug, Clone)]
pub struct PollCommit {
    /// The lease.
    pub claim: Claim,
    /// The visit.
    pub poll: Poll,
    /// What the document said, if there was one and it was read.
    pub document: Option<DocumentCommit>,
    /// The schedule's new state and the due time.
    pub plan: PlanCommit,
    /// What the poll says about the feed's hub.
    pub hub: HubChange,
    /// The whole network is down: a failure is not the feed's, and its error count stays (ET-30).
    pub offline: bool,
}

/// What a poll changes about the hub of its feed.
#[derive(Debug, Clone, Default)]
pub enum HubChange {
    /// Nothing.
    #[default]
    Unchanged,
    /// The feed names this hub.
    Offered(Box<HubOffer>),
    /// The feed no longer names a hub.
    Removed,
}

/// A document that was read.
#[derive(Debug, Clone)]
pub struct DocumentCommit {
    /// Its articles that are new or edited, in document order.
    pub drafts: Vec<Draft>,
    /// The others, by their places in the document.
    pub listed: Vec<Listed>,
    /// What the feed's articles are in; none: as the store has it.
    pub votes: Option<Votes>,
    /// The feed's own title.
    pub title: Option<String>,
    /// The site.
    pub site: Option<WebUrl>,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    /// What was repaired.
    pub repairs: Vec<String>,
    /// Whether it lists all that there is of the feed: articles that it does not list are withdrawn.
    pub is_complete: bool,
    /// What came of the archive page, if one was wanted.
    pub archive: Option<ArchiveCommit>,
    /// The paragraph digests of each draft, for learning boilerplate; as long as `drafts`, or empty.
    pub paragraphs: Vec<Vec<u64>>,
}

/// What came of the archive page that a document led to because it overflowed (ET-53). Committed with the document, so that
/// a page is never held for read whose articles were not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveCommit {
    /// Its articles are among the drafts, or it can never be read: it is not asked for again.
    Done(String),
    /// It could not be had for now: the feed's next document is asked for in full and leads there again, a few times.
    Missed(String),
}

/// What the schedule decided.
#[derive(Debug, Clone, Default)]
pub struct PlanCommit {
    /// Opaque state.
    pub state: Vec<u8>,
    /// When the feed is due again. `None`: never (gone).
    pub next_at: Option<Time>,
    /// Why then.
    pub explanation: PlanExplanation,
    /// Not even a manual poll is made before this, because the publisher asks for it; with the reason.
    pub floor: Option<(Time, String)>,
    /// Where the subscription moves now (ET-36).
    pub moved_to: Option<WebUrl>,
}

/// What a commit did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Articles that were not there.
    pub new: usize,
    /// Articles that changed.
    pub changed: usize,
    /// New articles that joined a story.
    pub joined: usize,
    /// Articles that the publisher withdrew.
    pub withdrawn: usize,
    /// The sequence after it.
    pub sequence: Seq,
    /// Whether the lease was lost and nothing was written.
    pub lease_lost: bool,
}

/// The store in numbers. The first six fields are the contract's.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Status {
    /// Subscriptions.
    pub feeds: u64,
    /// Copies stored.
    pub articles: u64,
    /// Stories.
    pub stories: u64,
    /// Topics.
    pub topics: u64,
    /// The last sequence given.
    pub sequence: Seq,
    /// Bytes of the database file.
    pub db_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Feeds whose last poll failed.
    pub feeds_failing: u64,
    /// Feeds that were never read yet, and have not failed.
    pub feeds_new: u64,
    /// Feeds that are paused.
    pub feeds_paused: u64,
    /// Feeds whose credentials are not sent, for they were given for another origin (SEC-23).
    pub feeds_without_credentials: u64,
    /// Feeds that are gone.
    pub feeds_gone: u64,
    /// Feeds that are due now.
    pub feeds_due: u64,
    /// Articles first seen in the last 24 hours.
    pub articles_today: u64,
    /// Of these, those that joined a story.
    pub joined_today: u64,
    /// What the user decided about stories.
    pub decisions: DecisionCounts,
    /// When the next feed is due.
    pub next_poll: Option<Time>,
    /// When a feed last answered with a document or a 304.
    pub last_success: Option<Time>,
}

/// What the user decided about stories (`newswire split` and `newswire join`), in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DecisionCounts {
    /// Splits that apply.
    pub splits: u64,
    /// Joins that apply.
    pub joins: u64,
    /// Stored copies that they are about.
    pub copies: u64,
}

/// What to tell the operator of a store of so many bytes, log included, if these are more than `limit` (0: no limit).
#[must_use]
pub fn size_warning(bytes: u64, limit: u64) -> Option<String> {
    (limit > 0 && bytes > limit).then(|| {
        format!(
            "the store has {} MiB, more than store.size_warning ({} MiB); keep less (store.keep, store.keep_max_per_feed), \
             or raise it",
            bytes >> 20,
            limit >> 20
        )
    })
}

/// A [`Status`], and what takes longer to find out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overview {
    /// The numbers.
    #[serde(flatten)]
    pub status: Status,
    /// Whether the network can be reached.
    pub network: Network,
    /// Articles that arrived on each of the last 14 days (UTC), today last.
    pub articles_daily: Vec<u64>,
    /// Of these, those that joined a story.
    pub joined_daily: Vec<u64>,
    /// Politeness by host, the busiest first, at most twenty.
    pub hosts: Vec<HostStatus>,
    /// How many hosts there are beside these.
    pub hosts_more: u64,
}

/// How one host was treated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostStatus {
    /// The host.
    pub host: String,
    /// Feeds there.
    pub feeds: u64,
    /// Polls made.
    pub polls: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Failed.
    pub failed: u64,
    /// Answered 429.
    pub throttled: u64,
    /// Bytes received for bodies.
    pub bytes: u64,
    /// The next poll planned.
    pub next_poll: Option<Time>,
    /// Of which feed, by its title.
    pub next_feed: Option<String>,
    /// Why that one is due then.
    #[serde(serialize_with = "binding_text")]
    pub next_why: Option<PlanExplanation>,
    /// Until when the host wants to be left alone.
    pub rest_until: Option<Time>,
}

/// The constraint that decides, as text.
fn binding_text<S: Serializer>(why: &Option<PlanExplanation>, to: S) -> Result<S::Ok, S::Error> {
    let binding = why.as_ref().map(|why| why.binding().to_string());
    binding.serialize(to)
}

/// Polls over all hosts, since the store was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PollTotals {
    /// Polls made.
    pub polls: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Failed.
    pub failed: u64,
    /// Answered 429; they count as failed too.
    pub throttled: u64,
    /// Bytes received for bodies.
    pub bytes: u64,
}

/// One poll of a feed as the history keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PollRecord {
    /// When.
    pub at: Time,
    /// `document`, `delta`, `push`, `unchanged`, `not_modified` or a failure's kind.
    pub outcome: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Bytes on the wire.
    pub bytes: u64,
    /// How long it took.
    pub elapsed_ms: u64,
    /// New articles.
    pub new: u64,
    /// The failure's message.
    pub error: Option<String>,
}

/// Everything about one feed, for `newswire feed FEED`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedDetail {
    /// The feed.
    #[serde(flatten)]
    pub feed: crate::model::Feed,
    /// Validators by URL, as text.
    pub validators: Vec<(String, Option<String>, Option<String>)>,
    /// Why it is due when it is.
    pub why_next: Option<PlanExplanation>,
    /// Before when nobody may ask, and why.
    pub floor: Option<(Time, String)>,
    /// Whether the bodies of its articles are read off their pages.
    pub full_text: bool,
    /// Whether nothing is left out of them as boilerplate.
    pub keep_boilerplate: bool,
    /// The hub that tells of its news.
    pub hub: Option<HubStatus>,
    /// How its host was treated; none: it was never asked.
    pub host: Option<HostStatus>,
    /// What the parser had to repair in the last document.
    pub repairs: Vec<String>,
    /// The last polls, newest first.
    pub polls: Vec<PollRecord>,
}

/// A hub as `newswire feed FEED` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HubStatus {
    /// The hub's address.
    pub url: String,
    /// Since when it tells us, without a gap.
    pub verified: Option<Time>,
    /// Until when it has promised to.
    pub lease_until: Option<Time>,
    /// When it is asked next.
    pub ask_at: Option<Time>,
    /// Why it was last asked in vain.
    pub last_error: Option<String>,
}

/// What a prune removed or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Articles.
    pub articles: u64,
    /// Stories left without a copy.
    pub stories: u64,
}

/// Why two copies are one story, and what an article's identity rests on: for `newswire explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lineage {
    /// The identity within the feed.
    pub key: String,
    /// `guid`, `link` or `digest`.
    pub key_kind: &'static str,
    /// The copy that it was joined with, if it was.
    pub joined_with: Option<String>,
    /// The signal and score of the join.
    pub same_as: Option<crate::model::story::SameAs>,
}

/// The copy that came closest to another without being of its story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Its row.
    pub row: crate::model::ArticleRow,
    /// Its id.
    pub id: crate::model::ArticleId,
    /// What held them apart. Alike by themselves: something else did.
    pub verdict: crate::dedup::Verdict,
}

/// How near copies are judged: `[dedup]` of the configuration, or what is tried instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupSettings {
    /// How long a story may gather copies.
    pub window: std::time::Duration,
    /// Whether near copies are joined too, not only equal ones.
    pub near: bool,
}
