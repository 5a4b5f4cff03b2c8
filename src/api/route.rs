//! What a route of the HTTP API is made of: path, parameters, and the schema of its answer.

use schemars::{Schema, SchemaGenerator};

/// What every path of the API begins with.
pub const BASE: &str = "/api/v1";

/// A route.
#[derive(Debug)]
pub struct Route {
    /// The path below [`BASE`], `{id}` for an id in it.
    pub path: &'static str,
    /// Its name in the OpenAPI document.
    pub operation: &'static str,
    /// What it answers, in a few words.
    pub summary: &'static str,
    /// Its parameters, without `token`.
    pub parameters: &'static [Parameter],
    /// The schema of its answer.
    pub answer: fn(&mut SchemaGenerator) -> Schema,
}

/// A parameter in the query.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What it does.
    pub help: &'static str,
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An expression.
    Expression,
    /// Any text.
    Text,
    /// A time as in `newswire list --since`.
    Time,
    /// A number of at least 0: a sequence, or a position.
    Number,
    /// A place in a list, taken from `next`.
    Place,
    /// The maximum number of objects.
    Limit,
    /// `true` or `false`, and the default.
    Flag(bool),
    /// The state of a feed.
    State,
    /// An id.
    Id,
}

/// A parameter.
pub const fn parameter(name: &'static str, kind: Kind, help: &'static str) -> Parameter {
    Parameter { name, kind, help }
}
