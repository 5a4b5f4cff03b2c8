//! The only place that prints. Data goes to stdout, everything else to stderr; a reader that goes away is success.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use anstyle::Style;

use super::exit::{Exit, Failure};
use super::global::Color;
use super::interrupt::Stop;
use super::json;
use super::lines::broken;
use super::terminal_escape;

/// Columns assumed where the terminal does not tell.
const WIDTH: usize = 80;

/// Narrowest terminal that tables are fitted to, in columns.
const WIDTH_MIN: usize = 40;

/// Widest help, in columns.
const HELP_WIDTH_MAX: usize = 100;

/// What is shown on a terminal page by page, unless `$PAGER` says otherwise.
const PAGER: &str = "less -FRX";

/// Where data goes.
pub struct Out {
    sink: Sink,
    /// The columns of the terminal; none if stdout is something else.
    pub width: Option<usize>,
    /// Whether stdout is coloured.
    pub color: bool,
    /// Whether stderr is coloured.
    pub color_err: bool,
    /// 0 as usual; below: say less; above: say more.
    pub verbosity: i8,
}

enum Sink {
    Stdout(BufWriter<io::Stdout>),
    /// Ctrl-C at a pager is for the pager: we go when it does.
    Pager(Child, BufWriter<ChildStdin>, Stop),
}

impl Out {
    /// Stdout as it is.
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

    /// Whether a person looks at stdout.
    pub fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// From here on through the pager, if a person looks. `$PAGER` is taken apart at spaces, never given to a shell;
    /// if it is empty or cannot be started, there is none.
    pub fn page(&mut self) {
        if !self.is_terminal() {
            return;
        }
        let pager = std::env::var("PAGER").unwrap_or_else(|_| PAGER.to_owned());
        let mut words = pager.split_whitespace();
        let Some(program) = words.next() else { return };
        let Ok(mut child) = Command::new(program)
            .args(words)
            // As git does: `less` by itself would show our colours as codes.
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

    /// Prints one line, made safe: what stands in it cannot begin another.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.raw(terminal_escape::line(text).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints text of several lines, made safe.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.raw(terminal_escape::lines(text).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints one line, made safe and set off where there is colour.
    pub fn heading(&mut self, text: &str) -> Result<(), Failure> {
        if !self.color {
            return self.line(text);
        }
        let bold = Style::new().bold();
        let text = terminal_escape::line(text);
        self.raw(format!("{}{text}{}\n", bold.render(), bold.render_reset()).as_bytes())
    }

    /// Prints a remark about the data, less prominent; only a person at a terminal gets it.
    pub fn aside(&mut self, text: &str) -> Result<(), Failure> {
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

    /// Prints bytes that are safe already, or whose reader is a program.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Stdout(out) => out.write_all(bytes),
            Sink::Pager(_, out, _) => out.write_all(bytes),
        }
        .map_err(failure)
    }

    /// Prints a document for programs, byte for byte; on a terminal it is made safe.
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

    /// Hands on what is buffered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Stdout(out) => out.flush(),
            Sink::Pager(_, out, _) => out.flush(),
        }
        .map_err(failure)
    }

    /// Hands on what is buffered, and waits for the pager.
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
            complain(&terminal_escape::line(text));
        }
    }

    /// Prints a message that is no data; `-q` suppresses it.
    pub fn note(&self, text: &str) {
        if self.verbosity >= 0 {
            complain(&terminal_escape::line(text));
        }
    }

    /// Warns of something unwise; `-qq` suppresses it.
    pub fn warn(&self, text: &str) {
        if self.verbosity >= -1 {
            complain(&format!(
                "newswire: warning: {}",
                terminal_escape::line(text)
            ));
        }
    }
}

/// Prints a failure, in the one form that all of them have.
pub fn tell(failure: &Failure) {
    match failure {
        Failure::ClosedPipe | Failure::Quiet(_) => {}
        Failure::Message(_, message) => complain(&format!("newswire: {message}")),
        Failure::Drawn(_, text) => {
            // Carets in colour are drawn from the user's own configuration.
            let _ = writeln!(io::stderr(), "{}", text.trim_end());
        }
    }
}

/// Prints what clap has to say: help and version are data, the rest is a failure of usage.
pub fn tell_usage(error: clap::Error) -> Exit {
    // A closed pipe is success here too.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}

/// One text to stderr, made safe. If stderr is gone, there is nobody to tell.
pub fn complain(text: &str) {
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

/// Columns that the help may take: those of the terminal, but lines that are too long are hard to read.
pub fn help_width() -> usize {
    match io::stdout().is_terminal() {
        true => terminal_width().min(HELP_WIDTH_MAX),
        false => WIDTH,
    }
}

fn terminal_width() -> usize {
    let told =
        rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if told == 0 {
        WIDTH
    } else {
        told.max(WIDTH_MIN)
    }
}
