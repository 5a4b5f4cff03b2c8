//! JSON-RPC 2.0 as MCP uses it: one message, read from bytes, and errors with their codes. Never looks at what a method means.
//!
//! Sources: JSON-RPC 2.0; MCP 2026-07-28, "Overview" (messages, error codes).

use serde_json::{Map, Value, json};

/// Maximum length of a message, in bytes: many times what a call with the longest expression needs.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// The members of a JSON object.
pub type Object = Map<String, Value>;

/// A message from a client.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// It expects an answer.
    Request(Request),
    /// It expects none: a notification, or the response to a request that newswire never sends.
    Notification {
        /// The method; empty for a response.
        method: String,
    },
}

/// A request.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// A string or a whole number, repeated in the answer.
    pub id: Value,
    /// The method.
    pub method: String,
    /// Its parameters; empty if there are none.
    pub params: Object,
}

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// The kind of error.
    pub code: Code,
    /// What is wrong and what would be right.
    pub message: String,
    /// Further data that the specification demands.
    pub data: Option<Value>,
}

/// The codes of errors. The last two are those of MCP 2026-07-28.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The message is not JSON.
    Parse = -32700,
    /// It is JSON, but not one message.
    InvalidRequest = -32600,
    /// There is no such method.
    MethodNotFound = -32601,
    /// The parameters are not those of the method or tool.
    InvalidParams = -32602,
    /// A header of HTTP is missing or says something else than the message.
    HeaderMismatch = -32020,
    /// The version of the protocol is not supported.
    UnsupportedVersion = -32022,
}

/// A message that cannot be read, with its id if that could be read.
pub type Unreadable = Box<(Option<Value>, RpcError)>;

impl RpcError {
    /// An error without further data.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The response with this error. Without an id it has none: it could not be read.
    pub fn response(&self, id: Option<&Value>) -> Value {
        let mut error = Object::new();
        error.insert("code".to_owned(), (self.code as i32).into());
        error.insert("message".to_owned(), self.message.clone().into());
        if let Some(data) = &self.data {
            error.insert("data".to_owned(), data.clone());
        }
        let mut response = Object::new();
        response.insert("jsonrpc".to_owned(), "2.0".into());
        if let Some(id) = id {
            response.insert("id".to_owned(), id.clone());
        }
        response.insert("error".to_owned(), error.into());
        response.into()
    }
}

/// The error of a message that is longer than [`MESSAGE_BYTES_MAX`].
pub fn too_long() -> Value {
    let message = format!("the message is longer than {MESSAGE_BYTES_MAX} bytes; shorten it");
    RpcError::new(Code::InvalidRequest, message).response(None)
}

impl Message {
    /// Reads one message.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let invalid = |id: Option<Value>, message: &str| {
            Err(Box::new((id, RpcError::new(Code::InvalidRequest, message))))
        };
        let mut message = match serde_json::from_slice(bytes) {
            Ok(Value::Object(message)) => message,
            Ok(Value::Array(_)) => {
                return invalid(
                    None,
                    "batches are not supported; send each message by itself",
                );
            }
            Ok(_) => return invalid(None, "a message is a JSON object"),
            Err(e) => {
                let message = format!("the message is not valid JSON: {e}");
                return Err(Box::new((None, RpcError::new(Code::Parse, message))));
            }
        };
        let given = message.remove("id");
        let id = given.clone().filter(is_id);
        if message.get("jsonrpc") != Some(&json!("2.0")) {
            return invalid(id, "\"jsonrpc\" must be \"2.0\"");
        }
        let method = match message.remove("method") {
            Some(Value::String(method)) => method,
            None if message.contains_key("result") || message.contains_key("error") => {
                let method = String::new();
                return Ok(Self::Notification { method });
            }
            _ => return invalid(id, "\"method\" must be a string"),
        };
        let params = match message.remove("params") {
            None => Object::new(),
            Some(Value::Object(params)) => params,
            Some(_) => {
                let error = RpcError::new(Code::InvalidParams, "\"params\" must be an object");
                return Err(Box::new((id, error)));
            }
        };
        match (given, id) {
            (None, _) => Ok(Self::Notification { method }),
            (Some(_), Some(id)) => Ok(Self::Request(Request { id, method, params })),
            (Some(_), None) => invalid(None, "\"id\" must be a string or a whole number"),
        }
    }
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_i64() || id.is_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> (Option<Value>, i32) {
        let (id, error) = *Message::read(text.as_bytes()).unwrap_err();
        (id, error.code as i32)
    }

    #[test]
    fn what_is_not_one_message_is_refused_with_its_code() {
        for bad in ["", "{", "nonsense", "{\"id\":1}{}", "\"\u{0}\""] {
            assert_eq!(code(bad), (None, -32700), "{bad}");
        }
        for bad in ["[]", "[{\"jsonrpc\":\"2.0\"}]", "1", "null", "\"x\"", "{}"] {
            assert_eq!(code(bad), (None, -32600), "{bad}");
        }
        for id in ["null", "1.5", "true", "[]", "{}", "1e400"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            assert!(matches!(code(&text), (None, -32600 | -32700)), "{id}");
        }
        let bad = r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#;
        assert_eq!(code(bad), (Some(json!(7)), -32600));
        let bad = r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[1]}"#;
        assert_eq!(code(bad), (Some(json!("a")), -32602));
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(code(&deep), (None, -32700));
    }

    #[test]
    fn requests_have_an_id_and_everything_else_expects_no_answer() {
        let read = |text: &str| Message::read(text.as_bytes()).unwrap();
        let request = read(r#"{"jsonrpc":"2.0","id":"x","method":"ping","extra":1}"#);
        let expected = Request {
            id: json!("x"),
            method: "ping".to_owned(),
            params: Object::new(),
        };
        assert_eq!(request, Message::Request(expected));
        for text in [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ] {
            assert!(matches!(read(text), Message::Notification { .. }), "{text}");
        }
    }

    #[test]
    fn an_error_repeats_the_id_and_has_none_without_one() {
        let error = RpcError::new(Code::MethodNotFound, "no");
        let expected = r#"{"jsonrpc":"2.0","id":5,"error":{"code":-32601,"message":"no"}}"#;
        assert_eq!(error.response(Some(&json!(5))).to_string(), expected);
        assert_eq!(error.response(None).get("id"), None);
    }
}
