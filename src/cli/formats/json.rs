//! JSON: an object per line, or an array.

use serde_json::{Map, Value};

use super::{Printer, Setup};
use crate::cli::exit::Failure;
use crate::cli::item::{self, Item};
use crate::cli::json;
use crate::cli::output::Out;

type Fields = Option<Vec<&'static str>>;

/// The printer of `jsonl`.
pub fn lines(setup: Setup) -> Box<dyn Printer> {
    let fields = setup.fields;
    Box::new(Lines { fields })
}

/// The printer of `json`.
pub fn array(setup: Setup) -> Box<dyn Printer> {
    let (fields, is_empty) = (setup.fields, true);
    Box::new(Array { fields, is_empty })
}

struct Lines {
    fields: Fields,
}

impl Printer for Lines {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let mut line = object(&item, &self.fields)?;
        line.push(b'\n');
        out.raw(&line)
    }
}

struct Array {
    fields: Fields,
    is_empty: bool,
}

impl Printer for Array {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let is_first = std::mem::take(&mut self.is_empty);
        out.raw(if is_first { b"[\n" } else { b",\n" })?;
        out.raw(&object(&item, &self.fields)?)
    }

    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        out.raw(if self.is_empty { b"[]\n" } else { b"\n]\n" })
    }
}

/// An item as a JSON object; if fields were chosen, with these in their order.
fn object(item: &Item, fields: &Fields) -> Result<Vec<u8>, Failure> {
    let Some(fields) = fields else {
        return json::line(item);
    };
    let value = item.value();
    let chosen: Map<String, Value> = fields
        .iter()
        .map(|name| ((*name).to_owned(), item::field(&value, name).clone()))
        .collect();
    json::line(&chosen)
}
