use super::*;
use crate::model::WebUrlError;

fn feed(url: &str) -> Subscription {
    Subscription::new(WebUrl::parse(url).unwrap())
}

fn body(outlines: &str) -> String {
    format!("<opml version=\"2.0\"><head/><body>{outlines}</body></opml>")
}

fn urls(text: &str) -> Vec<String> {
    let list = read(text).unwrap();
    list.into_iter().map(|s| s.url.to_string()).collect()
}

#[test]
fn folders_nest_and_tags_are_categories() {
    let list = [
        Subscription {
            title: Some("Fish & <Chips>".to_owned()),
            folder: Some("news/world".to_owned()),
            tags: vec!["a b".to_owned(), "c".to_owned()],
            ..feed("https://a.example/?x=1&y=2")
        },
        Subscription {
            site: Some(WebUrl::parse("https://b.example/").unwrap()),
            ..feed("https://b.example/feed")
        },
    ];
    assert_eq!(
        write("My feeds", &list),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <opml version=\"2.0\">\n\
        \x20 <head>\n\
        \x20   <title>My feeds</title>\n\
        \x20 </head>\n\
        \x20 <body>\n\
        \x20   <outline type=\"rss\" text=\"https://b.example/feed\" title=\"https://b.example/feed\" xmlUrl=\"https://b.example/feed\" htmlUrl=\"https://b.example/\"/>\n\
        \x20   <outline text=\"news\" title=\"news\">\n\
        \x20     <outline text=\"world\" title=\"world\">\n\
        \x20       <outline type=\"rss\" text=\"Fish &#x26; &#x3C;Chips&gt;\" title=\"Fish &#x26; &#x3C;Chips&gt;\" xmlUrl=\"https://a.example/?x=1&amp;y=2\" category=\"a b,c\"/>\n\
        \x20     </outline>\n\
        \x20   </outline>\n\
        \x20 </body>\n\
         </opml>\n"
    );
}

#[test]
fn attributes_of_other_readers_are_kept_and_written_again() {
    let text = body(
        "<outline text='A' xmlUrl='https://a.example/f' isComment='false' x:y='z' maxItems='3'/>\
         <outline text='A' xmlUrl='https://a.example/f' MAXITEMS='4' note='a &lt; b'/>",
    );
    let list = read(&text).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kept = [
        pair("isComment", "false"),
        pair("maxItems", "3"),
        pair("note", "a < b"),
    ];
    assert_eq!(list[0].others, kept);
    assert_eq!(read(&write("t", &list)).unwrap(), list);
}

#[test]
fn attributes_of_a_namespace_keep_their_declaration_wherever_it_stood() {
    let text = "<opml version='2.0' xmlns:frss='https://freshrss.org/opml'><body>\
         <outline text='A' xmlUrl='https://a.example/f' frss:priority='important' b='1' frss:text='t' xml:lang='en'/>\
         </body></opml>";
    let list = read(text).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kept = [
        pair("frss:priority", "important"),
        pair("b", "1"),
        pair("frss:text", "t"),
        pair("xmlns:frss", "https://freshrss.org/opml"),
    ];
    assert_eq!(list[0].others, kept);
    let written = write("t", &list);
    assert!(
        written.contains("frss:priority=\"important\"") && written.contains("xmlns:frss="),
        "{written}"
    );
    assert_eq!(read(&written).unwrap(), list);
}

