//! The corpus of `tests/stories`, printed in a dozen papers and scored.

use std::collections::{BTreeMap, HashMap};

use newswire::model::StoryId;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

/// A copy as the corpus describes it.
#[derive(Debug, Clone)]
pub struct Printed {
    pub piece: String,
    pub language: String,
    pub paper: String,
    pub kind: String,
    pub item: Item,
}

/// Reads the two files that the rules were written with.
pub fn read() -> Vec<Printed> {
    let wire = pieces(include_str!("wire.txt"));
    let forms = pieces(include_str!("forms.txt"));
    [wire, forms].concat()
}

/// Reads the series: twenty forms in five languages, each filled in three times. They were written before any rule was tried on
/// them; two rules were mended for what they showed.
pub fn series() -> Vec<Printed> {
    pieces(include_str!("series.txt"))
}

/// Reads twenty more forms, and twenty wire stories as desks rewrite them. They were written without a look at the rules.
pub fn unseen() -> Vec<Printed> {
    pieces(include_str!("unseen.txt"))
}

fn pieces(file: &str) -> Vec<Printed> {
    file.split("= ").skip(1).flat_map(piece).collect()
}

fn piece(block: &str) -> Vec<Printed> {
    let (head, rest) = block.split_once('\n').unwrap();
    let (name, language) = head.split_once(" | ").unwrap();
    let mut parts = rest.split("\n+ ");
    let text: Vec<&str> = parts.next().unwrap().trim().split("\n\n").collect();
    parts
        .map(|copy| printed(name, language, &text, copy))
        .collect()
}

fn printed(piece: &str, language: &str, text: &[&str], copy: &str) -> Printed {
    let mut lines = copy.trim().lines();
    let (facts, title) = lines.next().unwrap().split_once(" | ").unwrap();
    let own: Vec<&str> = lines.map(|l| l.trim_start_matches("> ")).collect();
    let facts: Vec<&str> = facts.split(' ').collect();
    let (paper, kind) = (facts[0], facts[3]);
    let number = || facts[4].parse::<usize>().unwrap();
    let paragraphs: Vec<String> = match kind {
        "full" => text.iter().map(ToString::to_string).collect(),
        "trimmed" => text[..number()].iter().map(ToString::to_string).collect(),
        "teaser" => vec![teaser(text[0], number())],
        "headline" => Vec::new(),
        "reled" => own
            .iter()
            .chain(&text[1..])
            .map(ToString::to_string)
            .collect(),
        "rewritten" => own.iter().map(ToString::to_string).collect(),
        "update" => own.iter().chain(text).map(ToString::to_string).collect(),
        other => panic!("{other} is no kind"),
    };
    Printed {
        piece: piece.to_owned(),
        language: language.to_owned(),
        paper: paper.to_owned(),
        kind: kind.to_owned(),
        item: Item {
            id: format!("{paper}:{piece}:{title}").replace(char::is_whitespace, " "),
            title: headline(paper, title),
            link: format!("https://{paper}.example/2030/01/{piece}-{kind}?utm_source=rss"),
            html: house_style(paper, &paragraphs),
            date: Some(format!("2030-01-{}T{}:00Z", facts[1], facts[2])),
        },
    }
}

/// The first words, or the first characters where no spaces are written.
fn teaser(text: &str, n: usize) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() < text.chars().count() / 20 {
        format!("{}…", text.chars().take(n).collect::<String>())
    } else {
        format!("{} …", words[..n.min(words.len())].join(" "))
    }
}

fn headline(paper: &str, title: &str) -> String {
    match paper {
        "dispatch" => format!("{title} | The Dispatch"),
        "tribune" => format!("{title} - Tribune"),
        _ => title.to_owned(),
    }
}

