//! Finds the feed, story, copy or topic that an argument names: by id, by URL, or by a unique part.

use uuid::Uuid;

use super::exit::{Exit, Failure};
use super::terminal_escape;
use crate::model::{ArticleId, Feed, FeedId, StoryId, WebUrl};
use crate::normalize::links;
use crate::store::{Reads, TopicHead};
use crate::text::nearest::nearest;

/// Length of the ids shown in tables, in characters.
pub const SHORT_ID_CHARS: usize = 8;

/// Minimum length of a story's abbreviated id.
const ID_CHARS_MIN: usize = 4;

/// Minimum length of a feed's abbreviated id. Longer, because a word such as `cafe` is more likely a part of a title.
const FEED_ID_CHARS_MIN: usize = 6;

/// Maximum number of candidates listed for an ambiguous argument.
const CANDIDATES: usize = 10;

/// The feed that `given` names by its id or its first characters, its URL (without scheme, `www.` and final slash if they are
/// omitted), its title, a part of its title, or a part of its URL.
///
/// # Errors
/// Exit 66 if none matches, 2 if several do.
pub fn feed<'f>(feeds: &'f [Feed], given: &str) -> Result<&'f Feed, Failure> {
    let wanted = given.trim();
    let folded = wanted.to_lowercase();
    let url = bare_url(wanted);
    let by_id = |f: &Feed| is_beginning_of_id(&f.id.to_string(), wanted);
    // Its current URL, or the one it was subscribed with.
    let first = FeedId::of(wanted);
    let by_url = |f: &Feed| bare_url(&f.url) == url || f.id == first;
    let by_title = |f: &Feed| f.title.to_lowercase() == folded;
    let by_part = |f: &Feed| f.title.to_lowercase().contains(&folded);
    let by_url_part = |f: &Feed| f.url.to_lowercase().contains(&folded);
    let ways: [&dyn Fn(&Feed) -> bool; 5] = [&by_id, &by_url, &by_title, &by_part, &by_url_part];
    if wanted.is_empty() {
        return Err(Failure::usage(
            "the name of the feed is empty; give its id, its URL or a part of its title",
        ));
    }
    for way in ways {
        let mut found = feeds.iter().filter(|f| way(f));
        match (found.next(), found.next()) {
            (Some(one), None) => return Ok(one),
            (Some(first), Some(second)) => {
                let all = [first, second].into_iter().chain(found);
                return Err(ambiguous(
                    "feed",
                    wanted,
                    all.map(|f| format!("{}  {}  {}", short(&f.id.to_string()), f.title, f.url)),
                ));
            }
            (None, _) => {}
        }
    }
    let hint = nearest_title(feeds, wanted, &folded).map_or_else(
        || "see `newswire feeds`".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    let shown = terminal_escape::without_password(wanted);
    Err(Failure::missing(format!(
        "no feed matches {shown:?}; {hint}"
    )))
}

/// The title that is most similar to `given`, as a whole or in one of its words.
fn nearest_title<'f>(feeds: &'f [Feed], given: &str, folded: &str) -> Option<&'f str> {
    let titles: Vec<&str> = feeds.iter().map(|f| f.title.as_str()).collect();
    if let Some(title) = nearest(given, titles.iter().copied()) {
        return Some(title);
    }
    let words_of = |title: &str| -> Vec<String> {
        title
            .to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let words: Vec<String> = titles.iter().flat_map(|title| words_of(title)).collect();
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|w| w.len() > 3)
        .collect();
    let word = nearest(folded, words.iter().copied())?;
    titles
        .into_iter()
        .find(|title| words_of(title).iter().any(|w| w == word))
}

/// The feeds that the arguments name, each once.
pub fn feeds<'f>(feeds: &'f [Feed], given: &[String]) -> Result<Vec<&'f Feed>, Failure> {
    let mut selected: Vec<&Feed> = Vec::with_capacity(given.len());
    for one in given {
        let found = feed(feeds, one)?;
        if !selected.iter().any(|f| f.row == found.row) {
            selected.push(found);
        }
    }
    Ok(selected)
}

