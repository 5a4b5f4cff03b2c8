//! The news agency that a text credits: a dateline at its beginning, or a credit at its end. An agency that a text only
//! mentions is not its source.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// News agencies by the names under which papers credit them; the first is the one shown.
const AGENCIES: &[&[&str]] = &[
    &[
        "Reuters",
        "Thomson Reuters",
        "REUTERS",
        "路透社",
        "路透",
        "ロイター",
        "로이터",
        "Рейтер",
        "Рейтерс",
    ],
    &[
        "Associated Press",
        "The Associated Press",
        "AP",
        "AP News",
        "美联社",
        "美聯社",
        "AP通信",
    ],
    &[
        "AFP",
        "Agence France-Presse",
        "Agence France Presse",
        "法新社",
        "AFP通信",
        "Agencia AFP",
    ],
    &["Anadolu Agency", "Anadolu", "AA", "Anadolu Ajansı"],
    &["İHA", "IHA", "İhlas Haber Ajansı"],
    &["DHA", "Demirören Haber Ajansı"],
    &[
        "dpa",
        "DPA",
        "Deutsche Presse-Agentur",
        "dpa-AFX",
        "dpa-infocom",
    ],
    &["epd", "Evangelischer Pressedienst"],
    &["KNA", "Katholische Nachrichten-Agentur"],
    &["SID", "Sport-Informations-Dienst"],
    &["ANSA", "Agenzia ANSA"],
    &["Adnkronos", "ADNKRONOS"],
    &["AGI", "Agenzia Italia"],
    &["LaPresse"],
    &["EFE", "Agencia EFE", "EFE Verde"],
    &["Europa Press", "EUROPA PRESS", "EP"],
    &["Notimex"],
    &["Télam", "Telam"],
    &["Prensa Latina"],
    &["Agência Brasil"],
    &["Estadão Conteúdo", "Agência Estado"],
    &["Folhapress"],
    &["TASS", "ITAR-TASS", "ТАСС", "ИТАР-ТАСС"],
    &["Interfax", "Интерфакс"],
    &["RIA Novosti", "РИА Новости"],
    &["Sputnik"],
    &["BelTA", "БЕЛТА", "БелТА"],
    &["Xinhua", "Xinhua News Agency", "新华社", "新華社", "新华网"],
    &["China News Service", "中新社", "中新网"],
    &["Kyodo News", "Kyodo", "共同", "共同通信"],
    &["Jiji Press", "Jiji", "時事", "時事通信"],
    &["Yonhap", "Yonhap News Agency", "연합뉴스"],
    &["Newsis", "뉴시스"],
    &["News1", "뉴스1"],
    &["PTI", "Press Trust of India"],
    &["ANI", "Asian News International"],
    &["IANS", "Indo-Asian News Service"],
    &["UNI", "United News of India"],
    &["APP", "Associated Press of Pakistan"],
    &["BSS", "Bangladesh Sangbad Sangstha"],
    &["PA Media", "PA", "Press Association"],
    &["UPI", "United Press International"],
    &["Bloomberg", "Bloomberg News"],
    &["AAP", "Australian Associated Press"],
    &["RNZ", "Radio New Zealand"],
    &[
        "The Canadian Press",
        "Canadian Press",
        "La Presse Canadienne",
    ],
    &["Ukrinform", "Укринформ", "Укрінформ"],
    &["Interfax-Ukraine", "Интерфакс-Украина", "Інтерфакс-Україна"],
    &["UNIAN", "УНИАН", "УНІАН"],
    &["PAP", "Polska Agencja Prasowa"],
    &["ČTK", "CTK"],
    &["TASR", "SITA"],
    &["MTI"],
    &["APA", "Austria Presse Agentur"],
    &["Keystone-SDA", "SDA", "sda", "ATS", "Keystone-ATS"],
    &["Belga", "BELGA"],
    &["ANP"],
    &["Ritzau", "RITZAU"],
    &["NTB"],
    &["TT", "TT News Agency"],
    &["STT"],
    &["BNS", "Baltic News Service"],
    &["LETA"],
    &["ELTA"],
    &["Lusa", "LUSA", "Agência Lusa"],
    &["Agerpres", "AGERPRES"],
    &["Mediafax"],
    &["BTA", "БТА"],
    &["Tanjug", "Танјуг"],
    &["Hina", "HINA"],
    &["STA"],
    &["ΑΠΕ-ΜΠΕ", "ANA-MPA"],
    &["SANA"],
    &["IRNA"],
    &["WAM"],
    &["SPA"],
    &["MENA"],
    &["MAP"],
    &["Bernama", "BERNAMA"],
    &["Antara", "ANTARA"],
    &["CNA", "Central News Agency", "中央社"],
    &["VNA", "TTXVN", "Vietnam News Agency"],
    &["KCNA"],
    &["NAN", "News Agency of Nigeria"],
    &["GNA", "Ghana News Agency"],
];

