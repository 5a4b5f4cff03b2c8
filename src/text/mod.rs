//! L0: what `parse`, `normalize`, `dedup` and `query` share about text. Pure: a text goes
//! in, a value comes out. Never knows feeds, articles or queries.
//!
//! | file | idea |
//! |---|---|
//! | [`plain`], [`settle`], [`mojibake`] | plain text: allowed characters, lines, repair of wrong decoding |
//! | `characters` | which characters make words, and which are not allowed |
//! | [`fold`], [`hash`] | words without case and marks; stable hashes |
//! | [`tokens`], [`references`] | HTML as tags and texts; character references |
//! | [`html`], [`allowed`] | the sanitizer; the allowed elements and attributes |
//! | [`fast_path`], [`html_limits`] | sanitizing without a tree; bounds of the tree |
//! | [`embedded`], [`embedded_frame`] | pictures, players and formulas, rewritten before sanitizing |
//! | [`html_text`] | the readable text of HTML |
//! | [`body`], [`blocks`] | a sanitized body read once: its text and its paragraphs |
//! | [`sanitized`] | sanitizing and reading in one pass |
//! | [`headline_html`] | which tags a headline names |
//! | [`nearest`] | which known name a wrong one is similar to |
//! | [`dates`] | dates as publishers write them |
//! | [`language`], [`function_words`] | which language a text is in |

mod allowed;
mod attribute;
pub mod blocks;
pub mod body;
pub(crate) mod characters;
pub mod dates;
mod embedded;
mod embedded_frame;
#[cfg(test)]
mod embedded_tests;
mod fast_path;
pub mod fold;
mod function_words;
pub mod hash;
mod headline_html;
pub mod html;
pub mod html_limits;
pub mod html_text;
pub mod language;
mod mojibake;
pub mod nearest;
pub mod plain;
pub mod references;
#[cfg(test)]
mod samples;
pub mod sanitized;
pub mod settle;
pub(crate) mod tokens;
