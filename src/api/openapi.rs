//! The OpenAPI document (3.1) of the HTTP API, written from the routes and the types of their answers.

use serde_json::{Map, Value, json};

use super::error::Problem;
use super::parameters::LIMIT_DEFAULT;
use super::route::{Kind, Parameter, Route};
use super::routes::ROUTES;
use super::schema::settings;
use crate::merged::LIMIT_MAX;
use crate::model::FeedState;

const DESCRIPTION: &str = "Read-only. Every answer is one JSON object in UTF-8; the objects in it are those that the commands \
                           of newswire print with `--json`. Members may be added at any time. An answer has an ETag: send it \
                           back as If-None-Match, and an unchanged answer costs 304 without a body. A page that is not the \
                           last has the query of the next one in `next` and in a Link header with rel=\"next\".";

/// The document.
pub fn openapi() -> Value {
    let mut settings = settings();
    settings.meta_schema = None;
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in ROUTES {
        let answer = (route.answer)(&mut generator);
        let get = operation(route, answer.to_value(), problem.as_value());
        paths.insert(route.path.to_owned(), json!({ "get": get }));
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "newswire",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        // Relative to this document, because a proxy may serve the API under any path.
        "servers": [{ "url": "../v1" }],
        "security": [{}, { "basic": [] }, { "bearer": [] }, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "A token as the password of any user name.",
                },
                "bearer": { "type": "http", "scheme": "bearer" },
                "token": { "type": "apiKey", "in": "query", "name": "token" },
            },
        },
    })
}

/// The statuses of errors.
const PROBLEMS: [(&str, &str); 7] = [
    ("400", "A parameter is wrong or does not exist."),
    ("401", "The server requires a token."),
    ("403", "The token does not open the API."),
    ("404", "There is no such object."),
    ("409", "The follower has to start again without `after`."),
    (
        "503",
        "The server is overloaded, or the request takes too long.",
    ),
    ("default", "Another error."),
];

fn operation(route: &Route, answer: Value, problem: &Value) -> Value {
    let id = route.path.contains("{id}").then(|| {
        json!({
            "name": "id",
            "in": "path",
            "required": true,
            "schema": { "type": "string", "format": "uuid" },
        })
    });
    let parameters: Vec<Value> = id
        .into_iter()
        .chain(route.parameters.iter().map(parameter))
        .collect();
    let text = json!({ "schema": { "type": "string" } });
    let headers = match has_next(route) {
        true => json!({ "ETag": text, "Link": text }),
        false => json!({ "ETag": text }),
    };
    let answered = json!({
        "description": "The answer.",
        "headers": headers,
        "content": { "application/json": { "schema": answer } },
    });
    let unchanged = json!({ "description": "The answer is the one that If-None-Match names." });
    let problems = PROBLEMS.into_iter().map(|(status, description)| {
        let response = json!({
            "description": description,
            "content": { "application/problem+json": { "schema": problem } },
        });
        (status, response)
    });
    let responses: Map<String, Value> = [("200", answered), ("304", unchanged)]
        .into_iter()
        .chain(problems)
        .map(|(status, response)| (status.to_owned(), response))
        .collect();
    json!({
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    })
}

/// Whether an answer of the route may be a page of several.
fn has_next(route: &Route) -> bool {
    route.parameters.iter().any(|p| p.kind == Kind::Limit)
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.kind {
        Kind::Expression | Kind::Text | Kind::Place => json!({ "type": "string" }),
        Kind::Time => json!({
            "type": "string",
            "examples": ["24h", "7d", "yesterday", "monday", "2026-11-01", "2026-11-01T08:00:00Z"],
        }),
        Kind::Number => {
            json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX })
        }
        Kind::Limit => {
            json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT })
        }
        Kind::Flag(default) => json!({ "type": "boolean", "default": default }),
        Kind::State => json!({ "enum": FeedState::ALL.map(FeedState::name) }),
        Kind::Id => json!({ "type": "string", "format": "uuid" }),
    };
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.help,
        "schema": schema,
    })
}
