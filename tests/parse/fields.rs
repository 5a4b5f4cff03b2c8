//! The fields, in the spellings and from the namespaces in which publishers send them.

use super::{atom_entry, read, rss_entry, url};

#[test]
fn dublin_core_terms_and_atom_inside_rss_are_read() {
    let entry = rss_entry(
        "<dc:title>One</dc:title><dc:creator>Ann Mole</dc:creator><dc:date>2022-10-21</dc:date><dc:subject>Ships</dc:subject>\
         <dcterms:modified>2022-10-22</dcterms:modified><a10:link href='https://paper.example/1'/><dc:rights>R</dc:rights>",
    );
    assert_eq!(entry.title.as_deref(), Some("One"));
    assert_eq!(entry.authors[0].name.as_deref(), Some("Ann Mole"));
    assert_eq!(entry.published.unwrap().to_string(), "2022-10-21T00:00:00Z");
    assert_eq!(entry.updated.unwrap().to_string(), "2022-10-22T00:00:00Z");
    assert_eq!(entry.categories[0].term, "Ships");
    assert_eq!(url(&entry), Some("https://paper.example/1"));
    assert_eq!(entry.rights.as_deref(), Some("R"));
}

#[test]
fn a_body_is_the_content_and_a_summary_the_description() {
    let entry = rss_entry(
        "<description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded>",
    );
    assert_eq!(entry.summary_html.as_deref(), Some("short"));
    assert_eq!(entry.content_html.as_deref(), Some("<p>long</p>"));
    assert_eq!(entry.content_text.as_deref(), Some("long"));
    let xhtml = rss_entry("<body xmlns='http://www.w3.org/1999/xhtml'><p>text</p></body>");
    assert_eq!(xhtml.content_html.as_deref(), Some("<p>text</p>"));
}

#[test]
fn podcasts_and_media() {
    let entry = rss_entry(
        "<title>One</title><itunes:author>Pod Caster</itunes:author><itunes:summary>s</itunes:summary><itunes:image href='i.png'/>\
         <media:group><media:content url='v.mp4' type='video/mp4' fileSize='10'/><media:content url='w.mp4'/></media:group>\
         <media:thumbnail url='t.png'/>",
    );
    assert_eq!(entry.authors[0].name.as_deref(), Some("Pod Caster"));
    let files: Vec<&str> = entry.enclosures.iter().map(|f| f.url.as_str()).collect();
    assert_eq!(
        files,
        [
            "https://paper.example/news/v.mp4",
            "https://paper.example/news/w.mp4"
        ]
    );
    assert_eq!(entry.enclosures[0].length, Some(10));
    assert_eq!(
        entry.image.unwrap().as_str(),
        "https://paper.example/news/i.png"
    );
}

#[test]
fn people_are_read_in_every_order() {
    for (written, name, email) in [
        (
            "ann@paper.example (Ann Mole)",
            Some("Ann Mole"),
            Some("ann@paper.example"),
        ),
        (
            "Ann Mole &lt;ann@paper.example&gt;",
            Some("Ann Mole"),
            Some("ann@paper.example"),
        ),
        ("ann@paper.example", None, Some("ann@paper.example")),
        ("Ann Mole", Some("Ann Mole"), None),
    ] {
        let entry = rss_entry(&format!("<author>{written}</author>"));
        assert_eq!(entry.authors[0].name.as_deref(), name, "{written}");
        assert_eq!(entry.authors[0].email.as_deref(), email, "{written}");
    }
    let person = "<author><name>Ann</name><email>a@p.example</email><uri>ann</uri></author><contributor><name>Bob</name></contributor>";
    let entry = atom_entry(person);
    assert_eq!(
        entry.authors[0].url.as_deref(),
        Some("https://paper.example/a/ann")
    );
    assert_eq!(entry.contributors[0].name.as_deref(), Some("Bob"));
}

#[test]
fn links_are_found_wherever_they_are_written() {
    for (elements, expected) in [
        (
            "<link> https://paper.example/1 </link>",
            Some("https://paper.example/1"),
        ),
        (
            "<link><![CDATA[https://paper.example/?a=1&b=2]]></link>",
            Some("https://paper.example/?a=1&b=2"),
        ),
        (
            "<guid>https://paper.example/1</guid>",
            Some("https://paper.example/1"),
        ),
        (
            "<guid isPermaLink='false'>https://paper.example/1</guid>",
            None,
        ),
        ("<link>/1</link>", Some("https://paper.example/1")),
        (
            "<link>//cdn.example/1</link>",
            Some("https://cdn.example/1"),
        ),
        ("<link>javascript:alert(1)</link>", None),
    ] {
        assert_eq!(url(&rss_entry(elements)), expected, "{elements}");
    }
}

#[test]
fn relative_urls_in_html_are_resolved_by_the_nearest_base() {
    let entry = atom_entry(
        r#"<content type="html" xml:base="b/">&lt;a href="1"&gt;x&lt;/a&gt;</content><summary type="html">&lt;img src="/i"&gt;</summary>"#,
    );
    assert!(
        entry
            .content_html
            .unwrap()
            .contains(r#"href="https://paper.example/a/b/1""#)
    );
    assert!(
        entry
            .summary_html
            .unwrap()
            .contains(r#"src="https://paper.example/i""#)
    );
}

#[test]
fn a_title_is_one_line_without_markup() {
    for (written, read) in [
        ("&lt;b&gt;x&lt;/b&gt;", "x"),
        ("<![CDATA[<b>x</b> &amp; y]]>", "x & y"),
        ("<b>x</b> y", "x y"),
        ("AT&amp;amp;T", "AT&T"),
        ("AT&T", "AT&T"),
        ("1 &lt; 2", "1 < 2"),
        ("It&amp;#8217;s", "It’s"),
        ("  a\n\tb ", "a b"),
        ("&lt;script&gt;x&lt;/script&gt;y", "y"),
        ("&hellip;", "…"),
    ] {
        let entry = rss_entry(&format!("<title>{written}</title>"));
        assert_eq!(entry.title.as_deref(), Some(read), "{written}");
    }
}

#[test]
fn sec_04_a_date_is_never_invented() {
    assert_eq!(rss_entry("<title>x</title>").published, None);
    assert_eq!(rss_entry("<pubDate>yesterday</pubDate>").published, None);
    let later = rss_entry("<pubDate>Tue, 19 Jan 2038 03:14:08 GMT</pubDate>").published;
    assert_eq!(
        later.unwrap().to_string(),
        "2038-01-19T03:14:08Z",
        "claims are kept"
    );
}

#[test]
fn languages_are_inherited() {
    let feed = read(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>P</title><entry><title>a</title></entry><entry xml:lang="fr"><title>b</title></entry></feed>"#,
    );
    let languages: Vec<_> = feed.entries.iter().map(|e| e.language.as_deref()).collect();
    assert_eq!(languages[1], Some("fr"));
    assert_eq!(feed.language.as_deref(), Some("de"));
}
