//! Warnings about names in expressions that match no feed, topic or language. They are never errors, because a feed or topic
//! of that name may be added later.

use super::exit::{Exit, Failure};
use super::humanize::count;
use super::lookup;
use crate::config::Config;
use crate::model::{Feed, FeedId};
use crate::query::Expr;
use crate::query::ast::{Fact, Name};
use crate::store::Reads;
use crate::text::fold::fold;
use crate::text::nearest::nearest;

/// Warnings about the names in an expression that match nothing in the store.
pub fn of_expression(expr: &Expr, reads: &Reads) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    for fact in facts(expr) {
        let found = match &fact {
            Fact::Topic(name) => lookup::topic(reads, name).map(drop),
            Fact::Feed(Name::Is(name)) => lookup::feed(&reads.feeds()?, name).map(drop),
            Fact::Lang(tag) if !(2..=3).contains(&tag.split('-').next().map_or(0, str::len)) => {
                warnings.push(format!(
                    "lang:{tag}: not a language code; write it like lang:en"
                ));
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(Failure::Message(Exit::NoInput, why)) = found {
            warnings.push(why);
        }
    }
    Ok(warnings)
}

/// Warnings about topics that name feeds which are neither in the configuration nor in the store.
pub fn of_topics(config: &Config) -> Vec<String> {
    let stored = Reads::open(&config.store.path).and_then(|reads| reads.feeds());
    let known = known_feeds(config, &stored.unwrap_or_default());
    // The titles of feeds that were never read are unknown: too many of them would cause false warnings.
    let unread = known.iter().filter(|feed| feed.title.is_none()).count();
    if unread * 2 >= known.len() {
        return Vec::new();
    }
    let but = match unread {
        0 => String::new(),
        n => format!(" ({} never read so far)", count(n, "feed")),
    };
    let titles: Vec<&str> = known.iter().filter_map(|f| f.title.as_deref()).collect();
    let mut warnings = Vec::new();
    for topic in &config.topics {
        for fact in facts(&topic.expr) {
            let Fact::Feed(Name::Is(name)) = &fact else {
                continue;
            };
            if known.iter().any(|feed| feed.is_named(name)) {
                continue;
            }
            let hint = match nearest(name, titles.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "`newswire feeds` lists them".to_owned(),
            };
            warnings.push(format!(
                "topic {:?}: no feed matches {name:?}{but}; {hint}",
                topic.name
            ));
        }
    }
    warnings
}

/// A feed as expressions refer to it.
struct KnownFeed {
    id: FeedId,
    url: String,
    /// `None` if it was never read and the user gave it no title.
    title: Option<String>,
}

impl KnownFeed {
    /// Whether `feed:` with this name matches the feed.
    fn is_named(&self, name: &str) -> bool {
        name == self.url
            || name == self.id.to_string()
            || (name.contains("://") && FeedId::of(name) == self.id)
            || self
                .title
                .as_ref()
                .is_some_and(|title| fold(title).contains(&fold(name)))
    }
}

/// The feeds of the file and of the store.
fn known_feeds(config: &Config, stored: &[Feed]) -> Vec<KnownFeed> {
    let of_store = stored.iter().map(|feed| {
        let has_title = feed.last_success.is_some() || !feed.url.contains(&feed.title);
        KnownFeed {
            id: feed.id,
            url: feed.url.clone(),
            title: has_title.then(|| feed.title.clone()),
        }
    });
    let of_file = config.feeds.iter().map(|feed| KnownFeed {
        id: FeedId::of(feed.url.as_str()),
        url: feed.url.to_string(),
        title: feed.title.clone(),
    });
    let is_stored = |new: &KnownFeed| {
        let is_same = |feed: &Feed| feed.id == new.id || feed.url == new.url;
        stored.iter().any(is_same)
    };
    of_store
        .chain(of_file.filter(|new| !is_stored(new)))
        .collect()
}

fn facts(expr: &Expr) -> Vec<Fact> {
    let mut facts = Vec::new();
    expr.any(&mut |e| {
        if let Expr::Fact(fact) = e {
            facts.push(fact.clone());
        }
        false
    });
    facts
}
