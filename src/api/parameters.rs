//! The parameters of a request. A route names those that it has ([`super::route`]): any other is an error that names the most
//! similar one, because a mistyped `limit` or `since` would silently select something else. A parameter is given at most once.

use percent_encoding::percent_decode;

use super::error::BadParameter;
use super::route::{Parameter, Route};
use crate::merged::LIMIT_MAX;
use crate::model::{Seq, Time};
use crate::query::ast::When;

/// Number of objects on a page unless `limit` is given.
pub const LIMIT_DEFAULT: usize = 50;

/// The parameter for a reader's token, which every route has and the server checks.
pub const TOKEN: &str = "token";

/// The parameters of a request, by name, each at most once.
#[derive(Debug)]
pub struct Parameters {
    known: &'static [Parameter],
    given: Vec<(String, String)>,
}

/// A time as written, and as read.
pub type TimeParameter = (String, When);

impl Parameters {
    /// Reads a URL's query. `token` is left out.
    ///
    /// # Errors
    /// [`BadParameter`] for a name that the route does not have, for one given twice, and for a value that is not UTF-8.
    pub fn of_query(query: &str, route: &Route) -> Result<Self, BadParameter> {
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).map_err(|lossy| not_utf8(&lossy))?;
            let value = decoded(value).map_err(|_| not_utf8(&name))?;
            if name != TOKEN {
                pairs.push((name, value));
            }
        }
        Self::of_pairs(pairs, route)
    }

    /// Takes names with their values.
    ///
    /// # Errors
    /// [`BadParameter`] for a name that the route does not have, and for one given twice.
    pub fn of_pairs(pairs: Vec<(String, String)>, route: &Route) -> Result<Self, BadParameter> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            if !route.parameters.iter().any(|known| known.name == name) {
                let names = route.parameters.iter().map(|known| known.name);
                return Err(BadParameter::unknown(&name, names));
            }
            if given.iter().any(|(before, _)| *before == name) {
                return Err(BadParameter::new(&name, "given twice; give it once"));
            }
            given.push((name, value));
        }
        Ok(Self {
            known: route.parameters,
            given,
        })
    }

    /// The value of a parameter; `None` if it was not given.
    pub fn text(&self, name: &str) -> Option<&str> {
        debug_assert!(self.known.iter().any(|known| known.name == name));
        let given = self.given.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| value.as_str())
    }

    /// `limit`, else [`LIMIT_DEFAULT`].
    ///
    /// # Errors
    /// Anything but a number from 1 to [`LIMIT_MAX`].
    pub fn limit(&self) -> Result<usize, BadParameter> {
        let Some(text) = self.text("limit") else {
            return Ok(LIMIT_DEFAULT);
        };
        let limit = number::<usize>(text).filter(|n| (1..=LIMIT_MAX).contains(n));
        limit.ok_or_else(|| {
            BadParameter::new(
                "limit",
                format!(
                    "\"{text}\" is not a number from 1 to {LIMIT_MAX}; for more, follow \"next\""
                ),
            )
        })
    }

    /// A time, as in expressions and `newswire list --since`.
    ///
    /// # Errors
    /// A text that is not a time.
    pub fn time(&self, name: &str) -> Result<Option<TimeParameter>, BadParameter> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match When::read(text) {
            Some(when) => Ok(Some((text.to_owned(), when))),
            None => Err(BadParameter::new(
                name,
                format!(
                    "\"{text}\" is not a time; write 24h, 7d, yesterday, monday, 2026-11-01 or 2026-11-01T08:00:00Z"
                ),
            )),
        }
    }

    /// A sequence number.
    ///
    /// # Errors
    /// Anything but a whole number of at least 0.
    pub fn sequence(&self, name: &str) -> Result<Option<Seq>, BadParameter> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || {
            BadParameter::new(
                name,
                format!(
                    "\"{text}\" is not a sequence number: take a \"seq\" of an earlier answer, or 0 for the beginning"
                ),
            )
        };
        let number = number(text).map(Seq::new);
        number.map(Some).ok_or_else(wrong)
    }

    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// Anything else.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, BadParameter> {
        match self.text(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(BadParameter::new(
                name,
                format!("\"{other}\" is neither true nor false"),
            )),
        }
    }
}

/// The time at `now`.
pub fn at(time: Option<&TimeParameter>, now: Time) -> Option<Time> {
    time.map(|(_, when)| when.at(now))
}

/// A number of decimal digits only: `+5` and `٥` are none.
pub fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

/// The text of a part of a query (`application/x-www-form-urlencoded`), else a replacement of it that is valid.
fn decoded(text: &str) -> Result<String, String> {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    String::from_utf8(bytes).map_err(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

fn not_utf8(name: &str) -> BadParameter {
    BadParameter::new(
        name,
        "the value is not UTF-8; percent-encode its UTF-8 bytes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::route::{Kind, parameter};

    static STORIES: Route = Route {
        path: "/stories",
        operation: "listStories",
        summary: "",
        parameters: &[
            parameter("q", Kind::Expression, ""),
            parameter("since", Kind::Time, ""),
            parameter("until", Kind::Time, ""),
            parameter("after", Kind::Number, ""),
            parameter("limit", Kind::Limit, ""),
            parameter("bodies", Kind::Flag(false), ""),
        ],
        answer: |_| schemars::json_schema!(true),
    };

    fn error(query: &str) -> String {
        let read = Parameters::of_query(query, &STORIES);
        read.unwrap_err().to_string()
    }

    #[test]
    fn names_are_known_and_given_once_and_values_are_utf8() {
        let read = Parameters::of_query("q=a+%22b%20c%22&token=x&&limit=5&since", &STORIES);
        let read = read.unwrap();
        assert_eq!(read.text("q"), Some("a \"b c\""));
        assert_eq!(read.text("since"), Some(""));
        assert_eq!(read.text("until"), None);
        assert!(error("limti=5").ends_with("did you mean limit?"));
        assert!(error("limit=5&l%69mit=6").starts_with("limit: given twice"));
        assert!(error("q=%ff").starts_with("q: the value is not UTF-8"));
        assert!(error("%ff=1").contains("not UTF-8"));
    }

    #[test]
    fn a_value_is_what_it_should_be_or_an_error_says_what_that_is() {
        let read = |query: &str| Parameters::of_query(query, &STORIES).unwrap();
        assert_eq!(read("limit=1000").limit(), Ok(1000));
        assert_eq!(read("").limit(), Ok(LIMIT_DEFAULT));
        for bad in [
            "0",
            "1001",
            "-1",
            "+5",
            "",
            "٥",
            "1e3",
            "99999999999999999999",
        ] {
            let wrong = read(&format!("limit={bad}")).limit().unwrap_err();
            assert!(wrong.message.contains("from 1 to 1000"), "{bad}");
        }
        assert_eq!(read("after=0").sequence("after"), Ok(Some(Seq::new(0))));
        assert!(read("after=-1").sequence("after").is_err());
        assert_eq!(read("bodies=true").flag("bodies", false), Ok(true));
        assert!(read("bodies=yes").flag("bodies", false).is_err());
        assert!(read("since=tomorrow").time("since").is_err());
    }
}
