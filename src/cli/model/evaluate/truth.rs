//! Reads the truth of each head from a labelled row: from its label, by `--truth` options, or by a recipe.

use std::path::Path;
use std::str::FromStr;

use serde_json::Value;

use crate::classify::Label;
use crate::classify::recipe::{Recipe, RecipeSource};
use crate::classify::rows::{PostTextKind, Row};
use crate::cli::labelled::{self, RowLabel, yes_or_no};
use crate::cli::rows::{Fields, value_text};

/// Whether the row is positive, by head. `None` if the row has no truth for the head.
pub type Truths = [Option<bool>; Label::ALL.len()];

/// The value of `--truth LABEL=FIELD[:VALUE]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthOverride {
    label: Label,
    field: String,
    /// Value of a positive row. `None`: any value that is true or above zero.
    value: Option<String>,
}

impl FromStr for TruthOverride {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let (label, rest) =
            typed.split_once('=').ok_or("must be LABEL=FIELD or LABEL=FIELD:VALUE, e.g. spam=labels.class:1")?;
        let (field, value) = match rest.split_once(':') {
            Some((field, value)) => (field, Some(value.to_owned())),
            None => (rest, None),
        };
        Ok(Self { label: head(label)?, field: field.to_owned(), value })
    }
}

/// Parses a label as given by `--head`.
pub fn head(name: &str) -> Result<Label, String> {
    Label::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Label::ALL.into_iter().map(Label::as_str).collect();
        format!("must be one of {}", known.join(", "))
    })
}

/// A reader of truths.
pub struct TruthReader<'a> {
    /// Heads given by `--head`; empty for all.
    pub heads: &'a [Label],
    /// Overrides given by `--truth`.
    pub overrides: &'a [TruthOverride],
    /// Recipe given by `--recipe`.
    pub recipe: Option<&'a Recipe>,
}

impl TruthReader<'_> {
    /// Returns the recipe's entry for a file.
    pub fn source(&self, file: &Path) -> Option<&RecipeSource> {
        let recipe = self.recipe?;
        let name = labelled::source_name(file);
        recipe.sources.iter().chain(&recipe.checks).find(|source| labelled::source_name(Path::new(&source.file)) == name)
    }

    /// Returns the truths of a row, and its label: `ham`, `spam`, `toxic` or the file's own.
    ///
    /// # Errors
    /// Returns a message if the recipe cannot read the row.
    pub fn read(&self, fields: &Fields, source: Option<&RecipeSource>) -> Result<(Truths, Option<String>), String> {
        let row_label = labelled::row_label(fields);
        let mut truths = Truths::default();
        match source {
            Some(source) => {
                let row = recipe_row(fields)?;
                for label in Label::ALL {
                    truths[label.lane()] = source.rule(label).and_then(|rule| rule.label(&row));
                }
            }
            None => {
                for label in Label::ALL {
                    truths[label.lane()] = self.by_default(label, row_label.as_ref(), fields);
                }
            }
        }
        for TruthOverride { label, field, value } in self.overrides {
            let found = labelled::value_at(fields, field);
            truths[label.lane()] = match value {
                Some(value) => found.map(|found| value_text(found) == *value),
                None => found.and_then(yes_or_no),
            };
        }
        if !self.heads.is_empty() {
            for label in Label::ALL.into_iter().filter(|label| !self.heads.contains(label)) {
                truths[label.lane()] = None;
            }
        }
        let word = match row_label {
            Some(RowLabel::Word(word)) => Some(word),
            Some(RowLabel::Binary(_)) | None => derived_label(&truths).map(str::to_owned),
        };
        Ok((truths, word))
    }

    /// Returns the truth of a head from the row's own labels.
    fn by_default(&self, label: Label, row_label: Option<&RowLabel>, fields: &Fields) -> Option<bool> {
        match (label, row_label) {
            (_, Some(RowLabel::Binary(gold))) if self.heads == [label] => return Some(*gold),
            (Label::Spam, Some(RowLabel::Word(word))) if is_known(word) => return Some(word == "spam"),
            (Label::Toxicity, Some(RowLabel::Word(word))) if is_known(word) => return Some(word == "toxic"),
            _ => {}
        }
        let labels = fields.get("labels")?;
        let alias = match label {
            Label::Toxicity => "toxic",
            Label::SevereToxicity => "severe_toxic",
            Label::IdentityAttack => "identity_hate",
            Label::Spam | Label::Insult | Label::Threat | Label::Obscene => "",
        };
        labels.get(label.as_str()).or_else(|| labels.get(alias)).and_then(yes_or_no)
    }
}