/// Words in the names of unknown agencies, recognized only after words that make a credit.
const UNKNOWN_ENDS: [&str; 3] = ["Agency", "News Service", "Press"];
/// How many paragraphs from the top may hold a dateline.
const DATELINE_PARAGRAPHS: usize = 3;
/// How much of a paragraph a dateline may be, in characters.
const DATELINE_CHARS_MAX: usize = 100;
/// Maximum length of a credit line, in characters.
const CREDIT_CHARS_MAX: usize = 220;
/// How many paragraphs from the end may hold a credit.
const CREDIT_PARAGRAPHS: usize = 6;

/// The agency of that name, as it is shown.
#[must_use]
pub fn named(name: &str) -> Option<&'static str> {
    let name = name.trim().trim_end_matches('.');
    let is_it = |n: &&str| *n == name || n.len() > 4 && n.eq_ignore_ascii_case(name);
    let names = AGENCIES.iter().find(|names| names.iter().any(is_it))?;
    names.first().copied()
}

/// The agencies that a text credits: a dateline at its head, credits at its end. In order, each once.
#[must_use]
pub fn credited(paragraphs: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !found.contains(&name) {
            found.push(name);
        }
    };
    let mut head = paragraphs.iter().take(DATELINE_PARAGRAPHS);
    if let Some(dateline) = head.find_map(|p| Dateline::of(p)) {
        dateline.agencies.into_iter().for_each(&mut add);
    }
    let end = paragraphs.len().saturating_sub(CREDIT_PARAGRAPHS);
    for paragraph in paragraphs.get(end..).unwrap_or_default() {
        in_credit(paragraph).into_iter().for_each(&mut add);
    }
    found
}

/// The text without what names its agency: credits at the end, the dateline at the head. Papers print one wire text under
/// their own; what is left is the same.
#[must_use]
pub fn without_credits(text: &str) -> Cow<'_, str> {
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let all = paragraphs.len();
    let mut dateline = 0;
    let end = paragraphs.len().saturating_sub(CREDIT_PARAGRAPHS).max(1);
    let mut kept: Vec<&str> = Vec::with_capacity(paragraphs.len());
    for (n, paragraph) in paragraphs.into_iter().enumerate() {
        if n == 0 {
            dateline = Dateline::of(paragraph).map_or(0, |dateline| dateline.len);
            kept.push(paragraph.get(dateline..).unwrap_or_default());
        } else if n < end || !is_credit(paragraph) {
            kept.push(paragraph);
        }
    }
    match dateline == 0 && kept.len() == all {
        true => Cow::Borrowed(text),
        false => Cow::Owned(kept.join("\n\n")),
    }
}

/// The dateline before the first sentence: place, date, and agency.
struct Dateline {
    agencies: Vec<String>,
    /// Its length in the paragraph, in bytes, including the sign that ends it.
    len: usize,
}

/// Maximum length of a place with a date, in characters.
const PLACE_CHARS_MAX: usize = 61;

