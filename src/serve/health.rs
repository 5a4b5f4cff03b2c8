//! Whether newswire lives and works, for machines that watch it.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Refusal;
use super::metrics::CONTENT_TYPE;
use super::refusal::text;
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

/// `/metrics`: OpenMetrics.
pub async fn metrics(State(state): State<Shared>) -> Result<Response, Refusal> {
    let told = state.read(Cost::Small, |state, reads| {
        let status = reads.status(state.clock.now())?;
        let polls = reads.poll_totals()?;
        let bytes = i64::try_from(state.budget.used()).unwrap_or(i64::MAX);
        state.metrics.answer_bytes.set(bytes);
        let printed = state.metrics.print(&status, &polls);
        printed.map_err(|_| Refusal::Internal)
    });
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, told.await?).into_response())
}
