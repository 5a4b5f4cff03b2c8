//! One entry of an XML feed. Every dialect's names are read everywhere: publishers mix them. A broken value costs
//! that value; an entry is never refused.

use super::collect::{Best, push_new};
use super::constructs::{self, Scope};
use super::dialect::Dialect;
use super::element::{Element, Node};
use super::entry_bodies::{Bodies, Body};
use super::entry_dates::{date_in, date_of};
use super::media::{self, Media};
use super::pictures::image_url;
use super::vocabulary::Ns;
use super::warnings::Warnings;
use super::{addresses, guid, people, source_digest};
use crate::model::{Category, ParsedEntry, Person, Source, Time, WebUrl};
use crate::text::settle;

#[derive(Debug, Default)]
struct Reader {
    id: Best<String>,
    url: Best<WebUrl>,
    /// The same to the letter.
    written_url: Best<WebUrl>,
    is_atom: bool,
    title: Best<String>,
    summary: Best<String>,
    /// Which body the current element is.
    asked: Vec<Body>,
    published: Best<Time>,
    updated: Best<Time>,
    authors: Vec<Person>,
    creators: Vec<Person>,
    contributors: Vec<Person>,
    categories: Vec<Category>,
    comments: Option<WebUrl>,
    rights: Best<String>,
    language: Best<String>,
    source: Option<Source>,
    media: Media,
}

/// Reads an `item` or `entry`; its bodies are [completed](Bodies::complete) later.
pub fn read(
    mut element: Element,
    dialect: Dialect,
    scope: &Scope,
    warnings: &mut Warnings,
) -> (ParsedEntry, Bodies) {
    let outer = scope;
    let scope = scope.within(&element);
    let scope = scope.on_page(page_of(&element, dialect, &scope));
    let source_digest = source_digest::of_xml(&element);
    let mut entry = Reader::of(dialect);
    if dialect.is_rdf() {
        // RSS 1.0 section 5.5: rdf:about is the item's identity.
        let about = element.attribute_in(Ns::Rdf, "about");
        let id = about.map(guid::read).filter(|id| !id.is_empty());
        entry.id.offer(2, id);
        entry.page(5, about.unwrap_or_default(), &scope);
    }
    // The Channel Definition Format wrote both as attributes.
    entry.page(8, element.attribute("href").unwrap_or_default(), &scope);
    let changed = element.attribute("lastmod");
    let changed = changed.and_then(|d| date_in(d, "lastmod", warnings));
    entry.updated.offer(6, changed);
    // `<link/>https://…`: what is left of a link that a browser has read.
    entry.absolute_page(8, &element.own_text());
    let mut elements = Vec::new();
    for node in std::mem::take(&mut element.children) {
        let Node::Element(node) = node else { continue };
        let child = &node;
        let inner = scope.within(child);
        match child.ns {
            Ns::Core if dialect.is_atom() && !constructs::is_of_rss_only(&child.name) => {
                entry.atom(child, &inner, warnings);
            }
            Ns::Core if !dialect.is_atom() && constructs::is_of_atom_only(&child.name) => {
                entry.atom(child, &inner, warnings);
            }
            Ns::Core => entry.core(child, &inner, warnings),
            Ns::Atom => entry.atom(child, &inner, warnings),
            Ns::Dc | Ns::DcTerms => entry.dublin_core(child, &inner, warnings),
            Ns::Media => entry.media_text(child, &inner, warnings),
            Ns::Itunes => entry.itunes(child, &inner),
            Ns::Content if child.name == "encoded" => entry.content(1, false, &inner),
            Ns::Xhtml if matches!(child.name.as_str(), "body" | "div") => {
                entry.content(2, false, &inner);
            }
            Ns::License if child.name == "license" => {
                let about = constructs::named(child, "resource");
                entry
                    .rights
                    .offer(5, about.or_else(|| constructs::words(child)));
            }
            Ns::Other if child.name == "fullitem" => entry.content(2, false, &inner),
            _ => {}
        }
        if !entry.asked.is_empty() {
            elements.push((node, std::mem::take(&mut entry.asked)));
        }
    }
    let own_language = scope
        .language
        .filter(|l| outer.language.as_ref() != Some(l));
    if dialect.is_atom()
        && let Some(id) = entry.id.get().cloned()
    {
        // RFC 4287 section 4.2.6: ids are IRIs, and many are the address of the page.
        entry.absolute_page(9, &id);
    }
    let bodies = Bodies {
        summary: std::mem::take(&mut entry.summary),
        elements,
    };
    let entry = ParsedEntry {
        source_digest,
        ..entry.finish(own_language)
    };
    (entry, bodies)
}

