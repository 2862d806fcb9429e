//! The statements of an archive about the status of a comment, in the vocabularies of many systems.
//!
//! The strictest statement counts, and one that is not understood never publishes a comment.

mod answer;
#[cfg(test)]
mod tests;

use serde_json::Value;

use answer::YesNo;

use super::status::ImportedStatus;
use super::vocabulary::{FieldMeaning, MAX_WORD, parse_status};
use super::xml::local_name;
use crate::cli::lines::Fields;
use crate::cli::rows::value_text;
use crate::cli::text;

/// Maximum number of items of a list that are read, and of doubts that are kept.
const MAX_ITEMS: usize = 16;
/// Maximum number of characters quoted from a value that is not understood.
const MAX_QUOTED: usize = 40;

/// The statements of an archive about the status of a comment.
#[derive(Debug, Default)]
pub struct StatusClaims {
    /// The strictest status stated so far.
    strictest: Option<ImportedStatus>,
    /// Statements that are not understood, each with the name of its field.
    doubts: Vec<String>,
}

impl StatusClaims {
    /// Returns the strictest status, or `None` if no statement was made.
    pub fn status(&self) -> Option<ImportedStatus> {
        self.strictest
    }

    /// Returns the statements that were not understood, each with the name of its field, for the report.
    pub fn doubts(self) -> Vec<String> {
        self.doubts
    }

    /// Adds a status.
    pub fn add(&mut self, status: ImportedStatus) {
        self.strictest = self.strictest.max(Some(status));
    }

    /// Adds a statement that is not understood, and holds the comment for a moderator.
    pub fn add_doubt(&mut self, statement: String) {
        self.add(ImportedStatus::HELD);
        if self.doubts.len() < MAX_ITEMS {
            self.doubts.push(statement);
        }
    }

    /// Adds the statement of an XML element, if its name is one that describes a status.
    pub fn add_element(&mut self, name: &str, text: &str) {
        if let Some(meaning) = FieldMeaning::of_field(local_name(name)) {
            self.add_value(local_name(name), meaning, &Value::String(text.chars().take(MAX_WORD + 1).collect()));
        }
    }

