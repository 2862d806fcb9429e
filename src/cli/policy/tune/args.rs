//! Options of `policy tune`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::connect::ConnectArgs;
use crate::cli::labelled::RowFilterArgs;

/// Options of `policy tune`.
#[derive(Debug, clap::Args)]
pub struct TuneArgs {
    /// Files of labelled comments, JSONL, gzipped or not; - is standard input. Without files, the latest outcomes that the site
    /// of --site has learned, each with its scores before it was learned
    #[arg(long = "data", value_name = "FILE", num_args = 1..)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub choice: RowFilterArgs,
    /// Maximum share of the spam, and of the toxic comments, that may be approved
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub max_missed: Fraction,
    /// Maximum share of the harmless comments that may be rejected
    #[arg(long, value_name = "SHARE", default_value = "0.1%")]
    pub max_false_reject: Fraction,
    /// Number of held comments that the moderators can decide per day
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub queue_per_day: u32,
    /// Number of comments that the site gets per day
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub comments_per_day: u32,
    /// Share of spam in the site's comments [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    pub spam_share: Option<Fraction>,
    /// Share of toxic comments in the site's comments [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    pub toxic_share: Option<Fraction>,
    /// Also propose thresholds that reject abuse; --max-false-reject is then divided among the labels
    #[arg(long)]
    pub reject_abuse: bool,
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// Folder of policy files (*.toml)
    #[arg(long, value_name = "DIR")]
    pub policy_dir: Option<PathBuf>,
    /// Model file to use instead of the compiled-in one
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Tables for people
    #[default]
    Table,
    /// One JSON object
    Json,
    /// Only the part for the policy file
    Toml,
}

/// A share, written as `1%` or `0.01`.
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
        // A bare 1 could mean 1 % or 100 %.
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
