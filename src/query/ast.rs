//! The syntax tree of an expression, and its text form: parsing the text gives the same tree.

use std::collections::HashSet;
use std::fmt;

pub use super::regex::Regex;
pub use super::value::{Compare, Day, When};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of these.
    And(Vec<Expr>),
    /// Any of these.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// A pattern in the text.
    Text(Scope, Pattern),
    /// A fact about the article.
    Fact(Fact),
}

/// The part of the text that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Title, summary or body: a bare word.
    Any,
    /// `title:`
    Title,
    /// `body:` summary and body.
    Body,
    /// `author:`
    Author,
    /// `category:` the publisher's labels.
    Category,
    /// `agency:`
    Agency,
}

/// What is searched for. Words are folded ([`crate::text::fold`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// These tokens, one after the other.
    Phrase(Vec<String>),
    /// The same, and the last is a prefix: `nuclear*`.
    Prefix(Vec<String>),
    /// These phrases with at most so many tokens between the first and the last: `NEAR(a b, 5)`.
    Near(Vec<Vec<String>>, u32),
    /// A regular expression over the unfolded text.
    Regex(Regex),
}

/// A value of `feed:`, `tag:` or `url:`.
#[derive(Debug, Clone, PartialEq)]
pub enum Name {
    /// A literal.
    Is(String),
    /// A regular expression.
    Like(Regex),
}

/// A condition on the article that is not about its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// `feed:` words of the feed's title, its id or its URL.
    Feed(Name),
    /// `tag:` a folder or tag of the feed, case-insensitive; a folder includes its subfolders.
    Tag(Name),
    /// `url:` a part of the article's URL.
    Url(Name),
    /// `site:` a host and its subdomains.
    Site(String),
    /// `lang:` a primary language tag.
    Lang(String),
    /// `topic:` a topic's name.
    Topic(String),
    /// `since:` arrived at or after.
    Since(When),
    /// `until:` arrived before.
    Until(When),
    /// `copies>=3`, `feeds>=3`, `words>=200`.
    Count(Measure, Compare, u64),
}

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Copies of the story.
    Copies,
    /// Feeds that carry the story.
    Feeds,
    /// Words of the body.
    Words,
}

impl Measure {
    /// By name.
    pub const ALL: [(&'static str, Self); 3] = [
        ("copies", Self::Copies),
        ("feeds", Self::Feeds),
        ("words", Self::Words),
    ];
}

impl Scope {
    /// The field's name; `None` for a bare word.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Title => Some("title"),
            Self::Body => Some("body"),
            Self::Author => Some("author"),
            Self::Category => Some("category"),
            Self::Agency => Some("agency"),
        }
    }
}

impl Fact {
    /// The field's name, or that of the count.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Feed(_) => "feed",
            Self::Tag(_) => "tag",
            Self::Url(_) => "url",
            Self::Site(_) => "site",
            Self::Lang(_) => "lang",
            Self::Topic(_) => "topic",
            Self::Since(_) => "since",
            Self::Until(_) => "until",
            Self::Count(Measure::Copies, ..) => "copies",
            Self::Count(Measure::Feeds, ..) => "feeds",
            Self::Count(Measure::Words, ..) => "words",
        }
    }
}

