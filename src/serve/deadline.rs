//! A stream with time limits on writing: a client that reads too slowly, or not at all, cannot keep a connection and its
//! response in memory (SEC-18). Reading has no limit here; hyper limits the time for a request's headers.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection_table::WriteProgress;

/// Fails with `TimedOut` if a response is not written within `limit`, or if none of it is written for `stall`. hyper flushes
/// only when everything is written, so a flush ends the response.
pub struct Deadline<S> {
    stream: S,
    limit: Duration,
    stall: Duration,
    progress: WriteProgress,
    blocked: Option<Blocked>,
}

/// A response that the socket has not taken completely.
struct Blocked {
    /// When the whole response must be written.
    until: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S> Deadline<S> {
    /// A stream on which each response may take `limit`, and each part of it `stall`. The speed is recorded in `progress`.
    pub fn new(stream: S, limit: Duration, stall: Duration, progress: WriteProgress) -> Self {
        Self {
            stream,
            limit,
            stall,
            progress,
            blocked: None,
        }
    }

    fn check_time(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        if let Poll::Ready(written) = written {
            if let (Ok(bytes), Some(blocked)) = (&written, &mut self.blocked) {
                self.progress.wrote(*bytes);
                blocked
                    .timer
                    .as_mut()
                    .reset(blocked.until.min(now + self.stall));
            }
            return Poll::Ready(written);
        }
        let (limit, stall) = (self.limit, self.stall);
        let progress = &self.progress;
        let blocked = self.blocked.get_or_insert_with(|| {
            progress.blocked();
            Blocked {
                until: now + limit,
                timer: Box::pin(sleep_until(now + limit.min(stall))),
            }
        });
        match blocked.timer.as_mut().poll(cx) {
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
        self.check_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.check_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.blocked.take().is_some() {
            self.progress.flushed();
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
        Deadline::new(stream, LIMIT, STALL, WriteProgress::default())
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
    fn sec_18_a_response_that_is_not_read_ends_the_connection() {
        paused(async {
            let (near, _far) = duplex(8);
            let mut near = limited(near);
            let began = Instant::now();
            let stuck = near.write_all(&[0; 64]).await.unwrap_err();
            assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
            assert_eq!(began.elapsed(), STALL, "nothing was read");
        });
    }

    #[test]
    fn sec_18_reading_slowly_does_not_extend_the_limit_and_a_flush_ends_it() {
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
