//! L1: when a feed is polled again. A pure function of what is known and what was observed: no clock, no I/O, and no
//! randomness but a hash of names. Never polls sooner than a publisher allows.
//!
//! | file | |
//! |---|---|
//! | [`next`] | the decision: what is learned from a poll, and the next [`Plan`] |
//! | `input` | what it is made from: [`Policy`], [`Observation`] |
//! | [`bound`], `settle`, [`explanation`] | constraints, the time they leave, and the stored reason |
//! | `floors`, `backoff`, `push`, `moved` | publishers' hints and courtesy, failures, hubs, permanent redirects |
//! | `profile`, `intensity`, `rates` | how a feed publishes |
//! | `cost_model`, `wait`, `poll_cost`, `budget` | when a poll is worth its cost, which all feeds share |
//! | `skip`, `spread` | skipped hours, and which minute |
//! | `state`, `bytes` | what is remembered between polls, and its stored form |
//! | [`simulate`] | all of it run on a trace |
//! | [`remedy`] | what an operator can do about a feed that fails |

mod backoff;
pub mod bound;
mod budget;
mod bytes;
mod cost_model;
pub mod explanation;
mod floors;
mod input;
mod intensity;
mod moved;
mod next;
mod poll_cost;
mod profile;
mod push;
mod rates;
pub mod remedy;
mod settle;
pub mod simulate;
mod skip;
mod spread;
mod state;
#[cfg(test)]
mod support;
mod wait;

pub use budget::Budget;
pub use explanation::PlanExplanation;
pub use input::{Observation, Policy, PollResult};
pub use next::{Plan, next};
pub use poll_cost::{Demand, PollCost};
pub use state::State;
