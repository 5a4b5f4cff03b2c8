//! Sequences of documents against a simple model of the store. Any bytes are a sequence: three feeds whose items are listed,
//! dropped, edited, withdrawn and listed again, share pages and texts, and change their guids, while time goes by, retention
//! removes what is old, polls fail or come too late, and the store is closed and opened again.
//!
//! What must hold after each step: no error, nothing that a document lists is lost, nothing is doubled, nothing of another
//! feed is touched, and stories, their ids and links to them stay. A broken promise panics with the steps that led there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::follower::Follower;
use newswire::clock::Clock;
use newswire::ingest::document::{self, Normalized};
use newswire::model::{
    ArticleId, ArticleRow, ArticleView, Draft, Failure, FailureKind, FeedId, FeedRow, Outcome,
    Poll, StoryId, StoryView, Time, Validators, WebUrl,
};
use newswire::normalize::identity;
use newswire::parse::ParseContext;
use newswire::store::{
    Claim, ClaimScope, Committed, DocumentCommit, FeedSettings, HubChange, NewFeed, PlanCommit,
    PollCommit, Selection, Store, StoreOptions,
};

/// Steps of a sequence at most.
const STEPS_MAX: usize = 80;
/// Items that a feed lists at most.
const ITEMS_MAX: usize = 7;
/// Retention by age.
const KEEP: Duration = Duration::from_secs(10 * DAY_S);
const DAY_S: u64 = 86_400;
/// Long enough for any lease to end.
const LEASE: Duration = Duration::from_secs(1200);

/// Plays the sequence that these bytes are.
pub fn play(bytes: &[u8]) {
    played(bytes, Normalized::Unknown);
}

/// Plays it with so much of each document normalized; gives the folder of the store that comes of it, `newswire.db`.
pub fn played(bytes: &[u8], normalized: Normalized) -> tempfile::TempDir {
    let mut world = World::new(normalized);
    let mut bytes = bytes.iter().copied();
    for _ in 0..STEPS_MAX {
        if world.step(&mut bytes).is_none() {
            break;
        }
    }
    (0..3).for_each(|feed| world.shows(feed));
    world.is_sound();
    world.dir
}

/// An item as its publisher has it: small numbers stand for its guid, its page, its headline and its text.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    guid: Option<u8>,
    page: Option<u8>,
    title: u8,
    text: u8,
    day: Option<u8>,
}

impl Item {
    fn of(bytes: &mut impl Iterator<Item = u8>) -> Option<Self> {
        let (a, b) = (bytes.next()?, bytes.next()?);
        Some(Self {
            guid: (a & 7 != 7).then_some(a & 7),
            page: (a >> 3 & 7 < 6).then_some(a >> 3 & 7),
            title: b & 3,
            text: b >> 2 & 7,
            day: (b >> 5 < 6).then_some(b >> 5),
        })
    }

    /// As RSS. Page 0 is no article's, page 5 is the same for all feeds.
    fn rss(&self, host: &str) -> String {
        let mut item = String::from("<item>");
        if let Some(guid) = self.guid {
            let _ = write!(item, "<guid isPermaLink=\"false\">tag:{host},{guid}</guid>");
        }
        let page = self.page.map(|n| match n {
            0 => format!("https://{host}/"),
            5 => "https://wire.example/2030/01/a-story-that-many-have".to_owned(),
            n => format!("https://{host}/2030/0{n}/an-article-about-number-{n}"),
        });
        if let Some(page) = page {
            let _ = write!(item, "<link>{page}</link>");
        }
        let _ = write!(item, "<title>{}</title>", TITLES[usize::from(self.title)]);
        if let Some(day) = self.day {
            let _ = write!(item, "<pubDate>2030-01-0{}T06:00:00Z</pubDate>", day + 1);
        }
        let _ = write!(
            item,
            "<description>{}</description></item>",
            text(self.text)
        );
        item
    }
}

const TITLES: [&str; 4] = [
    "Harbour counts its boats",
    "Council weighs a new bridge",
    "Ten questions about rain",
    "What the ferry carries",
];

