//! The parts of Redis that can be unavailable independently: a whole server, or ranges of a cluster's slots.

use super::keys;
use super::slot::{SLOTS, slot};

/// Number of ranges into which a cluster's slots are divided. Masters usually hold contiguous ranges of slots.
const PARTS: usize = 16;

/// A part of Redis that can be unavailable independently.
#[derive(Clone)]
pub(super) struct Part {
    /// Name of the part in the circuit breaker and in logs.
    pub circuit: String,
    /// Key in this part that probes write.
    pub probe: String,
}

/// Returns the parts of Redis: one for a server, or those of a cluster in the order of their slots.
pub(super) fn parts(prefix: &str, cluster: bool) -> Vec<Part> {
    if !cluster {
        return vec![Part { circuit: String::new(), probe: keys::probe(prefix, None) }];
    }
    let probe = |part: usize| {
        let probes = (0..).map(|tag| keys::probe(prefix, Some(tag)));
        probes.into_iter().find(|probe| usize::from(slot(probe)) * PARTS / SLOTS == part).unwrap_or_default()
    };
    (0..PARTS).map(|part| Part { circuit: format!("{part}/{PARTS}"), probe: probe(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_cluster_has_a_key_of_its_own() {
        for (at, part) in parts("gp:", true).iter().enumerate() {
            assert_eq!(usize::from(slot(&part.probe)) * PARTS / SLOTS, at, "{}", part.probe);
        }
        assert_eq!(parts("gp:", false).len(), 1);
    }
}
