//! Faults that a test injects at a named stage of a visit, for one feed (REL-12). Only tests have this module.

use std::sync::{Mutex, PoisonError};

/// The kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Error,
    Panic,
    /// It never ends.
    Hang,
}

/// An injected error; the store converts it to its own.
#[derive(Debug)]
pub struct Injected;

static ARMED: Mutex<Vec<(&'static str, String, Kind)>> = Mutex::new(Vec::new());

/// Makes `stage` fail for `host`, which no other test may use.
pub fn arm(stage: &'static str, host: &str, kind: Kind) {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    armed.push((stage, host.to_owned(), kind));
}

/// Removes all faults for `host`.
pub fn disarm(host: &str) {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    armed.retain(|(_, h, _)| h != host);
}

/// Called at a stage of the visit of `subject`: a host, or text that contains it.
pub fn at(stage: &str, subject: &str) -> Result<(), Injected> {
    match kind_of(stage, subject) {
        Some(Kind::Panic) => panic!("injected at {stage}"),
        Some(Kind::Error) => Err(Injected),
        Some(Kind::Hang) | None => Ok(()),
    }
}

/// A stage that can also wait without an end.
pub async fn wait_at(stage: &str, subject: &str) -> Result<(), Injected> {
    if kind_of(stage, subject) == Some(Kind::Hang) {
        std::future::pending::<()>().await;
    }
    at(stage, subject)
}

/// The same for a stage that cannot return an error.
pub fn panic_at(stage: &str, subject: &str) {
    at(stage, subject).unwrap();
}

fn kind_of(stage: &str, subject: &str) -> Option<Kind> {
    let armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = armed
        .iter()
        .find(|(s, host, _)| *s == stage && subject.contains(host.as_str()));
    found.map(|(.., kind)| *kind)
}
