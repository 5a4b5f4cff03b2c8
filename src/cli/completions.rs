//! `newswire completions`: prints completion scripts for shells.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::candidates;
use super::context::Context;
use super::exit::{Exit, Failure};

/// Functions for words with colons in bash.
const WORDS: &str = include_str!("completions.bash");

/// `newswire completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete for
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Runs `newswire completions`. The script runs the program itself, so that feeds and topics are completed, too.
pub fn completions(cx: &mut Context, args: &CompletionsArgs) -> Result<(), Failure> {
    let cannot =
        |what: String| Failure::new(Exit::Internal, format!("cannot write completions: {what}"));
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells
        .completer(&name)
        .ok_or_else(|| cannot(format!("{name} is not supported")))?;
    let mut script = Vec::new();
    let program = "newswire";
    shell
        .write_registration(candidates::VARIABLE, program, program, program, &mut script)
        .map_err(|e| cannot(e.to_string()))?;
    if args.shell == Shell::Bash {
        script = with_whole_words(&String::from_utf8_lossy(&script)).into_bytes();
    }
    cx.out.raw(&script)
}

/// The script for bash, with the handling of words that contain colons.
fn with_whole_words(script: &str) -> String {
    let registered = script.replace("-F _clap_complete_newswire ", "-F _newswire ");
    format!("{WORDS}{registered}")
}
