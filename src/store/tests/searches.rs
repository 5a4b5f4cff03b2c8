//! Searches and pages: the same answer by every way, without gap or repeat, and an end when they are stopped.

use super::*;

#[test]
fn search_and_the_evaluator_say_the_same() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let texts = [
        ("Ukraine talks go on", "The armed forces held the line."),
        ("Sport: the cup", "Ukraine won the cup in Kyiv."),
        (
            "Nuclear plant",
            "Émigrés spoke of defence and nuclear power.",
        ),
        ("Weather", "Armed with forces of nature, the storm came."),
    ];
    let drafts = texts
        .iter()
        .enumerate()
        .map(|(n, (title, body))| draft("a.example", n, title, body))
        .collect();
    house.poll(feed, drafts);
    for (expr, found) in [
        ("ukraine", vec!["Sport: the cup", "Ukraine talks go on"]),
        ("title:ukraine -sport", vec!["Ukraine talks go on"]),
        ("\"armed forces\"", vec!["Ukraine talks go on"]),
        ("emigres", vec!["Nuclear plant"]),
        ("nucl*", vec!["Nuclear plant"]),
        ("NEAR(armed nature, 5)", vec!["Weather"]),
        ("/won the c.p/", vec!["Sport: the cup"]),
        ("site:a.example -ukraine", vec!["Nuclear plant", "Weather"]),
        ("defence OR storm", vec!["Nuclear plant", "Weather"]),
        ("feed:b.example", vec![]),
    ] {
        let mut titles: Vec<String> = house
            .stories(expr)
            .into_iter()
            .map(|s| s.content.title)
            .collect();
        titles.sort();
        assert_eq!(titles, found, "{expr}");
    }
}

#[test]
fn a_search_for_what_few_articles_have_finds_the_same_as_any() {
    let house = House::new();
    let (many, other) = (house.subscribe("a.example"), house.subscribe("b.example"));
    house.topics(&[("sea", "boats"), ("late", "feed:b.example")]);
    let written = |host, n, language: &str| Draft {
        language: Some(language.to_owned()),
        ..draft(host, n, &format!("Boats {n}"), "Boats come.")
    };
    let all = narrow::FEW + 1;
    house.poll(
        many,
        (0..all).map(|n| written("a.example", n, "en")).collect(),
    );
    let tags = ["uk", "pt-BR", "ptx", "PT"].into_iter().enumerate();
    house.poll(
        other,
        tags.map(|(n, tag)| written("b.example", all + n, tag))
            .collect(),
    );
    let few = |source: &str| {
        let now = house.clock.now();
        let plan = query::plan::index_plan(&query::parse(source).unwrap(), now);
        let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
        match narrow::among(&conn, &plan, now, &Stop::default()).unwrap() {
            narrow::Among::Articles(rows) => Some(rows.len()),
            narrow::Among::Feeds(feeds) => Some(1000 * feeds.len()),
            narrow::Among::All => None,
        }
    };
    let matching = |source: &str| {
        let selection = Selection {
            expr: Some(query::parse(source).unwrap()),
            now: house.clock.now(),
            ..Selection::default()
        };
        house.store.reads().articles(&selection).unwrap().len()
    };
    for (source, expected, matches) in [
        ("lang:uk", Some(1), 1),
        ("lang:pt", Some(2), 2),
        ("lang:xx", Some(0), 0),
        ("lang:en", None, all),
        ("feed:b.example", Some(4), 4),
        ("feed:nowhere", Some(0), 0),
        ("feed:a.example", Some(1000), all),
        ("tag:none", Some(0), 0),
        ("topic:late", Some(4), 4),
        ("topic:sea", None, all + 4),
        ("topic:none", Some(0), 0),
        ("words>=1", None, all + 4),
    ] {
        assert_eq!(few(source), expected, "{source}");
        assert_eq!(matching(source), matches, "{source}");
        assert_eq!(matching(&format!("boats {source}")), matches, "{source}");
        assert_eq!(matching(&format!("ships {source}")), 0, "{source}");
    }
}

#[test]
fn pages_of_the_river_have_neither_gap_nor_repeat() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let body = |n: usize| format!("Report {n} tells of {n} boats.");
    let drafts = (0..25)
        .map(|n| draft("a.example", n, &format!("Report {n}"), &body(n)))
        .collect();
    house.poll(feed, drafts);
    let all: Vec<_> = house.river().iter().map(|s| s.id).collect();
    assert_eq!(all.len(), 25);
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = Selection {
            before,
            limit: Some(7),
            ..Selection::default()
        };
        let page = house.store.reads().stories(&page).unwrap();
        let Some(last) = page.last() else { break };
        before = Some(RiverPlace {
            arrived: last.arrived,
            story: last.id,
        });
        paged.extend(page.iter().map(|s| s.id));
        house.poll(
            feed,
            vec![draft("a.example", 100 + paged.len(), "New", "Newer.")],
        );
    }
    assert_eq!(paged, all);
}

#[test]
fn sec_21_a_search_that_is_stopped_gives_up_wherever_it_is() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten boats.")]);
    for source in ["boats", "/b.at/", "bo*", "-ships", "copies>=1"] {
        let selection = Selection {
            expr: Some(query::parse(source).unwrap()),
            ..Selection::default()
        };
        let stop = Stop::after(MINUTE);
        let reads = house.store.reads().stopping(stop.clone());
        assert_eq!(reads.stories(&selection).unwrap().len(), 1, "{source}");
        stop.cancel();
        let e = reads.stories(&selection).unwrap_err();
        assert!(matches!(e, StoreError::Busy(_)), "{source}: {e}");
        let late = house.store.reads().stopping(Stop::after(Duration::ZERO));
        assert!(late.articles(&selection).is_err(), "{source}");
        assert_eq!(house.store.reads().articles(&selection).unwrap().len(), 1);
    }
}

#[test]
fn a_hundred_exclusions_are_one_query() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten boats.")]);
    let exclusions: Vec<String> = (0..900).map(|n| format!("-w{n}")).collect();
    assert_eq!(
        house
            .stories(&format!("boats {}", exclusions.join(" ")))
            .len(),
        1
    );
    let either = exclusions.join(" OR ").replace('-', "");
    assert_eq!(house.stories(&format!("boats OR {either}")).len(), 1);
}