/// What papers set around a text.
fn house_style(paper: &str, paragraphs: &[String]) -> String {
    let mut all = paragraphs.to_vec();
    if all.is_empty() {
        return String::new();
    }
    match paper {
        "argus" => all.insert(
            1,
            "Read more: What the tide tables will not tell you".to_owned(),
        ),
        "beacon" => all.push("Comments are moderated. Please keep to the subject.".to_owned()),
        "courier" => all[0] = format!("KESSPORT (AP) - {}", all[0]),
        "gazette" => all.push("(With additional input from Harbour News Agency)".to_owned()),
        _ => {}
    }
    match paper {
        "echo" => all.join("<br><br>"),
        _ => all.iter().map(|p| format!("<p>{p}</p>")).collect(),
    }
}

/// The papers, and the order in which they are polled.
pub async fn grouped(copies: &[Printed], order: &[&str], is_restarted: bool) -> Groups {
    let net = Internet::start().await;
    for paper in order {
        let items: Vec<Item> = copies
            .iter()
            .filter(|c| c.paper == *paper)
            .map(|c| c.item.clone())
            .collect();
        let title = match *paper {
            "dispatch" => "The Dispatch".to_owned(),
            _ => paper.to_uppercase(),
        };
        net.document(
            &format!("{paper}.example"),
            "/feed",
            Reply::feed(rss(&title, &items)),
        );
    }
    let mut app = EndToEnd::new(&net);
    for paper in order {
        let row = app.subscribe(&[&format!("http://{paper}.example/feed")])[0];
        app.poll(row).await;
        if is_restarted {
            app = app.again(&net);
        }
    }
    let story_of = app
        .articles()
        .into_iter()
        .map(|a| (a.guid.unwrap(), a.story_id))
        .collect();
    Groups { story_of }
}

/// Which copies came to be one story.
pub struct Groups {
    story_of: HashMap<String, StoryId>,
}

/// How well they did, over pairs of copies.
#[derive(Debug)]
pub struct Score {
    pub precision: f64,
    pub recall: f64,
    /// Of the copies of each kind that have siblings, those that share a story with one.
    pub caught: BTreeMap<String, f64>,
    pub wrong: Vec<String>,
    pub missed: Vec<String>,
}

impl Groups {
    /// The copies by story, in an order of their own: equal for equal groups.
    pub fn partition(&self) -> Vec<Vec<&str>> {
        let mut by_story: BTreeMap<StoryId, Vec<&str>> = BTreeMap::new();
        for (guid, story) in &self.story_of {
            by_story.entry(*story).or_default().push(guid);
        }
        let mut groups: Vec<Vec<&str>> = by_story.into_values().collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    pub fn score(&self, copies: &[Printed]) -> Score {
        let story = |c: &Printed| {
            *self
                .story_of
                .get(&c.item.id)
                .unwrap_or_else(|| panic!("{} is not stored", c.item.id))
        };
        let (mut right, mut wrong, mut missed) = (0_u32, Vec::new(), Vec::new());
        let mut caught: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for (n, a) in copies.iter().enumerate() {
            for b in &copies[n + 1..] {
                let pair = || format!("{} / {}", a.item.id, b.item.id);
                match (a.piece == b.piece, story(a) == story(b)) {
                    (true, true) => right += 1,
                    (true, false) => missed.push(pair()),
                    (false, true) => wrong.push(pair()),
                    (false, false) => {}
                }
            }
            let mut siblings = copies
                .iter()
                .filter(|b| b.piece == a.piece && b.item.id != a.item.id)
                .peekable();
            if siblings.peek().is_some() {
                let count = caught.entry(a.kind.clone()).or_default();
                count.0 += u32::from(siblings.any(|b| story(a) == story(b)));
                count.1 += 1;
            }
        }
        let share = |part: u32, rest: usize| {
            f64::from(part) / (f64::from(part) + f64::from(u32::try_from(rest).unwrap()))
        };
        Score {
            precision: share(right, wrong.len()),
            recall: share(right, missed.len()),
            caught: caught
                .into_iter()
                .map(|(kind, (n, all))| (kind, f64::from(n) / f64::from(all)))
                .collect(),
            wrong,
            missed,
        }
    }
}
