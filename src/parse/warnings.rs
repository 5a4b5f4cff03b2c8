//! What was repaired or dropped in a document.

/// Maximum number of warnings for one document.
pub const WARNINGS_MAX: usize = 50;

/// Warnings, bounded and without repeats.
#[derive(Debug, Default)]
pub struct Warnings(Vec<String>);

impl Warnings {
    /// Notes a repair.
    pub fn add(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if self.0.len() < WARNINGS_MAX && !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// The warnings in the order in which they were added.
    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}
