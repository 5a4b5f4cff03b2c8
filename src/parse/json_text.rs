//! JSON as publishers write it: read up to the first error, and bounded before anything is kept (SEC-03, F6). Unknown fields
//! are skipped; a complete item is kept, whatever follows it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::collect::{Newest, REPEATS_MAX};
use super::warnings::Warnings;
use crate::text::dates;

/// Deepest value kept: a name of an author of an item.
const DEPTH_MAX: usize = 4;

/// The field names of JSON Feed (<https://www.jsonfeed.org/version/1.1/>).
const NAMES: &[&str] = &[
    "attachments",
    "author",
    "authors",
    "banner_image",
    "content_html",
    "content_text",
    "date_modified",
    "date_published",
    "description",
    "external_url",
    "favicon",
    "feed_url",
    "home_page_url",
    "hubs",
    "icon",
    "id",
    "image",
    "language",
    "mime_type",
    "name",
    "size_in_bytes",
    "summary",
    "tags",
    "title",
    "url",
    "version",
];

/// A document: its own fields, and its items.
#[derive(Debug, Default)]
pub struct Document {
    /// The members of the feed, without its items.
    pub head: Map<String, Value>,
    /// Its items; `None` if it has no list of items.
    pub items: Option<Vec<Map<String, Value>>>,
    /// Whether it could not be read to its end.
    pub breaks_off: bool,
}

/// Reads a document up to the first error.
///
/// # Errors
/// The parser's message, if nothing could be read.
pub fn read(source: &str, warnings: &mut Warnings) -> Result<Document, String> {
    let (mut read, mut failure) = attempt(source);
    if failure.is_some() {
        let again = attempt(&mended(source));
        if again.1.is_none() || again.0.seen() > read.seen() {
            (read, failure) = again;
            warnings.add("the JSON had errors that were repaired");
        }
    }
    let breaks_off = failure.is_some();
    match failure {
        Some(why) if read.seen() == 0 => return Err(why),
        Some(why) => warnings.add(format!("the JSON was read up to its first error: {why}")),
        None => {}
    }
    if read.has_other_items {
        warnings.add("an item that is not a JSON object was dropped");
    }
    Ok(Document {
        head: read.head,
        breaks_off,
        items: read.items.map(|items| items.into_vec(warnings)),
    })
}

/// Reads until the end or the first error, which is returned.
fn attempt(source: &str) -> (Reading, Option<String>) {
    let mut reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_str(source);
    let failure = (&mut reading).deserialize(&mut deserializer).err();
    (reading, failure.map(|e| e.to_string()))
}

#[derive(Default)]
struct Reading {
    head: Map<String, Value>,
    items: Option<Newest<Map<String, Value>>>,
    has_other_items: bool,
}

impl Reading {
    fn seen(&self) -> usize {
        self.head.len() + self.items.as_ref().map_or(0, |i| i.seen() + 1)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "items" {
                map.next_value_seed(Items(self))?;
            } else {
                keep(&mut self.head, name, &mut map, 1)?;
            }
        }
        Ok(())
    }
}

