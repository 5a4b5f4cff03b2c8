//! The only file that prints. Data goes to stdout, everything else to stderr. A closed pipe counts as success.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use anstyle::Style;

use super::exit::{Exit, Failure};
use super::global::Color;
use super::interrupt::Stop;
use super::json;
use super::lines::broken;
use super::terminal_escape;

/// Width of a terminal that does not report it, in columns.
const WIDTH: usize = 80;

/// Minimum width that tables are fitted to, in columns.
const WIDTH_MIN: usize = 40;

/// Maximum width of the help, in columns.
const HELP_WIDTH_MAX: usize = 100;

/// The pager, unless `$PAGER` is set.
const PAGER: &str = "less -FRX";

/// The output of a command.
pub struct Out {
    sink: Sink,
    /// The width of the terminal in columns; `None` if stdout is not a terminal.
    pub width: Option<usize>,
    /// Whether stdout is coloured.
    pub color: bool,
    /// Whether stderr is coloured.
    pub color_err: bool,
    /// 0 is the default; `-q` lowers it, `-v` raises it.
    pub verbosity: i8,
}

enum Sink {
    Stdout(BufWriter<io::Stdout>),
    /// Ctrl-C is for the pager; newswire ends when the pager does.
    Pager(Child, BufWriter<ChildStdin>, Stop),
}

impl Out {
    /// Output to stdout.
    pub fn new(color: Color, verbosity: i8) -> Self {
        let colored = |auto: anstream::ColorChoice| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => auto != anstream::ColorChoice::Never,
        };
        Self {
            sink: Sink::Stdout(BufWriter::with_capacity(1 << 16, io::stdout())),
            width: io::stdout().is_terminal().then(terminal_width),
            color: colored(anstream::AutoStream::choice(&io::stdout())),
            color_err: colored(anstream::AutoStream::choice(&io::stderr())),
            verbosity,
        }
    }

    /// Whether stdout is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// Sends further output through a pager, if stdout is a terminal. `$PAGER` is split at spaces and never passed to a shell; if it
    /// is empty or cannot be started, no pager is used.
    pub fn page(&mut self) {
        if !self.is_terminal() {
            return;
        }
        let pager = std::env::var("PAGER").unwrap_or_else(|_| PAGER.to_owned());
        let mut words = pager.split_whitespace();
        let Some(program) = words.next() else { return };
        let Ok(mut child) = Command::new(program)
            .args(words)
            // As git does: by default `less` shows colours as escape codes.
            .env(
                "LESS",
                std::env::var_os("LESS").unwrap_or_else(|| "FRX".into()),
            )
            .stdin(Stdio::piped())
            .spawn()
        else {
            return;
        };
        if let (Some(stdin), Ok(stop)) = (child.stdin.take(), Stop::new()) {
            self.sink = Sink::Pager(child, BufWriter::new(stdin), stop);
        }
    }

    /// Prints one line, escaped: line ends in the text become spaces.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.raw(terminal_escape::line(text).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints text of several lines, escaped.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.raw(terminal_escape::lines(text).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints one line, escaped; bold if colour is used.
    pub fn heading(&mut self, text: &str) -> Result<(), Failure> {
        if !self.color {
            return self.line(text);
        }
        let bold = Style::new().bold();
        let text = terminal_escape::line(text);
        self.raw(format!("{}{text}{}\n", bold.render(), bold.render_reset()).as_bytes())
    }

    /// Prints a remark about the data, on a terminal only.
    pub fn remark(&mut self, text: &str) -> Result<(), Failure> {
        let Some(width) = self.width else {
            return Ok(());
        };
        let dimmed = Style::new().dimmed();
        for line in broken(&terminal_escape::line(text), width) {
            let line = match self.color {
                true => format!("{}{line}{}\n", dimmed.render(), dimmed.render_reset()),
                false => format!("{line}\n"),
            };
            self.raw(line.as_bytes())?;
        }
        Ok(())
    }

    /// Prints bytes without escaping: they are already escaped, or are for programs.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Stdout(out) => out.write_all(bytes),
            Sink::Pager(_, out, _) => out.write_all(bytes),
        }
        .map_err(failure)
    }

    /// Prints a document byte for byte; on a terminal it is escaped.
    pub fn document(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_terminal() {
            return self.text(text.trim_end());
        }
        self.raw(text.as_bytes())?;
        if text.ends_with('\n') {
            Ok(())
        } else {
            self.raw(b"\n")
        }
    }

    /// Prints a value as one line of JSON.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let mut line = json::line(value)?;
        line.push(b'\n');
        self.raw(&line)
    }

    /// Flushes the buffer.
    pub fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Stdout(out) => out.flush(),
            Sink::Pager(_, out, _) => out.flush(),
        }
        .map_err(failure)
    }

    /// Flushes the buffer and waits for the pager.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.flush()?;
        if let Sink::Pager(mut child, stdin, _stop) = self.sink {
            drop(stdin);
            let _ = child.wait();
        }
        Ok(())
    }

    /// Reports that a part of the command failed; `-qq` suppresses it.
    pub fn failed(&self, text: &str) {
        if self.verbosity >= -1 {
            print_error(&terminal_escape::line(text));
        }
    }

    /// Prints a message to stderr; `-q` suppresses it.
    pub fn note(&self, text: &str) {
        if self.verbosity >= 0 {
            print_error(&terminal_escape::line(text));
        }
    }

    /// Prints a warning to stderr; `-qq` suppresses it.
    pub fn warn(&self, text: &str) {
        if self.verbosity >= -1 {
            print_error(&format!(
                "newswire: warning: {}",
                terminal_escape::line(text)
            ));
        }
    }
}

/// Prints a failure to stderr.
pub fn print_failure(failure: &Failure) {
    match failure {
        Failure::ClosedPipe | Failure::Quiet(_) => {}
        Failure::Message(_, message) => print_error(&format!("newswire: {message}")),
        Failure::Drawn(_, text) => {
            // Not escaped: the text may be coloured, and quotes only the user's own configuration.
            let _ = writeln!(io::stderr(), "{}", text.trim_end());
        }
    }
}

/// Prints a message of clap: help and version to stdout, errors to stderr.
pub fn print_usage_error(error: clap::Error) -> Exit {
    let plain = error.render().to_string();
    // A message quotes arguments, which a script may have taken from a feed (SEC-14). A closed pipe is success here too.
    let _ = match terminal_escape::lines(&plain) {
        Cow::Owned(escaped) => write!(io::stderr(), "{escaped}"),
        Cow::Borrowed(_) => error.print(),
    };
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}

/// Prints escaped text to stderr. Errors are ignored: they could not be reported anywhere.
pub fn print_error(text: &str) {
    let _ = writeln!(io::stderr(), "{}", terminal_escape::lines(text));
}

fn failure(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        io::ErrorKind::StorageFull => Failure::new(
            Exit::Store,
            format!("cannot write the output: {error}; free some space"),
        ),
        _ => Failure::new(Exit::Failed, format!("cannot write the output: {error}")),
    }
}

/// The width of the help in columns: that of the terminal, limited because long lines are hard to read.
pub fn help_width() -> usize {
    match io::stdout().is_terminal() {
        true => terminal_width().min(HELP_WIDTH_MAX),
        false => WIDTH,
    }
}

fn terminal_width() -> usize {
    let columns =
        rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 {
        WIDTH
    } else {
        columns.max(WIDTH_MIN)
    }
}
