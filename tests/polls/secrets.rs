//! SEC-23: credentials and headers go to the origin that they were given for, and to no other, whatever becomes of the feed's
//! URL and of the subscription. Servers that write down every request are the judges.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use newswire::ingest::AddError;
use newswire::model::{Secret, WebUrl};
use newswire::store::NewFeed;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

/// A host, one below it, and a stranger.
const HOSTS: [&str; 3] = ["a.example", "www.a.example", "b.example"];

fn url(host: usize) -> String {
    format!("http://{}/feed", HOSTS[host])
}

/// The subscription to a host, with a password and a header that name it.
fn feed(host: usize, declared: bool, has_secrets: bool) -> NewFeed {
    let mut feed = NewFeed {
        declared,
        ..EndToEnd::feed(&url(host))
    };
    if has_secrets {
        let secret = format!("secret-of-{}", HOSTS[host]);
        feed.settings.auth = Some(("ann".to_owned(), Secret::new(secret.clone())));
        feed.settings.headers = vec![("X-Token".to_owned(), secret)];
    }
    feed
}

/// What an operator, or a publisher, can do.
#[derive(Debug, Clone)]
enum Step {
    /// The file declares this feed and no other.
    Declare(usize, bool),
    /// The file declares it under two URLs.
    DeclareBoth(usize, usize),
    Undeclare,
    Add(usize, bool),
    /// Whatever is subscribed to goes.
    Remove,
    /// A host redirects to another for good from now on, or has the feed itself.
    Point(usize, Option<usize>),
    /// So many polls, two a day and a half apart: enough of them move a feed.
    Poll(usize),
    Restart,
}

/// A change, and the polls after it.
fn steps() -> impl Strategy<Value = [Step; 2]> {
    let host = || 0..HOSTS.len();
    // Mostly the same one: what is told of one origin and of another has to meet in one feed.
    let named = || prop_oneof![4 => Just(0), 1 => Just(1), 2 => Just(2)];
    let target = || proptest::option::weighted(0.8, host());
    let change = prop_oneof![
        6 => (named(), any::<bool>()).prop_map(|(h, s)| Step::Declare(h, s)),
        1 => (host(), host()).prop_map(|(a, b)| Step::DeclareBoth(a, b)),
        1 => Just(Step::Undeclare),
        4 => (named(), any::<bool>()).prop_map(|(h, s)| Step::Add(h, s)),
        1 => Just(Step::Remove),
        2 => (host(), target()).prop_map(|(h, to)| Step::Point(h, to)),
        1 => Just(Step::Restart),
    ];
    let polls = prop_oneof![1 => Just(0), 2 => Just(1), 2 => Just(4)];
    (change, polls).prop_map(|(change, polls)| [change, Step::Poll(polls)])
}

type Targets = Arc<Mutex<HashMap<usize, usize>>>;

fn publish(net: &Internet, targets: &Targets) {
    for (host, name) in HOSTS.into_iter().enumerate() {
        let targets = Arc::clone(targets);
        let news = rss("News", &[Item::numbered(name, 1)]);
        net.on(name, "/feed", move |_| {
            match targets.lock().unwrap().get(&host) {
                Some(to) => Reply::redirect(301, &url(*to)),
                None => Reply::feed(news.clone()),
            }
        });
    }
}

async fn take(step: &Step, app: EndToEnd, net: &Internet, targets: &Targets) -> EndToEnd {
    match *step {
        Step::Declare(host, secrets) => {
            app.store
                .reconcile(vec![feed(host, true, secrets)])
                .unwrap();
        }
        Step::DeclareBoth(a, b) => {
            let mut both = vec![feed(a, true, true)];
            both.extend((a != b).then(|| feed(b, true, true)));
            app.store.reconcile(both).unwrap();
        }
        Step::Undeclare => app.store.reconcile(Vec::new()).unwrap(),
        Step::Add(host, secrets) => {
            let added = vec![feed(host, false, secrets)];
            app.store.subscribe(added).unwrap();
        }
        Step::Remove => {
            for feed in app.feeds() {
                app.store.unsubscribe(feed.row).unwrap();
            }
        }
        Step::Point(host, to) => {
            let mut targets = targets.lock().unwrap();
            match to.filter(|to| *to != host) {
                Some(to) => targets.insert(host, to),
                None => targets.remove(&host),
            };
        }
        Step::Poll(times) => {
            for _ in 0..times {
                app.pass().await;
                app.hours(37);
            }
        }
        Step::Restart => return app.again(net),
    }
    app
}

