//! Takes bodies in: from the pieces that come off the network to decoded bytes, within the limits of size, memory and time
//! (SEC-05, SEC-24, ET-42, ET-49).
//!
//! Two things are bounded here, memory and turns to decode, and they are taken in that order: the holder of a turn waits for
//! nothing. If it runs out of memory, it gives the turn up, waits for more, and starts the decoding again (REL-13).

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::Semaphore;

use super::body::{self, Bound, Coding, Unpacked};
use super::failure::fail;
use super::visit_time::VisitTime;
use crate::memory::{self, Body, MemoryBudget, Reservation, SMALL_BYTES};
use crate::model::{Failure, FailureKind};

/// A body may come in so many pieces of any size; on the average they then have to be this large, in bytes. One that comes
/// byte by byte as fast as it can costs us more than it costs its server (SEC-05).
const PIECES_FREE: usize = 100_000;
const PIECE_BYTES: usize = 64;
/// Bodies of more bytes as sent, or than [`SMALL_BYTES`] as decoded, are decoded off the async threads, so many at a time.
const DECODE_INLINE: usize = 64 << 10;
const DECODE_AT_ONCE: usize = 2;

/// What bodies are taken in with. One for a fetcher.
#[derive(Debug)]
pub(super) struct Intake {
    memory: MemoryBudget,
    decoding: Arc<Semaphore>,
    inline_max: usize,
}

/// A body that is to be taken in.
pub(super) struct Incoming<'a> {
    /// Whose it is.
    pub(super) host: &'a str,
    /// How it is packed.
    pub(super) coding: Coding,
    /// How large it may be, as sent and as decoded.
    pub(super) bound: Bound,
    /// Counts the bytes as sent.
    pub(super) wire: &'a mut u64,
}

impl Intake {
    /// With all of `memory`.
    pub(super) fn new(memory: MemoryBudget) -> Self {
        Self {
            memory,
            decoding: Arc::new(Semaphore::new(DECODE_AT_ONCE)),
            inline_max: DECODE_INLINE,
        }
    }

    /// The budget.
    pub(super) fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    /// How many bodies are being decoded off the async threads.
    pub(super) fn decoding(&self) -> usize {
        DECODE_AT_ONCE.saturating_sub(self.decoding.available_permits())
    }

    /// Reads and decodes a body to its end.
    pub(super) async fn read(
        &self,
        mut pieces: impl Stream<Item = Result<Bytes, Failure>> + Unpin,
        incoming: Incoming<'_>,
        time: &mut VisitTime,
    ) -> Result<Body, Failure> {
        let Incoming {
            host,
            coding,
            bound,
            wire: counted,
        } = incoming;
        let mut packed = Packed {
            wire: Vec::new(),
            memory: self.memory.reserve(),
        };
        let mut count = 0usize;
        while let Some(piece) = time.server(host, pieces.next()).await? {
            let mut piece = piece?;
            *counted = counted.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            let left = bound.limit.saturating_sub(packed.wire.len());
            let is_over = piece.len() > left;
            if is_over && !bound.cut {
                return Err(body::too_large(bound.limit));
            }
            piece.truncate(left);
            let len = packed.wire.len().saturating_add(piece.len());
            count = count.saturating_add(1);
            if count > PIECES_FREE && len < count.saturating_mul(PIECE_BYTES) {
                let text = format!("{host} sent its body in pieces of a few bytes");
                return Err(fail(FailureKind::Body, text));
            }
            grow(&mut packed.memory, len, time).await?;
            memory::extend(&mut packed.wire, &piece, packed.memory.bytes());
            if is_over {
                break;
            }
        }
        self.unpack(packed, coding, bound, time).await
    }

