//! The properties that the targets hold newswire to; the project's own tests run them over `seeds`.

#[path = "../tests/support/comes_back.rs"]
mod comes_back;
#[path = "../tests/support/properties.rs"]
pub mod properties;
#[path = "../tests/support/sequences.rs"]
pub mod sequences;
