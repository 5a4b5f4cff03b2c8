//! The daemon as a process: started on a home, asked through its socket, told by signals, watched as systemd does.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use newswire::model::Time;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::cli_home::CliHome;

/// What is waited for comes within this, or never.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon. It is killed when dropped.
pub struct Daemon {
    child: Child,
    notified: UnixDatagram,
    socket: PathBuf,
    log: PathBuf,
}

/// Looks again and again until `found` gives something.
#[track_caller]
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A configuration that serves on a socket in the home and polls loopback at will.
pub fn configuration(home: &CliHome) -> String {
    format!(
        "[server]\nlisten = [\"unix:{}\"]\n[fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_delay = \"0s\"\nper_host = 8\n\
         [schedule]\nmanual_interval = \"0s\"\n",
        home.path("http.sock").display()
    )
}

/// The binary on a home, with the true clock.
pub fn command(home: &CliHome, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(args);
    clean(&mut command, home);
    command
}

fn clean(command: &mut Command, home: &CliHome) {
    command
        .env_clear()
        .env("HOME", home.path(""))
        .env("TZ", "UTC")
        .current_dir(home.path(""))
        .stdin(Stdio::null());
}

impl Daemon {
    /// Starts it and waits until it says that it is ready.
    pub fn start(home: &CliHome) -> Self {
        let daemon = Self::spawn(home, &[]);
        daemon.hears("READY=1");
        daemon
    }

    /// Starts it with more variables.
    pub fn spawn(home: &CliHome, vars: &[(&str, &str)]) -> Self {
        // A file that cannot grow is to be an error and not the end of the process (setrlimit(2)).
        Self::by_shell(home, "trap '' XFSZ; exec \"$0\" run", Stdio::null(), vars)
    }

    /// Starts it with its clock held at `now`.
    pub fn at(home: &CliHome, now: Time) -> Self {
        let now = now.to_string();
        let script = "exec \"$0\" --now \"$NOW\" run";
        Self::by_shell(home, script, Stdio::null(), &[("NOW", &now)])
    }

    /// Starts it with a socket that is open already, as systemd hands it over (sd_listen_fds(3)).
    pub fn activated(home: &CliHome, socket: TcpListener) -> Self {
        let script = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" run";
        Self::by_shell(home, script, OwnedFd::from(socket).into(), &[])
    }

    fn by_shell(home: &CliHome, script: &str, stdin: Stdio, vars: &[(&str, &str)]) -> Self {
        let notify = home.path("notify.sock");
        let _ = std::fs::remove_file(&notify);
        let notified = UnixDatagram::bind(&notify).unwrap();
        notified.set_read_timeout(Some(PATIENCE)).unwrap();
        let log = home.path("daemon.log");
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.arg(env!("CARGO_BIN_EXE_newswire"));
        clean(&mut command, home);
        let child = command
            .stdin(stdin)
            .env("NOTIFY_SOCKET", &notify)
            .envs(vars.iter().copied())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self {
            child,
            notified,
            socket: home.path("http.sock"),
            log,
        }
    }

    /// Waits until it notifies systemd so.
    #[track_caller]
    pub fn hears(&self, state: &str) {
        let mut message = [0; 4096];
        loop {
            let n = self.notified.recv(&mut message).unwrap();
            let text = String::from_utf8_lossy(&message[..n]);
            if text
                .lines()
                .any(|line| line == state || line.starts_with(state))
            {
                return;
            }
        }
    }

    /// The status and the body that it answers with.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = self.connect();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// A connection to it.
    pub fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.socket).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Lets none of its files grow beyond so many bytes; none: any.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(self.pid()), Resource::Fsize, limit).unwrap();
    }

    /// The variables that it runs with, as `NAME=value`.
    pub fn environment(&self) -> Vec<String> {
        let path = format!("/proc/{}/environ", self.child.id());
        let raw = std::fs::read_to_string(path).unwrap();
        raw.split_terminator('\0').map(str::to_owned).collect()
    }

    /// Lets it open so many files and connections at once.
    pub fn limit_descriptors(&self, most: u64) {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        prlimit(Some(self.pid()), Resource::Nofile, limit).unwrap();
    }

    /// How many sockets it has open.
    pub fn sockets(&self) -> usize {
        let dir = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        let links = dir.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        let links = links.filter(|link| link.to_string_lossy().starts_with("socket:"));
        links.count()
    }

    /// A figure of `/proc/PID/status` (proc_pid_status(5)): kB of memory, or a number.
    pub fn figure(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        let value = line.unwrap().trim_start_matches(':').trim();
        value.trim_end_matches(" kB").parse().unwrap()
    }

    /// Whether it notifies systemd so within `span`.
    pub fn hears_within(&self, state: &str, span: Duration) -> bool {
        self.notified.set_read_timeout(Some(span)).unwrap();
        let mut message = [0; 4096];
        let until = Instant::now() + span;
        let mut heard = false;
        while !heard && Instant::now() < until {
            let n = self.notified.recv(&mut message).unwrap_or(0);
            heard = String::from_utf8_lossy(&message[..n]).contains(state);
        }
        self.notified.set_read_timeout(Some(PATIENCE)).unwrap();
        heard
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end; gives the exit code.
    pub fn ends(&mut self) -> Option<i32> {
        eventually("the end of the daemon", || self.child.try_wait().unwrap()).code()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of the store's log, which is written first.
pub fn log_bytes(db: &Path) -> u64 {
    let mut path = db.as_os_str().to_owned();
    path.push("-wal");
    std::fs::metadata(path).unwrap().len()
}
