//! The readable text of an HTML fragment: paragraphs parted by an empty line, lists with their marks, code line by line,
//! tables cell by cell. Never keeps markup, scripts or style.

use std::ops::Range;

use super::allowed::{self, Fate, Kind};
use super::references::{self, Place};
use super::tokens::{self, Tag, Token};

/// Maximum length of the text of a picture that replaces a character (`<img alt="😀">`), in characters.
const SIGN_CHARS_MAX: usize = 8;
/// Deepest list whose items are set in further than those around it.
const LISTS_MAX: usize = 8;
/// Maximum number of picture texts used for a body without words.
const ALTERNATIVES_MAX: usize = 16;

/// The readable text of `html`: white space is collapsed outside of `pre`, paragraphs are separated by an empty line, `br`
/// is a line break, and two of them end a paragraph. Without any words, the text is the descriptions of the pictures.
#[must_use]
pub fn from_html(html: &str) -> String {
    let mut reader = Reader::with_room(html.len());
    let mut tokens = tokens::of(html);
    let mut is_endless = false;
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => reader.text(&references::resolve_in_html(text, Place::Text)),
            // A declaration without an end is text.
            Token::Silent(text) if text.starts_with("<!") && !text.ends_with('>') => {
                reader.text(text);
            }
            Token::Silent(_) => {}
            Token::Tag(tag) => match allowed::fate(tag.name) {
                Fate::Kept(element) => reader.tag(element.name, element.kind, &tag),
                Fate::Gone if !tag.is_end && !tag.is_closed() && !is_endless => {
                    is_endless = tokens.skip_to_end_of(tag.name).is_none();
                }
                Fate::Gone | Fate::Unwrapped => {}
            },
        }
    }
    reader.text_read()
}

/// How long the word at the start is.
fn word_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    // ASCII without decoding; the rest only if there is any.
    let ascii = bytes
        .iter()
        .position(|b| matches!(b, b'\t'..=b'\r' | b' ') || !b.is_ascii());
    match ascii {
        Some(at) if bytes.get(at).is_some_and(|b| !b.is_ascii()) => {
            text.find(char::is_whitespace).unwrap_or(text.len())
        }
        Some(at) => at,
        None => bytes.len(),
    }
}

/// The text so far, and the separators that are due before the next word.
#[derive(Debug, Default)]
pub(super) struct Reader {
    out: String,
    /// Line breaks owed before the next word, at most two.
    breaks: u8,
    /// Spaces owed before the next word; more than one in `pre` only.
    spaces: usize,
    lists: Vec<List>,
    /// The mark owed before the next word.
    mark: Option<String>,
    row: Row,
    /// Open `pre`.
    pre: usize,
    /// Open `audio` and `video`: what is in them is for readers that cannot play them.
    players: usize,
    /// Descriptions of pictures.
    alternatives: Vec<String>,
    /// How many pictures have a description.
    pub(super) pictures: usize,
    /// The place of the first word since this was set to `None` at the start of a block.
    pub(super) first_word: Option<usize>,
}

/// An open list.
#[derive(Debug)]
struct List {
    /// The number of the next item; `None` where items have a dash.
    number: Option<u32>,
    is_begun: bool,
}

/// The row of a table that is being read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// None, or nothing written of it yet.
    #[default]
    Empty,
    /// Words, all on one line.
    Line,
    /// The same, and a new cell has begun.
    NextCell,
    /// A cell that contains paragraphs.
    Paragraphs,
}

impl Reader {
    /// For a fragment of so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// The text. Without any words, it is the descriptions of the pictures.
    pub(super) fn text_read(self) -> String {
        match self.out.is_empty() {
            true => self.alternatives.join("\n"),
            false => self.out,
        }
    }

    /// Bytes of the text so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// A part of the text.
    pub(super) fn slice(&self, place: &Range<usize>) -> &str {
        self.out.get(place.clone()).unwrap_or_default()
    }

    /// Whether code or the inside of a player is being read.
    pub(super) fn is_special(&self) -> bool {
        self.pre > 0 || self.players > 0
    }

    /// A reader that has read only what followed [`Self::first_word`].
    pub(super) fn since_first_word(&self) -> Self {
        let mut reader = Self::default();
        if let Some(first) = self.first_word {
            reader.out = self.slice(&(first..self.len())).to_owned();
            (reader.breaks, reader.spaces) = (self.breaks, self.spaces);
            reader.row = Row::Line;
        }
        reader
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.players > 0 {
            return;
        }
        if self.pre > 0 {
            return self.code(text);
        }
        let mut rest = text;
        loop {
            let word = rest.trim_start();
            if word.len() < rest.len() {
                self.spaces = 1;
            }
            let (word, after) = word.split_at(word_len(word));
            if word.is_empty() {
                return;
            }
            self.gap();
            self.out.push_str(word);
            rest = after;
        }
    }

