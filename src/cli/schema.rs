//! `newswire schema`: the JSON Schemas of what `--json` and the HTTP API write, and the OpenAPI document. Reads neither the
//! configuration nor the store.

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::columns::Column;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::table::Table;
use crate::api::{self, schema};

/// The name of the OpenAPI document.
const OPENAPI: &str = "openapi";

/// `newswire schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Name of an object, or openapi for the OpenAPI document of the HTTP API. Without a name, the names are listed
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    pub name: Option<String>,
}

fn names() -> impl Iterator<Item = &'static str> {
    schema::OBJECTS
        .iter()
        .map(|object| object.name)
        .chain([OPENAPI])
}

/// Runs `newswire schema`.
pub fn schema(cx: &mut Context, args: &SchemaArgs) -> Result<(), Failure> {
    let Some(name) = args.name.as_deref() else {
        return list(cx);
    };
    let object = schema::OBJECTS.iter().find(|object| object.name == name);
    match object {
        Some(object) => print(cx, &object.schema()),
        None => print(cx, &api::openapi()),
    }
}

fn print(cx: &mut Context, document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|e| Failure::new(Exit::Internal, format!("cannot print JSON: {e}")))?;
    cx.out.page();
    cx.out.raw(text.as_bytes())?;
    cx.out.line("")
}

fn list(cx: &mut Context) -> Result<(), Failure> {
    let mut table = Table::new([Column::value("NAME"), Column::reason("SCHEMA OF")]);
    for object in &schema::OBJECTS {
        let cells = vec![object.name.to_owned(), object.printed_by.to_owned()];
        table.row(&mut cx.out, cells)?;
    }
    let cells = vec![
        OPENAPI.to_owned(),
        "the HTTP API, as an OpenAPI document".to_owned(),
    ];
    table.row(&mut cx.out, cells)?;
    table.finish(&mut cx.out)
}
