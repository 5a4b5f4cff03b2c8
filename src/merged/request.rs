//! Which stories a request selects: everything, a topic or a search, and which part of that list. The only reader of query
//! parameters of lists; each has its limits, and an error names the parameter and says what is right.

use url::form_urlencoded;

use super::cursor;
use super::error::MergedError;
use super::memory::PageMemory;
use super::token::LinkToken;
use super::top::{self, RankedStory};
use crate::emit::Format;
use crate::model::Time;
use crate::query;
use crate::query::ast::When;
use crate::store::{Reads, RiverPlace, Selection};

/// Maximum number of stories on a page.
pub const LIMIT_MAX: usize = 1000;

/// A list of stories.
#[derive(Debug, Clone)]
pub enum List {
    /// Every story.
    All,
    /// The stories of the topic of this name.
    Topic(String),
    /// The stories printed most, the highest rank first, on one page.
    Top,
    /// The stories that match an expression, as the user wrote it.
    Search(String),
}

/// One page of a list, as a request selects it.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The list.
    pub list: List,
    /// Maximum number of stories; `None`: as many as the operator configured.
    pub limit: Option<usize>,
    /// Only stories that arrived since then: as written, and as read.
    pub since: Option<(String, When)>,
    /// Only stories below this place.
    pub before: Option<RiverPlace>,
    /// Whether the archive document that begins at `before` is meant ([`super::archive`]), not a page.
    pub is_archive: bool,
    /// The token of the request, which links to other pages carry on.
    pub token: Option<LinkToken>,
}

impl List {
    /// The path of its feed without the extension.
    pub fn feed_path(&self) -> String {
        match self {
            Self::All => "/feeds/all".to_owned(),
            Self::Top => format!("/feeds/{}", top::NAME),
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
            Self::Top => format!("/{}", top::NAME),
            Self::Topic(name) => format!("/topics/{name}"),
            Self::Search(_) => "/search".to_owned(),
        }
    }
}

impl ListRequest {
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

    /// Reads the query parameters of the feed or page `name`: `all`, `top`, `search`, or the name of a topic. Unknown parameters are
    /// ignored.
    ///
    /// # Errors
    /// [`MergedError::Parameter`] names the parameter and says what is right.
    pub fn read(name: &str, query: &str) -> Result<Self, MergedError> {
        let parameters = Parameters::read(query)?;
        let list = match (name, parameters.q) {
            ("search", None) => {
                return Err(wrong(
                    "q: the expression is missing; ask for /feeds/search.atom?q=ukraine+-sport",
                ));
            }
            ("search", Some(text)) => List::Search(text),
            (_, Some(_)) => {
                return Err(wrong(
                    "q: only a search takes an expression; ask for /feeds/search.atom?q=…",
                ));
            }
            ("all", None) => List::All,
            (top::NAME, None) if parameters.before.is_some() || parameters.archive.is_some() => {
                return Err(wrong(format!(
                    "{}: the stories printed most are on one page; ask for more with limit=N or since=7d",
                    if parameters.before.is_some() {
                        "before"
                    } else {
                        "archive"
                    }
                )));
            }
            (top::NAME, None) => List::Top,
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
                .map(|text| cursor::decode("archive", &text))
                .or(parameters
                    .before
                    .map(|text| cursor::decode("before", &text)))
                .transpose()?,
        })
    }

    /// When stories may have left the list last because of their age, which no date of a story says; `None` if they never do.
    pub fn left_by_age(&self, now: Time) -> Option<Time> {
        match (&self.since, &self.list) {
            (Some(_), _) => Some(now),
            (None, List::Top) => Some(top::start_of_hour(now)),
            (None, _) => None,
        }
    }

    /// Whether no parameter changes what is selected, so that all readers of the list ask for the same document.
    pub fn is_plain(&self) -> bool {
        self.limit.is_none() && self.since.is_none() && self.before.is_none()
    }

    /// The same list and limits from another place on; `None`: from the newest story.
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

    /// The parameters in one fixed order, with `?` in front; empty if there are none. Requests that select the same have the
    /// same text, so that it can be part of a cache key and of an id.
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
            query.append_pair(name, &cursor::encode(place));
        }
        if let Some(token) = &self.token {
            query.append_pair("token", token.as_str());
        }
        match query.finish() {
            query if query.is_empty() => query,
            // `~` is unreserved (RFC 3986 section 2.3), and an id must be in its canonical form.
            query => format!("?{}", query.replace("%7E", "~")),
        }
    }

    /// The stories printed most of what is selected, with their ranks and without bodies.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn top(
        &self,
        reads: &Reads,
        now: Time,
        page_size: usize,
        memory: &mut impl PageMemory,
    ) -> Result<Vec<RankedStory>, MergedError> {
        let limit = self.limit.unwrap_or(page_size).clamp(1, LIMIT_MAX);
        let selection = Selection {
            limit: Some(limit),
            ..self.selection(now, false)?
        };
        top::top(reads, &selection, memory)
    }

    /// What the store is asked for, without a limit.
    ///
    /// # Errors
    /// [`MergedError::Parameter`] for an expression that cannot be parsed, with the place of the error.
    pub(super) fn selection(&self, now: Time, bodies: bool) -> Result<Selection, MergedError> {
        let mut selection = Selection {
            since: self.since.as_ref().map(|(_, when)| when.at(now)),
            before: self.before,
            bodies,
            now,
            ..Selection::default()
        };
        match &self.list {
            List::All | List::Top => {}
            List::Topic(name) => selection.topic = Some(name.clone()),
            List::Search(text) => {
                let expr = query::parse(text).map_err(|e| wrong(e.render("q")))?;
                selection.expr = Some(expr);
            }
        }
        Ok(selection)
    }
}

