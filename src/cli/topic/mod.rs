//! `newswire topic`: what an expression would match ([`test`]), and why a story is or is not in a topic ([`explain`]). It never
//! changes the store.

mod explain;
mod test;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// `newswire topic`.
#[derive(Debug, Subcommand)]
pub enum TopicCommand {
    /// Test an expression on the stored articles; nothing is changed
    Test(test::TestArgs),
    /// Explain why a story is in a topic, or why it is not
    Explain(explain::ExplainArgs),
}

/// Runs `newswire topic test` and `newswire topic explain`.
pub fn topic(cx: &mut Context, command: &TopicCommand) -> Result<(), Failure> {
    match command {
        TopicCommand::Test(args) => test::test(cx, args),
        TopicCommand::Explain(args) => explain::explain(cx, args),
    }
}
