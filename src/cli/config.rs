//! `newswire config`: prints the built-in example configurations. It never reads or writes a file.

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// Every key with its default and its meaning.
pub const EXAMPLE: &str = include_str!("../../config/newswire.toml");

/// Topics by section of a newspaper.
const SECTIONS: &str = include_str!("../../config/sections.toml");

/// `newswire config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print a configuration with every key, its default and its meaning
    Example,
    /// Print example topics for the sections of a newspaper (sport, business, ...)
    Sections,
}

/// Runs `newswire config`.
pub fn config(cx: &mut Context, command: &ConfigCommand) -> Result<(), Failure> {
    let text = match command {
        ConfigCommand::Example => EXAMPLE,
        ConfigCommand::Sections => SECTIONS,
    };
    cx.out.page();
    cx.out.raw(text.as_bytes())
}