/// The patterns of datelines. `place` is place and date, if given; `agency` is one name or several.
static DATELINES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // Without an upper bound, which is checked afterwards: sixty copies of such a large class took a second to compile.
    let place = r"(?P<place>[\p{L}][\p{L}\p{M}\d .,'’/-]*?)";
    let mark = r"(?:\s*(?:[-–—―:=]+|\.\s?[-–—]+)\s*)";
    [
        // KYIV (Reuters) – ; WASHINGTON, Oct 21 (AP) — ; Berlin (dpa/AFP) - ; PARIS, 21 oct. (EFE).-
        format!(r"^{place}:?\s*[(\[](?P<agency>[^()\[\]]{{2,40}})[)\]]{mark}"),
        // A place in capitals, followed by anything: BRUSSELS (AFP) The talks …
        r"^(?P<place>[\p{Lu}][\p{Lu}\p{M}\d .,'’/-]+?):?\s*[(\[](?P<agency>[^()\[\]]{2,40})[)\]]\s*".to_owned(),
        // (ANSA) - ROMA, 21 OTT - ; (AFP) –
        format!(r"^[(\[](?P<agency>[^()\[\]=]{{2,40}})[)\]]{mark}(?:(?P<place>\p{{Lu}}{{2}}[\p{{Lu}}\d ,.]{{0,30}}){mark})?"),
        r"^[(\[](?P<agency>[^()\[\]=]{2,40})[)\]]\s+".to_owned(),
        // МОСКВА, 21 октября. /ТАСС/. ; KYIV, October 21. /Ukrinform/.
        format!(r"^{place}\.?\s*/(?P<agency>[^/]{{2,40}})/\.?{mark}?\s*"),
        // МОСКВА, 21 окт — РИА Новости. ; Київ. 21 жовтня. УНІАН.
        format!(r"^{place}[.,]?{mark}(?P<agency>[\p{{L}}][\p{{L}} -]{{1,30}})\.\s+"),
        format!(r"^{place}\.\s(?P<agency>\p{{Lu}}[\p{{L}} -]{{1,30}})\.\s*[-–—]?\s+"),
        // Reuters - ; ROME, Oct 21, ANSA –
        format!(r"^(?:{place}[,:]\s*)?(?P<agency>[\p{{L}}][\p{{L}} -]{{1,30}}?)\s+[-–—]+\s+"),
        // (서울=연합뉴스) 홍길동 기자 = ; [서울=뉴시스]
        r"^[(\[](?P<place>[^()\[\]=]{1,20})=(?P<agency>[^()\[\]=]{2,20})[)\]](?:[^=.。]{0,20}기자)?(?:\s*=)?\s*".to_owned(),
        // 【ワシントン時事】 ; 【北京＝共同】 ; ［ロンドン ２１日 ロイター］ -
        r"^[【［](?P<place>[^】］]{0,20}?)[ =＝　]?(?P<agency>共同|時事|ロイター|AFP)[】］]\s*[-－―]?\s*".to_owned(),
        // 新华社北京10月21日电 ; 中新社纽约10月21日电 ; （中央社台北21日電）
        r"^[（(]?(?P<agency>新华社|新華社|中新社|中新网|路透社|法新社|美联社|中央社)(?P<place>[^，。,.]{0,24}?)[电電][）)]?\s*".to_owned(),
    ]
    .iter()
    .filter_map(|shape| Regex::new(shape).ok())
    .collect()
});

impl Dateline {
    fn of(paragraph: &str) -> Option<Self> {
        let end = paragraph
            .char_indices()
            .nth(DATELINE_CHARS_MAX)
            .map_or(paragraph.len(), |(at, _)| at);
        let head = paragraph.get(..end)?;
        if !speaks_of_one(head) {
            return None;
        }
        DATELINES.iter().find_map(|shape| {
            let found = shape.captures(head)?;
            let place = found.name("place").map_or("", |place| place.as_str());
            if place.chars().count() > PLACE_CHARS_MAX {
                return None;
            }
            let agencies = all_agencies(found.name("agency")?.as_str())?;
            Some(Self {
                agencies,
                len: found.get(0)?.end(),
            })
        })
    }
}

/// Whether an agency's name occurs anywhere: most texts name none and need no closer look.
fn speaks_of_one(text: &str) -> bool {
    /// Names up to this length, in bytes, match only as they are written ([`named`]).
    const EXACT_BYTES_MAX: usize = 4;
    static NAMES: LazyLock<[Option<AhoCorasick>; 2]> = LazyLock::new(|| {
        let (short, long): (Vec<&str>, Vec<&str>) = AGENCIES
            .iter()
            .flat_map(|names| names.iter())
            .chain(&UNKNOWN_ENDS)
            .partition(|name| name.len() <= EXACT_BYTES_MAX);
        let any_case = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(long);
        [AhoCorasick::new(short).ok(), any_case.ok()]
    });
    NAMES
        .iter()
        .any(|names| names.as_ref().is_none_or(|names| names.is_match(text)))
}

/// The agencies of a list of nothing but agencies: `dpa/AFP`, `AP and Reuters`.
fn all_agencies(names: &str) -> Option<Vec<String>> {
    let parts = parts(names);
    let found: Vec<String> = parts
        .iter()
        .filter_map(|p| named(p))
        .map(str::to_owned)
        .collect();
    (found.len() == parts.len() && !found.is_empty()).then_some(found)
}

/// Words before the names of a credit.
static BEFORE_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(?:(?:article|story|text|photos?|images?|pictured?|credits?)\s*(?:by|from|:)\s*)?(?:",
        r"(?:with|from)?\s?(?:additional |agency |wire |some )?(?:inputs?|reporting|information|files|material|reports?|agencies)\s(?:from|by|of)|",
        r"(?:sources?|agency|agencies|via|courtesy(?: of)?|published by|provided by)\s?:?|",
        r"(?:quellen?|mit (?:material|informationen|agenturmaterial|angaben) (?:von|der|des))\s?:?|",
        r"(?:avec(?: les? agences?)?(?: l['’])?)\s?:?|",
        r"(?:fuentes?|con (?:información|informaciones|datos|material) de|redacción con)\s?:?|",
        r"(?:fontes?|com (?:informações|agências|dados)(?: d[aeo]s?)?)\s?:?|(?:con informazioni (?:da|di))|",
        r"(?:bron(?:nen)?|kilder?|källor?|lähde|źródł[oa]|zdroje?|sursa|forrás|извор|източник)\s?:|",
        r"(?:источник|по материалам|по информации|по данным|джерело|за матеріалами|за даними)\s?:?|",
        r"(?:kaynak|πηγή|sumber|nguồn|来源|來源|出典|配信|출처|자료)\s?[:：]",
        r")\s*",
    ))
    .ok()
});

