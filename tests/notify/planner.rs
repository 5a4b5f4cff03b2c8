//! Which stories fire for which target, and what becomes of targets that are changed, removed or switched off.

use std::time::Duration;

use newswire::model::{Draft, FeedRow, Time};
use newswire::notify::EventKind;
use newswire::store::{EventOutcome, OutboxTarget, Regroup, SettledEvent, WAITING_MAX};

use super::{due, plan, target};
use crate::support::store_fixture::{StoreFixture, draft};

const DAY: Duration = Duration::from_secs(86_400);

/// A store with a feed that has been polled, and these targets.
fn world(targets: &[OutboxTarget]) -> (StoreFixture, FeedRow) {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("a.example");
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            1,
            "Boats of the past",
            "An old story about boats",
        )],
    );
    fixture.store.set_targets(targets.to_vec()).unwrap();
    (fixture, feed)
}

impl StoreFixture {
    fn fire(&self, targets: &[OutboxTarget]) -> usize {
        plan(&self.store, targets, self.clock.now())
    }

    fn kinds(&self, name: &str) -> Vec<EventKind> {
        due(&self.store, name, self.clock.now())
            .into_iter()
            .map(|e| e.kind)
            .collect()
    }
}

fn published(draft: Draft, at: Time) -> Draft {
    Draft {
        published: Some(at),
        ..draft
    }
}

#[test]
fn a_new_target_starts_now_and_with_backlog_at_the_first_story() {
    let mut backlog = target("all", "");
    backlog.rule.backlog = true;
    let targets = [target("new", ""), target("boats", "boats"), backlog];
    let (fixture, feed) = world(&targets);
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("new"), []);
    assert_eq!(fixture.kinds("all"), [EventKind::New]);
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            2,
            "Trains",
            "A story about trains and rails",
        )],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("new"), [EventKind::New]);
    assert_eq!(fixture.kinds("boats"), []);
    assert_eq!(fixture.kinds("all").len(), 2);
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("new").len(), 1, "a second plan fires nothing");
}

#[test]
fn a_changed_expression_with_backlog_begins_at_the_first_story() {
    let mut wanted = target("all", "trains");
    wanted.rule.backlog = true;
    let (fixture, _) = world(std::slice::from_ref(&wanted));
    fixture.fire(std::slice::from_ref(&wanted));
    assert_eq!(fixture.kinds("all"), []);
    let mut changed = target("all", "boats");
    changed.rule.backlog = true;
    for _ in 0..2 {
        fixture.store.set_targets(vec![changed.clone()]).unwrap();
        fixture.fire(std::slice::from_ref(&changed));
        assert_eq!(fixture.kinds("all"), [EventKind::New], "once");
    }
}

#[test]
fn a_story_that_goes_before_it_is_sent_says_nothing_of_its_target() {
    let mut all = target("all", "");
    all.rule.backlog = true;
    let (fixture, _) = world(std::slice::from_ref(&all));
    fixture.fire(std::slice::from_ref(&all));
    let event = due(&fixture.store, "all", fixture.clock.now()).remove(0);
    let removed = SettledEvent {
        row: event.row,
        outcome: EventOutcome::Removed,
    };
    fixture.store.settle_events("all", vec![removed]).unwrap();
    let status = fixture.store.reads().outbox_status().unwrap().remove(0);
    assert_eq!((status.failed, status.last_error), (1, None));
}

