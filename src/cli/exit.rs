//! The exit codes of contract.md, and which error has which code.

use super::terminal_escape;
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
    /// Wrong usage or an invalid expression.
    Usage = 2,
    /// Some feeds failed (`fetch`, `add`, `import`).
    SomeFeeds = 3,
    /// Nothing matched, and `--fail-empty` was given.
    Nothing = 4,
    /// The input data is bad (`parse`, `import`), or a cursor cannot be followed (`list --changes`).
    BadInput = 65,
    /// No such input file, feed, topic or article.
    NoInput = 66,
    /// A bug in newswire.
    Internal = 70,
    /// The store or its disk is unusable.
    Store = 74,
    /// Busy; try later.
    Busy = 75,
    /// The configuration is invalid.
    Config = 78,
}

/// Every exit code with its meaning, for the help, the man page and the documents.
pub const EXIT_CODES: [(Exit, &str); 11] = [
    (Exit::Ok, "done"),
    (Exit::Failed, "failed"),
    (Exit::Usage, "wrong usage or an invalid expression"),
    (Exit::SomeFeeds, "some feeds failed (fetch, add, import)"),
    (Exit::Nothing, "nothing matched, and --fail-empty was given"),
    (
        Exit::BadInput,
        "bad input data (parse, import), or a cursor that cannot be followed (list --changes)",
    ),
    (Exit::NoInput, "no such file, feed, topic or article"),
    (Exit::Internal, "a bug in newswire"),
    (Exit::Store, "the store or its disk is unusable"),
    (Exit::Busy, "busy; try again later"),
    (Exit::Config, "the configuration is invalid"),
];

/// The codes as a table, for the end of the help.
pub fn exit_codes_in_help() -> String {
    let rows = EXIT_CODES.map(|(exit, meaning)| format!("\n  {:>2}  {meaning}", exit as u8));
    format!("Exit codes:{}", rows.concat())
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The reader closed the pipe. This counts as success.
    ClosedPipe,
    /// The failure has already been printed.
    Quiet(Exit),
    /// A message: what failed, on what, and what to do.
    Message(Exit, String),
    /// A text of several lines with carets, printed as it is.
    Drawn(Exit, String),
}

impl Failure {
    /// A failure with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Message(exit, message.into())
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The named input, feed, topic or story does not exist.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(Exit::NoInput, message)
    }

    /// An invalid configuration.
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
            Self::Quiet(exit) | Self::Message(exit, _) | Self::Drawn(exit, _) => *exit,
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
        Self::Drawn(Exit::Usage, terminal_escape::lines(&drawn).into_owned())
    }
}
