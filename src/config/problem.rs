//! A mistake in the configuration, and how a person is shown it: the line, a caret, what would be right.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One mistake at one place of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file it stands at.
    pub place: Range<usize>,
    /// What is wrong, in one line.
    pub what: String,
    /// What stands beside the caret.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// Another place that belongs to it, with its label.
    pub related: Option<(Range<usize>, String)>,
}

impl Problem {
    /// A mistake without more to say.
    pub fn new(place: Range<usize>, what: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            place,
            what: what.into(),
            label: label.into(),
            help: None,
            related: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a second place.
    #[must_use]
    pub fn related(mut self, place: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some((place, label.into()));
        self
    }
}

/// Why there is no configuration: exit 78.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is wrong; every mistake is in it.
    #[error(transparent)]
    Invalid(#[from] Box<Invalid>),
    /// This process was not given a secret that the configuration names.
    #[error("cannot read a credential: {0}")]
    Unavailable(String),
    /// No folder for the store could be found.
    #[error(
        "no place for the store: neither --db, NEWSWIRE_DB, store.path, STATE_DIRECTORY, XDG_DATA_HOME nor HOME is set"
    )]
    NoPlace,
}

/// A file with its mistakes.
#[derive(Debug)]
pub struct Invalid {
    /// The file as the user named it.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The settings of the environment and of flags, a line each. Their places begin one byte behind the text's end.
    pub overlay: String,
    /// The mistakes, in the order of the file.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// Everything that is to say, over several lines, without the final line break.
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
        // One line must say enough where only one line is shown: a log, a unit's status.
        if let Some(first) = self.problems.first() {
            match self.in_overlay(&first.place) {
                Some(place) => write!(f, "; {}: {}", self.setting_at(place.start), first.what)?,
                None => {
                    let (line, column) = line_and_column(&self.text, first.place.start);
                    write!(f, "; line {line}, column {column}: {}", first.what)?;
                }
            }
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl Invalid {
    /// Every mistake with its line and a caret.
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

    /// A place behind the text, counted from the beginning of the overlay.
    fn in_overlay(&self, place: &Range<usize>) -> Option<Range<usize>> {
        let begin = self.text.len() + 1;
        (place.start >= begin).then(|| place.start - begin..place.end.saturating_sub(begin))
    }

    /// The line of the overlay at a place.
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
        let (text, path, place) = match self.in_overlay(&problem.place) {
            Some(place) => (&self.overlay, "(environment and flags)", place),
            None => (&self.text, self.path.as_str(), problem.place.clone()),
        };
        let mut snippet = Snippet::source(text.as_str()).path(path).annotation(
            AnnotationKind::Primary
                .span(within(text, &place))
                .label(problem.label.as_str()),
        );
        if let Some((place, label)) = &problem.related {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(within(&self.text, place))
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

/// A place that is inside the text and ends on its first line: a caret under one line reads best.
fn within(text: &str, place: &Range<usize>) -> Range<usize> {
    let start = place.start.min(text.len());
    let end = place.end.clamp(start, text.len());
    let first_line = text
        .get(start..end)
        .and_then(|t| t.find('\n'))
        .map_or(end, |n| start + n);
    start..first_line.max(start)
}

/// The line and column (both from 1, the column in characters) of a byte of a text.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}