    /// Adds the statements of all fields that describe a status, and removes those fields.
    ///
    /// Objects that may hold other data too, such as the author, stay without the fields that were read from them.
    pub fn extract(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| match FieldMeaning::of_field(name) {
            None => true,
            Some(FieldMeaning::Nested) => {
                self.add_nested(value);
                true
            }
            Some(FieldMeaning::Author) => {
                self.add_author(value);
                true
            }
            Some(FieldMeaning::Post) => {
                self.add_post(value);
                true
            }
            Some(FieldMeaning::StatusWord) if value.is_object() => {
                self.add_verdict_object(name, value);
                true
            }
            Some(meaning) => {
                self.add_value(name, meaning, value);
                false
            }
        });
    }

    /// Adds the statement of a field. The strictest item of a list counts.
    fn add_value(&mut self, name: &str, meaning: FieldMeaning, value: &Value) {
        if let Value::Array(items) = value
            && !items.is_empty()
        {
            items.iter().take(MAX_ITEMS).for_each(|item| self.add_value(name, meaning, item));
            if items.len() > MAX_ITEMS {
                self.add_doubt(describe(name, value));
            }
            return;
        }
        let word = value.as_str().and_then(parse_status);
        match (meaning, YesNo::parse(value)) {
            (FieldMeaning::Deleted | FieldMeaning::Spam | FieldMeaning::Held | FieldMeaning::Blocked, YesNo::No) => {}
            (FieldMeaning::Deleted, _) => self.add(ImportedStatus::Deleted),
            (FieldMeaning::Spam, YesNo::Yes) => self.add(ImportedStatus::REJECTED),
            (FieldMeaning::Spam, YesNo::Other) => match word.filter(|status| *status >= ImportedStatus::REJECTED) {
                Some(status) => self.add(status),
                // For example a score.
                None => self.add_doubt(describe(name, value)),
            },
            (FieldMeaning::Held | FieldMeaning::Blocked, _) => {
                self.add(word.unwrap_or(ImportedStatus::HELD).max(ImportedStatus::HELD))
            }
            (FieldMeaning::Approved | FieldMeaning::Shown, YesNo::No) => self.add(ImportedStatus::HELD),
            (FieldMeaning::Approved, YesNo::Yes) => self.add(ImportedStatus::APPROVED),
            (FieldMeaning::Shown, YesNo::Yes) => {}
            (FieldMeaning::Shown, YesNo::Other) if word == Some(ImportedStatus::APPROVED) => {}
            (FieldMeaning::Approved | FieldMeaning::Shown, YesNo::Other) => self.add_word(name, word, value),
            (FieldMeaning::StatusWord, _) if value.is_null() => {}
            (FieldMeaning::StatusWord, _) => {
                // A whole number is read like its text. 1.0 is not a status word.
                let word = word.or_else(|| value.is_u64().then(|| parse_status(&value_text(value)))?);
                self.add_word(name, word, value);
            }
            (FieldMeaning::IssoMode, _) if value.is_null() => {}
            (FieldMeaning::IssoMode, _) => {
                let status = match value_text(value).trim() {
                    "1" => Some(ImportedStatus::APPROVED),
                    "2" => Some(ImportedStatus::HELD),
                    "4" => Some(ImportedStatus::Deleted),
                    _ => None,
                };
                self.add_word(name, status, value);
            }
            (FieldMeaning::PostStatusWord, _) => {
                if word == Some(ImportedStatus::Deleted) {
                    self.add(ImportedStatus::PostDeleted);
                }
            }
            (FieldMeaning::Nested | FieldMeaning::Author | FieldMeaning::Post, _) => {}
        }
    }

    fn add_word(&mut self, name: &str, word: Option<ImportedStatus>, value: &Value) {
        match word {
            Some(status) => self.add(status),
            None => self.add_doubt(describe(name, value)),
        }
    }

    /// Adds the statements of an object that takes the place of a status word, such as a verdict.
    fn add_verdict_object(&mut self, name: &str, value: &mut Value) {
        let Value::Object(fields) = value else { return };
        if fields.is_empty() {
            return;
        }
        let mut inner = Self::default();
        inner.extract(fields);
        match inner.strictest {
            Some(status) => self.add(status),
            None => self.add_doubt(format!("{} without a decision", text::escape_line(name, MAX_WORD))),
        }
        self.doubts.extend(inner.doubts);
        self.doubts.truncate(MAX_ITEMS);
    }

    /// Adds the statements within a nested value: fields, or names of flags.
    fn add_nested(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.extract(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.add_nested(item)),
            Value::String(name) => {
                if let Some(
                    meaning @ (FieldMeaning::Deleted | FieldMeaning::Spam | FieldMeaning::Held | FieldMeaning::Blocked),
                ) = FieldMeaning::of_field(name)
                {
                    self.add_value(name, meaning, &Value::Bool(true));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds whether an author is blocked. Other statements about authors do not apply to their comments.
    fn add_author(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            self.extract_author(fields);
        }
    }

    /// Adds the statements of the fields that say whether an author is blocked, and removes those fields.
    pub fn extract_author(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| {
            let blocked = FieldMeaning::of_field(name) == Some(FieldMeaning::Blocked);
            if blocked {
                self.add_value(name, FieldMeaning::Blocked, value);
            }
            !blocked
        });
    }

    /// Adds whether a post was deleted. Other statements about posts do not apply to their comments.
    fn add_post(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            let mut claims = Self::default();
            fields.retain(|name, value| {
                let meaning = FieldMeaning::of_field(name).filter(|meaning| {
                    matches!(meaning, FieldMeaning::Deleted | FieldMeaning::StatusWord | FieldMeaning::PostStatusWord)
                });
                meaning.into_iter().for_each(|meaning| claims.add_value(name, meaning, value));
                meaning.is_none()
            });
            if claims.strictest >= Some(ImportedStatus::Deleted) {
                self.add(ImportedStatus::PostDeleted);
            }
        }
    }
}

/// Describes a statement that is not understood.
fn describe(name: &str, value: &Value) -> String {
    let name = text::escape_line(name, MAX_WORD);
    match value {
        Value::Array(_) => format!("{name} with a list"),
        Value::Object(_) => format!("{name} with fields"),
        value => format!("{name} {:?}", text::escape_line(&value_text(value), MAX_QUOTED)),
    }
}
