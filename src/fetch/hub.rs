//! Asking a WebSub hub to tell us of news, or to stop (ET-50). A hub's address stands in a feed, so it passes the same
//! guard, permits and limits as a feed's; it is the only thing that is ever sent a POST. Follows no redirect.

use http::header::{CONTENT_TYPE, USER_AGENT};
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::client::{Fetcher, too_many};
use super::failure::{self, fail};
use super::hints;
use super::hosts::Resting;
use super::visit_time::VisitTime;
use crate::model::{Failure, FailureKind, WebUrl};

/// What a hub is asked for.
#[derive(Debug, Clone, Copy)]
pub struct HubRequest<'a> {
    /// Subscribe, or else unsubscribe.
    pub subscribe: bool,
    /// The feed's name for itself.
    pub topic: &'a str,
    /// Where the hub is to call.
    pub callback: &'a str,
    /// What it is to sign with.
    pub secret: &'a str,
    /// For how long, in seconds.
    pub lease_s: u64,
}

impl Fetcher {
    /// Asks a hub. That it took the request says nothing yet: it calls back to ask whether we meant it.
    ///
    /// # Errors
    /// [`Failure`] as for a feed: refused by the guard, unreachable, or any status but 2xx.
    pub async fn ask_hub(
        &self,
        hub: &WebUrl,
        request: &HubRequest<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        self.post(hub, request.form(), cancel).await
    }

    /// Tells a hub that these documents of ours have changed: it fetches them and tells its subscribers. How is not part of
    /// the standard; this is what every hub takes since PubSubHubbub 0.3, section 7.1.
    ///
    /// # Errors
    /// [`Failure`] as for [`Self::ask_hub`].
    pub async fn tell_hub(
        &self,
        hub: &WebUrl,
        changed: &[String],
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let urls = changed.iter().map(|url| ("hub.url", url.as_str()));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .extend_pairs(urls)
            .finish();
        self.post(hub, form, cancel).await
    }

    async fn post(
        &self,
        hub: &WebUrl,
        form: String,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        self.guard.check_url(hub)?;
        let host = hub.host();
        let stopped = || fail(FailureKind::Internal, "stopped before the hub was asked");
        let mut time = VisitTime::new(self.options.timeout_total, self.options.own_wait);
        let turn = time.turn(self.hosts.acquire(host));
        let permit = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(stopped()),
            permit = turn => permit,
        };
        let permit = permit.ok_or_else(|| too_many(host))?;
        let _permit = permit.map_err(|Resting(rest)| {
            let text = format!(
                "{host} asked to be left alone for another {} s",
                rest.as_secs()
            );
            fail(FailureKind::Throttled, text)
        })?;
        time.go_on();
        self.resolver.prepare(hub, false, &mut time).await?;
        // What it says beside its status is not read.
        let sent = self
            .client
            .post(hub.as_url().clone())
            .header(USER_AGENT, self.options.user_agent.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send();
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(stopped()),
            answer = time.server(host, sent) => answer,
        };
        let response = answer?.map_err(|e| failure::of_request(&e, host))?;
        let status = response.status();
        let hints = hints::from_headers(response.headers(), status, self.clock.now());
        self.note(host, status, response.headers(), &hints);
        match status.is_success() {
            true => Ok(()),
            false => Err(failure::of_status(status, host)),
        }
    }
}

impl HubRequest<'_> {
    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let mode = if self.subscribe {
            "subscribe"
        } else {
            "unsubscribe"
        };
        form.append_pair("hub.mode", mode)
            .append_pair("hub.topic", self.topic)
            .append_pair("hub.callback", self.callback);
        if self.subscribe {
            form.append_pair("hub.secret", self.secret)
                .append_pair("hub.lease_seconds", &self.lease_s.to_string());
        }
        form.finish()
    }
}
