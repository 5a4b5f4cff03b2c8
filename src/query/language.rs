//! Which language an article is in: what the feed or the document says, unless a long text clearly says otherwise. Never
//! guesses from a few words alone.

use std::borrow::Cow;
use std::collections::HashMap;

use whatlang::Script;

use crate::model::language::is_language;
use crate::query::fold::fold;

/// Fewest letters that a guess is made from.
const LETTERS_MIN: usize = 60;
/// Fewest letters of a text whose guess counts for more than the language of its document.
const CLEAR_LETTERS_MIN: usize = 200;
/// Most characters of one text that a guess looks at.
const CHARS_MAX: usize = 300;
/// Most samples of a document that a guess is made from.
const SAMPLES_MAX: usize = 50;
/// How many samples must agree before a document contradicts what it declares.
const CONTRADICTING_MIN: usize = 3;
/// Languages that a detector takes for each other; between them, what is declared counts.
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

/// What is known of the language before an article is looked at.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Prior {
    /// What most of the document is in, with its script.
    dominant: Option<(String, Script)>,
    /// Whether enough of the document says so to contradict what it declares.
    is_clear: bool,
}

impl Prior {
    /// The prior of a document with these texts, told from the newest of them.
    pub fn of<'a>(texts: impl IntoIterator<Item = Cow<'a, str>>) -> Self {
        let mut votes: HashMap<(String, Script), usize> = HashMap::new();
        let mut all = 0;
        for sample in samples(texts) {
            all += 1;
            if let Some(guess) = guess(&sample) {
                *votes.entry((guess.language, guess.script)).or_default() += 1;
            }
        }
        let Some((dominant, count)) = votes.into_iter().max_by_key(|(_, count)| *count) else {
            return Self::default();
        };
        // Two thirds: a feed in two languages has none that its short texts are in.
        let is_dominant = count * 3 >= all * 2;
        Self {
            dominant: is_dominant.then_some(dominant),
            is_clear: is_dominant && count >= CONTRADICTING_MIN,
        }
    }

    /// The language of a text of this document, for which `declared` is told in the document.
    #[must_use]
    pub fn language(&self, declared: Option<&str>, text: &str) -> Option<String> {
        let guess = guess(text);
        let clear = guess.as_ref().filter(|guess| guess.is_clear());
        if let Some(declared) = declared.and_then(primary) {
            let dominant = self.dominant.as_ref().filter(|_| self.is_clear);
            let others = clear.map(|guess| &guess.language);
            let other = others.or(dominant.map(|(language, _)| language));
            return Some(match other {
                Some(other) if may_contradict(&declared, other) => other.clone(),
                _ => declared,
            });
        }
        let Some((dominant, script)) = &self.dominant else {
            return guess.map(|guess| guess.language);
        };
        if let Some(clear) = clear {
            return Some(clear.language.clone());
        }
        match whatlang::detect_script(text) {
            Some(written) if written != *script => guess.map(|guess| guess.language),
            _ => Some(dominant.clone()),
        }
    }
}

/// The language of a tag, as it is stored; none if it is none.
#[must_use]
pub fn of_tag(tag: &str) -> Option<String> {
    primary(tag)
}

/// What of an article says its language: headline and text, without either if the other repeats it.
#[must_use]
pub fn evidence<'a>(title: &'a str, text: &'a str) -> Cow<'a, str> {
    let bare = |text: &str| fold(text).trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let text_head: String = text.chars().take(title.chars().count() + 1).collect();
    let (short, long) = (bare(title), bare(&text_head));
    if long.starts_with(&short) {
        Cow::Borrowed(text)
    } else if short.starts_with(&bare(text)) {
        Cow::Borrowed(title)
    } else {
        Cow::Owned(format!("{title}\n{text}"))
    }
}

/// Texts put together until each sample is long enough for a clear guess; what is left over is one more.
fn samples<'a>(texts: impl IntoIterator<Item = Cow<'a, str>>) -> Vec<String> {
    let mut samples = Vec::new();
    let mut sample = String::new();
    let mut letters = 0;
    for text in texts {
        let head = head(&text);
        letters += letters_of(&head);
        sample.push_str(&head);
        sample.push('\n');
        if letters >= CLEAR_LETTERS_MIN {
            samples.push(std::mem::take(&mut sample));
            letters = 0;
            if samples.len() == SAMPLES_MAX {
                return samples;
            }
        }
    }
    if letters >= LETTERS_MIN {
        samples.push(sample);
    }
    samples
}

/// Whether a clear guess counts for more than what is declared: the detector knows both and can tell them apart.
fn may_contradict(declared: &str, guessed: &str) -> bool {
    let is_known = CODES.iter().any(|(_, code)| *code == declared);
    let are_kin = |group: &&[&str]| group.contains(&declared) && group.contains(&guessed);
    is_known && !KIN.iter().any(are_kin)
}

struct Guess {
    language: String,
    script: Script,
    confidence: f64,
    letters: usize,
}

impl Guess {
    fn is_clear(&self) -> bool {
        self.letters >= CLEAR_LETTERS_MIN && self.confidence >= 1.0
    }
}

/// What a text is reliably in (ISO 639-1 where it has a code).
fn guess(text: &str) -> Option<Guess> {
    let text = head(text);
    let letters = letters_of(&text);
    if letters < LETTERS_MIN {
        return None;
    }
    let info = whatlang::detect(&text).filter(whatlang::Info::is_reliable)?;
    Some(Guess {
        language: short(info.lang().code()).to_owned(),
        script: info.script(),
        confidence: info.confidence(),
        letters,
    })
}

/// The first words of a text, without addresses: these are in no language.
fn head(text: &str) -> String {
    let is_address = |word: &&str| word.contains("://") || word.starts_with("www.");
    let mut head = String::new();
    let mut room = CHARS_MAX;
    for word in text.split_whitespace().filter(|word| !is_address(word)) {
        let word: String = word.chars().take(room).collect();
        room = room.saturating_sub(word.chars().count() + 1);
        head.push_str(&word);
        head.push(' ');
        if room == 0 {
            break;
        }
    }
    head
}

fn letters_of(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
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
fn short(code: &str) -> &str {
    CODES
        .iter()
        .find(|(long, _)| *long == code)
        .map_or(code, |(_, short)| *short)
}

