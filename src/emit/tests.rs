use super::*;
use crate::model::{
    Alternate, Category, Content, Enclosure, FeedId, FeedRef, Person, Seq, StoryId,
};

fn at(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text)
}

fn story() -> StoryView {
    StoryView {
        id: StoryId(uuid::Uuid::from_u128(7)),
        seq: Seq::new(1),
        content: Content {
            title: "AT&T: <b>1</b> < 2".to_owned(),
            url: Some("https://a.example/1?x=[2]&y=3".to_owned()),
            summary: "It's \"so\".".to_owned(),
            content_html: Some("<p>Body &amp; soul</p>".to_owned()),
            content_text: Some("Body & soul".to_owned()),
            boilerplate: Vec::new(),
            authors: vec![Person {
                name: None,
                email: Some("ann@example.org".to_owned()),
                url: Some("javascript:x".to_owned()),
            }],
            agencies: vec!["Reuters".to_owned()],
            categories: vec![Category {
                term: "eco".to_owned(),
                label: Some("Economy".to_owned()),
                scheme: Some("https://a.example/c".to_owned()),
            }],
            tags: vec!["daily".to_owned()],
            topics: vec!["phones".to_owned()],
            language: Some("en".to_owned()),
            published: at("2026-11-01T10:00:00Z"),
            updated: None,
            first_seen: at("2026-11-01T11:00:00Z").unwrap(),
            arrived: at("2026-11-01T10:30:00Z").unwrap(),
            image: Some("https://a.example/i.png".to_owned()),
            enclosures: vec![Enclosure {
                url: "https://a.example/f.mp3".to_owned(),
                mime: Some("audio".to_owned()),
                length: None,
            }],
            feed: FeedRef {
                id: FeedId(uuid::Uuid::from_u128(8)),
                url: "https://a.example/feed".to_owned(),
                title: "A".to_owned(),
                site: Some("https://a.example/".to_owned()),
            },
        },
        copies: 2,
        also_in: vec![Alternate {
            feed_url: "https://b.example/feed".to_owned(),
            feed_title: "B & C".to_owned(),
            url: Some("https://b.example/1".to_owned()),
            title: "AT&T".to_owned(),
            published: None,
        }],
    }
}

fn channel(stories: Vec<StoryView>) -> Channel {
    Channel {
        id: "urn:example:all".to_owned(),
        title: "All".to_owned(),
        self_url: Some("https://n.example/feeds/all".to_owned()),
        stories,
        ..Channel::default()
    }
}

/// What stands in the first element of that name.
fn inside<'d>(document: &'d str, name: &str) -> Option<&'d str> {
    let (_, after) = document.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

#[test]
fn an_atom_entry_says_all() {
    let document = atom(&channel(vec![story()]));
    assert_eq!(
        document.split_once("  <entry").unwrap().1,
        " xml:lang=\"en\">
    <id>urn:uuid:00000000-0000-0000-0000-000000000007</id>
    <title type=\"html\">AT&#x26;amp;T: &#x26;lt;b&#x26;gt;1&#x26;lt;/b&#x26;gt; &#x26;lt; 2</title>
    <published>2026-11-01T10:00:00Z</published>
    <updated>2026-11-01T10:00:00.000007Z</updated>
    <author>
      <name>ann</name>
      <email>ann@example.org</email>
    </author>
    <link rel=\"alternate\" href=\"https://a.example/1?x=%5B2%5D&amp;y=3\"/>
    <link rel=\"related\" href=\"https://b.example/1\" title=\"B &#x26; C\"/>
    <link rel=\"enclosure\" href=\"https://a.example/f.mp3\"/>
    <category term=\"phones\" scheme=\"urn:newswire:topic\"/>
    <category term=\"eco\" scheme=\"https://a.example/c\" label=\"Economy\"/>
    <summary>It's \"so\".</summary>
    <content type=\"html\">&lt;p&gt;Body &amp;amp; soul&lt;/p&gt;</content>
    <source>
      <id>urn:uuid:00000000-0000-0000-0000-000000000008</id>
      <title>A</title>
      <updated>2026-11-01T10:00:00Z</updated>
      <link rel=\"self\" href=\"https://a.example/feed\"/>
      <link rel=\"alternate\" href=\"https://a.example/\"/>
    </source>
    <media:content url=\"https://a.example/f.mp3\"/>
    <media:thumbnail url=\"https://a.example/i.png\"/>
  </entry>
</feed>
"
    );
}

