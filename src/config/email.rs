//! `email` of a `[[notify]]` section: recipients, sender and mail server.

use std::path::Path;

use lettre::message::Mailbox;

use super::credentials;
use super::section::Section;
use crate::deliver::{Destination, Encryption, MailTarget};
use crate::model::Secret;

/// Maximum number of recipients.
const RECIPIENTS_MAX: usize = 50;

/// The port of mail submission, which begins with STARTTLS (RFC 6409), and the one that is encrypted from the beginning (RFC 8314).
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// Reads the table. `None` after a mistake.
pub fn read(s: &mut Section<'_, '_, '_>, owner: &str, file: Option<&Path>) -> Option<Destination> {
    let found = s.raw("email")?;
    let Some(table) = found.get_ref().as_table() else {
        let span = found.span();
        s.wrong(span, "email is a table", "expected { to, from, server }");
        return None;
    };
    let mut inner = s.inner("email", table, found.span());
    let mail = read_table(&mut inner, owner, file);
    inner.close();
    mail.map(Destination::Email)
}

fn read_table(s: &mut Section<'_, '_, '_>, owner: &str, file: Option<&Path>) -> Option<MailTarget> {
    let to = read_recipients(s);
    let from = read_from(s);
    let server = read_server(s);
    let auth = read_auth(s, owner, file);
    let has_password = !matches!(auth, Some(None));
    let default = match server {
        Some((_, SUBMISSIONS)) => Encryption::Tls,
        _ => Encryption::StartTls,
    };
    let encryption = match s.get::<String>("encryption") {
        None => default,
        Some((text, span)) => match text.as_str() {
            "tls" => Encryption::Tls,
            "starttls" => Encryption::StartTls,
            "off" if !has_password => Encryption::Off,
            "off" => {
                s.wrong(
                    span,
                    "a password is not sent without encryption",
                    "remove user, or use \"starttls\" or \"tls\"",
                );
                default
            }
            _ => {
                s.wrong(
                    span,
                    "there is no such encryption",
                    "expected \"starttls\", \"tls\" or \"off\"",
                );
                default
            }
        },
    };
    let (server, port) = server?;
    Some(MailTarget {
        to: to?,
        from: from?,
        server,
        port,
        encryption,
        auth: auth?,
    })
}

/// The value of a key that must be there.
fn needed(
    s: &mut Section<'_, '_, '_>,
    key: &'static str,
) -> Option<(String, std::ops::Range<usize>)> {
    if s.raw(key).is_none() {
        let span = s.span();
        s.wrong(
            span,
            &format!("a mail needs {key}"),
            format!("{key} = \"…\" is missing"),
        );
        return None;
    }
    s.get::<String>(key)
}

fn read_recipients(s: &mut Section<'_, '_, '_>) -> Option<Vec<Mailbox>> {
    let is_list = s.raw("to").is_some_and(|found| found.get_ref().is_array());
    let (texts, span) = match is_list {
        true => s.get::<Vec<String>>("to")?,
        false => {
            let (text, span) = needed(s, "to")?;
            (vec![text], span)
        }
    };
    if texts.is_empty() || texts.len() > RECIPIENTS_MAX {
        let label = format!("expected 1 to {RECIPIENTS_MAX} addresses");
        s.wrong(span, "the number of recipients is out of range", label);
        return None;
    }
    let mailboxes: Vec<Mailbox> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if mailboxes.len() < texts.len() {
        s.wrong(
            span,
            "this is no mail address",
            "expected \"ann@example.org\" or \"Ann <ann@example.org>\"",
        );
        return None;
    }
    Some(mailboxes)
}

fn read_from(s: &mut Section<'_, '_, '_>) -> Option<Mailbox> {
    let (text, span) = needed(s, "from")?;
    let from = text.parse().ok();
    if from.is_none() {
        s.wrong(
            span,
            "this is no mail address",
            "expected \"newswire@example.org\"",
        );
    }
    from
}

/// `smtp.example.org` or `smtp.example.org:465`.
fn read_server(s: &mut Section<'_, '_, '_>) -> Option<(String, u16)> {
    let (text, span) = needed(s, "server")?;
    let url = url::Url::parse(&format!("smtp://{text}")).ok();
    let is_plain = |url: &url::Url| {
        matches!(url.path(), "" | "/")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    };
    let host = url
        .as_ref()
        .filter(|url| is_plain(url))
        .and_then(url::Url::host_str);
    match (host, &url) {
        (Some(host), Some(url)) if !host.is_empty() && url.port() != Some(0) => {
            let port = url.port().unwrap_or(SUBMISSION);
            Some((host.to_ascii_lowercase(), port))
        }
        _ => {
            s.wrong(
                span,
                "expected a mail server",
                "such as \"smtp.example.org\" or \"smtp.example.org:465\"",
            );
            None
        }
    }
}

/// User and password; the outer `None` after a mistake.
fn read_auth(
    s: &mut Section<'_, '_, '_>,
    owner: &str,
    file: Option<&Path>,
) -> Option<Option<(String, Secret)>> {
    let user = s.get::<String>("user");
    let keys = ["password_file", "password_credential"];
    let is_given = keys.into_iter().any(|key| s.raw(key).is_some());
    let read = credentials::read_password;
    let password = s.secret(&format!("the mail password {owner}"), (keys, file), read);
    match (user, is_given) {
        (None, false) => Some(None),
        (Some((user, _)), true) => password.map(|password| Some((user, password))),
        (user, _) => {
            let span = user.map_or_else(|| s.span(), |(_, span)| span);
            s.wrong(
                span,
                "user and password belong together",
                "give user and password_file, or neither",
            );
            None
        }
    }
}
