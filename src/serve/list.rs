//! Which stories a request means: everything, a topic or a search, from where on and how many. The only reader of query
//! parameters; each has its limits, and a bad one is answered with what would be right.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::form_urlencoded;
use uuid::Uuid;

use super::Refusal;
use super::archive::{ARCHIVE_MAX, Days};
use super::budget::Reservation;
use super::state::Cost;
use super::tokens::Carried;
use crate::emit::Format;
use crate::model::{FeedId, StoryId, StoryView, Time};
use crate::query;
use crate::query::ast::When;
use crate::store::{Reads, RiverPlace, Selection, StoreError, TopicFeed, Walk};

/// Most stories a page.
pub const LIMIT_MAX: usize = 1000;

/// Most bytes of stories a page, in memory: what does not fit is on the next (SEC-24). One is always shown.
pub(super) const PAGE_BYTES_MAX: usize = 4 << 20;

/// Most stories looked at for a page: with `limit_per_feed` most of them may have no place on it.
const LOOKS_MAX: usize = 5000;

/// Rows found at once.
const CHUNK: usize = 64;

/// A list of stories.
#[derive(Debug, Clone)]
pub enum List {
    /// Every story.
    All,
    /// The stories of a topic, by its name.
    Topic(String),
    /// What matches an expression, as written: it is read where the search is, on a thread that may block.
    Search(String),
}

/// About how many bytes a document has for each that the stories in it take in memory, at most: what is escaped grows.
pub(super) const WRITTEN_A_BYTE: usize = 4;

/// One page of a list as a request asks for it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which list.
    pub list: List,
    /// At most so many stories; none: as many as the operator set.
    pub limit: Option<usize>,
    /// Only what arrived since: as written, and as read.
    pub since: Option<(String, When)>,
    /// Only what stands below this place.
    pub before: Option<RiverPlace>,
    /// Whether it is the archive document from that place on ([`super::archive`]), not a page.
    pub is_archive: bool,
    /// The token that the request gave in its address: the links to other pages carry it on.
    pub token: Option<Carried>,
}

/// Stories of a list in river order.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The stories.
    pub stories: Vec<StoryView>,
    /// Where the next page begins, if there is one; none in an archive document.
    pub next: Option<RiverPlace>,
    /// From where on the archive holds what is older, if anything is; none in a page that is not the first.
    pub archive: Option<RiverPlace>,
    /// Whether this is an archive document that stays as it is.
    pub is_settled: bool,
}

impl List {
    /// The path of its feed without the extension.
    pub fn feed_path(&self) -> String {
        match self {
            Self::All => "/feeds/all".to_owned(),
            Self::Topic(name) => format!("/feeds/{name}"),
            Self::Search(_) => "/feeds/search".to_owned(),
        }
    }

    /// The path of its feed in a format.
    pub fn file(&self, format: Format) -> String {
        format!("{}.{}", self.feed_path(), format.extension())
    }

    /// The path of its page.
    pub fn page_path(&self) -> String {
        match self {
            Self::All => "/".to_owned(),
            Self::Topic(name) => format!("/topics/{name}"),
            Self::Search(_) => "/search".to_owned(),
        }
    }
}

impl Wanted {
    /// The first page of a list.
    pub fn first(list: List) -> Self {
        Self {
            list,
            limit: None,
            since: None,
            before: None,
            is_archive: false,
            token: None,
        }
    }

    /// Reads the parameters of the feed or page `name`: `all`, `search`, or a topic's. Unknown ones are left alone.
    ///
    /// # Errors
    /// [`Refusal::Bad`] says which parameter, what is wrong with it and what would be right.
    pub fn read(name: &str, query: &str) -> Result<Self, Refusal> {
        let parameters = Parameters::read(query)?;
        let list = match (name, parameters.q) {
            ("search", None) => {
                return Err(Refusal::Bad(
                    "q: the expression is missing; ask for /feeds/search.atom?q=ukraine+-sport"
                        .to_owned(),
                ));
            }
            ("search", Some(text)) => List::Search(text),
            (_, Some(_)) => {
                return Err(Refusal::Bad(
                    "q: only a search takes an expression; ask for /feeds/search.atom?q=…"
                        .to_owned(),
                ));
            }
            ("all", None) => List::All,
            (topic, None) => List::Topic(topic.to_owned()),
        };
        Ok(Self {
            list,
            limit: parameters.limit.map(|text| read_limit(&text)).transpose()?,
            since: parameters.since.map(read_since).transpose()?,
            token: None,
            is_archive: parameters.archive.is_some(),
            before: parameters
                .archive
                .map(|text| read_cursor("archive", &text))
                .or(parameters.before.map(|text| read_cursor("before", &text)))
                .transpose()?,
        })
    }