/// The story that `given` names by its id or that of a copy (at least the first four characters), or by the URL of a copy.
///
/// # Errors
/// Exit 66 if none matches, 2 if several do or if `given` is neither an id nor a URL.
pub fn story(reads: &Reads, given: &str) -> Result<StoryId, Failure> {
    let wanted = given.trim();
    if wanted.contains(['/', '.']) {
        return story_at(reads, wanted);
    }
    let Some(range) = ids_beginning(wanted) else {
        let is_short = wanted.len() < ID_CHARS_MIN && wanted.chars().all(|c| c.is_ascii_hexdigit());
        if is_short {
            return Err(Failure::usage(format!(
                "{wanted:?} is too short for an id; give at least its first {ID_CHARS_MIN} characters"
            )));
        }
        return Err(Failure::usage(no_story(wanted)));
    };
    let found = reads.stories_between(range, CANDIDATES + 1)?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::missing(format!(
            "no story has the id {wanted:?}; `newswire list` shows ids"
        ))),
        several => {
            let mut candidates = Vec::with_capacity(several.len());
            for id in several {
                let title = reads.story(*id)?.map(|s| s.title).unwrap_or_default();
                candidates.push(format!("{id}  {title}"));
            }
            Err(ambiguous("story", wanted, candidates.into_iter()))
        }
    }
}

/// The copy that `given` names by its id (at least the first four characters) or its URL. Copies of `story` take precedence.
///
/// # Errors
/// Exit 66 if none matches, 2 if several do or if `given` is neither an id nor a URL.
pub fn copy(reads: &Reads, story: StoryId, given: &str) -> Result<ArticleId, Failure> {
    let wanted = given.trim();
    let found = if wanted.contains(['/', '.']) {
        let url = url_of(wanted)?;
        match reads.copies_at(url.as_str())? {
            none if none.is_empty() => reads.copies_at(links::canonicalize(&url).as_str())?,
            found => found,
        }
    } else {
        let Some(range) = ids_beginning(wanted) else {
            return Err(Failure::usage(format!(
                "no copy matches {wanted:?}; give its id, at least the first {ID_CHARS_MIN} characters, or its URL; `newswire \
                 explain STORY` shows both"
            )));
        };
        let range = ArticleId(range.start().0)..=ArticleId(range.end().0);
        reads.copies_between(range, CANDIDATES * CANDIDATES)?
    };
    let is_of_story = |(_, of): &&(ArticleId, StoryId)| *of == story;
    let mut candidates: Vec<&(ArticleId, StoryId)> = found.iter().filter(is_of_story).collect();
    if candidates.is_empty() {
        candidates.extend(&found);
    }
    match candidates.as_slice() {
        [(one, _)] => Ok(*one),
        [] => Err(Failure::missing(format!(
            "no copy matches {:?}; `newswire explain {story}` shows the copies of the story",
            terminal_escape::without_password(wanted)
        ))),
        several => {
            let mut lines = Vec::with_capacity(several.len());
            for (id, of) in several.iter().take(CANDIDATES + 1) {
                let copies = reads.copies(*of)?;
                let copy = copies.iter().find(|copy| copy.id == *id);
                let title = copy.map(|c| format!("{}: {}", c.feed.title, c.title));
                lines.push(format!("{id}  {}", title.unwrap_or_default()));
            }
            Err(ambiguous("copy", wanted, lines.into_iter()))
        }
    }
}

