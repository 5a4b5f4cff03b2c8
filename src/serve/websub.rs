//! The callback of WebSub hubs, where one is configured: below [`super::CALLBACK_PATH`], the one route that takes a POST. It
//! understands the request and hands it on; what it means, ingest decides. Never says whether a signature was right (ET-50).

use std::time::Duration;

use axum::body::Body as Incoming;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout};
use url::form_urlencoded;

use super::HttpError;
use super::error::text;
use super::state::Shared;
use crate::memory::{Body, Unread};
use crate::model::{HubCall, HubReply};

/// A push that has to wait longer for memory is to come again.
const MEMORY_WAIT_MAX: Duration = Duration::from_secs(5);
/// A push has come whole within this, or is not taken.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest challenge that is echoed.
const CHALLENGE_BYTES_MAX: usize = 1024;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// GET: the hub asks whether a subscription was meant, or says that there will be none.
pub async fn ask(
    State(state): State<Shared>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let said = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
    };
    let missing = |name: &str| HttpError::Bad(format!("a hub says {name} here"));
    let topic = said("hub.topic").ok_or_else(|| missing("hub.topic"))?;
    let call = match said("hub.mode").as_deref() {
        Some("denied") => HubCall::Denied {
            topic,
            reason: said("hub.reason"),
        },
        Some(mode @ ("subscribe" | "unsubscribe")) => HubCall::Verify {
            subscribe: mode == "subscribe",
            topic,
            challenge: said("hub.challenge")
                .filter(|c| !c.is_empty() && c.len() <= CHALLENGE_BYTES_MAX)
                .ok_or_else(|| missing("hub.challenge"))?,
            lease_s: said("hub.lease_seconds").and_then(|s| s.parse().ok()),
        },
        _ => return Err(missing("hub.mode")),
    };
    told(say(&state, path, call).await?)
}

/// POST: news.
pub async fn push(
    State(state): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Incoming,
) -> Result<Response, HttpError> {
    // SEC-18: a stranger's body is not even read, and only so many hubs' at once.
    let first = say(&state, path.clone(), HubCall::Coming).await?;
    if first != HubReply::Taken {
        return told(first);
    }
    let Some(_place) = state.pushes.begin(&path) else {
        return told(HubReply::Later);
    };
    let Some(callback) = &state.callback else {
        return told(HubReply::Unknown);
    };
    let (limit, until) = (callback.body_bytes_max, Instant::now() + MEMORY_WAIT_MAX);
    let read = Body::read(&callback.memory, limit, until, body.into_data_stream());
    // It holds its place, and its memory, no longer than that.
    let Ok(read) = timeout(BODY_TIME_MAX, read).await else {
        return Err(HttpError::Bad("the push came too slowly".to_owned()));
    };
    let body = match read {
        Ok(body) => body,
        Err(Unread::Busy) => return told(HubReply::Later),
        Err(Unread::TooLarge) => {
            let told = format!("a push of more than {limit} bytes is not taken");
            return Ok(text(StatusCode::PAYLOAD_TOO_LARGE, &told));
        }
        Err(Unread::Failed(_)) => {
            return Err(HttpError::Bad("the push broke off".to_owned()));
        }
    };
    let header = |name: &HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    // Nobody packs what he signs; were it packed, it is looked after at the feed itself.
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    let call = HubCall::Content {
        signature: header(&SIGNATURE),
        content_type: header(&header::CONTENT_TYPE).filter(|_| !is_packed),
        body,
    };
    told(say(&state, path.clone(), call).await?)
}

async fn say(state: &Shared, path: String, call: HubCall) -> Result<HubReply, HttpError> {
    let Some(callback) = &state.callback else {
        return Err(HttpError::Missing("there is no callback here".to_owned()));
    };
    Ok((callback.handler)(path, call).await)
}

fn told(reply: HubReply) -> Result<Response, HttpError> {
    Ok(match reply {
        // As bytes: what a stranger gave us to echo is no page (section 5.3.1 asks for the challenge alone).
        HubReply::Challenge(challenge) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (plain, challenge).into_response()
        }
        HubReply::Taken => StatusCode::ACCEPTED.into_response(),
        HubReply::Unknown => text(StatusCode::NOT_FOUND, "there is no such subscription"),
        HubReply::Gone => text(StatusCode::GONE, "this subscription has ended"),
        HubReply::Later => return Err(HttpError::Busy("not now; try again later".to_owned())),
    })
}
