//! What a child process takes, from outside: CPU time in all and by kind of thread, time, memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How often the threads are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What a process took.
pub struct Taken {
    pub cpu: Duration,
    pub wall: Duration,
    /// The most memory that it ever held, in MB.
    pub peak_mb: u64,
    /// CPU time by what threads are called, up to the last look.
    pub threads: BTreeMap<String, Duration>,
    pub output: Output,
}

impl Taken {
    /// CPU time a feed, in ms.
    pub fn ms(&self, feeds: usize) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / feeds as f64
    }

    /// The threads with their CPU time a feed, in ms.
    pub fn stages(&self, feeds: usize) -> String {
        let told = self
            .threads
            .iter()
            .filter(|(_, time)| time.as_millis() > 0)
            .map(|(name, time)| format!("{name} {:.3}", time.as_secs_f64() * 1e3 / feeds as f64));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Taken {
    let before = children_cpu();
    let began = Instant::now();
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let watch = std::thread::spawn({
        let id = child.id();
        move || watch(id)
    });
    let output = child.wait_with_output().unwrap();
    let wall = began.elapsed();
    let (peak_kb, threads) = watch.join().unwrap();
    Taken {
        cpu: children_cpu() - before,
        wall,
        peak_mb: peak_kb / 1000,
        threads,
        output,
    }
}

/// The CPU time of all children that were waited for.
fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    // cutime and cstime of proc(5), in ticks of 10 ms.
    let ticks: u64 = fields
        .skip(13)
        .take(2)
        .map(|n| n.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Looks at a process until it is gone: its memory, and the time of its threads.
fn watch(id: u32) -> (u64, BTreeMap<String, Duration>) {
    let root = PathBuf::from(format!("/proc/{id}"));
    let mut peak = 0;
    let mut seen: BTreeMap<String, (String, Duration)> = BTreeMap::new();
    while let Some(now) = memory_kb(&root, "VmHWM") {
        peak = now;
        let tasks = std::fs::read_dir(root.join("task"));
        for task in tasks.into_iter().flatten().flatten() {
            if let Some(thread) = thread(&task.path()) {
                seen.insert(task.file_name().to_string_lossy().into_owned(), thread);
            }
        }
        std::thread::sleep(LOOK);
    }
    let mut threads = BTreeMap::new();
    for (name, time) in seen.into_values() {
        *threads.entry(name).or_default() += time;
    }
    (peak, threads)
}

/// A thread's name without its number, and its CPU time.
fn thread(task: &Path) -> Option<(String, Duration)> {
    let name = std::fs::read_to_string(task.join("comm")).ok()?;
    let name = name
        .trim()
        .trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let stat = std::fs::read_to_string(task.join("schedstat")).ok()?;
    let time = stat.split(' ').next()?.parse().ok()?;
    Some((name.to_owned(), Duration::from_nanos(time)))
}

/// Memory of a process, in KB, by the names of proc(5); none if it has ended.
pub fn memory_kb(root: &Path, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(root.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// A process that is ended with the bench.
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
