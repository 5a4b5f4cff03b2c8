//! Subscriptions: their titles, and what stays of a feed that was unsubscribed.

use super::*;

#[test]
fn unsubscribing_keeps_the_articles_and_status_counts() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let status = house.store.reads().status(house.clock.now()).unwrap();
    assert_eq!((status.feeds, status.articles, status.stories), (1, 1, 1));
    let detail = house.store.reads().feed(feed).unwrap().unwrap();
    assert_eq!(detail.feed.articles, 1);
    assert_eq!(detail.polls.len(), 1);
    assert_eq!(detail.validators.len(), 1);
    let overview = house.store.reads().overview(house.clock.now()).unwrap();
    assert_eq!(overview.status, status);
    assert_eq!(overview.articles_daily.iter().sum::<u64>(), 1);
    assert_eq!(overview.joined_daily.iter().sum::<u64>(), 0);
    let host = detail.host.unwrap();
    assert_eq!((host.feeds, host.next_poll.is_some()), (1, true));
    assert_eq!(
        overview.hosts,
        [host],
        "a host is told alike by its feed and in the overview"
    );
    house.store.unsubscribe(feed).unwrap();
    assert_eq!(house.store.reads().feeds().unwrap(), []);
    assert_eq!(house.river().len(), 1);
}

#[test]
fn a_feed_has_one_title_wherever_it_is_shown() {
    let house = House::new();
    let feed = NewFeed {
        url: url("https://a.example/feed"),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    };
    let feed = house.store.subscribe(vec![feed]).unwrap()[0].row;
    let titles = || {
        let listed = house.store.reads().feeds().unwrap().remove(0).title;
        (listed, house.river().remove(0).content.feed.title)
    };
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let host = || "a.example".to_owned();
    assert_eq!(titles(), (host(), host()), "untitled: by its host");
    let mut named = house.commit_of(house.claim(feed), Vec::new());
    named.document.as_mut().unwrap().title = Some("The Argus".to_owned());
    house.store.commit(house.store.prepare(named)).unwrap();
    let argus = || "The Argus".to_owned();
    assert_eq!(titles(), (argus(), argus()));
    let mut nameless = house.commit_of(house.claim(feed), Vec::new());
    nameless.document.as_mut().unwrap().title = Some(String::new());
    house.store.commit(house.store.prepare(nameless)).unwrap();
    assert_eq!(titles(), (argus(), argus()), "an empty title names nothing");
}