/// Five texts that have nothing in common, a short one, and two that are the beginning and the end of the first.
fn text(n: u8) -> String {
    let words = |of: u8| (0..70).map(move |w| format!("word{of}x{w}"));
    let words: Vec<String> = match n {
        5 => vec!["Brief.".to_owned()],
        6 => words(0).take(40).collect(),
        7 => words(0).skip(30).collect(),
        n => words(n).collect(),
    };
    words.join(" ")
}

/// A feed as its publisher has it.
struct Shown {
    host: &'static str,
    row: FeedRow,
    id: FeedId,
    items: Vec<Item>,
    /// Whether its document says that it lists all there is.
    is_complete: bool,
}

/// What the store holds, as anybody may read it.
#[derive(Clone, Default)]
struct Held {
    articles: BTreeMap<ArticleId, ArticleView>,
    stories: BTreeMap<StoryId, StoryView>,
}

impl Held {
    fn of_feed(&self, host: &str) -> impl Iterator<Item = &ArticleView> {
        let url = feed_url(host);
        self.articles.values().filter(move |a| a.feed_url == url)
    }

    fn copies(&self, story: StoryId) -> BTreeSet<ArticleId> {
        let own = self.articles.values().filter(|a| a.story_id == story);
        own.map(|a| a.id).collect()
    }
}

struct World {
    normalized: Normalized,
    clock: Clock,
    store: Option<Store>,
    dir: tempfile::TempDir,
    feeds: Vec<Shown>,
    held: Held,
    /// The digest of what each article's publisher gave last.
    digests: BTreeMap<ArticleId, Vec<u8>>,
    /// What is stored in part, because its document broke off.
    partial: HashSet<ArticleId>,
    /// What retention has removed.
    pruned: HashSet<ArticleId>,
    /// The copies that each story had when it was last seen.
    stories_seen: BTreeMap<StoryId, BTreeSet<ArticleId>>,
    /// Holds what the changes say, and nothing else.
    follower: RefCell<Follower>,
    steps: Vec<String>,
}

fn feed_url(host: &str) -> String {
    format!("https://{host}/feed")
}

/// An empty store, made once: a copy of it takes a hundredth of the time.
fn template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("newswire.db");
        drop(Store::open(&options(path.clone()), Clock::system()).unwrap());
        std::fs::read(path).unwrap()
    })
}

fn options(path: PathBuf) -> StoreOptions {
    StoreOptions {
        path,
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * DAY_S),
        dedup_near: true,
    }
}

