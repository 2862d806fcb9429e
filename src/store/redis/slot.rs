//! The hash slots of a Redis cluster.

/// Number of slots of a cluster.
pub(super) const SLOTS: usize = 16_384;

/// Returns the slot of a key as in the cluster specification: hashes the part in braces, or the whole key if there is none.
pub(super) fn slot(key: &str) -> u16 {
    let hashed = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let hashed = hashed.filter(|tag| !tag.is_empty()).unwrap_or(key);
    let crc = hashed.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    crc % 16_384
}

#[cfg(test)]
mod tests {
    use super::slot;

    #[test]
    fn slots_are_those_of_the_cluster_specification() {
        assert_eq!(slot("123456789"), 0x31C3);
        assert_eq!(slot("gp:{blog.example}:comment:{x}"), slot("gp:{blog.example}:secret"));
        assert_eq!(slot("{}a"), slot("{}a"));
        assert_ne!(slot("gp:{a.example}:secret"), slot("gp:{b.example}:secret"));
    }

    #[test]
    fn sites_spread_over_the_slots_of_three_masters() {
        let thirds = (0..3_000).map(|n| slot(&format!("gp:{{blog-{n}.example}}:secret")) / 5_462);
        let mut counts = [0; 3];
        thirds.for_each(|third| counts[usize::from(third)] += 1);
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    }
}
