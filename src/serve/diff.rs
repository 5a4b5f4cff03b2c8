//! Where two copies of a piece differ, word by word: the shortest way from one to the other (Myers, "An O(ND) Difference
//! Algorithm", 1986), with what is the same left out but for a few words around.

/// Most words of a text that is compared; what follows is not.
const WORDS_MAX: usize = 4000;

/// Most words that may differ: beyond that it is another text, and a list of differences helps nobody.
const DIFFERENT_MAX: usize = 600;

/// Words of what is the same that stay around a difference.
const AROUND: usize = 9;

/// Differences closer than this are one: a word that happens to be the same does not part them.
const APART: usize = 2;

/// A stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// In both.
    Same(String),
    /// In both, and left out.
    Cut,
    /// Only in the first.
    Gone(String),
    /// Only in the second.
    Came(String),
}

/// How one text became the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// They say the same.
    None,
    /// So many words came and went, and where.
    Some {
        /// Words only in the second.
        came: usize,
        /// Words only in the first.
        gone: usize,
        /// The text, as far as it is near a difference.
        pieces: Vec<Piece>,
    },
    /// It is another text.
    Other,
}

impl Difference {
    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        let Self::Some { pieces, .. } = self else {
            return 0;
        };
        let piece = |piece: &Piece| match piece {
            Piece::Same(text) | Piece::Gone(text) | Piece::Came(text) => text.len(),
            Piece::Cut => 0,
        };
        pieces.iter().map(piece).sum::<usize>() + pieces.len() * size_of::<Piece>()
    }
}

/// What parts `b` from `a`.
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
    let Some(steps) = steps(&inner(rest_a), &inner(rest_b)) else {
        return Difference::Other;
    };
    let mut script: Vec<(Step, &str)> = Vec::new();
    let same = |words: &'_ [String]| words.len();
    let (mut i, mut j) = (0, 0);
    let all = std::iter::repeat_n(Step::Same, head)
        .chain(steps)
        .chain(std::iter::repeat_n(
            Step::Same,
            same(&a) - head - (rest_a.len() - tail),
        ));
    for step in all {
        match step {
            Step::Same => {
                script.push((step, word(&a, i)));
                i += 1;
                j += 1;
            }
            Step::Gone => {
                script.push((step, word(&a, i)));
                i += 1;
            }
            Step::Came => {
                script.push((step, word(&b, j)));
                j += 1;
            }
        }
    }
    let count = |kind| script.iter().filter(|(step, _)| *step == kind).count();
    let (came, gone) = (count(Step::Came), count(Step::Gone));
    if came + gone == 0 {
        return Difference::None;
    }
    Difference::Some {
        came,
        gone,
        pieces: pieces(&script),
    }
}

fn word(words: &[String], at: usize) -> &str {
    words.get(at).map_or("", String::as_str)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Same,
    Gone,
    Came,
}

/// The shortest way; none if it is longer than [`DIFFERENT_MAX`].
fn steps(a: &[String], b: &[String]) -> Option<Vec<Step>> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let most = DIFFERENT_MAX.min(a.len() + b.len()) as isize;
    let place = |k: isize| usize::try_from(k + most + 1).unwrap_or(0);
    // Of each diagonal k = x - y: how far along `a` it is reached; and what that was before each round.
    let mut reach = vec![0_isize; 2 * most as usize + 3];
    let mut rounds: Vec<Vec<isize>> = Vec::new();
    let at = |reach: &[isize], k: isize| reach.get(place(k)).copied().unwrap_or(0);
    for d in 0..=most {
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
            if let Some(slot) = reach.get_mut(place(k)) {
                *slot = x;
            }
            if x >= n && x - k >= m {
                return Some(way_back(&rounds, n, m, &at));
            }
            k += 2;
        }
    }
    None
}

fn way_back(
    rounds: &[Vec<isize>],
    n: isize,
    m: isize,
    at: &dyn Fn(&[isize], isize) -> isize,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut x, mut y) = (n, m);
    for (d, reach) in rounds.iter().enumerate().rev() {
        let (d, k) = (d as isize, x - y);
        let down = k == -d || (k != d && at(reach, k - 1) < at(reach, k + 1));
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = match d {
            0 => (0, 0),
            _ => (at(reach, before), at(reach, before) - before),
        };
        while x > from_x && y > from_y {
            steps.push(Step::Same);
            x -= 1;
            y -= 1;
        }
        if d > 0 {
            steps.push(if down { Step::Came } else { Step::Gone });
        }
        (x, y) = (from_x, from_y);
    }
    steps.reverse();
    steps
}

