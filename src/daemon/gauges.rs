//! Gauges of polling, for `/metrics`: memory, requests and documents. All are zero while nothing is polled; one that is not shows a
//! leak. Holds only a weak reference, so that it does not keep the store open.

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use crate::ingest::Ingest;
use crate::serve::Registry;

/// Registers the gauges. They are read from `ingest` at every scrape.
pub(super) fn register(registry: &mut Registry, ingest: &Arc<Ingest>) {
    let registry = registry.sub_registry_with_prefix("newswire");
    registry.register_collector(Box::new(Polling(Arc::downgrade(ingest))));
    registry.register(
        "poll_duration_seconds",
        "Duration of polls, from the first request to the last byte",
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
                "Memory of data that was read from the network and is not stored yet",
                fetch.memory_bytes,
            ),
            (
                "fetch_requests",
                "Requests in flight, except to slow servers",
                fetch.requests,
            ),
            (
                "fetch_requests_slow",
                "Requests in flight to slow servers",
                fetch.requests_slow,
            ),
            (
                "fetch_requests_waiting",
                "Requests that wait for the limit of their host",
                fetch.waiting,
            ),
            (
                "fetch_hosts_busy",
                "Hosts with a request in flight",
                fetch.hosts,
            ),
            (
                "fetch_lookups",
                "DNS lookups that run or wait",
                fetch.lookups,
            ),
            (
                "documents_decoding",
                "Response bodies being decoded on worker threads",
                fetch.decoding,
            ),
            (
                "documents_reading",
                "Documents being parsed",
                load.reading.saturating_add(load.reading_large),
            ),
            (
                "documents_committing",
                "Documents that are parsed and not stored yet",
                load.committing,
            ),
            ("pushes_storing", "WebSub pushes being stored", load.pushes),
        ];
        for (name, help, n) in numbers {
            let gauge = ConstGauge::new(i64::try_from(n).unwrap_or(i64::MAX));
            let family = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(family)?;
        }
        Ok(())
    }
}
