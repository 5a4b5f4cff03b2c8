//! A server over a fixture of its own, asked through a real socket.

use std::net::SocketAddr;
use std::sync::Arc;

use newswire::model::{FeedRow, Seq};
use newswire::serve::{HubCallback, Listener, Registry, ServeOptions, Server};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::browser::{Page, get};
use super::store_fixture::{StoreFixture, draft};

/// Where the articles come from.
pub const HOST: &str = "a.example";

/// A server over a fixture of its own.
pub struct ServerFixture {
    pub fixture: StoreFixture,
    pub feed: FeedRow,
    pub at: SocketAddr,
    pub sequence: watch::Sender<Seq>,
    pub cancel: CancellationToken,
    pub running: JoinHandle<()>,
}

pub fn options() -> ServeOptions {
    ServeOptions {
        title: "The River".to_owned(),
        page_size: 10,
        ..ServeOptions::default()
    }
}

impl ServerFixture {
    pub async fn open() -> Self {
        Self::with(options(), || Ok(())).await
    }

    pub async fn with(
        options: ServeOptions,
        ready: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::called_back(options, ready, None).await
    }

    /// The same with a callback for hubs.
    pub async fn called_back(
        options: ServeOptions,
        ready: impl Fn() -> Result<(), String> + Send + Sync + 'static,
        callback: Option<HubCallback>,
    ) -> Self {
        let fixture = StoreFixture::new();
        let feed = fixture.subscribe(HOST);
        let (sequence, watched) = watch::channel(Seq::default());
        let server = Server {
            reads: fixture.store.reads().clone(),
            options,
            sequence: watched,
            ready: Arc::new(ready),
            registry: Arc::new(Registry::default()),
            callback,
            daemon: None,
            clock: fixture.clock.clone(),
        };
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let at = listener.address().unwrap();
        let cancel = CancellationToken::new();
        let running = tokio::spawn(server.run(vec![listener], cancel.clone()));
        Self {
            fixture,
            feed,
            at,
            sequence,
            cancel,
            running,
        }
    }

    /// Articles of these numbers arrive, and the server is told.
    pub fn arrive(&self, numbers: impl IntoIterator<Item = usize>) {
        let report = |n| {
            draft(
                HOST,
                n,
                &format!("Report {n}"),
                &format!("It tells of {n} boats."),
            )
        };
        let drafts = numbers.into_iter().map(report).collect();
        self.put(drafts);
    }

    pub fn put(&self, drafts: Vec<newswire::model::Draft>) {
        let sequence = self.fixture.put(self.feed, drafts);
        self.sequence.send_replace(sequence);
    }

    pub async fn get(&self, path: &str) -> Page {
        get(self.at, path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        get(self.at, path, headers).await
    }

    pub async fn metric(&self, name: &str) -> u64 {
        let told = self.get("/metrics").await.text();
        let mut values = told.lines().filter_map(|l| l.strip_prefix(name));
        values.next().unwrap().trim().parse().unwrap()
    }

    pub async fn renderings(&self) -> u64 {
        self.metric("newswire_http_renderings_total").await
    }
}

/// What stands between the one and the other, wherever it does.
pub fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .collect()
}
