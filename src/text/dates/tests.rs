//! Dates as publishers write them, and what is none.

use super::{read, read_bare};

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(
        read(text).map(|t| t.to_string()).as_deref(),
        Some(expected),
        "{text}"
    );
}

#[test]
fn rfc_822_with_its_sloppiness() {
    reads("Fri, 21 Oct 2022 10:00:00 GMT", "2022-10-21T10:00:00Z");
    reads("21 Oct 22 10:00 +0200", "2022-10-21T08:00:00Z");
    reads("Friday, 21-Oct-22 10:00:00 EDT", "2022-10-21T14:00:00Z");
    reads("Fri Oct 21 10:00:00 2022", "2022-10-21T10:00:00Z");
    reads("Oct 21, 2022 10:00 PM PST", "2022-10-22T06:00:00Z");
    reads("Fri, 21 Oct 2022", "2022-10-21T00:00:00Z");
    reads("Fri, 21 Oct 2022 24:00:00 GMT", "2022-10-22T00:00:00Z");
    reads("Fri, 21 Oct 2022 10:00:00 GMT+2", "2022-10-21T08:00:00Z");
}

#[test]
fn iso_8601_whole_and_in_part() {
    reads("2022-10-21T10:00:00.5+02:00", "2022-10-21T08:00:00Z");
    reads("2022-10-21 10:00:00", "2022-10-21T10:00:00Z");
    reads("2022-10", "2022-10-01T00:00:00Z");
    reads("2022", "2022-01-01T00:00:00Z");
    reads("2022-294", "2022-10-21T00:00:00Z");
    reads("20221021T100000Z", "2022-10-21T10:00:00Z");
    reads("2022-10-21T10:00-05:00", "2022-10-21T15:00:00Z");
}

#[test]
fn other_countries() {
    reads("21.10.2022 10:00", "2022-10-21T10:00:00Z");
    reads("10/21/2022", "2022-10-21T00:00:00Z");
    reads("21/10/2022", "2022-10-21T00:00:00Z");
    reads(
        "Fr, 21 Dezember 2022 10:00:00 +0100",
        "2022-12-21T09:00:00Z",
    );
    reads("mar., 6 sept. 2022 10:00:00 +0000", "2022-09-06T10:00:00Z");
    reads("Пт, 21 окт 2022 10:00:00 +0300", "2022-10-21T07:00:00Z");
    reads("Παρ, 21 Οκτ 2022 10:00:00 EEST", "2022-10-21T07:00:00Z");
    reads("2022년 10월 21일 오후 1:00", "2022-10-21T04:00:00Z");
    reads("2022-10-21 오후 1:00:30", "2022-10-21T04:00:30Z");
    reads("2022년 10월 21일", "2022-10-21T00:00:00Z");
    reads("令和4年10月21日", "2022-10-21T00:00:00Z");
    reads("平成元年10月21日", "1989-10-21T00:00:00Z");
    reads("٢١ أكتوبر ٢٠٢٢", "2022-10-21T00:00:00Z");
    reads("２０２２年１０月２１日", "2022-10-21T00:00:00Z");
    reads("1666346400", "2022-10-21T10:00:00Z");
}

#[test]
fn iso_8601_without_its_century_and_by_weeks() {
    for text in ["-0312", "-03-12", "03335", "03-335", "031201"] {
        reads(text, "2003-12-01T00:00:00Z");
    }
    reads("-03", "2003-01-01T00:00:00Z");
    reads("03-12-01T10:00:00Z", "2003-12-01T10:00:00Z");
    reads("202210", "2022-10-01T00:00:00Z");
    reads("2022-W42-5", "2022-10-21T00:00:00Z");
    reads("2004-W01", "2003-12-29T00:00:00Z");
    reads("20221021100000", "2022-10-21T10:00:00Z");
    reads("202210211000", "2022-10-21T10:00:00Z");
}

#[test]
fn hours_as_people_write_them() {
    reads("Oct 21, 2022 7pm", "2022-10-21T19:00:00Z");
    reads("Oct 21, 2022 at 7:30 p.m. ET", "2022-10-22T00:30:00Z");
    reads("21.10.2022 kl. 19.48", "2022-10-21T19:48:00Z");
    reads("21 octobre 2022, 19h48", "2022-10-21T19:48:00Z");
    reads("Fri, 21 Oct 2022 10:00:00 PT", "2022-10-21T18:00:00Z");
}