#[test]
fn a_first_poll_and_old_articles_that_come_back_fire_nothing() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    let other = fixture.subscribe("b.example");
    let now = fixture.clock.now();
    fixture.put(
        other,
        vec![published(
            draft("b.example", 1, "First", "The first poll of a feed"),
            now,
        )],
    );
    let old = now.minus(30 * DAY);
    fixture.put(
        feed,
        vec![published(
            draft("a.example", 2, "Old", "An article of last month"),
            old,
        )],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all"), []);
    // Both feeds bring news now.
    fixture.put(
        other,
        vec![draft("b.example", 2, "Second", "News of the second poll")],
    );
    fixture.put(
        feed,
        vec![published(
            draft("a.example", 3, "Late", "Published yesterday"),
            now.minus(DAY),
        )],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all").len(), 2);
}

#[test]
fn a_feed_that_was_down_for_a_month_brings_news() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    fixture.clock.advance(30 * DAY);
    let at = fixture.clock.now().minus(10 * DAY);
    fixture.put(
        feed,
        vec![published(
            draft("a.example", 2, "Missed", "Published meanwhile"),
            at,
        )],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all").len(), 1);
}

#[test]
fn a_feed_that_is_subscribed_to_again_begins_with_its_backlog() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    fixture.store.unsubscribe(feed).unwrap();
    fixture.clock.advance(DAY);
    assert_eq!(fixture.subscribe("a.example"), feed);
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            2,
            "Meanwhile",
            "Printed while nobody read it",
        )],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all"), []);
    fixture.put(
        feed,
        vec![draft("a.example", 3, "Today", "Printed after the return")],
    );
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all").len(), 1);
}

#[test]
fn a_number_of_copies_fires_when_it_is_reached_and_once() {
    let targets = [target("breaking", "copies>=3"), target("all", "")];
    let hosts = [
        "a.example",
        "b.example",
        "c.example",
        "d.example",
        "e.example",
    ];
    let fixture = StoreFixture::new();
    let feeds: Vec<FeedRow> = hosts.iter().map(|host| fixture.subscribe(host)).collect();
    for feed in &feeds {
        fixture.put(*feed, Vec::new());
    }
    let text = |n: usize| {
        format!(
            "The minister of story {n} resigned on Tuesday after a long night of talks with the party"
        )
    };
    let copy = |host: usize, n: usize| {
        fixture.put(
            feeds[host],
            vec![draft(
                hosts[host],
                n,
                &format!("Minister {n} resigns"),
                &text(n),
            )],
        );
        fixture.fire(&targets);
    };
    // A story that had reached the number before the target existed never fires.
    (0..3).for_each(|host| copy(host, 7));
    fixture.store.set_targets(targets.to_vec()).unwrap();
    copy(3, 7);
    for (host, fired) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1)] {
        copy(host, 8);
        assert_eq!(fixture.kinds("breaking").len(), fired, "{host}");
    }
    assert_eq!(fixture.kinds("breaking"), [EventKind::Grew]);
    assert_eq!(fixture.kinds("all"), [EventKind::New], "one event a story");
}

#[test]
fn edits_and_growth_fire_where_they_are_asked_for() {
    let mut eager = target("eager", "");
    eager.rule.updated = true;
    eager.rule.grew_at = vec![2];
    let targets = [eager];
    let (fixture, feed) = world(&targets);
    let other = fixture.subscribe("b.example");
    fixture.put(other, Vec::new());
    let body = "The bridge over the river was closed this morning because of a crack in a pillar";
    for title in [
        "Bridge closed",
        "Bridge closed for a year",
        "Bridge closed for a year",
        "Bridge closed",
    ] {
        fixture.put(feed, vec![draft("a.example", 2, title, body)]);
        fixture.fire(&targets);
    }
    use EventKind::{Grew, New, Updated};
    assert_eq!(fixture.kinds("eager"), [New, Updated, Updated]);
    fixture.put(other, vec![draft("b.example", 2, "Bridge closed", body)]);
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("eager"), [New, Updated, Updated, Grew]);
}

#[test]
fn stories_that_are_joined_do_not_fire_again() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    fixture.put(
        feed,
        vec![
            draft(
                "a.example",
                2,
                "Ferry sinks",
                "A ferry sank in the harbour during the storm",
            ),
            draft(
                "a.example",
                3,
                "Inquiry into prices",
                "Parliament asks why bread is dear this winter",
            ),
        ],
    );
    fixture.fire(&targets);
    let stories: Vec<_> = due(&fixture.store, "all", fixture.clock.now())
        .iter()
        .map(|e| e.story)
        .collect();
    assert_eq!(stories.len(), 2);
    fixture
        .store
        .regroup(Regroup::Join(stories), false)
        .unwrap();
    fixture.fire(&targets);
    assert_eq!(fixture.kinds("all").len(), 2);
}

