//! Decodes bodies within limits (SEC-05, ET-42). The HTTP client's own decoders stay off: they truncate multi-member gzip
//! silently and fail on plain text that is labelled as gzip. The output must never grow beyond the limit or the granted memory.

use std::io::{self, ErrorKind, Read};

use super::coding::{self, Coding, SizeLimit};
use crate::model::{Failure, FailureKind};

/// Decoded bytes to which the ratio does not apply.
const RATIO_FREE_BYTES: usize = 1 << 20;
/// Most decoded bytes for each encoded byte, above [`RATIO_FREE_BYTES`]. Feeds reach 20 to 60.
const RATIO_MAX: usize = 250;
/// Largest zstd window: 8 MiB (RFC 9659 section 3).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Bytes decoded at a time.
const STEP: usize = 16 << 10;

/// The result of decoding.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The body is not encoded.
    AsIs,
    /// The decoded bytes.
    Bytes(Vec<u8>),
    /// There was no memory to grow to this many decoded bytes.
    NeedsMemory(usize),
}

/// Decodes a complete body. Plain text that is labelled as encoded is left as it is; a gzip file without a label is decoded.
/// `reserve` is asked for memory before the output grows, with its new capacity in bytes; it must not wait.
///
/// # Errors
/// [`Failure`] if the body is damaged, larger than `limit`, or decodes to more than 250 times its size.
pub fn decode(
    wire: &[u8],
    coding: Coding,
    limit: SizeLimit,
    reserve: &mut dyn FnMut(usize) -> bool,
) -> Result<Decoded, Failure> {
    if coding.is_unencoded(wire) {
        return as_is(wire, limit);
    }
    let mut out = Output {
        bytes: Vec::new(),
        wire_bytes: wire.len(),
        limit,
        reserve,
    };
    let done = match coding {
        Coding::Identity | Coding::Gzip => gunzip(wire, &mut out),
        Coding::Deflate => inflate(wire, &mut out),
        Coding::Brotli => out.fill(&mut brotli::Decompressor::new(wire, STEP)),
        Coding::Zstd => unzstd(wire, &mut out),
    };
    let text = match done {
        Ok(()) => return Ok(Decoded::Bytes(out.bytes)),
        Err(DecodeError::NeedsMemory(bytes)) => return Ok(Decoded::NeedsMemory(bytes)),
        Err(DecodeError::TooLarge) if limit.truncate => return Ok(Decoded::Bytes(out.bytes)),
        Err(DecodeError::TooLarge) => return Err(too_large(limit.bytes)),
        Err(DecodeError::Bomb) => {
            let text = format!("the body unpacks to more than {RATIO_MAX} times its size");
            return Err(Failure::new(FailureKind::TooLarge, text));
        }
        // What was truncated as sent ends early as decoded, too.
        Err(DecodeError::EndsEarly) if limit.truncate && wire.len() >= limit.bytes => {
            return Ok(Decoded::Bytes(out.bytes));
        }
        Err(_) if coding::looks_like_text(wire) => return as_is(wire, limit),
        Err(DecodeError::EndsEarly) => "the body cannot be decoded: it ends early".to_owned(),
        Err(DecodeError::Data(reason)) => format!("the body cannot be decoded: {reason}"),
    };
    Err(Failure::new(FailureKind::Body, text))
}

/// The failure of a body that exceeds the limit.
pub fn too_large(limit: usize) -> Failure {
    let text = match limit >> 20 {
        0 => format!("the body is larger than the limit of {limit} bytes"),
        mib => format!("the body is larger than the limit of {mib} MiB"),
    };
    Failure::new(FailureKind::TooLarge, text)
}

fn as_is(wire: &[u8], limit: SizeLimit) -> Result<Decoded, Failure> {
    match wire.len() > limit.bytes {
        true => Err(too_large(limit.bytes)),
        false => Ok(Decoded::AsIs),
    }
}

enum DecodeError {
    Data(String),
    EndsEarly,
    TooLarge,
    Bomb,
    NeedsMemory(usize),
}

impl From<io::Error> for DecodeError {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            ErrorKind::UnexpectedEof => Self::EndsEarly,
            _ => Self::Data(e.to_string()),
        }
    }
}

/// Decodes members one after another. As gzip(1) does, it ignores what follows the last member.
fn gunzip(wire: &[u8], out: &mut Output<'_>) -> Result<(), DecodeError> {
    let mut rest = wire;
    while coding::is_gzip(rest) {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        out.fill(&mut member)?;
        rest = member.into_inner();
    }
    Ok(())
}

fn inflate(wire: &[u8], out: &mut Output<'_>) -> Result<(), DecodeError> {
    // A zlib header: method 8, and a multiple of 31 (RFC 1950 section 2.2).
    let is_zlib = match wire {
        [cmf, flags, ..] => {
            cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flags]).is_multiple_of(31)
        }
        _ => false,
    };
    if is_zlib {
        out.fill(&mut flate2::bufread::ZlibDecoder::new(wire))
    } else {
        out.fill(&mut flate2::bufread::DeflateDecoder::new(wire))
    }
}

fn unzstd(wire: &[u8], out: &mut Output<'_>) -> Result<(), DecodeError> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(wire)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    out.fill(&mut decoder)
}

/// Decoded bytes within their limits.
struct Output<'a> {
    bytes: Vec<u8>,
    wire_bytes: usize,
    limit: SizeLimit,
    reserve: &'a mut dyn FnMut(usize) -> bool,
}

