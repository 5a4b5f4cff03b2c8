//! `newswire simulate-schedule`: runs the daemon's schedule over a trace, for measurements. Reads one JSON object per line, prints one
//! per poll, flushed.

use std::io::BufRead;

use super::context::Context;
use super::exit::{Exit, Failure};
use crate::schedule::simulate::Simulation;

/// Runs `newswire simulate-schedule`.
pub fn simulate(cx: &mut Context) -> Result<(), Failure> {
    let mut run = Simulation::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Failure::new(Exit::BadInput, format!("stdin: {e}")))?;
        let answer = run
            .line(&line)
            .map_err(|e| Failure::new(Exit::BadInput, e))?;
        if let Some(answer) = answer {
            cx.out.line(&answer)?;
            cx.out.flush()?;
        }
    }
    Ok(())
}
