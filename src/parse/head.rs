//! An XML feed: which dialect it is, what it says about itself, and its entries in order.

use super::constructs::{self, Scope};
use super::vocabulary::{ATOM_03, Ns};
use super::xml::{self, Element, Piece, Walk};
use super::{Best, ENTRIES_MAX, ParseContext, ParseError, Warnings, entry, people, push_new};
use crate::model::{Hints, ParsedEntry, ParsedFeed, Time, WebUrl};

/// What kind of document this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 2.x, and RSS that tells no version.
    Rss2,
    /// RSS 0.90 to 0.94.
    Rss09,
    /// RDF site summary 1.0 or 1.1.
    Rss1,
    /// RSS 0.90, which is RDF.
    Rss090,
    /// Atom 1.0.
    Atom,
    /// Atom 0.3.
    Atom03,
}

impl Dialect {
    fn name(self) -> &'static str {
        match self {
            Self::Rss2 => "rss2",
            Self::Rss09 | Self::Rss090 => "rss09x",
            Self::Rss1 => "rss1",
            Self::Atom => "atom",
            Self::Atom03 => "atom03",
        }
    }

    /// Whether names without a namespace are Atom's.
    pub fn is_atom(self) -> bool {
        matches!(self, Self::Atom | Self::Atom03)
    }

    /// Whether `rdf:about` names things.
    pub fn is_rdf(self) -> bool {
        matches!(self, Self::Rss1 | Self::Rss090)
    }

    fn of_root(root: &Element) -> Result<Self, ParseError> {
        let version = root.attribute("version").unwrap_or_default().trim();
        let declares = |uri: &str| {
            root.attributes
                .iter()
                .any(|a| a.name.starts_with("xmlns") && a.value.contains(uri))
                || root.attributes.iter().any(|a| a.value == uri)
        };
        match root.name.as_str() {
            "rss" if version.starts_with("0.9") => Ok(Self::Rss09),
            "rss" | "channel" => Ok(Self::Rss2),
            "rdf"
                if declares("my.netscape.com/rdf/simple/0.9")
                    || declares("channel.netscape.com/rdf/simple/0.9") =>
            {
                Ok(Self::Rss090)
            }
            "rdf" => Ok(Self::Rss1),
            "feed" if declares(ATOM_03) || version == "0.3" || version == "0.2" => Ok(Self::Atom03),
            "feed" | "entry" => Ok(Self::Atom),
            "html" => Err(ParseError::NotAFeed("it is a web page".to_owned())),
            "opml" => Err(ParseError::NotAFeed(
                "it is a subscription list; `newswire import` reads those".to_owned(),
            )),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(ParseError::NotAFeed(format!("it begins with <{shown}>")))
            }
        }
    }
}