#[test]
fn a_changed_expression_begins_anew_and_a_removed_target_keeps_what_waits() {
    let boats = target("desk", "boats");
    let (fixture, feed) = world(std::slice::from_ref(&boats));
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            2,
            "Boats",
            "A story about boats and trains",
        )],
    );
    fixture.fire(std::slice::from_ref(&boats));
    let trains = target("desk", "trains");
    fixture.store.set_targets(vec![trains.clone()]).unwrap();
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            2,
            "Boats and trains",
            "A story about boats and trains, edited",
        )],
    );
    fixture.fire(std::slice::from_ref(&trains));
    assert_eq!(fixture.kinds("desk").len(), 1, "the story existed before");
    fixture.store.set_targets(Vec::new()).unwrap();
    let status = |fixture: &StoreFixture| fixture.store.reads().outbox_status().unwrap();
    assert_eq!(
        (status(&fixture)[0].state, status(&fixture)[0].waiting),
        ("removed", 1)
    );
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            3,
            "Trains",
            "Trains while no target existed",
        )],
    );
    fixture.store.set_targets(vec![trains.clone()]).unwrap();
    fixture.fire(&[trains]);
    assert_eq!(fixture.kinds("desk").len(), 1);
    fixture.store.set_targets(Vec::new()).unwrap();
    fixture.clock.advance(8 * DAY);
    fixture.store.tidy_outbox().unwrap();
    assert_eq!(status(&fixture), []);
}

#[test]
fn a_target_that_is_off_collects_nothing_until_its_address_changes() {
    let mut hook = target("hook", "");
    let (fixture, feed) = world(std::slice::from_ref(&hook));
    fixture
        .store
        .switch_target("hook", Some("gone".to_owned()))
        .unwrap();
    fixture.store.set_targets(vec![hook.clone()]).unwrap();
    let state = || fixture.store.reads().outbox_status().unwrap()[0].state;
    assert_eq!(state(), "off");
    fixture.put(
        feed,
        vec![draft("a.example", 2, "Unheard", "Nothing is made of this")],
    );
    fixture.fire(std::slice::from_ref(&hook));
    hook.destination = "elsewhere".to_owned();
    fixture.store.set_targets(vec![hook.clone()]).unwrap();
    assert_eq!(state(), "on");
    fixture.put(
        feed,
        vec![draft("a.example", 3, "Heard", "An event is made of this")],
    );
    fixture.fire(&[hook]);
    assert_eq!(fixture.kinds("hook").len(), 1);
}

#[test]
fn too_many_waiting_events_drop_the_oldest_and_are_counted() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    let most = usize::try_from(WAITING_MAX).unwrap();
    let drafts = (0..most + 7).map(|n| {
        draft(
            "a.example",
            n + 10,
            &format!("Story {n}"),
            &format!("word{n} stands alone"),
        )
    });
    fixture.put(feed, drafts.collect());
    fixture.fire(&targets);
    let status = fixture.store.reads().outbox_status().unwrap().remove(0);
    let (waiting, dropped) = (status.waiting, status.dropped);
    assert_eq!(waiting, WAITING_MAX as u64);
    assert!(dropped > 0 && dropped <= 7, "{dropped}");
}

#[test]
fn old_events_are_removed_and_waiting_ones_are_kept() {
    let targets = [target("all", "")];
    let (fixture, feed) = world(&targets);
    fixture.put(
        feed,
        vec![
            draft("a.example", 2, "One", "The first of two stories"),
            draft("a.example", 3, "Two", "Another one about bread"),
        ],
    );
    fixture.fire(&targets);
    let first = due(&fixture.store, "all", fixture.clock.now()).remove(0);
    let sent = SettledEvent {
        row: first.row,
        outcome: EventOutcome::Sent,
    };
    fixture.store.settle_events("all", vec![sent]).unwrap();
    fixture.clock.advance(31 * DAY);
    fixture.store.tidy_outbox().unwrap();
    let status = fixture.store.reads().outbox_status().unwrap().remove(0);
    assert_eq!((status.sent, status.waiting), (1, 1));
    let log = fixture
        .store
        .reads()
        .outbox_log(&newswire::store::LogQuery {
            limit: 9,
            ..Default::default()
        });
    assert_eq!(log.unwrap().len(), 1);
}
