//! One value per line, for scripts.

use super::{Printer, Setup};
use crate::cli::exit::Failure;
use crate::cli::item::Item;
use crate::cli::output::Out;

/// The printer of `ids`.
pub fn ids(_: Setup) -> Box<dyn Printer> {
    Box::new(Ids)
}

/// The printer of `urls`; an item without a URL prints nothing.
pub fn urls(_: Setup) -> Box<dyn Printer> {
    Box::new(Urls)
}

struct Ids;

impl Printer for Ids {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        out.line(&item.id())
    }
}

struct Urls;

impl Printer for Urls {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        item.url().map_or(Ok(()), |url| out.line(url))
    }
}
