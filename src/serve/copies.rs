//! The copies of a story for its page, so many at a time, and what parts each from the one that is shown. They are read
//! one by one; of a copy that differs only here and there its body is dropped at once (SEC-24).

use url::form_urlencoded;

use super::HttpError;
use super::budget::{RENDERED_FACTOR, Reservation};
use super::diff::{self, Difference};
use super::frame;
use crate::model::{ArticleRow, ArticleView, StoryView};
use crate::store::{Reads, Walk};

/// Most copies a page.
const COPIES_MAX: usize = 50;

/// Most bytes of copies a page, as they are shown: what does not fit is on the next. One is always shown.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// A copy of a story, and what parts it from the one that is shown.
pub struct Copy {
    pub article: ArticleView,
    pub is_shown: bool,
    pub difference: Difference,
}

impl Copy {
    /// Its headline; of a copy without one, its first words.
    pub fn headline(&self) -> &str {
        frame::first_said(&self.article.title, &self.article.summary)
    }
}

/// The copies that stand on one page.
#[derive(Default)]
pub struct Copies {
    pub copies: Vec<Copy>,
    /// The last of them, if there are more: the next page begins after it.
    pub next: Option<ArticleRow>,
}

/// The row after which the copies of a page begin: the parameter `after`, 0 without one. Unknown parameters are left alone.
///
/// # Errors
/// [`HttpError::Bad`] says what would be right.
pub fn after(query: &str) -> Result<ArticleRow, HttpError> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let Some((_, text)) = parameters.find(|(name, _)| name == "after") else {
        return Ok(0);
    };
    let row = text.parse().ok().filter(|row| *row >= 0);
    row.ok_or_else(|| {
        HttpError::Bad(format!(
            "after: \"{text}\" is no place among the copies; follow the link to further copies, or leave it out"
        ))
    })
}

/// The copies of `story` after that row.
///
/// # Errors
/// What the store says, and [`HttpError::Busy`] if there is no room.
pub fn read(
    reads: &Reads,
    story: &StoryView,
    after: ArticleRow,
    room: &mut Reservation,
) -> Result<Copies, HttpError> {
    let shown = text(&story.content_text, &story.summary);
    let mut page = Copies::default();
    let mut bytes_left = PAGE_BYTES_MAX;
    let mut last = None;
    let mut has_room = Ok(());
    reads.each_copy(story.id, after, |row, article| {
        let copy = compared(story, shown, article);
        let bytes = copy.article.memory() + copy.difference.memory();
        if page.copies.len() == COPIES_MAX || (last.is_some() && bytes > bytes_left) {
            page.next = last;
            return Walk::Break(());
        }
        bytes_left = bytes_left.saturating_sub(bytes);
        has_room = room.grow(RENDERED_FACTOR * bytes);
        page.copies.push(copy);
        last = Some(row);
        match has_room {
            Ok(()) => Walk::Continue(()),
            Err(_) => Walk::Break(()),
        }
    })?;
    has_room.map(|()| page)
}

fn compared(story: &StoryView, shown: &str, mut article: ArticleView) -> Copy {
    let is_shown = (
        article.feed.id,
        &article.url,
        &article.title,
        article.published,
    ) == (story.feed.id, &story.url, &story.title, story.published);
    let difference = match is_shown {
        true => Difference::None,
        false => diff::between(shown, text(&article.content_text, &article.summary)),
    };
    // Only of another text is the body shown.
    article.content_text = None;
    article.content_html = article
        .content_html
        .filter(|_| difference == Difference::Other);
    Copy {
        article,
        is_shown,
        difference,
    }
}

fn text<'t>(text: &'t Option<String>, summary: &'t str) -> &'t str {
    match text {
        Some(text) if !text.is_empty() => text,
        _ => summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_among_the_copies_is_a_number_and_anything_else_is_told() {
        assert_eq!(after("").unwrap(), 0);
        assert_eq!(after("utm_source=x&after=12").unwrap(), 12);
        for bad in [
            "after=",
            "after=-1",
            "after=x",
            "after=99999999999999999999",
        ] {
            assert!(after(bad).is_err(), "{bad}");
        }
    }
}
