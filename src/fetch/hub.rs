//! Requests to WebSub hubs: subscribe, unsubscribe, publish (ET-50). A feed names its hub, so the hub's URL passes the same
//! guard, permits and limits as a feed's. Only hubs are sent a POST; redirects are not followed.

use http::header::{CONTENT_TYPE, USER_AGENT};
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::client::Fetcher;
use super::failure;
use super::hints;
use super::host_queue::Backoff;
use super::visit_time::VisitTime;
use crate::model::{Failure, FailureKind, WebUrl};

/// A request to subscribe or unsubscribe.
#[derive(Debug, Clone, Copy)]
pub struct HubRequest<'a> {
    /// `false` to unsubscribe.
    pub subscribe: bool,
    /// The feed's canonical URL.
    pub topic: &'a str,
    /// The URL that the hub is to call.
    pub callback: &'a str,
    /// The key with which it is to sign.
    pub secret: &'a str,
    /// Requested duration of the subscription, in seconds.
    pub lease_s: u64,
}

impl Fetcher {
    /// Sends a subscription request. Success means that the hub received it; the hub then calls back to verify it.
    ///
    /// # Errors
    /// [`Failure`] as for a feed: blocked by the guard, unreachable, or any status but 2xx.
    pub async fn request_hub(
        &self,
        hub: &WebUrl,
        request: &HubRequest<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        self.post(hub, request.form(), cancel).await
    }

    /// Notifies a hub that these documents of ours have changed, so that it gets and distributes them. WebSub does not define
    /// the form; this one is that of PubSubHubbub 0.3, section 7.1, which all hubs accept.
    ///
    /// # Errors
    /// [`Failure`] as for [`Self::request_hub`].
    pub async fn notify_hub(
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
        let stopped = || Failure::new(FailureKind::Internal, "stopped before the hub answered");
        let mut time = VisitTime::new(self.options.timeout_total, self.options.local_wait);
        let turn = time.host_turn(self.hosts.acquire(host));
        let permit = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(stopped()),
            permit = turn => permit,
        };
        let permit = permit.ok_or_else(|| failure::queue_too_long(host))?;
        let _permit = permit.map_err(|Backoff(left)| failure::backing_off(host, left))?;
        time.start_server();
        self.resolver.prepare(hub, false, &mut time).await?;
        // The body of the answer is not read.
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
        self.note_answer(host, status, response.headers(), &hints);
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
