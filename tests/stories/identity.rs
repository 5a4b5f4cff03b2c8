//! REL-06, SEC-13: which item of a document is which article, poll after poll.

use std::collections::BTreeSet;

use newswire::model::{ArticleId, ArticleView, Seq};

use crate::support::{EndToEnd, Internet, Reply};

/// An item as its publisher writes it: what is empty is not there.
#[derive(Clone, Copy, Default)]
pub struct Item<'a> {
    pub guid: &'a str,
    pub link: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub date: &'a str,
}

pub fn item<'a>(guid: &'a str, link: &'a str, title: &'a str) -> Item<'a> {
    Item {
        guid,
        link,
        title,
        text: title,
        ..Item::default()
    }
}

fn document(items: &[Item<'_>], built: &str) -> String {
    let element = |name: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{name}>{}</{name}>", text.replace('&', "&amp;")),
    };
    let items: String = items
        .iter()
        .map(|i| {
            let fields = [
                element("guid", i.guid),
                element("link", i.link),
                element("title", i.title),
                element("description", i.text),
                element("pubDate", i.date),
            ];
            format!("<item>{}</item>", fields.concat())
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>News</title><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>"
    )
}

/// A feed that prints one document after the other, each polled a day after the last.
pub struct Paper {
    app: EndToEnd,
    printed: std::sync::Arc<std::sync::Mutex<String>>,
    _net: Internet,
}

impl Paper {
    pub async fn new() -> Self {
        let net = Internet::start().await;
        let printed = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let now = std::sync::Arc::clone(&printed);
        net.on("a.example", "/feed", move |_| {
            Reply::feed(now.lock().unwrap().clone())
        });
        let app = EndToEnd::new(&net);
        app.subscribe(&["http://a.example/feed"]);
        Self {
            app,
            printed,
            _net: net,
        }
    }

    /// New and changed articles of the next poll.
    pub async fn prints(&self, items: &[Item<'_>]) -> (usize, usize) {
        self.app.hours(24);
        *self.printed.lock().unwrap() = document(items, &self.app.clock.now().to_string());
        let report = self.app.pass().await;
        assert_eq!((report.fetched, report.failed), (1, 0));
        (report.articles_new, report.articles_changed)
    }

    fn articles(&self) -> Vec<ArticleView> {
        self.app.articles()
    }

    fn ids(&self) -> BTreeSet<ArticleId> {
        self.articles().iter().map(|a| a.id).collect()
    }

    pub fn titles(&self) -> BTreeSet<String> {
        self.articles()
            .into_iter()
            .map(|a| a.content.title)
            .collect()
    }

    fn sequence(&self) -> Seq {
        self.app.store.reads().sequence().unwrap()
    }
}

pub fn titles<const N: usize>(of: [&str; N]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}

#[tokio::test]
async fn rel_06_the_same_items_again_write_nothing() {
    let paper = Paper::new().await;
    let items = [
        item("a", "http://a.example/1", "Boats"),
        item("", "http://a.example/2", "Buoys"),
        item("1", "http://a.example/3", "Tides"),
        item("", "", "Piers"),
        item("twice", "http://a.example/4", "Moles"),
        item("twice", "http://a.example/5", "Docks"),
        item("thrice", "", "Locks"),
        item("thrice", "", "Weirs"),
    ];
    assert_eq!(paper.prints(&items).await, (8, 0));
    let (sequence, before) = (paper.sequence(), paper.articles());
    assert_eq!(paper.prints(&items).await, (0, 0));
    let mut shuffled = items;
    shuffled.reverse();
    assert_eq!(paper.prints(&shuffled).await, (0, 0));
    assert_eq!((paper.sequence(), paper.articles()), (sequence, before));
}

#[tokio::test]
async fn rel_06_guids_and_tracking_that_change_at_every_poll_are_no_new_articles() {
    let paper = Paper::new().await;
    let links = ["x", "y", "z"].map(|from| {
        (
            format!("session-{from}"),
            format!("http://a.example/2030/boats-come-home-late?utm_source={from}"),
        )
    });
    let mut ids = BTreeSet::new();
    for (n, (guid, link)) in links.iter().enumerate() {
        let (new, _) = paper.prints(&[item(guid, link, "Boats come home")]).await;
        assert_eq!(new, usize::from(n == 0));
        let now = paper.ids();
        assert!(n == 0 || now == ids);
        ids = now;
    }
    for (n, (_, link)) in links.iter().enumerate() {
        let (new, _) = paper.prints(&[item("", link, "Boats come home")]).await;
        assert_eq!((new, &paper.ids()), (0, &ids), "without guids, {n}");
    }
}

#[tokio::test]
async fn rel_06_one_guid_for_all_tells_them_apart_by_page_and_headline() {
    let paper = Paper::new().await;
    let one = item("news", "http://a.example/1", "Boats");
    let two = item("news", "http://a.example/2", "Buoys");
    let three = item("news", "http://a.example/2", "Tides");
    assert_eq!(paper.prints(&[one]).await, (1, 0));
    assert_eq!(paper.prints(&[two, one]).await, (1, 0));
    assert_eq!(paper.prints(&[three, two, one]).await, (1, 0));
    let ids = paper.ids();
    for left in [&[three, two][..], &[two], &[three], &[one], &[one, three]] {
        assert_eq!(paper.prints(left).await, (0, 0));
    }
    assert_eq!(paper.ids(), ids);
    assert_eq!(paper.titles(), titles(["Boats", "Buoys", "Tides"]));
}

#[tokio::test]
async fn rel_06_the_only_item_of_a_guid_that_articles_share_takes_no_other_ones_place() {
    let paper = Paper::new().await;
    let page = |name: &str| format!("http://a.example/2030/{name}");
    let (one, two) = (page("boats-come-home-late"), page("buoys-are-painted-red"));
    let (tracked, three) = (format!("{two}?utm_source=x"), page("tides-are-late-again"));
    let boats = item("news", &one, "Boats");
    let buoys = item("news", &two, "Buoys");
    assert_eq!(paper.prints(&[boats]).await, (1, 0));
    assert_eq!(paper.prints(&[buoys, boats]).await, (1, 0));
    let ids = paper.ids();
    assert_eq!(
        paper.prints(&[item("news", &tracked, "Buoys")]).await,
        (0, 0)
    );
    // Another headline on a page that is known is an edit of the article there.
    assert_eq!(paper.prints(&[item("news", &tracked, "Red")]).await, (0, 1));
    assert_eq!(paper.ids(), ids);
    assert_eq!(paper.titles(), titles(["Boats", "Red"]));
    let tides = item("news", &three, "Tides");
    for new in [1, 0] {
        assert_eq!(paper.prints(&[tides]).await, (new, 0));
    }
    assert_eq!(paper.prints(&[tides, boats]).await, (0, 0));
    assert_eq!(paper.titles(), titles(["Boats", "Red", "Tides"]));
}

#[tokio::test]
async fn rel_06_guids_that_count_the_items_move_on_with_them() {
    let paper = Paper::new().await;
    let pages = [
        ("http://a.example/1", "Boats"),
        ("http://a.example/2", "Buoys"),
        ("http://a.example/3", "Tides"),
        ("http://a.example/4", "Piers"),
    ];
    let listed = |from: usize| {
        let newest_first = pages[from..from + 3].iter().rev();
        let guids = ["1", "2", "3"].iter();
        let items = newest_first.zip(guids);
        items
            .map(|((link, title), guid)| item(guid, link, title))
            .collect::<Vec<_>>()
    };
    assert_eq!(paper.prints(&listed(0)).await, (3, 0));
    assert_eq!(paper.prints(&listed(1)).await, (1, 0));
    assert_eq!(paper.titles(), titles(["Boats", "Buoys", "Tides", "Piers"]));
}

#[tokio::test]
async fn rel_06_a_site_that_moves_to_https_prints_nothing_new() {
    let paper = Paper::new().await;
    let old = [
        item("http://a.example/1", "http://a.example/1", "Boats"),
        item("", "http://a.example/2", "Buoys"),
        item("2", "http://a.example/3", "Tides"),
    ];
    let new = [
        item("https://a.example/1", "https://a.example/1", "Boats"),
        item("", "https://a.example/2", "Buoys"),
        item("2", "https://a.example/3", "Tides"),
    ];
    assert_eq!(paper.prints(&old).await, (3, 0));
    let ids = paper.ids();
    assert_eq!(paper.prints(&new).await.0, 0);
    assert_eq!(paper.ids(), ids);
    assert!(paper.articles().iter().all(|a| {
        let url = a.url.as_deref().unwrap();
        url.starts_with("https://")
    }));
}

#[tokio::test]
async fn rel_06_edits_change_articles_in_place() {
    let paper = Paper::new().await;
    let first = [
        item("a", "http://a.example/1", "Boats"),
        item("", "http://a.example/2", "Buoys"),
        Item {
            text: "Low water at nine.",
            ..item("", "", "Tides")
        },
    ];
    let then = [
        item("a", "http://a.example/1", "Boats, corrected"),
        item("", "http://a.example/2", "Buoys, corrected"),
        Item {
            text: "Low water at ten.",
            ..item("", "", "Tides")
        },
    ];
    assert_eq!(paper.prints(&first).await, (3, 0));
    let ids = paper.ids();
    assert_eq!(paper.prints(&then).await, (0, 3));
    assert_eq!(paper.ids(), ids);
    assert_eq!(
        paper.titles(),
        titles(["Boats, corrected", "Buoys, corrected", "Tides"])
    );
    assert!(paper.articles().iter().all(|a| a.revision == 2));
}

#[tokio::test]
async fn sec_13_distinct_ids_are_distinct_articles() {
    let paper = Paper::new().await;
    let long = |end: &str| format!("{}{end}", "x".repeat(5000));
    let (one, two) = (long("1"), long("2"));
    let guids = ["tag:A", "tag:a", "e\u{301}", "\u{e9}", &one, &two];
    let items = guids.map(|guid| item(guid, "", "One headline for all of them"));
    assert_eq!(paper.prints(&items).await, (6, 0));
    assert_eq!(paper.prints(&items).await, (0, 0));
}

/// A feed with one item at a time, which links to the site and not to a page of its own.
#[tokio::test]
async fn sec_13_a_new_guid_on_a_page_of_many_articles_is_a_new_article() {
    let paper = Paper::new().await;
    for link in ["http://a.example/", "http://a.example/daily"] {
        let (monday, tuesday) = (format!("mon {link}"), format!("tue {link}"));
        let monday = Item {
            date: "Mon, 21 Jan 2030 06:00:00 GMT",
            ..item(&monday, link, "A seal on the mole")
        };
        let tuesday = Item {
            date: "Tue, 22 Jan 2030 06:00:00 GMT",
            ..item(&tuesday, link, "Fog over the strait")
        };
        assert_eq!(paper.prints(&[monday]).await, (1, 0));
        assert_eq!(paper.prints(&[tuesday]).await, (1, 0));
    }
    assert_eq!(paper.articles().len(), 4);
}