    /// Text inside `pre`: line ends and indentation are kept.
    fn code(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => {
                    self.spaces = 0;
                    self.owe(self.breaks + 1);
                }
                '\t' => self.spaces += 4,
                c if c.is_whitespace() => self.spaces += 1,
                c => {
                    self.gap();
                    self.out.push(c);
                }
            }
        }
    }

    fn owe(&mut self, breaks: u8) {
        self.breaks = self.breaks.max(breaks.min(2));
    }

    /// Writes the separators that are due before a word.
    fn gap(&mut self) {
        // Nearly every word follows another on its line.
        let is_in_line = matches!(self.row, Row::Line | Row::Paragraphs);
        let is_same_line = is_in_line && self.breaks == 0 && self.mark.is_none();
        if is_same_line && self.spaces <= 1 {
            if self.spaces == 1 {
                self.out.push(' ');
            }
            self.spaces = 0;
            return;
        }
        let is_new_line = self.breaks > 0 || self.out.is_empty();
        if self.out.is_empty() {
            self.spaces *= usize::from(self.pre > 0);
        } else if self.breaks > 0 {
            self.out
                .push_str(if self.breaks == 1 { "\n" } else { "\n\n" });
            self.spaces *= usize::from(self.pre > 0);
        } else if self.row == Row::NextCell {
            self.out.push_str(" | ");
            self.spaces = 0;
        }
        self.row = match self.row {
            Row::Line | Row::Paragraphs if is_new_line => Row::Paragraphs,
            Row::Paragraphs => Row::Paragraphs,
            _ => Row::Line,
        };
        if let Some(mark) = self.mark.take() {
            self.out.push_str(&mark);
        }
        self.out.extend(std::iter::repeat_n(' ', self.spaces));
        self.spaces = 0;
        self.breaks = 0;
        // The first word of a block never continues a line.
        self.first_word.get_or_insert(self.out.len());
    }

    pub(super) fn tag(&mut self, name: &str, kind: Kind, tag: &Tag<'_>) {
        use Kind::{
            Block, Caption, Cell, Heading, Item, List, Paragraph, Pre, Row as TableRow, Table,
            Term, Terms, Void,
        };
        let is_start = !tag.is_end;
        match kind {
            Kind::Math if is_start && matches!(name, "msqrt" | "mroot") => self.text("√"),
            Void => self.void(name, tag),
            List => self.list(name, tag),
            Item if is_start => self.item(),
            // The first paragraph is on the line of its item's marker, or in its row.
            Block | Terms | Heading | Paragraph
                if is_start && (self.mark.is_some() || self.row == Row::NextCell) => {}
            Block | Terms | Heading | Paragraph | Caption => self.owe(2),
            Pre => {
                self.owe(2);
                self.pre = if is_start {
                    self.pre + 1
                } else {
                    self.pre.saturating_sub(1)
                };
                self.spaces = 0;
            }
            Item | Term => self.owe(1),
            Table => {
                self.owe(2);
                self.row = Row::Empty;
            }
            TableRow if is_start => self.next_row(),
            Cell if is_start => self.cell(),
            _ if matches!(name, "audio" | "video") => {
                self.players = if is_start {
                    self.players + 1
                } else {
                    self.players.saturating_sub(1)
                };
            }
            _ => {}
        }
    }

    fn void(&mut self, name: &str, tag: &Tag<'_>) {
        match name {
            "br" => self.owe(self.breaks + 1),
            "hr" => self.owe(2),
            "img" => {
                let mut attributes = tag.attributes();
                let written = attributes.find(|(name, _)| name.eq_ignore_ascii_case("alt"));
                let written =
                    written.map(|(_, value)| references::resolve_in_html(value, Place::Value));
                self.picture(written.unwrap_or_default().trim());
            }
            _ => {}
        }
    }

    /// The description of a picture is used where it replaces a character in a line, or where there is nothing else.
    fn picture(&mut self, shown: &str) {
        if shown.is_empty() || self.players > 0 {
            return;
        }
        self.pictures += 1;
        let is_sign = !shown.contains(|c: char| c.is_ascii_alphanumeric())
            && shown.chars().count() <= SIGN_CHARS_MAX;
        if is_sign {
            self.text(shown);
        } else if self.alternatives.len() < ALTERNATIVES_MAX {
            self.alternatives.push(shown.to_owned());
        }
    }

    fn list(&mut self, name: &str, tag: &Tag<'_>) {
        if tag.is_end {
            self.lists.pop();
        }
        self.owe(if self.lists.is_empty() { 2 } else { 1 });
        if tag.is_end {
            self.mark = None;
        } else {
            let first = tag.attributes().find(|(n, _)| *n == "start");
            let first = first.and_then(|(_, value)| value.parse().ok());
            self.lists.push(List {
                number: (name == "ol").then_some(first.unwrap_or(1)),
                is_begun: false,
            });
        }
    }

    fn item(&mut self) {
        let depth = self.lists.len().saturating_sub(1);
        let list = self.lists.last_mut();
        // Items are not separated by empty lines, whatever the previous one contained.
        let is_next = list.as_ref().is_some_and(|l| l.is_begun);
        self.breaks = if is_next { 1 } else { self.breaks.max(1) };
        let number = list.and_then(|list| {
            list.is_begun = true;
            let number = list.number?;
            list.number = Some(number.saturating_add(1));
            Some(number)
        });
        let mark = number.map_or_else(|| "- ".to_owned(), |n| format!("{n}. "));
        self.mark = Some("  ".repeat(depth.min(LISTS_MAX)) + &mark);
    }

    /// Rows are not separated by empty lines, unless a cell contains paragraphs.
    fn next_row(&mut self) {
        match self.row {
            Row::Line | Row::NextCell => self.breaks = 1,
            Row::Paragraphs => self.owe(2),
            Row::Empty => self.owe(1),
        }
        self.row = Row::Empty;
    }

    fn cell(&mut self) {
        match self.row {
            Row::Line | Row::NextCell => {
                self.row = Row::NextCell;
                self.breaks = 0;
            }
            Row::Paragraphs => self.owe(2),
            Row::Empty => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::from_html;

    #[test]
    fn blocks_are_paragraphs_and_white_space_collapses() {
        let html = "<p>One  &amp;\n two</p><div>three<br>four</div><p>five<br><br> six&nbsp;<b>seven</b></p>";
        assert_eq!(
            from_html(html),
            "One & two\n\nthree\nfour\n\nfive\n\nsix seven"
        );
    }

    #[test]
    fn lists_keep_their_marks() {
        let html = "Buy:<ul><li>a<li><p>b</p><p>b2</p><ol start=3><li>c</li><li>d</li></ol></li><li></li><li>e</li></ul>now\
                    <dl><dt>x<dd>y</dl>";
        assert_eq!(
            from_html(html),
            "Buy:\n\n- a\n- b\n\nb2\n\n  3. c\n  4. d\n- e\n\nnow\n\nx\ny"
        );
    }

    #[test]
    fn code_keeps_its_lines() {
        let html = "<p>See</p><pre>fn  main() {\n\tx();  \n\n\n\n  y();\n}\n</pre><p>end</p>";
        assert_eq!(
            from_html(html),
            "See\n\nfn  main() {\n    x();\n\n  y();\n}\n\nend"
        );
    }

    #[test]
    fn tables_are_read_cell_by_cell() {
        let html = "<table><tr><th>Port</th><th><p>Depth</p></th></tr>\n<tr><td></td><td>7 m</td><td>8 m</td></tr></table>\
                    <table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>";
        assert_eq!(from_html(html), "Port | Depth\n7 m | 8 m\n\na\n\nb\n\nc");
    }

    #[test]
    fn pictures_speak_where_there_are_no_words() {
        assert_eq!(from_html("<img alt='A &amp; B' src=x>"), "A & B");
        assert_eq!(
            from_html("<p>Fine <img alt='😀'> day<img alt='A pier'></p>"),
            "Fine 😀 day"
        );
        assert_eq!(from_html("<img src=x>"), "");
    }

    #[test]
    fn scripts_and_comments_are_not_text() {
        assert_eq!(
            from_html(
                "a<script>x('<p>')</script><!-- no --> b<style>p{}</style><svg><text>c</text></svg>\
                       <video>cannot play</video> <noscript>d</noscript>"
            ),
            "a b d"
        );
    }

    #[test]
    fn what_only_looks_like_markup_is_text() {
        assert_eq!(
            from_html("a < b &amp;&copy &amp;lt; <!DOCTYPE ~"),
            "a < b &© &lt; <!DOCTYPE ~"
        );
    }

    #[test]
    fn sec_03_many_unclosed_drawings_are_looked_through_once() {
        assert_eq!(from_html(&"<svg>a".repeat(50_000)).len(), 50_000);
    }
}
