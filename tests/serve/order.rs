//! The order of what has no date, or the same one: that of the document, in the river, on pages and in merged feeds.

use crate::support::server_fixture::ServerFixture;
use crate::support::{EndToEnd, Internet, Reply};

const HOST: &str = "a.example";
/// Titles of different words: nothing here is a copy of anything.
const TITLES: [&str; 12] = [
    "Harbour dredged",
    "Lantern repaired",
    "Orchard pruned",
    "Bridge painted",
    "Violin found",
    "Glacier measured",
    "Bakery reopened",
    "Comet sighted",
    "Library moved",
    "Tunnel flooded",
    "Falcon released",
    "Meadow mown",
];

#[derive(Debug, Clone, Copy)]
enum Format {
    Rss,
    Atom,
    Json,
}

/// A document of these titles in this order, all of this date.
fn document(format: Format, titles: &[&str], date: Option<&str>) -> String {
    let items: Vec<String> = titles
        .iter()
        .map(|title| item(format, title, date))
        .collect();
    match format {
        Format::Rss => format!(
            "<rss version='2.0'><channel><title>A</title>{}</channel></rss>",
            items.concat()
        ),
        Format::Atom => format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title>{}</feed>",
            items.concat()
        ),
        Format::Json => format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","title":"A","items":[{}]}}"#,
            items.join(",")
        ),
    }
}

fn item(format: Format, title: &str, date: Option<&str>) -> String {
    let date =
        |before: &str, after: &str| date.map_or(String::new(), |d| format!("{before}{d}{after}"));
    match format {
        Format::Rss => format!(
            "<item><guid isPermaLink='false'>{title}</guid><title>{title}</title>{}</item>",
            date("<pubDate>", "</pubDate>")
        ),
        Format::Atom => format!(
            "<entry><id>urn:x:{}</id><title>{title}</title>{}</entry>",
            title.replace(' ', "-"),
            date("<updated>", "</updated>")
        ),
        Format::Json => format!(
            r#"{{"id":"{title}","title":"{title}","content_text":"{title}."{}}}"#,
            date(",\"date_published\":\"", "\"")
        ),
    }
}

fn river(app: &EndToEnd) -> Vec<String> {
    app.river()
        .into_iter()
        .map(|story| story.content.title)
        .collect()
}

#[tokio::test]
async fn what_shares_a_date_or_has_none_stays_in_the_order_of_its_documents() {
    for format in [Format::Rss, Format::Atom, Format::Json] {
        for date in [
            None,
            Some("2030-01-09T00:00:00Z"),
            Some("2030-01-10T07:59:59Z"),
        ] {
            let net = Internet::start().await;
            let (new, old) = TITLES.split_at(4);
            let list = |titles: &[&str]| {
                net.always(HOST, "/feed", Reply::feed(document(format, titles, date)));
            };
            list(old);
            let app = EndToEnd::new(&net);
            app.subscribe(&[&format!("http://{HOST}/feed")]);
            app.pass().await;
            assert_eq!(river(&app), old, "{format:?} {date:?}");
            app.hours(2);
            list(&TITLES);
            app.pass().await;
            assert_eq!(river(&app), TITLES, "{format:?} {date:?}, {new:?} are new");
        }
    }
}

#[tokio::test]
async fn merged_feeds_and_pages_have_the_order_of_documents_too() {
    let site = ServerFixture::open().await;
    site.arrive(1..=9);
    for path in ["/", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json"] {
        let text = site.get(path).await.text();
        let place = |n: usize| text.find(&format!("Report {n}")).unwrap();
        let places: Vec<usize> = (1..=9).map(place).collect();
        assert!(places.is_sorted(), "{path}: {places:?}");
    }
}
