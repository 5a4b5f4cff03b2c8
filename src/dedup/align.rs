//! Aligns two sequences of words: what they have in common, in order, and what is between.

/// A longest common subsequence of two sequences, of at most 255 words each.
#[derive(Debug, PartialEq, Eq)]
pub struct Alignment<'s> {
    /// How many words both have in one order.
    pub matched: usize,
    /// The words before and between these, in order; one side may be empty.
    pub gaps: Vec<Gap<'s>>,
    /// The words after the last of them.
    pub tail: Gap<'s>,
}

/// Words of the one and of the other in corresponding places.
pub type Gap<'s> = (&'s [u16], &'s [u16]);

impl<'s> Alignment<'s> {
    /// Aligns two sequences, in time that goes with the product of their lengths.
    #[must_use]
    pub fn of(a: &'s [u16], b: &'s [u16]) -> Self {
        let width = b.len() + 1;
        let lengths = remaining(a, b);
        let longest = |i: usize, j: usize| lengths.get(i * width + j).copied();
        let rest = |w: &'s [u16], from: usize, to: usize| w.get(from..to).unwrap_or_default();
        let (mut i, mut j, mut from) = (0, 0, (0, 0));
        let (mut matched, mut gaps) = (0, Vec::new());
        while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
            if x == y {
                if from != (i, j) {
                    gaps.push((rest(a, from.0, i), rest(b, from.1, j)));
                }
                (i, j, matched) = (i + 1, j + 1, matched + 1);
                from = (i, j);
            } else if longest(i + 1, j) >= longest(i, j + 1) {
                i += 1;
            } else {
                j += 1;
            }
        }
        Self {
            matched,
            gaps,
            tail: (rest(a, from.0, a.len()), rest(b, from.1, b.len())),
        }
    }
}

/// For each pair of places the length of the longest common subsequence of what follows; `b.len() + 1` places a row.
fn remaining(a: &[u16], b: &[u16]) -> Vec<u8> {
    let width = b.len() + 1;
    let mut lengths = vec![0_u8; (a.len() + 1) * width];
    for (i, x) in a.iter().enumerate().rev() {
        let (above, below) = lengths.split_at_mut((i + 1) * width);
        let row = above.get_mut(i * width..).unwrap_or_default();
        let mut right = 0;
        for (j, y) in b.iter().enumerate().rev() {
            let at = |j: usize| below.get(j).copied().unwrap_or(0);
            right = match x == y {
                true => at(j + 1).saturating_add(1),
                false => at(j).max(right),
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = right;
            }
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_stands_between_matches() {
        let found = Alignment::of(&[1, 2, 9, 3, 4], &[1, 2, 7, 8, 3, 4, 5]);
        assert_eq!(found.matched, 4);
        assert_eq!(found.gaps, [(&[9][..], &[7, 8][..])]);
        assert_eq!(found.tail, (&[][..], &[5][..]));
        assert_eq!(Alignment::of(&[], &[1]).tail, (&[][..], &[1][..]));
        assert_eq!(Alignment::of(&[6, 1], &[1]).gaps, [(&[6][..], &[][..])]);
    }
}
