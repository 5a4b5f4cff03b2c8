//! Prints an explanation as text.

use super::explanation::{
    CopyExplained, DecisionExplained, Explanation, NearestCopy, TopicExplained,
};
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::facts;
use crate::cli::humanize::count;
use crate::cli::matches::Match;
use crate::cli::similarity::Similarity;
use crate::cli::times::ARRIVED;
use crate::dedup::decisions::STAYED;
use crate::store::DecisionKind;

/// Prints an explanation.
pub fn print(cx: &mut Context, explanation: &Explanation) -> Result<(), Failure> {
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
        facts::print(cx, facts)?;
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
    facts::print(cx, facts)
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
    let reason = if found.is_empty() {
        "excluded terms are absent".to_owned()
    } else {
        format!("matches {}", found.join(", "))
    };
    format!("{}: {reason} (expression: {})", topic.name, topic.source)
}
