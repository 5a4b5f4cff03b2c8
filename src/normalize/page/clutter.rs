//! Removes what surrounds and interrupts an article on its page: navigation, share bars, captions, galleries, pointers to
//! other articles, comments. Recognized by element, role and the names in `class` and `id` that many publishers use. An
//! element that contains much of the page's text stays, whatever its name.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use dom_query::{Document, NodeId, NodeRef};

use super::class_names::{Phrases, Words};

/// Elements that are not part of a text.
static ELEMENTS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "nav, footer, aside, form, button, dialog, menu, input, label, figcaption, fieldset, link, meta",
    )
});

/// Roles that are not part of a text.
static ROLES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "navigation, complementary, contentinfo, dialog, alertdialog, alert, menu, menubar, search, toolbar, banner, \
         button",
    )
});

/// Elements that stay whatever their names are.
static FRAMES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("html, body, main, tr, tbody, td, img, br"));

/// Removed even if long: other articles, comments, page furniture.
static OTHERS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "comments, comment, commentlist, disqus, respond, replies, related, relatedposts, recommended, \
         recommendations, recommendation, read next, more stories, more news, most read, mostread, most popular, \
         mostpopular, popular, trending, latest news, outbrain, taboola, zergnet, sidebar, side bar, sidebars, \
         breadcrumb, breadcrumbs, navigation, navbar, nav, menu, menus, pagination, pager, footer, masthead, \
         cookie, cookies, gdpr, consent, popup, modal, overlay, lightbox",
    )
});

/// Removed if short compared with the text.
static PARTS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "promo, promos, promotion, readmore, read more, also read, newsletter, newsletters, subscribe, subscription, \
         signup, sign up, advert, adverts, advertisement, advertising, ads, ad, adsbygoogle, sponsor, sponsored, \
         tags, taglist, tag list, tag links, post tags, tagcloud, keywords, caption, captions, credit, credits, \
         gallery, galleries, slideshow, carousel, slider, byline, bylines, dateline, timestamp, author bio, \
         authorbox, author box, about author, about the author, author info, author description, authorbio, bio, \
         post meta, entry meta, article meta, postmeta, meta, metadata, pubdate, published, toolbar, tools, print, \
         visually hidden, visuallyhidden, screen reader text, sr only, skip link, print only, printonly, noprint, \
         rating, ratings, correction tips, feedback, donate, paywall",
    )
});

/// Removed if short: names of other sites; but embedded quotations from there are part of the text.
static SOCIAL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "share, shares, sharing, sharebar, sharetools, social, socials, addthis, addtoany, sharethis, sharedaddy, \
         follow",
    )
});

/// Names of quotations.
static QUOTED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("embed, embedded, tweet, twitter tweet, instagram media"));

/// The share of a page's prose, in hundredths, up to which an element goes.
const OTHERS_SHARE: usize = 60;
const PARTS_SHARE: usize = 20;

/// Removes from a page what is not part of the article.
pub(super) fn remove(page: &Document) {
    let Some(body) = page.body() else { return };
    let prose = Prose::of(&body);
    let all = prose.in_element(&body);
    let nodes: Vec<NodeRef<'_>> = body.descendants_it().filter(NodeRef::is_element).collect();
    for node in nodes {
        match fate(&node) {
            Fate::Stays => {}
            Fate::Goes(share) => {
                if prose.in_element(&node) * 100 <= all * share && !prose.marked.contains(&node.id)
                {
                    node.remove_from_parent();
                }
            }
            Fate::Quoted => {
                // Readability judges by the same words, and divisions by how many links they hold.
                node.remove_attrs(&["class", "id"]);
                if node.has_name("div") {
                    node.rename("section");
                }
            }
        }
    }
}

/// What to do with an element.
enum Fate {
    Stays,
    /// It goes unless it holds more than this share of the prose, in hundredths.
    Goes(usize),
    /// It stays and is shielded.
    Quoted,
}

