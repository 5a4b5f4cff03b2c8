//! Standard Webhooks 1.0: the body of an event and its signature
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::notice::Notice;
use crate::model::{Secret, Time};
use crate::text::plain::shortened;

/// Maximum size of a body, in bytes: the specification recommends less than 20 kB.
pub const BODY_BYTES_MAX: usize = 19_999;

/// Allowed sizes of a key, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Maximum number of secrets: the current one, and older ones during a rotation.
const SECRETS_MAX: usize = 8;

/// What is cut of a story that is too large, in this order: the part, and the number of characters that remain of a text.
const CUTS: [(&str, usize); 12] = [
    ("summary", 1000),
    ("summary", 200),
    ("summary", 0),
    ("also_in", 0),
    ("enclosures", 0),
    ("categories", 0),
    ("authors", 0),
    ("tags", 0),
    ("topics", 0),
    ("agencies", 0),
    ("image", 0),
    ("title", 300),
];

/// Reads secrets, one per line: `whsec_` and the key in Base64.
///
/// # Errors
/// What is wrong, without the secret.
pub fn read_secrets(text: &str) -> Result<Vec<Secret>, String> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    if lines.is_empty() || lines.len() > SECRETS_MAX {
        return Err(format!(
            "expected 1 to {SECRETS_MAX} lines, each with a secret whsec_…"
        ));
    }
    for (n, line) in lines.iter().enumerate() {
        let key = key_of(line).ok_or_else(|| format!("line {} is not whsec_ and Base64", n + 1))?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(format!(
                "the key in line {} has {} bytes; expected 24 to 64",
                n + 1,
                key.len()
            ));
        }
    }
    Ok(lines.into_iter().map(Secret::new).collect())
}

fn key_of(secret: &str) -> Option<Vec<u8>> {
    BASE64.decode(secret.strip_prefix("whsec_")?).ok()
}

/// The header `webhook-signature`: one signature per secret, so that a receiver may know either of two during a rotation.
pub fn signature(secrets: &[Secret], id: &str, attempt_at: Time, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", attempt_at.seconds());
    let signatures: Vec<String> = secrets
        .iter()
        .filter_map(|secret| key_of(secret.reveal()))
        .map(|key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            format!("v1,{}", BASE64.encode(hmac::sign(&key, signed.as_bytes())))
        })
        .collect();
    signatures.join(" ")
}

/// The body: `type`, `timestamp`, and as `data` the object that `newswire list --json` prints. Of a story that is too large, parts
/// are left out, which `truncated` names.
pub fn body(notice: &Notice) -> String {
    let mut data = object(notice);
    let mut truncated: Vec<&str> = Vec::new();
    let mut body = written(notice, &data, &truncated);
    for (part, chars) in CUTS {
        if body.len() <= BODY_BYTES_MAX {
            break;
        }
        if truncated.last() != Some(&part) {
            truncated.push(part);
        }
        match part {
            "also_in" => cut_copies(notice, &mut data, &truncated),
            "title" => {
                cut_text(data.get_mut(part), chars);
                cut_text(
                    data.get_mut("feed").and_then(|feed| feed.get_mut(part)),
                    chars,
                );
            }
            "summary" => cut_text(data.get_mut(part), chars),
            "image" => drop(data.insert(part.to_owned(), Value::Null)),
            list => drop(data.insert(list.to_owned(), json!([]))),
        }
        body = written(notice, &data, &truncated);
    }
    body
}

/// Leaves as many of the other copies as fit.
fn cut_copies(notice: &Notice, data: &mut Map<String, Value>, truncated: &[&str]) {
    let Some(Value::Array(all)) = data.insert("also_in".to_owned(), json!([])) else {
        return;
    };
    let (mut left, mut bytes) = (Vec::new(), written(notice, data, truncated).len());
    for copy in all {
        bytes += copy.to_string().len() + 1;
        if bytes > BODY_BYTES_MAX {
            break;
        }
        left.push(copy);
    }
    data.insert("also_in".to_owned(), Value::Array(left));
}

fn cut_text(text: Option<&mut Value>, chars: usize) {
    if let Some(text) = text {
        let short = match chars {
            0 => String::new(),
            chars => shortened(text.as_str().unwrap_or_default(), chars),
        };
        *text = json!(short);
    }
}

/// The line of a file of events: the whole body with its id.
pub fn line(notice: &Notice) -> String {
    let event = json!({
        "id": notice.id,
        "type": notice.kind.as_str(),
        "timestamp": notice.at,
        "data": object(notice),
    });
    format!("{event}\n")
}