#[test]
fn what_other_readers_write_is_read() {
    let text = "\u{feff}<?xml version='1.0' encoding='windows-1252'?>\n<!DOCTYPE opml [<!ENTITY x 'y'>]>
        <OPML><HEAD><title>t</title></HEAD><BODY>
        <outline title='News &eacute; & caf&#233;'>
            <Outline TITLE='No text' XMLURL='feed://a.example/f'/>
            <outline text='Tom & Jerry' xmlurl=' feed:https://b.example/?a=1&b=2 ' HtmlUrl='https://b.example' category='/x/y,z, z' />
            <outline text='http://c.example/' xmlUrl='http://c.example/' unknown='&x;' unquoted=1></outline>
        </outline>
        <outline text='AC/DC'><outline text='in a feed' type='rss' url='https://d.example/'>
            <outline text='e' xmlUrl='https://e.example/'/></outline></outline>
        <outline text='a note' isComment='true'/><outline text='page' type='link' url='https://page.example/'/>
        <outline text='list' type='include' url='https://list.example/opml'/>
        </BODY></OPML>";
    let folder = Some("News é & café".to_owned());
    assert_eq!(
        read(text).unwrap(),
        [
            Subscription {
                title: Some("No text".to_owned()),
                folder: folder.clone(),
                ..feed("http://a.example/f")
            },
            Subscription {
                title: Some("Tom & Jerry".to_owned()),
                folder: folder.clone(),
                site: Some(WebUrl::parse("https://b.example/").unwrap()),
                tags: vec!["x/y".to_owned(), "z".to_owned()],
                ..feed("https://b.example/?a=1&b=2")
            },
            Subscription {
                folder,
                // No entity of a DTD is expanded.
                others: vec![
                    ("unknown".to_owned(), "&x;".to_owned()),
                    ("unquoted".to_owned(), "1".to_owned()),
                ],
                ..feed("http://c.example/")
            },
            Subscription {
                title: Some("in a feed".to_owned()),
                folder: Some("AC-DC".to_owned()),
                ..feed("https://d.example/")
            },
            Subscription {
                title: Some("e".to_owned()),
                folder: Some("AC-DC".to_owned()),
                ..feed("https://e.example/")
            },
        ]
    );
    assert_eq!(read("<opml><body/></opml>").unwrap(), []);
}

#[test]
fn sec_17_only_http_is_taken_and_the_rest_is_told() {
    let text = body(
        "<outline text='a' xmlUrl='exec:rm -rf /'/>\n<outline xmlUrl='|/bin/sh'/>\n\
         <outline xmlUrl='filter:x:https://a.example/'/><outline xmlUrl='file:///etc/passwd'/>\
         <outline xmlUrl='feed:javascript:x'/><outline xmlUrl='https://a.example/'/>",
    );
    let mut refused = Vec::new();
    let list = read_with(&text, |r| refused.push(r)).unwrap();
    assert_eq!(list, [feed("https://a.example/")]);
    assert_eq!(
        refused[0],
        Refused {
            line: 1,
            title: Some("a".to_owned()),
            why: WebUrlError::Scheme("exec".to_owned())
        }
    );
    assert_eq!((refused[1].line, refused[1].title.as_deref()), (2, None));
    let lines: Vec<usize> = refused.iter().map(|r| r.line).collect();
    assert_eq!(lines, [1, 2, 3, 3, 3]);
}

#[test]
fn sec_17_duplicates_are_one_subscription_and_the_second_folder_a_tag() {
    let text = body(
        "<outline xmlUrl='https://a.example'/><outline text='F'><outline text='T' xmlUrl='https://a.example/'/></outline>
         <outline text='G'><outline text='U' xmlUrl='https://A.example/' category='x'/></outline>",
    );
    let one = Subscription {
        title: Some("T".to_owned()),
        folder: Some("F".to_owned()),
        tags: vec!["G".to_owned(), "x".to_owned()],
        ..feed("https://a.example/")
    };
    assert_eq!(read(&text).unwrap(), [one]);
}

#[test]
fn sec_08_a_password_leaves_the_url_and_is_never_written() {
    let list = read(&body("<outline xmlUrl='https://ann:s3cret@a.example/f'/>")).unwrap();
    let auth = Some(("ann".to_owned(), Secret::new("s3cret")));
    let expected = Subscription {
        auth,
        ..feed("https://a.example/f")
    };
    assert_eq!(list, [expected]);
    assert!(!write("t", &list).contains("s3cret"));
    let mut refused = Vec::new();
    read_with(
        &body("<outline xmlUrl='ftp://ann:s3cret@a.example/f'/>"),
        |r| {
            refused.push(format!("{r:?}"));
        },
    )
    .unwrap();
    assert!(!refused[0].contains("s3cret"), "{refused:?}");
}

