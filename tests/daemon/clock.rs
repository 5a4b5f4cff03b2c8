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
use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// An app of `n` well-behaved feeds on hosts of their own, each polled once.
async fn polled(n: usize) -> (Internet, EndToEnd) {
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
    let app = EndToEnd::new(&net);
    let urls: Vec<String> = (0..n).map(|n| format!("http://{}/feed", host(n))).collect();
    app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(app.pass_due().await.fetched, n);
    (net, app)
}

fn waits(app: &EndToEnd) -> Vec<Duration> {
    let now = app.clock.now();
    let feeds = app.feeds();
    feeds
        .iter()
        .map(|f| f.next_poll.unwrap().since(now))
        .collect()
}

async fn jump(app: &EndToEnd, to: impl Fn(Time) -> Time) {
    app.clock.set(to(app.clock.now()));
    app.ingest.follow_clock().await.unwrap();
}

#[tokio::test]
async fn et_24_rel_07_a_clock_set_on_or_back_changes_no_wait() {
    let (net, app) = polled(5).await;
    let before = waits(&app);
    assert!(before.iter().all(|w| *w >= Duration::from_secs(7200)));
    for by in [DAY, YEAR] {
        jump(&app, |now| now.plus(by)).await;
        assert_eq!(waits(&app), before, "set on by {by:?}");
        assert_eq!(app.pass_due().await.feeds, 0);
        assert!(
            app.pass()
                .await
                .skipped_feeds
                .iter()
                .all(|s| s.reason.contains("max-age"))
        );
        jump(&app, |now| now.minus(by)).await;
        jump(&app, |now| now.minus(by)).await;
        assert_eq!(waits(&app), before, "set back by {by:?}");
        jump(&app, |now| now.plus(by)).await;
    }
    assert_eq!(net.log().len(), 5, "nobody was asked a second time");
    let detail = app.store.reads().feed(app.feeds()[0].row).unwrap().unwrap();
    assert!(
        detail
            .why_next
            .unwrap()
            .to_string()
            .contains("the machine's clock was set")
    );
    app.hours(26);
    assert_eq!(app.pass_due().await.not_modified, 5, "and time goes on");
}

#[tokio::test]
async fn rel_07_a_small_step_moves_nothing_and_many_add_up() {
    let (_net, app) = polled(1).await;
    let before = waits(&app);
    for _ in 0..3 {
        jump(&app, |now| now.plus(Duration::from_secs(25))).await;
    }
    assert_eq!(
        waits(&app),
        before,
        "a minute and a quarter, in three steps"
    );
}

#[tokio::test]
async fn rel_07_a_clock_that_was_set_back_while_nobody_looked_stalls_nothing() {
    let (net, app) = polled(3).await;
    let longest = *waits(&app).iter().max().unwrap();
    app.clock.set(app.clock.now().minus(YEAR));
    app.clock.follow();
    let app = app.again(&net);
    app.ingest.follow_clock().await.unwrap();
    assert!(
        waits(&app)
            .iter()
            .all(|w| *w <= longest && *w >= Duration::from_secs(3600))
    );
    assert!(
        app.feeds()
            .iter()
            .all(|f| f.last_poll.unwrap() <= app.clock.now())
    );
}

#[tokio::test]
async fn et_22_after_a_week_asleep_the_feeds_come_one_after_the_other() {
    let (_net, app) = polled(120).await;
    app.clock.advance(DAY * 7);
    app.ingest.follow_clock().await.unwrap();
    let due = |app: &EndToEnd| waits(app).iter().filter(|w| w.is_zero()).count();
    assert_eq!(due(&app), 120, "time that passed is no jump");
    // What the scheduler does at its first look after a gap.
    assert_eq!(app.store.spread_overdue(app.clock.now()).unwrap(), 120);
    assert!(due(&app) <= 1);
    for second in 1..120 {
        app.clock.advance(Duration::from_secs(1));
        assert!(due(&app) <= second + 1, "at most one a second");
    }
    assert!(*waits(&app).iter().max().unwrap() <= Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn et_22_et_24_the_scheduler_sends_nobody_off_in_a_burst_after_sleep_or_a_jump() {
    let (net, app) = polled(60).await;
    app.clock.advance(DAY * 7);
    let cancel = CancellationToken::new();
    let looks = Arc::new(AtomicUsize::new(0));
    let (_sender, requests) = mpsc::channel(1);
    let running = {
        let (ingest, cancel) = (Arc::clone(&app.ingest), cancel.clone());
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
    app.clock.advance(DAY * 7);
    three_looks();
    assert!(asked() <= 2, "asleep for a week: {}", asked());
    let before = asked();
    app.clock.set(app.clock.now().plus(YEAR));
    three_looks();
    app.clock.set(app.clock.now().minus(YEAR));
    three_looks();
    assert_eq!(asked(), before, "the clock set on by a year, and back");
    cancel.cancel();
    running.await.unwrap().unwrap();
}
