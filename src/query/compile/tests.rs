//! Topics together match as each does alone.

use super::*;
use crate::query::{Text, eval, parse};
use proptest::prelude::*;

fn folded(title: &str, body: &str) -> Folded {
    Folded::of(&Text {
        title,
        body,
        ..Text::default()
    })
}

#[test]
fn topics_see_the_topics_before_them() {
    let set = TopicSet::new(vec![
        ("war".into(), parse("ukraine").unwrap()),
        ("talks".into(), parse("topic:war talks").unwrap()),
    ]);
    let text = folded("Ukraine: talks go on", "");
    assert_eq!(set.evaluate(&text, &Facts::default(), Time::EPOCH), [0, 1]);
}

#[test]
fn words_match_on_boundaries_without_case_and_diacritics() {
    let yes = |expr: &str, title: &str| {
        eval::matches(
            &parse(expr).unwrap(),
            &folded(title, ""),
            &Facts::default(),
            Time::EPOCH,
        )
    };
    assert!(yes("KYIV", "Kyïv's mayor"));
    assert!(!yes("art", "The start"));
    assert!(yes("star*", "The start"));
    assert!(yes("\"armed forces\"", "Armed-Forces day"));
    assert!(!yes("\"armed forces\"", "armed police forces"));
    assert!(yes("京都", "東京都の話"));
    assert!(yes("NEAR(red fox, 2)", "a fox, quick and red"));
    assert!(!yes("NEAR(red fox, 1)", "a fox, quick and red"));
    assert!(yes("/qu.ck/", "a quick one") && !yes("/QUICK/", "a quick one"));
}

#[test]
fn text_matches_decide_without_the_text() {
    let sources = [
        "/b.at/ copies>=2",
        "lang:en -/b.at/",
        "NEAR(ten boat, 3) OR feed:argus",
        "-boat",
    ];
    let topics = sources.iter().map(|s| ((*s).to_owned(), parse(s).unwrap()));
    let set = TopicSet::new(topics.collect());
    let text_matches = set.match_text(&folded("Ten", "boat"));
    let facts = |copies, language: &str, feed: &str| Facts {
        copies,
        language: Some(language.to_owned()),
        feed_title: feed.to_owned(),
        ..Facts::default()
    };
    let decided = |facts| set.match_facts(&text_matches, &facts, Time::EPOCH);
    assert!(decided(facts(1, "en", "Post")).is_empty());
    assert_eq!(decided(facts(2, "en", "Post")), [0]);
    assert_eq!(decided(facts(1, "en", "Argus")), [2]);
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "red",
        "fox",
        "\"red fox\"",
        "qu*",
        "title:red",
        "body:fox",
        "NEAR(red fox, 1)",
        "/r.d/",
        "words>=3",
        "lang:en",
        "copies>=2",
        "tag:news",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("-{a}")),
        ]
    })
}

proptest! {
    #[test]
    fn the_two_evaluators_agree(
        exprs in prop::collection::vec(expression(), 1..5),
        title in prop::collection::vec(prop::sample::select(vec!["red", "fox", "quick", "a"]), 0..5),
        body in prop::collection::vec(prop::sample::select(vec!["red", "fox", "quick", "a"]), 0..8),
        english in any::<bool>(),
    ) {
        let text = folded(&title.join(" "), &body.join(" "));
        let facts = Facts {
            language: english.then(|| "en".to_owned()),
            copies: 2,
            ..Facts::default()
        };
        let exprs: Vec<Expr> = exprs.iter().map(|e| parse(e).unwrap()).collect();
        let set = TopicSet::new(exprs.iter().map(|e| (String::new(), e.clone())).collect());
        let one_by_one: Vec<usize> = (0..exprs.len())
            .filter(|&i| eval::matches(&exprs[i], &text, &facts, Time::EPOCH))
            .collect();
        prop_assert_eq!(set.evaluate(&text, &facts, Time::EPOCH), one_by_one);
    }
}
