//! What topics cost: compiling them, and telling the topics of one article of 2 KB: `cargo bench --bench topics`.
//!
//! Words come as they do in news, few of them often and many seldom (Zipf); topics are of the shapes that people write:
//! alternatives, phrases, exclusions, beginnings, a field here and there, a regular expression in one of a hundred.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use newswire::model::Time;
use newswire::query::compile::TopicSet;
use newswire::query::{Expr, Facts, Folded, Text, eval, parse};

/// The article, in bytes.
const ARTICLE_BYTES: usize = 2000;
/// Different words.
const VOCABULARY: f64 = 30_000.0;

/// Numbers without end, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A word; the n-th most frequent with a probability of about 1/n.
    fn word(&mut self) -> String {
        let share = self.next() as f64 / (1_u64 << 31) as f64;
        named(VOCABULARY.powf(share) as u64)
    }

    /// A word that somebody would look for: none of the hundred most frequent.
    fn subject(&mut self) -> String {
        named(100 + self.next() % (VOCABULARY as u64 - 100))
    }
}

/// The n-th word: syllables, as many as it takes.
fn named(mut n: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ke", "mi", "no", "ru", "sta", "tor", "vel", "zin", "dra", "pol", "gan", "fer", "li",
        "cho", "wes", "hal", "quo", "yan", "ject",
    ];
    let mut word = String::new();
    loop {
        word.push_str(
            SYLLABLES
                .get((n % 20) as usize)
                .copied()
                .unwrap_or_default(),
        );
        n /= 20;
        if n == 0 {
            return word;
        }
    }
}

fn article() -> Folded {
    let mut random = Random(7);
    let mut body = String::new();
    while body.len() < ARTICLE_BYTES {
        write!(body, "{} ", random.word()).unwrap();
    }
    Folded::of(&Text {
        title: "Bake mino stator velzin",
        body: &body,
        ..Text::default()
    })
}

fn sources(topics: usize) -> Vec<String> {
    let mut random = Random(11);
    (0..topics)
        .map(|n| {
            let [a, b, c, d] = [(); 4].map(|()| random.subject());
            match n % 100 {
                0 => format!("/{a}(es|ing)?/ {b}"),
                1..=9 => format!("title:{a} OR \"{b} {c}\""),
                10..=19 => format!("({a}* OR {b}) feed:{c}"),
                20..=29 => format!("NEAR({a} {b}, 5) -{c}"),
                30..=59 => format!("{a} ({b} OR {c} OR \"{d} {b}\")"),
                _ => format!("({a} OR {b} OR \"{c} {d}\") -{}", random.subject()),
            }
        })
        .collect()
}

fn compiled(sources: &[String]) -> TopicSet {
    let topic = |source: &String| (source.clone(), parse(source).unwrap());
    TopicSet::new(sources.iter().map(topic).collect())
}

fn topics(c: &mut Criterion) {
    let text = article();
    let facts = Facts {
        feed_title: "The Daily Post".to_owned(),
        language: Some("en".to_owned()),
        ..Facts::default()
    };
    let mut group = c.benchmark_group("topics");
    for count in [200, 10_000] {
        let set = compiled(&sources(count));
        group.bench_function(format!("{count} together"), |b| {
            b.iter(|| set.evaluate(black_box(&text), &facts, Time::EPOCH));
        });
        let exprs: Vec<Expr> = set.topics().iter().map(|(_, e)| e.clone()).collect();
        group.bench_function(format!("{count} one by one"), |b| {
            b.iter(|| {
                let matching = |e: &&Expr| eval::matches(e, black_box(&text), &facts, Time::EPOCH);
                exprs.iter().filter(matching).count()
            });
        });
    }
    group.sample_size(10);
    let sources = sources(10_000);
    group.bench_function("10000 read and compiled", |b| {
        b.iter(|| compiled(black_box(&sources)).len());
    });
    group.finish();
}

criterion_group!(benches, topics);
criterion_main!(benches);
