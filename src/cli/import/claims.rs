//! What an archive says became of a comment, in whatever words: of all that it says, the strictest counts, and what is not
//! understood never publishes a comment.

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

/// Most items of a list that are looked at.
const MAX_ITEMS: usize = 16;
/// How much is repeated of what is not understood, in characters.
const MAX_QUOTED: usize = 40;

/// All that an archive says became of a comment.
#[derive(Debug, Default)]
pub struct StatusClaims {
    strictest: Option<ImportedStatus>,
    /// What of it is not understood, with its name.
    doubts: Vec<String>,
}

impl StatusClaims {
    /// Returns the strictest of what was said. `None`: nothing was.
    pub fn status(&self) -> Option<ImportedStatus> {
        self.strictest
    }

    /// Returns what was not understood, each with its name, for the report.
    pub fn doubts(self) -> Vec<String> {
        self.doubts
    }

    /// Adds what is known from elsewhere.
    pub fn add(&mut self, status: ImportedStatus) {
        self.strictest = self.strictest.max(Some(status));
    }

    /// Adds something that is not understood: it needs a moderator's eye.
    pub fn add_doubt(&mut self, what: String) {
        self.add(ImportedStatus::HELD);
        if self.doubts.len() < MAX_ITEMS {
            self.doubts.push(what);
        }
    }

    /// Adds what an element of XML says, if its name is one of those that say something.
    pub fn add_element(&mut self, name: &str, text: &str) {
        if let Some(says) = FieldMeaning::of_field(local_name(name)) {
            self.add_value(local_name(name), says, &Value::String(text.chars().take(MAX_WORD + 1).collect()));
        }
    }

    /// Takes out the fields that say something, and adds what they say. What has more in it than that stays.
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
            Some(says) => {
                self.add_value(name, says, value);
                false
            }
        });
    }

    /// Adds what a field says of a comment. Of a list, the strictest item counts.
    fn add_value(&mut self, name: &str, says: FieldMeaning, value: &Value) {
        if let Value::Array(items) = value
            && !items.is_empty()
        {
            items.iter().take(MAX_ITEMS).for_each(|item| self.add_value(name, says, item));
            if items.len() > MAX_ITEMS {
                self.add_doubt(describe(name, value));
            }
            return;
        }
        let word = value.as_str().and_then(parse_status);
        match (says, YesNo::parse(value)) {
            (FieldMeaning::Deleted | FieldMeaning::Spam | FieldMeaning::Held | FieldMeaning::Blocked, YesNo::No) => {}
            (FieldMeaning::Deleted, _) => self.add(ImportedStatus::Deleted),
            (FieldMeaning::Spam, YesNo::Yes) => self.add(ImportedStatus::REJECTED),
            (FieldMeaning::Spam, YesNo::Other) => match word.filter(|status| *status >= ImportedStatus::REJECTED) {
                Some(status) => self.add(status),
                // A score, for example.
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
                // Numbers are the same as text, and 1.0 is no word.
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

    /// Adds what the fields of an object say that stands where a word may stand, such as a verdict.
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

    /// Adds what stands among other things: fields, or names of flags.
    fn add_nested(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.extract(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.add_nested(item)),
            Value::String(name) => {
                if let Some(says @ (FieldMeaning::Deleted | FieldMeaning::Spam | FieldMeaning::Held | FieldMeaning::Blocked)) =
                    FieldMeaning::of_field(name)
                {
                    self.add_value(name, says, &Value::Bool(true));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds that an author may not write. What else is said of authors is not said of their comments.
    fn add_author(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            self.extract_author(fields);
        }
    }

    /// Takes out the fields of an author that say whether they may write, and adds what they say.
    pub fn extract_author(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| {
            let blocked = FieldMeaning::of_field(name) == Some(FieldMeaning::Blocked);
            if blocked {
                self.add_value(name, FieldMeaning::Blocked, value);
            }
            !blocked
        });
    }

    /// Adds that a post was thrown away. What else is said of posts is not said of their comments.
    fn add_post(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            let mut said = Self::default();
            fields.retain(|name, value| {
                let says = FieldMeaning::of_field(name).filter(|says| {
                    matches!(says, FieldMeaning::Deleted | FieldMeaning::StatusWord | FieldMeaning::PostStatusWord)
                });
                says.into_iter().for_each(|says| said.add_value(name, says, value));
                says.is_none()
            });
            if said.strictest >= Some(ImportedStatus::Deleted) {
                self.add(ImportedStatus::PostDeleted);
            }
        }
    }
}

fn describe(name: &str, value: &Value) -> String {
    let name = text::escape_line(name, MAX_WORD);
    match value {
        Value::Array(_) => format!("{name} with a list"),
        Value::Object(_) => format!("{name} with fields"),
        value => format!("{name} {:?}", text::escape_line(&value_text(value), MAX_QUOTED)),
    }
}
