//! Errors of routes: a status, and plain text that says what is wrong, where, and what to do. For a browser the text becomes a
//! page ([`super::pages::as_error_page`]), on a path of the API an object ([`super::api::as_problem`]). The text never contains a path of this machine, and never markup.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::BadParameter;
use crate::merged::MergedError;
use crate::store::StoreError;
use crate::text::nearest::nearest;

/// The `Retry-After` of a 503, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("10");

/// The text of a response made by [`plain_text`], as an extension of the response, so that a page can show it.
#[derive(Debug, Clone)]
pub(super) struct PlainText(pub String);

/// The wrong parameter of a request, as an extension of the response.
#[derive(Debug, Clone)]
pub(super) struct WrongParameter(pub BadParameter);

/// Minimum time between two log lines about a failing store.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Why a request gets no document.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request is wrong: 400.
    #[error("{0}")]
    BadRequest(String),
    /// A parameter is wrong: 400.
    #[error(transparent)]
    BadParameter(#[from] BadParameter),
    /// There is no such resource: 404.
    #[error("{0}")]
    NotFound(String),
    /// The request does not fit the present state of the store: 409.
    #[error("{0}")]
    Conflict(String),
    /// The server is overloaded: 503.
    #[error("{0}")]
    Busy(String),
    /// The store cannot be read: 503 if a later request may succeed, else 500. The message is for the log only.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug: 500.
    #[error("internal error; the log of newswire has the details")]
    Internal,
}

impl HttpError {
    /// A 404 for the unknown name `wrong`, with the nearest of the known `names`, or else `hint`.
    pub(super) fn no_such<'n>(
        what: &str,
        wrong: &str,
        names: impl Iterator<Item = &'n str>,
        hint: &str,
    ) -> Self {
        let hint = nearest(wrong, names)
            .map_or_else(|| hint.to_owned(), |name| format!("did you mean {name}?"));
        Self::NotFound(format!("there is no {what} \"{wrong}\"; {hint}"))
    }

    /// The memory for responses is used up.
    pub(super) fn responses_too_large() -> Self {
        Self::Busy(
            "too many large responses are being sent; try again later, or ask for less (limit=…)"
                .to_owned(),
        )
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::BadParameter(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Busy(_) | Self::Store(StoreError::Busy(_) | StoreError::Unusable { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Store(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The text for the client.
    fn public_message(&self) -> String {
        match self {
            Self::Store(StoreError::Busy(_)) => {
                "this takes too long at present; narrow the request, or try again later".to_owned()
            }
            Self::Store(_) => {
                "the store cannot be read; the log of newswire has the details".to_owned()
            }
            other => other.to_string(),
        }
    }
}

impl From<MergedError> for HttpError {
    fn from(error: MergedError) -> Self {
        match error {
            MergedError::Parameter(message) => Self::BadRequest(message),
            MergedError::NoSuchTopic { name, topics } => {
                let names = topics.iter().map(String::as_str);
                Self::no_such("topic", &name, names, "/topics lists them")
            }
            MergedError::NoMemory => Self::responses_too_large(),
            MergedError::Store(e) => Self::Store(e),
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        if let Self::Store(e) = &self {
            log(e);
        }
        let status = self.status();
        let mut response = plain_text(status, &self.public_message());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        if let Self::BadParameter(wrong) = self {
            response.extensions_mut().insert(WrongParameter(wrong));
        }
        response
    }
}

/// A store that cannot be read fails every request, so it is logged once a minute (REL-02).
pub(super) fn log(e: &StoreError) {
    static LOGGED: Mutex<Option<Instant>> = Mutex::new(None);
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
        *logged = Some(Instant::now());
        tracing::warn!(error = %e, "requests fail because the store cannot be read");
    }
}

/// A response of plain text. It may contain parts of the request, but no control characters except line feeds, because it is
/// read in terminals too (SEC-14).
pub(super) fn plain_text(status: StatusCode, text: &str) -> Response {
    let printable: String = text
        .trim_end()
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, headers, format!("{printable}\n")).into_response();
    response.extensions_mut().insert(PlainText(printable));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let names = ["ukraine", "markets"];
        let near = HttpError::no_such("topic", "Ukriane", names.into_iter(), "see /");
        assert_eq!(
            near.to_string(),
            "there is no topic \"Ukriane\"; did you mean ukraine?"
        );
        let far = HttpError::no_such("topic", "xyz", names.into_iter(), "see /");
        assert_eq!(far.to_string(), "there is no topic \"xyz\"; see /");
    }

    #[test]
    fn the_path_of_the_store_is_in_the_log_only() {
        let error = HttpError::from(StoreError::Unusable {
            path: "/home/alice/news.db".into(),
            reason: "the disk failed".to_owned(),
        });
        assert!(!error.public_message().contains("alice"));
        assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
