//! What a story costs: the time to decide about an article and take it in beside many others, and the memory of a window.
//! `cargo bench --bench stories`; `-- memory [COPIES [SECONDS]]` fills a window with copies seen within so long and
//! prints what it takes, what the next ones cost, and how long a window takes that is filled from the stored form, as
//! after a restart.
//!
//! The texts are long enough to fill every sketch: real ones, half of them teasers, take less. Times are those of the
//! processor: on a shared machine the clock on the wall tells nothing.
//!
//! Found on 25 November 2026 on two quiet cores: beside 1,000,000 copies 27 µs to decide about an article and take it in,
//! 330 MiB for the window, 6.8 s to fill it from its stored form.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion, Throughput};
use newswire::dedup::{Fingerprint, Grouper, Limits, StoredCopy, Subject};
use newswire::model::{ArticleRow, FeedRow, StoryRow, Time};
use rustix::time::{ClockId, clock_gettime};

const DAY_S: i64 = 86_400;
const WINDOW: Duration = Duration::from_secs(7 * 86_400);
const WORDS: usize = 130;
const FEEDS: i64 = 2000;

fn main() {
    let mut arguments = std::env::args().skip(1).skip_while(|a| a != "memory");
    if arguments.next().is_some() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok());
        let copies = number().and_then(|n| usize::try_from(n).ok());
        memory(copies.unwrap_or(1_000_000), number().unwrap_or(7 * DAY_S));
    } else {
        let criterion = Criterion::default().with_measurement(Processor);
        let mut criterion = criterion.sample_size(20).configure_from_args();
        time(&mut criterion);
        criterion.final_summary();
    }
}

/// Articles beside a week of 100,000, every third of which is a copy.
fn time(criterion: &mut Criterion<Processor>) {
    let (window, mut press) = filled(100_000, 7 * DAY_S);
    let articles: Vec<(StoredCopy, Fingerprint)> = (0..2000).map(|_| press.next()).collect();
    let mut window = Some(window);
    let mut group = criterion.benchmark_group("stories");
    group.throughput(Throughput::Elements(1));
    let mut at = 0;
    group.bench_function("decide about an article", |b| {
        let window = window.as_ref().unwrap();
        b.iter(|| {
            at += 1;
            let (copy, print) = &articles[at % articles.len()];
            window.decide(copy, print)
        });
    });
    let mut window = window.take().unwrap();
    group.bench_function("decide and take in", |b| {
        b.iter_batched(
            || press.next(),
            |(copy, print)| take_in(&mut window, copy, print),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("fingerprint of 130 words", |b| {
        b.iter_batched(
            || press.text(),
            |text| print_of(&text),
            BatchSize::SmallInput,
        );
    });
}

fn memory(copies: usize, span_s: i64) {
    let before = resident_kib();
    let (mut window, mut press) = filled(copies, span_s);
    let mib = (resident_kib() - before) / 1024;
    println!("{} copies seen within {span_s} s: {mib} MiB", window.len());
    let next: Vec<_> = (0..NEXT).map(|_| press.next()).collect();
    let started = Processor.start();
    for (copy, print) in next {
        take_in(&mut window, copy, print);
    }
    let each = Processor.end(started) / NEXT;
    println!("the next {NEXT}: {} µs each", each.as_micros());
    drop(window);
    println!(
        "filled from the stored form: {:?}",
        refilled(copies, span_s)
    );
}

/// Copies whose time is taken beside a full window.
const NEXT: u32 = 20_000;

/// What filling a window from stored fingerprints takes, the reading aside.
fn refilled(copies: usize, span_s: i64) -> Duration {
    let now = start().plus(Duration::from_secs(span_s.cast_unsigned()));
    let mut window = empty();
    let mut press = Press::new(span_s * 1000 / i64::try_from(copies).unwrap());
    let mut spent = Duration::ZERO;
    for n in 0..copies {
        let (copy, print) = press.next();
        let stored = print.to_bytes();
        let started = Processor.start();
        let story = StoryRow::new(i64::try_from(n).unwrap());
        let print = Fingerprint::from_bytes(&stored).unwrap();
        window.restore(StoredCopy { story, ..copy }, print, now);
        spent += Processor.end(started);
    }
    spent
}

fn empty() -> Grouper {
    Grouper::new(Limits {
        window: WINDOW,
        copies_max: 1000,
        near: true,
    })
}

/// When the first copy is printed.
fn start() -> Time {
    Time::from_seconds(1_800_000_000)
}

/// A window of so many copies seen over so long.
fn filled(copies: usize, span_s: i64) -> (Grouper, Press) {
    let mut window = empty();
    let mut press = Press::new(span_s * 1000 / i64::try_from(copies).unwrap());
    for _ in 0..copies {
        let (copy, print) = press.next();
        take_in(&mut window, copy, print);
    }
    (window, press)
}

fn take_in(window: &mut Grouper, mut copy: StoredCopy, print: Fingerprint) {
    window.evict(copy.seen);
    let decision = window.decide(&copy, &print);
    copy.story = decision.join.map_or(copy.story, |join| join.story);
    for other in decision.bridged {
        window.merge(other.story, copy.story);
    }
    window.insert(copy, print);
}

/// Prints articles one after the other: two of its own, then a copy of a late one with another beginning.
struct Press {
    state: u64,
    printed: i64,
    step_ms: i64,
    late: Vec<Vec<u32>>,
}

impl Press {
    fn new(step_ms: i64) -> Self {
        Self {
            state: 7,
            printed: 0,
            step_ms,
            late: Vec::new(),
        }
    }

    fn next(&mut self) -> (StoredCopy, Fingerprint) {
        let text = self.text();
        self.printed += 1;
        let at = start().plus(Duration::from_millis(
            (self.printed * self.step_ms).cast_unsigned(),
        ));
        let copy = StoredCopy {
            article: ArticleRow::new(self.printed),
            story: StoryRow::new(self.printed),
            feed: FeedRow::new(i64::try_from(self.random()).unwrap() % FEEDS),
            at,
            seen: at,
            dated: true,
            own_page: true,
        };
        (copy, print_of(&text))
    }

    fn text(&mut self) -> Vec<u32> {
        let is_copy = self.random().is_multiple_of(3) && !self.late.is_empty();
        let mut text: Vec<u32> = if is_copy {
            let n = usize::try_from(self.random()).unwrap() % self.late.len();
            self.late[n].clone()
        } else {
            (0..WORDS).map(|_| self.word()).collect()
        };
        for word in text.iter_mut().take(5) {
            *word = self.word();
        }
        if self.late.len() < 500 {
            self.late.push(text.clone());
        } else {
            let n = usize::try_from(self.random()).unwrap() % self.late.len();
            self.late[n].clone_from(&text);
        }
        text
    }

    /// Words are as unlike in number as in a language: many of few, few of many.
    fn word(&mut self) -> u32 {
        let r = self.random() % 1_000_000;
        u32::try_from(r * r / 50_000_000).unwrap()
    }

    fn random(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }
}

fn print_of(text: &[u32]) -> Fingerprint {
    let words: Vec<String> = text.iter().map(|n| format!("w{n}")).collect();
    let title = words[..9].join(" ");
    Fingerprint::of(&Subject {
        title: &title,
        body: &words.join(" "),
        canonical_url: None,
    })
}

/// The time that the processor spent on this process.
struct Processor;

impl Measurement for Processor {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(
            spent.tv_sec.cast_unsigned(),
            u32::try_from(spent.tv_nsec).unwrap(),
        )
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_ascii_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}
