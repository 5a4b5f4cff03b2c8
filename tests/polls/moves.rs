//! ET-36: a feed that has moved for good is asked where it is now, whatever the file or a list calls it.

use newswire::model::Secret;
use newswire::store::NewFeed;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const OLD: &str = "http://old.example/feed";
const NEW: &str = "http://new.example/feed";

async fn moved(feed: NewFeed) -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    net.always("old.example", "/feed", Reply::redirect(301, NEW));
    let news = rss("News", &[Item::numbered("new.example", 1)]);
    net.document("new.example", "/feed", Reply::feed(news));
    let app = EndToEnd::new(&net);
    app.store.reconcile(vec![feed]).unwrap();
    for _ in 0..3 {
        assert_eq!(app.pass().await.failed, 0);
        app.hours(37);
    }
    (net, app)
}

fn declared() -> NewFeed {
    NewFeed {
        declared: true,
        ..EndToEnd::feed(OLD)
    }
}

fn urls(app: &EndToEnd) -> Vec<String> {
    app.feeds().into_iter().map(|f| f.url).collect()
}

#[tokio::test]
async fn et_36_a_feed_that_moved_stays_one_subscription_under_both_names() {
    let (net, app) = moved(declared()).await;
    assert_eq!(urls(&app), [NEW]);
    let asked = |host: &str| net.log().iter().filter(|s| s.request.host == host).count();
    assert_eq!(asked("old.example"), 3);

    app.store.reconcile(vec![declared()]).unwrap();
    assert_eq!(urls(&app), [NEW], "a restart with the old name in the file");
    let again = app
        .store
        .subscribe(vec![EndToEnd::feed(OLD), EndToEnd::feed(NEW)]);
    assert!(
        again.unwrap().iter().all(|made| !made.new),
        "a list with either name"
    );
    assert_eq!(urls(&app), [NEW]);
    app.pass().await;
    assert_eq!(asked("old.example"), 3, "it is not asked again");
    assert_eq!(app.articles().len(), 1);

    app.store.reconcile(Vec::new()).unwrap();
    assert_eq!(urls(&app), Vec::<String>::new());
    app.subscribe(&[OLD]);
    assert_eq!(urls(&app), [NEW], "the same feed as before");
}

#[tokio::test]
async fn sec_08_credentials_do_not_move_to_another_origin() {
    let mut feed = declared();
    feed.settings.auth = Some(("ann".to_owned(), Secret::new("s3cret".to_owned())));
    let (net, app) = moved(feed).await;
    assert_eq!(urls(&app), [OLD], "asked where its password belongs");
    app.pass().await;
    for seen in net.log() {
        let sent = seen.request.header("authorization").is_some();
        assert_eq!(sent, seen.request.host == "old.example", "{seen:?}");
    }
}

#[tokio::test]
async fn a_topic_of_a_feed_by_its_url_follows_it() {
    let (net, app) = moved(declared()).await;
    app.topics(&[("news", &format!("feed:\"{OLD}\""))]);
    assert_eq!(app.river()[0].topics, ["news"]);
    let items = [
        Item::numbered("new.example", 1),
        Item::numbered("new.example", 2),
    ];
    net.document("new.example", "/feed", Reply::feed(rss("News", &items)));
    app.pass().await;
    assert!(app.river().iter().all(|story| story.topics == ["news"]));
    assert_eq!(app.river().len(), 2);
}
