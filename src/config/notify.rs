//! `[[notify]]`: targets that are told of stories.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::places::read_destination;
use super::problem::Problem;
use super::reading::{Reading, SpannedTable};
use super::section::Section;
use super::topics::read_expression;
use crate::deliver::target::TARGETS_MAX;
use crate::deliver::{Destination, Target};
use crate::notify::firing::Rule;
use crate::notify::hours::{Every, Quiet, time_of_day};
use crate::query::{self, Expr};
use crate::store::TopicDefinition;
use crate::text::nearest::nearest;

/// Maximum length of a name, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Maximum of `max_per_hour`.
const PER_HOUR_MAX: u64 = 36_000;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);

/// Reads every `[[notify]]`. `topics` are those of the file.
pub fn read(
    reading: &mut Reading<'_>,
    tables: &[SpannedTable<'_>],
    topics: &[TopicDefinition],
    file: Option<&Path>,
) -> Vec<Target> {
    let mut seen: HashMap<String, Range<usize>> = HashMap::new();
    let mut targets = Vec::with_capacity(tables.len());
    for (n, (table, span)) in tables.iter().enumerate() {
        let path = format!("notify[{}]", n + 1);
        let mut s = Section::open(reading, path, Some(table), span.clone());
        if n == TARGETS_MAX {
            let label = format!("at most {TARGETS_MAX}");
            s.wrong(span.clone(), "too many [[notify]] sections", label);
        }
        if let Some(target) = read_one(&mut s, &mut seen, topics, file) {
            targets.push(target);
        }
        s.close();
    }
    targets
}

fn read_one(
    s: &mut Section<'_, '_, '_>,
    seen: &mut HashMap<String, Range<usize>>,
    topics: &[TopicDefinition],
    file: Option<&Path>,
) -> Option<Target> {
    let name = read_name(s, seen);
    let shown = name.as_deref().unwrap_or("?").to_owned();
    let selection = read_selection(s, &shown, topics, file);
    let destination = read_destination(s, &shown, file);
    let zone = read_zone(s);
    let quiet = read_quiet(s, &zone);
    let every = read_every(s);
    let (grew_at, span) = s.get::<Vec<u64>>("grew_at").unzip();
    let grew_at = grew_at.unwrap_or_default();
    if let Some(span) = span.filter(|_| grew_at.iter().any(|n| !(2..=10_000).contains(n))) {
        s.wrong(
            span,
            "grew_at is out of range",
            "numbers of feeds, from 2 to 10000",
        );
    }
    let per_hour = s.get::<u64>("max_per_hour");
    if let Some((n, span)) = &per_hour
        && !(1..=PER_HOUR_MAX).contains(n)
    {
        let limits = format!("from 1 to {PER_HOUR_MAX}; without the key there is no limit");
        s.wrong(span.clone(), "max_per_hour is out of range", limits);
    }
    let rule = Rule {
        counts_copies: false,
        backlog: s.get("backlog").is_some_and(|(backlog, _)| backlog),
        updated: s.get("updated").is_some_and(|(updated, _)| updated),
        grew_at: grew_at
            .into_iter()
            .filter_map(|n| u32::try_from(n).ok())
            .collect(),
    };
    let allow_private = s
        .get::<Vec<IpNet>>("allow_private")
        .map_or_else(Vec::new, |(networks, _)| networks);
    let (source, expr) = selection?;
    let (name, destination) = (name?, destination?);
    let is_digest = matches!(destination, Destination::Email(_) | Destination::Feed);
    Some(Target {
        name,
        rule: Rule {
            counts_copies: expr.as_ref().is_some_and(Expr::needs_story),
            ..rule
        },
        expr,
        source,
        destination,
        allow_private,
        quiet,
        per_hour: per_hour.and_then(|(n, _)| u32::try_from(n).ok()),
        every: every.filter(|_| is_digest),
        zone,
    })
}

fn read_name(
    s: &mut Section<'_, '_, '_>,
    seen: &mut HashMap<String, Range<usize>>,
) -> Option<String> {
    let Some((name, span)) = s.get::<String>("name") else {
        if s.raw("name").is_none() {
            let span = s.span();
            s.wrong(span, "a target needs its name", "name = \"…\" is missing");
        }
        return None;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if !name.chars().all(plain)
        || name.starts_with(['-', '_'])
        || name.chars().count() > NAME_CHARS_MAX
    {
        let label = format!("only a-z, 0-9, - and _, at most {NAME_CHARS_MAX}");
        s.wrong(
            span,
            "a target's name is part of commands and metrics",
            label,
        );
        return None;
    }
    if let Some(first) = seen.get(&name) {
        s.problem(
            Problem::new(span, "two targets have this name", "again here")
                .related(first.clone(), "first here"),
        );
        return None;
    }
    seen.insert(name.clone(), span);
    Some(name)
}

/// What fires: the stories of a topic, those that match an expression, those of both, or all. `None` after a mistake.
fn read_selection(
    s: &mut Section<'_, '_, '_>,
    name: &str,
    topics: &[TopicDefinition],
    file: Option<&Path>,
) -> Option<(String, Option<Expr>)> {
    let topic = match s.get::<String>("topic") {
        None if s.raw("topic").is_some() => return None,
        None => None,
        Some((topic, span)) => match topics.iter().find(|t| t.name == topic) {
            Some(topic) => Some(topic.source.clone()),
            None => {
                let near = nearest(&topic, topics.iter().map(|t| t.name.as_str()));
                let label = match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "the name of a [[topic]] of this file is expected".to_owned(),
                };
                s.wrong(span, "there is no such topic", label);
                return None;
            }
        },
    };
    let matched = read_expression(s, &format!("notify {name}"), file);
    if matched.is_none() && s.raw("match").is_some() {
        return None;
    }
    let source = match (topic, matched) {
        (Some(topic), Some(matched)) => format!("({topic}) ({matched})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Some((String::new(), None)),
    };
    match query::parse(&source) {
        Ok(expr) => Some((source, Some(expr))),
        Err(errors) => {
            let span = s.span();
            s.problem(
                Problem::new(span, "topic and match together cannot be read", "see below")
                    .help(errors.render("the composed expression")),
            );
            None
        }
    }
}

/// The zone of all times of a target; UTC without one.
fn read_zone(s: &mut Section<'_, '_, '_>) -> TimeZone {
    let Some((name, span)) = s.get::<String>("zone") else {
        return TimeZone::UTC;
    };
    TimeZone::get(&name).unwrap_or_else(|_| {
        s.wrong(
            span,
            "there is no such time zone",
            "expected a name such as \"Europe/Kyiv\"",
        );
        TimeZone::UTC
    })
}

fn read_quiet(s: &mut Section<'_, '_, '_>, zone: &TimeZone) -> Option<Quiet> {
    let (text, span) = s.get::<String>("quiet")?;
    let quiet = Quiet::parse(&text, zone.clone());
    if quiet.is_none() {
        s.wrong(
            span,
            "quiet is a part of the day",
            "expected two times such as \"22:00-07:00\"",
        );
    }
    quiet
}

/// When digests are due: daily at 07:00 without a word.
fn read_every(s: &mut Section<'_, '_, '_>) -> Option<Every> {
    let every = s.get::<Duration>("every");
    let at = s.get::<String>("at");
    let time = match &at {
        None => time_of_day("07:00"),
        Some((text, span)) => {
            let time = time_of_day(text);
            if time.is_none() {
                s.wrong(
                    span.clone(),
                    "at is a time of day",
                    "expected a time such as \"07:00\"",
                );
            }
            time
        }
    };
    match every {
        None => time.map(Every::Day),
        Some((every, _)) if every == DAY => time.map(Every::Day),
        Some((every, _)) if every == HOUR => {
            if let Some((_, span)) = at {
                s.wrong(
                    span,
                    "an hourly digest is due at every full hour",
                    "remove at",
                );
            }
            Some(Every::Hour)
        }
        Some((_, span)) => {
            s.wrong(span, "every is out of range", "expected \"1h\" or \"1d\"");
            None
        }
    }
}
