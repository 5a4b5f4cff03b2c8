//! The state of one reading of the configuration: the text, what overrides it, and what was found so far. Collects all mistakes
//! instead of stopping at the first.

use std::ops::Range;

use toml::de::DeTable;

use super::credentials::Credentials;
use super::overlay::{self, Overlay};
use super::problem::{Problem, line_and_column};
use super::{Origin, Setting};
use crate::text::nearest::nearest;

/// A table with its span in the text.
pub type SpannedTable<'d> = (&'d DeTable<'d>, Range<usize>);

/// The state of one reading of the configuration.
#[derive(Debug)]
pub struct Reading<'t> {
    /// The file's text, for line numbers.
    pub text: &'t str,
    /// What overrides the file's settings. Its spans begin after the end of the file's text.
    pub overlay: &'t Overlay,
    /// Section and key of every setting that exists.
    pub known: Vec<(String, &'static str)>,
    /// The credentials from systemd.
    pub credentials: Credentials,
    /// The credentials that are not available to this process, a line each.
    pub unavailable: Vec<String>,
    /// The mistakes so far.
    pub problems: Vec<Problem>,
    /// The values so far.
    pub settings: Vec<Setting>,
    /// The warnings so far.
    pub warnings: Vec<String>,
}

impl<'t> Reading<'t> {
    /// A reading of `text`, whose settings `overlay` overrides.
    pub fn new(text: &'t str, overlay: &'t Overlay, credentials: Credentials) -> Self {
        Self {
            text,
            overlay,
            known: Vec::new(),
            credentials,
            unavailable: Vec::new(),
            problems: Vec::new(),
            settings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The origin of a span: a line of the file, a variable or a flag.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        let in_overlay = span.start.checked_sub(self.text.len() + 1);
        in_overlay
            .and_then(|at| self.overlay.origin(at))
            .unwrap_or_else(|| Origin::Line(line_and_column(self.text, span.start).0))
    }

    /// Reports every setting of the overlay that does not exist.
    pub fn close(&mut self) {
        let begin = self.text.len() + 1;
        for (span, name) in self.overlay.unknown(&self.known) {
            // Variables have a section and a key, so keys of the top level and of lists are not suggested.
            let names: Vec<String> = self
                .known
                .iter()
                .filter(|(section, _)| !section.is_empty())
                .map(|(section, key)| format!("{section}.{key}"))
                .collect();
            let near = nearest(&name, names.iter().map(String::as_str))
                .filter(|_| !name.ends_with('.') && !name.starts_with('.'));
            let label = match near {
                _ if name.starts_with("feed.") => "feeds can be set in the file only".to_owned(),
                _ if name.starts_with("topic.") => "topics can be set in the file only".to_owned(),
                _ if name.starts_with("notify.") => {
                    "targets of notifications can be set in the file only".to_owned()
                }
                Some(near) => {
                    let (section, key) = near.split_once('.').unwrap_or((near, ""));
                    format!("did you mean {}?", overlay::variable(section, key))
                }
                None => "unset it; `newswire check --print` lists the settings".to_owned(),
            };
            self.problems.push(Problem::new(
                begin + span.start..begin + span.end,
                format!("there is no setting {name}"),
                label,
            ));
        }
    }

    /// Records a value that is used.
    pub fn record(&mut self, key: String, value: String, origin: Origin) {
        self.settings.push(Setting { key, value, origin });
    }
}