/// Reads a document.
pub fn read(
    text: &str,
    context: &ParseContext,
    warnings: &mut Warnings,
) -> Result<ParsedFeed, ParseError> {
    let mended = xml::mend(text);
    if matches!(mended, std::borrow::Cow::Owned(_)) {
        warnings.add("a < that begins no tag was read as text");
    }
    let mut walk = Walk::new(&mended);
    let Some(Piece::Container(root)) = walk.next() else {
        return Err(ParseError::NotAFeed(
            "it is neither XML nor JSON".to_owned(),
        ));
    };
    let dialect = Dialect::of_root(&root)?;
    let outer = Scope {
        base: context.url.clone(),
        ..Scope::default()
    };
    let mut head = Head::new(dialect, outer.within(&root));
    head.language(root.attribute_in(Ns::Xml, "lang"));
    let mut left_out = 0_usize;
    while let Some(piece) = walk.next() {
        match piece {
            Piece::Container(channel) => {
                head.scope = head.scope.within(&channel);
                head.language(channel.attribute_in(Ns::Xml, "lang"));
                if dialect.is_rdf() {
                    let about = channel.attribute_in(Ns::Rdf, "about").map(str::trim);
                    head.id
                        .offer(1, about.filter(|a| !a.is_empty()).map(str::to_owned));
                }
            }
            Piece::Child(child) if is_entry(&child) => {
                if head.entries.len() < ENTRIES_MAX {
                    let read = entry::read(&child, dialect, &head.scope, warnings);
                    head.entries.push(read);
                } else {
                    left_out += 1;
                }
            }
            Piece::Child(child) => head.child(&child, warnings),
        }
    }
    for fault in &walk.faults {
        warnings.add(*fault);
    }
    if left_out > 0 {
        warnings.add(format!(
            "only the first {ENTRIES_MAX} entries were taken; {left_out} were left out"
        ));
    }
    Ok(head.finish())
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
    creators: Vec<crate::model::Person>,
    entries: Vec<ParsedEntry>,
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
            entries: Vec::new(),
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

    fn child(&mut self, e: &Element, warnings: &mut Warnings) {
        let scope = self.scope.within(e);
        let ns = if e.ns == Ns::Core && self.dialect.is_atom() {
            Ns::Atom
        } else {
            e.ns
        };
        match ns {
            Ns::Core => self.core(e, &scope, warnings),
            Ns::Atom => self.atom(e, &scope, warnings),
            Ns::Dc | Ns::DcTerms => self.dublin_core(e, warnings),
            Ns::Itunes => self.itunes(e, &scope),
            Ns::Media if e.name == "thumbnail" => {
                self.image
                    .offer(4, e.attribute("url").and_then(|u| scope.url(u)));
            }
            Ns::Syndication => self.syndication(e),
            Ns::License if e.name == "license" => {
                let about = e.attribute_in(Ns::Rdf, "resource").map(str::to_owned);
                self.rights.offer(5, about.or_else(|| constructs::words(e)));
            }
            Ns::Other if e.name == "generatoragent" => {
                let about = e.attribute_in(Ns::Rdf, "resource").map(str::to_owned);
                self.generator.offer(2, about);
            }
            _ => {}
        }
    }

    fn core(&mut self, e: &Element, scope: &Scope, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer(1, constructs::line(e, false)),
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
            "description" => self.description.offer(1, constructs::line(e, false)),
            "tagline" | "subtitle" => self.description.offer(2, constructs::line(e, false)),
            "language" => self.language.offer(1, constructs::language_tag(&e.text())),
            "pubdate" | "date" | "published" => {
                self.published.offer(1, entry::date_of(e, warnings));
            }
            "lastbuilddate" | "updated" | "modified" => {
                self.updated.offer(1, entry::date_of(e, warnings));
            }
            "managingeditor" => self.person(e, true),
            "author" if e.has_elements() => {
                self.feed.authors.extend(constructs::atom_person(e, scope));
            }
            "author" => self.person(e, true),
            "webmaster" => self.person(e, false),
            "category" => self.label(e),
            "copyright" | "rights" => self.rights.offer(1, constructs::line(e, false)),
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
            "title" => self.title.offer(2, constructs::line(e, true)),
            "subtitle" | "tagline" => self.description.offer(2, constructs::line(e, true)),
            "info" => self.description.offer(5, constructs::line(e, true)),
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
                    _ => {}
                }
            }
            "updated" | "modified" => self.updated.offer(2, entry::date_of(e, warnings)),
            "published" | "issued" | "created" => {
                self.published.offer(2, entry::date_of(e, warnings));
            }
            "author" => self.feed.authors.extend(constructs::atom_person(e, scope)),
            "contributor" => {
                self.feed
                    .contributors
                    .extend(constructs::atom_person(e, scope));
            }
            "category" => self.label(e),
            "rights" | "copyright" => self.rights.offer(2, constructs::line(e, true)),
            "generator" => self.generator.offer(2, constructs::line(e, true)),
            "icon" => self.icon.offer(1, scope.url(&e.text())),
            "logo" => self.image.offer(2, scope.url(&e.text())),
            _ => {}
        }
    }

    fn dublin_core(&mut self, e: &Element, warnings: &mut Warnings) {
        match e.name.as_str() {
            "title" => self.title.offer(3, constructs::line(e, false)),
            "creator" | "author" => {
                let person = constructs::line(e, false).as_deref().and_then(people::read);
                self.creators.extend(person);
            }
            "publisher" => self.person(e, false),
            "contributor" => {
                let person = constructs::line(e, false).as_deref().and_then(people::read);
                self.feed.contributors.extend(person);
            }
            "description" | "abstract" => self.description.offer(3, constructs::line(e, false)),
            "subject" => self.label(e),
            "language" => self.language.offer(3, constructs::language_tag(&e.text())),
            "rights" => self.rights.offer(3, constructs::line(e, false)),
            "date" | "issued" | "created" => {
                self.published.offer(3, entry::date_of(e, warnings));
            }
            "modified" => self.updated.offer(3, entry::date_of(e, warnings)),
            "identifier" => self.id.offer(4, constructs::words(e)),
            _ => {}
        }
    }

    fn itunes(&mut self, e: &Element, scope: &Scope) {
        match e.name.as_str() {
            "author" => {
                let person = constructs::line(e, false).as_deref().and_then(people::read);
                self.creators.extend(person);
            }
            "owner" if self.creators.is_empty() => {
                self.creators.extend(constructs::atom_person(e, scope));
            }
            "title" => self.title.offer(4, constructs::line(e, false)),
            "summary" => self.description.offer(4, constructs::line(e, false)),
            "subtitle" => self.description.offer(5, constructs::line(e, false)),
            "image" => self.image.offer(3, image_url(e, scope)),
            "category" => self.itunes_category(e),
            "keywords" => {
                for word in e.text().split(',') {
                    self.term(&crate::normalize::plain::line(word));
                }
            }
            _ => {}
        }
    }

    fn itunes_category(&mut self, e: &Element) {
        let name = e.attribute("text").map(crate::normalize::plain::line);
        self.term(&name.unwrap_or_default());
        for child in e.elements().filter(|c| c.name == "category") {
            let name = child.attribute("text").map(crate::normalize::plain::line);
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

    fn person(&mut self, e: &Element, is_author: bool) {
        let Some(person) = constructs::line(e, false).as_deref().and_then(people::read) else {
            return;
        };
        if is_author {
            push_new(&mut self.feed.authors, person);
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
        if self.feed.hub.is_none() {
            self.feed.hub = url;
        }
    }

    fn finish(self) -> ParsedFeed {
        let mut feed = self.feed;
        if feed.authors.is_empty() {
            for person in self.creators {
                push_new(&mut feed.authors, person);
            }
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
            entries: self.entries,
            hints,
            ..feed
        }
    }
}

/// Where a picture is: an attribute, an inner `url`, or the text.
pub fn image_url(e: &Element, scope: &Scope) -> Option<WebUrl> {
    let attribute = ["href", "url", "src"].iter().find_map(|a| e.attribute(a));
    let about = || e.attribute_in(Ns::Rdf, "resource");
    if let Some(written) = attribute.or_else(about) {
        return scope.url(written);
    }
    match e.elements().find(|c| c.name == "url") {
        Some(url) => scope.within(url).url(&url.text()),
        None if e.has_elements() => None,
        None => scope.url(&e.text()),
    }
}
