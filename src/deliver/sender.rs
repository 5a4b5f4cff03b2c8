//! Sends one batch of events to a target.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

use super::attempt::Attempt;
use super::file;
use super::mail;
use super::target::{Destination, Target};
use crate::clock::Clock;
use crate::fetch::{FetchSetupError, Fetcher, Message};
use crate::model::{Secret, WebUrl};
use crate::notify::chat::{apprise, discord, matrix, ntfy, slack};
use crate::notify::{Notice, webhook};

/// The ways to all targets: a fetcher for each set of private networks.
#[derive(Debug, Clone)]
pub struct Sender {
    fetchers: Arc<HashMap<Vec<IpNet>, Fetcher>>,
    clock: Clock,
}

impl Sender {
    /// Sets up what these targets need. `base` looks names up for all of them.
    ///
    /// # Errors
    /// [`FetchSetupError`] as for a fetcher.
    pub fn new(base: &Fetcher, targets: &[Target], clock: Clock) -> Result<Self, FetchSetupError> {
        let mut fetchers = HashMap::new();
        for target in targets {
            let networks = &target.allow_private;
            if !fetchers.contains_key(networks) {
                fetchers.insert(networks.clone(), base.with_networks(networks)?);
            }
        }
        Ok(Self {
            fetchers: Arc::new(fetchers),
            clock,
        })
    }

    /// Sends these events, at most [`Destination::batch_max`], in one message.
    pub async fn send(&self, target: &Target, notices: Vec<Notice>) -> Attempt {
        let Some(first) = notices.first() else {
            return Attempt::Sent;
        };
        let message = match &target.destination {
            Destination::File(path) => return append(path.clone(), &notices).await,
            Destination::Feed => {
                return Attempt::failed("a digest feed is read, and nothing is sent to it");
            }
            Destination::Email(mail) => {
                let Some(fetcher) = self.fetchers.get(&target.allow_private) else {
                    return Attempt::failed("the target is not set up");
                };
                return mail::send(fetcher, (&target.name, mail), &notices, self.clock.now()).await;
            }
            Destination::Webhook { url, secrets } => self.webhook(url, secrets, first),
            Destination::Ntfy {
                server,
                topic,
                token,
            } => Message {
                headers: token.iter().map(bearer).collect(),
                ..json(server, ntfy::body(topic, &notices))
            },
            Destination::Slack(url) => json(url, slack::body(&notices)),
            Destination::Discord(url) => json(url, discord::body(&notices)),
            Destination::Apprise(url) => json(url, apprise::body(&notices)),
            Destination::Matrix {
                server,
                room,
                token,
            } => {
                let Some(url) = matrix::address(server, room, &notices) else {
                    return Attempt::failed("the address of the room is too long");
                };
                Message {
                    is_put: true,
                    headers: vec![bearer(token)],
                    ..json(&url, matrix::body(&notices))
                }
            }
        };
        self.post(target, message).await
    }

    async fn post(&self, target: &Target, message: Message) -> Attempt {
        match self.fetchers.get(&target.allow_private) {
            Some(fetcher) => {
                Attempt::of_answer(fetcher.send_message(&message).await, message.url.host())
            }
            None => Attempt::failed("the target is not set up"),
        }
    }

    fn webhook(&self, url: &WebUrl, secrets: &[Secret], notice: &Notice) -> Message {
        let body = webhook::body(notice);
        let now = self.clock.now();
        let signature = webhook::signature(secrets, &notice.id, now, &body);
        Message {
            is_put: false,
            url: url.clone(),
            headers: vec![
                ("webhook-id", Secret::new(notice.id.clone())),
                ("webhook-timestamp", Secret::new(now.seconds().to_string())),
                ("webhook-signature", Secret::new(signature)),
            ],
            content_type: "application/json",
            body,
        }
    }
}

/// A POST of JSON.
fn json(url: &WebUrl, body: String) -> Message {
    Message {
        is_put: false,
        url: url.clone(),
        headers: Vec::new(),
        content_type: "application/json",
        body,
    }
}

fn bearer(token: &Secret) -> (&'static str, Secret) {
    (
        "authorization",
        Secret::new(format!("Bearer {}", token.reveal())),
    )
}

async fn append(path: PathBuf, notices: &[Notice]) -> Attempt {
    let lines: String = notices.iter().map(webhook::line).collect();
    match tokio::task::spawn_blocking(move || file::append(&path, &lines)).await {
        Ok(Ok(())) => Attempt::Sent,
        Ok(Err(error)) => Attempt::failed(error),
        Err(e) => Attempt::failed(e.to_string()),
    }
}
