//! One language, one meaning: what the store finds by SQL and the word index, what the evaluator says of each article, and
//! what all topics compiled together say is what a naive evaluator says ([`crate::support::naive`]), for any expression over
//! any articles; and a topic holds the same, whether it was there first or the articles were.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use newswire::model::{ArticleView, Category, Draft, Person, Time, WebUrl};
use newswire::query::compile::TopicSet;
use newswire::query::{self, Expr, Facts, Folded, Text, eval};
use newswire::store::{FeedChange, Order, Selection};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::naive::{Article, Ask, Field};
use crate::support::store_fixture::{StoreFixture, draft};

/// Words that fold, break, begin like others, or stand in scripts without spaces.
const WORDS: [&str; 17] = [
    "red",
    "fox",
    "foxes",
    "Kyïv",
    "kyiv",
    "co-op",
    "U.S.",
    "naïve",
    "東京都",
    "大阪",
    "x",
    "REDS",
    "ann",
    "ﬁnal",
    "ＦＯＸ",
    "İstanbul",
    "Straße",
];

/// Words that signs join, or do not; with them every text is made.
const JOINED: [&str; 20] = [
    "Wi-Fi",
    "Co-op's",
    "U.S.-led",
    "U.S.S.R.",
    "Node.js",
    "O’Brien",
    "l'homme",
    "non-COVID-19",
    "3,000",
    "10.000-strong",
    "1'234'567km",
    "3-2",
    "3.5",
    "東京-red",
    "red-fox-x-ann-us",
    "Київ-Львів",
    "ﬁ-nal",
    "-red--fox-",
    "x.1,000",
    "https://red-fox.example",
];

/// Emoji, alone and in company.
const EMOJI: [&str; 6] = ["🚀", "🔥", "👍🏽", "❤️", "👩\u{200d}🚀", "🇺🇦🇫🇷"];

/// What is typed to find them.
const TYPED_JOINED: [&str; 24] = [
    "wifi",
    "wif",
    "coop",
    "coops",
    "us",
    "ussr",
    "nodejs",
    "obrien",
    "lhomme",
    "covid19",
    "noncovid19",
    "3000",
    "10000",
    "10000strong",
    "1234567",
    "32",
    "35",
    "redfox",
    "redfoxxann",
    "київльвів",
    "final",
    "x1000",
    "1000",
    "redfoxexample",
];

/// What an expression is made of. The clock stands at noon of 10 January 2030.
const LEAVES: [&str; 64] = [
    "red",
    "fox",
    "\"red fox\"",
    "\"kyiv red fox\"",
    "fo*",
    "red*",
    "\"red fo\"*",
    "x",
    "co-op",
    "coop",
    "us",
    "U.S.",
    "東京",
    "京都",
    "\"東京都 大阪\"",
    "NAIVE",
    "title:red",
    "body:fox",
    "title:(red OR kyiv)",
    "title:\"red fox\"",
    "author:ann",
    "author:\"ann red\"",
    "category:fox",
    "agency:x",
    "NEAR(red fox, 1)",
    "NEAR(red kyiv x, 3)",
    "title:NEAR(red fox, 0)",
    "/r.d/",
    "/RED/i",
    "title:/^red/",
    "feed:one.example",
    "feed:ONE",
    "tag:daily",
    "tag:news",
    "tag:\"news/world\"",
    "site:one.example",
    "url:two.example",
    "lang:en",
    "topic:seen",
    "since:2d",
    "until:2030-01-10",
    "copies>=2",
    "feeds<2",
    "words>=4",
    "title:f*",
    "body:\"red fo\"*",
    "author:an*",
    "category:NEAR(fox x, 2)",
    "agency:/^X$/i",
    "author:(ann OR red)",
    "feed:/^one/",
    "tag:/dai/i",
    "url:/two.example\\/[0-9]+$/",
    "lang:de",
    "copies=1",
    "copies>1",
    "feeds>=2",
    "words<=2",
    "words<3",
    "final",
    "istanbul",
    "STRASSE",
    "NOT straße",
    "fox*",
];

fn expression() -> impl Strategy<Value = String> {
    let leaf = select(&LEAVES[..]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} -{b})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

