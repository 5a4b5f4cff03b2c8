//! robots.txt (RFC 9309), obeyed for pages of articles only: feeds are named by the user (ET-47).

pub(super) mod cache;
mod check;
mod rules;
