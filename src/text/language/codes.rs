//! Codes of languages, and which languages a detector confuses.

use crate::model::language::is_language;

/// Languages that the detector confuses. Within a group, the document decides.
const KIN: &[&[&str]] = &[
    &["nb", "nn", "no", "da", "sv"],
    &["hr", "sr", "bs", "sl", "mk", "bg"],
    &["cs", "sk"],
    &["id", "ms", "jv"],
    &["es", "gl", "ca", "pt"],
    &["ru", "uk", "be"],
    &["hi", "mr", "ne"],
    &["fa", "ur", "ar"],
    &["tr", "az", "tk", "uz"],
    &["nl", "af"],
    &["zh", "ja"],
];

/// Whether the detector confuses two languages.
pub(in crate::text) fn are_kin(one: &str, other: &str) -> bool {
    KIN.iter()
        .any(|group| group.contains(&one) && group.contains(&other))
}

/// The language of a tag in its stored form; `None` if the tag names none.
#[must_use]
pub fn of_tag(tag: &str) -> Option<String> {
    primary(tag)
}

/// Whether the detector knows a language: only then can it say that a text is in a different one.
pub(super) fn is_detected(language: &str) -> bool {
    CODES.iter().any(|(_, code)| *code == language)
}

/// `en` from `en-US` and from `eng`; `None` for `und`, `x-…`, and a country (`jp`) in place of its language.
pub(super) fn primary(tag: &str) -> Option<String> {
    let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
    let is_word = primary.chars().all(|c| c.is_ascii_alphabetic());
    match primary.len() {
        2 => is_language(&primary).then_some(primary),
        3 if is_word && !matches!(primary.as_str(), "und" | "mul" | "zxx" | "mis") => {
            Some(short(&primary).to_owned())
        }
        _ => None,
    }
}

/// ISO 639-3 and ISO 639-1 codes of the languages that the detector knows.
const CODES: &[(&str, &str)] = &[
    ("epo", "eo"),
    ("eng", "en"),
    ("rus", "ru"),
    ("cmn", "zh"),
    ("spa", "es"),
    ("por", "pt"),
    ("ita", "it"),
    ("ben", "bn"),
    ("fra", "fr"),
    ("deu", "de"),
    ("ukr", "uk"),
    ("kat", "ka"),
    ("ara", "ar"),
    ("hin", "hi"),
    ("jpn", "ja"),
    ("heb", "he"),
    ("yid", "yi"),
    ("pol", "pl"),
    ("amh", "am"),
    ("jav", "jv"),
    ("kor", "ko"),
    ("nob", "nb"),
    ("dan", "da"),
    ("swe", "sv"),
    ("fin", "fi"),
    ("tur", "tr"),
    ("nld", "nl"),
    ("hun", "hu"),
    ("ces", "cs"),
    ("ell", "el"),
    ("bul", "bg"),
    ("bel", "be"),
    ("mar", "mr"),
    ("kan", "kn"),
    ("ron", "ro"),
    ("slv", "sl"),
    ("hrv", "hr"),
    ("srp", "sr"),
    ("mkd", "mk"),
    ("lit", "lt"),
    ("lav", "lv"),
    ("est", "et"),
    ("tam", "ta"),
    ("vie", "vi"),
    ("urd", "ur"),
    ("tha", "th"),
    ("guj", "gu"),
    ("uzb", "uz"),
    ("pan", "pa"),
    ("aze", "az"),
    ("ind", "id"),
    ("tel", "te"),
    ("pes", "fa"),
    ("mal", "ml"),
    ("ori", "or"),
    ("mya", "my"),
    ("nep", "ne"),
    ("sin", "si"),
    ("khm", "km"),
    ("tuk", "tk"),
    ("aka", "ak"),
    ("zul", "zu"),
    ("sna", "sn"),
    ("afr", "af"),
    ("lat", "la"),
    ("slk", "sk"),
    ("cat", "ca"),
    ("tgl", "tl"),
    ("hye", "hy"),
    ("cym", "cy"),
];

/// The ISO 639-1 code of an ISO 639-3 code, for the languages that the detector knows.
pub(super) fn short(code: &str) -> &str {
    CODES
        .iter()
        .find(|(long, _)| *long == code)
        .map_or(code, |(_, short)| *short)
}
