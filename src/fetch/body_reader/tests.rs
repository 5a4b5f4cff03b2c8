//! Bodies of many servers, read concurrently with little memory.

use std::io::Write;
use std::time::Duration;

use futures_util::stream;
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::super::visit_time::LOCAL_WAIT_MAX;
use super::*;

/// All sizes are divided by this.
const SCALE: usize = 64;
const LIMIT: usize = (16 << 20) / SCALE;
const SERVERS: Duration = Duration::from_secs(30);

/// A body, how its server sends it, and how long it is kept.
#[derive(Debug, Clone)]
struct Visit {
    decoded: usize,
    /// How many times smaller it is as sent; `None` if it is not compressed.
    compression: Option<usize>,
    start: Duration,
    /// Between its chunks, of which there are at most 16.
    pause: Duration,
    /// How long it is kept after it was decoded.
    kept: Duration,
}

impl Visit {
    fn wire(&self) -> Vec<u8> {
        let mut x = 7_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (x >> 56) as u8
        };
        let runs = self.compression.unwrap_or(1);
        let plain: Vec<u8> = (0..self.decoded / runs)
            .flat_map(|_| std::iter::repeat_n(next(), runs))
            .collect();
        if self.compression.is_none() {
            return plain;
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        gzip.finish().unwrap()
    }

    /// Reads the body and keeps it. Returns the result of reading, and how long it took.
    async fn run(self, reader: Arc<BodyReader>) -> (Result<usize, FailureKind>, Duration) {
        let wire = Bytes::from(self.wire());
        sleep(self.start).await;
        let (begun, mut time, mut counted) =
            (Instant::now(), VisitTime::new(SERVERS, LOCAL_WAIT_MAX), 0);
        let size = wire.len().div_ceil(16).max(1);
        let chunks = Box::pin(stream::unfold(wire, |mut left| async move {
            sleep(self.pause).await;
            let chunk = left.split_to(size.min(left.len()));
            (!chunk.is_empty()).then_some((Ok(chunk), left))
        }));
        let incoming = IncomingBody {
            host: "a.example",
            coding: self.compression.map_or(Coding::Identity, |_| Coding::Gzip),
            limit: SizeLimit {
                bytes: LIMIT,
                truncate: false,
            },
            bytes_wire: &mut counted,
        };
        let read = reader.read(chunks, incoming, &mut time).await;
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
        compression in proptest::option::of(1..200_usize),
        start in 0..10_000_u64,
        pause in prop_oneof![Just(0_u64), 0..3000_u64],
        kept in prop_oneof![Just(0_u64), 0..60_000_u64],
    ) -> Visit {
        let ms = Duration::from_millis;
        Visit { decoded, compression, start: ms(start), pause: ms(pause), kept: ms(kept) }
    }
}

/// Runs the visits concurrently and watches the memory.
fn check(visits: Vec<Visit>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let memory = MemoryBudget::smaller(SCALE);
        // One body may exceed the budget: as sent and as decoded, each rounded up.
        let most = memory.total() + 4 * LIMIT;
        let mut reader = BodyReader::new(memory.clone());
        reader.inline_max = DECODE_INLINE / SCALE;
        let reader = Arc::new(reader);
        let mut running = JoinSet::new();
        for visit in visits {
            running.spawn(visit.run(Arc::clone(&reader)));
        }
        loop {
            assert!(memory.used() <= most, "{}", memory.used());
            let ended = tokio::time::timeout(Duration::from_millis(100), running.join_next());
            let Ok(ended) = ended.await else { continue };
            let Some(ended) = ended else { break };
            let (read, took) = ended.unwrap();
            assert!(
                took <= SERVERS + LOCAL_WAIT_MAX + Duration::from_secs(1),
                "{took:?}"
            );
            let kind = read.err();
            let expected = [None, Some(FailureKind::Busy), Some(FailureKind::Timeout)];
            assert!(expected.contains(&kind), "{kind:?}");
        }
        assert_eq!(memory.used(), 0);
        assert_eq!(reader.decoding.available_permits(), DECODE_CONCURRENCY);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rel_13_sec_24_every_body_ends_and_memory_stays_within_its_budget(
        visits in proptest::collection::vec(visit(), 1..30),
    ) {
        check(visits);
    }
}

#[test]
fn rel_13_bodies_of_fast_servers_are_all_read_if_none_is_kept_for_long() {
    let visit = |n: usize| Visit {
        decoded: LIMIT - 1000 - 16 * n,
        compression: [None, Some(1), Some(140)][n % 3],
        start: Duration::ZERO,
        pause: Duration::from_millis(10),
        kept: Duration::from_millis(100),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let reader = Arc::new(BodyReader::new(MemoryBudget::smaller(SCALE)));
        let mut running = JoinSet::new();
        (0..40).for_each(|n| drop(running.spawn(visit(n).run(Arc::clone(&reader)))));
        for (read, _) in running.join_all().await {
            assert!(read.is_ok(), "{read:?}");
        }
    });
}
