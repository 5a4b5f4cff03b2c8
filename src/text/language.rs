//! The language of an article: what the feed or the document declares, unless a long text clearly contradicts it. Never
//! guesses from a few words.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use whatlang::Script;

use super::fold::{fold, fold_into};
use super::function_words;
use crate::model::language::is_language;

/// Fewest letters that a guess is made from.
const LETTERS_MIN: usize = 60;
/// Minimum number of letters in a text whose detected language overrides that of its document.
const CLEAR_LETTERS_MIN: usize = 200;
/// Most characters of one text that a guess looks at.
const CHARS_MAX: usize = 300;
/// Most samples of a document that a guess is made from.
const SAMPLES_MAX: usize = 50;
/// How many samples must agree before a document contradicts what it declares.
const CONTRADICTING_MIN: usize = 3;
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

/// What is known about the language before an article is read.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Prior {
    /// The dominant language of the feed, and its script.
    dominant: Option<(String, Script)>,
    /// Whether enough texts are in it to contradict what the document declares.
    is_clear: bool,
}

/// The languages of the newest texts of a feed. They are stored with the feed, because of most documents only the new
/// articles are read, and one short text is no evidence.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Votes {
    /// One vote per sample, the newest first; `None` if no language was detected reliably.
    samples: VecDeque<Option<(String, Script)>>,
    /// Texts that are no sample yet, because they are too short.
    rest: String,
}

impl Votes {
    /// No votes.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            samples: VecDeque::new(),
            rest: String::new(),
        }
    }

    /// Adds texts that are newer than all before, the newest first.
    pub fn add<'a>(&mut self, texts: impl IntoIterator<Item = Cow<'a, str>>) {
        let mut new = VecDeque::new();
        let mut sample = std::mem::take(&mut self.rest);
        let mut letters = letters_of(&sample);
        let mut last = self.samples.iter().flatten().next().cloned();
        for text in texts {
            let head = head(&text);
            letters += letters_of(&head);
            sample.push_str(&head);
            sample.push('\n');
            if letters >= CLEAR_LETTERS_MIN {
                let vote = vote(&sample, last.as_ref());
                last = vote.clone().or(last);
                new.push_back(vote);
                sample.clear();
                letters = 0;
                if new.len() == SAMPLES_MAX {
                    break;
                }
            }
        }
        self.rest = sample;
        new.append(&mut self.samples);
        new.truncate(SAMPLES_MAX);
        self.samples = new;
    }

    /// The stored form: the votes, run-length encoded, and the unfinished sample on the next line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut votes: Vec<(&Option<(String, Script)>, usize)> = Vec::new();
        for vote in &self.samples {
            match votes.last_mut() {
                Some((last, count)) if *last == vote => *count += 1,
                _ => votes.push((vote, 1)),
            }
        }
        let votes: Vec<String> = votes
            .into_iter()
            .map(|(vote, count)| match vote {
                Some((language, script)) => format!("{language}/{script}*{count}"),
                None => format!("?*{count}"),
            })
            .collect();
        format!("{}\n{}", votes.join(" "), self.rest)
    }

    /// Reads the stored form. Whatever cannot be read is left out.
    #[must_use]
    pub fn of_text(kept: &str) -> Self {
        let (votes, rest) = kept.split_once('\n').unwrap_or((kept, ""));
        let votes = votes.split(' ').filter_map(|written| {
            let (vote, count) = written.split_once('*')?;
            let vote = match vote.split_once('/') {
                Some((language, script)) => Some((language.to_owned(), script.parse().ok()?)),
                None => None,
            };
            Some(std::iter::repeat_n(vote, count.parse().ok()?))
        });
        Self {
            samples: votes.flatten().take(SAMPLES_MAX).collect(),
            rest: rest.to_owned(),
        }
    }
}

impl Prior {
    /// The prior of a feed whose newest texts are so.
    #[must_use]
    pub fn of(votes: &Votes) -> Self {
        let is_one_more =
            votes.samples.len() < CONTRADICTING_MIN && letters_of(&votes.rest) >= LETTERS_MIN;
        let last = is_one_more.then(|| vote(&votes.rest, None));
        let samples = votes.samples.iter().chain(&last);
        let mut votes: HashMap<&(String, Script), usize> = HashMap::new();
        let mut all = 0;
        for sample in samples {
            all += 1;
            if let Some(vote) = sample {
                *votes.entry(vote).or_default() += 1;
            }
        }
        let Some((dominant, count)) = votes.into_iter().max_by_key(|(_, count)| *count) else {
            return Self::default();
        };
        // Two thirds: a feed in two languages has no dominant one.
        let is_dominant = count * 3 >= all * 2;
        Self {
            dominant: is_dominant.then(|| dominant.clone()),
            is_clear: is_dominant && count >= CONTRADICTING_MIN,
        }
    }

