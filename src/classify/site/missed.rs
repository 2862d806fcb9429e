//! Estimates the share of bad comments among those approved by the machine, from spot checks.

use statrs::function::beta::inv_beta_reg;

/// The probability that the true share lies outside the interval, half of it on either side.
const SIGNIFICANCE: f64 = 0.05;

/// An estimate of the share of bad comments among those approved by the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissRate {
    /// The lower end of the 95 % confidence interval, `0..=1`.
    pub low: f64,
    /// The upper end of the 95 % confidence interval, `0..=1`.
    pub high: f64,
    /// Number of spot checks behind the estimate.
    pub checked: u32,
}

impl MissRate {
    /// Estimates the share from spot checks, given as the number of approved comments that each represents and whether it
    /// was bad. Returns `None` if there are none.
    ///
    /// The interval is the exact one of C. J. Clopper and E. S. Pearson ("The use of confidence or fiducial limits
    /// illustrated in the case of the binomial", 1934). Checks of unequal weight are replaced by their effective sample
    /// size (L. Kish, "Survey sampling", 1965).
    pub fn estimate(checks: impl Iterator<Item = (f64, bool)>) -> Option<Self> {
        let (mut checked, mut total, mut bad, mut squares) = (0u32, 0.0, 0.0, 0.0);
        for (weight, was_bad) in checks {
            checked += 1;
            total += weight;
            bad += if was_bad { weight } else { 0.0 };
            squares += weight * weight;
        }
        if checked == 0 || total <= 0.0 {
            return None;
        }
        let effective = total * total / squares;
        let hits = (bad / total * effective).clamp(0.0, effective);
        let misses = effective - hits;
        let low = if hits > 0.0 { inv_beta_reg(hits, misses + 1.0, SIGNIFICANCE / 2.0) } else { 0.0 };
        let high = if misses > 0.0 { inv_beta_reg(hits + 1.0, misses, 1.0 - SIGNIFICANCE / 2.0) } else { 1.0 };
        Some(Self { low: low.clamp(0.0, 1.0), high: high.clamp(0.0, 1.0), checked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A linear congruential generator, for draws that are the same every time.
    struct Random(u64);

    impl Random {
        fn share(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / f64::from(1u32 << 31)
        }
    }

    #[test]
    fn nothing_is_said_without_checks() {
        assert_eq!(MissRate::estimate(std::iter::empty()), None);
    }

    #[test]
    fn the_interval_is_that_of_tables() {
        // 2 of 100: from 0.24 % to 7.04 %.
        let missed = MissRate::estimate((0..100).map(|at| (50.0, at < 2))).unwrap();
        assert!((missed.low - 0.0024).abs() < 1e-4 && (missed.high - 0.0704).abs() < 1e-4, "{missed:?}");
        let none = MissRate::estimate((0..100).map(|_| (50.0, false))).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.0362).abs() < 1e-4, "{none:?}");
    }

    #[test]
    fn the_interval_covers_the_truth_in_ninety_three_of_a_hundred_runs() {
        for (share, checks) in [(0.01, 60), (0.05, 60), (0.02, 300), (0.2, 40)] {
            let mut random = Random(7 + checks as u64);
            let covered = (0..1_000).filter(|_| {
                // Because of the daily limit, some checks represent more comments than others.
                let draws = (0..checks).map(|at| (if at % 3 == 0 { 90.0 } else { 50.0 }, random.share() < share));
                let missed = MissRate::estimate(draws.collect::<Vec<_>>().into_iter()).unwrap();
                (missed.low..=missed.high).contains(&share)
            });
            let covered = covered.count();
            assert!(covered >= 930, "{covered} of 1,000 at {share} with {checks}");
        }
    }
}
