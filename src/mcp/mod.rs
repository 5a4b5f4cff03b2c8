//! L3: the Model Context Protocol (MCP): tools with which a language model reads the store. Read-only, and no tool takes a URL.
//!
//! A message is bytes, an answer is a JSON value; how they travel is decided elsewhere: standard input and output in
//! `cli::mcp`, HTTP in `serve::mcp`. Nothing here waits, prints or keeps state between messages, except whether a client has sent
//! `initialize`.
//!
//! | file | idea |
//! |---|---|
//! | `message` | JSON-RPC: a message read from bytes, and errors with their codes |
//! | `protocol` | the methods, for clients of 2026-07-28 and for those that send `initialize` |
//! | `headers` | the headers of HTTP that repeat parts of a message |
//! | `error` | why a call has no result, for the model |
//! | `tools` | the tools: names, descriptions, parameters and schemas |
//! | `arguments` | the arguments of a call, checked against the parameters of its tool |
//! | `calls` | what a call asks for, and how the store answers it |
//! | `changes` | the call that follows the changes of the store |
//! | `objects` | what tools return: quoted text with limits on its length |

mod arguments;
mod calls;
mod changes;
mod error;
mod headers;
mod message;
mod objects;
mod protocol;
mod tools;

pub use calls::{CALL_TIME_MAX, Call};
pub use error::ToolError;
pub use headers::Headers;
pub use message::{MESSAGE_BYTES_MAX, too_long};
pub use objects::RESULT_CHARS_MAX;
pub use protocol::{Answer, Peer, PendingCall, Status, Step};
pub use tools::{TOOLS, Tool};
