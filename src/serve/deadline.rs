//! A stream whose answers must be taken in time: a client that reads one byte a minute holds a connection, and the
//! answer with it, no longer than that (SEC-18), and one that reads nothing at all not even so long.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection_table::Taking;

/// Fails with `TimedOut` when what was to be written has not gone out within the limit, or when nothing of it went out
/// for a while. hyper flushes only when all it has is written, so a flush ends the wait.
pub struct Deadline<S> {
    stream: S,
    limit: Duration,
    stall: Duration,
    taking: Taking,
    waiting: Option<Waiting>,
}

/// An answer that the client has not taken yet.
struct Waiting {
    until: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Deadline<S> {
    /// Gives every answer `limit` to go out, and `stall` to every part of it. `taking` tells others how it goes.
    pub fn new(stream: S, limit: Duration, stall: Duration, taking: Taking) -> Self {
        Self {
            stream,
            limit,
            stall,
            taking,
            waiting: None,
        }
    }

    fn in_time(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        if let Poll::Ready(written) = written {
            if let (Ok(bytes), Some(waiting)) = (&written, &mut self.waiting) {
                self.taking.took(*bytes);
                waiting
                    .alarm
                    .as_mut()
                    .reset(waiting.until.min(now + self.stall));
            }
            return Poll::Ready(written);
        }
        let (limit, stall) = (self.limit, self.stall);
        let taking = &self.taking;
        let waiting = self.waiting.get_or_insert_with(|| {
            taking.waits();
            Waiting {
                until: now + limit,
                alarm: Box::pin(sleep_until(now + limit.min(stall))),
            }
        });
        match waiting.alarm.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deadline<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.take().is_some() {
            self.taking.is_done();
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);
    const STALL: Duration = Duration::from_secs(10);

    fn limited(stream: DuplexStream) -> Deadline<DuplexStream> {
        Deadline::new(stream, LIMIT, STALL, Taking::default())
    }

    fn paused<F: Future>(test: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(test)
    }

    #[test]
    fn sec_18_an_answer_that_nobody_takes_ends_the_connection() {
        paused(async {
            let (near, _far) = duplex(8);
            let mut near = limited(near);
            let began = Instant::now();
            let stuck = near.write_all(&[0; 64]).await.unwrap_err();
            assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
            assert_eq!(began.elapsed(), STALL, "nothing was taken");
        });
    }

    #[test]
    fn sec_18_dripping_does_not_stretch_the_limit_and_a_flush_ends_it() {
        paused(async {
            let (near, mut far) = duplex(8);
            let mut near = limited(near);
            near.write_all(&[0; 8]).await.unwrap();
            near.flush().await.unwrap();
            let began = Instant::now();
            let drip = async {
                let mut one = [0; 1];
                while far.read_exact(&mut one).await.is_ok() {
                    sleep(STALL / 2).await;
                }
            };
            tokio::select! {
                written = near.write_all(&[0; 64]) => {
                    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
                    assert_eq!(began.elapsed(), LIMIT);
                }
                () = drip => unreachable!("the stream is open"),
            }
        });
    }
}