#[test]
fn sec_16_an_rss_item_reads_right_as_text_and_as_html() {
    let document = rss(&channel(vec![story()]));
    assert_eq!(
        document.split_once("    <item>\n").unwrap().1,
        "      <title>AT&#x26;amp;T: &#x26;lt;b&#x26;gt;1&#x26;lt;/b&#x26;gt; &#x26;lt; 2</title>
      <link>https://a.example/1?x=%5B2%5D&amp;y=3</link>
      <description>It's \"so\".</description>
      <content:encoded>&lt;p&gt;Body &amp;amp; soul&lt;/p&gt;</content:encoded>
      <dc:creator>ann</dc:creator>
      <category domain=\"urn:newswire:topic\">phones</category>
      <category domain=\"https://a.example/c\">eco</category>
      <enclosure url=\"https://a.example/f.mp3\" length=\"0\" type=\"application/octet-stream\"/>
      <guid isPermaLink=\"false\">urn:uuid:00000000-0000-0000-0000-000000000007</guid>
      <pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate>
      <source url=\"https://a.example/feed\">A</source>
      <media:content url=\"https://a.example/f.mp3\"/>
      <media:thumbnail url=\"https://a.example/i.png\"/>
    </item>
  </channel>
</rss>
"
    );
}

#[test]
fn a_json_item_says_all() {
    let document: serde_json::Value =
        serde_json::from_str(&json_feed(&channel(vec![story()]))).unwrap();
    assert_eq!(
        document,
        serde_json::json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": "All",
            "feed_url": "https://n.example/feeds/all",
            "items": [{
                "id": "urn:uuid:00000000-0000-0000-0000-000000000007",
                "url": "https://a.example/1?x=%5B2%5D&y=3",
                "title": "AT&T: <b>1</b> < 2",
                "content_html": "<p>Body &amp; soul</p>",
                "content_text": "Body & soul",
                "summary": "It's \"so\".",
                "image": "https://a.example/i.png",
                "date_published": "2026-11-01T10:00:00Z",
                "date_modified": "2026-11-01T10:00:00Z",
                "authors": [{ "name": "ann" }],
                "tags": ["phones", "eco"],
                "language": "en",
                "attachments": [{
                    "url": "https://a.example/f.mp3",
                    "mime_type": "application/octet-stream",
                }],
                "_newswire": {
                    "feed": {
                        "id": "00000000-0000-0000-0000-000000000008",
                        "url": "https://a.example/feed",
                        "title": "A",
                        "site": "https://a.example/",
                    },
                    "copies": 2,
                    "also_in": [{
                        "feed_url": "https://b.example/feed",
                        "feed_title": "B & C",
                        "url": "https://b.example/1",
                        "title": "AT&T",
                        "published": null,
                    }],
                    "topics": ["phones"],
                    "agencies": ["Reuters"],
                    "arrived": "2026-11-01T10:30:00Z",
                },
            }],
        })
    );
}

