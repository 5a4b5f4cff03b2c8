//! Whether newswire lives and works, for machines that watch it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::HttpError;
use super::error::text;
use super::metrics::{CONTENT_TYPE, StoreNumbers};
use super::state::{Cost, Shared};

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
pub async fn metrics(State(state): State<Shared>) -> Result<Response, HttpError> {
    let mut kept = state.numbers.lock().await;
    let (sequence, now) = (state.sequence(), state.clock.now());
    let numbers = match kept.as_ref().filter(|kept| kept.is_fresh(sequence, now)) {
        Some(kept) => Arc::clone(kept),
        None => {
            let counted = state.read(Cost::Shared, move |_, reads| {
                Ok(StoreNumbers {
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
    Ok((headers, printed.map_err(|_| HttpError::Internal)?).into_response())
}
