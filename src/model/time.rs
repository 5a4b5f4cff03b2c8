//! Points in time: integer milliseconds UTC, the only form that is stored or compared.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z, between the years 0001 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

/// 0001-01-01T00:00:00Z.
const MIN_MS: i64 = -62_135_596_800_000;
/// 9999-12-30T22:00:00Z, the latest that both RFC 3339 and jiff can represent.
const MAX_MS: i64 = 253_402_207_200_000;

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From milliseconds since the epoch; out of range is clamped.
    pub fn from_millis(ms: i64) -> Self {
        Self(ms.clamp(MIN_MS, MAX_MS))
    }

    /// From seconds since the epoch; out of range is clamped.
    pub fn from_seconds(s: i64) -> Self {
        Self::from_millis(s.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time plus `by`, clamped.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_millis(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This time minus `by`, clamped.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_millis(
            self.0
                .saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This time plus `ms`, which may be negative; clamped.
    #[must_use]
    pub fn moved(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }

    /// The span since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339 with any offset. Lenient date readers are in `text::dates`.
    pub fn parse_rfc3339(s: &str) -> Option<Self> {
        s.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self::from_millis(t.as_millisecond()))
    }

    /// RFC 822 with a four-digit year, as RSS 2.0 and HTTP dates want it: `Fri, 21 Oct 2022 10:00:00 GMT`.
    pub fn to_rfc2822(self) -> String {
        self.jiff()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    /// The same as a jiff timestamp.
    pub fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    /// RFC 3339 UTC in whole seconds: `2022-10-21T10:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.jiff().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_goes_there_and_back() {
        let t = Time::parse_rfc3339("2022-10-21T12:00:00+02:00").unwrap();
        assert_eq!(t.to_string(), "2022-10-21T10:00:00Z");
        assert_eq!(t.to_rfc2822(), "Fri, 21 Oct 2022 10:00:00 GMT");
    }

    #[test]
    fn out_of_range_is_clamped_and_still_prints() {
        assert_eq!(
            Time::from_millis(i64::MAX).to_string(),
            "9999-12-30T22:00:00Z"
        );
        assert_eq!(
            Time::from_millis(i64::MIN).to_string(),
            "0001-01-01T00:00:00Z"
        );
        assert_eq!(Time::from_seconds(i64::MAX), Time::from_millis(i64::MAX));
    }
}
