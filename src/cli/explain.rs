//! `newswire explain`: why a story is as it is: what identifies each copy, what its URL was cleaned to, why it is a copy,
//! what came closest without being one, which topics it is in and on which words.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use super::humanize::count;
use super::lookup;
use super::matches::{EvaluatedCopy, Match};
use super::similarity::Alike;
use super::times::ARRIVED;
use crate::dedup::decisions::{STAYED, Word};
use crate::model::{ArticleView, SameAs, Time};
use crate::query;
use crate::store::{DecisionKind, DedupSettings, Reads, TopicInfo};

/// `newswire explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A story's or copy's id or the beginning of it, or the URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// All that there is to say of a story.
#[derive(Serialize)]
struct Explanation {
    id: String,
    title: String,
    copies: Vec<CopyExplained>,
}

/// And of one copy.
#[derive(Serialize)]
struct CopyExplained {
    id: String,
    feed_title: String,
    feed_url: String,
    title: String,
    arrived: crate::model::Time,
    revision: u32,
    /// `guid`, `link` or `digest`.
    identity: &'static str,
    key: String,
    url: Option<String>,
    canonical_url: Option<String>,
    joined_with: Option<String>,
    same_as: Option<SameAs>,
    /// The two as they are now; none if it joined nothing, or the other is gone.
    alike: Option<Alike>,
    /// What was decided about it by hand, the newest last.
    decisions: Vec<DecisionExplained>,
    /// The paragraphs that are left out of its body as boilerplate.
    boilerplate: Vec<String>,
    /// For the first copy: what came closest to it without being of the story.
    nearest: Option<Neighbour>,
    topics: Vec<TopicExplained>,
}

/// A decision of the user's about a copy.
#[derive(Serialize)]
struct DecisionExplained {
    kind: DecisionKind,
    at: Time,
    /// On which side of it the copy is: of a split, 0 stayed in the story.
    side: u32,
}

/// A copy of another story.
#[derive(Serialize)]
struct Neighbour {
    id: String,
    /// Whether the user split the two.
    is_split: bool,
    feed_title: String,
    title: String,
    alike: Alike,
}

/// A topic that holds it, and the words and facts that decided.
#[derive(Serialize)]
struct TopicExplained {
    name: String,
    #[serde(rename = "match")]
    source: String,
    found: Vec<Match>,
}

/// Runs `newswire explain`.
pub fn explain(cx: &mut Context, args: &ExplainArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let id = lookup::story(&reads, &args.story)?;
    let story = reads
        .story(id)?
        .ok_or_else(|| Failure::missing(format!("the story {id} is gone")))?;
    let copies = reads.copies(id)?;
    let about = About {
        now: cx.clock.now(),
        topics: reads.topics()?,
        dedup: DedupSettings {
            window: config.dedup.window,
            near: config.dedup.near,
        },
        copies: &copies,
        reads,
    };
    let copies = copies
        .iter()
        .map(|copy| about.explained(copy))
        .collect::<Result<Vec<_>, Failure>>()?;
    let explanation = Explanation {
        id: id.to_string(),
        title: story.title,
        copies,
    };
    if args.json {
        return cx.out.json(&explanation);
    }
    print(cx, &explanation)
}

/// What explaining the copies of a story needs.
struct About<'a> {
    now: Time,
    reads: Reads,
    topics: Vec<TopicInfo>,
    dedup: DedupSettings,
    copies: &'a [ArticleView],
}

impl About<'_> {
    fn explained(&self, copy: &ArticleView) -> Result<CopyExplained, Failure> {
        let lineage = self.reads.lineage(copy.id)?;
        let (identity, key, joined_with) = match lineage {
            Some(lineage) => (lineage.key_kind, lineage.key, lineage.joined_with),
            None => ("gone", String::new(), None),
        };
        Ok(CopyExplained {
            id: copy.id.to_string(),
            feed_title: copy.feed.title.clone(),
            feed_url: copy.feed_url.clone(),
            title: copy.title.clone(),
            arrived: copy.arrived,
            revision: copy.revision,
            identity,
            key,
            url: copy.url.clone(),
            canonical_url: copy.canonical_url.clone(),
            alike: self.alike(copy, joined_with.as_deref())?,
            joined_with,
            same_as: copy.same_as.clone(),
            nearest: match copy.same_as {
                Some(_) => None,
                None => self.nearest(copy)?,
            },
            decisions: self
                .reads
                .decisions_about(copy.id)?
                .into_iter()
                .map(|d| DecisionExplained {
                    kind: d.kind,
                    at: d.at,
                    side: d.side,
                })
                .collect(),
            boilerplate: copy.boilerplate.clone(),
            topics: self.topics_of(copy),
        })
    }

    /// What a copy has in common with the one that it was joined with.
    fn alike(&self, copy: &ArticleView, with: Option<&str>) -> Result<Option<Alike>, Failure> {
        let other = self
            .copies
            .iter()
            .find(|c| Some(c.id.to_string().as_str()) == with);
        let Some(other) = other else { return Ok(None) };
        let verdict = self.reads.verdict(self.dedup, copy.id, other.id)?;
        Ok(verdict.map(|verdict| Alike::of(&verdict, copy, other)))
    }

    fn nearest(&self, copy: &ArticleView) -> Result<Option<Neighbour>, Failure> {
        let Some(nearest) = self.reads.nearest(self.dedup, copy.id)? else {
            return Ok(None);
        };
        let other = self.reads.articles_at(&[nearest.row], true)?.pop();
        let said = self.reads.word(copy.id, nearest.id)?;
        Ok(other.map(|other| Neighbour {
            id: other.id.to_string(),
            is_split: said == Some(Word::Apart),
            alike: Alike::of(&nearest.verdict, copy, &other),
            feed_title: other.feed.title,
            title: other.title,
        }))
    }

    fn topics_of(&self, copy: &ArticleView) -> Vec<TopicExplained> {
        let evaluated = EvaluatedCopy::of(copy, self.copies, self.now);
        let topics = self.topics.iter();
        topics
            .filter(|topic| copy.topics.contains(&topic.name))
            .map(|topic| TopicExplained {
                name: topic.name.clone(),
                source: topic.source.clone(),
                found: query::parse(&topic.source)
                    .map_or_else(|_| Vec::new(), |e| evaluated.matches(&e).0),
            })
            .collect()
    }
}

