//! A target of notifications as configured: what fires, where it leads, and when it may be used.

use std::path::PathBuf;

use ipnet::IpNet;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;

use crate::model::{Secret, Time, WebUrl};
use crate::notify::chat::STORIES_MAX;
use crate::notify::digest;
use crate::notify::firing::Rule;
use crate::notify::hours::{Every, Quiet};
use crate::query::Expr;
use crate::store::OutboxTarget;
use crate::text::hash::sha256;

/// Maximum number of targets. Each has a task of its own.
pub const TARGETS_MAX: usize = 64;

/// A target.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name, which appears in commands, metrics and messages.
    pub name: String,
    /// What a story has to match; `None`: every story does.
    pub expr: Option<Expr>,
    /// The expression as text.
    pub source: String,
    /// What fires.
    pub rule: Rule,
    /// Where messages go.
    pub destination: Destination,
    /// Private networks that it may be in.
    pub allow_private: Vec<IpNet>,
    /// When nothing is sent.
    pub quiet: Option<Quiet>,
    /// Maximum number of messages per hour.
    pub per_hour: Option<u32>,
    /// When digests are due; `None`: events are sent at once.
    pub every: Option<Every>,
    /// The zone of `every`.
    pub zone: TimeZone,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Standard Webhooks: one request per event.
    Webhook {
        /// The receiver.
        url: WebUrl,
        /// The keys that sign; several during a rotation.
        secrets: Vec<Secret>,
    },
    /// A topic of an ntfy server.
    Ntfy {
        /// The root of the server.
        server: WebUrl,
        /// The topic.
        topic: String,
        /// An access token.
        token: Option<Secret>,
    },
    /// An incoming webhook of Slack or a compatible service.
    Slack(WebUrl),
    /// A webhook of Discord.
    Discord(WebUrl),
    /// A room of Matrix.
    Matrix {
        /// The homeserver.
        server: WebUrl,
        /// The room's id.
        room: String,
        /// The access token of the user who writes.
        token: Secret,
    },
    /// An address of an Apprise API.
    Apprise(WebUrl),
    /// A digest by mail.
    Email(MailTarget),
    /// A digest as an entry of the feed `/feeds/digest-NAME.atom`.
    Feed,
    /// A file to which events are appended.
    File(PathBuf),
}

/// Where digests are mailed, and through which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTarget {
    /// The recipients; at least one.
    pub to: Vec<Mailbox>,
    /// The sender.
    pub from: Mailbox,
    /// The host of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User name and password.
    pub auth: Option<(String, Secret)>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the beginning.
    Tls,
    /// By STARTTLS, before anything else is sent.
    StartTls,
    /// Not at all.
    Off,
}

impl Target {
    /// What the store needs to know of it.
    pub fn to_outbox(&self) -> OutboxTarget {
        OutboxTarget {
            name: self.name.clone(),
            expr: self.expr.clone(),
            rule: self.rule.clone(),
            definition: self.source.clone(),
            destination: self.destination.fingerprint(),
            is_feed: self.destination == Destination::Feed,
        }
    }

    /// When a message about something that happens now is due.
    pub fn due(&self, now: Time) -> Time {
        match &self.every {
            Some(every) => every.next(now, &self.zone),
            None => now,
        }
    }
}

impl Destination {
    /// The kind, as its key in the configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Ntfy { .. } => "ntfy",
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Matrix { .. } => "matrix",
            Self::Apprise(_) => "apprise",
            Self::Email(_) => "email",
            Self::Feed => "feed",
            Self::File(_) => "file",
        }
    }

    /// Maximum number of events in one message.
    pub fn batch_max(&self) -> usize {
        match self {
            Self::Webhook { .. } => 1,
            Self::Ntfy { .. }
            | Self::Slack(_)
            | Self::Discord(_)
            | Self::Matrix { .. }
            | Self::Apprise(_) => STORIES_MAX,
            Self::Email(_) | Self::Feed => digest::STORIES_MAX,
            Self::File(_) => 500,
        }
    }

    /// A hash that changes with the address. Secrets are not part of it.
    fn fingerprint(&self) -> String {
        let address = match self {
            Self::Webhook { url, .. }
            | Self::Slack(url)
            | Self::Discord(url)
            | Self::Apprise(url) => url.to_string(),
            Self::Ntfy {
                server,
                topic: place,
                ..
            }
            | Self::Matrix {
                server,
                room: place,
                ..
            } => format!("{server}\n{place}"),
            Self::Email(mail) => {
                let to: Vec<String> = mail.to.iter().map(ToString::to_string).collect();
                format!("{}:{}\n{}", mail.server, mail.port, to.join("\n"))
            }
            Self::Feed => String::new(),
            Self::File(path) => path.display().to_string(),
        };
        let digest = sha256(format!("{}\n{address}", self.kind()).as_bytes());
        hex::encode(digest.get(..16).unwrap_or_default())
    }
}
