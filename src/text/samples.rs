//! HTML for property tests, rightly and wrongly nested. Only tests have this module.

use proptest::prelude::*;

/// Fragments of the tags that browsers have rules of their own for, rightly and wrongly nested.
pub(super) fn soup() -> impl Strategy<Value = String> {
    let names = "a|b|i|font|p|div|ul|ol|li|dl|dt|dd|h1|h2|pre|table|tr|td|th|tbody|thead|caption|colgroup|col|br|hr|img|\
                 span|section|form|button|select|option|ruby|rt|rp|iframe|script|style|title|svg|math|noscript|object|\
                 textarea|template|x-y|blockquote|center|body|image|nobr|audio|input|plaintext";
    let piece = prop_oneof![
        4 => proptest::string::string_regex(&format!("<({names})>")).unwrap(),
        4 => proptest::string::string_regex(&format!("</({names})>")).unwrap(),
        2 => proptest::string::string_regex(
            "<(a|img|p|td|font|q)( (href|src|title|TITLE|cite|x|colspan|onclick)(=('[^']{0,4}'|\"[^\"]{0,4}\"|[a-z&;/:]{0,5}))?){0,3} ?/?>"
        ).unwrap(),
        4 => "[a-z \n]{0,4}",
        1 => "(&(amp|lt|gt|nbsp|copy|hellip|x|#60|#x3c|#8|#150|)(;|)|<|>|\"|'|=|<!-- x -->|<!x>|<\\?x>|</ >|-->|\u{a0}|é|\r\n|\u{0})",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The tree of elements that stays when whole pieces are nested rightly.
pub(super) fn nested() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z &<>é\n]{0,6}",
        Just("<br>".to_owned()),
        Just("<img src=x alt='a&amp;b'>".to_owned())
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let names = prop::sample::select(vec![
            "p",
            "div",
            "b",
            "a",
            "ul",
            "li",
            "ol",
            "dl",
            "dt",
            "dd",
            "h2",
            "pre",
            "table",
            "tbody",
            "tr",
            "td",
            "caption",
            "span",
            "ruby",
            "rt",
            "section",
            "form",
            "x",
            "em",
            "blockquote",
        ]);
        (names, proptest::collection::vec(inner, 0..5), any::<bool>()).prop_map(
            |(name, inner, ends)| {
                let inner = inner.concat();
                if ends {
                    format!("<{name}>{inner}</{name}>")
                } else {
                    format!("<{name}>{inner}")
                }
            },
        )
    })
}
