//! Feature hashing: 64-bit, multiplicative, and identical on every machine for a given version of the model format.

/// An odd constant with well distributed bits (2^64 divided by the golden ratio).
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// The number of high bits of a hash that identify a feature: 20 for the bucket and one for the sign.
pub const KEY_BITS: u32 = 21;

/// Combines a hash with a value. The high bits of the result depend on every bit of both.
#[inline]
pub fn combine(hash: u64, value: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ value).wrapping_mul(GOLDEN_RATIO);
    mixed ^ (mixed >> 29)
}

/// Returns the hash of a byte string, read eight bytes at a time.
#[inline]
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = combine(seed, bytes.len() as u64);
    let (whole, rest) = bytes.as_chunks::<8>();
    for word in whole {
        hash = combine(hash, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut last = 0;
        for &byte in rest {
            last = last << 8 | u64::from(byte);
        }
        hash = combine(hash, last);
    }
    hash
}

/// Returns the bucket and the sign of a feature: `bucket << 1 | negative`, below 2^21.
#[inline]
pub fn feature_key(hash: u64) -> u32 {
    (hash.wrapping_mul(GOLDEN_RATIO) >> (64 - KEY_BITS)) as u32
}

#[cfg(test)]
mod tests {
    use super::{feature_key, hash_bytes};

    #[test]
    fn hashes_differ_by_seed_length_and_content() {
        let all = [
            hash_bytes(1, b""),
            hash_bytes(2, b""),
            hash_bytes(1, b"a"),
            hash_bytes(1, b"a\0"),
            hash_bytes(1, b"\0a"),
            hash_bytes(1, b"abcdefgh"),
            hash_bytes(1, b"abcdefgh\0"),
            hash_bytes(1, b"abcdefgi"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }

    #[test]
    fn keys_spread_evenly_over_buckets_and_signs() {
        let keys: Vec<u32> = (0u32..4096).map(|n| feature_key(hash_bytes(3, &n.to_le_bytes()))).collect();
        let negative = keys.iter().filter(|&&key| key & 1 == 1).count();
        assert!((1800..2300).contains(&negative), "{negative}");
        let mut eighths = [0; 8];
        for key in keys {
            eighths[(key >> 18) as usize] += 1;
        }
        assert!(eighths.iter().all(|&n| (400..630).contains(&n)), "{eighths:?}");
    }
}