impl Expr {
    /// Whether any node of the tree satisfies `test`.
    pub fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        test(self)
            || match self {
                Self::And(list) | Self::Or(list) => list.iter().any(|e| e.any(test)),
                Self::Not(inner) => inner.any(test),
                Self::Text(..) | Self::Fact(_) => false,
            }
    }

    /// Whether the article's text is needed.
    pub fn needs_text(&self) -> bool {
        self.any(&mut |e| matches!(e, Self::Text(..)))
    }

    /// Whether a joined word or an emoji may be searched for, which only match as single words.
    pub fn needs_single_words(&self) -> bool {
        self.any(&mut |e| match e {
            Self::Text(_, Pattern::Phrase(words) | Pattern::Prefix(words)) => {
                let is_emoji = |word: &String| word.chars().any(super::emoji::is_emoji);
                words.len() == 1 || words.iter().any(is_emoji)
            }
            Self::Text(_, Pattern::Near(..)) => true,
            _ => false,
        })
    }

    /// Whether the result depends on the number of copies of the story.
    pub fn needs_story(&self) -> bool {
        self.any(&mut |e| {
            matches!(
                e,
                Self::Fact(Fact::Count(Measure::Copies | Measure::Feeds, ..))
            )
        })
    }

    /// Whether the result depends on other topics.
    pub fn needs_topics(&self) -> bool {
        self.any(&mut |e| matches!(e, Self::Fact(Fact::Topic(_))))
    }

    /// The names of the topics that the result depends on.
    pub fn topics(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.any(&mut |e| {
            if let Self::Fact(Fact::Topic(name)) = e {
                names.push(name.clone());
            }
            false
        });
        names
    }

    /// Whether the result depends on one of these topics.
    pub fn needs_one_of(&self, topics: &HashSet<String>) -> bool {
        self.any(&mut |e| matches!(e, Self::Fact(Fact::Topic(name)) if topics.contains(name)))
    }

    /// Whether the result depends on the feed's title, site, folder or tags.
    pub fn needs_feed(&self) -> bool {
        self.any(&mut |e| matches!(e, Self::Fact(Fact::Feed(_) | Fact::Tag(_) | Fact::Site(_))))
    }

    /// Whether the result changes over time.
    pub fn needs_now(&self) -> bool {
        self.any(&mut |e| {
            matches!(
                e,
                Self::Fact(Fact::Since(when) | Fact::Until(when))
                    if !matches!(when, When::At(_))
            )
        })
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(list) => join(f, list, " ", |e| matches!(e, Self::And(_) | Self::Or(_))),
            Self::Or(list) => join(f, list, " OR ", |e| matches!(e, Self::Or(_))),
            Self::Not(inner) => {
                f.write_str("-")?;
                operand(f, inner, matches!(**inner, Self::And(_) | Self::Or(_)))
            }
            Self::Text(scope, pattern) => {
                if let Some(name) = scope.name() {
                    write!(f, "{name}:")?;
                }
                write!(f, "{pattern}")
            }
            Self::Fact(fact) => write!(f, "{fact}"),
        }
    }
}

/// Writes parentheses only where parsing needs them, so that the text is never nested deeper than the one that was parsed.
fn join(
    f: &mut fmt::Formatter<'_>,
    list: &[Expr],
    between: &str,
    is_group: fn(&Expr) -> bool,
) -> fmt::Result {
    for (i, e) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        operand(f, e, is_group(e))?;
    }
    Ok(())
}

fn operand(f: &mut fmt::Formatter<'_>, e: &Expr, is_group: bool) -> fmt::Result {
    if is_group {
        write!(f, "({e})")
    } else {
        write!(f, "{e}")
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phrase(words) => write!(f, "\"{}\"", words.join(" ")),
            Self::Prefix(words) => write!(f, "\"{}\"*", words.join(" ")),
            Self::Near(phrases, distance) => {
                f.write_str("NEAR(")?;
                for p in phrases {
                    write!(f, "\"{}\" ", p.join(" "))?;
                }
                write!(f, ", {distance})")
            }
            Self::Regex(regex) => write!(f, "{regex}"),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(text) => quoted(f, text),
            Self::Like(regex) => write!(f, "{regex}"),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| {
            write!(f, "{name}:")?;
            quoted(f, value)
        };
        match self {
            Self::Feed(name) => write!(f, "feed:{name}"),
            Self::Tag(name) => write!(f, "tag:{name}"),
            Self::Url(name) => write!(f, "url:{name}"),
            Self::Site(host) => text(f, "site", host),
            Self::Lang(tag) => text(f, "lang", tag),
            Self::Topic(name) => text(f, "topic", name),
            Self::Since(when) => write!(f, "since:{when}"),
            Self::Until(when) => write!(f, "until:{when}"),
            Self::Count(measure, compare, n) => {
                let name = Measure::ALL.iter().find(|(_, m)| m == measure);
                write!(f, "{}{compare}{n}", name.map_or("", |(name, _)| name))
            }
        }
    }
}
