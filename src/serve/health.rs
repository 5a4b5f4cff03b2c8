//! Whether newswire lives and works, for machines that watch it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Refusal;
use super::metrics::CONTENT_TYPE;
use super::refusal::text;
use super::state::{Cost, Shared};
use crate::model::{Seq, Time};
use crate::store::{PollTotals, Status};

/// How long the store's numbers are kept: less than a monitor waits between two looks.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// `/healthz`: the process answers.
pub async fn alive() -> Response {
    text(StatusCode::OK, "ok")
}

/// `/readyz`: the store takes writes and the scheduler keeps up, else why not.
pub async fn ready(State(state): State<Shared>) -> Response {
    match (state.ready)() {
        Ok(()) => text(StatusCode::OK, "ready"),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// `/metrics`: OpenMetrics. What the store counts is counted once for all who ask within a few seconds.
pub async fn metrics(State(state): State<Shared>) -> Result<Response, Refusal> {
    let mut kept = state.numbers.lock().await;
    let (sequence, now) = (state.sequence(), state.clock.now());
    let numbers = match kept.as_ref().filter(|kept| kept.holds(sequence, now)) {
        Some(kept) => Arc::clone(kept),
        None => {
            let counted = state.read(Cost::Shared, move |_, reads| {
                Ok(Numbers {
                    status: reads.status(now)?,
                    polls: reads.poll_totals()?,
                    sequence,
                    at: now,
                })
            });
            Arc::clone(kept.insert(Arc::new(counted.await?)))
        }
    };
    drop(kept);
    let bytes = i64::try_from(state.budget.used()).unwrap_or(i64::MAX);
    state.metrics.answer_bytes.set(bytes);
    let printed = state.metrics.print(&numbers.status, &numbers.polls);
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, printed.map_err(|_| Refusal::Internal)?).into_response())
}

/// The numbers of the store at a moment.
pub struct Numbers {
    status: Status,
    polls: PollTotals,
    sequence: Seq,
    at: Time,
}

impl Numbers {
    fn holds(&self, sequence: Seq, now: Time) -> bool {
        self.sequence == sequence && self.at <= now && now.since(self.at) < KEPT_FOR
    }
}
