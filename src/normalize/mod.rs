//! What one entry of a feed becomes: clean text, one identity. Pure; never fetches, never asks the store.

pub mod boilerplate;
pub mod html;
pub mod identity;
pub mod plain;
pub mod text;