/// The stored topic of that name.
///
/// # Errors
/// Exit 66, with the most similar name.
pub fn topic(reads: &Reads, name: &str) -> Result<TopicHead, Failure> {
    let topics = reads.topic_heads()?;
    let names: Vec<&str> = topics.iter().map(|t| t.name.as_str()).collect();
    let hint = nearest(name, names.iter().copied()).map_or_else(
        || "see `newswire topics`".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    topics
        .into_iter()
        .find(|t| t.name == name)
        .ok_or_else(|| Failure::missing(format!("there is no topic {name:?}; {hint}")))
}

/// The message for an argument that is neither an id nor a URL.
fn no_story(given: &str) -> String {
    let shown = terminal_escape::without_password(given);
    format!(
        "no story matches {shown:?}; give its id, at least the first {ID_CHARS_MIN} characters, or the URL of a copy; \
         `newswire list` shows ids"
    )
}

/// The feeds with this tag and in this folder or its subfolders, regardless of case. As for `tag:` in expressions, a folder counts
/// as a tag.
///
/// # Errors
/// Exit 66 if no feed has the tag or is in the folder.
pub fn filed<'f>(
    feeds: &'f [Feed],
    tag: Option<&str>,
    folder: Option<&str>,
) -> Result<Vec<&'f Feed>, Failure> {
    let folded = |text: &str| text.trim().trim_matches('/').to_lowercase();
    let is_in = |feed: &Feed, wanted: &str| {
        let own = feed.folder.as_deref().map(folded).unwrap_or_default();
        let rest = own.strip_prefix(wanted);
        !wanted.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let bears = |feed: &Feed, wanted: &str| {
        is_in(feed, wanted) || feed.tags.iter().any(|tag| folded(tag) == wanted)
    };
    let folders = feeds.iter().filter_map(|f| f.folder.as_deref());
    let tags = feeds.iter().flat_map(|f| &f.tags).map(String::as_str);
    let (tag, folder) = (tag.map(folded), folder.map(folded));
    if let Some(tag) = &tag
        && !feeds.iter().any(|f| bears(f, tag))
    {
        return Err(no_label("tag", tag, folders.chain(tags)));
    }
    if let Some(folder) = &folder
        && !feeds.iter().any(|f| is_in(f, folder))
    {
        return Err(no_label("folder", folder, folders));
    }
    let fits = |f: &&Feed| {
        tag.as_ref().is_none_or(|tag| bears(f, tag))
            && folder.as_ref().is_none_or(|folder| is_in(f, folder))
    };
    Ok(feeds.iter().filter(fits).collect())
}

fn no_label<'f>(kind: &str, wanted: &str, known: impl Iterator<Item = &'f str>) -> Failure {
    let known: Vec<&str> = known.collect();
    let hint = match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`newswire feed FEED` shows the folder and tags of a feed".to_owned(),
    };
    let of = match kind {
        "tag" => "has the tag",
        _ => "is in the folder",
    };
    Failure::missing(format!("no feed {of} {wanted:?}; {hint}"))
}

fn story_at(reads: &Reads, given: &str) -> Result<StoryId, Failure> {
    let url = url_of(given)?;
    // As published; then without tracking parameters.
    let found = match reads.story_by_url(url.as_str())? {
        None => reads.story_by_url(links::canonicalize(&url).as_str())?,
        found => found,
    };
    found.ok_or_else(|| Failure::missing(format!("no story has a copy at {url}")))
}

/// The URL that was given with or without a scheme.
fn url_of(given: &str) -> Result<WebUrl, Failure> {
    let with_scheme = if given.contains("://") {
        given.to_owned()
    } else {
        format!("https://{given}")
    };
    match WebUrl::parse(&with_scheme) {
        Ok(url) => Ok(url),
        // `v1.2.0` is not an attempt at a URL.
        Err(_) if !given.contains('/') => Err(Failure::missing(no_story(given))),
        Err(e) => {
            let shown = terminal_escape::without_password(given);
            Err(Failure::usage(format!("{shown:?}: {e}")))
        }
    }
}

