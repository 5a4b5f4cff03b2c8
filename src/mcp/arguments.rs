//! The arguments of a call, checked against the parameters of its tool. An unknown name or a value of another type is an error of
//! the protocol, because the schema says otherwise; a value that cannot be used is an error of the tool, from which a model can
//! learn.

use serde_json::Value;

use super::error::ToolError;
use super::message::Object;
use super::tools::{Kind, Parameter, Tool};
use crate::query::ast::When;
use crate::text::nearest::nearest;

/// Arguments that fit the schema.
#[derive(Debug)]
pub struct Arguments<'a> {
    tool: &'static Tool,
    given: &'a Object,
}

impl<'a> Arguments<'a> {
    /// Checks names and types. `null` is the same as leaving an argument out.
    ///
    /// # Errors
    /// What does not fit, and what would.
    pub fn check(tool: &'static Tool, given: &'a Object) -> Result<Self, String> {
        for (name, value) in given {
            let Some(parameter) = tool.parameters.iter().find(|p| p.name == name) else {
                return Err(unknown(tool, name));
            };
            let fits = match parameter.kind {
                Kind::Text => value.is_string(),
                Kind::Number { .. } => value.is_i64() || value.is_u64(),
            };
            if !fits && !value.is_null() {
                let kind = parameter.kind.name();
                return Err(format!("{}: {name} must be of type {kind}", tool.name));
            }
        }
        let is_missing =
            |p: &&Parameter| p.is_required && given.get(p.name).is_none_or(Value::is_null);
        if let Some(missing) = tool.parameters.iter().find(is_missing) {
            return Err(format!("{}: {} is missing", tool.name, missing.name));
        }
        Ok(Self { tool, given })
    }

    /// A text; `None` if it was not given or is empty.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        debug_assert!(self.tool.parameters.iter().any(|p| p.name == name));
        let text = self.given.get(name).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    }

    /// A number within the limits of its parameter, else the default.
    ///
    /// # Errors
    /// A number outside the limits.
    pub fn number(&self, name: &str) -> Result<usize, ToolError> {
        let parameter = self.tool.parameters.iter().find(|p| p.name == name);
        let Some(Kind::Number {
            least,
            most,
            default,
        }) = parameter.map(|p| p.kind)
        else {
            return Ok(0);
        };
        let given = self.given.get(name).filter(|value| !value.is_null());
        let Some(value) = given else {
            return Ok(default);
        };
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok());
        let number = number.filter(|n| (least..=most).contains(n));
        number.ok_or_else(|| {
            let message = format!("{name}: {value} is not a number from {least} to {most}");
            ToolError::Wrong(message)
        })
    }

    /// A time as in expressions.
    ///
    /// # Errors
    /// A text that is not a time.
    pub fn time(&self, name: &str) -> Result<Option<When>, ToolError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || {
            ToolError::Wrong(format!(
                "{name}: {text:?} is not a time; write 24h, 7d, today, yesterday, monday, 2026-11-01 or 2026-11-01T08:00:00Z"
            ))
        };
        When::read(text).map(Some).ok_or_else(wrong)
    }
}

fn unknown(tool: &Tool, name: &str) -> String {
    let names = tool.parameters.iter().map(|p| p.name);
    let hint = match nearest(name, names.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!(
            "its parameters are {}",
            names.collect::<Vec<_>>().join(", ")
        ),
    };
    format!("{} has no parameter {name:?}; {hint}", tool.name)
}
