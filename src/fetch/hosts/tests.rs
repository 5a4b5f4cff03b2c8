//! Permits, spacing and backoff of hosts.

use super::*;
use tokio::time::advance;

const S: Duration = Duration::from_secs(1);

fn hosts(concurrency: usize, delay: Duration) -> Hosts {
    Hosts::new(
        concurrency,
        1,
        delay,
        vec![("reddit.com".to_owned(), 60 * S)],
    )
}

#[tokio::test(start_paused = true)]
async fn et_45_two_seconds_between_starts_to_one_host() {
    let hosts = hosts(8, 2 * S);
    let t0 = Instant::now();
    for expected in [0, 2, 4] {
        drop(hosts.acquire("a.example").await.unwrap());
        assert_eq!(t0.elapsed().as_secs(), expected);
    }
    drop(hosts.acquire("b.example").await.unwrap());
    assert_eq!(t0.elapsed().as_secs(), 4, "another host does not wait");
}

#[tokio::test(start_paused = true)]
async fn et_45_slow_hosts_wait_a_minute() {
    let hosts = hosts(8, 2 * S);
    let t0 = Instant::now();
    drop(hosts.acquire("www.reddit.com").await.unwrap());
    drop(hosts.acquire("www.reddit.com").await.unwrap());
    assert_eq!(t0.elapsed().as_secs(), 60);
    assert_eq!(hosts.normal_spacing("notreddit.com"), 2 * S);
    assert_eq!(hosts.normal_spacing("reddit.com"), 60 * S);
}

#[tokio::test(start_paused = true)]
async fn et_45_one_request_in_flight_per_host() {
    let hosts = Arc::new(hosts(8, Duration::ZERO));
    let first = hosts.acquire("a.example").await.unwrap();
    let second = tokio::time::timeout(10 * S, hosts.acquire("a.example")).await;
    assert!(second.is_err(), "the second waits for the first");
    assert_eq!(hosts.stats()[0].in_flight, 1);
    drop(first);
    assert!(hosts.acquire("a.example").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_limited_over_all_hosts() {
    let hosts = hosts(1, Duration::ZERO);
    let first = hosts.acquire("a.example").await.unwrap();
    assert!(
        tokio::time::timeout(S, hosts.acquire("b.example"))
            .await
            .is_err()
    );
    drop(first);
    assert!(hosts.acquire("b.example").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rel_04_slow_requests_are_counted_apart_within_a_limit() {
    let hosts = hosts(1, Duration::ZERO);
    let mut slow = Vec::new();
    for n in 0..=SLOW_FACTOR {
        let host = format!("slow{n}.example");
        let mut permit = hosts.acquire(&host).await.unwrap();
        permit.mark_slow();
        slow.push(permit);
    }
    let one_more = tokio::time::timeout(S, hosts.acquire("b.example")).await;
    assert!(one_more.is_err(), "too many are slow");
    slow.clear();
    assert!(hosts.acquire("b.example").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn et_26_a_429_pauses_the_host_and_doubles_its_spacing_until_success() {
    let hosts = hosts(8, 2 * S);
    drop(hosts.acquire("a.example").await.unwrap());
    hosts.throttled("a.example", Some(5 * S));
    assert_eq!(
        hosts.acquire("a.example").await.unwrap_err(),
        Backoff(60 * S)
    );
    assert_eq!(hosts.backoff("a.example"), Some(60 * S));
    advance(60 * S).await;
    drop(hosts.acquire("a.example").await.unwrap());
    assert_eq!(hosts.stats()[0].spacing, 60 * S);
    hosts.throttled("a.example", Some(300 * S));
    assert_eq!(hosts.backoff("a.example"), Some(300 * S));
    assert_eq!(hosts.stats()[0].spacing, 120 * S);
    hosts.succeeded("a.example");
    assert_eq!(hosts.stats()[0].spacing, 2 * S);
    assert_eq!(hosts.stats()[0].throttled, 2);
}

#[tokio::test(start_paused = true)]
async fn et_28_an_exhausted_rate_limit_pauses_until_reset_even_without_spacing() {
    let hosts = hosts(8, Duration::ZERO);
    hosts.back_off("a.example", 42 * S);
    assert_eq!(hosts.backoff("a.example"), Some(42 * S));
    advance(42 * S).await;
    assert!(hosts.acquire("a.example").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rel_16_a_site_may_have_as_many_visits_as_it_can_start_soon() {
    let hosts = hosts(8, 2 * S);
    assert_eq!(hosts.visits_max("www.a.example"), 5);
    assert_eq!(hosts.visits_max("reddit.com"), 1);
    hosts.throttled("b.example", None);
    assert_eq!(hosts.visits_max("b.example"), 1, "one request a minute now");
    for _ in 0..20 {
        let permit = hosts.acquire("a.example").await.unwrap();
        advance(10 * S).await;
        drop(permit);
    }
    assert_eq!(hosts.visits_max("a.example"), 1, "its server is slow");
    let unspaced = Hosts::new(8, 1, Duration::ZERO, Vec::new());
    assert_eq!(unspaced.visits_max("a.example"), VISITS_OF_SITE_MAX);
}

#[tokio::test(start_paused = true)]
async fn rel_16_a_queue_is_counted_and_a_long_one_refuses_at_different_times() {
    let hosts = Arc::new(hosts(8, 2 * S));
    let first = hosts.acquire("a.example").await.unwrap();
    for n in 1..=4 {
        assert_eq!(hosts.queue_wait("a.example"), 2 * n * S);
        let hosts = Arc::clone(&hosts);
        tokio::spawn(async move { hosts.acquire("a.example").await.map(drop) });
        tokio::task::yield_now().await;
    }
    let refused = |wait_max| hosts.acquire_within("a.example", wait_max);
    assert_eq!(refused(9 * S).await.unwrap_err(), Backoff(10 * S));
    assert_eq!(refused(9 * S).await.unwrap_err(), Backoff(12 * S));
    drop(first);
    assert!(refused(10 * S).await.is_ok(), "the queue is short enough");
    assert_eq!(
        hosts.queue_wait("a.example"),
        2 * S,
        "nothing waits any more"
    );
}

#[tokio::test(start_paused = true)]
async fn memory_of_hosts_is_limited_and_keeps_those_in_backoff() {
    let hosts = hosts(8, Duration::ZERO);
    hosts.back_off("resting.example", 3600 * S);
    for n in 0..HOSTS_MAX + 50 {
        drop(hosts.acquire(&format!("h{n}.example")).await.unwrap());
    }
    assert!(hosts.stats().len() <= HOSTS_MAX);
    assert!(hosts.backoff("resting.example").is_some());
}
