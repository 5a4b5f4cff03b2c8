//! What recurs in a feed's articles: notices at the edges of bodies go, content stays, and what went can be seen and had back.

use std::fmt::Write as _;

use newswire::model::ArticleView;
use newswire::store::FeedChange;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

/// How article `n` of a feed prints what recurs, around `text`, which no other article has.
type Print = fn(n: usize, text: &str) -> String;

/// Content that recurs at the edge of bodies and must stay: the name, how it is printed, and words of it.
const CONTENT: [(&str, Print, &str); 24] = [
    (
        "weather table",
        |_, t| {
            format!("{t}<table><tr><td>Wind from the north and west</td><td>4</td></tr></table>")
        },
        "Wind from the north",
    ),
    (
        "table header",
        |_, t| format!("<table><tr><th>Team, games played and points won</th></tr></table>{t}"),
        "games played and points",
    ),
    (
        "ingredients",
        |_, t| {
            format!(
                "{t}<ul><li>2 eggs and a pinch of salt</li><li>200 grams of the finest flour</li></ul>"
            )
        },
        "pinch of salt",
    ),
    (
        "steps",
        |_, t| format!("{t}<ol><li>Heat the oven to 180 degrees first</li></ol>"),
        "Heat the oven",
    ),
    (
        "heading of a changelog",
        |_, t| format!("<h2>What has changed in this release</h2>{t}"),
        "What has changed",
    ),
    (
        "heading before its text",
        |_, t| format!("{t}<h3>Breaking changes of the public interface</h3>"),
        "Breaking changes",
    ),
    (
        "code block",
        |_, t| format!("{t}<pre>cargo install rope --locked --all features</pre>"),
        "cargo install rope",
    ),
    (
        "inline command",
        |_, t| format!("{t}<pre><code>docker pull registry.example/rope and run it</code></pre>"),
        "docker pull",
    ),
    (
        "caption",
        |_, t| {
            format!(
                "<figure><img src=\"https://a.example/x.png\"><figcaption>The harbour as seen from the old tower</figcaption></figure>{t}"
            )
        },
        "seen from the old tower",
    ),
    (
        "quotation",
        |_, t| format!("{t}<blockquote><p>To be or not to be, that is it</p></blockquote>"),
        "not to be",
    ),
    (
        "severity",
        |_, t| format!("<p>Severity: Moderate</p>{t}"),
        "Severity: Moderate",
    ),
    (
        "affected versions",
        |_, t| format!("{t}<p>Affected: all versions</p><p>Fixed: none</p>"),
        "Affected: all",
    ),
    (
        "definition",
        |_, t| {
            format!(
                "{t}<dl><dt>Weather of the day in town</dt><dd>fair to middling over all the coast</dd></dl>"
            )
        },
        "fair to middling",
    ),
    (
        "refrain",
        |_, t| format!("{t}<p>And so it goes.</p>"),
        "And so it goes",
    ),
    (
        "question between answers",
        |n, t| {
            format!(
                "{t}<p>What did you do after that happened to you?</p><p>We went home, all {n} of us, and ate.</p>"
            )
        },
        "What did you do after",
    ),
    (
        "dialogue",
        |n, t| {
            format!("<p>Holmes {n} rose.</p><p>You know my methods, Watson, do apply them.</p>{t}")
        },
        "my methods, Watson",
    ),
    (
        "serving",
        |_, t| format!("{t}<p>Serves four.</p><p>Takes 20 minutes.</p>"),
        "Serves four",
    ),
    (
        "price",
        |_, t| format!("{t}<p>Price: 5 euros</p>"),
        "5 euros",
    ),
    (
        "result",
        |_, t| format!("<p>Final score 2:1</p>{t}"),
        "Final score 2:1",
    ),
    (
        "signature",
        |_, t| format!("{t}<p>Ann Lens, Kessport</p>"),
        "Ann Lens",
    ),
    (
        "a column in a daily feed",
        |n, t| match n % 5 {
            0 => format!("{t}<p>The gardener answers your letters in this column every week.</p>"),
            _ => t.to_owned(),
        },
        "gardener answers",
    ),
    (
        "whole body",
        |_, _| "<p>No changes were made to the plan today.</p>".to_owned(),
        "No changes were made",
    ),
    (
        "audio with a caption",
        |_, t| {
            format!(
                "{t}<figure><audio controls src=\"https://a.example/x.mp3\"></audio><figcaption>Listen to the whole programme of the day</figcaption></figure>"
            )
        },
        "whole programme",
    ),
    (
        "nested list",
        |_, t| {
            format!(
                "{t}<ul><li>Doors open at seven in the evening<ul><li>Music from eight until the last boat</li></ul></li></ul>"
            )
        },
        "Music from eight",
    ),
];

