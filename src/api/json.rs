//! JSON that is safe to print on a terminal (SEC-14), as `--json` and the HTTP API write it.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::text::characters::is_unsafe;

/// The value as one line of JSON, without a line end. Control characters are written as `\u…`, which does not change the value.
///
/// # Errors
/// If the value cannot be serialized.
pub fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Escaping);
    value.serialize(&mut serializer)?;
    Ok(out)
}

/// Compact JSON in which unsafe characters are also escaped.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
            writer.write_all(fragment.get(plain_from..at).unwrap_or_default().as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(c))?;
            plain_from = at + c.len_utf8();
        }
        writer.write_all(fragment.get(plain_from..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_14_json_says_the_same_without_a_control_in_it() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{7f}ü\n\"";
        let json = line(&text).unwrap();
        let shown = String::from_utf8(json.clone()).unwrap();
        assert!(!shown.chars().any(is_unsafe), "{shown:?}");
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