fn fate(node: &NodeRef<'_>) -> Fate {
    let Some(element) = node.element_ref() else {
        return Fate::Stays;
    };
    let name: &str = &element.name.local;
    if ELEMENTS.has(name) {
        return Fate::Goes(OTHERS_SHARE);
    }
    if FRAMES.has(name) {
        return Fate::Stays;
    }
    let role = element.attr("role");
    if role.is_some_and(|role| ROLES.has(role.trim())) {
        return Fate::Goes(OTHERS_SHARE);
    }
    let words = Words::of(&element);
    if words.any(&OTHERS) {
        Fate::Goes(OTHERS_SHARE)
    } else if words.any(&PARTS) {
        Fate::Goes(PARTS_SHARE)
    } else if words.any(&QUOTED) {
        Fate::Quoted
    } else if words.any(&SOCIAL) {
        Fate::Goes(PARTS_SHARE)
    } else {
        Fate::Stays
    }
}

/// The amount of text in each element: characters outside of links.
struct Prose {
    of: HashMap<NodeId, usize>,
    /// The elements that the page marks as the article's body, with those around them.
    marked: HashSet<NodeId>,
}

impl Prose {
    fn of(body: &NodeRef<'_>) -> Self {
        let mut prose = Self {
            of: HashMap::new(),
            marked: HashSet::new(),
        };
        for node in body.descendants_it() {
            if node.is_text() {
                prose.count(&node);
            } else if is_marked(&node) {
                prose.marked.insert(node.id);
                prose.marked.extend(node.ancestors_it(None).map(|n| n.id));
            }
        }
        prose
    }

    fn count(&mut self, text: &NodeRef<'_>) {
        let chars = text.text().trim().chars().count();
        if chars == 0 || text.ancestors_it(None).any(|n| n.has_name("a")) {
            return;
        }
        for element in text.ancestors_it(None) {
            *self.of.entry(element.id).or_default() += chars;
        }
    }

    fn in_element(&self, node: &NodeRef<'_>) -> usize {
        self.of.get(&node.id).copied().unwrap_or(0)
    }
}

/// schema.org in attributes.
fn is_marked(node: &NodeRef<'_>) -> bool {
    node.attr("itemprop")
        .is_some_and(|property| property.contains("articleBody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(html: &str) -> String {
        let page = Document::from(html);
        remove(&page);
        let text = page.body().unwrap().text();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    const TEXT: &str =
        "<p>The mayors of two harbours met on a pier and spoke about the tides of the spring.</p>";

    #[test]
    fn furniture_goes_by_element_role_and_name() {
        for clutter in [
            "<nav>Home News</nav>",
            "<div role=navigation>Home News</div>",
            "<div class='article__shareBar'>Share this</div>",
            "<ul id=breadcrumbs><li>Home</ul>",
            "<figure><img src=x><figcaption>A pier. Photo: Ada Brandt</figcaption></figure>",
            "<div class=post-tags>tides, boats</div>",
            "<section class='related-posts'><p>Another piece about boats.</p></section>",
        ] {
            let page = format!("<body><div class=story>{clutter}{TEXT}</div>");
            assert!(
                left(&page).starts_with("The mayors") && left(&page).ends_with("spring."),
                "{clutter}"
            );
        }
    }

    #[test]
    fn what_holds_the_text_stays_whatever_it_is_called() {
        let page = format!("<body><nav>Home</nav><div class='sidebar promo'>{TEXT}</div>");
        assert!(left(&page).starts_with("The mayors"));
        let marked = format!(
            "<body><div class=promo><div itemprop=articleBody>{TEXT}</div></div><p>{}",
            "x ".repeat(2000)
        );
        assert!(left(&marked).contains("The mayors"));
    }

    #[test]
    fn quotations_from_elsewhere_are_text_and_share_bars_are_not() {
        let quoted = "<div class=social-media-embed><blockquote>Tides!</blockquote></div>";
        let page = format!("<body>{TEXT}{quoted}<div class=social>Follow us</div>");
        assert!(left(&page).ends_with("Tides!"), "{}", left(&page));
    }
}