#[test]
fn sec_17_depth_and_number_are_bounded() {
    let nested = |depth: usize| {
        let open = "<outline text='f'>".repeat(depth - 1);
        let close = "</outline>".repeat(depth - 1);
        body(&format!(
            "{open}<outline xmlUrl='https://a.example/'/>{close}"
        ))
    };
    assert_eq!(urls(&nested(DEPTH_MAX)), ["https://a.example/"]);
    assert!(matches!(
        read(&nested(DEPTH_MAX + 1)),
        Err(OpmlError::TooDeep { line: 1, .. })
    ));
    let many = |n: usize| body(&"<outline xmlUrl='https://a.example/'/>\n".repeat(n));
    assert_eq!(urls(&many(FEEDS_MAX)).len(), 1);
    let told = read(&many(FEEDS_MAX + 1)).unwrap_err();
    assert!(matches!(told, OpmlError::TooMany { line: 200_001, .. }));
    assert!(
        told.to_string().contains("more than 200000 feeds"),
        "{told}"
    );
    let long = format!(
        "<outline text='{}'><outline text='{}' category='{}' xmlUrl='https://a.example/'/></outline>",
        "x/".repeat(5000),
        "x".repeat(5000),
        (0..5).map(|n| format!("{n},")).collect::<String>()
    );
    let list = read(&body(&long)).unwrap();
    let lengths = (
        list[0].folder.as_deref().map(str::len),
        list[0].title.as_deref().map(str::len),
        list[0].tags.len(),
    );
    assert_eq!(lengths, (Some(1024), Some(1024), 5));
    let deep = Subscription {
        folder: Some("f/".repeat(1000)),
        ..feed("https://a.example/")
    };
    assert_eq!(urls(&write("t", &[deep])), ["https://a.example/"]);
}

#[test]
fn all_tags_folders_and_attributes_of_a_feed_are_kept() {
    const MANY: usize = 20_000;
    let numbered = |text: &dyn Fn(usize) -> String| (0..MANY).map(text).collect::<String>();
    let tags = numbered(&|n| format!("tag {n},"));
    let others = numbered(&|n| format!(" a{n}='{n}'"));
    let one = format!("<outline xmlUrl='https://a.example/' category='{tags}'{others}/>");
    let twice = format!("{one}{one}");
    let folders = numbered(&|n| {
        format!(
            "<outline text='folder {n}'><outline xmlUrl='https://b.example/' x{n}=''/></outline>"
        )
    });
    let list = read(&body(&format!("{twice}{folders}"))).unwrap();
    assert_eq!((list[0].tags.len(), list[0].others.len()), (MANY, MANY));
    // The first folder is its folder, the others are tags.
    assert_eq!((list[1].tags.len(), list[1].others.len()), (MANY - 1, MANY));
}

#[test]
fn a_broken_file_is_an_error_with_its_place() {
    let place = |text: &str| match read(text) {
        Err(OpmlError::Broken { line, column, .. }) => (line, column),
        other => panic!("{other:?}"),
    };
    let good = "<outline text='é' xmlUrl='https://a.example/'/>";
    assert_eq!(place(&format!("<opml><body>\n{good}</outline>")), (2, 48));
    assert_eq!(place(&format!("<opml><body>\n{good}\n")), (3, 1));
    assert_eq!(
        place(&format!("<opml><body>\n {good}<outline text='x")),
        (2, 49)
    );
    let message = read("<opml>\n<body></head>").unwrap_err().to_string();
    assert!(
        message.starts_with("the OPML file is broken at line 2, column 7: "),
        "{message}"
    );
}

#[test]
fn something_else_is_no_opml() {
    for (text, why) in [
        ("<rss version='2.0'/>", "it begins with <rss>"),
        ("https://a.example/feed", "there is no <opml> in it"),
        ("", "there is no <opml> in it"),
    ] {
        assert_eq!(read(text), Err(OpmlError::NotOpml(why.to_owned())));
    }
}
