//! `[[topic]]`: named expressions. `feeds`, `tags` and `language` are added to the text of the expression, so that it means the same
//! everywhere.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::problem::{Problem, line_and_column};
use super::reading::{Reading, SpannedTable};
use super::section::Section;
use crate::query;
use crate::store::{TopicDefinition, TopicFeed};

/// Maximum length of a topic's name, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Names with another meaning in URLs: `/feeds/all.atom`, `/feeds/search.atom`, `/feeds/newswire-health.atom`.
const RESERVED: [&str; 3] = ["all", "search", crate::merged::health::NAME];

/// Maximum of `limit_per_feed`, the maximum number of entries on a page.
const LIMIT_PER_FEED_MAX: usize = 1000;

/// Reads every `[[topic]]`. Each name may occur once.
pub fn read(
    reading: &mut Reading<'_>,
    tables: &[SpannedTable<'_>],
    file: Option<&Path>,
) -> Vec<TopicDefinition> {
    let mut seen: HashMap<String, Range<usize>> = HashMap::new();
    let mut topics = Vec::with_capacity(tables.len());
    for (n, (table, span)) in tables.iter().enumerate() {
        let path = format!("topic[{}]", n + 1);
        let mut s = Section::open(reading, path, Some(table), span.clone());
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
    let Some((name, span)) = s.get::<String>("name") else {
        if s.raw("name").is_none() {
            let span = s.span();
            s.wrong(span, "a topic needs its name", "name = \"…\" is missing");
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
                span,
                "a topic's name is part of URLs",
                "only a-z, 0-9, - and _",
            )
            .help("use title for the name that people see"),
        );
        return None;
    }
    if RESERVED.contains(&name.as_str()) {
        s.wrong(
            span,
            "this name is reserved",
            format!("/feeds/{name}.atom has another meaning"),
        );
        return None;
    }
    if let Some(first) = seen.get(&name) {
        s.problem(
            Problem::new(span, "two topics have this name", "again here")
                .related(first.clone(), "first here"),
        );
        return None;
    }
    seen.insert(name.clone(), span);
    Some(name)
}

/// How the topic's merged feed is built.
fn read_feed(s: &mut Section<'_, '_, '_>) -> TopicFeed {
    let default = TopicFeed::default();
    let one_per_story = s.or("one_per_story", default.one_per_story);
    let (prefer, span) = s.or_spanned("prefer", default.prefer);
    if let Some(span) = span.filter(|_| prefer.iter().any(|name| name.trim().is_empty())) {
        s.wrong(
            span,
            "a name in prefer is empty",
            "expected words of a feed's title",
        );
    }
    let limit = s.get::<usize>("limit_per_feed");
    if let Some((limit, span)) = &limit
        && !(1..=LIMIT_PER_FEED_MAX).contains(limit)
    {
        let limits = format!("from 1 to {LIMIT_PER_FEED_MAX}; without the key there is no limit");
        s.wrong(span.clone(), "limit_per_feed is out of range", limits);
    }
    TopicFeed {
        one_per_story,
        prefer,
        limit_per_feed: limit.map(|(limit, _)| limit),
    }
}

/// The composed expression, as text and parsed.
fn read_source(
    s: &mut Section<'_, '_, '_>,
    name: Option<&str>,
    file: Option<&Path>,
) -> Option<(String, query::Expr)> {
    let owner = format!("topic {}", name.unwrap_or("?"));
    let expression = read_expression(s, &owner, file);
    let narrowing = [
        alternatives(s, "feeds", "feed"),
        alternatives(s, "tags", "tag"),
        languages(s),
    ];
    let narrowing: Vec<String> = narrowing.into_iter().flatten().collect();
    if s.raw("match").is_none() && narrowing.is_empty() {
        let span = s.span();
        s.problem(
            Problem::new(span, "a topic needs its expression", "match is missing")
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
            let span = s.span();
            s.problem(
                Problem::new(
                    span,
                    "these feeds, tags or language cannot be added to the expression",
                    "see below",
                )
                .help(errors.render("the composed expression")),
            );
            None
        }
    }
}

/// The expression of `match`; `None` if it is missing or, after a problem was added, wrong. `owner` is named in messages.
pub(super) fn read_expression(
    s: &mut Section<'_, '_, '_>,
    owner: &str,
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
            s.record("match", super::value::quoted(text.trim()), &found.span());
            Some(text.trim().to_owned())
        }
        Err(errors) => {
            let (line, column) = line_and_column(s.text(), found.span().start);
            let path = file.map_or_else(String::new, |p| format!("{}:", p.display()));
            let origin = format!("{path}{line}:{column} ({owner})");
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
    let (names, span) = s.get::<Vec<String>>(key)?;
    if names.iter().any(|name| name.contains(['"', '\\'])) {
        s.wrong(
            span,
            "these names cannot contain quotes and backslashes",
            "use a part of the name without them",
        );
        return None;
    }
    let quoted: Vec<String> = names.iter().map(|n| format!("{field}:\"{n}\"")).collect();
    joined(s, span, &quoted)
}

/// `language = "en"` or `["en", "de"]`.
fn languages(s: &mut Section<'_, '_, '_>) -> Option<String> {
    let found = s.raw("language")?;
    let (tags, span) = if found.get_ref().is_array() {
        s.get::<Vec<String>>("language")?
    } else {
        let (tag, span) = s.get::<String>("language")?;
        (vec![tag], span)
    };
    let is_tag =
        |t: &String| (2..=3).contains(&t.len()) && t.chars().all(|c| c.is_ascii_alphabetic());
    if !tags.iter().all(is_tag) {
        s.wrong(
            span,
            "expected a language such as \"en\"",
            "two or three letters",
        );
        return None;
    }
    let fields: Vec<String> = tags
        .iter()
        .map(|t| format!("lang:{}", t.to_ascii_lowercase()))
        .collect();
    joined(s, span, &fields)
}

fn joined(s: &mut Section<'_, '_, '_>, span: Range<usize>, fields: &[String]) -> Option<String> {
    match fields {
        [] => {
            s.wrong(span, "the list is empty", "remove the key instead");
            None
        }
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" OR "))),
    }
}
