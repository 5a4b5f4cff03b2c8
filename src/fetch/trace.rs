//! How far a visit got: filled in on the way, so that a failed visit has it too. Plain data.

use super::hosts::RequestSlot;
use super::options::FetchOptions;
use super::visit_time::VisitTime;
use crate::model::{Extent, Hints, Time, WebUrl};

/// The state of one visit.
pub(super) struct Trace {
    pub(super) started: Option<Time>,
    /// The URL of the last answer.
    pub(super) url: Option<WebUrl>,
    pub(super) hops: usize,
    /// Whether all redirects so far were permanent.
    pub(super) is_permanent: bool,
    pub(super) status: Option<u16>,
    pub(super) bytes_wire: u64,
    pub(super) hints: Hints,
    pub(super) extent: Extent,
    /// The slot of the request that brought the document of a feed.
    pub(super) slot: Option<RequestSlot>,
    pub(super) time: VisitTime,
}

impl Trace {
    pub(super) fn new(options: &FetchOptions) -> Self {
        Self {
            started: None,
            url: None,
            hops: 0,
            is_permanent: true,
            status: None,
            bytes_wire: 0,
            hints: Hints::default(),
            extent: Extent::Whole,
            slot: None,
            time: VisitTime::new(options.timeout_total, options.local_wait),
        }
    }

    /// Counts bytes of a body as sent.
    pub(super) fn count(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes_wire = self.bytes_wire.saturating_add(bytes);
    }
}
