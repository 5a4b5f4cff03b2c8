//! Reads bodies: from chunks off the network to decoded bytes, within the limits of size, memory and time (SEC-05, SEC-24,
//! ET-42, ET-49).
//!
//! Memory is taken before a decoding slot, and the holder of a slot must never wait. If it runs out of memory, it returns the
//! slot, waits for more memory, and starts decoding again (REL-13).

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::Semaphore;

use super::coding::{Coding, SizeLimit};
use super::decode::{self, Decoded, decode};
use super::visit_time::VisitTime;
use crate::memory::{self, Body, MemoryBudget, Reservation, SMALL_BYTES};
use crate::model::{Failure, FailureKind};

/// A body may arrive in this many chunks of any size; above that, chunks have to average [`CHUNK_BYTES_MIN`] bytes. A body that
/// is sent byte by byte costs us more than its server (SEC-05).
const CHUNKS_FREE: usize = 100_000;
const CHUNK_BYTES_MIN: usize = 64;
/// Bodies of more bytes as sent, or of more than [`SMALL_BYTES`] as decoded, are decoded on blocking threads.
const DECODE_INLINE: usize = 64 << 10;
/// How many bodies are decoded on blocking threads at once.
const DECODE_CONCURRENCY: usize = 2;

/// Reads bodies with a shared memory budget. One for each fetcher.
#[derive(Debug)]
pub(super) struct BodyReader {
    memory: MemoryBudget,
    decoding: Arc<Semaphore>,
    inline_max: usize,
}

/// A body that is about to be read.
pub(super) struct IncomingBody<'a> {
    /// Its host, for messages.
    pub(super) host: &'a str,
    pub(super) coding: Coding,
    pub(super) limit: SizeLimit,
    /// Counts the bytes as sent.
    pub(super) bytes_wire: &'a mut u64,
}

impl BodyReader {
    /// A reader that may use all of `memory`.
    pub(super) fn new(memory: MemoryBudget) -> Self {
        Self {
            memory,
            decoding: Arc::new(Semaphore::new(DECODE_CONCURRENCY)),
            inline_max: DECODE_INLINE,
        }
    }

    /// The budget.
    pub(super) fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    /// How many bodies are being decoded on blocking threads.
    pub(super) fn decoding(&self) -> usize {
        DECODE_CONCURRENCY.saturating_sub(self.decoding.available_permits())
    }

    /// Reads and decodes a body to its end.
    pub(super) async fn read(
        &self,
        mut chunks: impl Stream<Item = Result<Bytes, Failure>> + Unpin,
        incoming: IncomingBody<'_>,
        time: &mut VisitTime,
    ) -> Result<Body, Failure> {
        let IncomingBody {
            host,
            coding,
            limit,
            bytes_wire,
        } = incoming;
        let mut encoded = Encoded {
            wire: Vec::new(),
            memory: self.memory.reserve(),
        };
        let mut count = 0usize;
        while let Some(chunk) = time.server(host, chunks.next()).await? {
            let mut chunk = chunk?;
            *bytes_wire = bytes_wire.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            let left = limit.bytes.saturating_sub(encoded.wire.len());
            let is_over = chunk.len() > left;
            if is_over && !limit.truncate {
                return Err(decode::too_large(limit.bytes));
            }
            chunk.truncate(left);
            let len = encoded.wire.len().saturating_add(chunk.len());
            count = count.saturating_add(1);
            if count > CHUNKS_FREE && len < count.saturating_mul(CHUNK_BYTES_MIN) {
                let text = format!("{host} sent its body in pieces of a few bytes");
                return Err(Failure::new(FailureKind::Body, text));
            }
            grow(&mut encoded.memory, len, time).await?;
            memory::extend(&mut encoded.wire, &chunk, encoded.memory.bytes());
            if is_over {
                break;
            }
        }
        self.decode(encoded, coding, limit, time).await
    }

    async fn decode(
        &self,
        mut encoded: Encoded,
        coding: Coding,
        limit: SizeLimit,
        time: &mut VisitTime,
    ) -> Result<Body, Failure> {
        if coding.is_unencoded(&encoded.wire) {
            return Ok(encoded.into_body());
        }
        if encoded.wire.len() <= self.inline_max {
            match encoded.decode(coding, limit, SMALL_BYTES)? {
                Step::Done(body) => return Ok(body),
                Step::NeedsMemory(same, _) => encoded = same,
            }
        }
        loop {
            // The semaphore is never closed; without a slot the body would be decoded all the same.
            let slot = Arc::clone(&self.decoding).acquire_owned();
            let slot = time.local(slot).await?;
            let job = tokio::task::spawn_blocking(move || {
                let _slot = slot;
                encoded.decode(coding, limit, usize::MAX)
            });
            let done = time.local(job).await?;
            let failed = |_| Failure::new(FailureKind::Internal, "the decoder of the body failed");
            match done.map_err(failed)?? {
                Step::Done(body) => return Ok(body),
                Step::NeedsMemory(same, bytes) => {
                    encoded = same;
                    grow(&mut encoded.memory, bytes, time).await?;
                }
            }
        }
    }
}

async fn grow(memory: &mut Reservation, bytes: usize, time: &mut VisitTime) -> Result<(), Failure> {
    if memory.try_grow(bytes) {
        return Ok(());
    }
    let until = time.local_deadline();
    time.local(memory.grow(bytes, until)).await??;
    Ok(())
}

/// A body as sent, and the memory for it and its decoded form.
struct Encoded {
    wire: Vec<u8>,
    memory: Reservation,
}

enum Step {
    Done(Body),
    /// Decoding needs this much memory in all.
    NeedsMemory(Encoded, usize),
}

impl Encoded {
    fn into_body(self) -> Body {
        let bytes = self.wire.len();
        self.memory.hold(self.wire, bytes)
    }

    /// Decodes as far as memory is available now, up to `decoded_max` bytes. Never waits.
    fn decode(
        mut self,
        coding: Coding,
        limit: SizeLimit,
        decoded_max: usize,
    ) -> Result<Step, Failure> {
        let Self { wire, memory } = &mut self;
        let sent = wire.capacity();
        let mut reserve =
            |out: usize| out <= decoded_max && memory.try_grow(sent.saturating_add(out));
        Ok(match decode(wire, coding, limit, &mut reserve)? {
            Decoded::AsIs => Step::Done(self.into_body()),
            Decoded::Bytes(out) => {
                drop(self.wire);
                let bytes = out.len();
                Step::Done(self.memory.hold(out, bytes))
            }
            Decoded::NeedsMemory(out) => Step::NeedsMemory(self, sent.saturating_add(out)),
        })
    }
}

#[cfg(test)]
mod tests;
