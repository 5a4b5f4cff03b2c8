//! The callback route for WebSub hubs, below [`super::CALLBACK_PATH`]: the only route that accepts POST. It parses the request; the
//! handler decides what it means. No response shows whether a signature was valid (ET-50).

use std::time::Duration;

use axum::body::Body as Incoming;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout};
use url::form_urlencoded;

use super::error::{HttpError, plain_text};
use super::state::Shared;
use crate::memory::{Body, Unread};
use crate::model::{HubCall, HubReply};

/// Maximum wait of a push for memory; after that the hub has to repeat it.
const MEMORY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Maximum time to receive the body of a push.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// Maximum length of a challenge, in bytes.
const CHALLENGE_BYTES_MAX: usize = 1024;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// GET: the hub verifies or denies a subscription.
pub async fn verify(
    State(state): State<Shared>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
    };
    let missing =
        |name: &str| HttpError::BadRequest(format!("the parameter {name} is missing or invalid"));
    let topic = parameter("hub.topic").ok_or_else(|| missing("hub.topic"))?;
    let call = match parameter("hub.mode").as_deref() {
        Some("denied") => HubCall::Denied {
            topic,
            reason: parameter("hub.reason"),
        },
        Some(mode @ ("subscribe" | "unsubscribe")) => HubCall::Verify {
            subscribe: mode == "subscribe",
            topic,
            challenge: parameter("hub.challenge")
                .filter(|c| !c.is_empty() && c.len() <= CHALLENGE_BYTES_MAX)
                .ok_or_else(|| missing("hub.challenge"))?,
            lease_s: parameter("hub.lease_seconds").and_then(|s| s.parse().ok()),
        },
        _ => return Err(missing("hub.mode")),
    };
    response(handle(&state, path, call).await?)
}

/// POST: the hub pushes new content.
pub async fn push(
    State(state): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Incoming,
) -> Result<Response, HttpError> {
    // SEC-18: the body is read only for a known subscription, and only for a limited number of pushes at once.
    let first = handle(&state, path.clone(), HubCall::Coming).await?;
    if first != HubReply::Taken {
        return response(first);
    }
    let Some(_permit) = state.pushes.try_acquire(&path) else {
        return response(HubReply::Later);
    };
    let Some(callback) = &state.callback else {
        return response(HubReply::Unknown);
    };
    let (limit, until) = (callback.body_bytes_max, Instant::now() + MEMORY_WAIT_MAX);
    let read = Body::read(&callback.memory, limit, until, body.into_data_stream());
    // The permit and the memory are held no longer than this.
    let Ok(read) = timeout(BODY_TIME_MAX, read).await else {
        return Err(HttpError::BadRequest(
            "the body was sent too slowly".to_owned(),
        ));
    };
    let body = match read {
        Ok(body) => body,
        Err(Unread::Busy) => return response(HubReply::Later),
        Err(Unread::TooLarge) => {
            let message = format!("the body has more than {limit} bytes");
            return Ok(plain_text(StatusCode::PAYLOAD_TOO_LARGE, &message));
        }
        Err(Unread::Failed(_)) => {
            return Err(HttpError::BadRequest("the body ended early".to_owned()));
        }
    };
    let header = |name: &HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    // Hubs sign bodies without a content coding. For an encoded body the handler polls the feed itself.
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    let call = HubCall::Content {
        signature: header(&SIGNATURE),
        content_type: header(&header::CONTENT_TYPE).filter(|_| !is_encoded),
        body,
    };
    response(handle(&state, path.clone(), call).await?)
}

async fn handle(state: &Shared, path: String, call: HubCall) -> Result<HubReply, HttpError> {
    let Some(callback) = &state.callback else {
        return Err(HttpError::NotFound(
            "WebSub is not configured here".to_owned(),
        ));
    };
    Ok((callback.handler)(path, call).await)
}

fn response(reply: HubReply) -> Result<Response, HttpError> {
    Ok(match reply {
        // Plain text, because the challenge is not ours and must not be a page. WebSub section 5.3.1: the challenge alone.
        HubReply::Challenge(challenge) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (plain, challenge).into_response()
        }
        HubReply::Taken => StatusCode::ACCEPTED.into_response(),
        HubReply::Unknown => plain_text(StatusCode::NOT_FOUND, "there is no such subscription"),
        HubReply::Gone => plain_text(StatusCode::GONE, "this subscription has ended"),
        HubReply::Later => return Err(HttpError::Busy("overloaded; try again later".to_owned())),
    })
}