/// The page of an entry, wherever its link is: relative URLs in its bodies are resolved with it.
fn page_of(element: &Element, dialect: Dialect, scope: &Scope) -> Option<WebUrl> {
    let mut reader = Reader::of(dialect);
    let mut unheard = Warnings::default();
    for child in element.elements() {
        let inner = scope.within(child);
        match (child.name.as_str(), child.ns) {
            ("link", Ns::Core) if !dialect.is_atom() => reader.core(child, &inner, &mut unheard),
            ("link", Ns::Core | Ns::Atom) => reader.atom(child, &inner, &mut unheard),
            ("guid", Ns::Core) => reader.core(child, &inner, &mut unheard),
            _ => {}
        }
    }
    reader.url.take()
}

impl Reader {
    fn of(dialect: Dialect) -> Self {
        Self {
            is_atom: dialect.is_atom(),
            ..Self::default()
        }
    }

    /// The current element is a body.
    fn content(&mut self, rank: u8, is_atom: bool, scope: &Scope) {
        self.asked.push(Body {
            is_content: true,
            rank,
            is_atom,
            scope: scope.clone(),
        });
    }

    /// The current element is a summary.
    fn summary(&mut self, rank: u8, is_atom: bool, scope: &Scope) {
        self.asked.push(Body {
            is_content: false,
            rank,
            is_atom,
            scope: scope.clone(),
        });
    }

    fn page(&mut self, rank: u8, written: &str, scope: &Scope) {
        self.url.offer(rank, scope.page(written));
        self.written_url.offer(rank, scope.url_as_written(written));
    }

    /// The same for a text that is a URL only if it is absolute.
    fn absolute_page(&mut self, rank: u8, written: &str) {
        let url = WebUrl::parse(&addresses::unescaped(written)).ok();
        self.url.offer(rank, url);
        self.written_url.offer(rank, WebUrl::parse(written).ok());
    }

    /// The rank of a name that means different things in the dialects: the dialect decides, not the order of elements.
    fn rank_of_own(is_own: bool) -> u8 {
        if is_own { 0 } else { 1 }
    }

