//! `newswire split` and `newswire join`: what they do at once, and that nothing undoes them (issue 21).

use super::ids::{is_sound, leads_to, shows_all};
use super::*;
use crate::model::{ArticleId, FeedRow, StoryId};

/// Word `n` of a piece: no two pieces have a word in common.
fn word(piece: usize, n: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ke", "mi", "no", "ru", "sta", "tor", "vel"];
    let initial = ["a", "o", "u", "e"][piece];
    format!("{initial}{}{}", SYLLABLES[n / 8 % 8], SYLLABLES[n % 8])
}

/// A piece of 60 words, or its beginning.
pub(super) fn text(piece: usize, words: usize) -> String {
    let words: Vec<String> = (0..words).map(|n| word(piece, n)).collect();
    words.join(" ")
}

/// A copy of the whole piece in a paper.
pub(super) fn copy(host: &str, n: usize, piece: usize) -> Draft {
    draft(
        host,
        n,
        &format!("Piece {} in {host}", word(piece, 63)),
        &text(piece, 60),
    )
}

/// Four papers print one piece: their rows, and the ids of the copies in order.
fn four_papers(house: &House) -> (Vec<FeedRow>, Vec<ArticleId>) {
    let hosts = ["a.example", "b.example", "c.example", "d.example"];
    let feeds: Vec<FeedRow> = hosts.iter().map(|host| house.subscribe(host)).collect();
    for (feed, host) in feeds.iter().zip(hosts) {
        house.poll(*feed, vec![copy(host, 1, 0)]);
    }
    let story = house.river()[0].id;
    let copies = house.store.reads().copies(story).unwrap();
    assert_eq!(copies.len(), 4);
    (feeds, copies.iter().map(|c| c.id).collect())
}

/// The copies of the story of this copy, by the first letters of their feeds.
fn beside(house: &House, copy: ArticleId) -> String {
    let reads = house.store.reads();
    let river = house.river();
    let with = river.iter().find_map(|s| {
        let copies = reads.copies(s.id).unwrap();
        copies.iter().any(|c| c.id == copy).then_some(copies)
    });
    with.map_or_else(String::new, |copies| {
        copies
            .iter()
            .filter_map(|c| c.feed.title.chars().next())
            .collect()
    })
}

fn split(house: &House, story: StoryId, copies: &[ArticleId], each: bool) -> Regrouped {
    let copies = copies.to_vec();
    let wanted = Regroup::Split {
        story,
        copies,
        each,
    };
    let done = house.store.regroup(wanted, false).unwrap();
    house.store.settle_topics().unwrap();
    done
}

fn join(house: &House, stories: &[StoryId]) -> Regrouped {
    let done = house.store.regroup(Regroup::Join(stories.to_vec()), false);
    house.store.settle_topics().unwrap();
    done.unwrap()
}

