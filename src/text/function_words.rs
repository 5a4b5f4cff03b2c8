//! Whether a text is plainly in the language that it is expected in: it has the function words of that language. This takes
//! a few microseconds and is tried before a detector. Never decides which language a text is in.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Frequent words of languages, in lower case. A language is a bit: at most 32.
const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in is was for that with on as at by from it his are has have be an this not but they which their who \
            will said been were its he she after or about",
    ),
    (
        "de",
        "der die und das den von zu mit sich des auf für ist im dem nicht ein eine als auch es an er hat aus bei sind nach \
            wird werden einer um wie noch über vor haben einen war zum zur",
    ),
    (
        "fr",
        "le la les de des et du en un une est que qui dans pour sur pas au par plus ce il avec sont se aux ont cette son été \
            ses mais leur",
    ),
    (
        "es",
        "el la los las de que y en un una del por con se para al es lo como más su pero sus ha fue este entre desde",
    ),
    (
        "pt",
        "o a os as de que e em um uma do da dos das no na para com por se mais não ao como foi são pela pelo",
    ),
    (
        "it",
        "il la di che e in un una del della per con non sono è si da le i gli nel dei alla più al ha anche dal",
    ),
    (
        "nl",
        "de het een van en in is dat op te voor met zijn niet aan er ook om als bij naar uit door over heeft maar dan",
    ),
    (
        "sv",
        "och att det i som en på är av för med den till har inte om ett men var sig från så nu vid kan",
    ),
    (
        "da",
        "og at det i en er af på til den for med som der ikke har de et om fra men var sig kan blev",
    ),
    (
        "nb",
        "og i det er på som en til av for at med har de ikke den et om fra men var seg kan han etter ble",
    ),
    (
        "fi",
        "ja on ei että se hän oli mutta myös kun ovat joka sekä tai mukaan kuin ole sen olla vuoden",
    ),
    (
        "pl",
        "i w na z do nie się że to jest o jak po co od za dla przez ale oraz czy tym który są",
    ),
    (
        "cs",
        "a v na se je že s z do o to jako pro ale po který by jsou nebo také za při jeho",
    ),
    (
        "sk",
        "a v na sa je že s z do o to ako pre aj po ktorý by sú alebo za pri jeho",
    ),
    (
        "tr",
        "ve bir bu da de için ile olarak daha çok en gibi olan kadar sonra ne var ama olduğunu",
    ),
    (
        "ro",
        "și de în la a cu pe că din o un care pentru nu este mai au fost ce sau se prin",
    ),
    (
        "hu",
        "a az és hogy nem is egy meg de volt ez csak már még azt mint van el vagy amely",
    ),
    (
        "ru",
        "и в на не что с по как из для он это а за от его к но было так также был о у",
    ),
    (
        "uk",
        "і в на не що з та до у як за від для це про його але був також після й",
    ),
    (
        "bg",
        "и на в да не се за от че с по са до като е бе това при",
    ),
    (
        "id",
        "dan yang di dari untuk dengan ini pada dalam tidak ke akan oleh itu juga telah",
    ),
    (
        "vi",
        "và của là có trong được cho các không với một người đã những khi này",
    ),
    (
        "ar",
        "في من على إلى أن عن التي الذي هذا مع كان لا هذه ما بعد بين",
    ),
    ("fa", "و در به از که این را با است برای آن یک می شود بر"),
];

/// Longest of these words, in bytes.
const WORD_BYTES_MAX: usize = 16;
/// Fewest of them in a text that is plainly in their language, and their least share of all its words, in percent.
const FOUND_MIN: usize = 6;
const SHARE_MIN: usize = 18;

/// The languages of each word, as bits.
static LANGUAGES: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut languages = HashMap::new();
    for (bit, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split_whitespace() {
            *languages.entry(word).or_insert(0) |= 1 << bit;
        }
    }
    languages
});

/// Whether a text of at least some twenty words is plainly in a language. Related languages (`are_kin`) that share its words
/// are not evidence against it.
pub(super) fn are_of(language: &str, text: &str, are_kin: impl Fn(&str, &str) -> bool) -> bool {
    let Some(own) = WORDS.iter().position(|(code, _)| *code == language) else {
        return false;
    };
    let mut found = [0usize; 32];
    let mut all = 0;
    let mut lower = String::new();
    for word in text
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| !w.is_empty())
    {
        all += 1;
        if word.len() > WORD_BYTES_MAX {
            continue;
        }
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        let mut languages = LANGUAGES.get(lower.as_str()).copied().unwrap_or_default();
        while languages != 0 {
            if let Some(count) = found.get_mut(languages.trailing_zeros() as usize) {
                *count += 1;
            }
            languages &= languages - 1;
        }
    }
    let own = found.get(own).copied().unwrap_or_default();
    let is_outdone = || {
        let others = WORDS.iter().zip(found);
        let mut others =
            others.filter(|((code, _), _)| *code != language && !are_kin(language, code));
        others.any(|(_, count)| count * 3 > own * 2)
    };
    own >= FOUND_MIN && own * 100 >= all * SHARE_MIN && !is_outdone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_bit_and_its_words_are_short() {
        assert!(WORDS.len() <= 32);
        assert!(LANGUAGES.keys().all(|word| word.len() <= WORD_BYTES_MAX));
    }

    #[test]
    fn only_a_text_with_the_words_of_its_language_is_plain() {
        let english = "The minister said on Friday that the talks about the harbour will go on for at least a week, \
                       and that nobody has signed it.";
        let dutch = "De minister zei op vrijdag dat het overleg over de haven nog een week duurt, en dat er niet is getekend.";
        let none = |_: &str, _: &str| false;
        assert!(are_of("en", english, none) && are_of("nl", dutch, none));
        for (language, text) in [
            ("nl", english),
            ("en", dutch),
            ("af", dutch),
            ("en", "Tides 14, Piers 11, the end"),
        ] {
            assert!(!are_of(language, text, none), "{language}");
        }
    }
}
