//! Bounded decoding of bodies (SEC-05, ET-42). The HTTP client's own codecs stay off: they cut multi-member gzip
//! silently and fail on plain text that is labelled gzip. Never grows beyond the limit it is given.

use std::io::{self, ErrorKind, Read};

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::model::{Failure, FailureKind};

/// What we can decode; the value of Accept-Encoding.
pub const ACCEPT_ENCODING: &str = "gzip, br, zstd";
/// Decoded bytes that no ratio limits.
const RATIO_FREE: usize = 1 << 20;
/// Most decoded bytes for one byte of the wire, above [`RATIO_FREE`]. Feeds reach 20 to 60.
const RATIO_MAX: usize = 250;
/// Largest zstd window: 8 MiB (RFC 9659 section 3).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Bytes decoded at a time.
const STEP: usize = 16 << 10;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 1950, or raw RFC 1951 as some servers have it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Reads Content-Encoding: at most one layer, and the first name in it that is no coding. Servers write charsets and
    /// the like there (`utf-8`, `none`); whether that does harm is told by the body ([`is_readable`]).
    pub fn of(headers: &HeaderMap) -> Result<(Self, Option<String>), Failure> {
        let mut found = None;
        let mut unknown = None;
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            for name in value.split(',').map(str::trim) {
                let coding = match name {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "deflate" => Self::Deflate,
                    "br" => Self::Brotli,
                    "zstd" => Self::Zstd,
                    other => {
                        unknown.get_or_insert_with(|| other.chars().take(32).collect());
                        continue;
                    }
                };
                if found.replace(coding).is_some() {
                    let text = "the body is encoded more than once".to_owned();
                    return Err(failure(FailureKind::Body, text));
                }
            }
        }
        Ok((found.unwrap_or(Self::Identity), unknown))
    }
}

/// Whether a body with an unknown coding can be read nevertheless: markup or JSON in the clear.
///
/// # Errors
/// The failure that names the coding.
pub fn is_readable(body: &[u8], unknown: &str) -> Result<(), Failure> {
    let is_utf_16 = matches!(body, [0xfe, 0xff, 0, b'<', ..] | [0xff, 0xfe, b'<', 0, ..]);
    if is_utf_16 || looks_plain(body) {
        return Ok(());
    }
    let text = format!("the body has an unknown content encoding {unknown:?}");
    Err(failure(FailureKind::Body, text))
}

/// Whether a complete body is one as it stands.
pub fn is_plain(wire: &[u8], coding: Coding) -> bool {
    let gzip = wire.starts_with(&[0x1f, 0x8b]);
    match coding {
        Coding::Identity | Coding::Gzip => !gzip,
        Coding::Deflate | Coding::Brotli | Coding::Zstd => false,
    }
}

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Most bytes, as sent and as decoded.
    pub limit: usize,
    /// Whether what is beyond the limit is left out, rather than a failure.
    pub cut: bool,
}

/// What unpacking came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Unpacked {
    /// The body is to be taken as it is.
    Plain,
    /// The decoded bytes.
    Body(Vec<u8>),
    /// There was no room to grow to so many decoded bytes.
    NoRoom(usize),
}

/// Unpacks a complete body. A plain document that is labelled as packed is taken as it is; a gzip file that is not labelled
/// is unpacked. `room` is asked before the decoded bytes grow, with their new capacity; it must not wait.
pub fn unpack(
    wire: &[u8],
    coding: Coding,
    bound: Bound,
    room: &mut dyn FnMut(usize) -> bool,
) -> Result<Unpacked, Failure> {
    if is_plain(wire, coding) {
        return within(wire, bound);
    }
    let mut out = Out {
        bytes: Vec::new(),
        wire: wire.len(),
        bound,
        room,
    };
    let done = match coding {
        Coding::Identity | Coding::Gzip => gunzip(wire, &mut out),
        Coding::Deflate => inflate(wire, &mut out),
        Coding::Brotli => out.drain(&mut brotli::Decompressor::new(wire, STEP)),
        Coding::Zstd => unzstd(wire, &mut out),
    };
    match done {
        Err(Broken::Data(_)) if looks_plain(wire) => within(wire, bound),
        // What was cut off as sent ends early as decoded, too.
        Err(Broken::CutOff) if bound.cut && wire.len() >= bound.limit => {
            Ok(Unpacked::Body(out.bytes))
        }
        Err(Broken::CutOff) if looks_plain(wire) => within(wire, bound),
        Err(Broken::CutOff) => Err(failure(
            FailureKind::Body,
            "the body cannot be decoded: it is cut off".to_owned(),
        )),
        Err(Broken::Data(reason)) => Err(failure(
            FailureKind::Body,
            format!("the body cannot be decoded: {reason}"),
        )),
        Err(Broken::TooLarge) if bound.cut => Ok(Unpacked::Body(out.bytes)),
        Err(Broken::TooLarge) => Err(too_large(bound.limit)),
        Err(Broken::Bomb) => Err(failure(
            FailureKind::TooLarge,
            format!("the body unpacks to more than {RATIO_MAX} times its size"),
        )),
        Err(Broken::NoRoom(bytes)) => Ok(Unpacked::NoRoom(bytes)),
        Ok(()) => Ok(Unpacked::Body(out.bytes)),
    }
}

