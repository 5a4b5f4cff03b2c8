//! A home of its own for the real binary: a clean environment, a store filled through the library, no network.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use newswire::clock::Clock;
use newswire::model::{Draft, FeedRow, Outcome, Person, Poll, Time, Validators, WebUrl};
use newswire::query;
use newswire::schedule::PlanExplanation;
use newswire::store::{
    ClaimScope, DocumentCommit, FeedSettings, HubChange, NewFeed, PlanCommit, PollCommit, Store,
    StoreOptions, TopicDefinition,
};

/// The time at which the binary runs.
pub const NOW: &str = "2030-01-10T12:00:00Z";

/// A directory with a store in it.
pub struct CliHome {
    dir: tempfile::TempDir,
}

/// What a run of the binary came to.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Stdout.
    pub out: String,
    /// Stderr.
    pub err: String,
}

impl CliHome {
    /// An empty home: no configuration, no store.
    pub fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A file or directory in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where the binary looks for its configuration.
    pub fn configure(&self, text: &str) {
        self.write(".config/newswire/newswire.toml", text);
    }

    /// Where the binary looks for its store.
    pub fn db(&self) -> PathBuf {
        self.path(".local/share/newswire/newswire.db")
    }

    /// The binary, in a clean environment with the clock held at [`NOW`].
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
        command
            .args(["--now", NOW])
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            .env("TZ", "UTC")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// The same with something on stdin.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(stdin).unwrap();
        drop(pipe);
        ran(child.wait_with_output().unwrap())
    }

    /// Opens the store through the library, at a time that the caller may move.
    pub fn store(&self, clock: &Clock) -> Store {
        let options = StoreOptions {
            path: self.db(),
            synchronous_full: false,
            dedup_window: Duration::from_secs(7 * 86_400),
            dedup_near: true,
        };
        Store::open(&options, clock.clone()).unwrap()
    }
}

impl Ran {
    /// Fails the test unless the run ended so; gives stdout.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        &self.out
    }

    /// Stdout as one JSON value a line.
    #[track_caller]
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.exits(0)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Subscribes to `https://HOST/feed`.
pub fn subscribe(store: &Store, host: &str, title: &str) -> FeedRow {
    let feed = NewFeed {
        url: WebUrl::parse(&format!("https://{host}/feed")).unwrap(),
        title: Some(title.to_owned()),
        folder: Some("news/world".to_owned()),
        tags: vec!["daily".to_owned()],
        settings: FeedSettings::default(),
        declared: false,
    };
    store.subscribe(vec![feed]).unwrap()[0].row
}

/// Puts topics in force.
pub fn topics(store: &Store, definitions: &[(&str, &str)]) {
    let topics = definitions.iter().map(|(name, source)| TopicDefinition {
        name: (*name).to_owned(),
        title: name.to_uppercase(),
        source: (*source).to_owned(),
        expr: query::parse(source).unwrap(),
        feed: Default::default(),
    });
    store.set_topics(topics.collect()).unwrap();
}

/// Commits one poll with these articles, as of the clock.
pub fn poll(store: &Store, clock: &Clock, feed: FeedRow, drafts: Vec<Draft>) {
    let now = clock.now();
    let scope = ClaimScope::These {
        feeds: vec![feed],
        manual_interval: Duration::ZERO,
    };
    let claim = store.claim(now, scope, 1).unwrap().0.remove(0);
    let outcome = Outcome::Document {
        content_type: None,
        validators: Validators {
            etag: Some(b"\"v1\"".to_vec()),
            last_modified: None,
        },
    };
    let commit = PollCommit {
        poll: Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(claim.url.clone()),
            moved_permanently: false,
            status: Some(200),
            bytes_wire: 100,
            hints: Default::default(),
            extent: Default::default(),
            outcome,
        },
        claim,
        document: Some(DocumentCommit {
            drafts,
            listed: Vec::new(),
            votes: None,
            title: None,
            site: None,
            digest: now.millis().to_be_bytes().to_vec(),
            repairs: vec!["a bad date was left out".to_owned()],
            is_complete: false,
            archive: None,
            paragraphs: Vec::new(),
        }),
        plan: PlanCommit {
            next_at: Some(now.plus(Duration::from_secs(3600))),
            explanation: PlanExplanation::from_stored("hourly, as planned"),
            ..PlanCommit::default()
        },
        hub: HubChange::Unchanged,
        offline: false,
    };
    store.commit(store.prepare(commit)).unwrap();
}

/// An article that is known by its number.
pub fn draft(host: &str, n: usize, title: &str, body: &str) -> Draft {
    let page = WebUrl::parse(&format!("https://{host}/articles/{n}?utm_source=rss")).unwrap();
    let canonical = WebUrl::parse(&format!("https://{host}/articles/{n}")).unwrap();
    Draft {
        guid: Some(format!("{host}-{n}")),
        key: format!("guid:{host}-{n}"),
        url: Some(page),
        canonical_url: Some(canonical),
        title: title.to_owned(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.to_owned(),
        is_boilerplate: false,
        authors: vec![Person {
            name: Some("Ann Other".to_owned()),
            ..Person::default()
        }],
        language: Some("en".to_owned()),
        digest: newswire::normalize::identity::digest_of(body.as_bytes()),
        ..Draft::default()
    }
}

/// Whether a file is there.
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A time for the library's clock.
pub fn time(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}
