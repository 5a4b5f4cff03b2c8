//! What is read as what, and what is refused with which words.

use super::*;
use proptest::prelude::*;

fn complaints(text: &str) -> Vec<(Range<usize>, String)> {
    parse(text)
        .unwrap_err()
        .errors()
        .iter()
        .map(|e| (e.span.clone(), e.message.clone()))
        .collect()
}

#[test]
fn the_forms_of_the_contract_are_read() {
    for text in [
        r#"ukraine (defence OR "armed forces") -sport"#,
        "nuclear*",
        "/re.?gex/i",
        "NEAR(a b, 5)",
        "title:(shoygu OR austin)",
        r#"feed:"The Daily" tag:world/europe category:politics lang:en site:example.org"#,
        "agency:reuters url:/2026/ topic:ukraine since:7d until:2026-01-01",
        "copies>=3 feeds>=3 words>=200",
        "title:NEAR(a b, 5)",
        "a AND NOT b",
        "東京 OR kyïv",
    ] {
        let expr = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            parse(&expr.to_string()).as_ref(),
            Ok(&expr),
            "{text} -> {expr}"
        );
    }
}

#[test]
fn operators_are_read_as_what_they_mean() {
    for (written, means) in [
        ("a && b", "a AND b"),
        ("a&&b", "a b"),
        ("a & b", "a b"),
        ("a | b", "a OR b"),
        ("a || b", "a OR b"),
        ("a|b||c", "a OR b OR c"),
        ("a b | c && d", "(a b) OR (c d)"),
        ("\"a b\"|\"c d\"", "\"a b\" OR \"c d\""),
        ("-a|-b", "NOT a OR NOT b"),
        ("(a|b)&&(c||d)", "(a OR b) (c OR d)"),
        ("київ || 東京", "київ OR 東京"),
        ("title:(a|b)", "title:(a OR b)"),
        ("lang:en|de fox", "(lang:en OR lang:de) fox"),
        ("title:\"a b\"||/c/|d*", "title:(\"a b\" OR /c/ OR d*)"),
        ("title:a|feed:b", "title:a OR feed:b"),
        ("title:a|copies>=3", "title:a OR copies>=3"),
        ("title:a | b", "title:a OR b"),
        ("/a|b/", "/a|b/"),
        ("\"a|b && c\"", "\"a b c\""),
        ("AT&T Q&A", "\"at t\" \"q a\""),
        (
            "rock and roll or jazz",
            "\"rock\" \"and\" \"roll\" \"or\" \"jazz\"",
        ),
    ] {
        let expr = parse(written);
        assert_eq!(expr, parse(means), "{written}");
        let expr = expr.unwrap();
        assert_eq!(
            parse(&expr.to_string()),
            Ok(expr),
            "{written} written again"
        );
    }
}

#[test]
fn emoji_are_looked_for_beside_the_words() {
    for (written, means) in [
        ("🚀", "\"🚀\""),
        ("title:🚀🔥", "title:\"🚀 🔥\""),
        ("\"lift off 🚀\"", "\"lift off\" \"🚀\""),
        ("-\"🚀 lift 🔥 off\"*", "-(\"lift off\"* \"🚀\" \"🔥\")"),
        ("🇺🇦*", "\"🇺🇦\"*"),
        ("👍🏽 | ❤️", "\"👍\" OR \"❤\""),
    ] {
        let expr = parse(written).unwrap();
        assert_eq!(expr.to_string(), means, "{written}");
        assert_eq!(parse(means), Ok(expr), "{written}");
    }
    assert!(complaints("NEAR(🚀 moon, 3)")[0].1.contains("counts words"));
}

