//! An XML feed: its dialect, its own fields, and its entries in order.

use super::collect::{Best, Newest, push_new};
use super::constructs::{self, Scope};
use super::context::{ParseContext, ParseError};
use super::dialect::Dialect;
use super::element::Element;
use super::entry_bodies::Bodies;
use super::entry_dates::{date_in, date_of};
use super::pictures::image_url;
use super::vocabulary::{self, Ns};
use super::warnings::Warnings;
use super::xml::{Piece, Walk};
use super::{entry, mend};
use crate::model::{Hints, ParsedEntry, ParsedFeed, Person, Time, WebUrl};
use crate::text::settle;

/// Reads a document; the bodies of its entries are [completed](Bodies::complete) later.
pub fn read(
    text: &str,
    context: &ParseContext,
    warnings: &mut Warnings,
) -> Result<(ParsedFeed, Vec<Bodies>, Scope), ParseError> {
    let mended = mend::mend(text, warnings);
    let mut walk = Walk::new(&mended);
    let (mut feed, mut bodies, mut scope) = read_walk(&mut walk, context, warnings)?;
    if feed.entries.is_empty() && walk.breaks_off_in_entry {
        feed.lost_entries = true;
    } else if feed.entries.is_empty() && (walk.saw_entry || walk.saw_entry_behind) {
        let had_entries = walk.saw_entry;
        walk = Walk::ignoring_nesting(&mended);
        (feed, bodies, scope) = read_walk(&mut walk, context, warnings)?;
        feed.lost_entries = had_entries && feed.entries.is_empty();
    }
    for fault in &walk.faults {
        warnings.add(*fault);
    }
    feed.breaks_off = walk.breaks_off;
    Ok((feed, bodies, scope))
}

fn read_walk(
    walk: &mut Walk<'_>,
    context: &ParseContext,
    warnings: &mut Warnings,
) -> Result<(ParsedFeed, Vec<Bodies>, Scope), ParseError> {
    let first = walk.next();
    let root = match &first {
        Some(Piece::Container(root) | Piece::Child(root)) => root,
        None => {
            return Err(ParseError::NotAFeed(
                "it is neither XML nor JSON".to_owned(),
            ));
        }
    };
    let dialect = Dialect::of_root(root)?;
    let outer = Scope {
        base: context.url.clone(),
        ..Scope::default()
    };
    let mut head = Head::new(dialect, outer.within(root));
    head.language(root.attribute_in(Ns::Xml, "lang"));
    // RDF is used for other documents too.
    let is_other_rdf = dialect == Dialect::Rss1 && !declares_rss(root);
    let mut entries = Newest::default();
    // The root itself may be an entry.
    let mut next = first.filter(|piece| matches!(piece, Piece::Child(_)));
    while let Some(piece) = next.take().or_else(|| walk.next()) {
        match piece {
            Piece::Container(container) => head.container(&container, warnings),
            Piece::Child(child) if is_entry(&child) => {
                let (mut entry, bodies) = entry::read(child, dialect, &head.scope, warnings);
                entry.is_partial = walk.breaks_off;
                entries.push(entry.published.or(entry.updated), (entry, bodies));
            }
            Piece::Child(child) => head.child(&child, warnings),
        }
    }
    if is_other_rdf && entries.is_empty() && head.says_nothing() {
        return Err(ParseError::NotAFeed(
            "it is RDF, but nothing in it belongs to a feed".to_owned(),
        ));
    }
    let (entries, bodies) = entries.into_vec(warnings).into_iter().unzip();
    let scope = head.scope.clone();
    Ok((head.finish(entries), bodies, scope))
}

fn declares_rss(root: &Element) -> bool {
    root.attributes
        .iter()
        .any(|a| !a.value.is_empty() && vocabulary::of_uri(&a.value) == Some(Ns::Core))
}

fn is_entry(child: &Element) -> bool {
    matches!(child.name.as_str(), "item" | "entry")
        && matches!(child.ns, Ns::Core | Ns::Atom | Ns::Other)
}

