//! L5: the command line. Each command is a function in a file of its own, which takes the parsed options and prints the result.
//!
//! Where to look: [`args`] for the commands, [`exit`] for exit codes, [`output`] for printing (nothing else prints), [`formats`]
//! for the formats of lists, [`lookup`] for how feeds and stories are named on the command line.

mod add;
mod args;
mod candidates;
mod change;
mod changes;
mod check;
mod columns;
mod completions;
mod config;
mod context;
mod dedup;
mod emit;
mod examples;
mod exit;
mod explain;
mod explain_plan;
mod expression;
mod extract;
mod facts;
mod feed;
mod feed_state;
mod feeds;
mod fetch;
mod files;
mod formats;
mod global;
mod groups;
mod health;
mod help;
mod humanize;
mod import;
mod interrupt;
mod item;
mod json;
mod labels;
mod layout;
mod leading_dash;
mod lines;
mod list;
mod list_args;
mod listing;
mod lookup;
mod maintain;
mod man;
mod matches;
mod mcp;
mod notify;
mod open;
mod output;
mod parse;
mod progress;
mod regroup;
mod run;
mod runtime;
mod schema;
mod set;
mod show;
mod similarity;
mod simulate;
mod snippet;
mod status;
mod suggestions;
mod table;
mod terminal_escape;
mod times;
mod top;
mod topic;
mod topics;
mod warnings;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, FromArgMatches};
use clap_complete::env::CompleteEnv;

use args::{Cli, Command};
use context::Context;
use exit::{Exit, Failure};

use crate::telemetry;

/// Parses a command line without running it, so that tests can check the command lines in the documentation.
///
/// # Errors
/// The error that [`main`] would print.
pub fn read_line(line: impl Iterator<Item = String>) -> Result<(), clap::Error> {
    let line = leading_dash::arguments(line.map(Into::into));
    help::command().try_get_matches_from(line).map(drop)
}

/// Every exit code with its meaning, in the order of the codes.
pub fn exit_codes() -> impl Iterator<Item = (u8, &'static str)> {
    exit::EXIT_CODES
        .iter()
        .map(|(exit, meaning)| (*exit as u8, *meaning))
}

/// The message and the place of the last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs the command line.
pub fn main() -> ExitCode {
    // If a completion script started the process, this prints the candidates and exits.
    CompleteEnv::with_factory(Cli::command)
        .var(candidates::VARIABLE)
        .complete();
    let line = leading_dash::arguments(std::env::args_os());
    let mut command = help::command().term_width(output::help_width());
    let read = command
        .try_get_matches_from_mut(&line)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command)));
    let cli = match read {
        Ok(cli) => cli,
        Err(e) => return output::print_usage_error(suggestions::with_suggestion(e, &line)).into(),
    };
    remember_panics();
    let failure = match catch_unwind(AssertUnwindSafe(|| run_command(&cli))) {
        Ok(Ok(())) => return Exit::Ok.into(),
        Ok(Err(failure)) => failure,
        Err(_) => Failure::new(
            Exit::Internal,
            format!(
                "internal error: {}; please report it",
                PANIC.lock().unwrap_or_else(PoisonError::into_inner)
            ),
        ),
    };
    if cli.global.quiet < 2 {
        output::print_failure(&failure);
    }
    failure.exit().into()
}

fn run_command(cli: &Cli) -> Result<(), Failure> {
    let mut cx = Context::new(&cli.global);
    start_log(&cx, cli)?;
    let done = dispatch(&mut cx, &cli.command);
    // Output printed before a failure must be flushed, and a pager must be waited for.
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
        Command::Set(args) => set::set(cx, args),
        Command::Feeds(args) => feeds::feeds(cx, args),
        Command::Feed(args) => feed::feed(cx, args),
        Command::Import(args) => import::import(cx, args),
        Command::Export(args) => import::export(cx, args),
        Command::List(args) => list::list(cx, args),
        Command::Top(args) => top::run(cx, args),
        Command::Search(args) => list::search(cx, args),
        Command::Show(args) => show::show(cx, args),
        Command::Open(args) => open::open(cx, args),
        Command::Split(args) => regroup::split(cx, args),
        Command::Join(args) => regroup::join(cx, args),
        Command::Explain(args) => explain::explain(cx, args),
        Command::Topics(args) => topics::topics(cx, args),
        Command::Topic(command) => topic::topic(cx, command),
        Command::Notify(command) => notify::notify(cx, command),
        Command::Dedup(command) => dedup::dedup(cx, command),
        Command::Emit(args) => emit::emit(cx, args),
        Command::Render(args) => emit::render(cx, args),
        Command::Parse(args) => parse::parse(cx, args),
        Command::Extract(args) => extract::extract(cx, args),
        Command::Status(args) => status::status(cx, args),
        Command::Healthcheck => health::healthcheck(cx),
        Command::Mcp => mcp::mcp(cx),
        Command::SimulateSchedule => simulate::simulate(cx),
        Command::Check(args) => check::check(cx, args),
        Command::Config(command) => config::config(cx, command),
        Command::Prune(args) => maintain::prune(cx, args),
        Command::Backup(args) => maintain::backup(cx, args),
        Command::Restore(args) => maintain::restore(cx, args),
        Command::Verify(args) => maintain::verify(cx, args),
        Command::Schema(args) => schema::schema(cx, args),
        Command::Completions(args) => completions::completions(cx, args),
        Command::Man(args) => man::man(cx, args, help::command()),
    }
}

/// Starts the log. The daemon always logs; other commands log only with `-v` or `--log`.
fn start_log(cx: &Context, cli: &Cli) -> Result<(), Failure> {
    let is_daemon = matches!(cli.command, Command::Run(_) | Command::Demo(_));
    let verbosity = cx.out.verbosity.saturating_add(i8::from(is_daemon));
    if !is_daemon && verbosity <= 0 && cli.global.log.is_none() {
        return Ok(());
    }
    let level = match verbosity {
        ..=-1 => "error",
        0 => "warn",
        1 => "warn,newswire=info",
        2 => "warn,newswire=debug",
        3.. => "info,newswire=trace",
    };
    let filter = cli.global.log.as_deref().unwrap_or(level);
    telemetry::start(filter, cli.global.log_format, cx.out.color_err).map_err(Failure::usage)
}

/// Keeps the message of a panic for the place that catches it, instead of printing it: a worker reports it as the failure of
/// its feed, [`main`] as exit code 70.
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
