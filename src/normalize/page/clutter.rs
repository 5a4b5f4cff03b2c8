//! What surrounds and interrupts an article on its page: navigation, share bars, captions, galleries, pointers to other
//! pieces, comments. Known by element, role and the words of `class` and `id`, in what pages of many makers share; an
//! element that holds much of the page's prose stays, whatever it is called.

use std::collections::HashMap;

use dom_query::{Document, NodeId, NodeRef};

use super::words::Words;

/// Elements that are no part of a text.
const ELEMENTS: &[&str] = &[
    "nav",
    "footer",
    "aside",
    "form",
    "button",
    "dialog",
    "menu",
    "input",
    "label",
    "figcaption",
    "fieldset",
    "link",
    "meta",
];

/// Roles that are no part of a text.
const ROLES: &[&str] = &[
    "navigation",
    "complementary",
    "contentinfo",
    "dialog",
    "alertdialog",
    "alert",
    "menu",
    "menubar",
    "search",
    "toolbar",
    "banner",
    "button",
];

/// What goes even if it is long: other pieces, other people's words, the site's furniture.
const OTHERS: &[&str] = &[
    "comments",
    "comment",
    "commentlist",
    "disqus",
    "respond",
    "replies",
    "related",
    "relatedposts",
    "recommended",
    "recommendations",
    "recommendation",
    "read next",
    "more stories",
    "more news",
    "most read",
    "mostread",
    "most popular",
    "mostpopular",
    "popular",
    "trending",
    "latest news",
    "outbrain",
    "taboola",
    "zergnet",
    "sidebar",
    "side bar",
    "sidebars",
    "breadcrumb",
    "breadcrumbs",
    "navigation",
    "navbar",
    "nav",
    "menu",
    "menus",
    "pagination",
    "pager",
    "footer",
    "masthead",
    "cookie",
    "cookies",
    "gdpr",
    "consent",
    "popup",
    "modal",
    "overlay",
    "lightbox",
];

/// What goes if it is short beside the text.
const PARTS: &[&str] = &[
    "share",
    "shares",
    "sharing",
    "sharebar",
    "sharetools",
    "social",
    "socials",
    "addthis",
    "addtoany",
    "sharethis",
    "sharedaddy",
    "sharing buttons",
    "follow",
    "promo",
    "promos",
    "promotion",
    "readmore",
    "read more",
    "also read",
    "newsletter",
    "newsletters",
    "subscribe",
    "subscription",
    "signup",
    "sign up",
    "advert",
    "adverts",
    "advertisement",
    "advertising",
    "ads",
    "ad",
    "adsbygoogle",
    "sponsor",
    "sponsored",
    "tags",
    "taglist",
    "tag list",
    "tag links",
    "post tags",
    "tagcloud",
    "keywords",
    "caption",
    "captions",
    "credit",
    "credits",
    "gallery",
    "galleries",
    "slideshow",
    "carousel",
    "slider",
    "byline",
    "bylines",
    "dateline",
    "timestamp",
    "author bio",
    "authorbox",
    "author box",
    "about author",
    "about the author",
    "author info",
    "author description",
    "authorbio",
    "bio",
    "post meta",
    "entry meta",
    "article meta",
    "postmeta",
    "meta",
    "metadata",
    "pubdate",
    "published",
    "toolbar",
    "tools",
    "print",
    "visually hidden",
    "visuallyhidden",
    "screen reader text",
    "sr only",
    "skip link",
    "print only",
    "printonly",
    "rating",
    "ratings",
    "correction tips",
    "feedback",
    "donate",
    "paywall",
    "noprint",
];

/// What other people's words are called that an article quotes.
const QUOTED: &[&str] = &[
    "embed",
    "embedded",
    "tweet",
    "twitter tweet",
    "instagram media",
];
/// What stands under pictures.
const CAPTIONS: &[&str] = &["caption", "captions", "credit", "credits", "media caption"];

/// The share of a page's prose, in hundredths, up to which an element goes.
const OTHERS_SHARE: usize = 60;
const PARTS_SHARE: usize = 20;

/// Takes what is no part of the article out of a page.
pub(super) fn remove(page: &Document) {
    let Some(body) = page.body() else { return };
    let prose = Prose::of(&body);
    let all = prose.in_element(&body);
    let nodes: Vec<NodeRef<'_>> = body.descendants_it().filter(NodeRef::is_element).collect();
    for node in nodes {
        if is_quoted(&node) {
            // Readability judges by the same words, and divisions by how many links they hold.
            node.remove_attrs(&["class", "id"]);
            if node.has_name("div") {
                node.rename("section");
            }
            continue;
        }
        let share = share_of(&node);
        if share.is_some_and(|share| prose.in_element(&node) * 100 <= all * share)
            && !prose.is_body(&node)
        {
            if std::env::var("DBG").is_ok() && prose.in_element(&node) > 60 {
                eprintln!(
                    "RM {}/{} <{}> {:?} {:?} :: {}",
                    prose.in_element(&node),
                    all,
                    node.node_name().unwrap_or_default(),
                    node.attr("class"),
                    node.attr("id"),
                    node.text()
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                        .chars()
                        .take(150)
                        .collect::<String>()
                );
            }
            node.remove_from_parent();
        }
    }
}

/// Whether it holds other people's words that the article quotes.
fn is_quoted(node: &NodeRef<'_>) -> bool {
    let words = node.element_ref().map(|e| Words::of(&e));
    words.is_some_and(|w| w.any(QUOTED) && !w.any(CAPTIONS))
}

/// Up to which share of the prose an element goes; none: it stays.
fn share_of(node: &NodeRef<'_>) -> Option<usize> {
    let element = node.element_ref()?;
    let name: &str = &element.name.local;
    if ELEMENTS.contains(&name) {
        return Some(OTHERS_SHARE);
    }
    if matches!(
        name,
        "html" | "body" | "main" | "tr" | "tbody" | "td" | "img" | "br"
    ) {
        return None;
    }
    let role = element.attr("role");
    if role.is_some_and(|role| ROLES.contains(&role.trim())) {
        return Some(OTHERS_SHARE);
    }
    let words = Words::of(&element);
    if words.any(OTHERS) {
        Some(OTHERS_SHARE)
    } else if words.any(PARTS) {
        Some(PARTS_SHARE)
    } else {
        None
    }
}

/// How much prose stands in each element: characters outside links.
struct Prose {
    of: HashMap<NodeId, usize>,
    /// What the page marks as the article's body, with what it stands in.
    bodies: Vec<NodeId>,
}

impl Prose {
    fn of(body: &NodeRef<'_>) -> Self {
        let mut of: HashMap<NodeId, usize> = HashMap::new();
        let mut bodies = Vec::new();
        for node in body.descendants_it() {
            if node.is_text() {
                let chars = node.text().trim().chars().count();
                let around = node.ancestors(None);
                let is_link = around.iter().any(|n| n.has_name("a"));
                if chars > 0 && !is_link {
                    for element in around {
                        *of.entry(element.id).or_default() += chars;
                    }
                }
            } else if node
                .attr("itemprop")
                .is_some_and(|p| p.contains("articleBody"))
            {
                bodies.push(node.id);
                bodies.extend(node.ancestors_it(None).map(|n| n.id));
            }
        }
        Self { of, bodies }
    }

    fn in_element(&self, node: &NodeRef<'_>) -> usize {
        self.of.get(&node.id).copied().unwrap_or(0)
    }

    fn is_body(&self, node: &NodeRef<'_>) -> bool {
        self.bodies.contains(&node.id)
    }
}