fn object(notice: &Notice) -> Map<String, Value> {
    match serde_json::to_value(&notice.story) {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    }
}

fn written(notice: &Notice, data: &Map<String, Value>, truncated: &[&str]) -> String {
    let mut event = json!({
        "type": notice.kind.as_str(),
        "timestamp": notice.at,
        "data": data,
    });
    if let (Value::Object(event), false) = (&mut event, truncated.is_empty()) {
        event.insert("truncated".to_owned(), json!(truncated));
    }
    event.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::notice::{EventKind, sample_story};
    use super::*;
    use crate::model::{Alternate, Category, Enclosure, StoryView};

    fn notice(story: StoryView) -> Notice {
        Notice {
            id: "msg_1".to_owned(),
            kind: EventKind::New,
            at: Time::from_seconds(1_900_000_000),
            story,
        }
    }

    #[test]
    fn signatures_are_those_of_the_published_examples() {
        // The example of the specification, and that of the reference libraries, computed by the package standardwebhooks 1.1.0.
        for (secret, id, at, body, expected) in [
            (
                "whsec_plJ3nmyCDGBKInavdOK15jsl",
                "msg_loFOjxBNrRLzqYUf",
                1_731_705_121,
                r#"{"event_type":"ping","data":{"success":true}}"#,
                "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LwM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,5tatmeHZX9+MEe0BLpRnAkuTnprszSui32iw1yJCu8s=",
            ),
        ] {
            let secrets = [Secret::new(secret)];
            assert_eq!(
                signature(&secrets, id, Time::from_seconds(at), body),
                expected
            );
        }
    }

    #[test]
    fn each_secret_of_a_rotation_signs() {
        let secrets = read_secrets(
            "whsec_plJ3nmyCDGBKInavdOK15jsl1234567890ab\n\n whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \n",
        )
        .unwrap();
        let signed = signature(&secrets, "msg_1", Time::EPOCH, "{}");
        assert_eq!(
            signed.split(' ').filter(|s| s.starts_with("v1,")).count(),
            2,
            "{signed}"
        );
    }

    #[test]
    fn a_bad_secret_is_refused_without_being_shown() {
        for text in [
            "",
            "\n",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!!!",
            "whsec_c2hvcnQ=",
        ] {
            let why = read_secrets(text).unwrap_err();
            assert!(!why.contains("MfKQ") && !why.contains("c2hv"), "{why}");
        }
        assert!(read_secrets(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".repeat(9)).is_err());
    }

    #[test]
    fn data_is_the_object_of_the_command_line() {
        let notice = notice(sample_story(Time::EPOCH));
        let body: Value = serde_json::from_str(&body(&notice)).unwrap();
        assert_eq!(body["data"], serde_json::to_value(&notice.story).unwrap());
        assert_eq!(body["type"], "story.new");
        assert_eq!(body["timestamp"], "2030-03-17T17:46:40Z");
        assert_eq!(body.get("truncated"), None);
    }

    #[test]
    fn a_body_of_any_story_is_smaller_than_20_kb() {
        let long = |n: usize| "ж\"".repeat(n);
        let url = |n: usize| format!("https://a.example/{}", "x".repeat(n));
        let alternate = Alternate {
            feed_url: url(50),
            feed_title: "A".to_owned(),
            url: Some(url(50)),
            title: long(20),
            published: None,
        };
        let mut story = sample_story(Time::EPOCH);
        story.content.summary = long(6000);
        let cut = body(&notice(story.clone()));
        assert!(cut.len() <= BODY_BYTES_MAX && cut.contains(r#""truncated":["summary"]"#));
        story.also_in = vec![alternate; 5000];
        let cut: Value = serde_json::from_str(&body(&notice(story.clone()))).unwrap();
        assert_eq!(cut["truncated"], json!(["summary", "also_in"]));
        assert!(cut["data"]["also_in"].as_array().unwrap().len() > 50);
        assert_eq!(cut["data"]["copies"], 1, "the number is not cut");
        story.content.title = long(2000);
        story.content.feed.title = long(2000);
        story.content.url = Some(url(4000));
        story.content.image = Some(url(4000));
        story.content.feed.url = url(4000);
        story.content.feed.site = Some(url(4000));
        story.content.tags = vec![long(400); 64];
        story.content.categories = vec![
            Category {
                term: long(400),
                ..Category::default()
            };
            64
        ];
        story.content.enclosures = vec![
            Enclosure {
                url: url(4000),
                mime: None,
                length: None
            };
            64
        ];
        let cut = body(&notice(story));
        assert!(cut.len() <= BODY_BYTES_MAX, "{}", cut.len());
    }
}
