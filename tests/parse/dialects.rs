//! A document of each dialect: all of them become the same fields.

use super::{only, read, titles, url};

#[test]
fn rss_2_0() {
    let feed = read(
        r#"<?xml version="1.0"?><rss version="2.0"><channel>
        <title>The Paper</title><link>https://paper.example/</link><description>All of it</description>
        <language>en-gb</language><copyright>© Paper</copyright><managingEditor>ed@paper.example (Ed Itor)</managingEditor>
        <lastBuildDate>Fri, 21 Oct 2022 10:00:00 GMT</lastBuildDate><generator>Press 1</generator><ttl>30</ttl>
        <image><url>https://paper.example/logo.png</url><title>x</title><link>x</link></image>
        <item><title>One</title><link>https://paper.example/1</link><guid isPermaLink="false">17</guid>
          <pubDate>Fri, 21 Oct 2022 09:00:00 +0200</pubDate><author>ann@paper.example (Ann Mole)</author>
          <category domain="d">Ships</category><comments>https://paper.example/1#c</comments>
          <description>&lt;p&gt;Text&lt;/p&gt;</description>
          <enclosure url="https://paper.example/1.mp3" length="12" type="audio/mpeg"/>
          <source url="https://wire.example/feed">Wire</source></item></channel></rss>"#,
    );
    assert_eq!(feed.format, "rss2");
    assert_eq!(feed.title.as_deref(), Some("The Paper"));
    assert_eq!(feed.description.as_deref(), Some("All of it"));
    assert_eq!(feed.language.as_deref(), Some("en-gb"));
    assert_eq!(feed.rights.as_deref(), Some("© Paper"));
    assert_eq!(feed.ttl_minutes, Some(30));
    assert_eq!(feed.authors[0].name.as_deref(), Some("Ed Itor"));
    assert_eq!(feed.updated.unwrap().to_string(), "2022-10-21T10:00:00Z");
    assert_eq!(
        feed.image.as_ref().unwrap().as_str(),
        "https://paper.example/logo.png"
    );
    let entry = only(feed);
    assert_eq!(entry.id.as_deref(), Some("17"));
    assert_eq!(url(&entry), Some("https://paper.example/1"));
    assert_eq!(entry.published.unwrap().to_string(), "2022-10-21T07:00:00Z");
    assert_eq!(entry.authors[0].name.as_deref(), Some("Ann Mole"));
    assert_eq!(entry.authors[0].email.as_deref(), Some("ann@paper.example"));
    assert_eq!(entry.categories[0].term, "Ships");
    assert_eq!(entry.categories[0].scheme.as_deref(), Some("d"));
    assert_eq!(entry.summary_html.as_deref(), Some("<p>Text</p>"));
    assert_eq!(entry.content_text.as_deref(), Some("Text"));
    assert_eq!(entry.enclosures[0].length, Some(12));
    assert_eq!(entry.enclosures[0].mime.as_deref(), Some("audio/mpeg"));
    assert_eq!(
        entry.source.unwrap().url.as_deref(),
        Some("https://wire.example/feed")
    );
}

#[test]
fn rss_without_a_version_and_of_the_first_days() {
    for head in [
        r#"<rss version="0.91">"#,
        "<rss>",
        r#"<rss version="3.0">"#,
        "<RSS>",
    ] {
        let feed = read(format!(
            "{head}<channel><title>P</title><item><title>One</title><link>https://p.example/1</link></item></channel></rss>"
        ));
        assert_eq!(titles(&feed), ["One"], "{head}");
    }
    let scattered = read(
        "<rss version='0.9'><channel><title>P</title></channel><item><title>One</title></item><item><title>Two</title></item></rss>",
    );
    assert_eq!(titles(&scattered), ["One", "Two"]);
}

#[test]
fn rss_1_0_and_0_90_are_rdf() {
    for namespace in [
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
    ] {
        let feed = read(format!(
            r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{namespace}" xmlns:dc="http://purl.org/dc/elements/1.1/">
            <channel rdf:about="https://p.example/feed"><title>P</title><link>https://p.example/</link></channel>
            <item rdf:about="https://p.example/1"><title>One</title><link>https://p.example/1</link>
            <dc:date>2022-10-21T10:00:00Z</dc:date><dc:creator>Ann</dc:creator></item></rdf:RDF>"#
        ));
        let entry = only(feed);
        assert_eq!(entry.title.as_deref(), Some("One"), "{namespace}");
        assert_eq!(
            entry.id.as_deref(),
            Some("https://p.example/1"),
            "rdf:about is the id"
        );
        assert_eq!(entry.published.unwrap().to_string(), "2022-10-21T10:00:00Z");
    }
}

