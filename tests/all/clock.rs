//! ET-22, ET-24, REL-07: whatever is done to the machine's clock, and however long it slept, no feed is asked sooner or
//! much later than it would have been, and nothing comes in a burst.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use newswire::ingest::scheduler::SchedulerStatus;
use newswire::model::Time;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::support::process::eventually;
use crate::support::{House, Internet, Item, Reply, rss};

const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A house of `n` well-behaved feeds on hosts of their own, each polled once.
async fn polled(n: usize) -> (Internet, House) {
    let net = Internet::start().await;
    let host = |n: usize| format!("h{n}.example");
    for n in 0..n {
        let feed = rss("News", &[Item::numbered(&host(n), 1)]);
        net.document(
            &host(n),
            "/feed",
            Reply::feed(feed)
                .header("ETag", "\"1\"")
                .header("Cache-Control", "max-age=7200"),
        );
    }
    let house = House::new(&net);
    let urls: Vec<String> = (0..n).map(|n| format!("http://{}/feed", host(n))).collect();
    house.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(house.pass_due().await.fetched, n);
    (net, house)
}

fn waits(house: &House) -> Vec<Duration> {
    let now = house.clock.now();
    let feeds = house.feeds();
    feeds
        .iter()
        .map(|f| f.next_poll.unwrap().since(now))
        .collect()
}

async fn jump(house: &House, to: impl Fn(Time) -> Time) {
    house.clock.set(to(house.clock.now()));
    house.ingest.follow_clock().await.unwrap();
}

#[tokio::test]
async fn et_24_rel_07_a_clock_set_on_or_back_changes_no_wait() {
    let (net, house) = polled(5).await;
    let before = waits(&house);
    assert!(before.iter().all(|w| *w >= Duration::from_secs(7200)));
    for by in [DAY, YEAR] {
        jump(&house, |now| now.plus(by)).await;
        assert_eq!(waits(&house), before, "set on by {by:?}");
        assert_eq!(house.pass_due().await.feeds, 0);
        assert!(
            house
                .pass()
                .await
                .skipped_feeds
                .iter()
                .all(|s| s.reason.contains("max-age"))
        );
        jump(&house, |now| now.minus(by)).await;
        jump(&house, |now| now.minus(by)).await;
        assert_eq!(waits(&house), before, "set back by {by:?}");
        jump(&house, |now| now.plus(by)).await;
    }
    assert_eq!(net.log().len(), 5, "nobody was asked a second time");
    let detail = house
        .store
        .reads()
        .feed(house.feeds()[0].row)
        .unwrap()
        .unwrap();
    assert!(
        detail
            .why_next
            .unwrap()
            .to_string()
            .contains("the machine's clock was set")
    );
    house.hours(26);
    assert_eq!(house.pass_due().await.not_modified, 5, "and time goes on");
}

#[tokio::test]
async fn rel_07_a_small_step_moves_nothing_and_many_add_up() {
    let (_net, house) = polled(1).await;
    let before = waits(&house);
    for _ in 0..3 {
        jump(&house, |now| now.plus(Duration::from_secs(25))).await;
    }
    assert_eq!(
        waits(&house),
        before,
        "a minute and a quarter, in three steps"
    );
}

#[tokio::test]
async fn rel_07_a_clock_that_was_set_back_while_nobody_looked_stalls_nothing() {
    let (net, house) = polled(3).await;
    let longest = *waits(&house).iter().max().unwrap();
    house.clock.set(house.clock.now().minus(YEAR));
    house.clock.follow();
    let house = house.again(&net);
    house.ingest.follow_clock().await.unwrap();
    assert!(
        waits(&house)
            .iter()
            .all(|w| *w <= longest && *w >= Duration::from_secs(3600))
    );
    assert!(
        house
            .feeds()
            .iter()
            .all(|f| f.last_poll.unwrap() <= house.clock.now())
    );
}

#[tokio::test]
async fn et_22_after_a_week_asleep_the_feeds_come_one_after_the_other() {
    let (_net, house) = polled(120).await;
    house.clock.advance(DAY * 7);
    house.ingest.follow_clock().await.unwrap();
    let due = |house: &House| waits(house).iter().filter(|w| w.is_zero()).count();
    assert_eq!(due(&house), 120, "time that passed is no jump");
    // What the scheduler does at its first look after a gap.
    assert_eq!(house.store.spread_overdue(house.clock.now()).unwrap(), 120);
    assert!(due(&house) <= 1);
    for second in 1..120 {
        house.clock.advance(Duration::from_secs(1));
        assert!(due(&house) <= second + 1, "at most one a second");
    }
    assert!(*waits(&house).iter().max().unwrap() <= Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn et_22_et_24_the_scheduler_sends_nobody_off_in_a_burst_after_sleep_or_a_jump() {
    let (net, house) = polled(60).await;
    house.clock.advance(DAY * 7);
    let cancel = CancellationToken::new();
    let looks = Arc::new(AtomicUsize::new(0));
    let (_sender, requests) = mpsc::channel(1);
    let running = {
        let (ingest, cancel) = (Arc::clone(&house.ingest), cancel.clone());
        let looks = Arc::clone(&looks);
        tokio::spawn(async move {
            let report = move |_: SchedulerStatus<'_>| {
                looks.fetch_add(1, Ordering::SeqCst);
            };
            ingest.run(cancel, requests, &report).await
        })
    };
    let three_looks = || {
        let enough = looks.load(Ordering::SeqCst) + 3;
        eventually("three looks", || {
            (looks.load(Ordering::SeqCst) >= enough).then_some(())
        });
    };
    let asked = || net.log().len() - 60;
    three_looks();
    assert!(asked() <= 1, "started after a week: {}", asked());
    house.clock.advance(DAY * 7);
    three_looks();
    assert!(asked() <= 2, "asleep for a week: {}", asked());
    let before = asked();
    house.clock.set(house.clock.now().plus(YEAR));
    three_looks();
    house.clock.set(house.clock.now().minus(YEAR));
    three_looks();
    assert_eq!(asked(), before, "the clock set on by a year, and back");
    cancel.cancel();
    running.await.unwrap().unwrap();
}