/// Reads the items into what is read so far.
struct Items<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let items = self.0.items.get_or_insert_default();
        while let Some(value) = list.next_element_seed(Kept { depth: 1 })? {
            match value {
                Value::Object(item) => {
                    let date = ["date_published", "date_modified"];
                    let date = date
                        .iter()
                        .find_map(|k| dates::read(item.get(*k)?.as_str()?));
                    items.push(date, item);
                }
                _ => self.0.has_other_items = true,
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// A value with what feeds have names for, of lists the first [`REPEATS_MAX`].
struct Kept {
    depth: usize,
}

fn keep<'de, A: MapAccess<'de>>(
    into: &mut Map<String, Value>,
    name: String,
    map: &mut A,
    depth: usize,
) -> Result<(), A::Error> {
    if depth > DEPTH_MAX || !NAMES.contains(&name.as_str()) {
        map.next_value::<IgnoredAny>()?;
        return Ok(());
    }
    let value = map.next_value_seed(Kept { depth })?;
    into.insert(name, value);
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Kept {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let depth = self.depth + 1;
        let mut kept = Vec::new();
        while depth <= DEPTH_MAX && kept.len() < REPEATS_MAX {
            match list.next_element_seed(Kept { depth })? {
                Some(value) => kept.push(value),
                None => return Ok(Value::Array(kept)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            keep(&mut kept, name, &mut map, self.depth + 1)?;
        }
        Ok(Value::Object(kept))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
}

/// The text with frequent errors repaired: line ends inside strings, unknown escapes, single surrogates, commas at the end
/// of a list.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut is_string = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                is_string = !is_string;
                out.push('"');
            }
            '\\' if is_string => push_escape(&mut out, &mut rest),
            c if is_string && c.is_control() && c.is_ascii() => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            ',' if !is_string && rest.as_str().trim_start().starts_with(['}', ']']) => {}
            c => out.push(c),
        }
    }
    out
}

fn push_escape(out: &mut String, rest: &mut std::str::Chars<'_>) {
    let after = rest.as_str();
    let unit = |text: &str| {
        let digits = text.strip_prefix('u')?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let taken = match (unit(after), after.chars().next()) {
        (Some(0xd800..=0xdbff), _) => {
            let low = after
                .get(5..)
                .and_then(|t| t.strip_prefix('\\'))
                .and_then(unit);
            let is_pair = matches!(low, Some(0xdc00..=0xdfff));
            if !is_pair {
                out.push_str("\\ufffd");
            }
            if is_pair { 11 } else { 0 }
        }
        (Some(0xdc00..=0xdfff), _) => {
            out.push_str("\\ufffd");
            0
        }
        (Some(_), _) => 5,
        (None, Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => 1,
        // `\'`, `\x`: the backslash means nothing.
        (None, _) => return,
    };
    if taken > 0 {
        out.push('\\');
        out.push_str(after.get(..taken).unwrap_or_default());
    }
    let skipped = taken.max(if taken == 0 { 5 } else { 0 });
    *rest = after.get(skipped..).unwrap_or_default().chars();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(source: &str) -> Vec<String> {
        let document = read(source, &mut Warnings::default()).unwrap();
        let items = document.items.unwrap_or_default();
        let title =
            |i: &Map<String, Value>| i.get("title").and_then(Value::as_str).map(str::to_owned);
        items.iter().filter_map(title).collect()
    }

    #[test]
    fn rel_05_whole_items_stay_when_the_rest_is_cut_off() {
        let whole = r#"{"version":"x","items":[{"id":"1","title":"a"},{"id":"2","title":"b"}]}"#;
        assert_eq!(titles(whole), ["a", "b"]);
        let first = whole.find(",{").unwrap();
        for end in first..whole.len() - 3 {
            assert_eq!(titles(whole.get(..end).unwrap()), ["a"], "{end}");
        }
    }

    #[test]
    fn f10_mistakes_of_printers_are_put_right() {
        let source = "{\"items\":[{\"title\":\"a\nb\\'s \\x \\ud83d! \\ud83d\\ude00 \\u00e9 \\\\ \\\"\",},],}";
        assert_eq!(titles(source), ["a\nb's x \u{fffd}! 😀 é \\ \""]);
    }

    #[test]
    fn sec_03_depth_and_lists_are_bounded() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let source =
            format!(r#"{{"_x":{deep},"items":[{{"title":"a","tags":{deep},"_y":{deep}}}]}}"#);
        assert_eq!(titles(&source), ["a"]);
        let many = format!(r#"{{"items":[{{"tags":[{}"x"]}}]}}"#, "\"x\",".repeat(1000));
        let document = read(&many, &mut Warnings::default()).unwrap();
        let tags = document.items.unwrap().remove(0).remove("tags").unwrap();
        assert_eq!(tags.as_array().unwrap().len(), REPEATS_MAX);
    }
}
