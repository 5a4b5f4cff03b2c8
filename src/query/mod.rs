//! query (stub for the merge; the query branch replaces this file)

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr;
/// Errors.
#[derive(Debug, thiserror::Error)]
#[error("bad expression")]
pub struct SyntaxErrors;
impl SyntaxErrors {
    /// Rendered with carets.
    pub fn render(&self, _origin: &str) -> String {
        String::new()
    }
}
/// Reads an expression.
pub fn parse(_text: &str) -> Result<Expr, SyntaxErrors> {
    Ok(Expr)
}
