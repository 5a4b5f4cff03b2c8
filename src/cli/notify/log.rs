//! `newswire notify log`: what was sent to targets, failed, and waits.

use clap::{Args, ValueEnum};

use crate::cli::columns::Column;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::table::Table;
use crate::store::{LogQuery, LoggedEvent};

/// Notifications that are shown by default.
const LIMIT: usize = 50;

/// `newswire notify log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Only the notifications of this target
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Only notifications in this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
    /// Maximum number of notifications, the newest first
    #[arg(long, short = 'n', value_name = "N", default_value_t = LIMIT)]
    pub limit: usize,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// The state of a notification.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum State {
    /// It is sent when it is due
    Waiting,
    /// The target has it
    Sent,
    /// It was given up after all attempts
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Runs `newswire notify log`.
pub fn log(cx: &mut Context, args: &LogArgs) -> Result<(), Failure> {
    let query = LogQuery {
        target: args.name.as_deref(),
        state: args.state.map(State::name),
        limit: args.limit,
    };
    let events = cx.reads()?.outbox_log(&query)?;
    if args.json {
        return events.iter().try_for_each(|event| cx.out.json(event));
    }
    if events.is_empty() {
        cx.out.note("there are no such notifications");
        return Ok(());
    }
    let mut table = Table::new([
        Column::value(cx.times.near_heading("MADE")),
        Column::value("TARGET"),
        Column::value("TYPE"),
        Column::value("STATE"),
        Column::number("TRIES"),
        Column::value(cx.times.near_heading("NEXT")),
        Column::text("STORY"),
        Column::reason("ERROR"),
    ]);
    for event in events {
        let next = cx.times.ahead(event.next_at, "-");
        let made = cx.times.near(Some(event.created), "-");
        let LoggedEvent {
            target,
            kind,
            state,
            attempts,
            title,
            error,
            ..
        } = event;
        let cells = vec![
            made,
            target,
            kind,
            state,
            attempts.to_string(),
            next,
            title.unwrap_or_else(|| "(removed)".to_owned()),
            error.unwrap_or_default(),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}
