//! `newswire completions` and `newswire man`: what the definitions of the command line say, for shells and for man(1).

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_complete::env::Shells;
use clap_mangen::Man;

use super::args::Cli;
use super::complete;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::files;
use super::human::count;

/// The shapes of `--json`. A test holds it to what is printed.
const JSON_PAGE: &str = include_str!("newswire-json.5");

/// What bash needs to know of URLs.
const WORDS: &str = include_str!("words.bash");

/// `newswire completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `newswire man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to write to; made if it is not there
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
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

/// Runs `newswire man`: one page for the program, one for each command, one for the shapes of `--json`.
pub fn man(cx: &mut Context, args: &ManArgs) -> Result<(), Failure> {
    files::folder(&args.dir)?;
    let mut root = Cli::command();
    root.build();
    let mut pages = 0;
    write_pages(&root, "newswire", args, &mut pages)?;
    files::replace(&args.dir.join("newswire-json.5"), JSON_PAGE.as_bytes())?;
    pages += 1;
    cx.out.note(&format!(
        "wrote {} to {}",
        count(pages, "page"),
        args.dir.display()
    ));
    Ok(())
}

fn write_pages(
    command: &clap::Command,
    name: &str,
    args: &ManArgs,
    pages: &mut usize,
) -> Result<(), Failure> {
    let mut page = Vec::new();
    Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_ascii_uppercase())
        .source(concat!("newswire ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(|e| {
            Failure::new(
                Exit::Internal,
                format!("cannot draw the page of {name}: {e}"),
            )
        })?;
    files::replace(&args.dir.join(format!("{name}.1")), &page)?;
    *pages += 1;
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
        .try_for_each(|sub| write_pages(sub, &format!("{name}-{}", sub.get_name()), args, pages))
}
