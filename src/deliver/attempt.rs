//! What the answer of a target means for an event and for its target. Pure.

use std::time::Duration;

use crate::fetch::SendAnswer;
use crate::model::{Failure, FailureKind};
use crate::notify::retry::RETRY_AFTER_MAX;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The target has it.
    Sent,
    /// It failed; later it may succeed.
    Failed {
        /// Why, in one line, without secrets.
        error: String,
        /// How long the target asks to wait.
        retry_after: Option<Duration>,
    },
    /// The target is gone and is not to be used again.
    Off {
        /// Why, in one line.
        error: String,
    },
}

impl Attempt {
    /// A failure without a word on when to come back.
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Failed {
            error: error.into(),
            retry_after: None,
        }
    }

    /// The text of a failure. That of the guard names the key for feeds; a target has its own.
    pub(super) fn guarded(failure: Failure) -> String {
        match failure.kind {
            FailureKind::Blocked => failure
                .message
                .replace("under [fetch]", "in its [[notify]]"),
            _ => failure.message,
        }
    }

    /// What an answer over HTTP means. Any 2xx is success; a redirect is an error, because it is not followed.
    pub fn of_answer(answer: Result<SendAnswer, Failure>, host: &str) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                let error = Self::guarded(failure);
                return Self::failed(error);
            }
        };
        let status = answer.status;
        let error = |what: &str| format!("{host} {what} (HTTP {status})");
        match status {
            200..=299 => Self::Sent,
            410 => Self::Off {
                error: error("does not want messages any more"),
            },
            300..=399 => Self::failed(error(
                "redirects, which is not followed; configure the new URL",
            )),
            429 | 503 => Self::Failed {
                error: error("asks for a pause"),
                retry_after: answer.retry_after.map(|after| after.min(RETRY_AFTER_MAX)),
            },
            401 | 403 => Self::failed(error("denies access")),
            404 => Self::failed(error("has no such address")),
            500..=599 => Self::failed(error("has a server error")),
            _ => Self::failed(error("refused the message")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, seconds: Option<u64>) -> Attempt {
        let answer = SendAnswer {
            status,
            retry_after: seconds.map(Duration::from_secs),
        };
        Attempt::of_answer(Ok(answer), "hook.example")
    }

    #[test]
    fn each_status_has_its_meaning() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(of(status, None), Attempt::Sent);
        }
        assert!(matches!(of(410, None), Attempt::Off { .. }));
        for status in [100, 301, 304, 308, 400, 401, 404, 418, 500, 502, 599, 999] {
            let attempt = of(status, Some(9));
            let Attempt::Failed { error, retry_after } = attempt else {
                panic!("{status}");
            };
            assert!(error.starts_with("hook.example ") && error.contains(&status.to_string()));
            assert_eq!(retry_after, None, "{status}");
        }
    }

    #[test]
    fn retry_after_is_heeded_for_429_and_503_up_to_a_day() {
        for (status, asked, heeded) in [(429, 60, 60), (503, 7, 7), (429, 900_000, 86_400)] {
            let Attempt::Failed { retry_after, .. } = of(status, Some(asked)) else {
                panic!("{status}");
            };
            assert_eq!(retry_after, Some(Duration::from_secs(heeded)));
        }
    }
}
