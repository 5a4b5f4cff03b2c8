//! `newswire dedup`: how other settings would change the stories ([`test`]), and the manual splits and joins ([`decisions`]). It
//! never changes the store.

mod decisions;
mod test;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// `newswire dedup`.
#[derive(Debug, Subcommand)]
pub enum DedupCommand {
    /// Regroup the stored copies with other settings and show what would change; nothing is stored
    Test(test::TestArgs),
    /// Print manual splits and joins, as labels for `newswire dedup test`
    ///
    /// One copy per line: its id, a tab, the id of its story, a tab, then its feed and headline. `newswire dedup test
    /// --rules-only --labels FILE` shows how well the rules alone agree with them.
    Decisions(decisions::DecisionsArgs),
}

/// Runs `newswire dedup`.
pub fn dedup(cx: &mut Context, command: &DedupCommand) -> Result<(), Failure> {
    match command {
        DedupCommand::Test(args) => test::test(cx, args),
        DedupCommand::Decisions(args) => decisions::decisions(cx, args),
    }
}