/// The failure of a body over the limit.
pub fn too_large(limit: usize) -> Failure {
    let text = match limit >> 20 {
        0 => format!("the body is larger than the limit of {limit} bytes"),
        mib => format!("the body is larger than the limit of {mib} MiB"),
    };
    failure(FailureKind::TooLarge, text)
}

fn failure(kind: FailureKind, message: String) -> Failure {
    Failure { kind, message }
}

fn within(wire: &[u8], bound: Bound) -> Result<Unpacked, Failure> {
    if wire.len() > bound.limit {
        return Err(too_large(bound.limit));
    }
    Ok(Unpacked::Plain)
}

/// Markup or JSON in the clear: no packed format begins like that after white space.
fn looks_plain(wire: &[u8]) -> bool {
    let wire = wire.strip_prefix(b"\xef\xbb\xbf").unwrap_or(wire);
    let first = wire.iter().find(|b| !b.is_ascii_whitespace());
    matches!(first, Some(b'<' | b'{'))
}

enum Broken {
    Data(String),
    CutOff,
    TooLarge,
    Bomb,
    NoRoom(usize),
}

impl From<io::Error> for Broken {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Data(e.to_string()),
        }
    }
}

/// Members one after another; what follows the last one and is no member is ignored, as gzip(1) does.
fn gunzip(wire: &[u8], out: &mut Out<'_>) -> Result<(), Broken> {
    let mut rest = wire;
    while rest.starts_with(&[0x1f, 0x8b]) {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        out.drain(&mut member)?;
        rest = member.into_inner();
    }
    Ok(())
}

fn inflate(wire: &[u8], out: &mut Out<'_>) -> Result<(), Broken> {
    // A zlib header: method 8, and a multiple of 31 (RFC 1950 section 2.2).
    let zlib = match wire {
        [cmf, flags, ..] => {
            cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flags]).is_multiple_of(31)
        }
        _ => false,
    };
    if zlib {
        out.drain(&mut flate2::bufread::ZlibDecoder::new(wire))
    } else {
        out.drain(&mut flate2::bufread::DeflateDecoder::new(wire))
    }
}

fn unzstd(wire: &[u8], out: &mut Out<'_>) -> Result<(), Broken> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(wire)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    out.drain(&mut decoder)
}

/// Decoded bytes within their limits.
struct Out<'a> {
    bytes: Vec<u8>,
    wire: usize,
    bound: Bound,
    room: &'a mut dyn FnMut(usize) -> bool,
}