    fn core(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer_line(1, constructs::headline(e, false)),
            "link" => {
                let written = e.text();
                let written = if written.trim().is_empty() {
                    e.attribute("href").unwrap_or_default()
                } else {
                    &written
                };
                let is_page = e.attribute("rel").is_none_or(|r| r == "alternate");
                if e.attribute("rel") == Some("enclosure") {
                    self.media.add(
                        scope.url(written),
                        e.attribute("type"),
                        e.attribute("length"),
                        warnings,
                    );
                } else if is_page {
                    self.url.offer_last(1, page_in(written, scope, warnings));
                    self.written_url
                        .offer_last(1, scope.url_as_written(written));
                }
            }
            "description" => self.summary(1, false, scope),
            "summary" | "abstract" => self.summary(3, false, scope),
            "content" | "body" | "fulltext" | "fullitem" => {
                self.content(3, false, scope);
            }
            "guid" => {
                let id = constructs::id(e);
                // In RSS 2.0 a guid is a permalink unless `isPermaLink` is false.
                let is_permalink = e
                    .attribute("ispermalink")
                    .is_none_or(|p| !p.trim().eq_ignore_ascii_case("false"));
                if is_permalink && let Some(id) = &id {
                    let is_absolute = id.starts_with("http://") || id.starts_with("https://");
                    if is_absolute || e.attribute("ispermalink").is_some() {
                        self.page(4, id, scope);
                    }
                }
                self.id.offer(Self::rank_of_own(!self.is_atom), id);
            }
            "pubdate" => self.date(e, Self::rank_of_own(!self.is_atom), warnings),
            "date" | "published" | "issued" => self.date(e, 1, warnings),
            "created" => self.date(e, 3, warnings),
            "updated" | "modified" | "lastbuilddate" => self.change(e, 1, warnings),
            "author" if e.has_elements() => self.author(constructs::atom_person(e, scope)),
            "author" | "managingeditor" => self.people_of(e),
            "category" | "keywords" => self.label(e),
            "comments" => self.comments = self.comments.take().or_else(|| scope.url(&e.text())),
            "enclosure" => {
                let url = e.attribute("url").or_else(|| e.attribute("href"));
                let url = url.map_or_else(|| scope.url(&e.text()), |u| scope.url(u));
                self.media
                    .add(url, e.attribute("type"), e.attribute("length"), warnings);
            }
            "image" | "thumbnail" => self.image(e, 3, scope),
            "source" if e.has_elements() => self.atom_source(e, scope),
            "source" => {
                self.source = Some(Source {
                    title: constructs::line(e, false),
                    url: e
                        .attribute("url")
                        .and_then(|u| scope.url(u))
                        .map(|u| u.to_string()),
                    id: None,
                });
            }
            "copyright" | "rights" => self.rights.offer(1, constructs::line(e, false)),
            "language" => self.language.offer(1, constructs::language_tag(&e.text())),
            _ => {}
        }
    }

    fn atom(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "id" => self
                .id
                .offer(Self::rank_of_own(self.is_atom), constructs::id(e)),
            "title" => self.title.offer_line(1, constructs::headline(e, true)),
            "link" => self.atom_link(e, scope, warnings),
            "summary" | "tagline" | "subtitle" => {
                self.summary(1, true, scope);
            }
            "content" => {
                let is_file = e.attribute("src").is_some();
                if is_file {
                    let written = e.attribute("src").unwrap_or_default();
                    self.page(6, written, scope);
                    let mime = e.attribute("type");
                    self.media.add(scope.url(written), mime, None, warnings);
                } else {
                    self.content(1, true, scope);
                }
                if let Some(language) = e.attribute_in(Ns::Xml, "lang") {
                    self.language.offer(3, constructs::language_tag(language));
                }
            }
            "published" => self.date(e, Self::rank_of_own(self.is_atom), warnings),
            "issued" | "pubdate" => self.date(e, 1, warnings),
            "created" => self.date(e, 3, warnings),
            "updated" | "modified" => self.change(e, 1, warnings),
            "author" => self.author(constructs::atom_person(e, scope)),
            "contributor" => self.contributor(constructs::atom_person(e, scope)),
            "category" => self.label(e),
            "rights" | "copyright" => self.rights.offer(1, constructs::line(e, true)),
            "source" => self.atom_source(e, scope),
            "comments" => self.comments = self.comments.take().or_else(|| scope.url(&e.text())),
            _ => {}
        }
    }

    fn atom_link(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        let text = e.text();
        let href = e.attribute("href").unwrap_or(&text);
        let rel = e
            .attribute("rel")
            .unwrap_or("alternate")
            .trim()
            .to_ascii_lowercase();
        let rel = rel.trim_start_matches("http://www.iana.org/assignments/relation/");
        match rel {
            "alternate" | "" => {
                let is_page = e.attribute("type").is_none_or(|t| t.contains("html"));
                let rank = if is_page { 1 } else { 2 };
                self.url.offer(rank, page_in(href, scope, warnings));
                self.written_url.offer(rank, scope.url_as_written(href));
            }
            "enclosure" => {
                self.media.add(
                    scope.url(href),
                    e.attribute("type"),
                    e.attribute("length"),
                    warnings,
                );
            }
            "replies" if e.attribute("type").is_none_or(|t| t.contains("html")) => {
                self.comments = self.comments.take().or_else(|| scope.url(href));
            }
            "self" => self.page(7, href, scope),
            _ => {}
        }
    }

    fn atom_source(&mut self, e: &Element, scope: &Scope) {
        let mut source = Source::default();
        let mut url = Best::default();
        for child in e.elements() {
            let scope = scope.within(child);
            match child.name.as_str() {
                "title" => source.title = constructs::line(child, true),
                "id" => source.id = constructs::words(child),
                "link" => {
                    let is_self = child.attribute("rel") == Some("self");
                    let rank = if is_self { 2 } else { 1 };
                    let href = child.attribute("href").and_then(|u| scope.url(u));
                    url.offer(rank, href.map(|u| u.to_string()));
                }
                // RFC 4287 section 4.2.11: an entry without an author has its source's.
                "author" if self.creators.is_empty() => {
                    self.creator(constructs::atom_person(child, &scope));
                }
                _ => {}
            }
        }
        source.url = url.take();
        if source != Source::default() {
            self.source = Some(source);
        }
    }

    fn dublin_core(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer_line(3, constructs::headline(e, false)),
            "creator" | "author" => self.creator(constructs::person(e)),
            "contributor" => self.contributor(constructs::person(e)),
            "date" | "issued" => self.date(e, 2, warnings),
            "created" => self.date(e, 3, warnings),
            "modified" => self.change(e, 2, warnings),
            "subject" => self.label(e),
            "description" | "abstract" => {
                self.summary(3, false, scope);
            }
            "rights" | "license" => self.rights.offer(3, constructs::line(e, false)),
            "language" => self.language.offer(2, constructs::language_tag(&e.text())),
            "identifier" => self.id.offer(4, constructs::id(e)),
            "source" if self.source.is_none() => {
                let url = scope.url(&e.text()).map(|u| u.to_string());
                let title = if url.is_none() {
                    constructs::line(e, false)
                } else {
                    None
                };
                self.source = Some(Source {
                    title,
                    url,
                    id: None,
                });
            }
            _ => {}
        }
    }

    fn itunes(&mut self, e: &Element, scope: &Scope) {
        match e.name.as_str() {
            "author" => self.creator(constructs::person(e)),
            "title" => self.title.offer_line(4, constructs::headline(e, false)),
            "summary" | "description" => self.summary(4, false, scope),
            "subtitle" => self.summary(5, false, scope),
            "image" => self.image(e, 1, scope),
            "keywords" => self.label(e),
            _ => {}
        }
    }

    fn media_text(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        self.media.read(e, scope, warnings);
        let title = media::inner(e, "title");
        self.title
            .offer(5, title.and_then(|t| constructs::line(t, false)));
        let description = media::inner(e, "description");
        self.summary
            .offer(6, description.and_then(constructs::media_text));
        if matches!(e.name.as_str(), "category" | "keywords") {
            self.label(e);
        }
    }

    fn date(&mut self, e: &Element, rank: u8, warnings: &mut Warnings) {
        self.published.offer(rank, date_of(e, warnings));
    }

    fn change(&mut self, e: &Element, rank: u8, warnings: &mut Warnings) {
        self.updated.offer(rank, date_of(e, warnings));
    }

    fn author(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.authors, person);
        }
    }

    fn contributor(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.contributors, person);
        }
    }

    /// Who made it, where the entry names no author.
    fn creator(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.creators, person);
        }
    }

    fn people_of(&mut self, e: &Element) {
        if let Some(line) = constructs::names(e) {
            for person in people::read_list(&line) {
                push_new(&mut self.authors, person);
            }
        }
    }

    fn label(&mut self, e: &Element) {
        if e.name == "keywords" {
            for word in e.text().split(',') {
                let term = settle::line(word);
                if !term.is_empty() {
                    push_new(
                        &mut self.categories,
                        Category {
                            term,
                            ..Category::default()
                        },
                    );
                }
            }
        } else if let Some(category) = constructs::category(e) {
            push_new(&mut self.categories, category);
        }
    }

    fn image(&mut self, e: &Element, rank: u8, scope: &Scope) {
        self.media.image.offer(rank, image_url(e, scope));
    }

    fn finish(mut self, own_language: Option<String>) -> ParsedEntry {
        self.language.offer(4, own_language);
        let url = self.url.take();
        ParsedEntry {
            id: self.id.take(),
            written_url: self.written_url.take().filter(|w| url.as_ref() != Some(w)),
            url,
            title: self.title.take(),
            summary_html: None,
            content_html: None,
            content_text: None,
            published: self.published.take(),
            updated: self.updated.take(),
            authors: if self.authors.is_empty() {
                self.creators
            } else {
                self.authors
            },
            contributors: self.contributors,
            categories: self.categories,
            enclosures: std::mem::take(&mut self.media.enclosures),
            language: self.language.take(),
            comments_url: self.comments,
            image: self.media.picture(),
            rights: self.rights.take(),
            source: self.source,
            source_digest: [0; source_digest::LEN],
            is_partial: false,
        }
    }
}

/// The page that a link names; adds a warning if it names none.
fn page_in(written: &str, scope: &Scope, warnings: &mut Warnings) -> Option<WebUrl> {
    let url = scope.page(written);
    if url.is_none() && !written.trim().is_empty() {
        warnings.add("a link without a valid address was dropped");
    }
    url
}
