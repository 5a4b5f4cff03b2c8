//! REL-14: a store of every earlier schema opens and migrates; what its publishers did not change is not marked as edited, and
//! no article and no story changes its id. `tests/stores` holds each store, and the documents that it was made of.

use newswire::model::{ArticleId, Seq, StoryId};

use crate::support::{EndToEnd, Internet, Reply};

/// Stores by their schema version, compressed.
const STORES: [(u32, &[u8]); 1] = [(7, include_bytes!("../stores/schema-07.store.zst"))];

/// When they were written.
const WRITTEN: &str = "2025-03-05T12:00:00Z";

const DOCUMENTS: [(&str, &str); 3] = [
    ("paper.test", include_str!("../stores/paper.xml")),
    ("gazette.test", include_str!("../stores/gazette.atom")),
    ("notes.test", include_str!("../stores/notes.json")),
];

/// What an edit or another story would change.
fn ids(app: &EndToEnd) -> Vec<(ArticleId, StoryId, u32, Seq)> {
    let articles = app.articles().into_iter();
    articles
        .map(|a| (a.id, a.story_id, a.revision, a.seq))
        .collect()
}

#[tokio::test]
async fn rel_14_an_older_store_opens_and_nothing_in_it_is_marked_as_edited() {
    for (schema, store) in STORES {
        let net = Internet::start().await;
        for (host, document) in DOCUMENTS {
            net.always(host, "/feed", Reply::feed(document));
        }
        let store = zstd::decode_all(store).unwrap();
        let app = EndToEnd::inheriting(&net, &store, WRITTEN);
        let before = ids(&app);
        assert_eq!(before.len(), 7, "schema {schema}");
        for _ in 0..2 {
            app.hours(48);
            let report = app.pass().await;
            assert_eq!((report.fetched, report.failed), (3, 0), "schema {schema}");
            assert_eq!((report.articles_new, report.articles_changed), (0, 0));
        }
        assert_eq!(ids(&app), before, "schema {schema}");
        let articles = app.articles();
        let authors = articles.iter().flat_map(|a| &a.authors);
        let mut names = authors.filter_map(|author| author.name.as_deref());
        assert!(
            names.any(|name| name == "Ada Spar"),
            "schema {schema}: what was stored is shown"
        );
        assert_eq!(app.store.reads().verify().unwrap(), Vec::<String>::new());

        let edited = DOCUMENTS[0]
            .1
            .replace("Poison changes", "Changes of poison");
        net.always("paper.test", "/feed", Reply::feed(edited));
        app.hours(48);
        assert_eq!(
            app.pass().await.articles_changed,
            1,
            "what is edited now is"
        );
    }
}
