//! L1: the one expression language, for topics, lists, searches and feed URLs (contract.md, "Expressions").
//!
//! One syntax tree ([`Expr`]), one folding of text ([`crate::text::fold`]), and three readings of the tree that must agree: the
//! plain evaluator ([`eval::matches`]), all topics at once ([`compile::TopicSet`]), and the plan for the store's
//! word index ([`plan::index_plan`]). Pure: no clock, no files, no SQL engine.

pub mod ast;
mod budget;
pub mod compile;
mod emoji;
pub mod eval;
pub mod highlight;
mod joined;
pub mod parse;
pub mod part;
pub mod plan;
pub mod rank;
mod regex;
pub mod subject;
mod syntax_error;
mod value;

pub use ast::Expr;
pub use parse::parse;
pub use subject::{Facts, Folded, Text};
pub use syntax_error::SyntaxErrors;