/// Everything that a request says, its credentials in clear.
fn said(request: &crate::support::internet::Request) -> String {
    let mut said = format!("{:?}", request.headers);
    if let Some(pair) = request
        .header("authorization")
        .and_then(|v| v.strip_prefix("Basic "))
    {
        said += &String::from_utf8_lossy(&BASE64.decode(pair).unwrap());
    }
    said
}

/// No host was told another's secret; gives how often one was told its own.
fn judge(net: &Internet) -> usize {
    let mut own = 0;
    for seen in net.log() {
        let said = said(&seen.request);
        for host in HOSTS {
            let is_told = said.contains(&format!("secret-of-{host}\""))
                || said.ends_with(&format!("secret-of-{host}"));
            assert!(!is_told || seen.request.host == host, "{seen:?}");
            own += usize::from(is_told);
        }
    }
    own
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn sec_23_no_sequence_of_moves_and_changes_tells_a_secret_to_another_origin(
        steps in proptest::collection::vec(steps(), 10..20)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let net = Internet::start().await;
            let targets = Targets::default();
            publish(&net, &targets);
            targets.lock().unwrap().insert(0, 2);
            let mut app = EndToEnd::new(&net);
            for step in steps.iter().flatten() {
                app = take(step, app, &net, &targets).await;
            }
            judge(&net);
        });
    }
}

#[tokio::test]
async fn sec_23_what_is_given_for_the_old_address_of_a_moved_feed_is_withheld_and_told() {
    let net = Internet::start().await;
    let targets = Targets::default();
    publish(&net, &targets);
    targets.lock().unwrap().insert(0, 2);
    let mut app = EndToEnd::new(&net);
    let steps = [
        Step::Declare(0, false),
        Step::Poll(4),
        Step::Declare(0, true),
    ];
    for step in steps.into_iter().chain([Step::Poll(2)]) {
        app = take(&step, app, &net, &targets).await;
    }
    assert_eq!(app.feeds()[0].url, url(2), "it has moved");
    assert_eq!(judge(&net), 0);
    let told = app.feeds()[0].secrets_withheld_for.clone();
    assert_eq!(told.as_deref(), Some("http://a.example"));
    // With its present address they are sent, and nothing is left to tell.
    for step in [Step::Declare(2, true), Step::Poll(1)] {
        app = take(&step, app, &net, &targets).await;
    }
    assert_eq!(judge(&net), 1);
    assert_eq!(app.feeds()[0].secrets_withheld_for, None);
}

#[tokio::test]
async fn sec_23_a_page_cannot_have_its_password_sent_to_the_feed_that_it_names() {
    let net = Internet::start().await;
    let link =
        "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"http://b.example/feed\">";
    let page = format!("<!doctype html><html><head><title>x</title>{link}</head></html>");
    let page = Reply::status(200)
        .header("Content-Type", "text/html")
        .body(page);
    net.always("a.example", "/", page);
    publish(&net, &Targets::default());
    let app = EndToEnd::new(&net);
    let page = NewFeed {
        url: WebUrl::parse("http://a.example/").unwrap(),
        ..feed(0, false, true)
    };
    let added = app.ingest.add(page, false, &CancellationToken::new()).await;
    let added: Result<_, AddError> = added;
    assert_eq!(added.unwrap().url.as_str(), url(2));
    app.hours(37);
    app.pass().await;
    assert_eq!(judge(&net), 1, "only the page itself was told");
    assert!(
        net.log()
            .iter()
            .filter(|s| s.request.host == HOSTS[2])
            .count()
            >= 2
    );
}
