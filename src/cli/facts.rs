//! Names and values in two columns, as `newswire feed` and `status` print them.

use unicode_width::UnicodeWidthStr;

use super::context::Context;
use super::exit::Failure;
use super::lines::broken;
use super::terminal_escape;

/// Prints names and values in two columns. On a terminal, long values are wrapped.
pub fn print(cx: &mut Context, facts: Vec<(&str, String)>) -> Result<(), Failure> {
    let width = facts
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, value) in facts {
        let room = cx.out.width.map(|all| all.saturating_sub(width + 2));
        let lines = match room.filter(|room| value.width() > *room) {
            Some(room) => {
                let text = value.trim_start();
                let indent = " ".repeat(value.len() - text.len());
                let lines = broken(
                    &terminal_escape::line(text),
                    room.saturating_sub(indent.len()),
                );
                lines
                    .into_iter()
                    .map(|line| format!("{indent}{line}"))
                    .collect()
            }
            None => vec![value],
        };
        for (n, line) in lines.iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            cx.out.line(&format!("{name:width$}  {line}"))?;
        }
    }
    Ok(())
}
