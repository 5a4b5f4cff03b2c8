//! Languages of texts, feeds and documents.

use std::borrow::Cow;

use super::sample::GUESSES;
use super::{Prior, Votes, evidence};

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