impl Out<'_> {
    fn drain(&mut self, from: &mut impl Read) -> Result<(), Broken> {
        let ratio_limit = self.wire.saturating_mul(RATIO_MAX).max(RATIO_FREE);
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
                return Err(Broken::Bomb);
            }
            let left = self.bound.limit.saturating_sub(self.bytes.len());
            if n > left && !self.bound.cut {
                return Err(Broken::TooLarge);
            }
            self.push(step.get(..n.min(left)).unwrap_or_default())?;
            if n > left {
                return Err(Broken::TooLarge);
            }
        }
    }

    /// Grows by doubling, and never by more than was asked for.
    fn push(&mut self, piece: &[u8]) -> Result<(), Broken> {
        let len = self.bytes.len().saturating_add(piece.len());
        if len > self.bytes.capacity() {
            let doubled = self.bytes.capacity().saturating_mul(2).max(STEP);
            let wanted = doubled.min(self.bound.limit).max(len);
            if !(self.room)(wanted) {
                return Err(Broken::NoRoom(wanted));
            }
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use std::io::Write;

    const TEXT: &[u8] =
        b"<rss version=\"2.0\"><channel><title>Harbour notes</title></channel></rss>";
    const LIMIT: usize = 1 << 20;

    fn decode(wire: Vec<u8>, coding: Coding, limit: usize) -> Result<Vec<u8>, Failure> {
        let bound = Bound { limit, cut: false };
        Ok(match unpack(&wire, coding, bound, &mut |_| true)? {
            Unpacked::Plain => wire,
            Unpacked::Body(body) => body,
            Unpacked::NoRoom(_) => unreachable!("there was room for all"),
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

    fn coding(values: &[&'static str]) -> Result<Coding, Failure> {
        let mut headers = HeaderMap::new();
        for v in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(v));
        }
        Coding::of(&headers).map(|(coding, _)| coding)
    }

    #[test]
    fn et_42_every_offered_coding_is_decoded() {
        assert_eq!(decode(gzip(TEXT), Coding::Gzip, LIMIT).unwrap(), TEXT);
        assert_eq!(decode(brotli(TEXT), Coding::Brotli, LIMIT).unwrap(), TEXT);
        assert_eq!(decode(zstd(TEXT), Coding::Zstd, LIMIT).unwrap(), TEXT);
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        z.write_all(TEXT).unwrap();
        assert_eq!(
            decode(z.finish().unwrap(), Coding::Deflate, LIMIT).unwrap(),
            TEXT
        );
        let mut d = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        d.write_all(TEXT).unwrap();
        assert_eq!(
            decode(d.finish().unwrap(), Coding::Deflate, LIMIT).unwrap(),
            TEXT
        );
    }

    #[test]
    fn multi_member_gzip_is_read_to_its_end_and_garbage_after_it_ignored() {
        let mut wire = gzip(&TEXT[..20]);
        wire.extend(gzip(&TEXT[20..]));
        wire.extend(b"\0\0\0junk");
        assert_eq!(decode(wire, Coding::Gzip, LIMIT).unwrap(), TEXT);
    }

    #[test]
    fn plain_text_labelled_as_packed_is_taken_as_it_is() {
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate] {
            assert_eq!(
                decode(TEXT.to_vec(), coding, LIMIT).unwrap(),
                TEXT,
                "{coding:?}"
            );
        }
        assert_eq!(decode(gzip(TEXT), Coding::Identity, LIMIT).unwrap(), TEXT);
    }

    #[test]
    fn sec_05_cut_packed_bodies_are_failures() {
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
                decode(wire, coding, LIMIT).unwrap_err().kind,
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
            let small = decode(wire.clone(), coding, 2 << 20).unwrap_err();
            assert_eq!(small.kind, FailureKind::TooLarge, "{coding:?}");
            let ratio = decode(wire, coding, 64 << 20).unwrap_err();
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
            decode(wire, Coding::Zstd, LIMIT).unwrap_err().kind,
            FailureKind::Body
        );
    }

    #[test]
    fn sec_05_at_most_one_known_layer() {
        assert_eq!(coding(&[]), Ok(Coding::Identity));
        assert_eq!(coding(&["identity"]), Ok(Coding::Identity));
        assert_eq!(coding(&["X-GZIP"]), Ok(Coding::Gzip));
        assert_eq!(coding(&["identity, br"]), Ok(Coding::Brotli));
        assert!(coding(&["gzip, gzip"]).is_err());
        assert!(coding(&["gzip", "br"]).is_err());
    }

    #[test]
    fn a_content_encoding_that_is_none_is_told_and_does_no_harm_to_a_feed() {
        for (value, coding, unknown) in [
            ("utf-8", Coding::Identity, Some("utf-8")),
            ("none", Coding::Identity, Some("none")),
            ("UTF-8, gzip", Coding::Gzip, Some("utf-8")),
            ("identity", Coding::Identity, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            let unknown = unknown.map(str::to_owned);
            assert_eq!(Coding::of(&headers), Ok((coding, unknown)), "{value}");
        }
        for feed in [&b"\xef\xbb\xbf <rss/>"[..], b"{}", b"\xff\xfe<\0r\0"] {
            assert_eq!(is_readable(feed, "utf-8"), Ok(()));
        }
        for packed in [&b"\x8b\x02\x80"[..], b"", b"%PDF-1.7"] {
            let refused = is_readable(packed, "rot13").unwrap_err();
            assert!(refused.message.contains("\"rot13\""), "{}", refused.message);
        }
    }
}
