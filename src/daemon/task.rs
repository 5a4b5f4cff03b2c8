//! The kinds of long-running tasks, with their names in messages.

/// A long-running task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Polls the feeds.
    Scheduler,
    /// Serves HTTP.
    HttpServer,
    /// Serves the newspapers of the sample.
    SampleServer,
    /// Notifies the WebSub hub of changes.
    HubNotifier,
    /// Plans and sends notifications.
    Notifier,
    /// Notices changes of the store by other processes.
    ChangeWatcher,
    /// Warns when the store is large.
    SizeWatcher,
    /// Removes old articles.
    Retention,
    /// Re-evaluates topics with relative times.
    TopicRefresh,
    /// Follows the clock of the machine.
    ClockFollower,
    /// Reports to the watchdog of systemd.
    Watchdog,
}

impl Task {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "the scheduler",
            Self::HttpServer => "the HTTP server",
            Self::SampleServer => "the server of the sample",
            Self::HubNotifier => "the hub notifier",
            Self::Notifier => "the notifier",
            Self::ChangeWatcher => "the change watcher",
            Self::SizeWatcher => "the size watcher",
            Self::Retention => "retention",
            Self::TopicRefresh => "the refresh of topics",
            Self::ClockFollower => "the clock follower",
            Self::Watchdog => "the watchdog task",
        }
    }

    /// Whether it ends in an orderly way by itself when it is cancelled. Others are dropped.
    pub(super) fn ends_itself(self) -> bool {
        matches!(self, Self::Scheduler | Self::HttpServer)
    }
}
