//! The headers of HTTP that repeat parts of a message, so that proxies can route it without reading it. One that says something
//! else than the message is an error: a proxy would have allowed something else than what runs.
//!
//! Source: MCP 2026-07-28, "Streamable HTTP", sections "Request Metadata" and "Server Validation".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::message::{Code, Request, RpcError};

/// What a value begins and ends with that is Base64 of UTF-8.
const ENCODED: (&str, &str) = ("=?base64?", "?=");

/// The headers of a request, `None` for one that it does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// `MCP-Protocol-Version`
    pub version: Option<String>,
    /// `Mcp-Method`
    pub method: Option<String>,
    /// `Mcp-Name`
    pub name: Option<String>,
}

impl Headers {
    /// Compares them with a request that is of this version.
    ///
    /// # Errors
    /// [`Code::HeaderMismatch`].
    pub fn check(&self, version: &str, request: &Request) -> Result<(), RpcError> {
        same("MCP-Protocol-Version", self.version.as_deref(), version)?;
        same("Mcp-Method", self.method.as_deref(), &request.method)?;
        if request.method == "tools/call" {
            let name = request.params.get("name").and_then(Value::as_str);
            let given = self.name.as_deref().map(decoded);
            same("Mcp-Name", given.as_deref(), name.unwrap_or_default())?;
        }
        Ok(())
    }
}

fn same(header: &str, given: Option<&str>, expected: &str) -> Result<(), RpcError> {
    let message = match given {
        Some(given) if given == expected => return Ok(()),
        None => format!("the header {header} is missing; it must be {expected:?}"),
        Some(given) => {
            format!("the header {header} is {given:?}, but the message has {expected:?}")
        }
    };
    Err(RpcError::new(Code::HeaderMismatch, message))
}

/// The text of a value; one that is not valid Base64 stays as it is, and equals nothing.
fn decoded(value: &str) -> String {
    let (begin, end) = ENCODED;
    let inside = value
        .strip_prefix(begin)
        .and_then(|rest| rest.strip_suffix(end));
    let bytes = inside.and_then(|text| STANDARD.decode(text).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_header_must_be_there_and_say_what_the_message_says() {
        let request = |method: &str| Request {
            id: json!(1),
            method: method.to_owned(),
            params: json!({ "name": "get_story" }).as_object().unwrap().clone(),
        };
        let headers = |version: &str, method: &str, name: &str| {
            let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
            Headers {
                version: given(version),
                method: given(method),
                name: given(name),
            }
        };
        let check = |h: Headers| h.check("v", &request("tools/call")).map_err(|e| e.code);
        assert_eq!(check(headers("v", "tools/call", "get_story")), Ok(()));
        let encoded = "=?base64?Z2V0X3N0b3J5?=";
        assert_eq!(check(headers("v", "tools/call", encoded)), Ok(()));
        for (version, method, name) in [
            ("", "tools/call", "get_story"),
            ("w", "tools/call", "get_story"),
            ("v", "", "get_story"),
            ("v", "tools/list", "get_story"),
            ("v", "Tools/Call", "get_story"),
            ("v", "tools/call", ""),
            ("v", "tools/call", "list_feeds"),
            ("v", "tools/call", "=?base64?!?="),
        ] {
            let refused = check(headers(version, method, name));
            assert_eq!(
                refused,
                Err(Code::HeaderMismatch),
                "{version} {method} {name}"
            );
        }
        let of_list = headers("v", "tools/list", "");
        assert_eq!(of_list.check("v", &request("tools/list")), Ok(()));
    }
}
