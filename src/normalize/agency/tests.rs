//! Datelines and credits as papers print them.

use super::*;

fn of(paragraphs: &[&str]) -> Vec<String> {
    credited(paragraphs)
}

#[test]
fn every_shape_is_a_regex() {
    assert_eq!(DATELINES.len(), 11);
    assert!(BEFORE_NAMES.is_some() && BEHIND_NAMES.is_some() && CREW.is_some());
}

#[test]
fn a_long_sentence_before_an_agency_is_no_dateline() {
    for (letters, is_dateline) in [(PLACE_CHARS_MAX, true), (PLACE_CHARS_MAX + 1, false)] {
        let line = format!("K{} (Reuters) – Talks began.", "y".repeat(letters - 1));
        assert_eq!(
            without_credits(&line) == "Talks began.",
            is_dateline,
            "{line}"
        );
    }
}

#[test]
fn datelines_name_agencies_and_go() {
    for (line, agency) in [
        ("KYIV (Reuters) – Talks began.", "Reuters"),
        ("WASHINGTON, Oct 21 (AP) — Talks began.", "Associated Press"),
        ("WASHINGTON, D.C. (AP) -- Talks began.", "Associated Press"),
        ("BRUSSELS (AFP) Talks began.", "AFP"),
        ("(AFP) Talks began.", "AFP"),
        ("PARIS, 21 oct. (EFE).- Talks began.", "EFE"),
        ("Berlin (dpa) - Talks began.", "dpa"),
        ("(ANSA) - ROMA, 21 OTT - Talks began.", "ANSA"),
        ("ISTANBUL (AA) - Talks began.", "Anadolu Agency"),
        ("МОСКВА, 21 октября. /ТАСС/. Talks began.", "TASS"),
        ("МОСКВА, 21 окт — РИА Новости. Talks began.", "RIA Novosti"),
        ("Киев. 21 октября. УНИАН. Talks began.", "UNIAN"),
        ("KYIV, October 21. /Ukrinform/. Talks began.", "Ukrinform"),
        ("Reuters - Talks began.", "Reuters"),
        ("NEW DELHI: (PTI) Talks began.", "PTI"),
        ("(서울=연합뉴스) 홍길동 기자 = Talks began.", "Yonhap"),
        ("[서울=뉴시스] Talks began.", "Newsis"),
        ("【ワシントン時事】Talks began.", "Jiji Press"),
        ("【北京＝共同】Talks began.", "Kyodo News"),
        ("［ロンドン ２１日 ロイター］ - Talks began.", "Reuters"),
        ("新华社北京10月21日电 Talks began.", "Xinhua"),
        ("（中央社台北21日電）Talks began.", "CNA"),
    ] {
        assert_eq!(of(&[line, "They went on."]), [agency], "{line}");
        assert_eq!(without_credits(line), "Talks began.", "{line}");
    }
    assert_eq!(of(&["Berlin/Paris (dpa/AFP) - Gespräche."]), ["dpa", "AFP"]);
}

#[test]
fn credits_name_agencies_and_go() {
    for (line, agencies) in [
        (
            "(With additional input from Anadolu Agency)",
            &["Anadolu Agency"][..],
        ),
        ("With inputs from AFP and Reuters", &["AFP", "Reuters"]),
        ("— Reuters", &["Reuters"]),
        ("(AP)", &["Associated Press"]),
        ("Source: Harbour News Agency", &["Harbour News Agency"]),
        (
            "The Associated Press contributed to this report.",
            &["Associated Press"],
        ),
        (
            "Copyright 2022 The Associated Press. All rights reserved.",
            &["Associated Press"],
        ),
        ("© 2022 AFP", &["AFP"]),
        (
            "With files from The Canadian Press",
            &["The Canadian Press"],
        ),
        ("Quelle: dpa", &["dpa"]),
        ("Mit Material von dpa und AFP", &["dpa", "AFP"]),
        ("© dpa-infocom, dpa:221021-99-208347/3", &["dpa"]),
        ("(avec AFP)", &["AFP"]),
        ("Source : AFP", &["AFP"]),
        ("Con información de EFE y Reuters", &["EFE", "Reuters"]),
        ("Fonte: Lusa", &["Lusa"]),
        ("Com informações da Reuters.", &["Reuters"]),
        ("Źródło: PAP", &["PAP"]),
        ("Источник: ТАСС", &["TASS"]),
        ("Kaynak: AA", &["Anadolu Agency"]),
        ("来源：新华社", &["Xinhua"]),
    ] {
        assert_eq!(of(&["Talks began.", line]), agencies, "{line}");
        let text = format!("Talks began.\n\nThey went on.\n\n{line}");
        assert_eq!(
            without_credits(&text),
            "Talks began.\n\nThey went on.",
            "{line}"
        );
    }
    let crew = "(Reporting by Ann Mole in Kyiv; Editing by Bob Vole)";
    assert_eq!(
        without_credits(&format!("Talks began.\n\n{crew}")),
        "Talks began."
    );
    assert_eq!(
        of(&["Talks.", "The talks went on, he said. (Reuters)"]),
        ["Reuters"]
    );
}

#[test]
fn an_agency_that_is_only_spoken_of_is_no_source() {
    for text in [
        "The minister (AA) said that talks began.",
        "He told Reuters, AP and AFP.",
        "Reuters and AP saw the letter.",
        "Reuters: the agency that was first with the news of the talks.",
        "Talks.",
        "From Press reports it is known.",
        "Source: our correspondent",
    ] {
        assert_eq!(of(&[text]), Vec::<String>::new(), "{text}");
        assert_eq!(
            without_credits(&format!("{text}\n\nMore.")),
            format!("{text}\n\nMore.")
        );
    }
    assert_eq!(without_credits("Reuters"), "Reuters", "never nothing");
}
