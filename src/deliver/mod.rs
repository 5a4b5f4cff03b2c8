//! L3: notifications on their way to their targets: plans what changes of stories fire, sends what is due, and notes what became of
//! it. What is sent and when is decided by `notify`; what waits is in the store.
//!
//! Every target has a task of its own, one request at a time: a slow target delays no other and no poll. An event is noted as sent
//! after the target has it, so that a kill in between repeats it, with the same id, and loses none.
//!
//! | file | contents |
//! |---|---|
//! | [`target`] | a target as configured |
//! | `notifier` | plans, and starts the task of each target |
//! | `worker` | the task of one target |
//! | `sender` | sends one batch |
//! | `attempt` | what an answer means |
//! | `blocking` | calls of the store |
//! | `mail` | digests by mail |
//! | `state` | for readiness and metrics |
//! | `file` | the file that events are appended to |

mod attempt;
mod blocking;
mod file;
mod mail;
mod notifier;
mod sender;
mod state;
pub mod target;
mod worker;

pub use attempt::Attempt;
pub use notifier::Notifier;
pub use sender::Sender;
pub use state::NotifierState;
pub use target::{Destination, Encryption, MailTarget, Target};