/// Anything that the language can ask, made of words as the articles have them and as people type them.
fn ask() -> impl Strategy<Value = Ask> {
    const TYPED: [&str; 10] = [
        "fo", "RE", "FOXES", "coop", "us", "京", "istanbul", "STRASSE", "Kyiv red", "final",
    ];
    const REGEXES: [&str; 8] = [
        "r.d",
        "^red",
        "fox$",
        "RED",
        "İ|京",
        r"[a-z]\.[a-z]",
        "^$",
        "s{2}",
    ];
    let field = || {
        select(vec![
            None,
            None,
            Some("title"),
            Some("body"),
            Some("author"),
            Some("category"),
            Some("agency"),
        ])
    };
    let typed = [
        &WORDS[..],
        &TYPED,
        &TYPED_JOINED,
        &TYPED_JOINED,
        &JOINED,
        &EMOJI,
    ]
    .concat();
    let word = || select(typed.clone()).prop_map(str::to_owned);
    let near_word =
        || select([&WORDS[..], &JOINED, &TYPED_JOINED].concat()).prop_map(str::to_owned);
    let words = (field(), prop::collection::vec(word(), 1..4), any::<bool>());
    let near = (
        field(),
        prop::collection::vec(near_word(), 2..4),
        0_usize..6,
    );
    let regex = (field(), select(&REGEXES[..]), any::<bool>());
    let leaf = prop_oneof![
        5 => words.prop_map(|(field, words, beginning): (Field, _, _)| Ask::Words(field, words, beginning)),
        1 => near.prop_map(|(field, words, distance): (Field, _, _)| Ask::Near(field, words, distance)),
        1 => regex.prop_map(|(field, source, ignore_case): (Field, _, _)| Ask::Regex(field, source, ignore_case)),
        3 => select(facts_asked()),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![
            list().prop_map(Ask::All),
            list().prop_map(Ask::Any),
            inner.clone().prop_map(|ask| Ask::Not(Box::new(ask))),
        ]
    })
}

/// Facts, and who has them on the fixture of [`fixture`].
fn facts_asked() -> Vec<Ask> {
    vec![
        Ask::Fact("feed:ONE", |a, _, _| a.feed.title == "one.example"),
        Ask::Fact("-feed:/^two/", |a, _, _| a.feed.title != "two.example"),
        Ask::Fact("tag:daily", |a, _, _| a.feed.title == "one.example"),
        Ask::Fact("tag:NEWS", |a, _, _| a.feed.title == "one.example"),
        Ask::Fact("tag:new", |_, _, _| false),
        Ask::Fact("site:example", |_, _, _| true),
        Ask::Fact("site:two.example", |a, _, _| a.feed.title == "two.example"),
        Ask::Fact("url:EXAMPLE/1", |a, _, _| {
            a.url.as_ref().is_some_and(|u| u.contains("example/1"))
        }),
        Ask::Fact("lang:en", |a, _, _| a.language.as_deref() == Some("en")),
        Ask::Fact("topic:seen", |a, _, _| a.topics.iter().any(|t| t == "seen")),
        Ask::Fact("since:2d", |a, _, now| {
            a.arrived >= now.minus(Duration::from_secs(2 * 86_400))
        }),
        Ask::Fact("until:2030-01-09", |a, _, _| {
            a.arrived.to_string().as_str() < "2030-01-09"
        }),
        Ask::Fact("copies>=2", |a, _, _| a.copies >= 2),
        Ask::Fact("feeds=1", |_, feeds, _| feeds == 1),
    ]
}

fn words(most: usize) -> impl Strategy<Value = String> {
    let any = [&WORDS[..], &JOINED, &EMOJI].concat();
    prop::collection::vec(select(any), 0..=most).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn article()(
        title in words(4),
        summary in words(4),
        body in words(8),
        author in prop::option::of(words(2)),
        category in prop::option::of(words(2)),
        agency in prop::option::of(words(1)),
        english in any::<bool>(),
        hours_ago in prop::option::of(0_u64..100),
    ) -> Draft {
        let now = Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap();
        let named = |name: String| Person { name: Some(name), ..Person::default() };
        let labelled = |term: String| Category { term, label: None, scheme: None };
        Draft {
            summary,
            authors: author.into_iter().map(named).collect(),
            categories: category.into_iter().map(labelled).collect(),
            agencies: agency.into_iter().collect(),
            language: english.then(|| "en".to_owned()),
            published: hours_ago.map(|h| now.minus(Duration::from_secs(h * 3600))),
            ..draft("one.example", 0, &title, &body)
        }
    }
}

