//! The rules by which a recipe reads the labels of rows.

use serde::Deserialize;
use serde_json::Value;

use super::Row;

/// A rule by which a head reads a row's label.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a rule is \"never\", \"ham\", { never = SHARE }, { field, is } or { field, above }")]
pub enum LabelRule {
    /// A rule named by a single word.
    Word(WordRule),
    /// Every row is negative, and only a share of the rows is learned.
    Never(NeverRule),
    /// A row is positive if a field has a value.
    Is(IsRule),
    /// A row is positive if a number exceeds a bound. A missing field counts as zero.
    Above(AboveRule),
}

/// The rules that are named by a single word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordRule {
    /// Every row is negative.
    Never,
    /// Rows labelled `ham` are negative; all others have no target.
    Ham,
}

/// The parameters of [`LabelRule::Never`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverRule {
    /// Probability that a row is learned in an epoch, drawn anew for each one. Otherwise a large source of harmless rows
    /// would teach its own style, and that every other style is suspect.
    pub never: f32,
}

/// The parameters of [`LabelRule::Is`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsRule {
    /// Path of the field, with dots: `labels.threat`.
    pub field: String,
    /// Value of a positive row, a number or a string.
    pub is: Value,
}

/// The parameters of [`LabelRule::Above`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboveRule {
    /// Path of the field, with dots: `labels.span_types.Threat`.
    pub field: String,
    /// Bound that the number of a positive row exceeds.
    pub above: f64,
}

impl LabelRule {
    /// Returns the path of the field that the rule reads, if it reads one.
    pub fn field(&self) -> Option<&str> {
        match self {
            LabelRule::Word(_) | LabelRule::Never(_) => None,
            LabelRule::Is(IsRule { field, .. }) | LabelRule::Above(AboveRule { field, .. }) => Some(field),
        }
    }

    /// Returns the probability that a row is learned in an epoch.
    pub fn sampling_rate(&self) -> f32 {
        match self {
            LabelRule::Never(NeverRule { never }) => *never,
            LabelRule::Word(_) | LabelRule::Is(_) | LabelRule::Above(_) => 1.0,
        }
    }

    /// Returns whether a row is positive. Returns `None` if the row has no target.
    pub fn label(&self, row: &Row) -> Option<bool> {
        match self {
            LabelRule::Word(WordRule::Never) | LabelRule::Never(_) => Some(false),
            LabelRule::Word(WordRule::Ham) => (row.label == "ham").then_some(false),
            LabelRule::Is(IsRule { field, is }) if field == "label" => Some(is.as_str() == Some(&row.label)),
            LabelRule::Is(IsRule { field, is }) => row.value_at(field).map(|value| value == is),
            LabelRule::Above(AboveRule { field, above }) => {
                Some(row.value_at(field).and_then(Value::as_f64).unwrap_or(0.0) > *above)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LabelRule, Row};

    fn row(json: &str) -> Row {
        Row::from_fields(serde_json::from_str(json).expect("JSON")).expect("a row")
    }

    fn rule(toml: &str) -> LabelRule {
        let table: toml::Table = format!("rule = {toml}").parse().expect("TOML");
        table["rule"].clone().try_into().expect("a rule")
    }

    #[test]
    fn rules_read_labels() {
        let spam = row(r#"{"text": "x", "label": "spam", "labels": {"threat": 1, "kinds": {"A b": 2}}}"#);
        let ham = row(r#"{"text": "x", "label": "ham", "labels": {"threat": 0}}"#);
        let both = |toml: &str| (rule(toml).label(&spam), rule(toml).label(&ham));
        assert_eq!(both(r#"{ field = "label", is = "spam" }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.threat", is = 1 }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.kinds.A b", above = 0 }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.other", is = 1 }"#), (None, None));
        assert_eq!(both(r#""ham""#), (None, Some(false)));
        assert_eq!(both(r#""never""#), (Some(false), Some(false)));
        assert_eq!(both("{ never = 0.5 }"), (Some(false), Some(false)));
        assert_eq!((rule("{ never = 0.5 }").sampling_rate(), rule(r#""never""#).sampling_rate()), (0.5, 1.0));
    }
}