#[test]
fn a_channel_links_itself_its_pages_and_its_hub() {
    let channel = Channel {
        description: "What <we> know".to_owned(),
        home_url: Some("https://n.example/".to_owned()),
        first_url: Some("https://n.example/feeds/all".to_owned()),
        next_url: Some("https://n.example/feeds/all?before=9".to_owned()),
        hub_url: Some("https://hub.example/".to_owned()),
        updated: at("2026-11-01T09:00:00Z").unwrap(),
        ..channel(Vec::new())
    };
    let links = "rel=\"first\" type=\"application/FORMAT+xml\" href=\"https://n.example/feeds/all\"/>
    LINK rel=\"next\" type=\"application/FORMAT+xml\" href=\"https://n.example/feeds/all?before=9\"/>
    LINK rel=\"hub\" href=\"https://hub.example/\"/>";
    let (atom, rss) = (atom(&channel), rss(&channel));
    assert!(
        rss.contains(&links.replace("LINK", "<atom:link").replace("FORMAT", "rss")),
        "{rss}"
    );
    let links = links
        .replace("    LINK", "  <link")
        .replace("FORMAT", "atom");
    assert!(atom.contains(&links), "{atom}");
    assert!(atom.contains("<name>All</name>"), "no entry has an author");
    assert_eq!(inside(&atom, "updated"), Some("2026-11-01T09:00:00Z"));
    assert_eq!(
        inside(&rss, "description"),
        Some("What &#x26;lt;we&#x26;gt; know")
    );
    let json: serde_json::Value = serde_json::from_str(&json_feed(&channel)).unwrap();
    assert_eq!(json["hubs"][0]["type"], "WebSub");
    assert_eq!(json["next_url"], "https://n.example/feeds/all?before=9");
}

#[test]
fn sec_11_only_absolute_http_urls_without_userinfo_are_printed() {
    let bad = || Some("javascript:alert(1)".to_owned());
    let mut story = story();
    story.url = bad();
    story.image = Some("/i.png".to_owned());
    story.enclosures[0].url = "data:text/html,x".to_owned();
    story.feed.site = bad();
    story.feed.url = "https://ann:s3cret@a.example/feed".to_owned();
    story.also_in[0].url = bad();
    story.categories[0].scheme = bad();
    let channel = Channel {
        home_url: bad(),
        hub_url: bad(),
        ..channel(vec![story])
    };
    for format in Format::ALL {
        let document = render(&channel, format);
        for never in ["javascript", "data:", "/i.png", "s3cret"] {
            assert!(!document.contains(never), "{never} in {document}");
        }
    }
    let page = rss(&channel);
    assert_eq!(inside(&page, "link"), channel.self_url.as_deref());
    let nowhere = rss(&Channel::default());
    assert_eq!(inside(&nowhere, "link"), Some("https://newswire.invalid/"));
    assert_eq!(inside(&nowhere, "title"), Some("newswire"));
}

#[test]
fn what_is_required_is_there_when_nothing_is_known() {
    let mut story = story();
    story.title = " \0 ".to_owned();
    (story.summary, story.url, story.content_html) = (String::new(), None, Some(String::new()));
    (story.content_text, story.authors, story.feed.title) = (None, Vec::new(), String::new());
    let channel = channel(vec![story.clone(), story]);
    let atom = atom(&channel);
    assert_eq!(
        atom.matches("<entry").count(),
        1,
        "a story that comes twice is printed once"
    );
    let entry = atom.split_once("<entry").unwrap().1;
    for name in ["title", "name", "content"] {
        assert_eq!(inside(entry, name), Some("https://a.example/feed"));
    }
    assert!(rss(&channel).contains("<title>https://a.example/feed</title>"));
    let json: serde_json::Value = serde_json::from_str(&json_feed(&channel)).unwrap();
    assert_eq!(json["items"][0]["content_text"], "https://a.example/feed");
}

