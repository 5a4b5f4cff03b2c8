//! Random sequences of polls, plans, answers of targets and kills: what has to fire is delivered at least once, always under one id,
//! and nothing else is delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use newswire::model::StoryId;
use newswire::notify::EventKind;
use newswire::store::{EventOutcome, OutboxEvent, OutboxTarget, SettledEvent};
use proptest::prelude::*;

use super::{due, plan, target};
use crate::support::store_fixture::{StoreFixture, draft};

const HOSTS: [&str; 4] = ["a.example", "b.example", "c.example", "d.example"];

/// Texts that no rule of grouping takes for each other.
const TEXTS: [(&str, &str); 4] = [
    (
        "Minister resigns",
        "The minister of finance resigned on Tuesday after a night of talks about the budget",
    ),
    (
        "Ferry sinks",
        "A ferry with forty passengers sank in the harbour while the storm went over the coast",
    ),
    (
        "Comet seen",
        "Astronomers in Chile saw a comet that will pass our planet in the spring of next year",
    ),
    (
        "Bread is dear",
        "Bakers raise their prices because wheat was scarce and energy cost more than ever",
    ),
];

#[derive(Debug, Clone)]
enum Step {
    /// A poll of a feed that brings a text; the first one is its backlog.
    Poll(usize, usize),
    Plan,
    /// The process dies before the plan is written.
    PlanLost,
    /// Another process has written the same plan.
    PlanTwice,
    /// A target answers for the first events that are due.
    Answer(usize, Answer),
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Sent,
    Failed,
    /// The process dies after the target has the message.
    Killed,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        Just(Answer::Sent),
        Just(Answer::Failed),
        Just(Answer::Killed)
    ];
    prop_oneof![
        6 => (0..HOSTS.len(), 0..TEXTS.len()).prop_map(|(host, text)| Step::Poll(host, text)),
        3 => Just(Step::Plan),
        1 => Just(Step::PlanLost),
        1 => Just(Step::PlanTwice),
        3 => (0..2_usize, answer).prop_map(|(target, answer)| Step::Answer(target, answer)),
        1 => Just(Step::Restart),
    ]
}

/// What a text has to fire.
#[derive(Debug, Default)]
struct Expected {
    feeds: BTreeSet<usize>,
    is_news: bool,
}

/// What targets received: by target and id, the story and the kind.
type Received = BTreeMap<(String, String), (StoryId, EventKind)>;

struct World {
    fixture: StoreFixture,
    targets: [OutboxTarget; 2],
    polled: BTreeSet<usize>,
    expected: BTreeMap<usize, Expected>,
    received: Received,
}

impl World {
    fn new() -> Self {
        let fixture = StoreFixture::new();
        let targets = [target("all", ""), target("three", "copies>=3")];
        for host in HOSTS {
            fixture.subscribe(host);
        }
        fixture.store.set_targets(targets.to_vec()).unwrap();
        Self {
            fixture,
            targets,
            polled: BTreeSet::new(),
            expected: BTreeMap::new(),
            received: Received::new(),
        }
    }

    fn take(&mut self, step: Step) {
        let now = self.fixture.clock.now();
        let store = self.fixture.store.clone();
        let planned = || {
            let due: Vec<_> = self.targets.iter().map(|t| (t, now)).collect();
            store.reads().plan_outbox(&due, now).unwrap()
        };
        match step {
            Step::Poll(host, text) => self.poll(host, text),
            Step::Plan => drop(plan(&store, &self.targets, now)),
            Step::PlanLost => drop(planned()),
            Step::PlanTwice => {
                let (one, other) = (planned(), planned());
                store.write_outbox(one).unwrap();
                assert_eq!(store.write_outbox(other).unwrap(), 0);
            }
            Step::Answer(target, answer) => self.answer(target, answer),
            Step::Restart => self.fixture.reopen(),
        }
    }

    fn poll(&mut self, host: usize, text: usize) {
        let feed = self.fixture.subscribe(HOSTS[host]);
        let (title, body) = TEXTS[text];
        self.fixture
            .put(feed, vec![draft(HOSTS[host], text, title, body)]);
        let expected = self.expected.entry(text).or_default();
        // What the feed brings again is no new copy.
        if expected.feeds.insert(host) {
            expected.is_news |= self.polled.contains(&host);
        }
        self.polled.insert(host);
    }

    fn answer(&mut self, target: usize, answer: Answer) {
        let (name, now) = (self.targets[target].name.clone(), self.fixture.clock.now());
        let mut events = due(&self.fixture.store, &name, now);
        events.truncate(2);
        if answer != Answer::Failed {
            events.iter().for_each(|event| self.receive(&name, event));
        }
        let outcome = |_: &OutboxEvent| match answer {
            Answer::Sent => EventOutcome::Sent,
            _ => EventOutcome::Later(now.plus(Duration::from_secs(60)), "503".to_owned()),
        };
        let settled = events.iter().map(|event| SettledEvent {
            row: event.row,
            outcome: outcome(event),
        });
        if answer != Answer::Killed {
            self.fixture
                .store
                .settle_events(&name, settled.collect())
                .unwrap();
        }
    }

    fn receive(&mut self, name: &str, event: &OutboxEvent) {
        let what = (event.story, event.kind);
        let known = self
            .received
            .insert((name.to_owned(), event.id.clone()), what);
        assert!(
            known.is_none_or(|known| known == what),
            "one id, two events"
        );
    }

    /// Plans and delivers everything that is left, and compares.
    fn end(mut self) {
        self.take(Step::Plan);
        for target in [0, 1] {
            let waits =
                |world: &Self| world.fixture.store.reads().outbox_status().unwrap()[target].waiting;
            while waits(&self) > 0 {
                self.fixture.clock.advance(Duration::from_secs(3600));
                self.answer(target, Answer::Sent);
            }
        }
        let expected: Vec<usize> = [1, 3]
            .map(|copies| {
                self.expected
                    .values()
                    .filter(|e| e.is_news && e.feeds.len() >= copies)
                    .count()
            })
            .to_vec();
        for (target, expected) in self.targets.iter().zip(expected) {
            let of: Vec<_> = self
                .received
                .iter()
                .filter(|((name, _), _)| *name == target.name)
                .collect();
            let stories: BTreeSet<StoryId> = of.iter().map(|(_, (story, _))| *story).collect();
            assert_eq!(of.len(), stories.len(), "one event a story: {of:?}");
            assert_eq!(
                stories.len(),
                expected,
                "{}: {:?}",
                target.name,
                self.expected
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_delivered_under_one_id_whatever_dies(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.end();
    }
}
