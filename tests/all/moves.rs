//! ET-36: a feed that has moved for good is asked where it is now, whatever the file or a list calls it.

use newswire::model::Secret;
use newswire::store::NewFeed;

use crate::support::{House, Internet, Item, Reply, rss};

const OLD: &str = "http://old.example/feed";
const NEW: &str = "http://new.example/feed";

async fn moved(feed: NewFeed) -> (Internet, House) {
    let net = Internet::start().await;
    net.always("old.example", "/feed", Reply::redirect(301, NEW));
    let news = rss("News", &[Item::numbered("new.example", 1)]);
    net.document("new.example", "/feed", Reply::feed(news));
    let house = House::new(&net);
    house.store.reconcile(vec![feed]).unwrap();
    for _ in 0..3 {
        assert_eq!(house.pass().await.failed, 0);
        house.hours(37);
    }
    (net, house)
}

fn declared() -> NewFeed {
    NewFeed {
        declared: true,
        ..House::feed(OLD)
    }
}

fn urls(house: &House) -> Vec<String> {
    house.feeds().into_iter().map(|f| f.url).collect()
}

#[tokio::test]
async fn et_36_a_feed_that_moved_stays_one_subscription_under_both_names() {
    let (net, house) = moved(declared()).await;
    assert_eq!(urls(&house), [NEW]);
    let asked = |host: &str| net.log().iter().filter(|s| s.request.host == host).count();
    assert_eq!(asked("old.example"), 3);

    house.store.reconcile(vec![declared()]).unwrap();
    assert_eq!(
        urls(&house),
        [NEW],
        "a restart with the old name in the file"
    );
    let again = house
        .store
        .subscribe(vec![House::feed(OLD), House::feed(NEW)]);
    assert!(
        again.unwrap().iter().all(|made| !made.new),
        "a list with either name"
    );
    assert_eq!(urls(&house), [NEW]);
    house.pass().await;
    assert_eq!(asked("old.example"), 3, "it is not asked again");
    assert_eq!(house.articles().len(), 1);

    house.store.reconcile(Vec::new()).unwrap();
    assert_eq!(urls(&house), Vec::<String>::new());
    house.subscribe(&[OLD]);
    assert_eq!(urls(&house), [NEW], "the same feed as before");
}

#[tokio::test]
async fn sec_08_credentials_do_not_move_to_another_origin() {
    let mut feed = declared();
    feed.settings.auth = Some(("ann".to_owned(), Secret::new("s3cret".to_owned())));
    let (net, house) = moved(feed).await;
    assert_eq!(urls(&house), [OLD], "asked where its password belongs");
    house.pass().await;
    for seen in net.log() {
        let sent = seen.request.header("authorization").is_some();
        assert_eq!(sent, seen.request.host == "old.example", "{seen:?}");
    }
}

#[tokio::test]
async fn a_topic_of_a_feed_by_its_url_follows_it() {
    let (net, house) = moved(declared()).await;
    house.topics(&[("news", &format!("feed:\"{OLD}\""))]);
    assert_eq!(house.river()[0].topics, ["news"]);
    let items = [
        Item::numbered("new.example", 1),
        Item::numbered("new.example", 2),
    ];
    net.document("new.example", "/feed", Reply::feed(rss("News", &items)));
    house.pass().await;
    assert!(house.river().iter().all(|story| story.topics == ["news"]));
    assert_eq!(house.river().len(), 2);
}