    /// What it costs: what is asked for without parameters is the same for all who ask.
    pub(super) fn cost(&self) -> Cost {
        match self.list {
            List::Search(_) => Cost::Search,
            _ if self.limit.is_none() && self.since.is_none() && self.before.is_none() => {
                Cost::Shared
            }
            _ => Cost::Small,
        }
    }

    /// The same list and limits from another place on.
    #[must_use]
    pub fn from_place(&self, before: Option<RiverPlace>) -> Self {
        Self {
            before,
            is_archive: false,
            ..self.clone()
        }
    }

    /// The archive document of the same list from a place on.
    #[must_use]
    pub fn archive_from(&self, place: RiverPlace) -> Self {
        Self {
            before: Some(place),
            is_archive: true,
            ..self.clone()
        }
    }

    /// The parameters in one order, with their `?`; empty if there are none. Equal requests have equal ones.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let List::Search(text) = &self.list {
            query.append_pair("q", text);
        }
        if let Some((since, _)) = &self.since {
            query.append_pair("since", since);
        }
        if let Some(limit) = self.limit {
            query.append_pair("limit", &limit.to_string());
        }
        if let Some(place) = self.before {
            let name = if self.is_archive { "archive" } else { "before" };
            query.append_pair(name, &cursor(place));
        }
        if let Some(token) = &self.token {
            query.append_pair("token", token.as_str());
        }
        match query.finish() {
            query if query.is_empty() => query,
            // RFC 3986 section 2.3: it is unreserved, and an id is to be in its canonical form.
            query => format!("?{}", query.replace("%7E", "~")),
        }
    }

    /// Reads the page: keyset paging, so that what arrives meanwhile shifts nothing. Stories are read one by one, and
    /// each is reserved in `room`.
    ///
    /// # Errors
    /// What the store says, [`Refusal::Bad`] for an expression that cannot be read, [`Refusal::Busy`] if there is no room.
    pub fn load(
        &self,
        reads: &Reads,
        now: Time,
        page_size: usize,
        bodies: bool,
        room: &mut Reservation,
    ) -> Result<Page, Refusal> {
        let made = match &self.list {
            List::Topic(name) => reads.topic_feed(name)?.unwrap_or_default(),
            List::All | List::Search(_) => TopicFeed::default(),
        };
        let limit = match self.is_archive {
            true => ARCHIVE_MAX,
            false => self.limit.unwrap_or(page_size).clamp(1, LIMIT_MAX),
        };
        let mut selection = self.selection(now, bodies)?;
        let days = match self.is_archive {
            true => newest(reads, &selection)?.map(Days::until),
            false => None,
        };
        let mut filling = Filling {
            wanted: self,
            page: Page {
                is_settled: self.is_archive
                    && self
                        .before
                        .zip(days)
                        .is_some_and(|(from, days)| days.is_settled(from)),
                ..Page::default()
            },
            left: Left::new(limit, made.limit_per_feed),
            days,
            down_to: None,
        };
        loop {
            // One more than is shown tells whether there is a next page.
            selection.limit = Some((limit + 1 - filling.page.stories.len()).min(CHUNK));
            let mut full = Ok(false);
            let found = each(reads, &selection, made.one_per_story, |story| {
                full = filling.take(story, room);
                match full {
                    Ok(false) => Walk::Continue(()),
                    _ => Walk::Break(()),
                }
            })?;
            if full? || Some(found) < selection.limit {
                return Ok(filling.page);
            }
            selection.before = filling.left.last;
        }
    }

    fn selection(&self, now: Time, bodies: bool) -> Result<Selection, Refusal> {
        let mut selection = Selection {
            since: self.since.as_ref().map(|(_, when)| when.at(now)),
            before: self.before,
            bodies,
            now,
            ..Selection::default()
        };
        match &self.list {
            List::All => {}
            List::Topic(name) => selection.topic = Some(name.clone()),
            List::Search(text) => {
                let expr = query::parse(text).map_err(|e| Refusal::Bad(e.render("q")))?;
                selection.expr = Some(expr);
            }
        }
        Ok(selection)
    }
}

