//! `[[notify]]`: targets that are told of stories.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::credentials::{self, part};
use super::paths::resolve;
use super::problem::Problem;
use super::reading::{Reading, SpannedTable};
use super::section::Section;
use super::topics::read_expression;
use super::value::quoted;
use crate::deliver::target::TARGETS_MAX;
use crate::deliver::{Destination, Target};
use crate::model::{Secret, WebUrl};
use crate::notify::firing::Rule;
use crate::notify::hours::Quiet;
use crate::notify::webhook;
use crate::query::{self, Expr};
use crate::store::TopicDefinition;
use crate::text::nearest::nearest;

/// Maximum length of a name, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Maximum size of a file of webhook secrets, in bytes.
const SECRETS_BYTES_MAX: u64 = 4096;

/// Maximum of `max_per_hour`.
const PER_HOUR_MAX: u64 = 36_000;

/// The places that a target can be in: the key that names one, and the keys with which a file or a credential holds its URL.
const PLACES: [(&str, [&str; 2]); 7] = [
    ("webhook", ["", ""]),
    ("ntfy", ["", ""]),
    ("slack", ["slack_file", "slack_credential"]),
    ("discord", ["discord_file", "discord_credential"]),
    ("matrix", ["", ""]),
    ("apprise", ["apprise_file", "apprise_credential"]),
    ("file", ["", ""]),
];

/// Keys that belong to some places only.
const PARTS: [(&str, &[&str]); 5] = [
    ("secret_file", &["webhook"]),
    ("secret_credential", &["webhook"]),
    ("token_file", &["ntfy", "matrix"]),
    ("token_credential", &["ntfy", "matrix"]),
    ("room", &["matrix"]),
];

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
    Some(Target {
        name: name?,
        rule: Rule {
            counts_copies: expr.as_ref().is_some_and(Expr::needs_story),
            ..rule
        },
        expr,
        source,
        destination: destination?,
        allow_private,
        quiet,
        per_hour: per_hour.and_then(|(n, _)| u32::try_from(n).ok()),
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

fn read_destination(
    s: &mut Section<'_, '_, '_>,
    name: &str,
    file: Option<&Path>,
) -> Option<Destination> {
    let is_given = |s: &mut Section<'_, '_, '_>,
                    (key, files): &(&'static str, [&'static str; 2])| {
        let keys = [*key, files[0], files[1]];
        keys.into_iter()
            .filter(|key| !key.is_empty() && s.raw(key).is_some())
            .count()
            > 0
    };
    let given: Vec<_> = PLACES.iter().filter(|place| is_given(s, place)).collect();
    let names: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
    for (key, places) in PARTS {
        if let Some(found) = s
            .raw(key)
            .filter(|_| !places.iter().any(|p| names.contains(p)))
        {
            let (span, all) = (found.span(), places.join(" and "));
            s.wrong(span, &format!("{key} belongs to {all}"), "remove it");
        }
    }
    let [(key, files)] = given.as_slice() else {
        let span = s.span();
        let all = PLACES.map(|(key, _)| key).join(", ");
        let (what, label) = match names.as_slice() {
            [] => (
                "a target needs to say where it is",
                format!("one of {all} is missing"),
            ),
            several => (
                "a target is in one place",
                format!("remove all but one of {}", several.join(", ")),
            ),
        };
        s.wrong(span, what, label);
        return None;
    };
    let owner = format!("of the target {name}");
    match *key {
        "webhook" => read_webhook(s, name, file),
        "ntfy" => read_ntfy(s, &owner, file),
        "matrix" => read_matrix(s, &owner, file),
        "file" => {
            let (path, span) = s.get::<PathBuf>("file")?;
            Some(Destination::File(resolve(file, path, &s.origin(&span))))
        }
        key => {
            let url = read_secret_url(s, (key, *files), &owner, file)?;
            Some(match key {
                "slack" => Destination::Slack(url),
                "discord" => Destination::Discord(url),
                _ => Destination::Apprise(url),
            })
        }
    }
}

/// The topic is the last part of the URL's path; what is before it is the root of the server.
fn read_ntfy(s: &mut Section<'_, '_, '_>, owner: &str, file: Option<&Path>) -> Option<Destination> {
    let token = read_token(s, owner, file);
    let span = s.raw("ntfy")?.span();
    let url = read_url(s, "ntfy")?;
    let mut root = url.as_url().clone();
    let path = root.path().trim_end_matches('/').to_owned();
    let is_topic = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match path.rsplit_once('/') {
        Some((front, topic)) if !topic.is_empty() && topic.chars().all(is_topic) => {
            root.set_path(&format!("{front}/"));
            root.set_query(None);
            Some(Destination::Ntfy {
                server: WebUrl::from_url(root).ok()?,
                topic: topic.to_owned(),
                token,
            })
        }
        _ => {
            s.wrong(
                span,
                "the URL has no topic",
                "expected a URL such as \"https://ntfy.example/topic\"",
            );
            None
        }
    }
}

fn read_matrix(
    s: &mut Section<'_, '_, '_>,
    owner: &str,
    file: Option<&Path>,
) -> Option<Destination> {
    let server = read_url(s, "matrix");
    let room = s.get::<String>("room");
    let has_token = ["token_file", "token_credential"]
        .into_iter()
        .any(|key| s.raw(key).is_some());
    let span = s.span();
    if !has_token {
        s.wrong(
            span.clone(),
            "a room needs the access token of a user",
            "token_file is missing",
        );
    }
    let token = read_token(s, owner, file);
    match room {
        None if s.raw("room").is_none() => {
            s.wrong(span, "a message needs its room", "room = \"!…\" is missing");
            None
        }
        Some((room, span)) if !room.starts_with('!') => {
            s.wrong(
                span,
                "expected the id of a room",
                "it begins with !; the settings of the room show it",
            );
            None
        }
        room => Some(Destination::Matrix {
            server: server?,
            room: room?.0,
            token: token?,
        }),
    }
}

fn read_token(s: &mut Section<'_, '_, '_>, owner: &str, file: Option<&Path>) -> Option<Secret> {
    let keys = ["token_file", "token_credential"];
    let token = s.secret(
        &format!("the token {owner}"),
        (keys, file),
        credentials::read_password,
    )?;
    Some(token)
}

/// A URL that is a secret as a whole: in the configuration, in a file, or in a credential.
fn read_secret_url(
    s: &mut Section<'_, '_, '_>,
    (key, files): (&'static str, [&'static str; 2]),
    owner: &str,
    file: Option<&Path>,
) -> Option<WebUrl> {
    if s.raw(key).is_none() {
        let read = |path: &Path| {
            let url = credentials::read_first_line(path)?;
            WebUrl::parse(&url).map_err(|e| e.to_string())
        };
        return s.secret(&format!("the URL {owner}"), (files, file), read);
    }
    for other in files {
        if let Some(found) = s.raw(other) {
            let span = found.span();
            s.wrong(
                span,
                &format!("{key} and {other} are both set"),
                "remove one of them",
            );
        }
    }
    let url = read_url(s, key)?;
    if file.is_some_and(credentials::is_open_to_others) {
        s.warn(format!(
            "the URL {owner} is a secret, and other users may read the configuration; run chmod 600 on it, or use {}",
            files[0]
        ));
    }
    Some(url)
}

