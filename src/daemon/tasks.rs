//! The long-running tasks of the daemon. One that ends before it is cancelled ends the daemon.

use std::future::Future;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::error::DaemonError;
use super::task::Task;

/// The running tasks.
pub(super) struct Tasks {
    set: JoinSet<(Task, Result<(), DaemonError>)>,
    cancel: CancellationToken,
}

impl Tasks {
    /// No tasks.
    pub(super) fn new() -> Self {
        Self {
            set: JoinSet::new(),
            cancel: CancellationToken::new(),
        }
    }

    /// Cancelled by [`Self::stop`].
    pub(super) fn cancellation(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Starts a task.
    pub(super) fn spawn(
        &mut self,
        task: Task,
        run: impl Future<Output = Result<(), DaemonError>> + Send + 'static,
    ) {
        let cancel = self.cancel.clone();
        self.set.spawn(async move {
            let outcome = match task.ends_itself() {
                true => run.await,
                false => cancel.run_until_cancelled(run).await.unwrap_or(Ok(())),
            };
            (task, outcome)
        });
    }

    /// Waits until a task ends, which is an error before [`Self::stop`].
    pub(super) async fn ended(&mut self) -> DaemonError {
        match self.set.join_next().await {
            Some(Ok((_, Err(e)))) => e,
            Some(Ok((task, Ok(())))) => DaemonError::Ended {
                task: Some(task),
                reason: "it was not cancelled".to_owned(),
            },
            Some(Err(e)) => DaemonError::Ended {
                task: None,
                reason: e.to_string(),
            },
            None => std::future::pending().await,
        }
    }

    /// Cancels all tasks and waits for their ends.
    pub(super) async fn stop(&mut self) {
        self.cancel.cancel();
        while self.set.join_next().await.is_some() {}
    }
}
