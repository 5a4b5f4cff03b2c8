//! The words of dates: months, weekdays, zones, halves of the day, eras. Data and look-ups, no grammar: the shapes of dates
//! are in [`super::shapes`]. To teach it a language, add a row to [`MONTHS`]; words are looked up without marks and case.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::fold;

/// Minimum length of an abbreviated month name, in letters: `sept`, `févr`.
const BEGINNING_LETTERS_MIN: usize = 3;

/// The months, a row for each language: January to December between bars, each in the forms that dates use. Where two
/// languages mean different months by one word, the upper row counts; Croatian `listopad` is left out for that reason.
#[rustfmt::skip]
const MONTHS: &[&str] = &[
    // English
    "january | february | march | april | may | june | july | august | september | october | november | december",
    // German
    "januar | februar | märz | april | mai | juni | juli | august | september | oktober | november | dezember",
    // French
    "janvier | février | mars | avril | mai | juin | juillet | août | septembre | octobre | novembre | décembre",
    // Spanish
    "enero | febrero | marzo | abril | mayo | junio | julio | agosto | septiembre setiembre | octubre | noviembre | diciembre",
    // Italian
    "gennaio | febbraio | marzo | aprile | maggio | giugno | luglio | agosto | settembre | ottobre | novembre | dicembre",
    // Portuguese
    "janeiro | fevereiro | março | abril | maio | junho | julho | agosto | setembro | outubro | novembro | dezembro",
    // Romanian
    "ianuarie | februarie | martie | aprilie | mai | iunie | iulie | august | septembrie | octombrie | noiembrie | decembrie",
    // Dutch
    "januari | februari | maart mrt | april | mei | juni | juli | augustus | september | oktober | november | december",
    // Swedish
    "januari | februari | mars | april | maj | juni | juli | augusti | september | oktober | november | december",
    // Danish
    "januar | februar | marts | april | maj | juni | juli | august | september | oktober | november | december",
    // Norwegian
    "januar | februar | mars | april | mai | juni | juli | august | september | oktober | november | desember",
    // Finnish
    "tammikuuta tammikuun | helmikuuta | maaliskuuta | huhtikuuta | toukokuuta | kesäkuuta | heinäkuuta | elokuuta | syyskuuta | lokakuuta | marraskuuta | joulukuuta",
    // Polish
    "stycznia styczeń | lutego luty | marca marzec | kwietnia kwiecień | maja | czerwca czerwiec | lipca lipiec | sierpnia sierpień | września wrzesień | października | listopada | grudnia grudzień",
    // Czech
    "ledna leden | února | března březen | dubna duben | května květen | červ červen června čvn | července čvc červenec | srpna srpen | září | října říjen | listopadu | prosince prosinec",
    // Hungarian
    "január | február | március | április | május | június | július | augusztus | szeptember | október | november | december",
    // Turkish
    "ocak | şubat | mart | nisan | mayıs | haziran | temmuz | ağustos | eylül | ekim | kasım | aralık",
    // Indonesian
    "januari | februari | maret | april | mei | juni | juli | agustus ags | september | oktober | november | desember",
    // Russian
    "января январь | февраля февраль | марта | апреля апрель | мая май | июня июнь | июля июль | августа | сентября сентябрь | октября октябрь | ноября ноябрь | декабря декабрь",
    // Ukrainian
    "січня січень | лютого лютий | березня березень | квітня квітень квiтня | травня травень | червня червень | липня липень | серпня серпень | вересня вересень | жовтня жовтень | листопада | грудня грудень",
    // Bulgarian
    "януари | февруари | март | април | май | юни | юли | август | септември | октомври | ноември | декември",
    // Serbian
    "јануар | фебруар | март | април | мај | јун | јул | август | септембар | октобар | новембар | децембар",
    // Serbian, Latin
    "januar | februar | mart | april | maj | jun | jul | avgust | septembar | oktobar | novembar | decembar",
    // Greek
    "ιανουαρίου ιανουάριος | φεβρουαρίου φεβρουάριος | μαρτίου μάρτιος | απριλίου απρίλιος | μαΐου μάιος | ιουνίου ιούνιος | ιουλίου ιούλιος | αυγούστου αύγουστος | σεπτεμβρίου σεπτέμβριος | οκτωβρίου οκτώβριος | νοεμβρίου νοέμβριος | δεκεμβρίου δεκέμβριος",
    // Arabic
    "يناير | فبراير | مارس | أبريل | مايو | يونيو يونيه | يوليو يوليه | أغسطس | سبتمبر | أكتوبر | نوفمبر | ديسمبر",
    // Hebrew
    "ינואר | פברואר | מרץ מרס | אפריל | מאי | יוני | יולי | אוגוסט | ספטמבר | אוקטובר | נובמבר | דצמבר",
    // Catalan
    "gener | febrer | març | abril | maig | juny | juliol | agost | setembre | octubre | novembre | desembre",
    // Slovak
    "januára | februára | marca marec | apríla | mája | júna | júla | augusta | septembra september | októbra október | novembra november | decembra december",
    // Slovenian
    "januar | februar | marec | april | maj | junij | julij | avgust | september | oktober | november | december",
    // Croatian
    "siječnja siječanj | veljače veljača | ožujka ožujak | travnja travanj | svibnja svibanj | lipnja lipanj | srpnja srpanj | kolovoza | rujna rujan | - | studenoga studeni | prosinca prosinac",
    // Lithuanian
    "sausio sausis | vasario vasaris | kovo kovas | balandžio balandis | gegužės | birželio birželis | liepos liepa | rugpjūčio rugpjūtis | rugsėjo rugsėjis | spalio spalis | lapkričio lapkritis | gruodžio gruodis",
    // Latvian
    "janvāris | februāris | marts | aprīlis | maijs | jūnijs | jūlijs | augusts | septembris | oktobris | novembris | decembris",
    // Estonian
    "jaanuar | veebruar | märts | aprill | mai | juuni | juuli | august | september | oktoober | november | detsember",
    // Macedonian
    "јануари | февруари | март | април | мај | јуни | јули | август | септември | октомври | ноември | декември",
    // Belarusian
    "студзеня студзень | лютага люты | сакавіка | красавіка | мая май | чэрвеня чэрвень | ліпеня ліпень | жніўня жнівень | верасня верасень | кастрычніка | лістапада | снежня снежань",
    // Icelandic
    "janúar | febrúar | mars | apríl | maí | júní | júlí | ágúst | september | október | nóvember | desember",
];

