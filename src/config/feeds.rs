//! `[[feed]]`: the subscriptions of the file.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::credentials::{part, read_password};
use super::problem::Problem;
use super::reading::{Reading, SpannedTable};
use super::section::Section;
use super::setting_types::HeaderText;
use super::value::{quoted, text_of};
use crate::fetch::RESERVED_HEADERS;
use crate::model::{Secret, WebUrl, span, web_url};
use crate::store::{FeedSettings, NewFeed};

/// Headers that a feed cannot set, besides those that newswire sets itself: credentials belong in `auth`, and newswire has no
/// sessions.
const CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

/// Reads every `[[feed]]`. Each URL may occur once.
pub fn read(
    reading: &mut Reading<'_>,
    tables: &[SpannedTable<'_>],
    file: Option<&Path>,
) -> Vec<NewFeed> {
    let mut seen: HashMap<String, Range<usize>> = HashMap::new();
    let mut feeds = Vec::with_capacity(tables.len());
    for (n, (table, span)) in tables.iter().enumerate() {
        let path = format!("feed[{}]", n + 1);
        let mut s = Section::open(reading, path, Some(table), span.clone());
        let url = read_url(&mut s);
        if let Some((url, span, _)) = &url {
            match seen.get(url.as_str()) {
                Some(first) => s.problem(
                    Problem::new(span.clone(), "this feed occurs twice", "again here")
                        .related(first.clone(), "first here"),
                ),
                None => {
                    seen.insert(url.as_str().to_owned(), span.clone());
                }
            }
        }
        if let Some(feed) = read_rest(&mut s, url, file) {
            feeds.push(feed);
        }
        s.close();
    }
    feeds
}

type FeedUrl = (WebUrl, Range<usize>, Option<(String, Secret)>);

fn read_url(s: &mut Section<'_, '_, '_>) -> Option<FeedUrl> {
    let Some((text, span)) = s.get_unrecorded::<String>("url") else {
        let span = s.span();
        if s.raw("url").is_none() {
            s.wrong(
                span,
                "a feed needs its url",
                "url = \"https://…\" is missing",
            );
        }
        return None;
    };
    // The scheme may be missing, as in `newswire add`.
    let text = web_url::with_scheme(&text).unwrap_or(text);
    match part(&text) {
        Ok((url, auth)) => {
            s.record("url", quoted(url.as_str()), &span);
            if auth.is_some() {
                s.warn(format!(
                    "the password of {url} is in the configuration; use auth = {{ user, password_file }} to keep it in a file of its own"
                ));
            }
            Some((url, span, auth))
        }
        Err(why) => {
            s.wrong(span, "expected an http or https URL", why.to_string());
            None
        }
    }
}

fn read_rest(
    s: &mut Section<'_, '_, '_>,
    url: Option<FeedUrl>,
    file: Option<&Path>,
) -> Option<NewFeed> {
    // The URL is checked last, so that one reading reports all mistakes.
    let title = s.get::<String>("title").map(|(title, _)| title);
    let folder = read_folder(s);
    let tags = s
        .get::<Vec<String>>("tags")
        .map_or_else(Vec::new, |(t, _)| t);
    let from_url = url.as_ref().and_then(|(_, _, auth)| auth.clone());
    let named = url
        .as_ref()
        .map_or_else(String::new, |(url, _, _)| url.to_string());
    let settings = FeedSettings {
        auth: read_auth(s, (&named, from_url), file),
        interval: read_interval(s),
        user_agent: s.get::<HeaderText>("user_agent").map(|(text, _)| text.0),
        headers: read_headers(s),
        paused: s.get("paused").is_some_and(|(paused, _)| paused),
        near_dedup: s.get("near_dedup").is_none_or(|(near, _)| near),
        full_text: s.get("full_text").is_some_and(|(full, _)| full),
        keep_boilerplate: s.get("keep_boilerplate").is_some_and(|(keep, _)| keep),
        outline: Vec::new(),
    };
    let (url, _, _) = url?;
    Some(NewFeed {
        url,
        title,
        folder,
        tags,
        settings,
        declared: true,
    })
}

fn read_folder(s: &mut Section<'_, '_, '_>) -> Option<String> {
    let (folder, span) = s.get::<String>("folder")?;
    if folder.split('/').any(|part| part.trim().is_empty()) {
        s.wrong(
            span,
            "expected a folder such as \"news/world\"",
            "a part is empty",
        );
        return None;
    }
    Some(folder)
}

/// A shorter interval is accepted with a warning.
pub const INTERVAL_TOLERATED: Duration = Duration::from_secs(300);

fn read_interval(s: &mut Section<'_, '_, '_>) -> Option<Duration> {
    let (interval, span) = s.get::<Duration>("interval")?;
    if interval.is_zero() {
        s.wrong(
            span,
            "interval is out of range",
            "remove it for newswire's own schedule",
        );
        return None;
    }
    if interval < INTERVAL_TOLERATED {
        s.warn(format!(
            "interval = {} is shorter than the five minutes that publishers tolerate",
            quoted(&span::exact(interval))
        ));
    }
    Some(interval)
}

fn read_auth(
    s: &mut Section<'_, '_, '_>,
    (url, from_url): (&str, Option<(String, Secret)>),
    file: Option<&Path>,
) -> Option<(String, Secret)> {
    let Some(found) = s.raw("auth") else {
        return from_url;
    };
    let Some(table) = found.get_ref().as_table() else {
        s.problem(
            Problem::new(
                found.span(),
                "expected user, and password_file or credential",
                "not a table",
            )
            .help("auth = { user = \"ann\", password_file = \"/etc/newswire/lwn.password\" }"),
        );
        return None;
    };
    if from_url.is_some() {
        s.wrong(
            found.span(),
            "the url already has a user",
            "remove one of the two",
        );
    }
    let mut inner = s.inner("auth", table, found.span());
    let user = inner.get::<String>("user");
    let keys = ["password_file", "credential"];
    let has_password = inner.has(keys[0]) | inner.has(keys[1]);
    for (what, missing) in [
        ("user", !inner.has("user")),
        ("password_file or credential", !has_password),
    ] {
        if missing {
            let span = inner.span();
            inner.wrong(span, &format!("auth needs {what}"), "it is missing here");
        }
    }
    let what = format!("the password of {url}");
    let password = inner.secret(&what, (keys, file), read_password);
    inner.close();
    user.map(|(user, _)| user).zip(password)
}

fn read_headers(s: &mut Section<'_, '_, '_>) -> Vec<(String, String)> {
    let Some(found) = s.raw("headers") else {
        return Vec::new();
    };
    let Some(table) = found.get_ref().as_table() else {
        s.problem(
            Problem::new(found.span(), "expected names and values", "not a table")
                .help("headers = { \"X-Token\" = \"…\" }"),
        );
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (name, value) in table.iter() {
        let text = text_of(value, "a text in quotes", s.problems());
        let lower = name.get_ref().to_ascii_lowercase();
        if RESERVED_HEADERS.contains(&lower.as_str()) || CREDENTIALS.contains(&lower.as_str()) {
            let hint = match lower.as_str() {
                "authorization" => "use auth",
                "user-agent" => "use user_agent",
                _ => "newswire sets it itself",
            };
            s.wrong(name.span(), "this header cannot be set", hint);
        } else if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            s.wrong(
                name.span(),
                "not a header name",
                "letters, digits and - only",
            );
        } else if let Some(text) = text {
            if http::HeaderValue::from_str(text).is_ok() && text.is_ascii() {
                headers.push((name.get_ref().to_string(), text.to_owned()));
            } else {
                s.wrong(value.span(), "not a header value", "visible ASCII only");
            }
        }
    }
    let names: Vec<String> = headers
        .iter()
        .map(|(name, _)| format!("{} = \"***\"", quoted(name)))
        .collect();
    s.record(
        "headers",
        format!("{{ {} }}", names.join(", ")),
        &found.span(),
    );
    headers
}