    /// The language of a text. `declared` is what its document declares.
    #[must_use]
    pub fn language(&self, declared: Option<&str>, text: &str) -> Option<String> {
        let sample = Sample::of(text);
        if let Some(declared) = declared.and_then(primary) {
            if !is_detected(&declared) || sample.is_plainly(&declared) {
                return Some(declared);
            }
            let dominant = self.dominant.as_ref().filter(|_| self.is_clear);
            let dominant = dominant.map(|(language, _)| language.clone());
            let other = sample.clear_guess().map(|guess| guess.language);
            let other = other.or(dominant);
            let other = other.filter(|other| !are_kin(&declared, other));
            return Some(other.unwrap_or(declared));
        }
        let Some((dominant, script)) = &self.dominant else {
            return sample.guess().map(|guess| guess.language);
        };
        if sample.is_plainly(dominant) {
            return Some(dominant.clone());
        }
        let clear = sample.clear_guess();
        if let Some(clear) = clear.filter(|guess| !are_kin(dominant, &guess.language)) {
            return Some(clear.language);
        }
        match whatlang::detect_script(&sample.head) {
            Some(written) if !is_written_in(dominant, *script, written) => {
                sample.guess().map(|guess| guess.language)
            }
            _ => Some(dominant.clone()),
        }
    }
}

/// The language of a tag in its stored form; `None` if the tag names none.
#[must_use]
pub fn of_tag(tag: &str) -> Option<String> {
    primary(tag)
}

/// The text that shows an article's language: headline and text, or one of them if it repeats the other.
#[must_use]
pub fn evidence<'a>(title: &'a str, text: &'a str) -> Cow<'a, str> {
    let bare = |text: &str| {
        fold(text)
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_owned()
    };
    let text_head: String = text.chars().take(title.chars().count() + 1).collect();
    let (short, long) = (bare(title), bare(&text_head));
    if long.starts_with(&short) {
        Cow::Borrowed(text)
    } else if begins(&short, text) {
        Cow::Borrowed(title)
    } else {
        Cow::Owned(format!("{title}\n{text}"))
    }
}

/// Whether a folded text begins with all of another, which is read no further than it has to be.
fn begins(folded: &str, text: &str) -> bool {
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let mut beginning = String::from(" ");
    for word in text.split_whitespace() {
        fold_into(&mut beginning, word);
        if beginning.len() > folded.len() + 2 && bare(&beginning).len() > folded.len() {
            return false;
        }
    }
    folded.starts_with(&bare(&beginning))
}

/// The language that a sample is reliably in. `last` is tried first, without the detector.
fn vote(sample: &str, last: Option<&(String, Script)>) -> Option<(String, Script)> {
    let sample = Sample::of(sample);
    let is_as_last = |(language, script): &&(String, Script)| {
        sample.is_plainly(language) && whatlang::detect_script(&sample.head) == Some(*script)
    };
    if let Some(last) = last.filter(is_as_last) {
        return Some(last.clone());
    }
    sample.guess().map(|guess| (guess.language, guess.script))
}

/// Whether the detector knows a language: only then can it say that a text is in a different one.
fn is_detected(language: &str) -> bool {
    CODES.iter().any(|(_, code)| *code == language)
}

/// Whether a text in the script `written` can be in a language whose texts are mostly in `usual`.
fn is_written_in(language: &str, usual: Script, written: Script) -> bool {
    let is_japanese = matches!(
        written,
        Script::Hiragana | Script::Katakana | Script::Mandarin
    );
    written == usual || language == "ja" && is_japanese
}