fn already(regrouped: Regrouped) -> Vec<StoryId> {
    match regrouped {
        Regrouped::Already(stories) => stories.into_iter().map(|s| s.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn done(regrouped: Regrouped) -> Vec<StoryId> {
    match regrouped {
        Regrouped::Done(stories) => stories.into_iter().map(|s| s.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn split_copies_make_one_new_story_or_one_each() {
    for (each, left) in [
        (false, ["ad", "ad", "bc", "bc"]),
        (true, ["ad", "ad", "b", "c"]),
    ] {
        let house = House::new();
        let (_, ids) = four_papers(&house);
        let story = house.river()[0].id;
        let stories = done(split(&house, story, &ids[1..3], each));
        assert_eq!(stories[0], story, "the story keeps its id");
        assert_eq!(
            stories[1],
            StoryId::from(ids[1]),
            "a new one has its first copy's"
        );
        let beside = [ids[0], ids[3], ids[1], ids[2]].map(|id| beside(&house, id));
        assert_eq!(beside, left, "each: {each}");
        assert_eq!(house.river().len(), stories.len());
        is_sound(&house);
    }
}

#[test]
fn a_story_that_loses_its_first_copy_keeps_its_id_and_place() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let before = house.river()[0].clone();
    let stories = done(split(&house, before.id, &ids[..1], false));
    let (old, new) = (
        house.store.reads().story(stories[0]).unwrap().unwrap(),
        house.store.reads().story(stories[1]).unwrap().unwrap(),
    );
    assert_eq!(
        (old.id, old.arrived, old.copies),
        (before.id, before.arrived, 3)
    );
    assert_eq!((new.feed.title.as_str(), new.copies), ("a.example", 1));
    assert_ne!(new.id, old.id);
    assert!(
        old.seq > before.seq && new.seq > before.seq,
        "subscribers hear of both"
    );
    let copies = house.store.reads().copies(old.id).unwrap();
    assert_eq!(copies[0].same_as, None, "another copy is the first one now");
    assert!(copies[1..].iter().all(|c| c.same_as.is_some()));
    let alone = house.store.reads().copies(new.id).unwrap();
    assert_eq!(alone[0].same_as, None);
    is_sound(&house);
}

#[test]
fn of_joined_stories_the_older_stays_and_the_younger_id_leads_there() {
    let house = House::new();
    let (a, b) = (house.subscribe("a.example"), house.subscribe("b.example"));
    house.topics(&[("many", "copies>=2")]);
    house.poll(a, vec![copy("a.example", 1, 0)]);
    house.poll(b, vec![copy("b.example", 1, 1)]);
    let (younger, older) = (house.river()[0].id, house.river()[1].id);
    assert_eq!(done(join(&house, &[younger, older])), [older]);
    assert_eq!(house.river().len(), 1);
    assert_eq!(leads_to(&house, younger), Some(older));
    assert_eq!(
        house.stories("topic:many").len(),
        1,
        "its copies are counted"
    );
    let copies = house.store.reads().copies(older).unwrap();
    let same_as = copies[1].same_as.clone().unwrap();
    assert_eq!((same_as.signal.as_str(), same_as.score), ("user", 1.0));
    let apart = done(split(&house, older, &[copies[1].id], false));
    assert_eq!(apart, [older, younger], "a split gives the former id back");
    assert_eq!(leads_to(&house, younger), Some(younger));
    assert_eq!(house.stories("topic:many").len(), 0);
    is_sound(&house);
}

#[test]
fn the_last_word_counts_and_repeating_it_changes_nothing() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let story = house.river()[0].id;
    for _ in 0..3 {
        let stories = done(split(&house, story, &ids[3..], false));
        let river = house.river();
        assert_eq!(already(split(&house, story, &ids[3..], false)), stories);
        assert_eq!(house.river(), river);
        assert_eq!(done(join(&house, &stories)), [story]);
        let river = house.river();
        assert_eq!(already(join(&house, &stories)), [story]);
        assert_eq!(house.river(), river);
        is_sound(&house);
    }
    let counts = house
        .store
        .reads()
        .status(house.clock.now())
        .unwrap()
        .decisions;
    assert_eq!(
        (counts.splits, counts.joins, counts.copies),
        (0, 1, 4),
        "overruled ones go"
    );
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let other = house.subscribe("e.example");
    house.poll(other, vec![copy("e.example", 1, 1)]);
    let (alone, story) = (house.river()[0].id, house.river()[1].id);
    let alone_copy = house.store.reads().copies(alone).unwrap()[0].id;
    let before = house.river();
    let unknown = ArticleId(uuid::Uuid::from_u128(7));
    assert_eq!(split(&house, story, &ids, false), Regrouped::NothingStays);
    assert_eq!(
        split(&house, alone, &[alone_copy], true),
        Regrouped::NothingStays
    );
    assert_eq!(
        split(&house, story, &[unknown], false),
        Regrouped::Gone(unknown.0)
    );
    let foreign = split(&house, story, &[ids[1], alone_copy], false);
    assert_eq!(foreign, Regrouped::NotACopy(alone_copy, alone));
    assert_eq!(
        join(&house, &[story, StoryId(unknown.0)]),
        Regrouped::Gone(unknown.0)
    );
    assert_eq!(house.river(), before);
}

#[test]
fn a_copy_near_to_both_sides_of_a_split_joins_the_nearer_and_bridges_nothing() {
    let house = House::new();
    let (feeds, ids) = four_papers(&house);
    let story = house.river()[0].id;
    let other = house.subscribe("e.example");
    done(split(&house, story, &ids[3..], false));
    // Only paper d writes on, and the copy that comes has that too.
    let further = format!("{} {}", text(0, 60), text(1, 20));
    let title = "Piece in d.example";
    house.poll(feeds[3], vec![draft("d.example", 1, title, &further)]);
    house.poll(other, vec![draft("e.example", 1, title, &further)]);
    assert_eq!(beside(&house, ids[3]), "de");
    assert_eq!(beside(&house, ids[0]), "abc");
    let last = house.subscribe("f.example");
    house.poll(last, vec![copy("f.example", 1, 0)]);
    assert_eq!(beside(&house, ids[0]), "abcf");
    assert_eq!(beside(&house, ids[3]), "de");
    is_sound(&house);
}

#[test]
fn a_withdrawn_copy_comes_back_to_its_side() {
    let house = House::new();
    let (feeds, ids) = four_papers(&house);
    let story = house.river()[0].id;
    done(split(&house, story, &ids[2..], false));
    for (feed, host) in [(feeds[2], "c.example"), (feeds[1], "b.example")] {
        shows_all(&house, feed, Vec::new());
        assert_eq!(house.river().iter().map(|s| s.copies).sum::<u32>(), 3);
        shows_all(&house, feed, vec![copy(host, 1, 0)]);
    }
    assert_eq!(beside(&house, ids[2]), "dc");
    assert_eq!(beside(&house, ids[0]), "ab");
    is_sound(&house);
}

#[test]
fn a_decision_goes_with_its_copies() {
    let house = House::new();
    let (feeds, ids) = four_papers(&house);
    let story = house.river()[0].id;
    let counts = || {
        house
            .store
            .reads()
            .status(house.clock.now())
            .unwrap()
            .decisions
    };
    done(split(&house, story, &ids[3..], false));
    assert_eq!((counts().splits, counts().copies), (1, 4));
    house.store.unsubscribe(feeds[0]).unwrap();
    house.store.purge(feeds[0]).unwrap();
    assert_eq!((counts().splits, counts().copies), (1, 3));
    shows_all(&house, feeds[3], Vec::new());
    house.clock.advance(20 * DAY);
    house.store.prune(None, 10_000, false).unwrap();
    assert_eq!(
        (counts().splits, counts().copies),
        (1, 2),
        "it may come back"
    );
    house.clock.advance(20 * DAY);
    house.store.prune(None, 10_000, false).unwrap();
    assert_eq!(counts(), DecisionCounts::default());
    is_sound(&house);
}

#[test]
fn a_daemon_follows_what_a_command_decided_beside_it() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let story = house.river()[0].id;
    let command = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
    let copies = vec![ids[3]];
    let wanted = Regroup::Split {
        story,
        copies,
        each: false,
    };
    done(command.regroup(wanted, false).unwrap());
    let other = house.subscribe("e.example");
    house.poll(other, vec![copy("e.example", 1, 0)]);
    assert_eq!(beside(&house, ids[0]), "abce");
    assert_eq!(beside(&house, ids[3]), "d");
}

#[test]
fn a_replay_follows_the_decisions_unless_only_the_rules_are_asked() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let other = house.subscribe("e.example");
    house.poll(other, vec![copy("e.example", 1, 1)]);
    let (alone, story) = (house.river()[0].id, house.river()[1].id);
    done(split(&house, story, &ids[3..], false));
    done(join(&house, &[alone, story]));
    let settings = DedupSettings {
        window: 7 * DAY,
        near: true,
    };
    let replay = |follows| {
        let changes = house.store.reads().replay(settings, Time::EPOCH, follows);
        let changes = changes.unwrap();
        (
            changes.stories,
            changes.stories_then,
            changes.joined.len(),
            changes.parted.len(),
        )
    };
    assert_eq!(replay(true), (2, 2, 0, 0));
    assert_eq!(replay(false), (2, 2, 1, 1));
}

#[test]
fn a_trial_tells_what_would_be_and_changes_nothing() {
    let house = House::new();
    let (_, ids) = four_papers(&house);
    let before = house.river();
    let story = before[0].id;
    let wanted = |copies: &[ArticleId]| Regroup::Split {
        story,
        copies: copies.to_vec(),
        each: false,
    };
    let told = house.store.regroup(wanted(&ids[1..]), true).unwrap();
    assert_eq!(house.river(), before);
    assert_eq!(house.store.reads().decisions().unwrap(), []);
    assert_eq!(told, house.store.regroup(wanted(&ids[1..]), false).unwrap());
    is_sound(&house);
}
