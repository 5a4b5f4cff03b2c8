//! The copies of a story for its page, a limited number at a time, with their differences from the representative copy. They are
//! read one by one, and bodies that the page does not show are dropped at once (SEC-24).

use url::form_urlencoded;

use super::budget::{RENDERED_FACTOR, Reservation};
use super::diff::{self, Difference};
use super::error::HttpError;
use super::frame;
use crate::model::{ArticleRow, ArticleView, StoryView};
use crate::store::{Reads, Walk};

/// Maximum number of copies on a page.
const COPIES_MAX: usize = 50;

/// Maximum size of the copies on a page, in bytes; the next page has the others. A page has at least one copy.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// A copy of a story.
pub struct Copy {
    pub article: ArticleView,
    /// Whether it is the representative copy, which the page shows in full.
    pub is_representative: bool,
    /// Its difference from the representative copy.
    pub difference: Difference,
}

impl Copy {
    /// Its title, else its first words.
    pub fn headline(&self) -> &str {
        frame::title_or_summary(&self.article.title, &self.article.summary)
    }
}

/// The copies on one page.
#[derive(Default)]
pub struct Copies {
    pub copies: Vec<Copy>,
    /// The last of them, if there are more; the next page begins after it.
    pub next: Option<ArticleRow>,
}

/// The row after which the copies of a page begin: the parameter `after`, or 0. Unknown parameters are ignored.
///
/// # Errors
/// [`HttpError::BadRequest`] for anything that is not a row.
pub fn after(query: &str) -> Result<ArticleRow, HttpError> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let Some((_, text)) = parameters.find(|(name, _)| name == "after") else {
        return Ok(ArticleRow::default());
    };
    let row = text.parse().ok().filter(|row| *row >= 0);
    row.map(ArticleRow::new).ok_or_else(|| {
        HttpError::BadRequest(format!(
            "after: \"{text}\" is not the position of a copy; follow the link to further copies, or omit the parameter"
        ))
    })
}

/// The copies of `story` after a row.
///
/// # Errors
/// The store's error, or [`HttpError::Busy`] without memory.
pub fn read(
    reads: &Reads,
    story: &StoryView,
    after: ArticleRow,
    reservation: &mut Reservation,
) -> Result<Copies, HttpError> {
    let representative = text(&story.content_text, &story.summary);
    let mut page = Copies::default();
    let mut bytes_left = PAGE_BYTES_MAX;
    let mut last = None;
    let mut reserved = Ok(());
    reads.each_copy(story.id, after, |row, article| {
        let copy = compare(story, representative, article);
        let bytes = copy.article.memory() + copy.difference.memory();
        if page.copies.len() == COPIES_MAX || (last.is_some() && bytes > bytes_left) {
            page.next = last;
            return Walk::Break(());
        }
        bytes_left = bytes_left.saturating_sub(bytes);
        reserved = reservation.grow(RENDERED_FACTOR * bytes);
        page.copies.push(copy);
        last = Some(row);
        match reserved {
            Ok(()) => Walk::Continue(()),
            Err(_) => Walk::Break(()),
        }
    })?;
    reserved.map(|()| page)
}

fn compare(story: &StoryView, representative: &str, mut article: ArticleView) -> Copy {
    let is_representative = (
        article.feed.id,
        &article.url,
        &article.title,
        article.published,
    ) == (story.feed.id, &story.url, &story.title, story.published);
    let difference = match is_representative {
        true => Difference::None,
        false => diff::between(
            representative,
            text(&article.content_text, &article.summary),
        ),
    };
    // The page shows the body only if the text is a different one.
    article.content_text = None;
    if difference != Difference::Unrelated {
        article.content_html = None;
    }
    Copy {
        article,
        is_representative,
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
    fn a_position_among_the_copies_is_a_number() {
        assert_eq!(after("").unwrap().get(), 0);
        assert_eq!(after("utm_source=x&after=12").unwrap().get(), 12);
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
