//! Whether the network can be reached, as the newswire processes of one store last observed it. A time without requests
//! says nothing, and neither do hosts on loopback.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::Time;

/// The observed state of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// No request was made yet.
    #[default]
    Unknown,
    /// The last request that says anything was answered.
    Up,
    /// No host could be reached.
    Down {
        /// When the first request failed after the last answer.
        since: Time,
        /// When a request last failed, to about half a minute.
        tried: Time,
    },
}

impl Network {
    /// While the network is down a feed is tried every minute; after this time without a try the state is not known.
    pub const FRESH: Duration = Duration::from_secs(600);

    /// Since when no host can be reached, if that is still the case at `now` as far as is known.
    pub fn down_since(self, now: Time) -> Option<Time> {
        match self {
            Self::Down { since, tried } if now.since(tried) <= Self::FRESH => Some(since),
            _ => None,
        }
    }

    /// The stored form.
    pub fn to_text(self) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::Up => "up".to_owned(),
            Self::Down { since, tried } => format!("down {} {}", since.millis(), tried.millis()),
        }
    }

    /// Reads [`Network::to_text`]; anything else is unknown.
    pub fn from_text(text: &str) -> Self {
        let mut words = text.split(' ');
        let state = words.next();
        let mut time = || words.next()?.parse().ok().map(Time::from_millis);
        match (state, time(), time()) {
            (Some("up"), ..) => Self::Up,
            (Some("down"), Some(since), Some(tried)) => Self::Down { since, tried },
            _ => Self::Unknown,
        }
    }
}

impl Serialize for Network {
    /// `{"state":"ok"}`, `{"state":"unknown"}` or `{"state":"none","since":…,"tried":…}`.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_struct("Network", 3)?;
        match self {
            Self::Unknown => out.serialize_field("state", "unknown")?,
            Self::Up => out.serialize_field("state", "ok")?,
            Self::Down { since, tried } => {
                out.serialize_field("state", "none")?;
                out.serialize_field("since", since)?;
                out.serialize_field("tried", tried)?;
            }
        }
        out.end()
    }
}

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Time>();
        json_schema!({
            "description": "Whether the network can be reached.",
            "type": "object",
            "properties": {
                "state": {
                    "description": "`none` if no host could be reached; `since` and `tried` are present only then.",
                    "enum": ["unknown", "ok", "none"],
                },
                "since": time,
                "tried": time,
            },
            "required": ["state"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_what_is_odd_is_unknown() {
        let down = Network::Down {
            since: Time::from_millis(1_000),
            tried: Time::from_millis(61_000),
        };
        for state in [Network::Unknown, Network::Up, down] {
            assert_eq!(Network::from_text(&state.to_text()), state);
        }
        for odd in ["", "down", "down 5", "down x y", "UP"] {
            assert_eq!(Network::from_text(odd), Network::Unknown, "{odd}");
        }
        assert_eq!(
            serde_json::to_string(&down).unwrap(),
            r#"{"state":"none","since":"1970-01-01T00:00:01Z","tried":"1970-01-01T00:01:01Z"}"#
        );
    }

    #[test]
    fn an_outage_that_was_not_tried_for_long_is_not_told_as_present() {
        let at = |s: i64| Time::from_seconds(s);
        let down = Network::Down {
            since: at(0),
            tried: at(60),
        };
        assert_eq!(down.down_since(at(660)), Some(at(0)));
        assert_eq!(down.down_since(at(661)), None);
        assert_eq!(Network::Up.down_since(at(0)), None);
    }
}
