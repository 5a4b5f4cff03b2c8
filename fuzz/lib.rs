//! The properties that the targets hold newswire to; the project's own tests run them over `seeds`.

#[path = "../tests/all/support/comes_back.rs"]
mod comes_back;
#[path = "../tests/all/support/properties.rs"]
pub mod properties;
#[path = "../tests/all/support/sequences.rs"]
pub mod sequences;