#[test]
fn days_by_name_are_times() {
    for (text, written) in [
        ("since:yesterday", "since:yesterday"),
        ("since:1h30m", "since:5400s"),
        ("since:36h", "since:36h"),
        ("since:Today", "since:today"),
        ("until:mon", "until:monday"),
        ("since:\"sunday\" fox", "since:sunday \"fox\""),
    ] {
        let expr = parse(text).unwrap();
        assert_eq!(expr.to_string(), written);
        assert!(expr.needs_now(), "{text} moves on with the days");
    }
    assert!(complaints("since:tomorrow")[0].1.contains("yesterday"));
}

#[test]
fn a_field_of_words_near_each_other_is_one_question() {
    let words = ["a", "b"].map(|w| vec![w.to_owned()]);
    let near = Expr::Text(Scope::Title, Pattern::Near(words.to_vec(), 2));
    assert_eq!(parse("title:NEAR(a b, 2)"), Ok(near.clone()));
    assert_eq!(parse("title:(NEAR(a b, 2))"), Ok(near));
    assert!(
        complaints("feed:NEAR(a b, 2)")[0]
            .1
            .contains("write NEAR(a b, 5)")
    );
}

#[test]
fn what_is_written_is_never_nested_deeper_than_what_was_read() {
    for innermost in ["e", "lang:en|de e", "e title:a|b|c", "e \"🚀 a\""] {
        // AND, OR and NOT by turns, down to the last level that is read.
        let nest = |levels: usize| {
            "a b OR c -(d OR ".repeat(levels) + innermost + &") OR f".repeat(levels)
        };
        let levels = 1..;
        let deepest = levels
            .take_while(|n| parse(&nest(*n)).is_ok())
            .last()
            .unwrap();
        let expr = parse(&nest(deepest)).unwrap();
        assert!(deepest > 5);
        assert_eq!(parse(&expr.to_string()), Ok(expr), "{innermost}");
        let one_deeper = format!("x -{}", nest(deepest));
        if let Ok(expr) = parse(&one_deeper) {
            assert_eq!(parse(&expr.to_string()), Ok(expr), "{innermost}");
        }
    }
}

#[test]
fn an_error_names_its_place_and_what_would_be_right() {
    let e = complaints("titel:war copies>=many (a OR b");
    assert_eq!(e[0].0, 0..5);
    assert!(e[0].1.contains("did you mean title:?"), "{}", e[0].1);
    assert!(e[1].1.contains("copies>=3"), "{}", e[1].1);
    assert!(e[2].1.contains("never closed"), "{}", e[2].1);
    let shown = parse("a OR (b \"c").unwrap_err().render("topic \"x\"");
    assert!(
        shown.contains("topic \"x\": this quote is never closed"),
        "{shown}"
    );
    assert!(shown.contains("a OR (b \"c\n          ^\n"), "{shown}");
}

#[test]
fn every_kind_of_mistake_is_told() {
    for (text, part) in [
        ("", "is empty"),
        ("a OR", "between two things"),
        ("OR a", "between two things"),
        ("a AND", "between two things"),
        ("AND a", "between two things"),
        ("a AND OR b", "between two things"),
        ("a &&", "between two things"),
        ("| a", "between two things"),
        ("(a ||)", "between two things"),
        ("a && || b", "between two things"),
        ("-|a", "missing after this"),
        ("title:|a", "missing after title:"),
        ("title:(a)|b", "into one group"),
        ("title:NEAR(a b, 5)|c", "into one group"),
        ("a )", "nothing is open"),
        ("()", "nothing in these"),
        ("-", "missing after this"),
        ("!!!", "nothing to look for"),
        ("/(/", "regular expression"),
        ("/abc", "never closed"),
        ("since:soon", "24h"),
        ("title:", "missing after title:"),
        ("title:(feed:x)", "inside another"),
        ("NEAR(a, 5)", "two or more"),
        ("size>3", "only copies"),
        ("feed:ab*", "words only"),
        ("site:\"://\"", "no host"),
        ("site:www.", "no host"),
        ("site:\"a b\"", "no host"),
        ("feed:\"—\"", "nothing to look for"),
        ("author:!", "nothing to look for"),
        ("title:\"\u{301}\"", "nothing to look for"),
        ("NEAR(a - b, 5)", "nothing to look for"),
        ("tag:\" \"", "is empty"),
        ("url:\"\"", "is empty"),
        ("lang:\"\"", "is empty"),
        ("//", "nothing between"),
        ("tag://i", "nothing between"),
    ] {
        let e = parse(text).unwrap_err().to_string();
        assert!(e.contains(part), "{text}: {e}");
    }
}