#[test]
fn atom_1_0() {
    let feed = read(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://p.example/d/">
        <id>urn:p</id><title type="html">P &amp;amp; Q</title><subtitle>S</subtitle><updated>2022-10-21T10:00:00Z</updated>
        <link rel="self" href="feed"/><link href=".."/><link rel="hub" href="https://hub.example/"/>
        <author><name>Jan</name></author><icon>i.png</icon>
        <entry><id>urn:p:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Köln <em>feiert</em></div></title>
        <link href="1.html"/><link rel="enclosure" href="1.mp3" length="9"/><published>2022-10-21T09:00:00+02:00</published>
        <updated>2022-10-21T10:00:00Z</updated><category term="t" label="Label" scheme="s"/>
        <summary>1 &lt; 2</summary><content type="html">&lt;img src="x.png"&gt;</content></entry></feed>"#,
    );
    assert_eq!(feed.format, "atom");
    assert_eq!(feed.title.as_deref(), Some("P & Q"));
    assert_eq!(feed.link.as_ref().unwrap().as_str(), "https://p.example/");
    assert_eq!(
        feed.feed_url.as_ref().unwrap().as_str(),
        "https://p.example/d/feed"
    );
    assert_eq!(feed.hub.as_ref().unwrap().as_str(), "https://hub.example/");
    let entry = only(feed);
    assert_eq!(entry.title.as_deref(), Some("Köln feiert"));
    assert_eq!(url(&entry), Some("https://p.example/d/1.html"));
    assert_eq!(entry.enclosures[0].url, "https://p.example/d/1.mp3");
    assert_eq!(
        entry.summary_html.as_deref(),
        Some("1 &lt; 2"),
        "text is no markup"
    );
    assert_eq!(
        entry.content_html.as_deref(),
        Some(r#"<img src="https://p.example/d/x.png">"#)
    );
    assert_eq!(entry.categories[0].label.as_deref(), Some("Label"));
    assert_eq!(entry.published.unwrap().to_string(), "2022-10-21T07:00:00Z");
}

#[test]
fn atom_0_3() {
    let feed = read(
        r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title mode="escaped" type="text/html">&lt;i&gt;P&lt;/i&gt;</title>
        <tagline>T</tagline><entry><title>One</title><link rel="alternate" href="https://p.example/1"/><id>urn:1</id>
        <issued>2004-02-28T18:14:55-05:00</issued><modified>2004-03-01T00:00:00Z</modified>
        <content mode="base64" type="text/html">PGI+aGk8L2I+</content></entry></feed>"#,
    );
    assert_eq!(feed.title.as_deref(), Some("P"));
    assert_eq!(feed.description.as_deref(), Some("T"));
    let entry = only(feed);
    assert_eq!(entry.content_html.as_deref(), Some("<b>hi</b>"));
    assert_eq!(entry.published.unwrap().to_string(), "2004-02-28T23:14:55Z");
    assert_eq!(entry.updated.unwrap().to_string(), "2004-03-01T00:00:00Z");
}

#[test]
fn json_feed() {
    let feed = read(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"P","home_page_url":"https://p.example/","feed_url":"feed.json",
        "language":"en","authors":[{"name":"Ann"}],"items":[
        {"id":7,"url":"/1","title":"One","content_html":"<p>x<script>y</script></p>","summary":"s","date_published":"2022-10-21T10:00:00Z",
         "tags":["a","b"],"image":"i.png","attachments":[{"url":"1.mp3","mime_type":"audio/mpeg","size_in_bytes":5}]},
        {"id":"8","content_text":"a < b"}]}"#,
    );
    assert_eq!(feed.title.as_deref(), Some("P"));
    let [one, two] = feed.entries.as_slice() else {
        panic!("two items")
    };
    assert_eq!(one.id.as_deref(), Some("7"), "a number is an id too");
    assert_eq!(url(one), Some("https://paper.example/1"));
    assert_eq!(one.content_html.as_deref(), Some("<p>x</p>"));
    assert_eq!(one.categories.len(), 2);
    assert_eq!(one.enclosures[0].length, Some(5));
    assert_eq!(two.content_text.as_deref(), Some("a < b"));
}

#[test]
fn what_is_no_feed_is_refused_with_a_reason() {
    use newswire::parse::{ParseContext, ParseError, parse};
    for document in [
        "",
        "   ",
        "<html><body>x</body></html>",
        "plain text",
        "\u{89}PNG",
        "{\"a\":1}",
        "<opml/>",
    ] {
        let error = parse(document.as_bytes(), &ParseContext::default()).unwrap_err();
        let (ParseError::NotAFeed(why) | ParseError::Unreadable(why)) = error;
        assert!(!why.is_empty(), "{document}");
    }
}