/// The ids that begin with these hexadecimal digits; hyphens are ignored. `None` if these are not 4 to 32 hexadecimal digits.
fn ids_beginning(given: &str) -> Option<std::ops::RangeInclusive<StoryId>> {
    let digits: String = given.chars().filter(|c| *c != '-').collect();
    let all = digits.chars().all(|c| c.is_ascii_hexdigit());
    if !all || !(ID_CHARS_MIN..=32).contains(&digits.len()) {
        return None;
    }
    let bound = |fill: &str| {
        let rest = fill.repeat(32 - digits.len());
        Uuid::try_parse(&format!("{digits}{rest}"))
            .ok()
            .map(StoryId)
    };
    Some(bound("0")?..=bound("f")?)
}

fn is_beginning_of_id(id: &str, given: &str) -> bool {
    let digits = |text: &str| text.to_ascii_lowercase().replace('-', "");
    let given = digits(given);
    given.len() >= FEED_ID_CHARS_MIN && digits(id).starts_with(&given)
}

/// A URL in the short form that people type: without scheme, userinfo, `www.`, fragment and final slash.
fn bare_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = match url.split_once('@') {
        Some((userinfo, rest)) if !userinfo.contains('/') => rest,
        _ => url,
    };
    url.strip_prefix("www.")
        .unwrap_or(url)
        .trim_end_matches('/')
        .to_lowercase()
}

/// The first characters of an id, as shown in tables.
pub fn short(id: &str) -> &str {
    id.get(..SHORT_ID_CHARS).unwrap_or(id)
}

fn ambiguous(what: &str, given: &str, candidates: impl Iterator<Item = String>) -> Failure {
    let mut lines: Vec<String> = candidates.map(|c| format!("  {c}")).collect();
    if lines.len() > CANDIDATES {
        lines.truncate(CANDIDATES);
        lines.push("  and more".to_owned());
    }
    Failure::Message(
        Exit::Usage,
        format!(
            "more than one {what} matches {given:?}:\n{}",
            lines.join("\n")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_feed(row: i64, url: &str, title: &str) -> Feed {
        Feed {
            row,
            ..Feed::example(url, title)
        }
    }

    #[test]
    fn a_feed_is_found_by_what_only_it_has() {
        let feeds = [
            a_feed(1, "https://www.argus.example/feed/", "The Argus"),
            a_feed(2, "https://argus.example/sport", "The Argus: Sport"),
            a_feed(3, "https://lwn.example/rss", "Linux Weekly News"),
        ];
        let row = |given: &str| feed(&feeds, given).map(|f| f.row);
        assert_eq!(row("argus.example/feed"), Ok(1));
        assert_eq!(row("HTTPS://argus.example/feed/"), Ok(1));
        assert_eq!(row("the argus"), Ok(1), "a whole title wins over a part");
        assert_eq!(row("sport"), Ok(2));
        assert_eq!(row("weekly"), Ok(3));
        assert_eq!(row("lwn"), Ok(3), "by a part of the URL");
        assert_eq!(row(&feeds[1].id.to_string()), Ok(2));
        assert_eq!(row(short(&feeds[1].id.to_string())), Ok(2));
        let several = row("argus").unwrap_err();
        assert_eq!(several.exit(), Exit::Usage);
        assert!(matches!(several, Failure::Message(_, m) if m.contains("Sport")));
        let none = row("Linux Weekly Nows").unwrap_err();
        assert_eq!(none.exit(), Exit::NoInput);
        assert!(matches!(none, Failure::Message(_, m) if m.contains("Linux Weekly News")));
    }

    #[test]
    fn the_beginning_of_an_id_is_a_range() {
        let range = ids_beginning("0a1B-2c3").unwrap();
        assert_eq!(
            range.start().to_string(),
            "0a1b2c30-0000-0000-0000-000000000000"
        );
        assert_eq!(
            range.end().to_string(),
            "0a1b2c3f-ffff-ffff-ffff-ffffffffffff"
        );
        assert!(ids_beginning("0a1b").is_some() && ids_beginning("0a1").is_none());
        assert!(ids_beginning("boats!").is_none());
    }
}
