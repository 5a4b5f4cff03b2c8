//! Pages as a reader meets them: every link works and stays private, times have a zone, nothing loads that was not allowed,
//! and keyboards, small screens and dark screens are served as well.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use dom_query::Document;
use newswire::model::{Draft, Failure, FailureKind, FeedRow, Outcome, Time, WebUrl};
use newswire::serve::{ServeOptions, Tokens};

use crate::support::server_fixture::{HOST, ServerFixture, between, options};
use crate::support::store_fixture::draft;

const TOKEN: &str = "a&b=c\"<d>%2F+é0123";

/// A site with a topic, a story of three feeds, a feed that fails, and more than a page of stories.
async fn furnished(options: ServeOptions) -> ServerFixture {
    let site = ServerFixture::with(options, || Ok(())).await;
    site.fixture.topics(&[("sea", "boats")]);
    site.arrive(0..25);
    let wire: String = (0..60).map(|n| format!("boats{n} ")).collect();
    let said = |host: &str, title: &str| Draft {
        image: WebUrl::parse(&format!("https://{host}/picture.jpg?a=1&b=2")).ok(),
        ..draft(host, 900, title, &wire)
    };
    site.put(vec![said(HOST, "Boats come in")]);
    for host in ["b.example", "c.example"] {
        let feed = site.fixture.subscribe(host);
        let sequence = site.fixture.put(feed, vec![said(host, "Boats & <ships>")]);
        site.sequence.send_replace(sequence);
        if host == "c.example" {
            fail(&site, feed, FailureKind::NotFound);
        }
    }
    site
}

fn fail(site: &ServerFixture, feed: FeedRow, kind: FailureKind) {
    let message = "HTTP 404".to_owned();
    let failed = Outcome::Failed(Failure { kind, message });
    site.sequence.send_replace(site.fixture.poll(feed, failed));
}

/// Where a page leads: its links, its style, and the action of its form.
fn links(page: &Document) -> Vec<String> {
    let of = |selector: &str, name: &str| -> Vec<String> {
        let found = page.select(selector);
        found
            .iter()
            .filter_map(|node| node.attr(name))
            .map(|value| value.to_string())
            .collect()
    };
    let mut all = of("a[href]", "href");
    all.extend(of("link[rel=alternate]", "href"));
    all
}

/// Every page that links lead to from `start`, by its path and query.
async fn crawled(
    site: &ServerFixture,
    start: &str,
    headers: &[(&str, &str)],
) -> HashMap<String, String> {
    let origin = url::Url::parse(&format!("http://{}/", site.at)).unwrap();
    let mut open = vec![origin.join(start).unwrap()];
    let mut pages = HashMap::new();
    while let Some(url) = open.pop() {
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        if pages.contains_key(&path) {
            continue;
        }
        let answer = site.get_with(&path, headers).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let text = answer.text();
        if answer.header("content-type").starts_with("text/html") {
            let found = links(&Document::from(text.as_str()));
            let inside = found.iter().filter_map(|href| url.join(href).ok());
            open.extend(inside.filter(|u| u.origin() == origin.origin()));
        }
        pages.insert(path, text);
    }
    pages
}

fn private() -> ServeOptions {
    let file = format!("{TOKEN}\nfedcba9876543210 sea newswire-health\n");
    ServeOptions {
        tokens: Some(Tokens::read(&file).unwrap()),
        ..options()
    }
}

fn with_token(path: &str) -> String {
    let mut pair = url::form_urlencoded::Serializer::new(String::new());
    format!("{path}?{}", pair.append_pair("token", TOKEN).finish())
}