#[test]
fn sec_15_depth_length_and_regex_size_are_bounded() {
    assert!(parse(&"(".repeat(5000)).is_err());
    assert!(parse(&"-".repeat(5000)).is_err());
    assert!(parse(&"a ".repeat(50_000)).is_err());
    assert!(parse("/(a{1000}){1000}/").is_err());
}

#[test]
fn sec_21_every_kind_of_cost_has_one_limit_and_a_caret_where_it_is_passed() {
    let many = |one: &str, n: usize| format!("{one} ").repeat(n);
    for (within, beyond, what) in [
        (many("boat", 1000), many("boat", 1001), "too many words"),
        (
            many("lang:en", 1000),
            many("lang:en", 1001),
            "too many words",
        ),
        (
            format!("\"{}\"", many("a", 1000)),
            format!("\"{}\"", many("a", 1001)),
            "too many words",
        ),
        (
            many("nuclear*", 100),
            many("nuclear*", 101),
            "too many prefixes",
        ),
        (
            many("NEAR(a b, 1)", 32),
            many("NEAR(a b, 1)", 33),
            "too many NEAR",
        ),
        (
            format!("NEAR({}, 1)", many("a", 16)),
            format!("NEAR({}, 1)", many("a", 17)),
            "in this NEAR",
        ),
        (many("/a/", 32), many("url:/a/", 33), "too many regular"),
        (many("/[a-z]{3}\\d/", 10), many("/\\w{10}/", 4), "too large"),
    ] {
        assert!(parse(&within).is_ok(), "{what}: {:?}", parse(&within));
        let e = parse(&beyond).unwrap_err();
        let told = e.render("q");
        assert!(
            told.contains(what) && told.lines().count() == 3,
            "{what}: {told}"
        );
        assert!(
            e.errors()[0].span.end > beyond.len() / 2,
            "{what}: where it is passed"
        );
    }
}

#[test]
fn an_error_shows_a_window_around_its_place() {
    let words = format!("{} ", "boat".repeat(15)).repeat(490);
    let e = parse(&format!("{words}titel:x {words}")).unwrap_err();
    let told = e.render("q");
    assert!(told.len() < 1000, "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let caret = lines[2].chars().position(|c| c == '^').unwrap();
    let below: String = lines[1].chars().skip(caret).take(5).collect();
    assert_eq!(
        (below.as_str(), lines[2].matches('^').count()),
        ("titel", 5)
    );
    assert!(lines[1].starts_with("  …") && lines[1].ends_with('…'));
    // One mistake that is all of a long text, and very many of them.
    let told = parse(&"x".repeat(64 << 10).replace('x', "!"))
        .unwrap_err()
        .render("q");
    assert!(told.len() < 1000, "{told}");
    let told = parse(&")".repeat(50_000)).unwrap_err().render("q");
    assert!(
        told.len() < 5000 && told.lines().count() == 3 * ERRORS_MAX,
        "{told}"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,60}") {
        if let Err(e) = parse(&text) {
            prop_assert!(!e.errors().is_empty());
            let _ = e.render("x");
        }
    }

    #[test]
    fn soup_of_tokens_is_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec!["(", ")", "-", "OR", "AND", "NOT", "\"", "a", "title:", "/", "*", "NEAR(",
                ",", "|", "||", "&&", "&", " ", "lang:", "5", "copies", ">=", "since:7d", "東", "🚀", "🚀a"]), 0..14)
    ) {
        let text = words.concat();
        if let Ok(expr) = parse(&text) {
            prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
        }
    }
}
