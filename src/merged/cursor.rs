//! A place in the list of stories as a query parameter: 8 bytes of time (big-endian milliseconds) and 16 bytes of the story's
//! id, in URL-safe base64. Clients must treat it as opaque.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::error::MergedError;
use crate::model::{StoryId, Time};
use crate::store::RiverPlace;

/// The place as the value of a parameter.
pub fn encode(place: RiverPlace) -> String {
    let time = place.arrived.millis().to_be_bytes();
    URL_SAFE_NO_PAD.encode([&time[..], place.story.0.as_bytes()].concat())
}

/// Reads the value of the parameter `name`.
///
/// # Errors
/// [`MergedError::Parameter`] for anything that [`encode`] does not write.
pub fn decode(name: &str, text: &str) -> Result<RiverPlace, MergedError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let parts = bytes.split_first_chunk::<8>().and_then(|(time, id)| {
        Some(RiverPlace {
            arrived: Time::from_millis(i64::from_be_bytes(*time)),
            story: StoryId(Uuid::from_bytes(id.try_into().ok()?)),
        })
    });
    parts.ok_or_else(|| {
        MergedError::Parameter(format!(
            "{name}: \"{text}\" is not the address of a page; follow the link to the next page, or leave it out"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_encoding_and_anything_else_is_refused() {
        let place = RiverPlace {
            arrived: Time::from_millis(-1),
            story: StoryId(Uuid::NAMESPACE_DNS),
        };
        assert_eq!(decode("before", &encode(place)).unwrap(), place);
        for bad in ["", "x", "AAAA", &"A".repeat(400)] {
            assert!(decode("before", bad).is_err(), "{bad}");
        }
    }
}
