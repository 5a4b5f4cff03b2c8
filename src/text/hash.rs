//! Hashes: a stable 64-bit hash for comparisons, SHA-256 for keys and digests. Both are stored; their results must never
//! change.

use aws_lc_rs::digest::{SHA256, digest};

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits, with a final mix (Fowler, Noll, Vo; finalizer of MurmurHash3). Stable across versions and machines.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(FNV_BASIS, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    }))
}

/// Spreads the bits of a number over all of it.
#[must_use]
pub fn mix(h: u64) -> u64 {
    let h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

/// SHA-256, 32 bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{hash, sha256};

    #[test]
    fn stored_hashes_never_change() {
        assert_eq!(hash(b""), 0xecba_3df2_c338_3c52);
        assert_eq!(hash(b"boats"), 0x89ce_f66b_b5fd_5fb8);
        let digest = hex::encode(sha256(b"abc"));
        assert!(digest.starts_with("ba7816bf8f01cfea"), "{digest}");
    }
}
