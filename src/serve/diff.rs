//! The difference of two copies of a text, word by word, with only a few words of context.

use super::edit_script::{Edit, edits};

/// Number of words that are compared; later ones are ignored.
const WORDS_MAX: usize = 4000;

/// Number of equal words shown before and after a difference.
const CONTEXT_WORDS: usize = 9;

/// Differences with at edits_max this many equal words between them are joined: such words are equal by chance.
const JOIN_WORDS_MAX: usize = 2;

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// In both texts.
    Equal(String),
    /// In both texts, and not shown.
    Omitted,
    /// Only in the first text.
    Deleted(String),
    /// Only in the second text.
    Inserted(String),
}

/// How the second text differs from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Not at all.
    None,
    /// In some words.
    Some {
        /// Number of words only in the second text.
        inserted: usize,
        /// Number of words only in the first text.
        deleted: usize,
        /// The differences with their context.
        segments: Vec<Segment>,
    },
    /// In more than [`super::edit_script::EDITS_MAX`] words.
    Unrelated,
}

impl Difference {
    /// Approximate size in memory, in bytes.
    pub fn memory(&self) -> usize {
        let Self::Some { segments, .. } = self else {
            return 0;
        };
        let bytes = |segment: &Segment| match segment {
            Segment::Equal(text) | Segment::Deleted(text) | Segment::Inserted(text) => text.len(),
            Segment::Omitted => 0,
        };
        segments.iter().map(bytes).sum::<usize>() + segments.len() * size_of::<Segment>()
    }
}

/// The difference of `b` from `a`.
pub fn between(a: &str, b: &str) -> Difference {
    let words = |text: &'_ str| -> Vec<String> {
        let words = text.split_whitespace().take(WORDS_MAX);
        words.map(str::to_owned).collect()
    };
    let (a, b) = (words(a), words(b));
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (
        a.get(head..).unwrap_or_default(),
        b.get(head..).unwrap_or_default(),
    );
    let tail = rest_a
        .iter()
        .rev()
        .zip(rest_b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let inner = |rest: &[String]| rest.get(..rest.len() - tail).unwrap_or_default().to_vec();
    let Some(edits) = edits(&inner(rest_a), &inner(rest_b)) else {
        return Difference::Unrelated;
    };
    let mut script: Vec<(Edit, &str)> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let all = std::iter::repeat_n(Edit::Equal, head)
        .chain(edits)
        .chain(std::iter::repeat_n(
            Edit::Equal,
            a.len() - head - (rest_a.len() - tail),
        ));
    for edit in all {
        match edit {
            Edit::Equal => {
                script.push((edit, word(&a, i)));
                i += 1;
                j += 1;
            }
            Edit::Deleted => {
                script.push((edit, word(&a, i)));
                i += 1;
            }
            Edit::Inserted => {
                script.push((edit, word(&b, j)));
                j += 1;
            }
        }
    }
    let count = |kind| script.iter().filter(|(edit, _)| *edit == kind).count();
    let (inserted, deleted) = (count(Edit::Inserted), count(Edit::Deleted));
    if inserted + deleted == 0 {
        return Difference::None;
    }
    Difference::Some {
        inserted,
        deleted,
        segments: segments(&script),
    }
}

fn word(words: &[String], at: usize) -> &str {
    words.get(at).map_or("", String::as_str)
}