/// Stretches of one kind, what went before what came, with what is far from any difference cut.
fn pieces(script: &[(Step, &str)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < script.len() {
        let run = same_from(script, at);
        if run > 0 {
            let words: Vec<&str> = script.iter().skip(at).take(run).map(|(_, w)| *w).collect();
            let (is_first, is_last) = (at == 0, at + run == script.len());
            same(&mut pieces, &words, is_first, is_last);
            at += run;
            continue;
        }
        // A change goes on over a word or two that happen to be the same.
        let mut end = at;
        loop {
            while script.get(end).is_some_and(|(step, _)| *step != Step::Same) {
                end += 1;
            }
            let run = same_from(script, end);
            if run == 0 || run > APART || end + run == script.len() {
                break;
            }
            end += run;
        }
        let change = script.get(at..end).unwrap_or_default();
        let of = |other: Step| -> Vec<&str> {
            let kept = change.iter().filter(|(step, _)| *step != other);
            kept.map(|(_, w)| *w).collect()
        };
        let (gone, came) = (of(Step::Came), of(Step::Gone));
        if !gone.is_empty() {
            pieces.push(Piece::Gone(gone.join(" ")));
        }
        if !came.is_empty() {
            pieces.push(Piece::Came(came.join(" ")));
        }
        at = end;
    }
    pieces
}

fn same_from(script: &[(Step, &str)], at: usize) -> usize {
    let run = script.iter().skip(at);
    run.take_while(|(step, _)| *step == Step::Same).count()
}

fn same(pieces: &mut Vec<Piece>, words: &[&str], is_first: bool, is_last: bool) {
    let (head, tail) = (
        if is_first { 0 } else { AROUND },
        if is_last { 0 } else { AROUND },
    );
    if words.len() <= head + tail + 1 {
        pieces.push(Piece::Same(words.join(" ")));
        return;
    }
    if let Some(head) = words.get(..head).filter(|w| !w.is_empty()) {
        pieces.push(Piece::Same(head.join(" ")));
    }
    pieces.push(Piece::Cut);
    let from = words.len() - tail;
    if let Some(tail) = words.get(from..).filter(|w| !w.is_empty()) {
        pieces.push(Piece::Same(tail.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(text: &str) -> Piece {
        Piece::Same(text.to_owned())
    }

    fn gone(text: &str) -> Piece {
        Piece::Gone(text.to_owned())
    }

    fn came(text: &str) -> Piece {
        Piece::Came(text.to_owned())
    }

    fn pieces_of(a: &str, b: &str) -> Vec<Piece> {
        match between(a, b) {
            Difference::Some { pieces, .. } => pieces,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_differs_is_shown_with_a_little_around() {
        assert_eq!(between("a b  c", "a b\nc"), Difference::None);
        assert_eq!(
            pieces_of("ten boats came in", "ten ships came in"),
            [same("ten"), gone("boats"), came("ships"), same("came in")]
        );
        assert_eq!(pieces_of("a b", "a b c d"), [same("a b"), came("c d")]);
        assert_eq!(
            pieces_of("one of the men said", "two of these men said"),
            [gone("one of the"), came("two of these"), same("men said")],
            "a word between two changes does not part them"
        );
        let long = "w ".repeat(100);
        let found = pieces_of(&format!("{long} x"), &format!("{long} y"));
        assert_eq!(found[0], Piece::Cut);
        assert_eq!(found[2..], [gone("x"), came("y")]);
    }

    #[test]
    fn another_text_is_called_one_and_costs_little() {
        let text = |c: char| (0..5000).map(|n| format!("{c}{n} ")).collect::<String>();
        assert_eq!(between(&text('a'), &text('b')), Difference::Other);
    }

    proptest! {
        #[test]
        fn both_texts_are_in_the_difference(
            a in prop::collection::vec("[a-c]", 0..40),
            b in prop::collection::vec("[a-c]", 0..40),
        ) {
            let steps = steps(&a, &b).unwrap();
            let (mut i, mut j) = (0, 0);
            for step in steps {
                match step {
                    Step::Same => { prop_assert_eq!(&a[i], &b[j]); i += 1; j += 1; }
                    Step::Gone => i += 1,
                    Step::Came => j += 1,
                }
            }
            prop_assert_eq!((i, j), (a.len(), b.len()));
            let _ = between(&a.join(" "), &b.join(" "));
        }
    }
}
