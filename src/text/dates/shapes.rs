//! The grammar of dates: a table of named shapes, each with an example that the tests read. To teach it a date:
//!
//! 1. Add a row to [`DATES`], [`TIMES`] or [`OFFSETS`], above the rows whose example it must win from: the first row that
//!    fits decides. The letters of a pattern are explained below.
//! 2. Give it an example as a feed wrote it, and the moment that this means. `cargo test --lib shapes` reads the example of
//!    every row, and fails if it is read without its row too.
//! 3. A word that is not known yet (a month, a zone) is a row in `words.rs`. Then run `cargo test --lib dates`.
//!
//! | in a pattern | fits |
//! |---|---|
//! | `YYYY`, `YY`, `MM`, `DD`, `hh`, `mm`, `ss` | a number of so many digits |
//! | `YYYYMMDD`, `hhmm` | one number, cut up |
//! | `M`, `D`, `h`, `m`, `s` | one or two digits |
//! | `DDD` | three digits: the day of the year |
//! | `w` | one or two digits: the week of the year |
//! | `y` | a year of one to four digits, of fewer than four as RFC 5322 reads it |
//! | `Y` | the same where it can be no day: three digits or more, or above 31 |
//! | `Mon` | the name of a month |
//! | `a` | am, pm and their kin, unless a time of day follows them |
//! | `f` | a fraction, where there is one |
//! | `T`, `W`, `'h'` | that word, in any case |
//! | `±` | plus or minus |
//! | `…` | whatever follows |
//! | another sign | itself |
//!
//! Months are 1 to 12 and days 1 to 31, else the shape does not fit. A date is read from its numbers and the name of its
//! month, wherever they stand, after times and offsets have been taken out: between them, other words and signs do not
//! count, but for those that the pattern has. Times and offsets stand together as the pattern has them.

/// The parts of a pattern.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "name and example are for readers and tests")
)]
pub(super) struct Shape {
    pub name: &'static str,
    pub pattern: &'static str,
    pub place: Place,
    /// A date that only this row reads, and the moment that it means.
    pub example: (&'static str, &'static str),
}

/// The rows that are asked, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar<'a> {
    pub dates: &'a [Shape],
    pub times: &'a [Shape],
    pub offsets: &'a [Shape],
}

/// The whole table.
pub(super) const GRAMMAR: Grammar<'static> = Grammar {
    dates: DATES,
    times: TIMES,
    offsets: OFFSETS,
};

/// Where a shape may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    /// Behind day, month and year, where it can be nothing else.
    BehindDate,
    /// Before any number of a date.
    BeforeDate,
}
use Place::{Anywhere, BeforeDate, BehindDate};

const fn shape(
    name: &'static str,
    pattern: &'static str,
    place: Place,
    example: (&'static str, &'static str),
) -> Shape {
    Shape {
        name,
        pattern,
        place,
        example,
    }
}

/// Day, month and year.
#[rustfmt::skip]
const DATES: &[Shape] = &[
    shape("day first, with a name",          "D Mon y …",      Anywhere, ("Fri, 21 Oct 22", "2022-10-21T00:00:00Z")),
    shape("year first, with a name",         "Y Mon D …",      Anywhere, ("2022. október 21.", "2022-10-21T00:00:00Z")),
    shape("month first, with a name",        "Mon D y …",      Anywhere, ("Oct 21, 2022", "2022-10-21T00:00:00Z")),
    shape("name behind day and year",        "D y Mon …",      Anywhere, ("21 2022 Oct", "2022-10-21T00:00:00Z")),
    shape("name behind year and day",        "Y D Mon …",      Anywhere, ("2022 21 Oct", "2022-10-21T00:00:00Z")),
    shape("named month of a year",           "Mon Y",          Anywhere, ("Oct 2022", "2022-10-01T00:00:00Z")),
    shape("year and its named month",        "Y Mon",          Anywhere, ("2022 Oct", "2022-10-01T00:00:00Z")),
    shape("week and its day",                "y W w D …",      Anywhere, ("2022-W42-5", "2022-10-21T00:00:00Z")),
    shape("week",                            "y W w",          Anywhere, ("2004-W01", "2003-12-29T00:00:00Z")),
    // ISO 8601 of 1988 lets the century go.
    shape("year of a century",               "-YY",            Anywhere, ("-03", "2003-01-01T00:00:00Z")),
    shape("month of a century, in one",      "-YYMM",          Anywhere, ("-0312", "2003-12-01T00:00:00Z")),
    shape("month of a century",              "-YY MM",         Anywhere, ("-03-12", "2003-12-01T00:00:00Z")),
    shape("day of a year of a century",      "YY DDD",         Anywhere, ("03-335", "2003-12-01T00:00:00Z")),
    shape("the same, in one",                "YYDDD",          Anywhere, ("03335", "2003-12-01T00:00:00Z")),
    shape("ISO 8601 without its century",    "YY -MM -DD T …", Anywhere, ("03-12-01T10:00:00Z", "2003-12-01T10:00:00Z")),
    // A year and a month are never written together there, so other readings come first.
    shape("the same, in one",                "YYMMDD …",       Anywhere, ("031201", "2003-12-01T00:00:00Z")),
    shape("year and month, in one",          "YYYYMM",         Anywhere, ("202210", "2022-10-01T00:00:00Z")),
    shape("day of a year, in one",           "YYYYDDD",        Anywhere, ("2022294", "2022-10-21T00:00:00Z")),
    shape("day of a year",                   "YYYY DDD",       Anywhere, ("2022-294", "2022-10-21T00:00:00Z")),
    shape("day, in one",                     "YYYYMMDD …",     Anywhere, ("20221021", "2022-10-21T00:00:00Z")),
    shape("year first",                      "YYYY M D …",     Anywhere, ("2022年10月21日", "2022-10-21T00:00:00Z")),
    shape("year and month",                  "YYYY M",         Anywhere, ("2022-10", "2022-10-01T00:00:00Z")),
    shape("year and month, with an offset",  "YYYY M ±hhmm",   Anywhere, ("2022-10 +0200", "2022-10-01T00:00:00Z")),
    shape("year",                            "YYYY",           Anywhere, ("2022", "2022-01-01T00:00:00Z")),
    shape("month first, between slashes",    "M /D y …",       Anywhere, ("10/2/2022", "2022-10-02T00:00:00Z")),
    shape("day first",                       "D M y …",        Anywhere, ("2.10.22", "2022-10-02T00:00:00Z")),
    shape("month first",                     "M D y …",        Anywhere, ("10-21-2022", "2022-10-21T00:00:00Z")),
];

