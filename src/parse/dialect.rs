//! Which kind of XML feed a document is.

use super::context::ParseError;
use super::element::Element;
use super::vocabulary::ATOM_03;
use crate::text::settle;

/// The dialect of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 2.x, and RSS without a version.
    Rss2,
    /// RSS 0.90 to 0.94.
    Rss09,
    /// RDF site summary 1.0 or 1.1.
    Rss1,
    /// RSS 0.90, which is RDF.
    Rss090,
    /// Atom 1.0.
    Atom,
    /// Atom 0.3.
    Atom03,
}

impl Dialect {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rss2 => "rss2",
            Self::Rss09 | Self::Rss090 => "rss09x",
            Self::Rss1 => "rss1",
            Self::Atom => "atom",
            Self::Atom03 => "atom03",
        }
    }

    /// Whether names without a namespace are Atom's.
    pub fn is_atom(self) -> bool {
        matches!(self, Self::Atom | Self::Atom03)
    }

    /// Whether `rdf:about` names things.
    pub fn is_rdf(self) -> bool {
        matches!(self, Self::Rss1 | Self::Rss090)
    }

    pub(super) fn of_root(root: &Element) -> Result<Self, ParseError> {
        let version = root.attribute("version").unwrap_or_default().trim();
        let declares = |uri: &str| {
            root.attributes
                .iter()
                .any(|a| a.name.starts_with("xmlns") && a.value.contains(uri))
                || root.attributes.iter().any(|a| a.value == uri)
        };
        match root.name.as_str() {
            "rss" if version.starts_with("0.9") => Ok(Self::Rss09),
            "rss" | "channel" | "item" => Ok(Self::Rss2),
            "rdf"
                if declares("my.netscape.com/rdf/simple/0.9")
                    || declares("channel.netscape.com/rdf/simple/0.9") =>
            {
                Ok(Self::Rss090)
            }
            "rdf" => Ok(Self::Rss1),
            "feed" if declares(ATOM_03) || version == "0.3" || version == "0.2" => Ok(Self::Atom03),
            "feed" | "entry" => Ok(Self::Atom),
            "html" => Err(ParseError::NotAFeed("it is a web page".to_owned())),
            "opml" => Err(ParseError::NotAFeed(
                "it is a subscription list; `newswire import` reads those".to_owned(),
            )),
            other => {
                let shown: String = settle::line(other).chars().take(40).collect();
                Err(ParseError::NotAFeed(format!("it begins with <{shown}>")))
            }
        }
    }
}
