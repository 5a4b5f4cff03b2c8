//! `newswire explain`: for each copy of a story its identity, its canonical URL, why it belongs to the story, the most similar
//! copy of another story, and the topics with the words that matched.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use super::humanize::count;
use super::lookup;
use super::matches::{EvaluatedCopy, Match};
use super::similarity::Similarity;
use super::times::ARRIVED;
use crate::dedup::decisions::{STAYED, Word};
use crate::model::{ArticleView, SameAs, Time};
use crate::query;
use crate::store::{DecisionKind, DedupSettings, Reads, TopicInfo};

/// `newswire explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Id of a story or copy or its first characters, or URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `--json`.
#[derive(Serialize)]
struct Explanation {
    id: String,
    title: String,
    copies: Vec<CopyExplained>,
}

/// One copy.
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
    /// Compares the two as they are now. `None` if it joined nothing, or if the other no longer exists.
    alike: Option<Similarity>,
    /// Manual decisions about it, newest last.
    decisions: Vec<DecisionExplained>,
    /// The paragraphs left out of its body as boilerplate.
    boilerplate: Vec<String>,
    /// Only for the first copy: the most similar copy of another story.
    nearest: Option<NearestCopy>,
    topics: Vec<TopicExplained>,
}

/// A manual decision about a copy.
#[derive(Serialize)]
struct DecisionExplained {
    kind: DecisionKind,
    at: Time,
    /// The side of the copy: 0 if it stayed in a story that was split.
    side: u32,
}

/// A copy of another story.
#[derive(Serialize)]
struct NearestCopy {
    id: String,
    /// Whether the user split the two.
    is_split: bool,
    feed_title: String,
    title: String,
    alike: Similarity,
}

/// A topic that contains it, and the words and conditions that matched.
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
        .ok_or_else(|| Failure::missing(format!("the story {id} no longer exists")))?;
    let copies = reads.copies(id)?;
    let explainer = Explainer {
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
        .map(|copy| explainer.explained(copy))
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

/// The data for explaining the copies of a story.
struct Explainer<'a> {
    now: Time,
    reads: Reads,
    topics: Vec<TopicInfo>,
    dedup: DedupSettings,
    copies: &'a [ArticleView],
}

impl Explainer<'_> {
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

    /// Compares a copy with the one that it was joined with.
    fn alike(&self, copy: &ArticleView, with: Option<&str>) -> Result<Option<Similarity>, Failure> {
        let other = self
            .copies
            .iter()
            .find(|c| Some(c.id.to_string().as_str()) == with);
        let Some(other) = other else { return Ok(None) };
        let verdict = self.reads.verdict(self.dedup, copy.id, other.id)?;
        Ok(verdict.map(|verdict| Similarity::of(&verdict, copy, other)))
    }

    fn nearest(&self, copy: &ArticleView) -> Result<Option<NearestCopy>, Failure> {
        let Some(nearest) = self.reads.nearest(self.dedup, copy.id)? else {
            return Ok(None);
        };
        let other = self.reads.articles_at(&[nearest.row], true)?.pop();
        let decision = self.reads.word(copy.id, nearest.id)?;
        Ok(other.map(|other| NearestCopy {
            id: other.id.to_string(),
            is_split: decision == Some(Word::Apart),
            alike: Similarity::of(&nearest.verdict, copy, &other),
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
        facts.extend(copy.alike.iter().flat_map(Similarity::facts));
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

fn print_nearest(cx: &mut Context, nearest: &NearestCopy) -> Result<(), Failure> {
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

fn not_joined(nearest: &NearestCopy) -> &'static str {
    if nearest.is_split {
        "no: they were split by hand"
    } else if nearest.alike.is_one_piece() {
        "no, although the two are similar: one was edited later, its story was full or past its window, or the other \
         copies of the story have nothing in common with it"
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
        "because excluded terms are absent".to_owned()
    } else {
        format!("on {}", found.join(", "))
    };
    format!("{} {on}; {}", topic.name, topic.source)
}
