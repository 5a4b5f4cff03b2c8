//! Why a request has no answer. A mistake in a parameter names the parameter; one in an expression has the lines of the expression
//! with a caret. [`Problem`] is the object that clients get (RFC 9457).

use schemars::JsonSchema;
use serde::Serialize;

use crate::merged::MergedError;
use crate::query::SyntaxErrors;
use crate::store::{CursorError, StoreError};
use crate::text::nearest::nearest;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A parameter is wrong.
    #[error(transparent)]
    Parameter(#[from] BadParameter),
    /// There is no topic of that name.
    #[error("there is no topic \"{name}\"")]
    NoSuchTopic {
        /// The name that was asked for.
        name: String,
        /// The names of all topics.
        topics: Vec<String>,
    },
    /// No story and no copy has the id.
    #[error("there is no such story; it may have been removed because of its age (store.keep)")]
    NoSuchStory,
    /// A follower has to start again.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The objects do not fit into the memory that is left.
    #[error("there is not enough memory for this page")]
    NoMemory,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A wrong parameter. Displayed as its name and what would be right, then each mistake of an expression with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {}", self.text())]
pub struct BadParameter {
    /// The name of the parameter.
    pub name: String,
    /// What is wrong and what would be right; empty if `mistakes` say so.
    pub message: String,
    /// The mistakes in an expression.
    pub mistakes: Vec<Mistake>,
}

/// A mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mistake {
    /// What is wrong and what would be right.
    pub detail: String,
    /// Two lines: the part of the expression with the mistake, and carets below the mistake.
    pub excerpt: String,
}

impl BadParameter {
    /// A parameter with a wrong value or name.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            message: message.into(),
            mistakes: Vec::new(),
        }
    }

    /// A parameter that does not exist, with the most similar of those that do.
    pub fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Self {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean {near}?"),
            None => match known.collect::<Vec<_>>() {
                none if none.is_empty() => "this route has none".to_owned(),
                all => format!("the parameters are {}", all.join(", ")),
            },
        };
        Self::new(name, format!("there is no such parameter; {hint}"))
    }

    /// An expression that cannot be parsed.
    pub fn of_expression(name: &str, errors: &SyntaxErrors) -> Self {
        let mistakes = errors.errors().iter().map(|error| Mistake {
            detail: error.message.clone(),
            excerpt: errors.excerpt(error),
        });
        Self {
            name: name.to_owned(),
            message: String::new(),
            mistakes: mistakes.collect(),
        }
    }

    /// The message without the name.
    pub fn text(&self) -> String {
        match self.mistakes.as_slice() {
            [] => self.message.clone(),
            mistakes => mistakes
                .iter()
                .map(|m| format!("{}\n{}", m.detail, m.excerpt))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

impl From<MergedError> for ApiError {
    fn from(error: MergedError) -> Self {
        match error {
            MergedError::Parameter(message) => match message.split_once(": ") {
                Some((name, message)) => BadParameter::new(name, message).into(),
                None => BadParameter::new("", message).into(),
            },
            MergedError::NoSuchTopic { name, topics } => Self::NoSuchTopic { name, topics },
            MergedError::NoMemory => Self::NoMemory,
            MergedError::Store(e) => Self::Store(e),
        }
    }
}

/// The answer to a request that has no other, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says which kind of problem it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The name of the HTTP status.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what to do.
    pub detail: String,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub parameter: Option<String>,
    /// The mistakes in an expression.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_parameter_says_its_name_and_what_would_be_right() {
        let known = || ["limit", "since"].into_iter();
        assert_eq!(
            BadParameter::unknown("limti", known()).to_string(),
            "limti: there is no such parameter; did you mean limit?"
        );
        assert_eq!(
            BadParameter::unknown("xyz", known()).to_string(),
            "xyz: there is no such parameter; the parameters are limit, since"
        );
        let errors = crate::query::parse("boats AND (ships").unwrap_err();
        let wrong = BadParameter::of_expression("q", &errors);
        assert_eq!(wrong.mistakes.len(), 1);
        assert!(wrong.mistakes[0].excerpt.starts_with("boats AND (ships\n"));
        assert!(wrong.to_string().ends_with('^'), "{wrong}");
    }
}
