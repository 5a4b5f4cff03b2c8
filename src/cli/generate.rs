//! `newswire completions` and `newswire man`: what the definitions of the command line say, for shells and for man(1).

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::files;
use super::human::count;

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

/// Runs `newswire completions`.
pub fn completions(cx: &mut Context, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "newswire", &mut script);
    cx.out.raw(&script)
}

/// Runs `newswire man`: one page for the program and one for each command.
pub fn man(cx: &mut Context, args: &ManArgs) -> Result<(), Failure> {
    files::folder(&args.dir)?;
    let mut root = Cli::command();
    root.build();
    let mut pages = 0;
    write_pages(&root, "newswire", args, &mut pages)?;
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