/// Returns whether a label is one of the three known ones.
fn is_known(word: &str) -> bool {
    ["ham", "spam", "toxic"].contains(&word)
}

/// Returns the label of a row that has none of its own.
fn derived_label(truths: &Truths) -> Option<&'static str> {
    let of = |label: Label| truths[label.lane()];
    match (of(Label::Spam), of(Label::Toxicity)) {
        (Some(true), _) => Some("spam"),
        _ if Label::ALL.into_iter().any(|label| of(label) == Some(true)) => Some("toxic"),
        (None, None) => None,
        _ => Some("ham"),
    }
}

/// Returns the row for the recipe's rules. It has no text, because rules read labels only.
fn recipe_row(fields: &Fields) -> Result<Row, String> {
    let mut row = Fields::new();
    row.insert("text".to_owned(), Value::String(String::new()));
    if let Some(label) = fields.get("label").filter(|value| !value.is_null()) {
        row.insert("label".to_owned(), Value::String(value_text(label)));
    }
    if let Some(labels) = fields.get("labels") {
        row.insert("labels".to_owned(), labels.clone());
    }
    Row::from_fields(row).map_err(|problem| format!("is not a row that a recipe can read: {problem}"))
}

/// Moves `post_text` to the field that the recipe says it means.
pub fn move_post_text(fields: &mut Fields, source: Option<&RecipeSource>) {
    if source.is_some_and(|source| source.post == PostTextKind::Parent)
        && let Some(text) = fields.remove("post_text")
    {
        fields.entry("parent_text").or_insert(text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(reading: &TruthReader<'_>, row: Value) -> (Truths, Option<String>) {
        match row {
            Value::Object(fields) => reading.read(&fields, None).unwrap(),
            other => panic!("{other} is no object"),
        }
    }

    fn of(truths: &Truths, label: Label) -> Option<bool> {
        truths[label.lane()]
    }

    const PLAIN: TruthReader<'_> = TruthReader { heads: &[], overrides: &[], recipe: None };

    #[test]
    fn one_word_speaks_for_spam_and_toxicity() {
        let (truths, word) = read(&PLAIN, json!({"label": "toxic"}));
        assert_eq!((of(&truths, Label::Spam), of(&truths, Label::Toxicity)), (Some(false), Some(true)));
        assert_eq!((of(&truths, Label::Insult), word.as_deref()), (None, Some("toxic")));
        let (truths, word) = read(&PLAIN, json!({"label": "boring"}));
        assert_eq!((truths, word.as_deref()), (Truths::default(), Some("boring")));
    }

    #[test]
    fn the_other_heads_need_labels_of_their_own() {
        let row = json!({"labels": {"insult": 1, "threat": false, "identity_hate": 2.0, "severe_toxic": 0, "toxic": 1}});
        let (truths, word) = read(&PLAIN, row);
        assert_eq!(truths, [None, Some(true), Some(false), Some(true), Some(false), Some(true), None]);
        assert_eq!(word.as_deref(), Some("toxic"));
    }

    #[test]
    fn gold_counts_for_the_one_head_that_is_named() {
        let one = TruthReader { heads: &[Label::Spam], ..PLAIN };
        assert_eq!(of(&read(&one, json!({"gold": 1})).0, Label::Spam), Some(true));
        let two = TruthReader { heads: &[Label::Spam, Label::Insult], ..PLAIN };
        assert_eq!(read(&two, json!({"gold": 1})), (Truths::default(), None));
    }

    #[test]
    fn an_option_says_how_one_head_is_read() {
        let overrides = ["identity_attack=labels.class:hate".parse().unwrap(), "insult=rude".parse().unwrap()];
        let reading = TruthReader { overrides: &overrides, ..PLAIN };
        let (truths, _) = read(&reading, json!({"label": "ham", "labels": {"class": "hate"}, "rude": 0}));
        assert_eq!((of(&truths, Label::IdentityAttack), of(&truths, Label::Insult)), (Some(true), Some(false)));
        assert!("rudeness=x".parse::<TruthOverride>().is_err());
    }
}
