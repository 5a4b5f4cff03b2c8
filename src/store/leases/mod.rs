//! Which feeds may be polled now, and which process holds them while it polls.

pub(super) mod claim;
pub(super) mod claims;
mod commands;
pub(super) mod held;
pub(super) mod runs;