/// Words after the names of a credit.
static BEHIND_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(?P<names>.{2,80}?)\s(?:contributed (?:reporting )?to this (?:report|story|article)|contributed reporting|",
        r"hat zu diesem (?:bericht|artikel) beigetragen|a contribué à cet article|contribuyó a este (?:reporte|informe))",
    ))
    .ok()
});

/// `(Reporting by A in B; Editing by C)`: whose text it is, without a name.
static CREW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:additional |writing and )?(?:reporting|writing|compiled|edited|translated) by .{3,200}(?:edit|writ|report)(?:ing|ed) by").ok()
});

/// Whether a paragraph is nothing but a credit.
fn is_credit(paragraph: &str) -> bool {
    let text = paragraph.trim();
    let is_short = text.chars().count() <= CREDIT_CHARS_MAX;
    let is_crew = || matches(&CREW, bare(text)).is_some();
    is_short && (!in_credit(paragraph).is_empty() || is_crew())
}

/// `(With additional input from Anadolu Agency)`, `(AP)`, `— Reuters`, `Source: AFP`, `dpa-infocom, dpa:221021-…`; of a
/// paragraph that is more than a credit, the one that ends it.
fn in_credit(paragraph: &str) -> Vec<String> {
    let text = paragraph.trim();
    let at_end = || {
        let (_, names) = text.strip_suffix(')')?.rsplit_once('(')?;
        all_agencies(names)
    };
    if text.chars().count() > CREDIT_CHARS_MAX {
        return at_end().unwrap_or_default();
    }
    let inner = bare(text);
    if !speaks_of_one(inner) {
        return Vec::new();
    }
    if let Some(found) = matches(&BEFORE_NAMES, inner) {
        let names = inner.get(found..).unwrap_or_default();
        return told_agencies(names);
    }
    let behind = BEHIND_NAMES
        .as_ref()
        .and_then(|shape| shape.captures(inner));
    if let Some(names) = behind.and_then(|c| c.name("names")) {
        return told_agencies(names.as_str());
    }
    if inner.starts_with("dpa-infocom, dpa:") {
        return vec!["dpa".to_owned()];
    }
    all_agencies(inner)
        .or_else(|| all_agencies(owner(inner)?))
        .or_else(at_end)
        .unwrap_or_default()
}

/// Who owns it: `© 2022 AFP. Alle Rechte vorbehalten`.
fn owner(text: &str) -> Option<&str> {
    let marks = ["Copyright ©", "Copyright", "(c)", "©"];
    let claim = marks.iter().find_map(|mark| text.strip_prefix(mark))?;
    claim
        .trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit())
        .split(['.', ','])
        .next()
}

/// The agencies of a list after words that make it a credit: unknown ones by the form of their names.
fn told_agencies(names: &str) -> Vec<String> {
    let known = |part: &str| {
        let is_agency = UNKNOWN_ENDS
            .iter()
            .any(|end| part.len() < 60 && part.strip_suffix(end).is_some_and(|p| p.ends_with(' ')));
        named(part)
            .or_else(|| is_agency.then_some(part))
            .map(str::to_owned)
    };
    parts(names).into_iter().filter_map(known).collect()
}

fn parts(names: &str) -> Vec<&str> {
    const BETWEEN: [&str; 9] = [
        " and ", " und ", " et ", " y ", " e ", " en ", " i ", " и ", " ve ",
    ];
    let mut parts: Vec<&str> = names
        .split([',', '/', ';', '|', '·', '、', '，', '+', '&'])
        .collect();
    for word in BETWEEN {
        parts = parts
            .into_iter()
            .flat_map(|part| part.split(word))
            .collect();
    }
    parts
        .into_iter()
        .map(|part| {
            let part = part.trim().trim_end_matches(['.', ')', ']', ' ']);
            let the = ["the ", "The ", "der ", "la ", "agencia ", "agence "];
            the.iter()
                .find_map(|the| part.strip_prefix(the))
                .unwrap_or(part)
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// Without what encloses a credit.
fn bare(text: &str) -> &str {
    text.trim_start_matches(['(', '[', '—', '–', '-', '*', '/', ' '])
        .trim_end_matches([')', ']', '.', '/', ' '])
}

/// Where the match at the beginning ends.
fn matches(shape: &LazyLock<Option<Regex>>, text: &str) -> Option<usize> {
    shape.as_ref()?.find(text).map(|found| found.end())
}

#[cfg(test)]
mod tests;
