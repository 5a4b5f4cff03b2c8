//! Progress bars on stderr, if it is a terminal; removed when the command is done.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::Context;
use crate::ingest::Progress;

const BAR: &str = "{bar:24} {pos}/{len} feeds, {msg} ({eta} left)";

/// A bar over the feeds of a pass. Nothing is drawn if stderr is not a terminal.
pub fn bar(cx: &Context) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target(cx));
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// Updates a bar.
pub fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(format!(
        "{} new articles, {} failed",
        progress.new, progress.failed
    ));
}

/// A spinner, for work of unknown length.
pub fn spinner(cx: &Context, what: &str) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, target(cx));
    spinner.set_message(super::terminal_escape::line(what).into_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// Stderr; indicatif checks whether it is a terminal.
fn target(cx: &Context) -> ProgressDrawTarget {
    if cx.out.verbosity < 0 {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}
