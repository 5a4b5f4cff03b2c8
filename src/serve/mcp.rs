//! `/mcp`: the tools for language models over HTTP, with `server.mcp`. Carries one message of [`crate::mcp`] to it and one answer
//! back; no session, no stream. Costs, deadlines and memory are those of a search.
//!
//! Source: MCP 2026-07-28, "Streamable HTTP".

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::budget::Reservation;
use super::error::{HttpError, log, plain_text};
use super::state::{Cost, Shared};
use super::static_routes::close_connection;
use crate::mcp::{
    Headers, MESSAGE_BYTES_MAX, Peer, PendingCall, RESULT_CHARS_MAX, Status, Step, ToolError,
    too_long,
};

/// Maximum time to receive a message.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Checks a request before its body is read: a token if the server has tokens, and no page of another site.
pub async fn guard(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let tokens = state.options.tokens.as_ref();
    if let Some(rejection) = tokens.and_then(|tokens| tokens.rejection(&request)) {
        return close_connection(rejection);
    }
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let is_own = |origin: &HeaderValue| origin.to_str().is_ok_and(|o| state.hosts.allows_origin(o));
    if !origins.all(is_own) {
        let message = "pages of other sites cannot use this";
        return close_connection(plain_text(StatusCode::FORBIDDEN, message));
    }
    next.run(request).await
}

/// POST: one message.
pub async fn post(
    State(state): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    // A page of another site can send other types without asking first, but not this one.
    if !is_json(&headers) {
        let message = "send one JSON-RPC message as application/json";
        let refused = plain_text(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
        return Ok(close_connection(refused));
    }
    let permit = match state.message_permit() {
        Ok(permit) => permit,
        Err(busy) => return Ok(close_connection(busy.into_response())),
    };
    let mut memory = state.budget.reserve();
    memory.grow(MESSAGE_BYTES_MAX)?;
    let Ok(read) = timeout(BODY_TIME_MAX, to_bytes(body, MESSAGE_BYTES_MAX)).await else {
        return Err(HttpError::BadRequest(
            "the body was sent too slowly".to_owned(),
        ));
    };
    let Ok(message) = read else {
        let refused = written(StatusCode::PAYLOAD_TOO_LARGE, &too_long(), memory)?;
        return Ok(close_connection(refused));
    };
    drop(permit);
    let mut peer = Peer::http(mirrored(&headers));
    // Expressions are parsed here, which can take milliseconds.
    let step = state.read(Cost::Small, move |_, _| Ok(peer.step(&message)));
    match step.await? {
        Step::Nothing => Ok(StatusCode::ACCEPTED.into_response()),
        Step::Answer(answer) => written(status(answer.status), &answer.body, memory),
        Step::Call(call) => {
            drop(memory);
            run(&state, call).await
        }
    }
}

/// Memory for the text of a result, which has it twice: as text and as structured content.
const RESULT_BYTES: usize = 4 * RESULT_CHARS_MAX;

/// GET and the like: there is no stream to listen to, and no session to end.
pub async fn only_post() -> Response {
    let message = "this is for clients of the Model Context Protocol, which send POST";
    let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, message);
    let allow = HeaderValue::from_static("POST");
    response.headers_mut().insert(header::ALLOW, allow);
    close_connection(response)
}

async fn run(state: &Shared, call: PendingCall) -> Result<Response, HttpError> {
    let mut memory = state.budget.start().await;
    let cost = match call.call.is_search() {
        true => Cost::Search,
        false => Cost::Small,
    };
    let run = state.read(cost, move |state, reads| {
        let returned = call.call.run(reads, state.clock.now(), &mut memory);
        if let Err(ToolError::Store(e)) = &returned {
            log(e);
        }
        memory.grow(RESULT_BYTES)?;
        let answer = call.finish(returned);
        written(status(answer.status), &answer.body, memory)
    });
    run.await
}

fn written(status: StatusCode, body: &Value, memory: Reservation) -> Result<Response, HttpError> {
    let body: Bytes = memory.attach_to(body.to_string().into_bytes())?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((status, headers, body).into_response())
}

fn status(status: Status) -> StatusCode {
    match status {
        Status::Ok => StatusCode::OK,
        Status::BadRequest => StatusCode::BAD_REQUEST,
        Status::NotFound => StatusCode::NOT_FOUND,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let essence = given.and_then(|given| given.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// The headers that repeat parts of the message. One that is no text, or is given twice, is not the same as any text.
fn mirrored(headers: &HeaderMap) -> Headers {
    let text = |name: &str| {
        let mut all = headers.get_all(name).iter();
        let first = all.next()?;
        let text = first.to_str().ok().filter(|_| all.next().is_none());
        Some(text.unwrap_or("\u{fffd}").to_owned())
    };
    Headers {
        version: text("mcp-protocol-version"),
        method: text("mcp-method"),
        name: text("mcp-name"),
    }
}
