//! L5: the command line. Each command is one function in a file of its own: options in, the store and the daemon asked,
//! the answer printed.
//!
//! Where to look: [`args`] for what there is, [`exit`] for how a command ends, [`output`] for printing (nobody else
//! prints), [`format`] and [`item`] for the shapes of lists, [`which`] for how a feed or story is named.

mod add;
mod advice;
mod args;
mod change;
mod check;
mod columns;
mod complete;
mod config;
mod context;
mod dedup;
mod doubts;
mod emit;
mod examples;
mod exit;
mod explain;
mod expression;
mod extract;
mod feeds;
mod fetch;
mod files;
mod format;
mod generate;
mod global;
mod health;
mod help;
mod humanize;
mod import;
mod interrupt;
mod item;
mod json;
mod labels;
mod layout;
mod leading;
mod lines;
mod list;
mod list_args;
mod lookup;
mod maintain;
mod man;
mod matches;
mod meant;
mod open;
mod output;
mod parse;
mod progress;
mod regroup;
mod run;
mod runtime;
mod show;
mod similarity;
mod simulate;
mod snippet;
mod status;
mod table;
mod terminal_escape;
mod times;
mod topic;
mod topics;
mod why;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, FromArgMatches};
use clap_complete::env::CompleteEnv;

use args::{Cli, Command};
use context::Context;
use exit::{Exit, Failure};

use crate::telemetry;

/// Reads a command line and runs nothing, for tests that hold the documents to what there is.
///
/// # Errors
/// What [`main`] would say to such a command line.
pub fn read_line(line: impl Iterator<Item = String>) -> Result<(), clap::Error> {
    let line = leading::arguments(line.map(Into::into));
    help::command().try_get_matches_from(line).map(drop)
}

/// Every exit code with its meaning, in the order of the codes.
pub fn exit_codes() -> impl Iterator<Item = (u8, &'static str)> {
    exit::EXIT_CODES
        .iter()
        .map(|(exit, meaning)| (*exit as u8, *meaning))
}

/// Where the last panic happened and what it said.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs the command line.
pub fn main() -> ExitCode {
    // Answers a completion script and ends the process, if one asked.
    CompleteEnv::with_factory(Cli::command)
        .var(complete::VARIABLE)
        .complete();
    let line = leading::arguments(std::env::args_os());
    let mut command = help::command().term_width(output::help_width());
    let read = command
        .try_get_matches_from_mut(&line)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command)));
    let cli = match read {
        Ok(cli) => cli,
        Err(e) => return output::tell_usage(meant::advised(e, &line)).into(),
    };
    remember_panics();
    let failure = match catch_unwind(AssertUnwindSafe(|| run_command(&cli))) {
        Ok(Ok(())) => return Exit::Ok.into(),
        Ok(Err(failure)) => failure,
        Err(_) => Failure::new(
            Exit::Internal,
            format!(
                "a fault of its own: {}; please report it",
                PANIC.lock().unwrap_or_else(PoisonError::into_inner)
            ),
        ),
    };
    if cli.global.quiet < 2 {
        output::tell(&failure);
    }
    failure.exit().into()
}

fn run_command(cli: &Cli) -> Result<(), Failure> {
    let mut cx = Context::new(&cli.global);
    start_log(&cx, cli)?;
    let done = dispatch(&mut cx, &cli.command);
    // What was printed before a failure counts; and a pager has to be waited for.
    let printed = cx.out.finish();
    done.and(printed)
}

fn dispatch(cx: &mut Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(cx, args),
        Command::Demo(args) => run::demo(cx, args),
        Command::Fetch(args) => fetch::fetch(cx, args),
        Command::Add(args) => add::add(cx, args),
        Command::Remove(args) => change::remove(cx, args),
        Command::Pause(args) => change::pause(cx, args, true),
        Command::Resume(args) => change::pause(cx, args, false),
        Command::Set(args) => change::set(cx, args),
        Command::Feeds(args) => feeds::feeds(cx, args),
        Command::Feed(args) => feeds::feed(cx, args),
        Command::Import(args) => import::import(cx, args),
        Command::Export(args) => import::export(cx, args),
        Command::List(args) => list::list(cx, args),
        Command::Search(args) => list::search(cx, args),
        Command::Show(args) => show::show(cx, args),
        Command::Open(args) => open::open(cx, args),
        Command::Split(args) => regroup::split(cx, args),
        Command::Join(args) => regroup::join(cx, args),
        Command::Explain(args) => explain::explain(cx, args),
        Command::Topics(args) => topics::topics(cx, args),
        Command::Topic(command) => topic::topic(cx, command),
        Command::Dedup(command) => dedup::dedup(cx, command),
        Command::Emit(args) => emit::emit(cx, args),
        Command::Render(args) => emit::render(cx, args),
        Command::Parse(args) => parse::parse(cx, args),
        Command::Extract(args) => extract::extract(cx, args),
        Command::Status(args) => status::status(cx, args),
        Command::Healthcheck => health::healthcheck(cx),
        Command::SimulateSchedule => simulate::simulate(cx),
        Command::Check(args) => check::check(cx, args),
        Command::Config(command) => config::config(cx, command),
        Command::Prune(args) => maintain::prune(cx, args),
        Command::Backup(args) => maintain::backup(cx, args),
        Command::Restore(args) => maintain::restore(cx, args),
        Command::Verify(args) => maintain::verify(cx, args),
        Command::Completions(args) => generate::completions(cx, args),
        Command::Man(args) => man::man(cx, args),
    }
}

/// The daemon logs what it does; a command tells what it did, and logs only where it was asked to.
fn start_log(cx: &Context, cli: &Cli) -> Result<(), Failure> {
    let is_daemon = matches!(cli.command, Command::Run(_) | Command::Demo(_));
    let loudness = cx.out.verbosity.saturating_add(i8::from(is_daemon));
    if !is_daemon && loudness <= 0 && cli.global.log.is_none() {
        return Ok(());
    }
    let level = match loudness {
        ..=-1 => "error",
        0 => "warn",
        1 => "warn,newswire=info",
        2 => "warn,newswire=debug",
        3.. => "info,newswire=trace",
    };
    let filter = cli.global.log.as_deref().unwrap_or(level);
    telemetry::start(filter, cli.global.log_format, cx.out.color_err).map_err(Failure::usage)
}

/// A panic is told once, where it is caught: by a worker as its feed's failure, here as exit 70.
fn remember_panics() {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("panic");
        let place = info
            .location()
            .map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "panic: {what}");
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = format!("{what} at {place}");
    }));
}