struct Head {
    dialect: Dialect,
    scope: Scope,
    id: Best<String>,
    title: Best<String>,
    link: Best<WebUrl>,
    description: Best<String>,
    language: Best<String>,
    updated: Best<Time>,
    published: Best<Time>,
    rights: Best<String>,
    generator: Best<String>,
    icon: Best<WebUrl>,
    image: Best<WebUrl>,
    creators: Vec<Person>,
    update_period: Option<u32>,
    update_frequency: Option<u32>,
    feed: ParsedFeed,
}

impl Head {
    fn new(dialect: Dialect, scope: Scope) -> Self {
        Self {
            dialect,
            scope,
            id: Best::default(),
            title: Best::default(),
            link: Best::default(),
            description: Best::default(),
            language: Best::default(),
            updated: Best::default(),
            published: Best::default(),
            rights: Best::default(),
            generator: Best::default(),
            icon: Best::default(),
            image: Best::default(),
            creators: Vec::new(),
            update_period: None,
            update_frequency: None,
            feed: ParsedFeed {
                format: dialect.name(),
                ..ParsedFeed::default()
            },
        }
    }

    fn language(&mut self, tag: Option<&str>) {
        self.language
            .offer(2, tag.and_then(constructs::language_tag));
    }

    /// A `channel`, or what wraps items.
    fn container(&mut self, e: &Element, warnings: &mut Warnings) {
        self.scope = self.scope.within(e);
        self.language(e.attribute_in(Ns::Xml, "lang"));
        if e.name != "channel" {
            return;
        }
        if self.dialect.is_rdf() {
            self.id.offer(1, constructs::named(e, "about"));
        }
        // The Channel Definition Format wrote both as attributes.
        let link = e.attribute("href").and_then(|u| self.scope.url(u));
        self.link.offer(6, link);
        let changed = e.attribute("lastmod");
        self.updated
            .offer(6, changed.and_then(|d| date_in(d, "lastmod", warnings)));
    }

    fn says_nothing(&self) -> bool {
        self.title.is_none()
            && self.link.is_none()
            && self.description.is_none()
            && self.image.is_none()
            && self.feed.categories.is_empty()
    }

    fn child(&mut self, e: &Element, warnings: &mut Warnings) {
        let scope = self.scope.within(e);
        match e.ns {
            Ns::Core if self.dialect.is_atom() && !constructs::is_of_rss_only(&e.name) => {
                self.atom(e, &scope, warnings);
            }
            Ns::Core if !self.dialect.is_atom() && constructs::is_of_atom_only(&e.name) => {
                self.atom(e, &scope, warnings);
            }
            Ns::Core => self.core(e, &scope, warnings),
            Ns::Atom => self.atom(e, &scope, warnings),
            Ns::Dc | Ns::DcTerms => self.dublin_core(e, warnings),
            Ns::Itunes => self.itunes(e, &scope),
            Ns::Media if e.name == "thumbnail" => {
                self.image
                    .offer(4, e.attribute("url").and_then(|u| scope.url(u)));
            }
            Ns::Syndication => self.syndication(e),
            Ns::History if e.name == "complete" => self.feed.is_complete = true,
            Ns::License if e.name == "license" => {
                let about = constructs::named(e, "resource");
                self.rights.offer(5, about.or_else(|| constructs::words(e)));
            }
            // `webfeeds:icon` and similar names.
            Ns::Other if e.name == "icon" => self.icon.offer(2, scope.url(&e.text())),
            Ns::Other if e.name == "generatoragent" => {
                self.generator.offer(2, constructs::named(e, "resource"));
            }
            _ => {}
        }
    }