impl Output<'_> {
    fn fill(&mut self, from: &mut impl Read) -> Result<(), DecodeError> {
        let ratio_limit = self
            .wire_bytes
            .saturating_mul(RATIO_MAX)
            .max(RATIO_FREE_BYTES);
        let mut step = vec![0; STEP];
        loop {
            let n = match from.read(&mut step) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            let len = self.bytes.len().saturating_add(n);
            if len > ratio_limit {
                return Err(DecodeError::Bomb);
            }
            let left = self.limit.bytes.saturating_sub(self.bytes.len());
            if n > left && !self.limit.truncate {
                return Err(DecodeError::TooLarge);
            }
            self.push(step.get(..n.min(left)).unwrap_or_default())?;
            if n > left {
                return Err(DecodeError::TooLarge);
            }
        }
    }

    /// Grows by doubling, and never to more than what was reserved.
    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        let len = self.bytes.len().saturating_add(chunk.len());
        if len > self.bytes.capacity() {
            let doubled = self.bytes.capacity().saturating_mul(2).max(STEP);
            let wanted = doubled.min(self.limit.bytes).max(len);
            if !(self.reserve)(wanted) {
                return Err(DecodeError::NeedsMemory(wanted));
            }
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TEXT: &[u8] =
        b"<rss version=\"2.0\"><channel><title>Harbour notes</title></channel></rss>";
    const LIMIT: usize = 1 << 20;

    fn decoded(wire: Vec<u8>, coding: Coding, limit: usize) -> Result<Vec<u8>, Failure> {
        let limit = SizeLimit {
            bytes: limit,
            truncate: false,
        };
        Ok(match decode(&wire, coding, limit, &mut |_| true)? {
            Decoded::AsIs => wire,
            Decoded::Bytes(body) => body,
            Decoded::NeedsMemory(_) => unreachable!("memory is always granted"),
        })
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    }

    fn brotli(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let params = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &data[..], &mut out, &params).unwrap();
        out
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        zstd::encode_all(data, 3).unwrap()
    }

    #[test]
    fn et_42_every_offered_coding_is_decoded() {
        assert_eq!(decoded(gzip(TEXT), Coding::Gzip, LIMIT).unwrap(), TEXT);
        assert_eq!(decoded(brotli(TEXT), Coding::Brotli, LIMIT).unwrap(), TEXT);
        assert_eq!(decoded(zstd(TEXT), Coding::Zstd, LIMIT).unwrap(), TEXT);
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        z.write_all(TEXT).unwrap();
        assert_eq!(
            decoded(z.finish().unwrap(), Coding::Deflate, LIMIT).unwrap(),
            TEXT
        );
        let mut d = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        d.write_all(TEXT).unwrap();
        assert_eq!(
            decoded(d.finish().unwrap(), Coding::Deflate, LIMIT).unwrap(),
            TEXT
        );
    }

    #[test]
    fn multi_member_gzip_is_decoded_to_its_end_and_trailing_garbage_ignored() {
        let mut wire = gzip(&TEXT[..20]);
        wire.extend(gzip(&TEXT[20..]));
        wire.extend(b"\0\0\0junk");
        assert_eq!(decoded(wire, Coding::Gzip, LIMIT).unwrap(), TEXT);
    }

    #[test]
    fn plain_text_labelled_as_encoded_is_left_as_it_is() {
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate] {
            assert_eq!(
                decoded(TEXT.to_vec(), coding, LIMIT).unwrap(),
                TEXT,
                "{coding:?}"
            );
        }
        assert_eq!(decoded(gzip(TEXT), Coding::Identity, LIMIT).unwrap(), TEXT);
    }

    #[test]
    fn sec_05_truncated_encoded_bodies_are_failures() {
        let long: Vec<u8> = (0..40_000u32)
            .flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 8).to_le_bytes())
            .collect();
        for (coding, mut wire) in [
            (Coding::Gzip, gzip(&long)),
            (Coding::Brotli, brotli(&long)),
            (Coding::Zstd, zstd(&long)),
        ] {
            wire.truncate(wire.len() / 2);
            assert_eq!(
                decoded(wire, coding, LIMIT).unwrap_err().kind,
                FailureKind::Body,
                "{coding:?}"
            );
        }
    }

    #[test]
    fn sec_05_bombs_are_refused_by_size_and_by_ratio() {
        let zeros = vec![b' '; 8 << 20];
        for (coding, wire) in [
            (Coding::Gzip, gzip(&zeros)),
            (Coding::Brotli, brotli(&zeros)),
            (Coding::Zstd, zstd(&zeros)),
        ] {
            let small = decoded(wire.clone(), coding, 2 << 20).unwrap_err();
            assert_eq!(small.kind, FailureKind::TooLarge, "{coding:?}");
            let ratio = decoded(wire, coding, 64 << 20).unwrap_err();
            assert_eq!(ratio.kind, FailureKind::TooLarge, "{coding:?}");
            assert!(
                ratio.message.contains("250 times"),
                "{coding:?}: {}",
                ratio.message
            );
        }
    }

    #[test]
    fn sec_05_a_zstd_window_over_8_mib_is_refused() {
        let mut e = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        e.window_log(27).unwrap();
        e.write_all(TEXT).unwrap();
        let wire = e.finish().unwrap();
        assert_eq!(
            decoded(wire, Coding::Zstd, LIMIT).unwrap_err().kind,
            FailureKind::Body
        );
    }
}