/// Time of day.
#[rustfmt::skip]
const TIMES: &[Shape] = &[
    shape("hours, minutes and seconds",      "h:m:s f",        Anywhere,   ("2022-10-21 10:14:55", "2022-10-21T10:14:55Z")),
    shape("hours and minutes",               "h:m f",          Anywhere,   ("2022-10-21 9:05", "2022-10-21T09:05:00Z")),
    shape("hours of a half of the day",      "h a",            Anywhere,   ("Oct 21, 2022 7 p.m.", "2022-10-21T19:00:00Z")),
    shape("hours and minutes with a dot",    "h.mm",           BehindDate, ("21.10.2022 kl. 19.48", "2022-10-21T19:48:00Z")),
    shape("hours and minutes in French",     "h'h'mm",         Anywhere,   ("21 octobre 2022, 19h48", "2022-10-21T19:48:00Z")),
    shape("hours and minutes in German",     "h'Uhr'mm",       Anywhere,   ("21. Oktober 2022, 19 Uhr 48", "2022-10-21T19:48:00Z")),
    shape("hours in German",                 "h'Uhr'",         Anywhere,   ("21. Oktober 2022, 19 Uhr", "2022-10-21T19:00:00Z")),
    shape("ISO 8601, with seconds",          "Th:m:s f",       Anywhere,   ("2022-10-21T10:14:55.25", "2022-10-21T10:14:55Z")),
    shape("ISO 8601",                        "Th:m f",         Anywhere,   ("2022-10-21T10:14Z", "2022-10-21T10:14:00Z")),
    shape("the same in French",              "Th'h'mm",        Anywhere,   ("21.10.2022T19h48", "2022-10-21T19:48:00Z")),
    shape("ISO 8601, in one, with seconds",  "Thhmmss f",      Anywhere,   ("20221021T101455Z", "2022-10-21T10:14:55Z")),
    shape("ISO 8601, in one",                "Thhmm f",        Anywhere,   ("20221021T1014Z", "2022-10-21T10:14:00Z")),
    shape("ISO 8601, hours only",            "Thh",            Anywhere,   ("2022-10-21T10", "2022-10-21T10:00:00Z")),
    shape("day and time in one, seconds",    "YYYYMMDDhhmmss f", BeforeDate, ("20221021101455", "2022-10-21T10:14:55Z")),
    shape("day and time in one",             "YYYYMMDDhhmm f", BeforeDate, ("202210211014", "2022-10-21T10:14:00Z")),
];

/// The offset of the clock from UTC, after a time of day. Above 15:59 it is not an offset: `08:49-1994`.
#[rustfmt::skip]
const OFFSETS: &[Shape] = &[
    shape("hours and minutes of an offset",  "±h:mm",          Anywhere, ("2022-10-21T10:00-05:30", "2022-10-21T15:30:00Z")),
    shape("hours of an offset",              "±h",             Anywhere, ("21 Oct 2022 10:00 GMT+2", "2022-10-21T08:00:00Z")),
    shape("offset in one",                   "±hhmm",          Anywhere, ("21 Oct 2022 10:00 +0230", "2022-10-21T07:30:00Z")),
    shape("offset in one without its zero",  "±hmm",           Anywhere, ("21 Oct 2022 10:00 -500", "2022-10-21T15:00:00Z")),
];

#[cfg(test)]
mod tests {
    use super::super::read_by;
    use super::{GRAMMAR, Grammar, Shape};

    #[test]
    fn every_row_of_the_shapes_reads_its_example_and_no_other_row_does() {
        let all = [GRAMMAR.dates, GRAMMAR.times, GRAMMAR.offsets].concat();
        for row in &all {
            let (text, means) = row.example;
            let read = |grammar: &Grammar<'_>| read_by(grammar, text).map(|time| time.to_string());
            assert_eq!(read(&GRAMMAR).as_deref(), Some(means), "{}", row.name);
            let others = |rows: &[Shape]| -> Vec<Shape> {
                let is_other = |other: &&Shape| other.pattern != row.pattern;
                rows.iter().filter(is_other).copied().collect()
            };
            let (dates, times) = (others(GRAMMAR.dates), others(GRAMMAR.times));
            let offsets = others(GRAMMAR.offsets);
            let without = Grammar {
                dates: &dates,
                times: &times,
                offsets: &offsets,
            };
            assert_ne!(
                read(&without).as_deref(),
                Some(means),
                "another row reads the example of {}",
                row.name
            );
        }
    }
}
