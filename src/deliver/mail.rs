//! Sends a digest by mail. The server's address passes the guard like that of any target, and nothing is sent before the connection is
//! encrypted, unless the operator switched that off.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Message as Mail;
use lettre::message::MultiPart;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::attempt::Attempt;
use super::target::{Encryption, MailTarget};
use crate::fetch::Fetcher;
use crate::model::Time;
use crate::notify::Notice;
use crate::notify::digest::digest;
use crate::text::hash::sha256;
use crate::text::plain::{line_of_text, shortened};

/// Time limit for connecting to one address.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);

/// Time limit for one mail.
const MAIL_TIME_MAX: Duration = Duration::from_secs(60);

/// Maximum length of what is shown of a server's answer, in characters.
const ERROR_CHARS_MAX: usize = 200;

/// Sends one digest.
pub(super) async fn send(
    fetcher: &Fetcher,
    target: (&str, &MailTarget),
    notices: &[Notice],
    now: Time,
) -> Attempt {
    let mail = match compose(target, notices, now) {
        Ok(mail) => mail,
        Err(reason) => return Attempt::failed(format!("the mail cannot be written: {reason}")),
    };
    let server = &target.1.server;
    match timeout(MAIL_TIME_MAX, transmit(fetcher, target.1, &mail)).await {
        Ok(Ok(())) => Attempt::Sent,
        Ok(Err(reason)) => Attempt::failed(shortened(&line_of_text(&reason), ERROR_CHARS_MAX)),
        Err(_) => Attempt::failed(format!("{server} did not take the mail in time")),
    }
}

/// `List-Id` (RFC 2919), by which mail programs sort.
#[derive(Debug, Clone)]
struct ListId(String);

/// `Auto-Submitted` (RFC 3834), so that no out-of-office message answers.
#[derive(Debug, Clone)]
struct AutoSubmitted(String);

macro_rules! header {
    ($header:ident, $name:literal) => {
        impl Header for $header {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

header!(ListId, "List-Id");
header!(AutoSubmitted, "Auto-Submitted");

fn compose(
    (name, target): (&str, &MailTarget),
    notices: &[Notice],
    now: Time,
) -> Result<Mail, lettre::error::Error> {
    let digest = digest(notices);
    let domain = target.from.email.domain();
    // The same events make the same id, so that mail programs recognise a repetition.
    let ids: Vec<&str> = notices.iter().map(|n| n.id.as_str()).collect();
    let id = hex::encode(
        sha256(ids.join("\n").as_bytes())
            .get(..16)
            .unwrap_or_default(),
    );
    let at = UNIX_EPOCH + now.since(Time::EPOCH);
    let mut html =
        String::from("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n");
    let _ = writeln!(html, "{}</body></html>", digest.html);
    let mut mail = Mail::builder()
        .from(target.from.clone())
        .subject(digest.title)
        .date(at)
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(ListId(format!("<{name}.newswire.{domain}>")))
        .header(AutoSubmitted("auto-generated".to_owned()));
    for to in &target.to {
        mail = mail.to(to.clone());
    }
    mail.multipart(MultiPart::alternative_plain_html(digest.text, html))
}

async fn transmit(fetcher: &Fetcher, target: &MailTarget, mail: &Mail) -> Result<(), String> {
    let server = &target.server;
    let hello = ClientId::Domain(target.from.email.domain().to_owned());
    let tls = || TlsParameters::new(server.clone()).map_err(|e| format!("{server}: {e}"));
    let addresses = fetcher.addresses(server, target.port).await;
    let addresses = addresses.map_err(Attempt::guarded)?;
    let mut connected = Err(format!("{server} has no address"));
    for address in addresses {
        let implicit = match target.encryption {
            Encryption::Tls => Some(tls()?),
            Encryption::StartTls | Encryption::Off => None,
        };
        let connection = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(CONNECT_TIME_MAX),
            &hello,
            implicit,
            None,
        );
        connected = match timeout(CONNECT_TIME_MAX, connection).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(e)) => Err(format!("{server} could not be connected to: {e}")),
            Err(_) => Err(format!("{server} did not answer in time")),
        };
        if connected.is_ok() {
            break;
        }
    }
    let mut connection = connected?;
    let failed = |e: lettre::transport::smtp::Error| format!("{server}: {e}");
    if target.encryption == Encryption::StartTls {
        if !connection.can_starttls() {
            connection.abort().await;
            return Err(format!(
                "{server} does not offer STARTTLS, so nothing was sent"
            ));
        }
        connection.starttls(tls()?, &hello).await.map_err(failed)?;
    }
    if let Some((user, password)) = &target.auth {
        let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let done = connection.auth(&mechanisms, &credentials).await;
        done.map_err(|_| format!("{server} refused user name and password"))?;
    }
    connection
        .send(mail.envelope(), &mail.formatted())
        .await
        .map_err(failed)?;
    // The server has the mail; how the connection ends does not matter.
    let _ = connection.quit().await;
    Ok(())
}
