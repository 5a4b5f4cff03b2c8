//! Metrics of the process, with the names that Prometheus clients use
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>). They are read from `/proc/self` at every scrape;
//! those that cannot be read are omitted.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::time::{ClockId, clock_gettime};

use crate::model::Time;
use crate::serve::Registry;

/// Registers the metrics of a process that started at `since`.
pub(super) fn register(registry: &mut Registry, since: Time) {
    registry
        .sub_registry_with_prefix("process")
        .register_collector(Box::new(Process { since }));
}

#[derive(Debug)]
struct Process {
    since: Time,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let cpu = ConstCounter::new(cpu_seconds());
        let help = "CPU time used, user and system";
        let family = encoder.encode_descriptor("cpu_seconds", help, None, cpu.metric_type())?;
        cpu.encode(family)?;
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let numbers = [
            (
                "start_time_seconds",
                "Start time of the process, in seconds since 1970",
                Some(self.since.millis() as f64 / 1000.0),
            ),
            (
                "resident_memory_bytes",
                "Resident memory",
                kibibytes(&status, "VmRSS:"),
            ),
            (
                "virtual_memory_bytes",
                "Virtual memory",
                kibibytes(&status, "VmSize:"),
            ),
            ("open_fds", "Open file descriptors", open_files()),
            (
                "max_fds",
                "Maximum number of open file descriptors",
                files_max(),
            ),
            ("threads", "Threads", number(&status, "Threads:")),
        ];
        for (name, help, value) in numbers {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let family = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(family)?;
        }
        Ok(())
    }
}

fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The number behind a name of `/proc/self/status`, as in `Threads:  12`.
fn number(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The same of a size in kB, in bytes.
fn kibibytes(status: &str, name: &str) -> Option<f64> {
    number(status, name).map(|n| n * 1024.0)
}

fn open_files() -> Option<f64> {
    // The folder that is being read is one of them.
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(open.saturating_sub(1) as f64)
}

fn files_max() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    number(&limits, "Max open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_told_by_the_names_that_dashboards_know() {
        let mut registry = Registry::default();
        register(&mut registry, Time::from_millis(1_500));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(
            text.contains("\nprocess_start_time_seconds 1.5\n"),
            "{text}"
        );
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_threads",
        ] {
            let line = text.lines().find(|l| l.starts_with(&format!("{name} ")));
            let value = line.and_then(|l| l.rsplit_once(' ')?.1.parse::<f64>().ok());
            assert!(value.is_some_and(|v| v > 0.0), "{name}: {text}");
        }
    }
}