impl World {
    fn new(normalized: Normalized) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("newswire.db");
        std::fs::write(&path, template()).unwrap();
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
        let store = Store::open(&options(path), clock.clone()).unwrap();
        let feeds = ["a.example", "b.example", "c.example"].map(|host| {
            let made = store.subscribe(vec![subscription(host)]).unwrap().remove(0);
            Shown {
                host,
                row: made.row,
                id: made.id,
                items: Vec::new(),
                is_complete: host != "c.example",
            }
        });
        Self {
            normalized,
            clock,
            store: Some(store),
            dir,
            feeds: feeds.into(),
            held: Held::default(),
            digests: BTreeMap::new(),
            partial: HashSet::new(),
            pruned: HashSet::new(),
            stories_seen: BTreeMap::new(),
            follower: RefCell::default(),
            steps: Vec::new(),
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// The next step; none if the bytes are at their end.
    fn step(&mut self, bytes: &mut impl Iterator<Item = u8>) -> Option<()> {
        let byte = bytes.next()?;
        let (op, n) = (byte & 15, usize::from(byte >> 4 & 3));
        let feed = n % 3;
        // Most changes are shown at once; some come together.
        let is_shown = byte < 0xc0;
        match op {
            0..=2 => self.add(feed, Item::of(bytes)?),
            3 | 4 => self.drop_item(feed, bytes.next()?),
            5..=7 => self.edit(feed, op, bytes.next()?),
            8 => self.copy(feed, bytes.next()?),
            9 => {
                let shown = &mut self.feeds[feed];
                shown.is_complete = !shown.is_complete;
            }
            10 => self.feeds[feed].items.reverse(),
            11 => {
                self.pass(Duration::from_secs([3600, 5 * 3600, DAY_S, 8 * DAY_S][n]));
                return Some(());
            }
            12 => {
                self.prune(if n == 0 { 2 } else { 100 });
                return Some(());
            }
            13 => {
                self.reopen();
                return Some(());
            }
            14 if n == 3 => {
                self.breaks_off(feed, bytes.next()?, Item::of(bytes)?);
                return Some(());
            }
            14 => {
                self.fails(feed);
                return Some(());
            }
            _ => {
                if n == 3 {
                    self.comes_back(0);
                } else {
                    self.is_late(feed);
                }
                return Some(());
            }
        }
        if is_shown {
            self.shows(feed);
        }
        Some(())
    }

    fn add(&mut self, feed: usize, item: Item) {
        let items = &mut self.feeds[feed].items;
        items.insert(0, item);
        items.truncate(ITEMS_MAX);
    }

    fn drop_item(&mut self, feed: usize, which: u8) {
        let items = &mut self.feeds[feed].items;
        if !items.is_empty() {
            items.remove(usize::from(which) % items.len());
        }
    }

    fn edit(&mut self, feed: usize, what: u8, byte: u8) {
        let items = &mut self.feeds[feed].items;
        if items.is_empty() {
            return;
        }
        let item = usize::from(byte >> 4) % items.len();
        let item = &mut items[item];
        match what {
            5 => item.text = byte & 7,
            6 => item.title = byte & 3,
            _ => item.guid = (byte & 7 != 7).then_some(byte & 7),
        }
    }

    /// Prints what another feed lists.
    fn copy(&mut self, feed: usize, byte: u8) {
        let from = &self.feeds[(feed + 1 + usize::from(byte & 1)) % 3].items;
        if from.is_empty() {
            return;
        }
        let item = from[usize::from(byte >> 4) % from.len()].clone();
        self.add(feed, item);
    }

    fn pass(&mut self, by: Duration) {
        self.steps.push(format!("{} h go by", by.as_secs() / 3600));
        self.clock.advance(by);
    }

    fn reopen(&mut self) {
        self.steps.push("reopen".to_owned());
        self.is_sound();
        drop(self.store.take());
        let path = self.dir.path().join("newswire.db");
        self.store = Some(Store::open(&options(path), self.clock.clone()).unwrap());
        let held = self.read();
        self.assert(
            held.articles == self.held.articles,
            "a restart changes no article",
        );
        self.assert(
            held.stories == self.held.stories,
            "a restart changes no story",
        );
    }

    /// A poll that fails touches no article.
    fn fails(&mut self, feed: usize) {
        self.steps.push(format!("{} fails", self.feeds[feed].host));
        let claim = self.claim(feed);
        let outcome = Outcome::Failed(Failure {
            kind: FailureKind::Server,
            message: "500".to_owned(),
        });
        let commit = self.commit_of(claim, outcome, None);
        self.commit(commit);
        self.assert(
            self.read().articles == self.held.articles,
            "a failure changes nothing",
        );
    }

    /// A document that breaks off anywhere changes nothing that it showed whole before. Within an item that is listed for the
    /// first time it stores that item in part at most, and the whole document completes it.
    fn breaks_off(&mut self, feed: usize, byte: u8, item: Item) {
        self.shows(feed);
        let cut = |text: &str, byte: usize| text[..text.len() * byte / 256].to_owned();
        let text = cut(&self.text(feed), usize::from(byte));
        self.steps.push(format!("it breaks off: {text}"));
        let (.., done) = self.poll_of(feed, &text);
        let nothing = (done.new, done.changed, done.withdrawn);
        self.assert(nothing == (0, 0, 0), &format!("a part of it: {done:?}"));
        let is_held = self.read().articles == self.held.articles;
        self.assert(is_held, "a part of it changes no article");
        if self.feeds[feed].items.len() == ITEMS_MAX {
            return;
        }
        self.feeds[feed].items.push(item);
        let text = self.text(feed);
        let (start, end) = (
            text.rfind("<item>").unwrap(),
            text.rfind("</item>").unwrap(),
        );
        let last = cut(&text[start..end], usize::from(byte));
        let text = format!("{}{last}", &text[..start]);
        self.steps.push(format!("it breaks off: {text}"));
        let (drafts, _, done) = self.poll_of(feed, &text);
        let is_well = done.new <= 1 && done.changed == 0;
        self.assert(is_well, "one item is new at most");
        let held = self.read();
        let come = held.articles.values();
        for article in come.filter(|a| !self.held.articles.contains_key(&a.id)) {
            // A guid that is used again for another item makes the item that had it new, and that one is whole.
            match drafts.iter().find(|d| is_as_listed(article, d)) {
                Some(draft) if !identity::is_of_partial(&draft.digest) => {
                    self.digests.insert(article.id, draft.digest.clone());
                }
                _ => {
                    self.partial.insert(article.id);
                }
            }
        }
        for (id, before) in &self.held.articles {
            let now = held.articles.get(id).map(|now| now.revision);
            self.assert(
                now == Some(before.revision),
                "a part of an item edits nothing",
            );
        }
        self.compare(&held, Some(feed));
        self.held = held;
        self.shows(feed);
    }

    /// A poll that took longer than its lease writes nothing.
    fn is_late(&mut self, feed: usize) {
        self.steps
            .push(format!("{} is late", self.feeds[feed].host));
        let late = self.claim(feed);
        self.clock.advance(LEASE);
        let claim = self.claim(feed);
        let (_, document) = self.document(&late, &self.text(feed));
        let commit = self.commit_of(late, document_outcome(), Some(document));
        let done = self.commit(commit);
        self.assert(done.lease_lost, "the lease is lost");
        self.assert(
            self.read().articles == self.held.articles,
            "nothing was written",
        );
        self.store().give_back(&claim).unwrap();
    }

    /// A feed is unsubscribed from and subscribed to again: it is the same one.
    fn comes_back(&mut self, feed: usize) {
        let shown = &self.feeds[feed];
        self.steps.push(format!("{} comes back", shown.host));
        self.store().unsubscribe(shown.row).unwrap();
        let again = self
            .store()
            .subscribe(vec![subscription(shown.host)])
            .unwrap();
        self.assert(
            (again[0].row, again[0].id) == (shown.row, shown.id),
            "the same feed",
        );
    }

    fn prune(&mut self, most: u64) {
        self.steps.push(format!("prune, {most} a feed"));
        let doomed = self.doomed(most);
        let pruned = self.store().prune(Some(KEEP), most, false).unwrap();
        let held = self.read();
        let gone = self
            .held
            .articles
            .keys()
            .filter(|id| !held.articles.contains_key(*id));
        let gone: BTreeSet<ArticleId> = gone.copied().collect();
        self.assert(pruned.articles == gone.len() as u64, "as many as it says");
        self.assert(gone == doomed, "what is old or too much, and nothing else");
        self.pruned.extend(gone);
        self.compare(&held, None);
        self.held = held;
    }

    fn doomed(&self, most: u64) -> BTreeSet<ArticleId> {
        let before = self.clock.now().minus(KEEP);
        let all = self.held.articles.values();
        let old = all.filter(|a| a.arrived < before).map(|a| a.id);
        let mut doomed: BTreeSet<ArticleId> = old.collect();
        // Rows follow the order of the first sightings, which ids do not tell: ties are left to the store.
        for shown in &self.feeds {
            let mut own: Vec<&ArticleView> = self.held.of_feed(shown.host).collect();
            let rows = self.rows();
            own.sort_by_key(|a| std::cmp::Reverse((a.arrived, rows.get(&a.id).copied())));
            let most = usize::try_from(most).unwrap();
            doomed.extend(own.into_iter().skip(most).map(|a| a.id));
        }
        doomed
    }

    /// The row of each article.
    fn rows(&self) -> BTreeMap<ArticleId, ArticleRow> {
        let reads = self.store().reads();
        let rows = reads.find_articles(&Selection::default()).unwrap();
        let articles = reads.articles_at(&rows, false).unwrap();
        articles.iter().map(|a| a.id).zip(rows).collect()
    }

    /// A feed is polled, and polled again.
    fn shows(&mut self, feed: usize) {
        let shown = &self.feeds[feed];
        let step = format!(
            "{} shows{} {:?}",
            shown.host,
            if shown.is_complete { " all" } else { "" },
            shown.items
        );
        self.steps.push(step);
        let (drafts, is_complete, done) = self.poll(feed);
        let held = self.read();
        self.lists(feed, &held, &drafts, done.clone());
        self.keeps(feed, &held, &drafts, is_complete);
        self.compare(&held, Some(feed));
        self.held = held;
        let (_, _, again) = self.poll(feed);
        let nothing = (again.new, again.changed, again.joined, again.withdrawn);
        self.assert(
            nothing == (0, 0, 0, 0),
            &format!("the same again: {again:?}"),
        );
        self.assert(
            again.sequence == done.sequence,
            "the same again moves no sequence",
        );
        let held = self.read();
        self.assert(
            held.articles == self.held.articles,
            "the same again changes no article",
        );
    }

    fn poll(&mut self, feed: usize) -> (Vec<Draft>, bool, Committed) {
        let text = self.text(feed);
        self.poll_of(feed, &text)
    }

    fn poll_of(&mut self, feed: usize, text: &str) -> (Vec<Draft>, bool, Committed) {
        self.clock.advance(Duration::from_secs(60));
        let claim = self.claim(feed);
        let (drafts, document) = self.document(&claim, text);
        let is_complete = document.is_complete;
        let commit = self.commit_of(claim, document_outcome(), Some(document));
        let done = self.commit(commit);
        self.assert(!done.lease_lost, "the lease holds");
        (drafts, is_complete, done)
    }

    fn claim(&self, feed: usize) -> Claim {
        let scope = ClaimScope::These {
            feeds: vec![self.feeds[feed].row],
            manual_interval: Duration::ZERO,
        };
        let claimed = self.store().claim(self.clock.now(), scope, 1).unwrap();
        self.assert(
            claimed.0.len() == 1,
            &format!("it can be claimed: {:?}", claimed.1),
        );
        claimed.0.into_iter().next().unwrap()
    }

    /// The feed's document.
    fn text(&self, feed: usize) -> String {
        let shown = &self.feeds[feed];
        let items: String = shown.items.iter().map(|i| i.rss(shown.host)).collect();
        let complete = match shown.is_complete {
            true => "<fh:complete xmlns:fh=\"http://purl.org/syndication/history/1.0\"/>",
            false => "",
        };
        format!(
            "<rss version=\"2.0\"><channel><title>{}</title>{complete}{items}</channel></rss>",
            shown.host
        )
    }

    /// The drafts of all items of a document, and what is read of it, as ingest reads it. One that cannot be read has none.
    fn document(&self, claim: &Claim, document: &str) -> (Vec<Draft>, DocumentCommit) {
        let context = ParseContext {
            url: Some(claim.url.clone()),
            content_type: None,
        };
        let read = |normalized| {
            let (store, document) = (self.store(), document.as_bytes());
            let read = document::read(store, claim, document, &context, normalized);
            read.unwrap().ok()
        };
        let Some(all) = read(Normalized::AllForTheStore) else {
            let nothing = DocumentCommit {
                drafts: Vec::new(),
                listed: Vec::new(),
                votes: None,
                title: None,
                site: None,
                digest: vec![1],
                repairs: Vec::new(),
                is_complete: false,
                archive: None,
                paragraphs: Vec::new(),
            };
            return (Vec::new(), nothing);
        };
        let all = all.drafted.drafts;
        let read = read(self.normalized).unwrap();
        let commit = DocumentCommit {
            is_complete: read.feed.is_complete && read.feed.warnings.is_empty() && read.items > 0,
            drafts: read.drafted.drafts,
            listed: read.listed,
            votes: Some(read.drafted.votes),
            title: read.feed.title,
            site: None,
            digest: vec![1],
            repairs: read.feed.warnings,
            archive: None,
            paragraphs: read.drafted.paragraphs,
        };
        (all, commit)
    }

    fn commit_of(
        &self,
        claim: Claim,
        outcome: Outcome,
        document: Option<DocumentCommit>,
    ) -> PollCommit {
        let now = self.clock.now();
        PollCommit {
            poll: Poll {
                feed: claim.feed,
                started: now,
                finished: now,
                final_url: Some(claim.url.clone()),
                moved_permanently: false,
                status: Some(200),
                bytes_wire: 100,
                hints: Default::default(),
                extent: Default::default(),
                outcome,
            },
            claim,
            document,
            plan: PlanCommit {
                next_at: Some(now.plus(Duration::from_secs(3600))),
                ..PlanCommit::default()
            },
            hub: HubChange::Unchanged,
            offline: false,
        }
    }

    fn commit(&self, commit: PollCommit) -> Committed {
        let store = self.store();
        match store.commit(store.prepare(commit)) {
            Ok(done) => done,
            Err(e) => self.fail(&format!("the commit failed: {e}")),
        }
    }

    fn read(&self) -> Held {
        let all = Selection {
            bodies: true,
            ..Selection::default()
        };
        let reads = self.store().reads();
        let (articles, stories) = (reads.articles(&all).unwrap(), reads.stories(&all).unwrap());
        let (copies, river) = (articles.len(), stories.len());
        let held = Held {
            articles: articles.into_iter().map(|a| (a.id, a)).collect(),
            stories: stories.into_iter().map(|s| (s.id, s)).collect(),
        };
        self.assert(held.articles.len() == copies, "each article once");
        self.assert(held.stories.len() == river, "each story once");
        let mut follower = self.follower.borrow_mut();
        follower.catch_up(reads, 3);
        let is_same = follower.articles == held.articles && follower.stories == held.stories;
        self.assert(is_same, "a follower of the changes holds the same");
        held
    }

    /// Everything that the document lists is there as it is listed, once, and is counted right.
    fn lists(&mut self, feed: usize, held: &Held, drafts: &[Draft], done: Committed) {
        let shown = &self.feeds[feed];
        let (mut new, mut changed) = (0, 0);
        let mut taken = HashSet::new();
        let mut digests = Vec::new();
        // Another guid is no edit: an article may stand under the one that it had.
        let of_guid = |a: &ArticleView, draft: &Draft| a.guid == draft.guid;
        let (by_guid, by_others): (Vec<&Draft>, Vec<&Draft>) = drafts.iter().partition(|draft| {
            let mut own = held.of_feed(shown.host);
            own.any(|a| is_as_listed(a, draft) && of_guid(a, draft))
        });
        for (draft, has_guid) in by_guid
            .into_iter()
            .map(|d| (d, true))
            .chain(by_others.into_iter().map(|d| (d, false)))
        {
            let id = ArticleId::of(shown.id, &draft.key);
            let found = held.of_feed(shown.host).find(|a| {
                is_as_listed(a, draft) && !taken.contains(&a.id) && (!has_guid || of_guid(a, draft))
            });
            // What was pruned does not come back. Without a page nothing says that another article is this one.
            let was_pruned = self.pruned.contains(&id);
            let found = found.filter(|_| has_guid || !was_pruned || draft.url.is_some());
            let Some(found) = found else {
                self.assert(
                    was_pruned,
                    &format!("lost: {:?} {:?}", draft.key, draft.title),
                );
                continue;
            };
            taken.insert(found.id);
            match self.held.articles.get(&found.id) {
                None => new += 1,
                Some(before) => {
                    let is_edited = self.digests.get(&found.id) != Some(&draft.digest);
                    changed += usize::from(is_edited);
                    let is_completed = self.partial.remove(&found.id);
                    let revision = before.revision + u32::from(is_edited && !is_completed);
                    self.assert(
                        found.revision == revision,
                        &format!("revisions of {}", draft.key),
                    );
                }
            }
            digests.push((found.id, draft.digest.clone()));
        }
        self.digests.extend(digests);
        self.assert(done.new == new, &format!("{new} new: {done:?}"));
        self.assert(
            done.changed == changed,
            &format!("{changed} changed: {done:?}"),
        );
        let come = held
            .articles
            .keys()
            .filter(|id| !self.held.articles.contains_key(*id));
        self.assert(come.count() == new, "nothing else came");
        let back = held.articles.keys().find(|id| self.pruned.contains(*id));
        self.assert(back.is_none(), "nothing that was pruned comes back");
    }

    /// Articles of one feed go only if its complete document does not list them, and those of other feeds never.
    fn keeps(&self, feed: usize, held: &Held, drafts: &[Draft], is_complete: bool) {
        let host = self.feeds[feed].host;
        for (id, before) in &self.held.articles {
            let now = held.articles.get(id);
            if before.feed_url == feed_url(host) {
                self.assert(
                    now.is_some() || is_complete,
                    "an article that is not listed stays",
                );
                continue;
            }
            let kept = now.is_some_and(|now| {
                (&now.title, &now.content_html, now.revision, now.arrived)
                    == (
                        &before.title,
                        &before.content_html,
                        before.revision,
                        before.arrived,
                    )
            });
            self.assert(kept, "another feed's article stays as it was");
        }
        if is_complete {
            let own = held.of_feed(host).count();
            self.assert(own <= drafts.len(), "what is not listed is withdrawn");
        }
        // One guid that one item bears is one article, if it is known by that guid.
        for draft in drafts {
            let of_guid = |guid: &Option<String>| guid.is_some() && *guid == draft.guid;
            let is_alone = drafts.iter().filter(|d| of_guid(&d.guid)).count() == 1;
            let id = ArticleId::of(self.feeds[feed].id, &draft.key);
            let of_this = |held: &Held| held.of_feed(host).filter(|a| of_guid(&a.guid)).count();
            let is_known = self
                .held
                .articles
                .get(&id)
                .is_some_and(|a| of_guid(&a.guid));
            if is_alone && is_known && of_this(&self.held) == 1 {
                self.assert(
                    of_this(held) <= 1,
                    &format!("one article of {:?}", draft.guid),
                );
            }
        }
    }

    /// Stories are whole, keep what they are known by, and every link to one that is there leads there.
    fn compare(&mut self, held: &Held, feed: Option<usize>) {
        for (id, story) in &held.stories {
            let copies = held.copies(*id);
            self.assert(
                copies.len() == story.copies as usize,
                "a story counts its copies",
            );
            self.assert(!copies.is_empty(), "a story has copies");
            if let Some(before) = self.held.stories.get(id) {
                let same = (story.arrived, story.first_seen) == (before.arrived, before.first_seen);
                self.assert(same, "a story keeps its place");
            }
        }
        for article in held.articles.values() {
            let is_held = held.stories.contains_key(&article.story_id);
            self.assert(is_held, "every article has its story");
        }
        for (id, before) in &self.held.articles {
            let Some(now) = held.articles.get(id) else {
                continue;
            };
            // Copies that stood together stand together, under an id that one of their stories had.
            let known = self.held.stories.contains_key(&now.story_id);
            self.assert(known, &format!("{id} is in a story that was there"));
            let others = self.held.copies(before.story_id);
            let apart = others.iter().filter_map(|o| held.articles.get(o));
            let mut apart = apart.filter(|o| o.story_id != now.story_id);
            self.assert(apart.next().is_none(), "no story falls apart");
            self.assert(
                feed.is_some() || now.story_id == before.story_id,
                "stories join through polls only",
            );
        }
        for (id, copies) in &mut self.stories_seen {
            copies.retain(|copy| held.articles.contains_key(copy));
            if copies.is_empty() {
                continue;
            }
            let led = self.store.as_ref().unwrap().reads().story(*id).unwrap();
            assert!(
                led.is_some(),
                "a dead link to {id}\n{}",
                self.steps.join("\n")
            );
        }
        for id in held.stories.keys() {
            self.stories_seen.insert(*id, held.copies(*id));
        }
    }

    /// What the store says of itself.
    fn is_sound(&self) {
        let faults = self.store().reads().verify().unwrap();
        self.assert(faults.is_empty(), &format!("{faults:?}"));
    }

    fn assert(&self, holds: bool, what: &str) {
        if !holds {
            self.fail(what);
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.steps.join("\n"));
    }
}

fn is_as_listed(article: &ArticleView, draft: &Draft) -> bool {
    let url = draft.url.as_ref().map(ToString::to_string);
    (&article.title, &article.url, article.published) == (&draft.title, &url, draft.published)
}

fn document_outcome() -> Outcome {
    Outcome::Document {
        content_type: None,
        validators: Validators::default(),
    }
}

fn subscription(host: &str) -> NewFeed {
    NewFeed {
        url: WebUrl::parse(&feed_url(host)).unwrap(),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    }
}
