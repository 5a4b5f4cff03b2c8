//! The shortest edit script between two lists of words (Myers, "An O(ND) Difference Algorithm", 1986). The number of edits is
//! bounded, so that unrelated texts cost little; libraries for differences have at most a time limit.

/// Maximum number of inserted and deleted words; beyond that the texts are unrelated.
pub const EDITS_MAX: usize = 600;

/// One step from the first text to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The word is in both.
    Equal,
    /// The word is in the first only.
    Deleted,
    /// The word is in the second only.
    Inserted,
}

/// The shortest edit script; `None` if it has more than [`EDITS_MAX`] insertions and deletions.
pub fn edits(a: &[String], b: &[String]) -> Option<Vec<Edit>> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let edits_max = EDITS_MAX.min(a.len() + b.len()) as isize;
    let slot_of = |k: isize| usize::try_from(k + edits_max + 1).unwrap_or(0);
    // For each diagonal k = x - y, the furthest x reached; and the same before each round.
    let mut reach = vec![0_isize; 2 * edits_max as usize + 3];
    let mut rounds: Vec<Vec<isize>> = Vec::new();
    let at = |reach: &[isize], k: isize| reach.get(slot_of(k)).copied().unwrap_or(0);
    for d in 0..=edits_max {
        rounds.push(reach.clone());
        let mut k = -d;
        while k <= d {
            let down = k == -d || (k != d && at(&reach, k - 1) < at(&reach, k + 1));
            let mut x = if down {
                at(&reach, k + 1)
            } else {
                at(&reach, k - 1) + 1
            };
            while x < n && x - k < m && a.get(x as usize) == b.get((x - k) as usize) {
                x += 1;
            }
            if let Some(slot) = reach.get_mut(slot_of(k)) {
                *slot = x;
            }
            if x >= n && x - k >= m {
                return Some(backtrack(&rounds, n, m, &at));
            }
            k += 2;
        }
    }
    None
}

fn backtrack(
    rounds: &[Vec<isize>],
    n: isize,
    m: isize,
    at: &dyn Fn(&[isize], isize) -> isize,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    let (mut x, mut y) = (n, m);
    for (d, reach) in rounds.iter().enumerate().rev() {
        let (d, k) = (d as isize, x - y);
        let down = k == -d || (k != d && at(reach, k - 1) < at(reach, k + 1));
        let previous = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = match d {
            0 => (0, 0),
            _ => (at(reach, previous), at(reach, previous) - previous),
        };
        while x > from_x && y > from_y {
            edits.push(Edit::Equal);
            x -= 1;
            y -= 1;
        }
        if d > 0 {
            edits.push(if down { Edit::Inserted } else { Edit::Deleted });
        }
        (x, y) = (from_x, from_y);
    }
    edits.reverse();
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_texts_can_be_rebuilt_from_the_edits(
            a in prop::collection::vec("[a-c]", 0..40),
            b in prop::collection::vec("[a-c]", 0..40),
        ) {
            let edits = edits(&a, &b).unwrap();
            let (mut i, mut j) = (0, 0);
            for edit in edits {
                match edit {
                    Edit::Equal => { prop_assert_eq!(&a[i], &b[j]); i += 1; j += 1; }
                    Edit::Deleted => i += 1,
                    Edit::Inserted => j += 1,
                }
            }
            prop_assert_eq!((i, j), (a.len(), b.len()));
        }
    }
}
