//! The content codings of the server: the choice by `Accept-Encoding` (RFC 9110 section 12.5.3), and the encoders.

use std::io::Write;

use axum::http::{HeaderMap, header};

/// The highest brotli quality that is not much slower than gzip.
const BROTLI_QUALITY: u32 = 5;

/// log2 of brotli's window size: not larger than the content, because the encoder's memory grows with it.
const BROTLI_WINDOWS: std::ops::RangeInclusive<u32> = 16..=20;

/// Approximate memory of an encoder, in windows.
const ENCODER_WINDOWS: usize = 6;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// No coding.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// brotli (RFC 7932).
    Brotli,
}

impl Coding {
    /// The coding with the highest weight in the request; of equal ones brotli, then gzip. Without `Accept-Encoding` there is
    /// no coding.
    pub fn best(request: &HeaderMap) -> Self {
        let accepted: Vec<(&str, u16)> = request
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(weighted)
            .collect();
        let weight = |names: &[&str], default: u16| {
            let of = |name: &&str| accepted.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            names
                .iter()
                .find_map(of)
                .map_or(default, |(_, weight)| *weight)
        };
        let any = weight(&["*"], 0);
        // Without a weight, identity is acceptable, but anything that has a weight is preferred.
        let ranked = [
            (weight(&["br"], any), Self::Brotli),
            (weight(&["gzip", "x-gzip"], any), Self::Gzip),
            (weight(&["identity"], 0), Self::Identity),
        ];
        let mut best = (0, Self::Identity);
        for (weight, coding) in ranked {
            if weight > best.0 {
                best = (weight, coding);
            }
        }
        best.1
    }

    /// The encoded bytes.
    pub fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Identity => bytes.to_vec(),
            Self::Gzip => gzip(bytes),
            Self::Brotli => brotli(bytes),
        }
    }

    /// Approximate memory that encoding takes, with the result, in bytes.
    pub fn encoder_memory(bytes: &[u8]) -> usize {
        (ENCODER_WINDOWS << window_of(bytes)) + bytes.len() / 2
    }

    /// The name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// The suffix of entity tags: each coding has its own, because the bytes differ.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
        }
    }
}

/// The name and weight, in thousandths, of an item of `Accept-Encoding`; `None` if it is malformed.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';');
    let name = parts.next().map(str::trim).filter(|n| !n.is_empty())?;
    let Some(q) = parts.next() else {
        return Some((name, 1000));
    };
    let (key, value) = q.split_once('=')?;
    let q: f32 = value.trim().parse().ok()?;
    let is_weight = key.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&q);
    is_weight.then_some((name, (q * 1000.0) as u16))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to memory does not fail.
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    {
        let mut writer =
            brotli::CompressorWriter::new(&mut out, 1 << 16, BROTLI_QUALITY, window_of(bytes));
        let _ = writer.write_all(bytes);
    }
    out
}

fn window_of(bytes: &[u8]) -> u32 {
    let wanted = usize::BITS - bytes.len().leading_zeros();
    wanted.clamp(*BROTLI_WINDOWS.start(), *BROTLI_WINDOWS.end())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_coding_with_the_highest_weight_is_used() {
        for (value, best) in [
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0.5, gzip;q=0.8", Coding::Gzip),
            ("br;q=0, *", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("X-GZIP;Q=1.0", Coding::Gzip),
            ("gzip;q=x, deflate", Coding::Identity),
            ("gzip;q=7", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let accepted = HeaderValue::from_str(value).unwrap();
            let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(Coding::best(&request), best, "{value:?}");
        }
        assert_eq!(Coding::best(&HeaderMap::new()), Coding::Identity);
    }
}
