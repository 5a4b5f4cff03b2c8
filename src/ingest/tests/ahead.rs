//! Feeds are not asked faster than their documents are read: what waits to be read is in memory.

use std::sync::Arc;

use super::super::READING_MAX;
use super::{Room, show};

#[tokio::test]
async fn no_more_documents_wait_to_be_read_than_requests_may_be_under_way() {
    let names: Vec<String> = (0..8).map(|n| format!("ahead{n}")).collect();
    let room = Room::fetching(&names, |options| options.concurrency = 2).await;
    names.iter().for_each(|name| show(&room.net, name, 2));
    room.net.forget();
    let asked = || room.net.log().len();
    let places = Arc::clone(&room.ingest.reading);
    let places = places.acquire_many_owned(u32::try_from(READING_MAX).unwrap());
    let places = places.await.unwrap();
    let watch = async {
        while asked() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..20_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(asked(), 2, "nothing is read yet");
        drop(places);
    };
    tokio::join!(room.pass(), watch);
    assert_eq!(asked(), names.len());
}
