//! `newswire notify`: sends a test message to a target ([`test`]), and shows what was sent, failed and waits ([`log`]).

mod log;
mod test;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// `newswire notify`.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message to a target now
    ///
    /// It is sent once, at any time of day, and does not appear in the log. A target that was switched off, because its server
    /// answered 410, is switched on again if the message arrives.
    Test(test::TestArgs),
    /// Show notifications: sent, failed and waiting
    Log(log::LogArgs),
}

/// Runs `newswire notify test` and `newswire notify log`.
pub fn notify(cx: &mut Context, command: &NotifyCommand) -> Result<(), Failure> {
    match command {
        NotifyCommand::Test(args) => test::test(cx, args),
        NotifyCommand::Log(args) => log::log(cx, args),
    }
}
