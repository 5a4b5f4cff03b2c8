//! Where the messages of a `[[notify]]` go: the keys of each kind of target. Secrets come from files or credentials, and URLs, whose
//! paths may be secret, are shown without them.

use std::path::{Path, PathBuf};

use super::credentials::{self, part};
use super::email;
use super::paths::resolve;
use super::problem::Problem;
use super::section::Section;
use super::value::quoted;
use crate::deliver::Destination;
use crate::model::{Secret, WebUrl};
use crate::notify::webhook;

/// Maximum size of a file of webhook secrets, in bytes.
const SECRETS_BYTES_MAX: u64 = 4096;

/// The places that a target can be in: the key that names one, and the keys with which a file or a credential holds its URL.
const PLACES: [(&str, [&str; 2]); 9] = [
    ("webhook", ["", ""]),
    ("ntfy", ["", ""]),
    ("slack", ["slack_file", "slack_credential"]),
    ("discord", ["discord_file", "discord_credential"]),
    ("matrix", ["", ""]),
    ("apprise", ["apprise_file", "apprise_credential"]),
    ("email", ["", ""]),
    ("feed", ["", ""]),
    ("file", ["", ""]),
];

/// Keys that belong to some places only.
const PARTS: [(&str, &[&str]); 7] = [
    ("secret_file", &["webhook"]),
    ("secret_credential", &["webhook"]),
    ("token_file", &["ntfy", "matrix"]),
    ("token_credential", &["ntfy", "matrix"]),
    ("room", &["matrix"]),
    ("every", &["email", "feed"]),
    ("at", &["email", "feed"]),
];

/// Where the messages of a target go. `None` after a mistake.
pub fn read_destination(
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
        "email" => email::read(s, &owner, file),
        "feed" => {
            let (is_feed, span) = s.get::<bool>("feed")?;
            if !is_feed {
                s.wrong(
                    span,
                    "a target needs to say where it is",
                    "feed = true, or remove it",
                );
            }
            Some(Destination::Feed)
        }
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
