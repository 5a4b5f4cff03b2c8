//! A follower of the changes, as docs/contract.md tells one to write it: it holds articles and stories, and nothing but the
//! changes tells it what they are.

use std::collections::BTreeMap;

use newswire::model::{ArticleId, ArticleView, Seq, StoryId, StoryView};
use newswire::store::{Change, ChangeOf, Changes, Cursor, Reads, RenamedFeed, Selection};

/// What a follower holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Follower {
    /// Where it stands.
    pub cursor: Cursor,
    /// The copies.
    pub articles: BTreeMap<ArticleId, ArticleView>,
    /// The stories.
    pub stories: BTreeMap<StoryId, StoryView>,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            cursor: Cursor {
                seq: Seq::default(),
                epoch: None,
            },
            articles: BTreeMap::new(),
            stories: BTreeMap::new(),
        }
    }
}

impl Follower {
    /// Applies what changed since, in pages of so many changes.
    pub fn catch_up(&mut self, reads: &Reads, page: usize) {
        while self.read_page(reads, page).more {}
    }

    /// Applies one page.
    pub fn read_page(&mut self, reads: &Reads, page: usize) -> Changes {
        let changes = reads.changes(self.cursor, page, true).unwrap().unwrap();
        for change in &changes.changes {
            assert!(change.seq > self.cursor.seq, "in order: {change:?}");
            self.cursor.seq = change.seq;
            self.apply(change.clone());
        }
        self.cursor = Cursor {
            seq: changes.last,
            epoch: Some(changes.epoch),
        };
        changes
    }

    fn apply(&mut self, change: Change) {
        match change.of {
            ChangeOf::Article => {
                let id = ArticleId(change.id);
                match change.article {
                    Some(article) => self.articles.insert(id, *article),
                    None => self.articles.remove(&id),
                };
            }
            ChangeOf::Story => {
                let id = StoryId(change.id);
                match change.story {
                    Some(story) => {
                        let own = self.articles.values_mut().filter(|a| a.story_id == id);
                        own.for_each(|a| a.copies = story.copies);
                        self.stories.insert(id, *story);
                    }
                    None => {
                        self.stories.remove(&id);
                    }
                }
            }
            ChangeOf::Feed => self.rename(&change.feed.unwrap()),
        }
    }

    fn rename(&mut self, renamed: &RenamedFeed) {
        let (id, mut before) = (renamed.feed.id, None);
        let own = self.articles.values_mut().filter(|a| a.feed.id == id);
        for article in own {
            before = Some(std::mem::replace(
                &mut article.content.feed,
                renamed.feed.clone(),
            ));
            article.content.tags.clone_from(&renamed.tags);
            article.feed_url.clone_from(&renamed.feed.url);
        }
        for story in self.stories.values_mut() {
            if story.feed.id == id {
                story.content.feed = renamed.feed.clone();
                story.content.tags.clone_from(&renamed.tags);
            }
            let is_own = |url: &str| before.as_ref().is_some_and(|b| b.url == url);
            for other in story.also_in.iter_mut().filter(|o| is_own(&o.feed_url)) {
                other.feed_url.clone_from(&renamed.feed.url);
                other.feed_title.clone_from(&renamed.feed.title);
            }
        }
    }

    /// Asserts that it holds exactly what the store shows.
    pub fn assert_holds(&self, reads: &Reads) {
        let all = Selection {
            bodies: true,
            ..Selection::default()
        };
        let articles = reads.articles(&all).unwrap();
        let stories = reads.stories(&all).unwrap();
        let articles: BTreeMap<_, _> = articles.into_iter().map(|a| (a.id, a)).collect();
        let stories: BTreeMap<_, _> = stories.into_iter().map(|s| (s.id, s)).collect();
        pretty_same(&self.articles, &articles);
        pretty_same(&self.stories, &stories);
    }
}

fn pretty_same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    held: &BTreeMap<K, V>,
    stored: &BTreeMap<K, V>,
) {
    for (id, value) in stored {
        assert_eq!(held.get(id), Some(value), "{id:?} as held, and as stored");
    }
    let gone: Vec<&K> = held.keys().filter(|id| !stored.contains_key(id)).collect();
    assert!(gone.is_empty(), "held, but gone: {gone:?}");
}
