//! Finds the story or the copy that an argument names.

use uuid::Uuid;

use super::{CANDIDATES, ambiguous};
use crate::cli::exit::Failure;
use crate::cli::terminal_escape;
use crate::model::{ArticleId, StoryId, StoryView, WebUrl};
use crate::normalize::links;
use crate::store::Reads;

/// Minimum length of a story's abbreviated id.
const ID_CHARS_MIN: usize = 4;

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
                let title = reads
                    .story(*id)?
                    .map(|s| s.content.title)
                    .unwrap_or_default();
                candidates.push(format!("{id}  {title}"));
            }
            Err(ambiguous("story", wanted, candidates.into_iter()))
        }
    }
}

/// The story that `given` names, with its body.
///
/// # Errors
/// As [`story`].
pub fn story_view(reads: &Reads, given: &str) -> Result<StoryView, Failure> {
    let id = story(reads, given)?;
    let gone = || Failure::missing(format!("the story {id} no longer exists"));
    reads.story(id)?.ok_or_else(gone)
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

/// The message for an argument that is neither an id nor a URL.
fn no_story(given: &str) -> String {
    let shown = terminal_escape::without_password(given);
    format!(
        "no story matches {shown:?}; give its id, at least the first {ID_CHARS_MIN} characters, or the URL of a copy; \
         `newswire list` shows ids"
    )
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

#[cfg(test)]
mod tests {
    use super::*;

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