fn print(cx: &mut Context, explanation: &Explanation) -> Result<(), Failure> {
    cx.out.heading(&explanation.title)?;
    cx.out.line(&format!(
        "story {}: {}{}",
        explanation.id,
        count(explanation.copies.len(), "copy"),
        match explanation.copies.first() {
            Some(first) if first.id == explanation.id => "; its id is that of its first copy",
            _ => "",
        }
    ))?;
    for (n, copy) in explanation.copies.iter().enumerate() {
        cx.out.line("")?;
        let mut facts = vec![
            ("copy", format!("{} ({})", copy.feed_title, copy.feed_url)),
            ("title", copy.title.clone()),
            ("id", copy.id.clone()),
            (
                "identity",
                format!("by its {}: {}", copy.identity, copy.key),
            ),
            (
                "arrived",
                format!(
                    "{}, revision {}",
                    cx.times.full(copy.arrived),
                    copy.revision
                ),
            ),
        ];
        if n == 0 {
            facts.push(("", format!("({ARRIVED})")));
        }
        facts.extend(copy.url.clone().map(|url| ("url", url)));
        if copy.canonical_url != copy.url {
            facts.extend(copy.canonical_url.clone().map(|url| ("cleaned to", url)));
        }
        facts.push(("joined", joined(copy)));
        facts.extend(copy.alike.iter().flat_map(Alike::facts));
        facts.extend(copy.decisions.iter().map(|d| ("decided", decided(cx, d))));
        facts.extend(
            copy.topics
                .iter()
                .map(|topic| ("topic", topic_in_words(topic))),
        );
        facts.extend(
            copy.boilerplate
                .iter()
                .map(|text| ("left out", format!("as boilerplate: {text}"))),
        );
        super::feeds::facts_table(cx, facts)?;
        if let Some(nearest) = &copy.nearest {
            print_nearest(cx, nearest)?;
        }
    }
    Ok(())
}

fn print_nearest(cx: &mut Context, nearest: &Neighbour) -> Result<(), Failure> {
    cx.out.line("")?;
    let mut facts = vec![
        (
            "nearest",
            format!("{}: {}", nearest.feed_title, nearest.title),
        ),
        ("id", nearest.id.clone()),
        ("joined", not_joined(nearest).to_owned()),
    ];
    facts.extend(nearest.alike.facts());
    super::feeds::facts_table(cx, facts)
}

fn decided(cx: &Context, decision: &DecisionExplained) -> String {
    let at = cx.times.full(decision.at);
    match (decision.kind, decision.side) {
        (DecisionKind::Join, _) => format!("joined by hand, {at}"),
        (DecisionKind::Split, STAYED) => format!("stayed when others were split off by hand, {at}"),
        (DecisionKind::Split, _) => format!("split off by hand, {at}"),
    }
}

fn not_joined(nearest: &Neighbour) -> &'static str {
    if nearest.is_split {
        "no: they were split by hand"
    } else if nearest.alike.is_one_piece() {
        "no, though the two are alike: one was edited since, its story was full or over, or the story's other feeds \
         have nothing in common with it"
    } else {
        "no"
    }
}

fn joined(copy: &CopyExplained) -> String {
    match (&copy.same_as, &copy.joined_with) {
        (Some(same), with) if same.signal == "user" => {
            let with = with
                .as_ref()
                .map_or_else(String::new, |w| format!(" with {w}"));
            format!("by hand{with}")
        }
        (Some(same), with) => {
            let signal = match same.signal.as_str() {
                "url" => "the same page",
                "text" => "the same text",
                "near" => "nearly the same text",
                other => other,
            };
            let with = with
                .as_ref()
                .map_or_else(String::new, |with| format!(" as {with}"));
            format!("{signal}{with}, score {:.2}", same.score)
        }
        (None, _) => "no: it was the first copy".to_owned(),
    }
}

fn topic_in_words(topic: &TopicExplained) -> String {
    let found: Vec<String> = topic.found.iter().map(Match::in_words).collect();
    let on = if found.is_empty() {
        "on what is not there".to_owned()
    } else {
        format!("on {}", found.join(", "))
    };
    format!("{} {on}; {}", topic.name, topic.source)
}