/// Joins edits of one kind to segments, deletions before insertions, and omits equal words far from any difference.
fn segments(script: &[(Edit, &str)]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while at < script.len() {
        let run = equal_run(script, at);
        if run > 0 {
            let words: Vec<&str> = script.iter().skip(at).take(run).map(|(_, w)| *w).collect();
            let (is_first, is_last) = (at == 0, at + run == script.len());
            push_equal(&mut segments, &words, is_first, is_last);
            at += run;
            continue;
        }
        // A change may contain a few equal words.
        let mut end = at;
        loop {
            while script
                .get(end)
                .is_some_and(|(edit, _)| *edit != Edit::Equal)
            {
                end += 1;
            }
            let run = equal_run(script, end);
            if run == 0 || run > JOIN_WORDS_MAX || end + run == script.len() {
                break;
            }
            end += run;
        }
        let change = script.get(at..end).unwrap_or_default();
        let of = |other: Edit| -> Vec<&str> {
            let kept = change.iter().filter(|(edit, _)| *edit != other);
            kept.map(|(_, w)| *w).collect()
        };
        let (deleted, inserted) = (of(Edit::Inserted), of(Edit::Deleted));
        if !deleted.is_empty() {
            segments.push(Segment::Deleted(deleted.join(" ")));
        }
        if !inserted.is_empty() {
            segments.push(Segment::Inserted(inserted.join(" ")));
        }
        at = end;
    }
    segments
}

fn equal_run(script: &[(Edit, &str)], at: usize) -> usize {
    let run = script.iter().skip(at);
    run.take_while(|(edit, _)| *edit == Edit::Equal).count()
}

fn push_equal(segments: &mut Vec<Segment>, words: &[&str], is_first: bool, is_last: bool) {
    let (head, tail) = (
        if is_first { 0 } else { CONTEXT_WORDS },
        if is_last { 0 } else { CONTEXT_WORDS },
    );
    if words.len() <= head + tail + 1 {
        segments.push(Segment::Equal(words.join(" ")));
        return;
    }
    if let Some(head) = words.get(..head).filter(|w| !w.is_empty()) {
        segments.push(Segment::Equal(head.join(" ")));
    }
    segments.push(Segment::Omitted);
    let from = words.len() - tail;
    if let Some(tail) = words.get(from..).filter(|w| !w.is_empty()) {
        segments.push(Segment::Equal(tail.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn equal(text: &str) -> Segment {
        Segment::Equal(text.to_owned())
    }

    fn deleted(text: &str) -> Segment {
        Segment::Deleted(text.to_owned())
    }

    fn inserted(text: &str) -> Segment {
        Segment::Inserted(text.to_owned())
    }

    fn segments_of(a: &str, b: &str) -> Vec<Segment> {
        match between(a, b) {
            Difference::Some { segments, .. } => segments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn differences_are_shown_with_context() {
        assert_eq!(between("a b  c", "a b\nc"), Difference::None);
        assert_eq!(
            segments_of("ten boats came in", "ten ships came in"),
            [
                equal("ten"),
                deleted("boats"),
                inserted("ships"),
                equal("came in")
            ]
        );
        assert_eq!(
            segments_of("a b", "a b c d"),
            [equal("a b"), inserted("c d")]
        );
        assert_eq!(
            segments_of("one of the men said", "two of these men said"),
            [
                deleted("one of the"),
                inserted("two of these"),
                equal("men said")
            ],
            "one equal word does not separate two changes"
        );
        let long = "w ".repeat(100);
        let found = segments_of(&format!("{long} x"), &format!("{long} y"));
        assert_eq!(found[0], Segment::Omitted);
        assert_eq!(found[2..], [deleted("x"), inserted("y")]);
    }

    #[test]
    fn unrelated_texts_are_recognized_and_cost_little() {
        let text = |c: char| (0..5000).map(|n| format!("{c}{n} ")).collect::<String>();
        assert_eq!(between(&text('a'), &text('b')), Difference::Unrelated);
    }

    proptest! {
        #[test]
        fn the_counts_explain_the_difference_in_length(
            a in prop::collection::vec("[a-c]", 0..40),
            b in prop::collection::vec("[a-c]", 0..40),
        ) {
            let (inserted, deleted) = match between(&a.join(" "), &b.join(" ")) {
                Difference::Some { inserted, deleted, .. } => (inserted, deleted),
                Difference::None => (0, 0),
                Difference::Unrelated => unreachable!("the texts are short"),
            };
            prop_assert_eq!(a.len() + inserted, b.len() + deleted);
        }
    }
}
