//! `[[topic]]`: named expressions. Narrowing by feeds, tags and language is text composition, so that a topic
//! means the same wherever its expression stands.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::document::{Placed, Reading, Section};
use super::problem::{Problem, line_and_column};
use crate::query;
use crate::store::{TopicDefinition, TopicFeed};

/// Longest name of a topic, in characters: it stands in URLs.
const NAME_CHARS_MAX: usize = 64;

/// Names that URLs use for something else: `/feeds/all.atom`, `/feeds/search.atom`, `/feeds/newswire-health.atom`.
const RESERVED: [&str; 3] = ["all", "search", crate::merged::health::NAME];

/// Largest `limit_per_feed`: a page has no more entries.
const LIMIT_PER_FEED_MAX: usize = 1000;

/// Reads every `[[topic]]`; a name may stand once.
pub fn read(
    reading: &mut Reading<'_>,
    tables: &[Placed<'_>],
    file: Option<&Path>,
) -> Vec<TopicDefinition> {
    let mut seen: HashMap<String, Range<usize>> = HashMap::new();
    let mut topics = Vec::with_capacity(tables.len());
    for (n, (table, place)) in tables.iter().enumerate() {
        let path = format!("topic[{}]", n + 1);
        let mut s = Section::open(reading, path, Some(table), place.clone(), &[]);
        let name = read_name(&mut s, &mut seen);
        let title = s.get::<String>("title").map(|(title, _)| title);
        let source = read_source(&mut s, name.as_deref(), file);
        let feed = read_feed(&mut s);
        if let (Some(name), Some((source, expr))) = (name, source) {
            topics.push(TopicDefinition {
                title: title.unwrap_or_else(|| name.clone()),
                name,
                source,
                expr,
                feed,
            });
        }
        s.close();
    }
    topics
}

fn read_name(
    s: &mut Section<'_, '_, '_>,
    seen: &mut HashMap<String, Range<usize>>,
) -> Option<String> {
    let Some((name, place)) = s.get::<String>("name") else {
        if s.raw("name").is_none() {
            let place = s.place();
            s.wrong(place, "a topic needs its name", "name = \"…\" is missing");
        }
        return None;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if !name.chars().all(plain)
        || name.starts_with(['-', '_'])
        || name.chars().count() > NAME_CHARS_MAX
    {
        s.problem(
            Problem::new(
                place,
                "a topic's name stands in URLs",
                "only a-z, 0-9, - and _",
            )
            .help("put what people read into title"),
        );
        return None;
    }
    if RESERVED.contains(&name.as_str()) {
        s.wrong(
            place,
            "this name is taken",
            format!("/feeds/{name}.atom is something else"),
        );
        return None;
    }
    if let Some(first) = seen.get(&name) {
        s.problem(
            Problem::new(place, "two topics have this name", "again here")
                .related(first.clone(), "first here"),
        );
        return None;
    }
    seen.insert(name.clone(), place);
    Some(name)
}

/// How the topic's merged feed is made up.
fn read_feed(s: &mut Section<'_, '_, '_>) -> TopicFeed {
    let default = TopicFeed::default();
    let one_per_story = s.or("one_per_story", default.one_per_story);
    let (prefer, place) = s.or_placed("prefer", default.prefer);
    if let Some(place) = place.filter(|_| prefer.iter().any(|name| name.trim().is_empty())) {
        s.wrong(
            place,
            "a name in prefer is empty",
            "words of a feed's title",
        );
    }
    let limit = s.get::<usize>("limit_per_feed");
    if let Some((limit, place)) = &limit
        && !(1..=LIMIT_PER_FEED_MAX).contains(limit)
    {
        let limits = format!("from 1 to {LIMIT_PER_FEED_MAX}; without the key there is no limit");
        s.wrong(place.clone(), "limit_per_feed is out of range", limits);
    }
    TopicFeed {
        one_per_story,
        prefer,
        limit_per_feed: limit.map(|(limit, _)| limit),
    }
}

/// The composed expression, as text and read.
fn read_source(
    s: &mut Section<'_, '_, '_>,
    name: Option<&str>,
    file: Option<&Path>,
) -> Option<(String, query::Expr)> {
    let expression = read_match(s, name, file);
    let narrowing = [
        alternatives(s, "feeds", "feed"),
        alternatives(s, "tags", "tag"),
        languages(s),
    ];
    let narrowing: Vec<String> = narrowing.into_iter().flatten().collect();
    if s.raw("match").is_none() && narrowing.is_empty() {
        let place = s.place();
        s.problem(
            Problem::new(place, "a topic needs its expression", "match is missing")
                .help("match = 'ukraine (defence OR \"armed forces\") -sport'; or narrow by feeds, tags or language"),
        );
        return None;
    }
    let expression = match (expression, s.raw("match")) {
        (None, Some(_)) => return None, // reported above
        (expression, _) => expression,
    };
    let source = match (expression, narrowing.is_empty()) {
        (Some(expression), true) => expression,
        (Some(expression), false) => format!("({expression}) {}", narrowing.join(" ")),
        (None, _) => narrowing.join(" "),
    };
    match query::parse(&source) {
        Ok(expr) => Some((source, expr)),
        Err(errors) => {
            let place = s.place();
            s.problem(
                Problem::new(place, "this topic cannot be narrowed so", "see below")
                    .help(errors.render("the whole of it")),
            );
            None
        }
    }
}

fn read_match(
    s: &mut Section<'_, '_, '_>,
    name: Option<&str>,
    file: Option<&Path>,
) -> Option<String> {
    let found = s.raw("match")?;
    let text = super::value::text_of(found, "an expression in quotes", s.problems())?;
    if text.trim().is_empty() {
        s.wrong(
            found.span(),
            "the expression is empty",
            "it would match nothing",
        );
        return None;
    }
    match query::parse(text) {
        Ok(_) => {
            s.note("match", super::value::quoted(text.trim()), &found.span());
            Some(text.trim().to_owned())
        }
        Err(errors) => {
            let (line, column) = line_and_column(s.text(), found.span().start);
            let path = file.map_or_else(String::new, |p| format!("{}:", p.display()));
            let name = name.unwrap_or("?");
            let origin = format!("{path}{line}:{column} (topic {name})");
            s.problem(
                Problem::new(found.span(), "the expression cannot be read", "see below")
                    .help(errors.render(&origin)),
            );
            None
        }
    }
}

/// `feeds = ["LWN", "BBC"]` becomes `(feed:"LWN" OR feed:"BBC")`.
fn alternatives(s: &mut Section<'_, '_, '_>, key: &'static str, field: &str) -> Option<String> {
    let (names, place) = s.get::<Vec<String>>(key)?;
    if names.iter().any(|name| name.contains(['"', '\\'])) {
        s.wrong(
            place,
            "quotes and backslashes cannot stand in these names",
            "take a part of the name without them",
        );
        return None;
    }
    let quoted: Vec<String> = names.iter().map(|n| format!("{field}:\"{n}\"")).collect();
    joined(s, place, &quoted)
}

/// `language = "en"` or `["en", "de"]`.
fn languages(s: &mut Section<'_, '_, '_>) -> Option<String> {
    let found = s.raw("language")?;
    let (tags, place) = if found.get_ref().is_array() {
        s.get::<Vec<String>>("language")?
    } else {
        let (tag, place) = s.get::<String>("language")?;
        (vec![tag], place)
    };
    let is_tag =
        |t: &String| (2..=3).contains(&t.len()) && t.chars().all(|c| c.is_ascii_alphabetic());
    if !tags.iter().all(is_tag) {
        s.wrong(
            place,
            "expected a language such as \"en\"",
            "two or three letters",
        );
        return None;
    }
    let fields: Vec<String> = tags
        .iter()
        .map(|t| format!("lang:{}", t.to_ascii_lowercase()))
        .collect();
    joined(s, place, &fields)
}

fn joined(s: &mut Section<'_, '_, '_>, place: Range<usize>, fields: &[String]) -> Option<String> {
    match fields {
        [] => {
            s.wrong(place, "the list is empty", "leave the key out instead");
            None
        }
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" OR "))),
    }
}
