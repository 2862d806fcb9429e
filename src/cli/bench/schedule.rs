//! The times at which calls are due. They are fixed before the first call is sent, so that a slow server does not reduce
//! its own load.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// The highest rate that the options accept, in calls per second. It is more than one machine can send.
const MAX_RATE: f64 = 1e6;

/// The rate of calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// An open loop with this many calls per second.
    PerSecond(f64),
    /// A closed loop: each caller makes its next call when it has an answer.
    Max,
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        if typed == "max" {
            return Ok(Self::Max);
        }
        let rate = typed.parse().ok().filter(|rate| *rate > 0.0 && *rate <= MAX_RATE);
        rate.map(Self::PerSecond).ok_or("must be a number of calls per second up to 1000000, or `max`")
    }
}

/// The distribution of calls over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Arrivals {
    /// At equal intervals
    #[default]
    Constant,
    /// At random times, like independent visitors (a Poisson process)
    Poisson,
}

impl Arrivals {
    /// Returns the name of the option value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

/// An iterator over the times at which calls are due. A clone yields the same times.
#[derive(Debug, Clone)]
pub struct Schedule {
    rate: f64,
    arrivals: Arrivals,
    begin: Instant,
    duration_s: f64,
    produced: u64,
    /// Seconds from `begin` to the last random arrival.
    at: f64,
    rng: fastrand::Rng,
}

impl Schedule {
    /// Returns a schedule of `rate` calls per second from `begin` on.
    pub fn new(rate: f64, arrivals: Arrivals, begin: Instant, duration: Duration, seed: u64) -> Self {
        let (duration_s, rng) = (duration.as_secs_f64(), fastrand::Rng::with_seed(seed));
        Self { rate, arrivals, begin, duration_s, produced: 0, at: 0.0, rng }
    }
}

impl Iterator for Schedule {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        let after = match self.arrivals {
            // Computed from the start each time, because a sum of rounded intervals would drift.
            Arrivals::Constant => self.produced as f64 / self.rate,
            Arrivals::Poisson => {
                // The intervals of a Poisson process are exponentially distributed; 1 - u is never 0.
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
        // A share of 1 - 1/e of exponentially distributed intervals is below the mean.
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
