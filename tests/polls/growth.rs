//! What a feed makes up anew at every poll (hosts that it leads to, archive pages) does not make the store grow for as long
//! as the feed is subscribed (SEC-12).

use rusqlite::Connection;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const HOST: &str = "news.example";
const POLLS: usize = 80;

fn rows(app: &EndToEnd, table: &str) -> i64 {
    let db = Connection::open(app.db()).unwrap();
    let count = format!("SELECT count(*) FROM {table}");
    db.query_row(&count, [], |r| r.get(0)).unwrap()
}

#[tokio::test]
async fn sec_12_hosts_that_a_feed_led_to_are_forgotten_when_they_ask_for_nothing_any_more() {
    let net = Internet::start().await;
    let host = |n: usize| format!("h{n}.elsewhere{n}.example");
    for n in 0..POLLS {
        let busy = Reply::status(429).header("Retry-After", "7200");
        net.always(&host(n), "/", busy);
    }
    net.always(HOST, "/feed", Reply::redirect(302, "/"));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://news.example/feed"]);
    for n in 0..POLLS {
        let to = format!("http://{}/", host(n));
        net.always(HOST, "/feed", Reply::redirect(302, &to));
        app.pass().await;
        app.hours(24 * 8);
    }
    assert!(rows(&app, "hosts") > 1, "their words hold for a while");
    app.store.prune(None, 10_000, false).unwrap();
    assert_eq!(rows(&app, "hosts"), 1);
}

#[tokio::test]
async fn sec_12_a_feed_with_another_archive_page_at_every_poll_has_a_bounded_number_noted() {
    let net = Internet::start().await;
    let news = |n: usize| {
        let items = [2 * n, 2 * n + 1].map(|n| Item::numbered(HOST, n));
        let link = format!(
            "<channel><link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"prev-archive\" href=\"/old/{n}\"/>"
        );
        Reply::feed(rss("News", &items).replacen("<channel>", &link, 1))
    };
    net.always(HOST, "/feed", news(0));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://news.example/feed"]);
    for n in 0..POLLS {
        net.always(HOST, "/feed", news(n));
        app.pass().await;
        app.hours(2);
    }
    let asked = net.log();
    let asked = asked.iter().filter(|s| s.request.path.starts_with("/old/"));
    assert_eq!(asked.count(), POLLS - 1);
    assert!(rows(&app, "archives") <= 64, "{}", rows(&app, "archives"));
    let last = format!("/old/{}", POLLS - 1);
    net.always(HOST, "/feed", news(POLLS - 1));
    app.hours(2);
    app.pass().await;
    let again = net.log().iter().filter(|s| s.request.path == last).count();
    assert_eq!(again, 1, "the last one is known");
}
