//! Labels for `newswire dedup test`: which copies belong to one story according to a person, and how well a grouping agrees with
//! them. Pairs of labelled copies are counted; copies without a label are ignored.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::exit::{Exit, Failure};
use crate::model::{ArticleId, ArticleRow, StoryRow};

/// Maximum number of pairs listed of each kind.
const SHOWN: usize = 10;

/// A copy and its label.
pub type Label = (ArticleId, String);

/// How well a grouping agrees with the labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Labelled copies that are stored.
    pub copies: usize,
    /// Pairs with the same label in one story.
    pub right: usize,
    /// Pairs with different labels in one story.
    pub wrong: usize,
    /// Pairs with the same label in two stories.
    pub missed: usize,
    /// Share of the joined pairs that are right, 0 to 1; null if no pair is joined.
    pub precision: Option<f64>,
    /// Share of the pairs with the same label that are joined, 0 to 1; null if there are none.
    pub recall: Option<f64>,
    /// The first wrong pairs, by the ids of the copies.
    pub wrong_pairs: Vec<[String; 2]>,
    /// The first missed pairs.
    pub missed_pairs: Vec<[String; 2]>,
}

/// Parses labels: one line per copy, with its id, a tab and the label. Text after a second tab and lines that begin with `#` are
/// comments.
///
/// # Errors
/// Exit 65, with the number of the invalid line and the reason.
pub fn read(text: &str) -> Result<Vec<Label>, Failure> {
    let mut labels: BTreeMap<ArticleId, String> = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |why: &str| {
            let message = format!("line {} of the labels: {why}", n + 1);
            Failure::new(Exit::BadInput, message)
        };
        let mut columns = line.split('\t').map(str::trim);
        let id = columns.next().unwrap_or_default();
        let id = Uuid::parse_str(id).map_err(|_| {
            bad("expected the id of a copy, as `newswire list --copies --fields id` prints it")
        })?;
        let label = columns.next().filter(|label| !label.is_empty());
        let label = label.ok_or_else(|| bad("expected a label after the id and a tab"))?;
        if let Some(other) = labels.insert(ArticleId(id), label.to_owned())
            && other != label
        {
            return Err(bad("this copy has a different label on an earlier line"));
        }
    }
    Ok(labels.into_iter().collect())
}

/// Compares labelled copies with their stories.
pub fn score(
    labelled: &[(ArticleRow, Label)],
    story_of: impl Fn(ArticleRow) -> Option<StoryRow>,
) -> Score {
    let copies: Vec<(&Label, StoryRow)> = labelled
        .iter()
        .filter_map(|(row, label)| Some((label, story_of(*row)?)))
        .collect();
    let (mut right, mut wrong, mut missed) = (0, Pairs::default(), Pairs::default());
    for (n, ((id, label), story)) in copies.iter().enumerate() {
        for ((other_id, other_label), other_story) in copies.iter().skip(n + 1) {
            match (label == other_label, story == other_story) {
                (true, true) => right += 1,
                (true, false) => missed.add(*id, *other_id),
                (false, true) => wrong.add(*id, *other_id),
                (false, false) => {}
            }
        }
    }
    let share = |rest: usize| {
        let all = right + rest;
        (all > 0).then(|| right as f64 / all as f64)
    };
    Score {
        copies: copies.len(),
        right,
        wrong: wrong.count,
        missed: missed.count,
        precision: share(wrong.count),
        recall: share(missed.count),
        wrong_pairs: wrong.shown,
        missed_pairs: missed.shown,
    }
}

/// A count of pairs, and the first of them. Not all are kept: their number grows with the square of the labels.
#[derive(Default)]
struct Pairs {
    count: usize,
    shown: Vec<[String; 2]>,
}

impl Pairs {
    fn add(&mut self, one: ArticleId, other: ArticleId) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push([one.to_string(), other.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let id = "0a1b0000-0000-5000-8000-000000000001";
        for (text, says) in [
            ("# copy\tstory\nx\ty\n", "line 2"),
            (&format!("{id}\n"), "label"),
            (&format!("{id}\ta\n{id}\tb\n"), "different label"),
        ] {
            let failure = read(text).unwrap_err();
            assert_eq!(failure.exit(), Exit::BadInput);
            assert!(format!("{failure:?}").contains(says), "{failure:?}");
        }
        assert_eq!(
            read(&format!("\n{id}\ta\tThe headline\n")).unwrap().len(),
            1
        );
    }

    #[test]
    fn pairs_are_counted_once() {
        let label = |n: u128, label: &str| {
            (
                ArticleRow::new(n as i64),
                (ArticleId(Uuid::from_u128(n)), label.to_owned()),
            )
        };
        let labelled = [
            label(1, "a"),
            label(2, "a"),
            label(3, "a"),
            label(4, "b"),
            label(5, "b"),
        ];
        // 1 and 2 are one story, and 3 and 4; 5 is not stored.
        let found = score(&labelled, |row| {
            let story = [Some(1), Some(1), Some(2), Some(2), None][row.get() as usize - 1];
            story.map(StoryRow::new)
        });
        assert_eq!(
            (found.copies, found.right, found.wrong, found.missed),
            (4, 1, 1, 2)
        );
        assert_eq!(
            (found.precision, found.recall),
            (Some(0.5), Some(1.0 / 3.0))
        );
        assert_eq!(score(&[], |_| None).precision, None);
    }
}
