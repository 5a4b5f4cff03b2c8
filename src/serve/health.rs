//! `/healthz`, `/readyz` and `/metrics`, for monitoring systems.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::{HttpError, plain_text};
use super::metrics::{CONTENT_TYPE, StoreNumbers};
use super::state::{Cost, Shared};

/// `/healthz`: the process answers.
pub async fn alive() -> Response {
    plain_text(StatusCode::OK, "ok")
}

/// `/readyz`: whether the store accepts writes and the scheduler keeps up, else why not.
pub async fn ready(State(state): State<Shared>) -> Response {
    match (state.ready)() {
        Ok(()) => plain_text(StatusCode::OK, "ready"),
        Err(reason) => plain_text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// `/metrics`, in OpenMetrics. Requests within a few seconds share one count of the store.
pub async fn metrics(State(state): State<Shared>) -> Result<Response, HttpError> {
    let mut cached = state.store_numbers.lock().await;
    let (sequence, now) = (state.sequence(), state.clock.now());
    let numbers = match cached.as_ref().filter(|n| n.is_fresh(sequence, now)) {
        Some(numbers) => Arc::clone(numbers),
        None => {
            let counted = state.read(Cost::Shared, move |_, reads| {
                Ok(StoreNumbers {
                    status: reads.status(now)?,
                    polls: reads.poll_totals()?,
                    sequence,
                    at: now,
                })
            });
            Arc::clone(cached.insert(Arc::new(counted.await?)))
        }
    };
    drop(cached);
    let bytes = i64::try_from(state.budget.used()).unwrap_or(i64::MAX);
    state.metrics.response_bytes.set(bytes);
    let text = state.metrics.print(&numbers.status, &numbers.polls);
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text.map_err(|_| HttpError::Internal)?).into_response())
}
