//! Why a call has no result, as the model reads it: what is wrong and what to do. Never contains a path of this machine.

use crate::merged::MergedError;
use crate::query::SyntaxErrors;
use crate::store::StoreError;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// An argument has a value that cannot be used.
    #[error("{0}")]
    Wrong(String),
    /// It takes too long, or too much memory.
    #[error(
        "this takes too long or returns too much; ask for a shorter time (since), a topic or a lower limit, or try again later"
    )]
    TooMuch,
    /// The store or the configuration cannot be read.
    #[error("the store of newswire cannot be read; its operator finds the reason in the log")]
    Unreadable,
    /// The store cannot be read. The cause is for the log only.
    #[error("the store of newswire cannot be read; its operator finds the reason in the log")]
    Store(#[source] StoreError),
}

impl ToolError {
    /// An expression that cannot be parsed: each mistake with the place and a caret.
    pub fn of_expression(errors: &SyntaxErrors) -> Self {
        Self::Wrong(errors.render("query").trim_end().to_owned())
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::TooMuch,
            other => Self::Store(other),
        }
    }
}

impl From<MergedError> for ToolError {
    fn from(error: MergedError) -> Self {
        match error {
            MergedError::Parameter(message) => Self::Wrong(message),
            MergedError::NoSuchTopic { name, topics } => Self::no_such_topic(&name, &topics),
            MergedError::NoMemory => Self::TooMuch,
            MergedError::Store(e) => e.into(),
        }
    }
}

impl ToolError {
    /// A topic that does not exist, with those that do.
    pub fn no_such_topic(name: &str, topics: &[String]) -> Self {
        let known = match topics {
            [] => "there are no topics".to_owned(),
            topics => format!("the topics are {}", topics.join(", ")),
        };
        Self::Wrong(format!("topic: there is no topic {name:?}; {known}"))
    }
}
