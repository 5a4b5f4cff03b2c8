//! Errors of the API as problem details (RFC 9457), whichever check or route they come from.

use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::super::error::{PlainText, WrongParameter};
use crate::api::{ApiError, Problem, json};
use crate::merged::MergedError;

use super::super::error::HttpError;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Turns an error of plain text into problem details with the same status and headers; other responses are returned unchanged.
pub fn as_problem(mut response: Response) -> Response {
    let Some(PlainText(message)) = response.extensions_mut().remove() else {
        return response;
    };
    let wrong = response.extensions_mut().remove::<WrongParameter>();
    let status = response.status();
    let mut problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: message,
        parameter: None,
        mistakes: Vec::new(),
    };
    if let Some(WrongParameter(wrong)) = wrong {
        // The places of the mistakes are members of their own.
        problem.detail = match wrong.mistakes.first() {
            Some(first) => format!("{}: {}", wrong.name, first.detail),
            None => wrong.to_string(),
        };
        problem.parameter = Some(wrong.name);
        problem.mistakes = wrong.mistakes;
    }
    let Ok(body) = json::line(&problem) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    Response::from_parts(parts, body.into())
}

impl From<ApiError> for HttpError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Parameter(wrong) => Self::BadParameter(wrong),
            ApiError::NoSuchTopic { name, topics } => {
                MergedError::NoSuchTopic { name, topics }.into()
            }
            ApiError::NoSuchStory => Self::NotFound(error.to_string()),
            ApiError::Cursor(e) => Self::Conflict(e.to_string()),
            ApiError::NoMemory => Self::responses_too_large(),
            ApiError::Store(e) => Self::Store(e),
        }
    }
}