fn read_webhook(
    s: &mut Section<'_, '_, '_>,
    name: &str,
    file: Option<&Path>,
) -> Option<Destination> {
    let url = read_url(s, "webhook");
    let keys = ["secret_file", "secret_credential"];
    let is_given = keys.into_iter().any(|key| s.raw(key).is_some());
    if !is_given {
        let span = s.span();
        s.problem(
            Problem::new(span, "a webhook needs the secret that signs its messages", "secret_file is missing")
                .help("(printf whsec_; head -c 32 /dev/urandom | base64) > FILE; chmod 600 FILE; then secret_file = \"FILE\""),
        );
    }
    let read =
        |path: &Path| webhook::read_secrets(&credentials::read_text(path, SECRETS_BYTES_MAX)?);
    let secrets = s.secret(
        &format!("the secret of the target {name}"),
        (keys, file),
        read,
    )?;
    Some(Destination::Webhook { url: url?, secrets })
}

/// The URL of a target. Its path may be a secret, so only the host is shown.
fn read_url(s: &mut Section<'_, '_, '_>, key: &'static str) -> Option<WebUrl> {
    let (text, span) = s.get_unrecorded::<String>(key)?;
    match part(&text) {
        Ok((url, None)) => {
            s.record(key, quoted(&format!("{}/***", url.origin())), &span);
            Some(url)
        }
        Ok((_, Some(_))) => {
            s.wrong(
                span,
                "the URL of a target has no user name and password",
                "remove them",
            );
            None
        }
        Err(why) => {
            s.wrong(span, "expected an http or https URL", why.to_string());
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
