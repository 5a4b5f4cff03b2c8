//! Mistakes in the configuration, and their display with the line, a caret, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A mistake in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that are wrong.
    pub span: Range<usize>,
    /// What is wrong, in one line.
    pub what: String,
    /// The text at the caret.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// Another span that belongs to it, with its label.
    pub related: Option<(Range<usize>, String)>,
}

impl Problem {
    /// A mistake without advice.
    pub fn new(span: Range<usize>, what: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            span,
            what: what.into(),
            label: label.into(),
            help: None,
            related: None,
        }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second span.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}

/// Why there is no configuration: exit 78.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The file has mistakes; all of them are listed.
    #[error(transparent)]
    Invalid(#[from] Box<Invalid>),
    /// A secret that the configuration names is not available to this process.
    #[error("cannot read a credential: {0}")]
    Unavailable(String),
    /// Nothing names a directory for the store.
    #[error(
        "no path for the store: none of --db, NEWSWIRE_DB, store.path, STATE_DIRECTORY, XDG_DATA_HOME and HOME is set"
    )]
    NoStorePath,
}

/// A file with its mistakes.
#[derive(Debug)]
pub struct Invalid {
    /// The file as the user named it.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The settings of the environment and of flags, a line each. Their spans begin one byte after the end of the text.
    pub overlay: String,
    /// The mistakes, in the order of the file.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// The whole message, on several lines, without a final line break.
    pub fn render(&self, color: bool) -> String {
        match self {
            Self::Invalid(invalid) => invalid.render(color),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.problems.len();
        let s = if n == 1 { "" } else { "s" };
        write!(f, "{n} mistake{s} in the configuration {}", self.path)?;
        // A log or the status of a unit shows only one line, so it has the first mistake.
        if let Some(first) = self.problems.first() {
            match self.in_overlay(&first.span) {
                Some(span) => write!(f, "; {}: {}", self.setting_at(span.start), first.what)?,
                None => {
                    let (line, column) = line_and_column(&self.text, first.span.start);
                    write!(f, "; line {line}, column {column}: {}", first.what)?;
                }
            }
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl Invalid {
    /// All mistakes with their lines and carets.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        }
        .decor_style(DecorStyle::Ascii);
        let mut shown: Vec<String> = self
            .problems
            .iter()
            .map(|problem| renderer.render(&[self.group(problem)]))
            .collect();
        let n = self.problems.len();
        let s = if n == 1 { "" } else { "s" };
        shown.push(format!("{n} mistake{s} in the configuration {}", self.path));
        shown.join("\n\n")
    }

    /// The span in the overlay, if it is after the text.
    fn in_overlay(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let begin = self.text.len() + 1;
        (span.start >= begin).then(|| span.start - begin..span.end.saturating_sub(begin))
    }

    /// The line of the overlay at an offset.
    fn setting_at(&self, at: usize) -> &str {
        let lines = self.overlay.split_inclusive('\n');
        let mut end = 0;
        for line in lines {
            end += line.len();
            if at < end {
                return line.trim_end();
            }
        }
        ""
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> annotate_snippets::Group<'a> {
        let (text, path, span) = match self.in_overlay(&problem.span) {
            Some(span) => (&self.overlay, "(environment and flags)", span),
            None => (&self.text, self.path.as_str(), problem.span.clone()),
        };
        let mut snippet = Snippet::source(text.as_str()).path(path).annotation(
            AnnotationKind::Primary
                .span(within(text, &span))
                .label(problem.label.as_str()),
        );
        if let Some((span, label)) = &problem.related {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(within(&self.text, span))
                    .label(label.as_str()),
            );
        }
        let group = Level::ERROR
            .primary_title(problem.what.as_str())
            .element(snippet);
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

/// The span limited to the text and to its first line: carets below one line are easiest to read.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let first_line = text
        .get(start..end)
        .and_then(|t| t.find('\n'))
        .map_or(end, |n| start + n);
    start..first_line.max(start)
}

/// The line and column of a byte offset, both starting at 1; the column is in characters.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}