/// When the newest story of the list arrived.
fn newest(reads: &Reads, selection: &Selection) -> Result<Option<Time>, StoreError> {
    let selection = Selection {
        limit: Some(1),
        before: None,
        bodies: false,
        ..selection.clone()
    };
    let (rows, mut newest) = (reads.find_stories(&selection)?, None);
    reads.each_story(None, &rows, false, |story| {
        newest = Some(story.arrived);
        Walk::Break(())
    })?;
    Ok(newest)
}

/// Shows stories to `visit`, or every copy as one of its own. Returns how many there are.
fn each(
    reads: &Reads,
    selection: &Selection,
    one_per_story: bool,
    mut visit: impl FnMut(StoryView) -> Walk,
) -> Result<usize, StoreError> {
    if one_per_story {
        let rows = reads.find_stories(selection)?;
        reads.each_story(selection.topic.as_deref(), &rows, selection.bodies, visit)?;
        return Ok(rows.len());
    }
    let rows = reads.find_articles(selection)?;
    reads.each_article(&rows, selection.bodies, |copy| visit(copy.into()))?;
    Ok(rows.len())
}

/// A page that is being filled.
struct Filling<'w> {
    wanted: &'w Wanted,
    page: Page,
    left: Left,
    days: Option<Days>,
    /// The time that an archive document does not go below.
    down_to: Option<Time>,
}

impl Filling<'_> {
    /// Looks at the next story; true if the page ended before it.
    fn take(&mut self, story: StoryView, room: &mut Reservation) -> Result<bool, Refusal> {
        let days = *self.days.get_or_insert_with(|| Days::until(story.arrived));
        let down_to = *self
            .down_to
            .get_or_insert_with(|| days.down_to(story.arrived));
        let is_archive = self.wanted.is_archive;
        let is_of_another_day = is_archive && story.arrived < down_to;
        let is_out = is_of_another_day || self.left.is_out(&story);
        if let Some(last) = self.left.last.filter(|_| is_out) {
            // A day with more than a document holds goes on where this one ends.
            let day = match is_archive && !is_of_another_day {
                true => None,
                false => days.end_of_day(story.arrived),
            };
            let has_archive = is_archive || self.wanted.before.is_none();
            self.page.archive = has_archive.then(|| day.unwrap_or(last));
            self.page.next = (!is_archive).then_some(last);
            return Ok(true);
        }
        if self.left.takes(&story) {
            room.grow(story.memory())?;
            self.page.stories.push(story);
        }
        Ok(false)
    }
}

/// How much of a page is left.
struct Left {
    stories: usize,
    bytes: usize,
    looks: usize,
    limit_per_feed: Option<usize>,
    of_feed: HashMap<FeedId, usize>,
    /// The place of the last story that was looked at.
    last: Option<RiverPlace>,
}

impl Left {
    fn new(stories: usize, limit_per_feed: Option<usize>) -> Self {
        Self {
            stories,
            bytes: PAGE_BYTES_MAX,
            looks: LOOKS_MAX,
            limit_per_feed,
            of_feed: HashMap::new(),
            last: None,
        }
    }

    /// Whether the page ends before this story.
    fn is_out(&self, story: &StoryView) -> bool {
        self.stories == 0 || self.looks == 0 || self.bytes < story.memory()
    }

    /// Whether the story has a place; it is behind us in any case.
    fn takes(&mut self, story: &StoryView) -> bool {
        self.looks = self.looks.saturating_sub(1);
        self.last = Some(place(story));
        let of_feed = self.of_feed.entry(story.feed.id).or_default();
        if self.limit_per_feed.is_some_and(|limit| *of_feed >= limit) {
            return false;
        }
        *of_feed += 1;
        self.stories = self.stories.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(story.memory());
        true
    }
}

fn place(story: &StoryView) -> RiverPlace {
    RiverPlace {
        arrived: story.arrived,
        story: story.id,
    }
}