/// Names and their beginnings, folded.
static MONTH_OF: LazyLock<HashMap<String, i8>> = LazyLock::new(|| {
    let mut found: HashMap<String, i8> = HashMap::new();
    for row in MONTHS {
        for (name, month) in names(row) {
            found.entry(name).or_insert(month);
        }
    }
    for row in MONTHS {
        for (beginning, month) in beginnings(row) {
            found.entry(beginning).or_insert(month);
        }
    }
    found
});

/// The month of that name or beginning of a name (folded), in any of the languages.
pub(super) fn month(word: &str) -> Option<i8> {
    MONTH_OF.get(word).copied()
}

/// The folded names of a row, each with its month.
fn names(row: &str) -> impl Iterator<Item = (String, i8)> {
    (1..=12).zip(row.split('|')).flat_map(|(month, forms)| {
        let forms = forms.split_whitespace().filter(|form| *form != "-");
        forms.map(move |form| (fold(form), month))
    })
}

/// Beginnings of the names in a row, without those that two of its months have in common.
fn beginnings(row: &str) -> HashMap<String, i8> {
    let mut found: HashMap<String, Option<i8>> = HashMap::new();
    for (name, month) in names(row) {
        let ends = name.char_indices().map(|(at, _)| at);
        for end in ends.skip(BEGINNING_LETTERS_MIN) {
            let beginning = name.get(..end).unwrap_or_default().to_owned();
            let known = found.entry(beginning).or_insert(Some(month));
            if *known != Some(month) {
                *known = None;
            }
        }
    }
    let clear = |(beginning, month): (String, Option<i8>)| Some((beginning, month?));
    found.into_iter().filter_map(clear).collect()
}

/// Whether a word is an English weekday, in full or abbreviated; `sunil` is not.
pub(super) fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    DAYS.iter().any(|day| {
        word.strip_prefix(day)
            .is_some_and(|rest| matches!(rest, "" | "s" | "r" | "rs") || rest.ends_with("day"))
    })
}

/// Whether the word alone means the afternoon.
pub(super) fn half_of_day(word: &str) -> Option<bool> {
    match word {
        "am" | "오전" | "上午" | "午前" => Some(false),
        "pm" | "오후" | "下午" | "午後" => Some(true),
        _ => None,
    }
}

/// Whether the word is Korean for a part of a date: Korea has one zone, and Korean no other country.
pub(super) fn is_korean(word: &str) -> bool {
    matches!(word, "년" | "오전" | "오후")
}

/// The year before the Japanese era of that name began.
pub(super) fn before_era(word: &str) -> Option<i64> {
    let eras = [("令和", 2018), ("平成", 1988), ("昭和", 1925)];
    let (_, before) = eras.iter().find(|(name, _)| word.starts_with(name))?;
    Some(*before)
}

/// Seconds east of Greenwich. Military letters are UTC (RFC 5322 section 4.3).
pub(super) fn zone(word: &str) -> Option<i64> {
    let quarters = match word {
        "z" | "gmt" | "ut" | "utc" | "wet" | "gmtz" => 0,
        "edt" | "ast" | "at" => -16,
        "est" | "et" | "cdt" => -20,
        "cst" | "ct" | "mdt" => -24,
        "mst" | "mt" | "pdt" => -28,
        "pst" | "pt" => -32,
        "akst" => -36,
        "akdt" => -32,
        "hst" => -40,
        "adt" | "brt" | "art" => -12,
        "nst" => -14,
        "ndt" => -10,
        "bst" | "cet" | "met" | "mez" | "west" | "wat" => 4,
        "cest" | "mest" | "mesz" | "eet" | "cat" | "sast" => 8,
        "eest" | "msk" | "eat" | "trt" => 12,
        "msd" | "gst" => 16,
        "irst" => 14,
        "pkt" => 20,
        "ist" => 22,
        "npt" => 23,
        "wib" | "ict" => 28,
        "sgt" | "hkt" | "pht" | "myt" | "awst" => 32,
        "jst" | "kst" => 36,
        "acst" => 38,
        "aest" => 40,
        "acdt" => 42,
        "aedt" => 44,
        "nzst" => 48,
        "nzdt" => 52,
        _ if word.len() == 1 && word.is_ascii() => 0,
        _ => return None,
    };
    Some(quarters * 900)
}
