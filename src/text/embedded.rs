//! Rewrites what a body embeds into allowed elements, before it is sanitized: pictures that a script would load, players in
//! frames, formulas, text in drawings, templates. Never decides what is safe: [`super::html`] reads the result.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::attribute::value;
use super::embedded_frame;
use super::tokens::{self, Tag, Token, Tokens};

/// Bodies without any of these are left unchanged.
const SIGNS: [&str; 8] = [
    "srcset",
    "data-",
    "<iframe",
    "<math",
    "<svg",
    "<template",
    "src=\"\"",
    "src=''",
];

/// Attributes in which pages keep the address of a picture until a script loads it, the likeliest first.
const LAZY: [&str; 6] = [
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-srcset",
    "data-lazy-srcset",
];

/// The elements of a formula that are kept: no text container among them that could hold other HTML (MathML Core section
/// 2.1).
const FORMULA: [&str; 17] = [
    "math",
    "mfrac",
    "mi",
    "mn",
    "mo",
    "mover",
    "mroot",
    "mrow",
    "msqrt",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtr",
    "munder",
    "munderover",
];

/// The body with what it embeds written plainly.
#[must_use]
pub fn plainly(html: &str) -> Cow<'_, str> {
    static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).build(SIGNS).ok()
    });
    if FINDER.as_ref().is_some_and(|f| !f.is_match(html)) {
        return Cow::Borrowed(html);
    }
    let mut writer = Writer {
        html,
        out: String::with_capacity(html.len()),
        copied: 0,
        picture: None,
        last_image: None,
        endless_math: false,
        endless_svg: false,
    };
    let mut tokens = tokens::of(html);
    while let Some(token) = tokens.next() {
        if let Token::Tag(tag) = token {
            writer.tag(&tag, &mut tokens);
        }
    }
    writer
        .out
        .push_str(html.get(writer.copied..).unwrap_or_default());
    Cow::Owned(writer.out)
}

struct Writer<'h> {
    html: &'h str,
    out: String,
    /// How much of the body is in `out`.
    copied: usize,
    /// Inside a `picture`: the address that its sources give so far.
    picture: Option<Option<String>>,
    /// The address of the last picture: the `noscript` after it often repeats it.
    last_image: Option<String>,
    /// A formula, a drawing has no end: looked for once, so that a body of beginnings costs no more than its length.
    endless_math: bool,
    endless_svg: bool,
}

impl<'h> Writer<'h> {
    fn replace(&mut self, from: usize, to: usize, with: &str) {
        self.out
            .push_str(self.html.get(self.copied..from).unwrap_or_default());
        self.out.push_str(with);
        self.copied = to;
    }

    fn tag(&mut self, tag: &Tag<'h>, tokens: &mut Tokens<'h>) {
        if !tag.is_whole {
            return;
        }
        match tag.name.to_ascii_lowercase().as_str() {
            "picture" => self.picture = (!tag.is_end).then_some(None),
            "source" if !tag.is_end => self.source(tag),
            "img" if !tag.is_end => self.image(tag),
            "template" => self.replace(tag.start, tag.end, ""),
            "iframe" if !tag.is_end => {
                let link = embedded_frame::link_to(tag);
                self.replace(tag.start, tag.end, &link);
            }
            "math" | "svg" if tag.is_end => {}
            // A formula without an end is ignored.
            "math" if self.endless_math || tag.is_closed() => self.replace(tag.start, tag.end, ""),
            "svg" if self.endless_svg || tag.is_closed() => {}
            "math" => self.formula(tag, tokens),
            "svg" => self.drawing(tag, tokens),
            _ => {}
        }
    }

    /// A `source` of a picture: its address is used for a picture that has none.
    fn source(&mut self, tag: &Tag<'h>) {
        if let Some(known) = &mut self.picture {
            let listed = value(tag, "srcset").or_else(|| value(tag, "data-srcset"));
            let found = listed.as_deref().and_then(largest);
            *known = known.take().or(found);
            self.replace(tag.start, tag.end, "");
        }
    }

    fn image(&mut self, tag: &Tag<'h>) {
        let src = value(tag, "src");
        let shown = src.clone().filter(|s| is_address(s));
        let lazy = LAZY.iter().find_map(|name| {
            let written = value(tag, name)?;
            let address = if name.ends_with("srcset") {
                largest(&written)?
            } else {
                written
            };
            is_address(&address).then_some(address)
        });
        let listed = || value(tag, "srcset").as_deref().and_then(largest);
        let of_picture = || self.picture.clone().flatten();
        let address = lazy
            .or_else(|| shown.clone())
            .or_else(listed)
            .or_else(of_picture);
        if let Some(address) = &address
            && self.last_image.as_ref() == Some(address)
            && self.is_behind_noscript(tag)
        {
            return self.replace(tag.start, tag.end, "");
        }
        self.last_image.clone_from(&address);
        if address == shown && src.is_some() == address.is_some() {
            return;
        }
        let mut written = String::from("<img");
        let address = address.map(|a| ("src", a));
        let others = ["alt", "width", "height", "title"].map(|n| value(tag, n).map(|v| (n, v)));
        for (name, value) in address.into_iter().chain(others.into_iter().flatten()) {
            let value = html_escape::encode_double_quoted_attribute(&value).into_owned();
            written.push_str(&format!(" {name}=\"{value}\""));
        }
        written.push('>');
        self.replace(tag.start, tag.end, &written);
    }

