use super::allowed::element_of;
use super::html::sanitize;
use super::html_text;
use super::tokens::{self, Token};
use crate::model::WebUrl;

fn clean(html: &str) -> String {
    let base = WebUrl::parse("https://a.example/d/1.html").unwrap();
    let clean = sanitize(html, Some(&base));
    assert_eq!(sanitize(&clean, None), clean, "{html}");
    clean
}

#[test]
fn pictures_that_a_script_would_load_are_shown() {
    for (html, picture) in [
        (
            "<img srcset='/a-480.jpg 480w, /a-800.jpg 800w' alt=x>",
            "https://a.example/a-800.jpg",
        ),
        (
            "<img srcset='a.jpg, b.jpg 2x'>",
            "https://a.example/d/b.jpg",
        ),
        (
            "<img src='data:image/gif;base64,R0' data-src='/b.jpg'>",
            "https://a.example/b.jpg",
        ),
        (
            "<img src='/blank.gif' data-original='/b.jpg?a=1,2'>",
            "https://a.example/b.jpg?a=1,2",
        ),
        (
            "<img data-srcset='/c-1.png 360w,/c-2.png 720w' src=''>",
            "https://a.example/c-2.png",
        ),
        (
            "<picture><source srcset='/b.avif'><img></picture>",
            "https://a.example/b.avif",
        ),
        (
            "<noscript><img src='/e.jpg'></noscript>",
            "https://a.example/e.jpg",
        ),
    ] {
        let clean = clean(html);
        assert!(
            clean.contains(&format!("src=\"{picture}\"")),
            "{html}: {clean}"
        );
    }
    let twice = "<img data-src='/e.jpg'><noscript><img src='/e.jpg'></noscript>";
    assert_eq!(clean(twice).matches("<img").count(), 1);
    let shown = "<picture><source srcset='/b.avif' type='image/avif'><img src='/b.jpg' alt='bee'></picture>";
    assert_eq!(
        clean(shown),
        "<picture><img src=\"https://a.example/b.jpg\" alt=\"bee\"></picture>"
    );
    assert_eq!(clean("<img src='' alt='x'>"), "<img alt=\"x\">");
}

#[test]
fn a_frame_leaves_a_link_to_what_it_shows() {
    for (html, link) in [
        (
            "<iframe src='https://www.youtube.com/embed/abc?rel=0'></iframe>",
            "https://www.youtube.com/watch?v=abc",
        ),
        (
            "<iframe src='//player.vimeo.com/video/42'></iframe>",
            "https://vimeo.com/42",
        ),
        (
            "<iframe data-src='https://maps.example/x' title='A &lt; map'></iframe>",
            "https://maps.example/x",
        ),
    ] {
        let clean = clean(html);
        assert!(clean.contains(&format!("href=\"{link}\"")), "{clean}");
    }
    for html in [
        "<iframe src='javascript:x()'></iframe>",
        "<iframe srcdoc='<b>x'></iframe>",
        "<iframe src='https://t.example/' width=1 height=1></iframe>",
    ] {
        assert!(!clean(html).contains("<a"), "{html}");
    }
}

#[test]
fn formulas_stay_and_drawings_leave_their_words() {
    let formula = "is <math class=x><mi onclick=y>c</mi><mo>=</mo><msqrt><mrow><mi>g</mi></mrow></msqrt>\
                   <semantics><mn>2</mn><annotation>tex</annotation></semantics></math> for";
    let clean_formula = clean(formula);
    assert!(
        clean_formula.contains("<math><mi>c</mi><mo>=</mo><msqrt>"),
        "{clean_formula}"
    );
    assert_eq!(html_text::from_html(&clean_formula), "is c=√g2 for");
    assert_eq!(
        clean("<svg><script>x()</script><text>Depth <tspan>7</tspan></text><path d=x /></svg>!"),
        "Depth 7!"
    );
    assert_eq!(clean("<template><p>kept</p></template>"), "<p>kept</p>");
}

#[test]
fn sec_10_what_is_embedded_brings_nothing_that_runs() {
    for html in [
        "<math><mi><img src=x onerror=x()></mi></math>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=x()&gt;\">",
        "<math><mi><svg><style><a title='</style><img src onerror=x()>'></math>",
        "<math><annotation-xml encoding='text/html'><script>x()</script></annotation-xml></math>",
        "<svg><text><![CDATA[<img onerror=x()>]]></text></svg>",
        "<svg><text>&lt;script>x()&lt;/script></text></svg>",
        "<iframe src='https://x.example/' title='&lt;script>x()&lt;/script>'></iframe>",
        "<img data-src='javascript:x()'><img srcset='javascript:x() 2x'>",
        "<math href='javascript:x()' xlink:href='javascript:x()'><mo>1</mo></math>",
    ] {
        let clean = clean(html);
        for token in tokens::of(&clean) {
            let Token::Tag(tag) = token else { continue };
            assert!(element_of(tag.name).is_some(), "{html}: {clean}");
            for (name, value) in tag.attributes() {
                assert!(
                    !name.starts_with("on") && !value.starts_with("javascript"),
                    "{html}: {clean}"
                );
            }
        }
    }
}