/// The parameters that we know, each once, decoded.
#[derive(Default)]
struct Parameters {
    q: Option<String>,
    limit: Option<String>,
    since: Option<String>,
    before: Option<String>,
    archive: Option<String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut found = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "q" => &mut found.q,
                "limit" => &mut found.limit,
                "since" => &mut found.since,
                "before" => &mut found.before,
                "archive" => &mut found.archive,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(Refusal::Bad(format!(
                    "{name}: it stands here twice; once is right"
                )));
            }
        }
        Ok(found)
    }
}

fn read_limit(text: &str) -> Result<usize, Refusal> {
    let limit = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
    limit.ok_or_else(|| {
        Refusal::Bad(format!(
            "limit: \"{text}\" is no number from 1 to {LIMIT_MAX}; for more, follow the link to the next page"
        ))
    })
}

fn read_since(text: String) -> Result<(String, When), Refusal> {
    match When::read(&text) {
        Some(when) => Ok((text, when)),
        None => Err(Refusal::Bad(format!(
            "since: \"{text}\" is no time; write 24h, 7d, yesterday, monday, 2026-11-01 or 2026-11-01T08:00:00Z"
        ))),
    }
}

/// A place in the river for a URL: 8 bytes of time and 16 of the story's id. Whoever has it need not read it.
fn cursor(place: RiverPlace) -> String {
    let time = place.arrived.millis().to_be_bytes();
    URL_SAFE_NO_PAD.encode([&time[..], place.story.0.as_bytes()].concat())
}

fn read_cursor(name: &str, text: &str) -> Result<RiverPlace, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let parts = bytes.split_first_chunk::<8>().and_then(|(time, id)| {
        Some(RiverPlace {
            arrived: Time::from_millis(i64::from_be_bytes(*time)),
            story: StoryId(Uuid::from_bytes(id.try_into().ok()?)),
        })
    });
    parts.ok_or_else(|| {
        Refusal::Bad(format!(
            "{name}: \"{text}\" is no place of a page; follow the link to the next page, or leave it out"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, query: &str) -> String {
        Wanted::read(name, query).unwrap_err().to_string()
    }

    #[test]
    fn a_cursor_goes_there_and_back() {
        let place = RiverPlace {
            arrived: Time::from_millis(-1),
            story: StoryId(Uuid::NAMESPACE_DNS),
        };
        assert_eq!(read_cursor("before", &cursor(place)).unwrap(), place);
        for bad in ["", "x", "AAAA", &"A".repeat(400)] {
            assert!(read_cursor("before", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn equal_requests_have_equal_queries_and_unknown_parameters_do_not_count() {
        let a = Wanted::read("all", "limit=5&since=24h&utm_source=x").unwrap();
        let b = Wanted::read("all", "since=24h&limit=05").unwrap();
        assert_eq!(a.query(), "?since=24h&limit=5");
        assert_eq!(b.query(), a.query());
        assert_eq!(Wanted::read("all", "").unwrap().query(), "");
        let search = Wanted::read("search", "q=a+%22b%20c%22").unwrap();
        assert_eq!(search.query(), "?q=a+%22b+c%22");
        let regex = Wanted::read("search", "q=%2Fa%7Eb%2F").unwrap();
        assert_eq!(regex.query(), "?q=%2Fa~b%2F");
    }

    #[test]
    fn a_bad_parameter_is_named_with_what_would_be_right() {
        for (query, told) in [
            ("limit=0", "limit: \"0\" is no number from 1 to 1000"),
            ("limit=1001", "limit: "),
            ("limit=-1", "limit: "),
            ("limit=", "limit: "),
            ("since=tomorrow", "write 24h, 7d, yesterday"),
            ("before=xyz", "before: \"xyz\" is no place"),
            ("limit=1&limit=2", "limit: it stands here twice"),
            ("q=boats", "only a search takes an expression"),
        ] {
            let refused = refused("sea", query);
            assert!(refused.contains(told), "{query}: {refused}");
        }
        assert!(refused("search", "").contains("q: the expression is missing"));
        let wanted = Wanted::read("search", "q=boats+AND+(ships").unwrap();
        let caret = wanted
            .selection(Time::EPOCH, false)
            .unwrap_err()
            .to_string();
        assert!(
            caret.contains("boats AND (ships\n") && caret.contains('^'),
            "{caret}"
        );
    }
}
