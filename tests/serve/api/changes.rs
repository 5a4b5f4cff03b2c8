//! The changes: a follower over HTTP holds what the lists show, and is told when it has to start again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{filled, json};
use crate::support::server_fixture::ServerFixture;

#[derive(Default)]
struct Follower {
    held: BTreeMap<String, Value>,
    /// The query with which it goes on.
    query: String,
}

impl Follower {
    /// Applies pages of three changes until no more follow.
    async fn catch_up(&mut self, site: &ServerFixture) {
        loop {
            let page = site
                .get(&format!("/api/v1/changes?limit=3{}", self.query))
                .await;
            assert_eq!(page.status, 200, "{}", page.text());
            let answer = json(&page);
            for change in answer["changes"].as_array().unwrap() {
                let kind = change["type"].as_str().unwrap();
                if let Some(story) = change.get("story") {
                    self.set_copies(story);
                }
                let key = format!("{kind} {}", change["id"].as_str().unwrap());
                match change.get(kind) {
                    Some(object) => self.held.insert(key, object.clone()),
                    None => self.held.remove(&key),
                };
            }
            let epoch = answer["epoch"].as_str().unwrap();
            self.query = format!("&after={}&epoch={epoch}", answer["last"]);
            let has_link = page.header("link").contains("rel=\"next\"");
            assert_eq!(answer["more"], has_link);
            if !has_link {
                return;
            }
        }
    }

    /// The number of copies of a story is also that of its articles.
    fn set_copies(&mut self, story: &Value) {
        for object in self.held.values_mut() {
            if object.get("story_id") == Some(&story["id"]) {
                object["copies"] = story["copies"].clone();
            }
        }
    }

    async fn assert_holds(&self, site: &ServerFixture) {
        let mut shown = BTreeMap::new();
        for (list, kind) in [("stories", "story"), ("articles", "article")] {
            let page = json(&site.get(&format!("/api/v1/{list}?limit=1000")).await);
            for object in page[list].as_array().unwrap() {
                let id = object["id"].as_str().unwrap();
                shown.insert(format!("{kind} {id}"), object.clone());
            }
        }
        assert_eq!(self.held, shown);
    }
}

#[tokio::test]
async fn a_follower_over_http_holds_what_the_lists_show() {
    let site = filled().await;
    let mut follower = Follower::default();
    follower.catch_up(&site).await;
    follower.assert_holds(&site).await;
    site.arrive(10..14);
    site.fixture.store.prune(None, 2, false).unwrap();
    let sequence = site.fixture.store.reads().sequence().unwrap();
    site.sequence.send_replace(sequence);
    follower.catch_up(&site).await;
    follower.assert_holds(&site).await;
    let kinds: Vec<_> = follower.held.keys().collect();
    assert!(kinds.iter().any(|k| k.starts_with("article ")), "{kinds:?}");
}

#[tokio::test]
async fn a_follower_that_cannot_go_on_is_told_so() {
    let site = filled().await;
    for (query, status, why) in [
        (
            "after=1&epoch=00000000000000ff-0",
            409,
            "restored from a backup",
        ),
        ("after=900000", 409, "is not reached yet"),
        ("after=1&epoch=12", 400, "of a change"),
        ("after=-1", 400, "sequence number"),
        ("epoc=1", 400, "did you mean epoch?"),
    ] {
        let page = site.get(&format!("/api/v1/changes?{query}")).await;
        assert_eq!(page.status, status, "{query}: {}", page.text());
        let problem = json(&page);
        assert_eq!(problem["status"], status);
        assert!(
            problem["detail"].as_str().unwrap().contains(why),
            "{problem}"
        );
    }
}
