//! Options of `policy tune`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::connect::ConnectArgs;
use crate::cli::labelled::RowFilterArgs;

/// Options of `policy tune`.
#[derive(Debug, clap::Args)]
pub struct TuneArgs {
    /// Files of labelled comments, JSONL, gzipped or not; - is standard input; without any, the outcomes that the site of
    /// --site has learned last, each as it was scored before it was learned
    #[arg(long = "data", value_name = "FILE", num_args = 1..)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub choice: RowFilterArgs,
    /// How much of the spam, and of the toxic comments, may be approved
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub max_missed: Fraction,
    /// How many of the harmless comments may be rejected
    #[arg(long, value_name = "SHARE", default_value = "0.1%")]
    pub max_false_reject: Fraction,
    /// How many held comments the moderators can decide in a day
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub queue_per_day: u32,
    /// How many comments the site gets in a day
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub comments_per_day: u32,
    /// How much of what the site gets is spam [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    pub spam_share: Option<Fraction>,
    /// How much of what the site gets is toxic [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    pub toxic_share: Option<Fraction>,
    /// Also propose from which scores on abuse is rejected; --max-false-reject is then divided among the labels
    #[arg(long)]
    pub reject_abuse: bool,
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// A folder of policy files (*.toml)
    #[arg(long, value_name = "DIR")]
    pub policy_dir: Option<PathBuf>,
    /// A model file in place of the compiled-in one
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON object
    Json,
    /// Only what goes into the policy file
    Toml,
}

/// A share, typed as `1%` or `0.01`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fraction(pub f64);

impl FromStr for Fraction {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "must be a share such as 1% or 0.01";
        let (number, whole) = match typed.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (typed, 1.0),
        };
        let number: f64 = number.trim().parse().map_err(|_| WANTED)?;
        // A bare 1 could mean either.
        if !(0.0..=whole).contains(&number) || (whole == 1.0 && number == 1.0) {
            return Err(WANTED);
        }
        Ok(Self(number / whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_typed_with_or_without_a_percent_sign() {
        for (typed, share) in [("1%", 0.01), ("0.1 %", 0.001), ("0.05", 0.05), ("0", 0.0), ("100%", 1.0)] {
            assert!((typed.parse::<Fraction>().unwrap().0 - share).abs() < 1e-12, "{typed}");
        }
        for typed in ["1", "5", "-1%", "101%", "some", "NaN%"] {
            assert!(typed.parse::<Fraction>().is_err(), "{typed}");
        }
    }
}