/// Two feeds with these articles, by turns; every third of the second feed has the page of one of the first.
fn fixture(articles: Vec<Draft>) -> StoreFixture {
    let fixture = StoreFixture::new();
    fixture.topics(&[("seen", "red OR 大阪")]);
    let feeds = ["one.example", "two.example"].map(|host| fixture.subscribe(host));
    let filed = FeedChange {
        folder: Some("news/world".to_owned()),
        tags: Some(vec!["Daily".to_owned()]),
        ..FeedChange::default()
    };
    fixture.store.change_feed(feeds[0], filed).unwrap();
    let mut drafts = [Vec::new(), Vec::new()];
    for (n, article) in articles.into_iter().enumerate() {
        let host = ["one.example", "two.example"][n % 2];
        let page = WebUrl::parse(&format!("https://{host}/{n}")).unwrap();
        let shared = WebUrl::parse(&format!("https://one.example/{}", n - n % 2)).unwrap();
        drafts[n % 2].push(Draft {
            guid: Some(format!("{n}")),
            key: format!("guid:{n}"),
            canonical_url: Some(if n % 3 == 0 { shared } else { page.clone() }),
            url: Some(page),
            ..article
        });
    }
    for (feed, drafts) in feeds.into_iter().zip(drafts) {
        fixture.put(feed, drafts);
    }
    fixture
}

fn selection(fixture: &StoreFixture, expr: Option<&Expr>) -> Selection {
    Selection {
        expr: expr.cloned(),
        now: fixture.clock.now(),
        bodies: true,
        ..Selection::default()
    }
}

/// The articles of which the evaluator says yes, newest first.
fn evaluated(fixture: &StoreFixture, expr: &Expr) -> Vec<ArticleView> {
    let now = fixture.clock.now();
    let is_match =
        |(a, feeds): &(ArticleView, u64)| eval::matches(expr, &folded(a), &facts(a, *feeds), now);
    let all = stored(fixture).into_iter().filter(is_match);
    all.map(|(a, _)| a).collect()
}

/// Every article, newest first, and how many feeds carry its story.
fn stored(fixture: &StoreFixture) -> Vec<(ArticleView, u64)> {
    let all = fixture
        .store
        .reads()
        .articles(&selection(fixture, None))
        .unwrap();
    let mut feeds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for a in &all {
        let story = feeds.entry(a.story_id.to_string()).or_default();
        story.insert(a.feed_url.clone());
    }
    let count = |a: &ArticleView| feeds[&a.story_id.to_string()].len() as u64;
    all.into_iter().map(|a| (a.clone(), count(&a))).collect()
}

fn folded(a: &ArticleView) -> Folded {
    let authors: Vec<&str> = a.authors.iter().filter_map(|p| p.name.as_deref()).collect();
    let categories: Vec<&str> = a.categories.iter().map(|c| c.term.as_str()).collect();
    let agencies: Vec<&str> = a.agencies.iter().map(String::as_str).collect();
    Folded::of(&Text {
        title: &a.title,
        summary: &a.summary,
        body: a.content_text.as_deref().unwrap_or_default(),
        authors: &authors,
        categories: &categories,
        agencies: &agencies,
    })
}

fn facts(a: &ArticleView, feeds: u64) -> Facts {
    let host = |url: &String| WebUrl::parse(url).ok().map(|url| url.host().to_owned());
    Facts {
        feed_id: a.feed.id.to_string(),
        feed_title: a.feed.title.clone(),
        feed_url: a.feed_url.clone(),
        tags: a.tags.clone(),
        hosts: a.url.iter().chain(&a.feed.site).filter_map(host).collect(),
        url: a.url.clone(),
        language: a.language.clone(),
        arrived: a.arrived,
        copies: u64::from(a.copies),
        feeds,
        topics: a.topics.clone(),
    }
}