    /// Whether only a `noscript` tag is before a tag.
    fn is_behind_noscript(&self, tag: &Tag<'h>) -> bool {
        let before = self.html.get(..tag.start).unwrap_or_default().trim_end();
        let last = before.rfind('<').and_then(|at| before.get(at..));
        last.and_then(|t| t.get(..9))
            .is_some_and(|t| t.eq_ignore_ascii_case("<noscript"))
    }

    /// A formula keeps its elements without attributes, and its text; notes for other programs go.
    fn formula(&mut self, tag: &Tag<'h>, tokens: &mut Tokens<'h>) {
        let Some((inside, end)) = inside(tokens, "math") else {
            self.endless_math = true;
            return self.replace(tag.start, tag.end, "");
        };
        let mut written = String::from("<math>");
        let mut notes = 0usize;
        for token in tokens::of(inside) {
            match token {
                Token::Text(text) if notes == 0 => written.push_str(text),
                Token::Tag(tag) => {
                    let name = tag.name.to_ascii_lowercase();
                    if matches!(name.as_str(), "annotation" | "annotation-xml") {
                        notes = if tag.is_end {
                            notes.saturating_sub(1)
                        } else {
                            notes + 1
                        };
                    } else if notes == 0 && name != "math" && FORMULA.contains(&name.as_str()) {
                        let slash = if tag.is_end { "/" } else { "" };
                        written.push_str(&format!("<{slash}{name}>"));
                    }
                }
                Token::Text(_) | Token::Silent(_) => {}
            }
        }
        written.push_str("</math>");
        self.replace(tag.start, end, &written);
    }

    /// A drawing leaves the words that it shows.
    fn drawing(&mut self, tag: &Tag<'h>, tokens: &mut Tokens<'h>) {
        let Some((inside, end)) = inside(tokens, "svg") else {
            self.endless_svg = true;
            return;
        };
        let mut words = String::new();
        let mut open = 0usize;
        for token in tokens::of(inside) {
            match token {
                Token::Tag(tag) if tag.is("text") => {
                    open = if tag.is_end {
                        open.saturating_sub(1)
                    } else {
                        open + 1
                    };
                    words.push(' ');
                }
                Token::Text(text) if open > 0 => words.push_str(text),
                _ => {}
            }
        }
        let words = words.trim();
        self.replace(tag.start, end, words);
    }
}

/// The content of an element up to its end tag, and where that tag ends. `None` without an end tag.
fn inside<'h>(tokens: &mut Tokens<'h>, name: &str) -> Option<(&'h str, usize)> {
    let from = tokens.place();
    tokens.skip_to_end_of(name)?;
    let end = tokens.place();
    let whole = tokens.between(from, end);
    let inner = whole.rfind("</").and_then(|at| whole.get(..at));
    Some((inner.unwrap_or_default(), end))
}

/// Whether an address can be that of a picture: not empty, and not a placeholder inside the page.
fn is_address(written: &str) -> bool {
    let scheme = written.split(':').next().unwrap_or_default();
    let is_inline = ["data", "about", "blob", "javascript"];
    !written.is_empty()
        && !written.starts_with('#')
        && !is_inline.iter().any(|s| scheme.eq_ignore_ascii_case(s))
}

/// The widest or densest of a list of pictures (HTML standard section 4.8.4.2.1).
fn largest(srcset: &str) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    let mut rest = srcset.trim();
    while !rest.is_empty() {
        // A comma may be part of an address, but not its last character.
        let (address, after) = rest
            .split_once(|c: char| c.is_whitespace())
            .unwrap_or((rest, ""));
        let (address, size, next) = match address.strip_suffix(',') {
            Some(address) => (address, "", after),
            None => {
                let (size, next) = after.split_once(',').unwrap_or((after, ""));
                (address, size.trim(), next)
            }
        };
        let size = size
            .trim_end_matches(['w', 'x', 'h'])
            .parse()
            .unwrap_or(1.0);
        if is_address(address) && best.is_none_or(|(most, _)| size > most) {
            best = Some((size, address));
        }
        rest = next.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    best.map(|(_, address)| address.to_owned())
}
