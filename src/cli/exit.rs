//! How a command ends: the exit codes of contract.md, and which error means which.

use super::safe;
use crate::config::ConfigError;
use crate::query::SyntaxErrors;
use crate::store::StoreError;

/// The exit codes that newswire uses; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage, or an expression that cannot be read.
    Usage = 2,
    /// Some feeds failed (`fetch`, `add`, `import`).
    SomeFeeds = 3,
    /// Nothing matched, and `--fail-empty` was given.
    Nothing = 4,
    /// The input data is bad (`parse`, `import`).
    BadInput = 65,
    /// No such input file, feed, topic or article.
    NoInput = 66,
    /// A fault of newswire itself.
    Internal = 70,
    /// The store or its disk cannot be used.
    Store = 74,
    /// Busy; try later.
    Busy = 75,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not end with [`Exit::Ok`].
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Who read our output has seen enough: that is success.
    ClosedPipe,
    /// Everything is said already.
    Quiet(Exit),
    /// One message for a person: what, on what, what to do.
    Told(Exit, String),
    /// A text of several lines with carets, printed as it is.
    Drawn(Exit, String),
}

impl Failure {
    /// A failure with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Told(exit, message.into())
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// There is no such thing.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(Exit::NoInput, message)
    }

    /// A configuration that cannot be used, its mistakes in colour or not.
    pub fn of_config(error: &ConfigError, color: bool) -> Self {
        match error {
            ConfigError::Invalid(_) => Self::Drawn(Exit::Config, error.render(color)),
            other => Self::new(Exit::Config, other.to_string()),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::ClosedPipe => Exit::Ok,
            Self::Quiet(exit) | Self::Told(exit, _) | Self::Drawn(exit, _) => *exit,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Missing(_) => Exit::NoInput,
            StoreError::Unusable { .. } => Exit::Store,
            StoreError::Busy(_) => Exit::Busy,
            StoreError::Internal(_) | StoreError::Shared(_) | StoreError::Stopped => Exit::Internal,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<SyntaxErrors> for Failure {
    fn from(errors: SyntaxErrors) -> Self {
        let drawn = errors.render("newswire: in the expression");
        Self::Drawn(Exit::Usage, safe::lines(&drawn).into_owned())
    }
}