#[tokio::test]
async fn sec_18_a_token_in_the_address_opens_every_link_and_leaves_with_none() {
    let site = furnished(private()).await;
    // The crawl fails where a link of ours does not carry it: there is no other way in.
    let pages = crawled(&site, &with_token("/"), &[]).await;
    let kinds = [
        "/topics/sea",
        "/stories/",
        "/sources/",
        "/status",
        "/topics?",
        "/feeds/",
        "/feeds.opml",
        "before=",
    ];
    for kind in kinds {
        assert!(
            pages.keys().any(|p| p.contains(kind)),
            "{kind}: {:?}",
            pages.keys()
        );
    }
    for (path, text) in &pages {
        if text.starts_with("<!doctype html>") {
            let page = Document::from(text.as_str());
            for href in links(&page) {
                let is_ours = !href.contains("://") && !href.starts_with('#');
                assert_eq!(href.contains("token="), is_ours, "{path}: {href}");
            }
            let field = page.select("form input[name=token]").attr("value");
            assert_eq!(field.as_deref(), Some(TOKEN), "{path}");
        }
        if path.starts_with("/feeds") {
            let carried = text.matches("token=").count();
            let ours = text.matches(&format!("http://{}", site.at)).count();
            assert_eq!(carried, ours, "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn sec_18_pages_with_a_token_are_kept_by_nobody_else() {
    let site = furnished(private()).await;
    let basic = [("Authorization", "Basic eDphJmI9YyI8ZD4lMkYrw6kwMTIz")];
    for path in [
        "/",
        "/topics",
        "/status",
        "/feeds.opml",
        "/feeds/newswire-health.atom",
    ] {
        let carried = site.get(&with_token(path)).await;
        assert_eq!(carried.status, 200, "{path}");
        assert!(
            carried.header("cache-control").contains("private"),
            "{path}"
        );
        assert_eq!(carried.header("referrer-policy"), "no-referrer");
        assert!(carried.text().contains("token="), "{path}");
        // Without it in the address there is none in the answer, whatever is kept.
        let bare = site.get_with(path, &basic).await;
        assert_eq!(bare.status, 200, "{path}");
        assert!(!bare.text().contains("token="), "{path}");
        // What is made up opens nothing and is not carried on.
        let made_up = format!("{path}?token=0000000000000000");
        let made_up = site.get_with(&made_up, &basic).await;
        assert!(!made_up.text().contains("token="), "{path}");
    }
    // A token for some feeds is no way to the pages, so their links do not carry it.
    let scoped = site
        .get("/feeds/newswire-health.atom?token=fedcba9876543210")
        .await
        .text();
    assert!(
        scoped.contains("newswire-health.atom?token=fedcba9876543210"),
        "{scoped}"
    );
    assert!(!scoped.contains("/status?token") && !scoped.contains("/sources/x?token"));
    assert_eq!(scoped.matches("token=").count(), 1, "{scoped}");
    let browser = [("Accept", "text/html")];
    let missing = site.get_with(&with_token("/topics/saa"), &browser).await;
    assert!(missing.status == 404 && missing.text().contains("../?token="));
}

/// Distinct values of an attribute that may stand on a page once each.
fn distinct(path: &str, page: &Document, name: &str) -> BTreeSet<String> {
    let found = page.select(&format!("[{name}]"));
    let values: Vec<_> = found.iter().filter_map(|n| n.attr(name)).collect();
    let distinct: BTreeSet<String> = values.iter().map(|v| v.to_string()).collect();
    assert_eq!(distinct.len(), values.len(), "{path}: {values:?}");
    distinct
}

/// Landmarks, one headline, a first stop that skips to the content, access keys, and times with a zone.
fn serves_everyone(path: &str, page: &Document) {
    distinct(path, page, "id");
    for (selector, count) in [
        ("main#main[tabindex='-1']", 1),
        ("body > header", 1),
        ("body > footer", 1),
        ("h1", 1),
        ("script, [style], iframe, [onclick]", 0),
        ("nav:not([aria-label])", 0),
    ] {
        assert_eq!(page.select(selector).length(), count, "{path}: {selector}");
    }
    let first = page.select("a, input, summary").first().attr("href");
    assert_eq!(first.as_deref(), Some("#main"), "{path}");
    let keys = distinct(path, page, "accesskey");
    let always = ["h", "m", "o", "s", "t"];
    assert!(always.iter().all(|k| keys.contains(*k)), "{path}: {keys:?}");
    for time in page.select("time").iter() {
        let exact = time.attr("title").is_some_and(|t| t.ends_with(" UTC"));
        let is_day = time.attr("datetime").is_some_and(|t| t.len() == 10);
        assert!(exact != is_day, "{path}: {}", time.html());
    }
    let foot = page.select("footer").text();
    assert!(foot.contains("Times in UTC"), "{path}: {foot}");
}

#[tokio::test]
async fn every_page_is_html_without_an_error() {
    let with_images = ServeOptions {
        images: true,
        ..private()
    };
    let site = furnished(with_images).await;
    let mut pages = crawled(&site, &with_token("/"), &[]).await;
    for path in ["/search?q=(", "/search?q=%3Cb%3E", "/nothing/here"] {
        let path = format!(
            "{path}{}token={}",
            if path.contains('?') { '&' } else { '?' },
            &with_token("")[7..]
        );
        let page = site.get_with(&path, &[("Accept", "text/html")]).await;
        pages.insert(path, page.text());
    }
    for (path, text) in pages
        .iter()
        .filter(|(_, text)| text.starts_with("<!doctype"))
    {
        let page = Document::from(text.as_str());
        assert_eq!(*page.errors.borrow(), Vec::<String>::new(), "{path}");
        serves_everyone(path, &page);
    }
}

#[tokio::test]
async fn sec_10_pictures_are_shown_only_where_the_operator_says_so() {
    let closed = furnished(options()).await;
    let open = ServeOptions {
        images: true,
        ..options()
    };
    let open = furnished(open).await;
    for (site, count, sources) in [
        (&closed, 0, "img-src data:;"),
        (&open, 1, "img-src data: https: http:;"),
    ] {
        let page = site.get("/").await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            policy.contains(sources) && policy.contains("sandbox "),
            "{policy}"
        );
        let text = page.text();
        let page = Document::from(text.as_str());
        let pictures = page.select("img");
        assert_eq!(pictures.length(), count, "{text}");
        for (name, value) in [
            ("loading", "lazy"),
            ("referrerpolicy", "no-referrer"),
            ("alt", ""),
            ("src", "https://a.example/picture.jpg?a=1&b=2"),
        ] {
            assert!(
                pictures
                    .iter()
                    .all(|p| p.attr(name).as_deref() == Some(value)),
                "{name}"
            );
        }
        let story = between(&text, "href=\"stories/", "\"")[0];
        let story = site.get(&format!("/stories/{story}")).await;
        assert!(story.header("content-security-policy").contains(sources));
        assert_eq!(story.text().matches("<img").count(), count);
    }
}

#[tokio::test]
async fn et_54_times_are_relative_in_steps_and_validators_follow_them() {
    let berlin = ServeOptions {
        zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        ..options()
    };
    let site = ServerFixture::with(berlin, || Ok(())).await;
    let mut late = draft(HOST, 1, "Late", "It was late.");
    late.published = Time::parse_rfc3339("2030-01-09T23:30:00Z");
    site.put(vec![late]);
    let page = site.get("/").await;
    // Seen for the first time, it arrived when it was published: in Berlin, on the next day.
    let text = page.text();
    assert!(
        text.contains("title=\"10 Jan 2030, 00:30 CET\">12 h ago</time>"),
        "{text}"
    );
    assert!(text.contains("Thursday, 10 January 2030"), "{text}");
    assert!(text.contains("Times in Europe/Berlin (CET)"), "{text}");
    let tag = page.header("etag").to_owned();
    site.fixture.clock.advance(Duration::from_secs(20 * 60));
    let same = site.get_with("/", &[("If-None-Match", &tag)]).await;
    assert_eq!(same.status, 304, "it is 12 h for an hour");
    site.fixture.clock.advance(Duration::from_secs(10 * 60));
    let later = site.get_with("/", &[("If-None-Match", &tag)]).await;
    assert_eq!(later.status, 200);
    assert!(later.text().contains(">13 h ago</time>"));
    // The date is that of the step, not that of the rendering, so that it is the same after a restart.
    assert_eq!(
        later.header("last-modified"),
        "Thu, 10 Jan 2030 12:30:00 GMT"
    );
    let old = [("If-Modified-Since", page.header("last-modified"))];
    assert_eq!(site.get_with("/", &old).await.status, 200);
}

#[tokio::test]
async fn every_list_can_be_subscribed_to_beside_its_title() {
    let site = furnished(options()).await;
    for (path, root, list) in [
        ("/", "", "all"),
        ("/topics/sea", "../", "sea"),
        ("/search?q=boats", "", "search"),
    ] {
        let text = site.get(path).await.text();
        let page = Document::from(text.as_str());
        let query = if list == "search" { "?q=boats" } else { "" };
        let feeds = ["atom", "rss", "json"].map(|f| format!("{root}feeds/{list}.{f}{query}"));
        let hrefs = |selector: &str| -> Vec<String> {
            let found = page.select(selector);
            found
                .iter()
                .map(|n| n.attr("href").unwrap().to_string())
                .collect()
        };
        assert_eq!(hrefs("link[rel=alternate]"), feeds, "{path}");
        let mut row = feeds.to_vec();
        if list != "search" {
            row.push(format!("{root}feeds.opml"));
        }
        assert_eq!(hrefs(".heading .subscribe a"), row, "{path}");
    }
}

#[tokio::test]
async fn the_front_page_names_what_most_feeds_carry() {
    let site = furnished(options()).await;
    let text = site.get("/").await.text();
    let page = Document::from(text.as_str());
    assert_eq!(page.select(".copied li").length(), 1, "{text}");
    let told = page.select(".copied li").text();
    assert!(told.contains("Boats") && told.contains("3 sites"), "{told}");
    for path in ["/?limit=5", "/topics/sea", "/search?q=boats"] {
        let text = site.get(path).await.text();
        assert!(!text.contains("Printed most today"), "{path}");
    }
    site.fixture.clock.advance(Duration::from_secs(26 * 3600));
    assert!(!site.get("/").await.text().contains("Printed most today"));
}

#[tokio::test]
async fn the_headline_of_every_copy_leads_to_the_copy() {
    let site = furnished(options()).await;
    let river = site.get("/").await.text();
    let story = between(&river, "<li><a href=\"", "\"")[0];
    let text = site.get(&format!("/{story}")).await.text();
    let page = Document::from(text.as_str());
    let headlines = page.select("#copies summary .headline a[href][rel=noreferrer]");
    let told: Vec<_> = headlines
        .iter()
        .map(|a| (a.attr("href").unwrap().to_string(), a.text().to_string()))
        .collect();
    let copy = |host: &str, title: &str| (format!("https://{host}/900"), title.to_owned());
    assert_eq!(
        told,
        [
            copy("a.example", "Boats come in"),
            copy("b.example", "Boats & <ships>"),
            copy("c.example", "Boats & <ships>"),
        ]
    );
}

#[tokio::test]
async fn the_page_of_a_failing_source_says_what_to_do() {
    let site = furnished(options()).await;
    let status = site.get("/status").await.text();
    let sources = between(&status, "href=\"sources/", "\"");
    let page = site.get(&format!("/sources/{}", sources[0])).await.text();
    assert!(page.contains("HTTP 404"), "the unwell come first: {page}");
    let told = Document::from(page.as_str())
        .select(".remedy")
        .text()
        .to_string();
    assert!(
        told.contains("Check whether the site has another feed now"),
        "{told}"
    );
    assert!(told.contains("daily for two weeks, then weekly"), "{told}");
    assert!(
        page.contains("<code>newswire add https://c.example/</code>"),
        "{page}"
    );
    assert!(page.contains(&format!(
        "<code>newswire remove {}</code>",
        &sources[0][..8]
    )));
    for well in &sources[1..] {
        let page = site.get(&format!("/sources/{well}")).await.text();
        assert!(!page.contains("What to do"), "{page}");
    }
}

/// The relative luminance of a colour `#rrggbb` (WCAG 2.2).
fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        match value <= 0.04045 {
            true => value / 12.92,
            false => ((value + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[tokio::test]
async fn colours_contrast_as_wcag_aa_asks_in_light_and_dark() {
    let site = ServerFixture::open().await;
    let style = site.get("/style.css").await.text();
    let schemes = between(&style, ":root {", "}");
    assert_eq!(schemes.len(), 2);
    let mut colours: HashMap<&str, &str> = HashMap::new();
    for scheme in schemes {
        // The dark one says only what is otherwise.
        colours.extend(scheme.split(['{', ';', '\n']).filter_map(|d| {
            let (name, value) = d.trim().split_once(": ")?;
            value.starts_with('#').then_some((name, value))
        }));
        let text = ["--ink", "--soft", "--accent", "--bad"].map(|c| (c, 4.5));
        for (name, least) in text.into_iter().chain([("--good", 3.0), ("--bar", 3.0)]) {
            for ground in ["--paper", "--card"] {
                let ratio = contrast(colours[name], colours[ground]);
                assert!(ratio >= least, "{name} on {ground}: {ratio:.2}");
            }
        }
        for ground in ["--inserted", "--deleted"] {
            assert!(contrast(colours["--ink"], colours[ground]) >= 4.5);
        }
    }
}

#[tokio::test]
async fn the_sources_stand_in_pages_and_are_found_by_title_and_state() {
    let site = furnished(private()).await;
    for n in 0..230 {
        site.fixture.subscribe(&format!("n{n:03}.example"));
    }
    let named = |page: &Document| -> Vec<String> {
        let links = page.select("td a");
        links.iter().map(|a| a.text().to_string()).collect()
    };
    let mut next = Some(with_token("/status"));
    let mut pages = Vec::new();
    while let Some(path) = next {
        let page = Document::from(site.get(&path).await.text());
        pages.push(named(&page));
        let link = page.select("a[rel=next]").attr("href");
        next = link.map(|href| format!("/status{href}"));
    }
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 33]);
    let all: BTreeSet<&String> = pages.iter().flatten().collect();
    assert_eq!(all.len(), 233, "each once");
    assert_eq!(pages[0][0], "c.example", "what fails comes first");

    for (query, expected) in [
        ("q=N00", 10),
        ("q=n00&state=new", 10),
        ("q=n00&state=failing", 0),
        ("state=failing", 1),
        ("state=&q=", 100),
        ("page=9", 33),
    ] {
        let path = format!("{}&{query}", with_token("/status"));
        let page = Document::from(site.get(&path).await.text());
        assert_eq!(named(&page).len(), expected, "{query}");
        for href in links(&page).iter().filter(|href| href.contains("page=")) {
            assert!(href.contains("token="), "{href}");
        }
    }
    for query in ["state=ill", "page=0", "page=x"] {
        let path = format!("{}&{query}", with_token("/status"));
        assert_eq!(site.get(&path).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn top_lists_what_most_sites_carry_on_a_page_and_as_feeds() {
    let site = furnished(options()).await;
    let text = site.get("/top").await.text();
    let page = Document::from(text.as_str());
    assert_eq!(page.select(".copied li").length(), 1, "{text}");
    assert!(page.select(".copied li").text().contains("3 sites"));
    assert_eq!(
        page.select(".subscribe a").length(),
        3,
        "Atom, RSS and JSON Feed"
    );
    let ids = |json: &str| -> Vec<String> {
        let feed: serde_json::Value = serde_json::from_str(json).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        items.iter().map(|i| i["id"].to_string()).collect()
    };
    let first = ids(&site.get("/feeds/top.json").await.text());
    let all = ids(&site.get("/feeds/all.json").await.text());
    assert!(first.len() == 1 && all.contains(&first[0]), "the same id");
    // Time alone does not change the entries, until the day is over.
    site.fixture.clock.advance(Duration::from_secs(5 * 3600));
    assert_eq!(ids(&site.get("/feeds/top.json").await.text()), first);
    for file in ["top.atom", "top.rss"] {
        let text = site.get(&format!("/feeds/{file}")).await.text();
        assert!(text.contains("Boats"), "{text}");
    }
    for path in ["/top?before=x", "/feeds/top.atom?archive=x"] {
        let response = site.get(path).await;
        assert_eq!(response.status, 400, "{path}");
    }
    site.fixture.clock.advance(Duration::from_secs(26 * 3600));
    assert!(ids(&site.get("/feeds/top.json?since=1h").await.text()).is_empty());
    assert!(
        site.get("/top")
            .await
            .text()
            .contains("No story of this time")
    );
}

#[tokio::test]
async fn et_54_a_feed_that_lost_a_story_by_age_has_a_newer_date() {
    let site = furnished(options()).await;
    for path in ["/feeds/top.atom?limit=", "/feeds/all.atom?since=2h&limit="] {
        let first = site.get(&format!("{path}5")).await;
        site.fixture.clock.advance(Duration::from_secs(26 * 3600));
        // Another address for the same list: the server has no earlier rendering to compare with, as after a restart.
        let asked = [("If-Modified-Since", first.header("last-modified"))];
        let again = site.get_with(&format!("{path}6"), &asked).await;
        assert_eq!(again.status, 200, "{path}");
    }
}