/// The known parameters, each at most once, percent-decoded.
#[derive(Default)]
struct Parameters {
    q: Option<String>,
    limit: Option<String>,
    since: Option<String>,
    before: Option<String>,
    archive: Option<String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, MergedError> {
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
                return Err(wrong(format!(
                    "{name}: the parameter is given twice; give it once"
                )));
            }
        }
        Ok(found)
    }
}

fn wrong(message: impl Into<String>) -> MergedError {
    MergedError::Parameter(message.into())
}

fn read_limit(text: &str) -> Result<usize, MergedError> {
    let limit = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
    limit.ok_or_else(|| {
        wrong(format!(
            "limit: \"{text}\" is not a number from 1 to {LIMIT_MAX}; for more, follow the link to the next page"
        ))
    })
}

fn read_since(text: String) -> Result<(String, When), MergedError> {
    match When::read(&text) {
        Some(when) => Ok((text, when)),
        None => Err(wrong(format!(
            "since: \"{text}\" is not a time; write 24h, 7d, yesterday, monday, 2026-11-01 or 2026-11-01T08:00:00Z"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, query: &str) -> String {
        ListRequest::read(name, query).unwrap_err().to_string()
    }

    #[test]
    fn equal_requests_have_equal_queries_and_unknown_parameters_do_not_count() {
        let a = ListRequest::read("all", "limit=5&since=24h&utm_source=x").unwrap();
        let b = ListRequest::read("all", "since=24h&limit=05").unwrap();
        assert_eq!(a.query(), "?since=24h&limit=5");
        assert_eq!(b.query(), a.query());
        assert_eq!(ListRequest::read("all", "").unwrap().query(), "");
        let search = ListRequest::read("search", "q=a+%22b%20c%22").unwrap();
        assert_eq!(search.query(), "?q=a+%22b+c%22");
        let regex = ListRequest::read("search", "q=%2Fa%7Eb%2F").unwrap();
        assert_eq!(regex.query(), "?q=%2Fa~b%2F");
    }

    #[test]
    fn a_bad_parameter_is_named_with_what_would_be_right() {
        for (query, message) in [
            ("limit=0", "limit: \"0\" is not a number from 1 to 1000"),
            ("limit=1001", "limit: "),
            ("limit=-1", "limit: "),
            ("limit=", "limit: "),
            ("since=tomorrow", "write 24h, 7d, yesterday"),
            ("before=xyz", "before: \"xyz\" is not the address"),
            ("limit=1&limit=2", "limit: the parameter is given twice"),
            ("q=boats", "only a search takes an expression"),
        ] {
            let error = error("sea", query);
            assert!(error.contains(message), "{query}: {error}");
        }
        assert!(error("search", "").contains("q: the expression is missing"));
        let request = ListRequest::read("search", "q=boats+AND+(ships").unwrap();
        let caret = request
            .selection(Time::EPOCH, false)
            .unwrap_err()
            .to_string();
        assert!(
            caret.contains("boats AND (ships\n") && caret.contains('^'),
            "{caret}"
        );
    }
}