fn ids(articles: &[ArticleView]) -> Vec<String> {
    articles.iter().map(|a| a.id.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn store_and_evaluator_agree_on_every_expression(
        articles in prop::collection::vec(article(), 1..14),
        sources in prop::collection::vec(expression(), 1..12),
        limit in 1_usize..6,
    ) {
        let fixture = fixture(articles);
        let reads = fixture.store.reads();
        for source in &sources {
            let expr = query::parse(source).unwrap();
            let expected = evaluated(&fixture, &expr);
            let river = selection(&fixture, Some(&expr));
            prop_assert_eq!(ids(&reads.articles(&river).unwrap()), ids(&expected), "{}", source);
            let first = Selection { limit: Some(limit), ..river.clone() };
            let head = &expected[..expected.len().min(limit)];
            prop_assert_eq!(ids(&reads.articles(&first).unwrap()), ids(head), "{} limited", source);
            let best = Selection { order: Order::Best, ..river.clone() };
            let found: BTreeSet<String> = ids(&reads.articles(&best).unwrap()).into_iter().collect();
            let wanted: BTreeSet<String> = ids(&expected).into_iter().collect();
            prop_assert_eq!(found, wanted, "{} by rank", source);
            let stories: BTreeSet<_> = expected.iter().map(|a| a.story_id).collect();
            let found: Vec<_> = reads.stories(&river).unwrap().into_iter().map(|s| s.id).collect();
            prop_assert_eq!(found.len(), stories.len(), "{}: each story once", source);
            prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), stories, "{} stories", source);
        }
    }

    #[test]
    fn every_reading_of_an_expression_says_what_a_naive_one_says(
        articles in prop::collection::vec(article(), 1..14),
        asks in prop::collection::vec(ask(), 1..10),
    ) {
        let fixture = fixture(articles);
        let (now, all) = (fixture.clock.now(), stored(&fixture));
        let mut topics = vec![("seen".to_owned(), query::parse("red OR 大阪").unwrap())];
        for (n, ask) in asks.iter().enumerate() {
            let expr = query::parse(&ask.written()).unwrap();
            let read_again = query::parse(&expr.to_string());
            prop_assert_eq!(read_again.as_ref(), Ok(&expr), "written and read again");
            topics.push((format!("t{n}"), expr));
        }
        let together = TopicSet::new(topics.clone());
        let found: Vec<Vec<usize>> =
            all.iter().map(|(a, feeds)| together.evaluate(&folded(a), &facts(a, *feeds), now)).collect();
        for (n, ask) in asks.iter().enumerate() {
            let (_, expr) = &topics[n + 1];
            let naive = all.iter().filter(|(view, feeds)| ask.is_true_of(&Article { view, feeds: *feeds }, now));
            let naive: Vec<String> = naive.map(|(a, _)| a.id.to_string()).collect();
            prop_assert_eq!(ids(&evaluated(&fixture, expr)), naive.clone(), "the evaluator: {}", expr);
            let compiled = all.iter().zip(&found).filter(|(_, found)| found.contains(&(n + 1)));
            let compiled: Vec<String> = compiled.map(|((a, _), _)| a.id.to_string()).collect();
            prop_assert_eq!(compiled, naive.clone(), "topics: {}", expr);
            let river = selection(&fixture, Some(expr));
            prop_assert_eq!(ids(&fixture.store.reads().articles(&river).unwrap()), naive, "the store: {}", expr);
        }
    }

    #[test]
    fn topics_hold_what_their_expressions_find_whichever_was_there_first(
        before in prop::collection::vec(article(), 1..10),
        sources in prop::collection::vec(expression(), 1..5),
    ) {
        let fixture = fixture(before);
        let names = ["t0", "t1", "t2", "t3"].into_iter();
        let mut topics: Vec<(&str, &str)> =
            names.zip(&sources).map(|(name, source)| (name, source.as_str())).collect();
        topics.push(("seen", "red OR 大阪"));
        fixture.topics(&topics);
        let agree = |when: &str| {
            for (name, source) in topics.iter().filter(|(name, _)| *name != "seen") {
                let of_topic = Selection { topic: Some((*name).to_owned()), ..selection(&fixture, None) };
                let members = ids(&fixture.store.reads().articles(&of_topic).unwrap());
                let expr = query::parse(source).unwrap();
                prop_assert_eq!(members, ids(&evaluated(&fixture, &expr)), "{} {}", source, when);
            }
            Ok(())
        };
        agree("told anew")?;
        // What comes now is tagged as it is written.
        let feed = fixture.subscribe("three.example");
        let drafts = ["red fox", "x 大阪 naive", "Kyiv kyiv red"].iter().enumerate();
        let drafts = drafts.map(|(n, text)| draft("three.example", 100 + n, text, text)).collect();
        fixture.put(feed, drafts);
        agree("told at once")?;
    }
}
