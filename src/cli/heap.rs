//! How the C library keeps the heap of a process that runs for long.
//!
//! Large documents come and go on every thread. By default glibc keeps a heap for each thread and, once a large block was
//! freed, takes the next ones of that size from the heap too, where one small block that lives on keeps megabytes from
//! going back: after 108 hostile feeds (SEC-05) a process held 234 MB that need 90 (`benches/hostile.rs`).
//!
//! Must never do: touch what the operator has set.

use std::os::unix::process::CommandExt as _;

/// Starts this program once more, in the same process, with a heap that gives back what it no longer needs: glibc takes
/// these settings from the environment only, before `main` (mallopt(3), "Environment variables").
///
/// Does nothing with another C library, where any of the settings is given already, or where the program cannot be started
/// again: the memory is then as the C library keeps it.
pub fn keep_small() {
    const SETTINGS: [(&str, &str); 2] = [
        ("MALLOC_ARENA_MAX", "2"),
        // A block of this size or more is a mapping of its own and goes back when it is freed.
        ("MALLOC_MMAP_THRESHOLD_", "262144"),
    ];
    if !cfg!(target_env = "gnu")
        || std::env::var_os("GLIBC_TUNABLES").is_some()
        || SETTINGS
            .iter()
            .any(|(name, _)| std::env::var_os(name).is_some())
    {
        return;
    }
    let mut args = std::env::args_os();
    let (Some(name), Ok(program)) = (args.next(), std::env::current_exe()) else {
        return;
    };
    // It comes back only where it failed.
    let _ = std::process::Command::new(program)
        .arg0(name)
        .args(args)
        .envs(SETTINGS)
        .exec();
}