#[test]
fn sec_12_a_claim_that_cannot_be_is_not_printed() {
    let dates = |published: &str, updated: &str| {
        let mut dated = story();
        dated.published = at(published);
        dated.updated = at(updated);
        let document = atom(&channel(vec![dated]));
        let entry = document.split_once("<entry").unwrap().1;
        let seconds = |t: &str| t.split_once('.').map(|(s, _)| s.to_owned());
        (
            inside(entry, "published").map(str::to_owned),
            inside(entry, "updated").and_then(seconds),
        )
    };
    let some = |t: &str| Some(t.to_owned());
    let (seen, arrived) = ("2026-11-01T10:00:00Z", some("2026-11-01T10:30:00"));
    assert_eq!(dates("", ""), (None, arrived.clone()));
    assert_eq!(dates("2099-01-01T00:00:00Z", ""), (None, arrived.clone()));
    assert_eq!(
        dates("2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
        (None, arrived.clone())
    );
    assert_eq!(
        dates("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        (None, arrived)
    );
    let in_another_zone = story()
        .first_seen
        .plus(std::time::Duration::from_secs(3 * 3600));
    assert_eq!(
        dates(&in_another_zone.to_string(), "").0,
        Some(story().first_seen.to_string())
    );
    assert_eq!(
        dates(seen, "2027-01-01T00:00:00Z"),
        (some(seen), some("2027-01-01T00:00:00"))
    );
    assert_eq!(
        dates(seen, "2026-01-01T00:00:00Z"),
        (some(seen), some("2026-11-01T10:00:00"))
    );
}

#[test]
fn a_length_of_zero_is_one_that_nobody_knows() {
    let mut story = story();
    story.enclosures.iter_mut().for_each(|f| f.length = Some(0));
    let channel = channel(vec![story]);
    assert!(!atom(&channel).contains(" length="));
    assert!(rss(&channel).contains(" length=\"0\""));
    assert!(!json_feed(&channel).contains("size_in_bytes"));
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.extension()), Some(format));
    }
    assert_eq!(Format::from_name("jsonfeed"), Some(Format::Json));
    assert_eq!(Format::from_name("html"), None);
    assert_eq!(Format::Atom.media_type(), "application/atom+xml");
}

#[test]
fn an_undated_story_is_dated_by_its_first_sighting_in_rss_and_json() {
    for claim in [None, at("2099-01-01T00:00:00Z"), at("1970-01-01T00:00:00Z")] {
        let mut undated = story();
        undated.published = claim;
        let channel = channel(vec![undated]);
        let date = inside(&rss(&channel), "pubDate").map(str::to_owned);
        assert_eq!(date.as_deref(), Some("Sun, 01 Nov 2026 11:00:00 GMT"));
        let json: serde_json::Value = serde_json::from_str(&json_feed(&channel)).unwrap();
        assert_eq!(json["items"][0]["date_published"], "2026-11-01T11:00:00Z");
        assert_eq!(inside(&atom(&channel), "published"), None, "it is optional");
    }
}

#[test]
fn every_file_is_media_content_and_only_the_picture_a_thumbnail() {
    let file = |url: &str, mime: &str, length| Enclosure {
        url: url.to_owned(),
        mime: Some(mime.to_owned()),
        length,
    };
    let mut with_files = story();
    with_files.enclosures = vec![
        file("https://a.example/1.mp3?a&b", "audio/mpeg", Some(7)),
        file("https://a.example/2.pdf", "application/pdf", None),
        file("https://a.example/3.jpg", "Image/JPEG", Some(u64::MAX)),
    ];
    let channel = channel(vec![with_files]);
    let elements = "\
<media:content url=\"https://a.example/1.mp3?a&amp;b\" fileSize=\"7\" type=\"audio/mpeg\" medium=\"audio\"/>
<media:content url=\"https://a.example/2.pdf\" type=\"application/pdf\"/>
<media:content url=\"https://a.example/3.jpg\" type=\"Image/JPEG\" medium=\"image\"/>
<media:thumbnail url=\"https://a.example/i.png\"/>";
    for document in [atom(&channel), rss(&channel)] {
        assert!(document.contains("xmlns:media=\"http://search.yahoo.com/mrss/\""));
        let found: Vec<_> = document
            .lines()
            .map(str::trim)
            .filter(|l| l.starts_with("<media:"))
            .collect();
        assert_eq!(found.join("\n"), elements);
    }
}