    fn core(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer_line(1, constructs::headline(e, false)),
            "link" => {
                let text = e.text();
                let written = if text.trim().is_empty() {
                    e.attribute("href").unwrap_or_default()
                } else {
                    &text
                };
                match e.attribute("rel") {
                    None | Some("alternate") => {
                        let url = scope.url(written);
                        if self.scope.site.is_none() {
                            self.scope.site.clone_from(&url);
                        }
                        self.link.offer_last(1, url);
                    }
                    Some("self") => self.address(scope.url(written)),
                    Some("hub") => self.hub(scope.url(written)),
                    Some(_) => {}
                }
            }
            "description" => self
                .description
                .offer_line(1, constructs::headline(e, false)),
            "abstract" | "tagline" | "subtitle" => self
                .description
                .offer_line(2, constructs::headline(e, false)),
            "language" => self.language.offer(1, constructs::language_tag(&e.text())),
            "pubdate" | "date" | "published" => {
                self.published.offer(1, date_of(e, warnings));
            }
            "lastbuilddate" | "updated" | "modified" => {
                self.updated.offer(1, date_of(e, warnings));
            }
            "managingeditor" => self.author(constructs::person(e)),
            "author" if e.has_elements() => self.author(constructs::atom_person(e, scope)),
            "author" => self.author(constructs::person(e)),
            "category" => self.label(e),
            "copyright" | "rights" => self.rights.offer_line(1, constructs::headline(e, false)),
            "generator" => self.generator.offer(1, constructs::line(e, false)),
            "image" => {
                self.image.offer(1, image_url(e, scope));
            }
            "ttl" => {
                let minutes = e.text().trim().parse::<f64>().ok().filter(|m| *m > 0.0);
                // A week is longer than any schedule waits.
                let minutes = minutes.map(|m| m.min(10_080.0).round() as u32);
                self.feed.ttl_minutes = minutes;
                self.feed.hints.ttl_minutes = minutes;
            }
            "skiphours" => self.skip_hours(e),
            "skipdays" => self.skip_days(e),
            // RSS 1.0 and 0.90 write their image and text input beside the channel.
            _ => {}
        }
    }

    fn atom(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "id" => self.id.offer(2, constructs::words(e)),
            "title" => self.title.offer_line(2, constructs::headline(e, true)),
            "subtitle" | "tagline" => self
                .description
                .offer_line(2, constructs::headline(e, true)),
            "info" => self
                .description
                .offer_line(5, constructs::headline(e, true)),
            "link" => {
                let text = e.text();
                let href = scope.url(e.attribute("href").unwrap_or(&text));
                let rel = e
                    .attribute("rel")
                    .unwrap_or("alternate")
                    .trim()
                    .to_ascii_lowercase();
                match rel.as_str() {
                    "alternate" | "" => {
                        let is_page = e.attribute("type").is_none_or(|t| t.contains("html"));
                        let rank = if self.dialect.is_atom() { 1 } else { 3 };
                        self.site(if is_page { rank } else { rank + 1 }, href);
                    }
                    "self" => self.address(href),
                    "hub" => self.hub(href),
                    "prev-archive" => {
                        self.feed.prev_archive = self.feed.prev_archive.take().or(href)
                    }
                    _ => {}
                }
            }
            "updated" | "modified" => self.updated.offer(2, date_of(e, warnings)),
            "published" | "issued" | "created" => {
                self.published.offer(2, date_of(e, warnings));
            }
            "author" => self.author(constructs::atom_person(e, scope)),
            "contributor" => self.contributor(constructs::atom_person(e, scope)),
            "category" => self.label(e),
            "rights" | "copyright" => self.rights.offer_line(2, constructs::headline(e, true)),
            "generator" => self.generator.offer(2, constructs::line(e, true)),
            "icon" => self.icon.offer(1, scope.url(&e.text())),
            "logo" => self.image.offer(2, scope.url(&e.text())),
            _ => {}
        }
    }

    fn dublin_core(&mut self, e: &Element, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer_line(3, constructs::headline(e, false)),
            "creator" | "author" => self.creator(constructs::person(e)),
            "contributor" => self.contributor(constructs::person(e)),
            "description" | "abstract" => self
                .description
                .offer_line(3, constructs::headline(e, false)),
            "subject" => self.label(e),
            "language" => self.language.offer(3, constructs::language_tag(&e.text())),
            "rights" => self.rights.offer_line(3, constructs::headline(e, false)),
            "date" | "issued" | "created" => {
                self.published.offer(3, date_of(e, warnings));
            }
            "modified" => self.updated.offer(3, date_of(e, warnings)),
            "identifier" => self.id.offer(4, constructs::words(e)),
            _ => {}
        }
    }

    fn itunes(&mut self, e: &Element, scope: &Scope) {
        match e.name.as_str() {
            "author" => self.creator(constructs::person(e)),
            "owner" if self.creators.is_empty() => {
                self.creator(constructs::atom_person(e, scope));
            }
            "title" => self.title.offer_line(4, constructs::headline(e, false)),
            "summary" | "description" => self
                .description
                .offer_line(4, constructs::headline(e, false)),
            "subtitle" => self
                .description
                .offer_line(5, constructs::headline(e, false)),
            "image" => self.image.offer(3, image_url(e, scope)),
            "category" => self.itunes_category(e),
            "keywords" => {
                for word in e.text().split(',') {
                    self.term(&settle::line(word));
                }
            }
            _ => {}
        }
    }

    fn itunes_category(&mut self, e: &Element) {
        let name = e.attribute("text").map(settle::line);
        self.term(&name.unwrap_or_default());
        for child in e.elements().filter(|c| c.name == "category") {
            let name = child.attribute("text").map(settle::line);
            self.term(&name.unwrap_or_default());
        }
    }

    fn term(&mut self, term: &str) {
        if !term.is_empty() {
            let category = crate::model::Category {
                term: term.to_owned(),
                ..Default::default()
            };
            push_new(&mut self.feed.categories, category);
        }
    }

    fn label(&mut self, e: &Element) {
        if let Some(category) = constructs::category(e) {
            push_new(&mut self.feed.categories, category);
        }
    }

    fn author(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.feed.authors, person);
        }
    }

    fn contributor(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.feed.contributors, person);
        }
    }

    /// Who made it, where the feed names no author.
    fn creator(&mut self, person: Option<Person>) {
        if let Some(person) = person {
            push_new(&mut self.creators, person);
        }
    }

    /// RSS syndication module: how often the feed changes.
    fn syndication(&mut self, e: &Element) {
        let text = e.text();
        match e.name.as_str() {
            "updateperiod" => {
                self.update_period = match text.trim().to_ascii_lowercase().as_str() {
                    "hourly" => Some(3600),
                    "daily" => Some(86_400),
                    "weekly" => Some(604_800),
                    "monthly" => Some(2_592_000),
                    "yearly" => Some(31_536_000),
                    _ => None,
                };
            }
            "updatefrequency" => self.update_frequency = text.trim().parse().ok(),
            _ => {}
        }
    }

    fn skip_hours(&mut self, e: &Element) {
        for hour in e.elements().filter(|c| c.name == "hour") {
            // 24 is midnight in the older texts of the specification.
            if let Ok(hour @ 0..=24) = hour.text().trim().parse::<u32>() {
                self.feed.hints.skip_hours |= 1 << (hour % 24);
            }
        }
    }

    fn skip_days(&mut self, e: &Element) {
        for day in e.elements().filter(|c| c.name == "day") {
            let name = day.text().trim().to_ascii_lowercase();
            let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            if let Some(bit) = days.iter().position(|d| name.starts_with(d)) {
                self.feed.hints.skip_days |= 1 << bit;
            }
        }
    }

    fn site(&mut self, rank: u8, url: Option<WebUrl>) {
        if self.scope.site.is_none() {
            self.scope.site.clone_from(&url);
        }
        self.link.offer(rank, url);
    }

    fn address(&mut self, url: Option<WebUrl>) {
        if self.feed.feed_url.is_none() {
            self.feed.feed_url = url;
        }
    }

    fn hub(&mut self, url: Option<WebUrl>) {
        // ET-50: an https address is preferred.
        let is_better = |new: &WebUrl| match &self.feed.hub {
            None => true,
            Some(old) => !old.is_https() && new.is_https(),
        };
        if let Some(url) = url.filter(is_better) {
            self.feed.hub = Some(url);
        }
    }

    fn finish(self, entries: Vec<ParsedEntry>) -> ParsedFeed {
        let mut feed = self.feed;
        if feed.authors.is_empty() {
            feed.authors = self.creators;
        }
        let hints = Hints {
            update_period_s: self
                .update_period
                .map(|p| p / self.update_frequency.unwrap_or(1).max(1)),
            ..feed.hints
        };
        ParsedFeed {
            id: self.id.take(),
            title: self.title.take(),
            link: self.link.take(),
            description: self.description.take(),
            language: self.language.take(),
            updated: self.updated.take(),
            published: self.published.take(),
            rights: self.rights.take(),
            generator: self.generator.take(),
            icon: self.icon.take(),
            image: self.image.take(),
            entries,
            hints,
            ..feed
        }
    }
}
