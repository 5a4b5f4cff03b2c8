//! Feeds are not polled faster than their documents are read, because documents that wait are in memory.

use std::sync::Arc;

use super::super::context::READING_MAX;
use super::{IngestFixture, show};

#[tokio::test]
async fn no_more_documents_wait_to_be_read_than_requests_may_be_in_flight() {
    let names: Vec<String> = (0..8).map(|n| format!("ahead{n}")).collect();
    let fixture = IngestFixture::fetching(&names, |options| options.concurrency = 2).await;
    names.iter().for_each(|name| show(&fixture.net, name, 2));
    fixture.net.forget();
    let asked = || fixture.net.log().len();
    let slots = Arc::clone(&fixture.ingest.reading);
    let slots = slots.acquire_many_owned(u32::try_from(READING_MAX).unwrap());
    let slots = slots.await.unwrap();
    let watch = async {
        while asked() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..20_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(asked(), 2, "nothing is read yet");
        drop(slots);
    };
    tokio::join!(fixture.pass(), watch);
    assert_eq!(asked(), names.len());
}
