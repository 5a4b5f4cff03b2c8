//! Metrics of notifications, by target. They are those of the notifier's last look at the store, at most a minute ago.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::deliver::NotifierState;
use crate::serve::Registry;
use crate::store::TargetStatus;

/// Registers the metrics.
pub(super) fn register(registry: &mut Registry, state: NotifierState) {
    registry
        .sub_registry_with_prefix("newswire_notify")
        .register_collector(Box::new(Notifications(state)));
}

#[derive(Debug)]
struct Notifications(NotifierState);

/// A gauge: name, help, and its value for a target.
type Gauge = (&'static str, &'static str, fn(&TargetStatus) -> u64);

const GAUGES: [Gauge; 3] = [
    (
        "on",
        "Whether the target is used: 0 if its server answered 410, or it was removed",
        |t| u64::from(t.state == "on"),
    ),
    ("failing", "Whether the last attempt failed", |t| {
        u64::from(t.last_error.is_some())
    }),
    ("waiting", "Events that wait to be sent", |t| t.waiting),
];

const COUNTERS: [Gauge; 3] = [
    ("sent", "Events that were sent", |t| t.sent),
    (
        "failed",
        "Events that were given up after all attempts",
        |t| t.failed,
    ),
    (
        "dropped",
        "Events that were dropped because too many waited",
        |t| t.dropped,
    ),
];

impl Collector for Notifications {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let targets = self.0.targets();
        if targets.is_empty() {
            return Ok(());
        }
        for (name, help, value) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for target in &targets {
                let gauge = ConstGauge::new(i64::try_from(value(target)).unwrap_or(i64::MAX));
                gauge.encode(family.encode_family(&[("target", target.name.as_str())])?)?;
            }
        }
        for (name, help, value) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for target in &targets {
                let counter = ConstCounter::new(value(target));
                counter.encode(family.encode_family(&[("target", target.name.as_str())])?)?;
            }
        }
        Ok(())
    }
}
