//! Answers hubs: verification of subscriptions, refusals, and pushes. A hub learns nothing about subscriptions whose path it
//! does not know.

use std::sync::Arc;
use std::time::Duration;

use super::signature::is_signed;
use super::subscriptions::LEASE;
use crate::ingest::context::Ingest;
use crate::model::{HubCall, HubReply};
use crate::store::StoreError;
use crate::text::plain;

/// The shortest and the longest duration of a subscription that is accepted from a hub.
const LEASE_MIN: Duration = Duration::from_secs(5 * 60);
const LEASE_MAX: Duration = Duration::from_secs(90 * 86_400);

impl Ingest {
    /// Answers a call of a hub to the subscription with this path. If the store cannot be used, the hub is to retry later.
    pub async fn answer_hub(self: &Arc<Self>, path: String, call: HubCall) -> HubReply {
        match self.handle_hub_call(path, call).await {
            Ok(reply) => reply,
            Err(e) => {
                tracing::debug!("a hub is asked to retry later: {e}");
                HubReply::Later
            }
        }
    }

    async fn handle_hub_call(
        self: &Arc<Self>,
        path: String,
        call: HubCall,
    ) -> Result<HubReply, StoreError> {
        let now = self.clock.now();
        let if_known =
            |is_known: bool, reply: HubReply| if is_known { reply } else { HubReply::Unknown };
        match call {
            HubCall::Verify {
                subscribe: true,
                topic,
                challenge,
                lease_s,
            } => {
                let lease = Duration::from_secs(lease_s.unwrap_or(LEASE.as_secs()))
                    .clamp(LEASE_MIN, LEASE_MAX);
                let verified =
                    self.with_store(move |store| store.hub_verified(path, topic, lease, now));
                Ok(if_known(verified.await?, HubReply::Challenge(challenge)))
            }
            HubCall::Verify {
                topic, challenge, ..
            } => {
                let left = self.with_store(move |store| store.hub_left(path, topic));
                Ok(if_known(left.await?, HubReply::Challenge(challenge)))
            }
            HubCall::Denied { topic, reason } => {
                let reason = reason.as_deref().map(plain::line).unwrap_or_default();
                let reason = format!("the hub refused: {reason}");
                let denied =
                    self.with_store(move |store| store.hub_denied(path, topic, reason, now));
                Ok(if_known(denied.await?, HubReply::Taken))
            }
            HubCall::Coming => {
                let row = self
                    .with_store(move |store| store.reads().hub_at(&path))
                    .await?;
                Ok(row.map_or(HubReply::Unknown, |row| match row.leaving {
                    true => HubReply::Gone,
                    false => HubReply::Taken,
                }))
            }
            HubCall::Content {
                signature,
                content_type,
                body,
            } => {
                let row = self
                    .with_store(move |store| store.reads().hub_at(&path))
                    .await?;
                match row {
                    None => Ok(HubReply::Unknown),
                    Some(row) if row.leaving => Ok(HubReply::Gone),
                    Some(row) if row.paused => Ok(HubReply::Taken),
                    Some(row) if !is_signed(&row.secret, signature.as_deref(), &body) => {
                        tracing::debug!(
                            feed.url = row.url.as_str(),
                            "a push without a valid signature was discarded"
                        );
                        Ok(HubReply::Taken)
                    }
                    Some(row) => self.store_push(row, content_type, body).await,
                }
            }
        }
    }
}
