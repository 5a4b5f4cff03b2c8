//! Which language an article is in. Never guesses from a few words.

use crate::model::language::is_language;

/// Fewest letters that a guess is made from.
const LETTERS_MIN: usize = 60;
/// Most characters that a guess looks at.
const CHARS_MAX: usize = 300;

/// The primary tag of `told` in lower case, else what the text is reliably in (ISO 639-1 where it has a code).
#[must_use]
pub fn of(told: Option<&str>, text: &str) -> Option<String> {
    told.and_then(primary).or_else(|| detect(text))
}

/// `en` of `en-US` and of `eng`; none if that is no language: `und`, `x-…`, the country (`jp`) instead of its language.
fn primary(tag: &str) -> Option<String> {
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

fn detect(text: &str) -> Option<String> {
    let head: String = text.chars().take(CHARS_MAX).collect();
    if head.chars().filter(|c| c.is_alphabetic()).count() < LETTERS_MIN {
        return None;
    }
    let info = whatlang::detect(&head)?;
    info.is_reliable()
        .then(|| short(info.lang().code()).to_owned())
}

/// The ISO 639-1 code of an ISO 639-3 code, for the languages that the detector knows.
fn short(code: &str) -> &str {
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
    CODES
        .iter()
        .find(|(long, _)| *long == code)
        .map_or(code, |(_, short)| *short)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_is_told_comes_first_and_few_words_are_not_guessed() {
        let german = "Der Minister sprach am Freitag mit seinem Amtskollegen über die Lage an der Grenze und die \
                      Verhandlungen, die in der kommenden Woche beginnen sollen.";
        assert_eq!(of(Some("en-US"), german).as_deref(), Some("en"));
        assert_eq!(of(None, german).as_deref(), Some("de"));
        assert_eq!(of(Some("eng"), german).as_deref(), Some("en"));
        assert_eq!(of(Some("nds"), german).as_deref(), Some("nds"));
        for no_language in ["und", "jp", "x-klingon", "english"] {
            assert_eq!(of(Some(no_language), german).as_deref(), Some("de"));
        }
        assert_eq!(of(None, "Talks begin"), None);
    }
}
