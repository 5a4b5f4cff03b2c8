//! The binary: argv in, exit code out. Everything else is in the library.

fn main() -> std::process::ExitCode {
    newswire::cli::main()
}