fn are_kin(one: &str, other: &str) -> bool {
    KIN.iter()
        .any(|group| group.contains(&one) && group.contains(&other))
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

/// The part of a text that is examined.
struct Sample {
    head: String,
    letters: usize,
}

impl Sample {
    fn of(text: &str) -> Self {
        let head = head(text);
        Self {
            letters: letters_of(&head),
            head,
        }
    }

    /// Whether a long text is so plainly in a language that the detector need not be asked.
    fn is_plainly(&self, language: &str) -> bool {
        self.letters >= CLEAR_LETTERS_MIN && function_words::are_of(language, &self.head, are_kin)
    }

    /// The language that a long text is clearly in.
    fn clear_guess(&self) -> Option<Guess> {
        let is_long = self.letters >= CLEAR_LETTERS_MIN;
        let guess = is_long.then(|| self.guess()).flatten();
        guess.filter(Guess::is_clear)
    }

    /// The language that a text is reliably in (ISO 639-1 where it has a code).
    fn guess(&self) -> Option<Guess> {
        if self.letters < LETTERS_MIN {
            return None;
        }
        #[cfg(test)]
        GUESSES.with(|n| n.set(n.get() + 1));
        let info = whatlang::detect(&self.head).filter(whatlang::Info::is_reliable)?;
        Some(Guess {
            language: short(info.lang().code()).to_owned(),
            script: info.script(),
            confidence: info.confidence(),
            letters: self.letters,
        })
    }
}

#[cfg(test)]
thread_local! {
    /// How often the detector was asked.
    static GUESSES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
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

/// `en` from `en-US` and from `eng`; `None` for `und`, `x-…`, and a country (`jp`) in place of its language.
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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{GUESSES, Prior, Votes, evidence};

    const GERMAN: &str = "Der Minister sprach am Freitag mit seinem Amtskollegen über die Lage an der Grenze und die \
                          Verhandlungen, die in der kommenden Woche beginnen sollen. Beide wollen sich dann wieder \
                          treffen und über die Kosten des neuen Hafens sprechen, der seit Jahren gebaut wird.";
    /// Feeds of headlines, each too short to be told by itself.
    const HEADLINES: &[(&str, &[&str])] = &[
        (
            "en",
            &[
                "Republican senators raise concerns",
                "Markets open higher",
                "Storm closes schools in the north",
                "Talks on the border begin again",
                "What the new budget means for you",
                "Trains are late again",
                "The mayor wants a new bridge",
                "Police look for witnesses",
                "Why the lake is green this year",
                "Museum shows old photographs",
            ],
        ),
        (
            "fr",
            &[
                "Le ministre démissionne",
                "Les marchés ouvrent en hausse",
                "Pourquoi le lac est vert cette année",
                "La tempête ferme des écoles",
                "Des trains encore en retard",
                "Le maire veut un nouveau pont",
                "Ce que le budget change pour vous",
                "La police cherche des témoins",
                "Reprise des discussions",
                "Le musée montre ses photos",
            ],
        ),
        (
            "de",
            &[
                "Minister tritt zurück",
                "Warum der See dieses Jahr grün ist",
                "Sturm schließt Schulen im Norden",
                "Züge wieder verspätet",
                "Die Bürgermeisterin will eine neue Brücke",
                "Polizei sucht Zeugen",
                "Was der Haushalt für Sie bedeutet",
                "Museum zeigt alte Bilder",
                "Gespräche beginnen wieder",
                "Die Börse öffnet höher",
            ],
        ),
        (
            "pl",
            &[
                "Minister podał się do dymisji",
                "Burza zamknęła szkoły",
                "Pociągi znowu spóźnione",
                "Dlaczego jezioro jest zielone",
                "Policja szuka świadków",
                "Nowy most w mieście",
                "Co budżet oznacza dla mieszkańców",
                "Muzeum pokazuje stare zdjęcia",
                "Rozmowy zaczynają się od nowa",
                "Giełda otwiera się wyżej",
            ],
        ),
        (
            "ja",
            &[
                "大臣が辞任した",
                "市長は新しい橋を求めている",
                "湖が緑色になった理由",
                "警察が目撃者を探しています",
                "嵐で学校が休みになりました",
                "電車がまた遅れています",
                "博物館で古い写真を見る",
                "会談が再び始まる",
                "予算はあなたに何を意味するか",
                "株価は上昇して始まった",
            ],
        ),
    ];

    fn prior(texts: &[&str]) -> Prior {
        Prior::of(&votes(texts))
    }

    fn votes(texts: &[&str]) -> Votes {
        let mut votes = Votes::default();
        votes.add(texts.iter().map(|text| Cow::Borrowed(*text)));
        votes
    }

    #[test]
    fn votes_are_kept_and_a_headline_alone_is_in_the_language_of_those_before() {
        for (language, headlines) in HEADLINES {
            let mut kept = votes(headlines);
            let texts: Vec<&str> = headlines.iter().rev().copied().collect();
            kept.add([Cow::Borrowed(GERMAN), Cow::Borrowed("01.02.2030")]);
            kept.add(texts.iter().map(|text| Cow::Borrowed(*text)));
            assert_eq!(Votes::of_text(&kept.to_text()), kept);
            let prior = Prior::of(&Votes::of_text(&votes(headlines).to_text()));
            let found = prior.language(None, headlines[0]);
            assert_eq!(found.as_deref(), Some(*language));
        }
        assert_eq!(Votes::of_text(""), Votes::default());
        assert_eq!(Votes::of_text("en/Klingon*2 x ?*y\n"), Votes::default());
    }

    #[test]
    fn votes_are_bounded_and_the_newest_count() {
        let mut votes = votes(&[GERMAN; 80]);
        assert_eq!(votes.to_text(), "de/Latin*50\n");
        let dots = ".".repeat(70);
        let french = "La tempête ferme des écoles et les trains sont encore en retard dans le nord, dit la police";
        votes.add([french; 120].map(|text| Cow::Owned(format!("{text} {text} {text} {dots}"))));
        assert_eq!(votes.to_text(), "fr/Latin*50\n");
    }

    #[test]
    fn short_headlines_are_in_the_language_of_their_feed() {
        for (language, headlines) in HEADLINES {
            let prior = prior(headlines);
            for headline in *headlines {
                let found = prior.language(None, headline);
                assert_eq!(found.as_deref(), Some(*language), "{headline}");
                assert_eq!(
                    prior.language(Some("nds"), headline).as_deref(),
                    Some("nds")
                );
            }
        }
    }

    #[test]
    fn a_headline_that_its_summary_repeats_is_no_more_evidence() {
        let headline = "Republican senators raise concerns over nominee";
        for repeated in [
            headline,
            "Republican senators raise concerns over nominee …",
            "republican senators raise",
        ] {
            let said = evidence(headline, repeated);
            assert_eq!(Prior::default().language(None, &said), None, "{repeated}");
            assert_eq!(
                Prior::default().language(Some("en"), &said).as_deref(),
                Some("en")
            );
        }
        assert_eq!(evidence("One", "Two"), "One\nTwo");
    }

    #[test]
    fn what_is_declared_is_contradicted_by_a_long_clear_text_only() {
        let none = Prior::default();
        assert_eq!(none.language(Some("en-US"), GERMAN).as_deref(), Some("de"));
        assert_eq!(none.language(None, GERMAN).as_deref(), Some("de"));
        let short: String = GERMAN.chars().take(100).collect();
        assert_eq!(none.language(Some("en-US"), &short).as_deref(), Some("en"));
        assert_eq!(none.language(Some("eng"), &short).as_deref(), Some("en"));
        // Low German is unknown to the detector, and Afrikaans and Dutch are taken for each other.
        assert_eq!(none.language(Some("nds"), GERMAN).as_deref(), Some("nds"));
        for no_language in ["und", "jp", "x-klingon", "english"] {
            assert_eq!(
                none.language(Some(no_language), GERMAN).as_deref(),
                Some("de")
            );
        }
        assert_eq!(none.language(None, "Talks begin"), None);
    }

    #[test]
    fn a_document_all_in_another_language_than_it_declares_is_in_that_one() {
        let german = prior(&[GERMAN; 3]);
        assert_eq!(
            german
                .language(Some("en"), "Züge wieder verspätet")
                .as_deref(),
            Some("de")
        );
        let once = prior(&[GERMAN]);
        assert_eq!(
            once.language(Some("en"), "Züge wieder verspätet")
                .as_deref(),
            Some("en")
        );
    }

    #[test]
    fn of_a_feed_in_one_language_the_detector_is_asked_once() {
        let before = GUESSES.with(std::cell::Cell::get);
        let german = prior(&[GERMAN; 20]);
        for declared in [None, Some("de")] {
            let found = german.language(declared, GERMAN);
            assert_eq!(found.as_deref(), Some("de"));
        }
        assert_eq!(GUESSES.with(std::cell::Cell::get) - before, 1);
    }

    #[test]
    fn a_document_in_two_languages_or_another_script_is_no_prior() {
        let french = HEADLINES[1].1.join(". ");
        let both = prior(&[GERMAN, &french, GERMAN, &french]);
        assert_eq!(both.language(None, "Talks begin"), None);
        let german = prior(&[GERMAN; 3]);
        assert_eq!(german.language(None, "大臣が辞任した"), None);
        assert_eq!(german.language(None, &french).as_deref(), Some("fr"));
    }
}
