//! Writes thresholds as the part of a policy file that sets them.

use crate::classify::Label;
use crate::policy::rules::Thresholds;

/// Returns the TOML tables of the labels whose thresholds differ. Empty if none does.
pub fn fragment(labels: &[Label], before: &Thresholds, after: &Thresholds) -> String {
    let bound = |bound: Option<f64>| bound.map_or_else(|| "\"never\"".to_owned(), |bound| format!("{bound:?}"));
    let mut tables = Vec::new();
    for label in labels {
        let (before, after) = (before[label.lane()], after[label.lane()]);
        if before == after {
            continue;
        }
        let mut table = format!("[thresholds.{label}]\nhold = {}\nreject = {}\n", bound(after.hold), bound(after.reject));
        if after.reject.is_some() {
            table.push_str(&format!("corroborate = {}\n", after.corroborate));
        }
        tables.push(table);
    }
    tables.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Threshold;

    #[test]
    fn only_what_differs_is_written() {
        let before = Thresholds::default();
        let mut after = before;
        after[Label::Spam.lane()] = Threshold { hold: Some(0.4), reject: Some(0.99), corroborate: true };
        after[Label::Insult.lane()] = Threshold { hold: Some(1.0), ..Threshold::default() };
        let text = fragment(&Label::ALL, &before, &after);
        let spam = "[thresholds.spam]\nhold = 0.4\nreject = 0.99\ncorroborate = true\n";
        assert_eq!(text, format!("{spam}\n[thresholds.insult]\nhold = 1.0\nreject = \"never\"\n"));
        assert_eq!(fragment(&Label::ALL, &before, &before), "");
    }
}