    async fn unpack(
        &self,
        mut packed: Packed,
        coding: Coding,
        bound: Bound,
        time: &mut VisitTime,
    ) -> Result<Body, Failure> {
        if body::is_plain(&packed.wire, coding) {
            return Ok(packed.into_plain());
        }
        if packed.wire.len() <= self.inline_max {
            match packed.unpack(coding, bound, SMALL_BYTES)? {
                Unpacking::Done(body) => return Ok(body),
                Unpacking::Wants(back, _) => packed = back,
            }
        }
        loop {
            // A semaphore of our own, never closed: without a turn it would be decoded nevertheless.
            let turn = time.own(Arc::clone(&self.decoding).acquire_owned()).await?;
            let job = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                packed.unpack(coding, bound, usize::MAX)
            });
            let done = time.own(job).await?;
            let broken = |_| fail(FailureKind::Internal, "the decoder of the body failed");
            match done.map_err(broken)?? {
                Unpacking::Done(body) => return Ok(body),
                Unpacking::Wants(back, bytes) => {
                    packed = back;
                    grow(&mut packed.memory, bytes, time).await?;
                }
            }
        }
    }
}

async fn grow(memory: &mut Reservation, bytes: usize, time: &mut VisitTime) -> Result<(), Failure> {
    if memory.try_grow(bytes) {
        return Ok(());
    }
    let until = time.patience();
    time.own(memory.grow(bytes, until)).await??;
    Ok(())
}

/// A body as sent, and memory for it and what comes out of it.
struct Packed {
    wire: Vec<u8>,
    memory: Reservation,
}

enum Unpacking {
    Done(Body),
    /// It takes this much memory in all to go on.
    Wants(Packed, usize),
}

impl Packed {
    fn into_plain(self) -> Body {
        let bytes = self.wire.len();
        self.memory.hold(self.wire, bytes)
    }

