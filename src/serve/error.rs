//! Why a request gets no document: a status, and plain text that says what, where and what to do; in a browser, a page that
//! says the same ([`super::pages::trouble`]). Never a path of this machine, and never markup.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::merged::MergedError;
use crate::store::StoreError;
use crate::text::nearest::nearest;

/// Seconds after which a busy server may be asked again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("10");

/// What a response that is no document says, as [`text`] printed it: a page can say it too.
#[derive(Debug, Clone)]
pub(super) struct Told(pub String);

/// How often a failing store is told to the log.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Why a request gets no document.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request cannot be understood: 400.
    #[error("{0}")]
    Bad(String),
    /// There is nothing of that name: 404.
    #[error("{0}")]
    Missing(String),
    /// Now is not the time: 503.
    #[error("{0}")]
    Busy(String),
    /// The store cannot be read: 503 if that may pass, else 500. The message is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug: 500.
    #[error("newswire failed at this; its log says more")]
    Internal,
}

impl HttpError {
    /// Something that is not there, with the nearest name that is.
    pub(super) fn no_such<'n>(
        what: &str,
        wrong: &str,
        names: impl Iterator<Item = &'n str>,
        instead: &str,
    ) -> Self {
        let hint = nearest(wrong, names).map_or_else(
            || instead.to_owned(),
            |name| format!("did you mean {name}?"),
        );
        Self::Missing(format!("there is no {what} \"{wrong}\"; {hint}"))
    }

    /// The memory for responses is used up.
    pub(super) fn busy_with_answers() -> Self {
        Self::Busy(
            "too many large answers are being sent; try again later, or ask for less (limit=…)"
                .to_owned(),
        )
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Busy(_) | Self::Store(StoreError::Busy(_) | StoreError::Unusable { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Store(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Store(StoreError::Busy(_)) => {
                "this takes too long at the moment; narrow it, or try again".to_owned()
            }
            Self::Store(_) => "the store cannot be read; newswire's log says why".to_owned(),
            other => other.to_string(),
        }
    }
}

impl From<MergedError> for HttpError {
    fn from(error: MergedError) -> Self {
        match error {
            MergedError::Parameter(message) => Self::Bad(message),
            MergedError::NoSuchTopic { name, topics } => {
                let names = topics.iter().map(String::as_str);
                Self::no_such("topic", &name, names, "/topics lists them")
            }
            MergedError::NoMemory => Self::busy_with_answers(),
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
        let mut response = text(status, &self.told());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }
}

/// A store that cannot be read fails every request: it is told once a minute (REL-02).
fn log(e: &StoreError) {
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
        *told = Some(Instant::now());
        tracing::warn!(error = %e, "requests cannot be answered");
    }
}

/// Lines of plain text. What came from a request may stand in them, but no control character, for they are read in
/// terminals too (SEC-14).
pub(super) fn text(status: StatusCode, lines: &str) -> Response {
    let printable: String = lines
        .trim_end()
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, headers, format!("{printable}\n")).into_response();
    response.extensions_mut().insert(Told(printable));
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
    fn the_path_of_the_store_stays_in_the_log() {
        let refusal = HttpError::from(StoreError::Unusable {
            path: "/home/alice/news.db".into(),
            reason: "the disk failed".to_owned(),
        });
        assert!(!refusal.told().contains("alice"));
        assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
