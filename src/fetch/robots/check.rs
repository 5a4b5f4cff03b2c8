//! Whether robots.txt allows a URL: gets the rules of its origin unless they are cached, one request at a time per origin. An
//! answer that says nothing about the rules is never cached.

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::rules::{ROBOTS_BYTES_MAX, Rules};
use crate::fetch::client::Fetcher;
use crate::fetch::coding::SizeLimit;
use crate::fetch::failure;
use crate::fetch::request::Request;
use crate::fetch::trace::Trace;
use crate::fetch::visit_time::HOST_WAIT_MAX;
use crate::model::{Failure, FailureKind, WebUrl};

impl Fetcher {
    /// Refuses a URL that the robots.txt of its origin disallows.
    pub(in crate::fetch) async fn obey_robots(
        &self,
        url: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let rules = match self.robots.get(url, self.clock.now()) {
            Some(rules) => rules,
            None => {
                // One visit makes the request and the others wait for its answer.
                let lock = self.robots.request_lock(url);
                let locked = timeout(HOST_WAIT_MAX, lock.lock()).await;
                let _locked = locked.map_err(|_| failure::queue_too_long(url.host()))?;
                match self.robots.get(url, self.clock.now()) {
                    Some(rules) => rules,
                    None => {
                        let rules = self.robots_rules(url, cancel).await?;
                        self.robots.insert(url, rules, self.clock.now())
                    }
                }
            }
        };
        if rules.allow(url) {
            return Ok(());
        }
        let why = match *rules {
            Rules::DisallowAll => "could not provide its robots.txt, so no page may be read",
            _ => "does not allow programs to read this page (robots.txt)",
        };
        let text = format!("{} {why}", url.host());
        Err(Failure::new(FailureKind::Forbidden, text))
    }

    /// Gets the robots.txt of an origin. What exceeds the size limit is not read.
    async fn robots_rules(
        &self,
        url: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Rules, Failure> {
        let robots = url
            .join("/robots.txt")
            .map_err(|e| Failure::new(FailureKind::Internal, e.to_string()))?;
        let request = Request {
            size_limit: SizeLimit {
                bytes: ROBOTS_BYTES_MAX,
                truncate: true,
            },
            ..self.plain_request(&robots, "text/plain, */*;q=0.1", usize::MAX)
        };
        let mut trace = Trace::new(&self.options);
        // Boxed because a visit to a page contains a visit to robots.txt.
        match Box::pin(self.page(&request, &mut trace, cancel)).await {
            Ok(page) => Ok(Rules::parse(&page.body)),
            // No request was made, or there was no memory for the answer: that says nothing about the rules.
            Err(failure)
                if cancel.is_cancelled()
                    || trace.started.is_none()
                    || failure.kind == FailureKind::Busy =>
            {
                Err(failure)
            }
            Err(failure) => Ok(Rules::of_failure(&failure)),
        }
    }
}
