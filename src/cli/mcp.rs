//! `newswire mcp`: the tools for language models over standard input and output, one message a line. Answers one message after
//! another, so that a client that reads slowly holds one answer in memory and no more. Nothing else is printed to standard output.

use std::io::{self, BufRead, IsTerminal, Read};

use serde_json::Value;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::print_failure;
use crate::mcp::{CALL_TIME_MAX, Call, MESSAGE_BYTES_MAX, Peer, Step, ToolError, too_long};
use crate::merged::Unlimited;
use crate::store::{Stop, StoreError};

/// What was read.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A line, without its end.
    Whole,
    /// A line that is longer than a message may be; it was passed over.
    TooLong,
    /// Nothing: the client closed its end.
    End,
}

/// Runs `newswire mcp` until standard input ends.
pub fn mcp(cx: &mut Context) -> Result<(), Failure> {
    // A mistake in the configuration is reported at once, not with the first call.
    cx.config()?;
    let mut input = io::stdin().lock();
    if input.is_terminal() {
        cx.out.note(
            "This is for clients of the Model Context Protocol, which start it: one JSON-RPC message a line. Ctrl-D ends it.",
        );
    }
    let (mut peer, mut line) = (Peer::stdio(), Vec::new());
    loop {
        let answer = match read_line(&mut input, &mut line).map_err(|e| failed(&e))? {
            Line::End => return Ok(()),
            Line::TooLong => too_long(),
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => match peer.step(&line) {
                Step::Nothing => continue,
                Step::Answer(answer) => answer.body,
                Step::Call(pending) => {
                    let returned = run(cx, &pending.call);
                    pending.finish(returned).body
                }
            },
        };
        cx.out.json(&answer)?;
        cx.out.flush()?;
    }
}

/// Runs a call on the store as it is now: it may have been made, replaced or brought up to date since the last one.
fn run(cx: &Context, call: &Call) -> Result<Value, ToolError> {
    let reads = cx.reads().map_err(|failure| {
        print_failure(&failure);
        ToolError::Unreadable
    })?;
    let reads = reads.stopping(Stop::after(CALL_TIME_MAX));
    let returned = call.run(&reads, cx.clock.now(), &mut Unlimited);
    if let Err(ToolError::Store(e)) = &returned {
        cx.out.warn(&StoreError::to_string(e));
    }
    returned
}

/// Reads a line into `line`. Never holds more than [`MESSAGE_BYTES_MAX`] of it.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let limit = MESSAGE_BYTES_MAX as u64 + 1;
    input.by_ref().take(limit).read_until(b'\n', line)?;
    match line.last() {
        None => Ok(Line::End),
        Some(b'\n') => {
            line.pop();
            Ok(Line::Whole)
        }
        Some(_) if line.len() <= MESSAGE_BYTES_MAX => Ok(Line::Whole),
        Some(_) => {
            pass_over(input)?;
            Ok(Line::TooLong)
        }
    }
}

/// Reads up to the end of the line without keeping it.
fn pass_over(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let read = input.fill_buf()?;
        let (bytes, is_end) = match memchr::memchr(b'\n', read) {
            Some(at) => (at + 1, true),
            None => (read.len(), read.is_empty()),
        };
        input.consume(bytes);
        if is_end {
            return Ok(());
        }
    }
}

fn failed(e: &io::Error) -> Failure {
    Failure::new(Exit::BadInput, format!("cannot read standard input: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from these bytes, with the length of each line.
    fn lines(bytes: &[u8]) -> Vec<(Line, usize)> {
        let (mut input, mut line) = (io::BufReader::with_capacity(1000, bytes), Vec::new());
        let mut read = Vec::new();
        loop {
            match read_line(&mut input, &mut line).unwrap() {
                Line::End => return read,
                found => read.push((found, line.len())),
            }
        }
    }

    #[test]
    fn sec_18_a_line_is_held_up_to_the_limit_and_what_follows_is_read() {
        let long = |n: usize| vec![b'x'; n];
        let max = MESSAGE_BYTES_MAX;
        assert_eq!(lines(b""), []);
        assert_eq!(
            lines(b"\nab\nc"),
            [(Line::Whole, 0), (Line::Whole, 2), (Line::Whole, 1)]
        );
        let bytes = [long(max), b"\n".to_vec(), long(max)].concat();
        assert_eq!(lines(&bytes), [(Line::Whole, max), (Line::Whole, max)]);
        let bytes = [long(max + 1), b"\n{}\n".to_vec(), long(max * 5)].concat();
        let kinds: Vec<Line> = lines(&bytes).into_iter().map(|(line, _)| line).collect();
        assert_eq!(kinds, [Line::TooLong, Line::Whole, Line::TooLong]);
    }
}
