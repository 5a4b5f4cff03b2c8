//! The lines of a main text and their shape: what they are, how long, whether they are links and where these lead.

use std::sync::LazyLock;

use super::super::{agency, boilerplate, byline};
use super::class_names::Phrases;
use super::published::within;
use crate::model::WebUrl;
use crate::model::site::site_of;
use crate::text::blocks::Block;
use crate::text::fold::fold;
use crate::text::tokens::{self, Token};
use crate::text::{dates, html_text};

/// Minimum length of a line of prose, whatever its end; a shorter line is prose if it ends a sentence; in characters.
const PROSE_CHARS_MIN: usize = 80;
const SENTENCE_CHARS_MIN: usize = 25;
/// Ends of a sentence, and words in a head that look like one.
const ENDS: &[char] = &[
    '.', '!', '?', '…', '。', '！', '？', '»', '”', '"', '’', ':', '।', '۔', '؟',
];
const STOPS: &[char] = &['.', '!', '?', '…', '。', ':'];
/// Maximum length of a line in a head, of a pointer, and of a call to action, in characters.
const HEAD_CHARS_MAX: usize = 120;
const POINTER_CHARS_MAX: usize = 160;
const CALL_CHARS_MAX: usize = 300;

const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
const ITEMS: &[&str] = &["li", "td", "th", "dd", "dt", "pre", "blockquote"];

/// Lines without content, folded.
static EMPTY: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "advertisement, advertising, anzeige, werbung, publicite, publicidad, pubblicita, publicidade, реклама, \
         annonce, reklama, reklam, story continues below advertisement, article continues below advertisement, \
         subscribe, share, share this, comments, tags, print, email, read more, loading, caption, close",
    )
});
/// Where publishers want to be followed, folded.
static PLACES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "twitter, facebook, instagram, whatsapp, telegram, youtube, tiktok, linkedin, newsletter, newsletters, \
         podcast, inbox, google news, mastodon, forums, email, e mail",
    )
});
/// Verbs of calls to action in many languages: beginnings of words, folded.
static CALLS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "follow, subscribe, sign up, join, reach, contact, write to, like us, get the latest, email, download, \
         abonn, folg, suivez, inscri, sigue, siga, suscri, seguici, iscriv, volg, подпис, читаите нас, sledz, \
         obserwuj, takip",
    )
});

/// A block and its shape.
pub(super) struct Line<'b> {
    pub(super) block: &'b Block,
    folded: String,
    chars: usize,
    /// A heading.
    pub(super) is_heading: bool,
    /// Part of a list, a table or a quotation.
    is_item: bool,
    /// Nearly all of it leads somewhere.
    is_link: bool,
    /// That somewhere is this site.
    is_inside: bool,
}

impl<'b> Line<'b> {
    /// Looks at a block of `html`, the main text of the page at `url`.
    pub(super) fn of(block: &'b Block, html: &str, url: &WebUrl) -> Self {
        let own = html.get(block.start..block.end).unwrap_or_default();
        let name = match tokens::of(own).next() {
            Some(Token::Tag(tag)) => tag.name,
            _ => "",
        };
        let chars = block.text.chars().count();
        let (linked, is_inside) = links(own, url);
        Self {
            block,
            folded: fold(&block.text),
            chars,
            is_heading: HEADINGS.contains(&name),
            is_item: ITEMS.contains(&name),
            is_link: linked * 10 > chars * 8,
            is_inside,
        }
    }

    /// Running text.
    pub(super) fn is_prose(&self) -> bool {
        let is_long = self.chars >= PROSE_CHARS_MIN && !self.is_heading;
        let is_sentence = self.chars >= SENTENCE_CHARS_MIN && self.block.text.ends_with(ENDS);
        (is_long || is_sentence) && !self.is_link
    }

    /// Above the text: sections, the site's own links.
    pub(super) fn is_above(&self) -> bool {
        !self.is_item && (self.words() <= 3 || self.is_link && self.is_inside)
    }

    /// Below the text: single words, the site's own links; an agency's name is a credit.
    pub(super) fn is_below(&self) -> bool {
        let is_short = self.words() <= 2 && !self.is_item;
        is_short && agency::credited(&[&self.block.text]).is_empty()
            || self.is_link && self.is_inside
    }

    /// In the head of a page: its headline (folded) again, who and when.
    pub(super) fn is_head(&self, title: &str) -> bool {
        if self.is_item {
            return false;
        }
        let text = &*self.block.text;
        let is_title =
            title.len() > 1 && self.folded.contains(title) && self.folded.len() < title.len() * 2;
        let is_short = self.chars <= HEAD_CHARS_MAX;
        let says_when = !text.ends_with(STOPS) && within(text).is_some();
        let says_who = byline::read(text, |d| dates::read_bare(d).is_some()).is_some();
        is_title || is_short && (says_when || says_who || agency::named(text).is_some())
    }

    /// Nothing, or a pointer to another page of the site.
    pub(super) fn is_noise(&self) -> bool {
        let points =
            self.is_link && self.is_inside && !self.is_heading && self.chars <= POINTER_CHARS_MAX;
        points || boilerplate::is_pointer(&self.block.text) || EMPTY.has(self.folded.trim())
    }

    /// A call to follow, subscribe, write.
    pub(super) fn is_call(&self) -> bool {
        let has_place = PLACES.iter().any(|place| {
            let mut found = self.folded.match_indices(place);
            found.any(|(at, _)| self.is_word(at, place.len()))
        });
        let calls = |most: usize, is_there: &dyn Fn(usize) -> bool| {
            self.chars <= most
                && CALLS.iter().any(|call| {
                    let mut found = self.folded.match_indices(call);
                    found.any(|(at, _)| self.begins_word(at) && is_there(at))
                })
        };
        has_place && (calls(CALL_CHARS_MAX, &|at| at == 1) || calls(CALL_CHARS_MAX / 2, &|_| true))
    }

    fn words(&self) -> usize {
        self.folded.split_whitespace().count()
    }

    /// Whether a word of the folded text begins there.
    fn begins_word(&self, at: usize) -> bool {
        let before = self.folded.get(..at);
        before.is_some_and(|b| b.ends_with(' '))
    }

    fn is_word(&self, at: usize, len: usize) -> bool {
        let after = self.folded.get(at + len..);
        self.begins_word(at) && after.is_some_and(|a| a.starts_with(' '))
    }
}

/// How many characters of a block are links, and whether all of them lead to this site.
fn links(html: &str, url: &WebUrl) -> (usize, bool) {
    let (mut chars, mut is_inside) = (0, true);
    let mut open_at = None;
    for token in tokens::of(html) {
        let Token::Tag(tag) = token else { continue };
        if !tag.is("a") {
            continue;
        }
        if let Some(from) = open_at.take() {
            let inner = html.get(from..tag.start).unwrap_or_default();
            chars += html_text::from_html(inner).chars().count();
        }
        open_at = (!tag.is_end).then_some(tag.end);
        if let Some((_, href)) = tag.attributes().find(|(name, _)| *name == "href") {
            is_inside &= WebUrl::parse(href).is_ok_and(|to| is_near(to.host(), url.host()));
        }
    }
    (chars, is_inside)
}

/// Whether two hosts belong to one site: they have the same registrable domain.
fn is_near(a: &str, b: &str) -> bool {
    site_of(a) == site_of(b)
}
