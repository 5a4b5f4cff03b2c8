//! The handle of an open store: sends commands to the writer and waits for their answers. Which commands there are stands
//! beside the statements that they execute.

use std::sync::Arc;
use std::sync::mpsc::{self, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::topics::tagging::Published;
use crate::store::writer::command::{Reply, Request, WriteCommand};
use crate::store::writer::upcoming::UpcomingPolls;

/// The store with its writer thread. Every write blocks until it is committed; call it from a thread that may
/// block. Dropping the last handle ends the writer after what is queued.
#[derive(Debug)]
pub struct Store {
    pub(super) requests: Option<mpsc::Sender<Request>>,
    pub(super) writer: Option<JoinHandle<()>>,
    pub(super) reads: Reads,
    pub(super) topics: Published,
    pub(super) upcoming: Arc<UpcomingPolls>,
    pub(super) clock: Clock,
}

impl Store {
    /// Read access.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Whether the writer thread still works: a dead one ends the daemon.
    pub fn is_alive(&self) -> bool {
        self.writer.as_ref().is_some_and(|w| !w.is_finished())
    }

    /// Waits until the command is committed.
    pub(super) fn ask<C: WriteCommand>(&self, command: C) -> Result<C::Output, StoreError> {
        self.wait_for(|reply| Request::write(command, reply))
    }

    /// Sends the command at once; dropping the future only misses the answer.
    pub(super) fn ask_soon<C: WriteCommand>(
        &self,
        command: C,
    ) -> impl Future<Output = Result<C::Output, StoreError>> + Send + use<C> {
        let (sender, answer) = oneshot::channel();
        let reply = Box::new(move |done| drop(sender.send(done)));
        let sent = self.send(Request::write(command, reply));
        async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(dropped()))
        }
    }

    /// Waits until every topic holds all stored articles that it matches.
    pub fn settle_topics(&self) -> Result<(), StoreError> {
        self.wait_for(Request::SettleTopics)
    }

    fn wait_for<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, StoreError> {
        let (sender, answer) = sync_channel(1);
        // The asker may have gone away; the write stands all the same.
        self.send(request(Box::new(move |done| drop(sender.send(done)))))?;
        answer.recv().unwrap_or_else(|_| Err(dropped()))
    }

    /// Never blocks. The queue needs no bound: whoever asks waits for the answer before it asks again.
    pub(super) fn send(&self, request: Request) -> Result<(), StoreError> {
        let requests = self.requests.as_ref().ok_or(StoreError::Stopped)?;
        requests.send(request).map_err(|_| StoreError::Stopped)
    }
}

/// A write ended without an answer. Whether the writer has ended too shows at the next write.
fn dropped() -> StoreError {
    StoreError::Internal("a write was given up".to_owned())
}

impl Drop for Store {
    fn drop(&mut self) {
        // The last connection that is closed writes the log back into the file; one that only reads may not.
        self.reads.rest();
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
