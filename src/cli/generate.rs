//! `newswire completions`: scripts that complete the command line in shells.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::complete;
use super::context::Context;
use super::exit::{Exit, Failure};

/// What bash needs to know of URLs.
const WORDS: &str = include_str!("words.bash");

/// `newswire completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Runs `newswire completions`: a script that asks the program itself, so that feeds and topics complete too.
pub fn completions(cx: &mut Context, args: &CompletionsArgs) -> Result<(), Failure> {
    let cannot = |what: String| Failure::new(Exit::Internal, format!("no completions: {what}"));
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells
        .completer(&name)
        .ok_or_else(|| cannot(format!("{name} is not known")))?;
    let mut script = Vec::new();
    let program = "newswire";
    shell
        .write_registration(complete::VARIABLE, program, program, program, &mut script)
        .map_err(|e| cannot(e.to_string()))?;
    if args.shell == Shell::Bash {
        script = with_whole_words(&String::from_utf8_lossy(&script)).into_bytes();
    }
    cx.out.raw(&script)
}

/// The script for bash, told of words that hold colons.
fn with_whole_words(script: &str) -> String {
    let registered = script.replace("-F _clap_complete_newswire ", "-F _newswire ");
    format!("{WORDS}{registered}")
}
