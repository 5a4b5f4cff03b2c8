//! What polling has under way, as numbers for `/metrics`: memory, requests, documents. All are zero while nothing is being
//! polled; one that stays up shows something that was not given back. Never keeps the room alive that it reads.

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use crate::ingest::Ingest;
use crate::serve::Registry;

/// Registers them; they are read off `ingest` at every scrape.
pub(super) fn register(registry: &mut Registry, ingest: &Arc<Ingest>) {
    let registry = registry.sub_registry_with_prefix("newswire");
    registry.register_collector(Box::new(Polling(Arc::downgrade(ingest))));
    registry.register(
        "poll_duration_seconds",
        "How long polls took, from the first request to the last byte",
        ingest.durations().clone(),
    );
}

#[derive(Debug)]
struct Polling(Weak<Ingest>);

impl Collector for Polling {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = match self.0.upgrade() {
            Some(ingest) => ingest.load(),
            None => return Ok(()),
        };
        let fetch = load.fetch;
        let numbers = [
            (
                "fetch_memory_bytes",
                "Memory taken by what was read off the network and is not stored yet",
                fetch.memory_bytes,
            ),
            (
                "fetch_requests",
                "Requests in flight, slow ones excepted",
                fetch.requests,
            ),
            (
                "fetch_requests_slow",
                "Requests in flight whose servers are slow",
                fetch.requests_slow,
            ),
            (
                "fetch_requests_waiting",
                "Requests that wait for the turn of their host",
                fetch.waiting,
            ),
            (
                "fetch_hosts_busy",
                "Hosts with a request in flight",
                fetch.hosts,
            ),
            (
                "fetch_lookups",
                "Host names being looked up, or waiting for it",
                fetch.lookups,
            ),
            (
                "documents_decoding",
                "Bodies being decoded beside the async threads",
                fetch.decoding,
            ),
            (
                "documents_reading",
                "Documents being read",
                load.reading.saturating_add(load.reading_large),
            ),
            (
                "documents_committing",
                "Documents that are read and not stored yet",
                load.committing,
            ),
            ("pushes_storing", "Pushes of hubs being stored", load.pushes),
        ];
        for (name, help, n) in numbers {
            let gauge = ConstGauge::new(i64::try_from(n).unwrap_or(i64::MAX));
            let family = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(family)?;
        }
        Ok(())
    }
}