/// Notices that go.
const NOTICES: [(&str, Print, &str); 8] = [
    (
        "comments",
        |_, t| format!("{t}<p>Comments on this piece are moderated by our editors.</p>"),
        "moderated",
    ),
    (
        "newsletter first",
        |_, t| format!("<p>Sign up for our newsletter to get the news every morning.</p>{t}"),
        "newsletter",
    ),
    (
        "appeared first on",
        |n, t| {
            format!(
                "{t}<p>The post <a href=\"https://a.example/{n}\">Number {n}</a> appeared first on <a href=\"https://a.example/\">The Paper</a>.</p>"
            )
        },
        "appeared first",
    ),
    (
        "copyright",
        |_, t| format!("{t}<p>© 2030 The Paper. All rights are reserved by us.</p>"),
        "rights are reserved",
    ),
    (
        "label and sentence",
        |_, t| {
            format!(
                "{t}<p>Support us</p><p>Your gift keeps this paper free for all its readers.</p>"
            )
        },
        "Support us",
    ),
    (
        "both ends",
        |_, t| {
            format!(
                "<p>This article was first printed in our evening edition.</p>{t}<p>Follow us wherever you get your news these days.</p>"
            )
        },
        "Follow us",
    ),
    (
        "in German",
        |_, t| format!("{t}<p>Dieser Beitrag erschien zuerst in der Ausgabe von heute.</p>"),
        "erschien zuerst",
    ),
    (
        "in Ukrainian",
        |_, t| format!("{t}<p>Підписуйтесь на наш канал, щоб не пропустити нічого важливого.</p>"),
        "Підписуйтесь",
    ),
];

/// A paragraph of words that no other article of any feed has.
fn unique(feed: usize, n: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ke", "mi", "no", "ru", "sta", "tor", "vel"];
    let mut text = String::from("<p>");
    for word in 0..14 {
        let mut code = (feed * 100 + n) * 14 + word;
        for _ in 0..6 {
            text.push_str(SYLLABLES[code % 8]);
            code /= 8;
        }
        text.push(' ');
    }
    let _ = write!(text, "in the year {}.</p>", 1000 + feed * 100 + n);
    text
}

fn document(feed: usize, print: Print, articles: std::ops::Range<usize>) -> String {
    let host = format!("feed{feed}.example");
    let items: Vec<Item> = articles
        .rev()
        .map(|n| Item {
            html: print(n, &unique(feed, n)),
            ..Item::numbered(&host, n)
        })
        .collect();
    rss(&format!("Paper {feed}"), &items)
}

/// Twelve articles of each kind, in two documents.
async fn read(kinds: &[(&str, Print, &str)]) -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    let urls: Vec<String> = (0..kinds.len())
        .map(|feed| format!("http://feed{feed}.example/feed"))
        .collect();
    let show = |articles: std::ops::Range<usize>| {
        for (feed, (_, print, _)) in kinds.iter().enumerate() {
            let document = document(feed, *print, articles.clone());
            net.always(
                &format!("feed{feed}.example"),
                "/feed",
                Reply::feed(document),
            );
        }
    };
    show(0..7);
    let app = EndToEnd::new(&net);
    app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    app.pass().await;
    show(5..12);
    app.hours(2);
    app.pass().await;
    (net, app)
}

fn of_feed(app: &EndToEnd, feed: usize) -> Vec<ArticleView> {
    let url = format!("http://feed{feed}.example/feed");
    let all = app.articles().into_iter();
    all.filter(|a| a.feed_url == url).collect()
}

fn shows(article: &ArticleView, words: &str) -> bool {
    let text = article.content_text.as_deref().unwrap_or_default();
    let html = article.content_html.as_deref().unwrap_or_default();
    assert_eq!(text.contains(words), html.contains(words), "{text}");
    text.contains(words)
}

#[tokio::test]
async fn content_that_recurs_stays_in_every_article() {
    let (_net, app) = read(&CONTENT).await;
    for (feed, (name, print, words)) in CONTENT.iter().enumerate() {
        let articles = of_feed(&app, feed);
        assert!(!articles.is_empty(), "{name}");
        let printed = (0..12).filter(|n| print(*n, "").contains(words)).count();
        let shown = articles.iter().filter(|a| shows(a, words)).count();
        assert_eq!(shown, printed.min(articles.len()), "{name}");
    }
}

#[tokio::test]
async fn notices_that_recur_at_the_edges_go_and_are_listed() {
    let (_net, app) = read(&NOTICES).await;
    for (feed, (name, _, words)) in NOTICES.iter().enumerate() {
        let articles = of_feed(&app, feed);
        assert_eq!(articles.len(), 12, "{name}");
        for article in &articles {
            assert!(!shows(article, words), "{name}");
            let removed = article.boilerplate.join("\n");
            assert!(removed.contains(words), "{name}: {removed:?}");
        }
    }
}

#[tokio::test]
async fn a_feed_that_keeps_its_boilerplate_shows_all_of_it_at_once() {
    let (_net, app) = read(&NOTICES[..1]).await;
    let (_, _, words) = NOTICES[0];
    let row = app.feeds()[0].row;
    let set = |keep| FeedChange {
        keep_boilerplate: Some(keep),
        ..FeedChange::default()
    };
    app.store.change_feed(row, set(true)).unwrap();
    let kept = of_feed(&app, 0);
    assert!(
        kept.iter()
            .all(|a| shows(a, words) && a.boilerplate.is_empty())
    );
    app.store.change_feed(row, set(false)).unwrap();
    assert!(of_feed(&app, 0).iter().all(|a| !shows(a, words)));
}
