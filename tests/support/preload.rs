//! Libraries in C that stand between the daemon and its system (LD_PRELOAD). A C compiler is there wherever Rust links.

use std::path::PathBuf;
use std::process::Command;

use super::cli_home::CliHome;

/// Builds `tests/support/NAME.c` into the home.
pub fn library(home: &CliHome, name: &str) -> PathBuf {
    let library = home.path(&format!("{name}.so"));
    let source = format!("{}/tests/support/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .args([&source, "-ldl"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    library
}
