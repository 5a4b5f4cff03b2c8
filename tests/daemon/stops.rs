//! What stops half-way: by a signal, or because the store takes nothing. Nothing is asked twice, nothing is lost.

use std::time::Duration;

use newswire::clock::Clock;
use newswire::store::ClaimScope;
use tokio_util::sync::CancellationToken;

use crate::support::cli_home::{CliHome, NOW, subscribe, time};
use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const HOST: &str = "slow.example";

#[tokio::test]
async fn et_21_a_stopped_pass_gives_back_what_it_has_not_asked_and_only_that() {
    let net = Internet::start().await;
    let paths = ["/a", "/b", "/c"];
    for path in paths {
        let feed = rss("Slow", &[Item::numbered(HOST, 1)]);
        let drip = Framing::Drip(Duration::from_secs(1));
        net.always(HOST, path, Reply::feed(feed).framing(drip));
    }
    let app = EndToEnd::new(&net);
    app.subscribe(
        &paths
            .map(|path| format!("http://{HOST}{path}"))
            .each_ref()
            .map(String::as_str),
    );
    let due = || {
        let reads = app.store.reads();
        reads
            .claimable(app.clock.now(), &ClaimScope::Due)
            .unwrap()
            .0
            .len()
    };
    let cancel = CancellationToken::new();
    let pass = {
        let (ingest, cancel) = (app.ingest.clone(), cancel.clone());
        tokio::spawn(async move { ingest.pass(ClaimScope::Due, &cancel, &|_| {}).await })
    };
    while net.log().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(due(), 0, "all are claimed");
    cancel.cancel();
    let report = pass.await.unwrap().unwrap();
    assert_eq!((report.fetched, report.failed), (0, 0));
    assert_eq!(net.log().len(), 1, "one request at a time to a host");
    assert_eq!(
        due(),
        2,
        "those that waited for their turn are due as before"
    );
    let asked = app
        .feeds()
        .into_iter()
        .find(|f| f.next_poll > Some(app.clock.now()));
    assert!(
        net.log()[0]
            .request
            .path
            .ends_with(asked.unwrap().url.rsplit('/').next().unwrap())
    );
}

#[test]
fn fetch_says_that_it_is_busy_when_another_process_polls_all_it_was_to_ask() {
    let home = CliHome::empty();
    let store = home.store(&Clock::manual(time(NOW)));
    subscribe(&store, "a.example", "A");
    subscribe(&store, "b.example", "B");
    let (claims, _) = store.claim(time(NOW), ClaimScope::Due, 1).unwrap();
    assert_eq!(claims.len(), 1);
    let one = home.run(&["fetch", claims[0].url.as_str()]);
    one.exits(75);
    assert!(one.err.contains("another newswire"), "{}", one.err);
    home.run(&["fetch", claims[0].url.as_str(), "--json"])
        .exits(75);
    store.give_back(&claims[0]).unwrap();
    home.run(&["pause", "a.example"]).exits(0);
    home.run(&["pause", "b.example"]).exits(0);
    home.run(&["fetch", "--all"]).exits(0);
}
