//! When calls are due: fixed before the first is sent, so that a slow server cannot slow down what is asked of it.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// More calls a second than one machine sends.
const MAX_RATE: f64 = 1e6;

/// How many calls a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// So many, whatever becomes of them: an open loop.
    PerSecond(f64),
    /// As many as come back: a closed loop.
    Max,
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        if typed == "max" {
            return Ok(Self::Max);
        }
        let rate = typed.parse().ok().filter(|rate| *rate > 0.0 && *rate <= MAX_RATE);
        rate.map(Self::PerSecond).ok_or("must be a number of calls a second up to 1000000, or `max`")
    }
}

/// How calls are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Arrivals {
    /// At equal distances
    #[default]
    Constant,
    /// By chance, as independent visitors come (a Poisson process)
    Poisson,
}

impl Arrivals {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

/// The moments at which calls are due, one after the other. A clone gives the same moments.
#[derive(Debug, Clone)]
pub struct Schedule {
    rate: f64,
    arrivals: Arrivals,
    begin: Instant,
    duration_s: f64,
    produced: u64,
    /// Seconds after `begin`, for arrivals by chance.
    at: f64,
    rng: fastrand::Rng,
}

impl Schedule {
    /// Of so many calls a second from `begin` on.
    pub fn new(rate: f64, arrivals: Arrivals, begin: Instant, lasts: Duration, seed: u64) -> Self {
        let (lasts, chance) = (lasts.as_secs_f64(), fastrand::Rng::with_seed(seed));
        Self { rate, arrivals, begin, duration_s: lasts, produced: 0, at: 0.0, rng: chance }
    }
}

impl Iterator for Schedule {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        let after = match self.arrivals {
            // Counted from the beginning each time: a sum of roundings would drift.
            Arrivals::Constant => self.produced as f64 / self.rate,
            Arrivals::Poisson => {
                // The distances of a Poisson process are exponential; 1 - u is never 0.
                self.at -= (1.0 - self.rng.f64()).ln() / self.rate;
                self.at
            }
        };
        self.produced += 1;
        (after < self.duration_s).then(|| self.begin + Duration::from_secs_f64(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_distances_do_not_drift() {
        let begin = Instant::now();
        let due: Vec<_> = Schedule::new(3_000.0, Arrivals::Constant, begin, Duration::from_secs(10), 0).collect();
        assert_eq!(due.len(), 30_000);
        assert_eq!(due[15_000] - begin, Duration::from_secs(5));
    }

    #[test]
    fn chance_keeps_the_rate_and_repeats() {
        let begin = Instant::now();
        let schedule = Schedule::new(1_000.0, Arrivals::Poisson, begin, Duration::from_secs(20), 7);
        let due: Vec<_> = schedule.clone().collect();
        assert!((19_000..21_000).contains(&due.len()), "{}", due.len());
        // Of exponential distances a share of 1 - 1/e is below the mean.
        let below = due.windows(2).filter(|pair| pair[1] - pair[0] < Duration::from_millis(1)).count();
        assert!((0.6..0.66).contains(&(below as f64 / due.len() as f64)), "{below}");
        assert!(schedule.eq(due));
    }

    #[test]
    fn rates_are_numbers_or_max() {
        assert_eq!("max".parse(), Ok(Rate::Max));
        assert_eq!("0.5".parse(), Ok(Rate::PerSecond(0.5)));
        for wrong in ["0", "-1", "NaN", "inf", "2e6", "fast"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