    /// Decodes as far as there is memory now, up to `most` decoded bytes. Never waits.
    fn unpack(mut self, coding: Coding, bound: Bound, most: usize) -> Result<Unpacking, Failure> {
        let Self { wire, memory } = &mut self;
        let sent = wire.capacity();
        let mut room = |out: usize| out <= most && memory.try_grow(sent.saturating_add(out));
        Ok(match body::unpack(wire, coding, bound, &mut room)? {
            Unpacked::Plain => Unpacking::Done(self.into_plain()),
            Unpacked::Body(out) => {
                drop(self.wire);
                let bytes = out.len();
                Unpacking::Done(self.memory.hold(out, bytes))
            }
            Unpacked::NoRoom(out) => Unpacking::Wants(self, sent.saturating_add(out)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use futures_util::stream;
    use proptest::prelude::*;
    use tokio::task::JoinSet;
    use tokio::time::{Instant, sleep};

    use super::super::visit_time::OWN_WAIT_MAX;
    use super::*;

    /// So many times smaller is everything here.
    const SCALE: usize = 64;
    const LIMIT: usize = (16 << 20) / SCALE;
    const SERVERS: Duration = Duration::from_secs(30);

    /// A body, its server, and what becomes of it.
    #[derive(Debug, Clone)]
    struct Visit {
        decoded: usize,
        /// How many times smaller it is as sent; none: it is not packed.
        packed: Option<usize>,
        begins: Duration,
        /// Between its pieces, of which there are up to 16.
        pause: Duration,
        /// From when it is decoded until it is dropped.
        kept: Duration,
    }

    impl Visit {
        fn wire(&self) -> Vec<u8> {
            let mut x = 7_u64;
            let mut next = || {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (x >> 56) as u8
            };
            let runs = self.packed.unwrap_or(1);
            let plain: Vec<u8> = (0..self.decoded / runs)
                .flat_map(|_| std::iter::repeat_n(next(), runs))
                .collect();
            if self.packed.is_none() {
                return plain;
            }
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&plain).unwrap();
            gzip.finish().unwrap()
        }

        /// Takes the body in, keeps it, and says how it ended and after how long.
        async fn run(self, intake: Arc<Intake>) -> (Result<usize, FailureKind>, Duration) {
            let wire = Bytes::from(self.wire());
            sleep(self.begins).await;
            let (begun, mut time, mut counted) =
                (Instant::now(), VisitTime::new(SERVERS, OWN_WAIT_MAX), 0);
            let chunk = wire.len().div_ceil(16).max(1);
            let pieces = Box::pin(stream::unfold(wire, |mut left| async move {
                sleep(self.pause).await;
                let piece = left.split_to(chunk.min(left.len()));
                (!piece.is_empty()).then_some((Ok(piece), left))
            }));
            let incoming = Incoming {
                host: "a.example",
                coding: self.packed.map_or(Coding::Identity, |_| Coding::Gzip),
                bound: Bound {
                    limit: LIMIT,
                    cut: false,
                },
                wire: &mut counted,
            };
            let read = intake.read(pieces, incoming, &mut time).await;
            let took = begun.elapsed();
            if read.is_ok() {
                sleep(self.kept).await;
            }
            (read.map(|body| body.len()).map_err(|f| f.kind), took)
        }
    }

    prop_compose! {
        fn visit()(
            decoded in prop_oneof![1..5000_usize, 5000..LIMIT - 1000],
            packed in proptest::option::of(1..200_usize),
            begins in 0..10_000_u64,
            pause in prop_oneof![Just(0_u64), 0..3000_u64],
            kept in prop_oneof![Just(0_u64), 0..60_000_u64],
        ) -> Visit {
            let ms = Duration::from_millis;
            Visit { decoded, packed, begins: ms(begins), pause: ms(pause), kept: ms(kept) }
        }
    }

    /// Runs the visits at once; looks at the memory all the time.
    fn check(visits: Vec<Visit>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let memory = MemoryBudget::smaller(SCALE);
            // Beside the budget, one body: as sent and as decoded, each rounded up.
            let most = memory.total() + 4 * LIMIT;
            let mut intake = Intake::new(memory.clone());
            intake.inline_max = DECODE_INLINE / SCALE;
            let intake = Arc::new(intake);
            let mut running = JoinSet::new();
            for visit in visits {
                running.spawn(visit.run(Arc::clone(&intake)));
            }
            loop {
                assert!(memory.used() <= most, "{}", memory.used());
                let landed = tokio::time::timeout(Duration::from_millis(100), running.join_next());
                let Ok(landed) = landed.await else { continue };
                let Some(landed) = landed else { break };
                let (read, took) = landed.unwrap();
                assert!(
                    took <= SERVERS + OWN_WAIT_MAX + Duration::from_secs(1),
                    "{took:?}"
                );
                let kind = read.err();
                let expected = [None, Some(FailureKind::Busy), Some(FailureKind::Timeout)];
                assert!(expected.contains(&kind), "{kind:?}");
            }
            assert_eq!(memory.used(), 0);
            assert_eq!(intake.decoding.available_permits(), DECODE_AT_ONCE);
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn rel_13_sec_24_every_body_ends_and_memory_stays_in_its_budget(
            visits in proptest::collection::vec(visit(), 1..30),
        ) {
            check(visits);
        }
    }

    #[test]
    fn rel_13_bodies_of_prompt_servers_are_all_read_if_none_is_kept_for_long() {
        let visit = |n: usize| Visit {
            decoded: LIMIT - 1000 - 16 * n,
            packed: [None, Some(1), Some(140)][n % 3],
            begins: Duration::ZERO,
            pause: Duration::from_millis(10),
            kept: Duration::from_millis(100),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let intake = Arc::new(Intake::new(MemoryBudget::smaller(SCALE)));
            let mut running = JoinSet::new();
            (0..40).for_each(|n| drop(running.spawn(visit(n).run(Arc::clone(&intake)))));
            for (read, _) in running.join_all().await {
                assert!(read.is_ok(), "{read:?}");
            }
        });
    }
}