#[test]
fn months_of_other_languages() {
    for text in [
        "13. července 2022",
        "13 iulie 2022",
        "13 юли 2022",
        "13 يوليو 2022",
        "13 יולי 2022",
        "13 juillet 2022",
        "13 lipca 2022",
        "13 липня 2022",
        "13 Temmuz 2022",
        "2022. július 13.",
        "2022年7月13日",
    ] {
        reads(text, "2022-07-13T00:00:00Z");
    }
    reads("13. června 2022", "2022-06-13T00:00:00Z");
    reads("13 أكتوبر 2022", "2022-10-13T00:00:00Z");
}

#[test]
fn sec_04_nonsense_is_no_date() {
    for text in [
        "",
        "yesterday",
        "31 Feb 2022",
        "3 days ago",
        "99:99",
        "+49 30 1234 5678 90",
        "12:00",
        "0001-01-01T00:00:00Z",
        "Thu, 01 Jan 0000 00:00:00 GMT",
        "--12-31",
        "--1231",
        "-335",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(read(&"9".repeat(400)), None);
    assert_eq!(read("٣٣:٣٣"), None);
}

#[test]
fn words_before_a_date_are_no_date() {
    for text in [
        "News Desk October 21, 2022",
        "By Ann 21 Oct 2022",
        "Maria Jan 5, 2022",
        "Mark 21 Oct 2022",
        "Sunil Rao Oct 21, 2022",
        "in 2014",
    ] {
        assert_eq!(read_bare(text), None, "{text}");
    }
    for text in ["October 21, 2022", "Friday, 21 Oct 2022", "2022-10-21"] {
        let day = read_bare(text).map(|t| t.to_string());
        assert_eq!(day.as_deref(), Some("2022-10-21T00:00:00Z"), "{text}");
    }
}

#[test]
fn a_zone_by_its_iana_name_is_that_zone() {
    reads("2022-07-15 10:00 Europe/Helsinki", "2022-07-15T07:00:00Z");
    reads("15 Jan 2022 10:00:00 Europe/Lisbon", "2022-01-15T10:00:00Z");
    reads(
        "Fri, 15 Jul 2022 10:00 America/Argentina/Buenos_Aires",
        "2022-07-15T13:00:00Z",
    );
    reads("2022-07-15T10:00:00[Europe/Dublin]", "2022-07-15T09:00:00Z");
    reads("2022-07-15T10:00:00 etc/gmt+5", "2022-07-15T15:00:00Z");
    reads("15.07.2022 10:00 Japan", "2022-07-15T01:00:00Z");
    // An offset says more: an hour can be there twice in a zone.
    reads(
        "2022-10-30T03:30:00+02:00[Europe/Helsinki]",
        "2022-10-30T01:30:00Z",
    );
    // Without a time of day it is a day as it is anywhere.
    reads("15 Jul 2022 Asia/Tokyo", "2022-07-15T00:00:00Z");
}

#[test]
fn no_zone_name_is_read_as_a_month() {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let local = jiff::civil::date(2022, 7, 15).at(10, 0, 0, 0);
    let mut count = 0;
    for name in database.available() {
        // As abbreviations they are a time of the year: CET is winter's.
        if super::words::zone(&name.as_str().to_lowercase()).is_some() {
            continue;
        }
        let zone = database.get(name.as_str()).unwrap();
        let expected = zone.to_timestamp(local).unwrap().as_second();
        for text in [
            format!("15.07.2022 10:00 {name}"),
            format!("2022-07-15T10:00:00[{name}]"),
        ] {
            assert_eq!(
                read(&text).map(|time| time.seconds()),
                Some(expected),
                "{text}"
            );
        }
        count += 1;
    }
    assert!(count > 500, "{count} zones");
}

#[test]
fn names_of_months_are_whole_words_or_their_beginnings() {
    for other in [
        "Helsinki",
        "Lisbon",
        "Dublin",
        "Maria",
        "Marseille",
        "Decatur",
        "Augsburg",
        "Septuagint",
        "Junes",
    ] {
        reads(
            &format!("21 October 2022 10:00 {other}"),
            "2022-10-21T10:00:00Z",
        );
    }
    for name in [
        "Oct",
        "Octo",
        "OCTOBER",
        "okt",
        "oktobra",
        "října",
        "lokakuuta",
        "жовтня",
        "Οκτωβρίου",
    ] {
        reads(&format!("21 {name} 2022"), "2022-10-21T00:00:00Z");
    }
}
