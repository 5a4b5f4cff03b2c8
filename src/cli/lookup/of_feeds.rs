//! Finds the feed that an argument names, and the feeds with a tag or in a folder.

use super::{ambiguous, short};

use crate::cli::exit::Failure;
use crate::cli::terminal_escape;
use crate::model::{Feed, FeedId};
use crate::text::nearest::nearest;

/// Minimum length of a feed's abbreviated id. Longer, because a word such as `cafe` is more likely a part of a title.
const FEED_ID_CHARS_MIN: usize = 6;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::model::FeedRow;

    fn a_feed(row: i64, url: &str, title: &str) -> Feed {
        Feed {
            row: FeedRow::new(row),
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
        let row = |given: &str| feed(&feeds, given).map(|f| f.row.get());
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
}
