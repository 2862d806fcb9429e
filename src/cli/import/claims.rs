//! What an archive says became of a comment, in whatever words: of all that it says, the strictest counts, and what is not
//! understood never publishes a comment.

mod answer;
#[cfg(test)]
mod tests;

use serde_json::Value;

use answer::Answer;

use super::status::Status;
use super::words::{MAX_WORD, Says, parse_status};
use super::xml::local;
use crate::cli::lines::Fields;
use crate::cli::rows::plain;
use crate::cli::text;

/// Most items of a list that are looked at.
const MAX_ITEMS: usize = 16;
/// How much is repeated of what is not understood, in characters.
const MAX_SAID: usize = 40;

/// All that an archive says became of a comment.
#[derive(Debug, Default)]
pub struct Claims {
    strictest: Option<Status>,
    /// What of it is not understood, with its name.
    doubts: Vec<String>,
}

impl Claims {
    /// Returns the strictest of what was said. `None`: nothing was.
    pub fn status(&self) -> Option<Status> {
        self.strictest
    }

    /// Returns what was not understood, each with its name, for the report.
    pub fn doubts(self) -> Vec<String> {
        self.doubts
    }

    /// Adds what is known from elsewhere.
    pub fn add(&mut self, status: Status) {
        self.strictest = self.strictest.max(Some(status));
    }

    /// Adds something that is not understood: it needs a moderator's eye.
    pub fn doubt(&mut self, what: String) {
        self.add(Status::HELD);
        if self.doubts.len() < MAX_ITEMS {
            self.doubts.push(what);
        }
    }

    /// Adds what an element of XML says, if its name is one of those that say something.
    pub fn element(&mut self, name: &str, text: &str) {
        if let Some(says) = Says::of(local(name)) {
            self.value(local(name), says, &Value::String(text.chars().take(MAX_WORD + 1).collect()));
        }
    }

    /// Takes out the fields that say something, and adds what they say. What has more in it than that stays.
    pub fn take(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| match Says::of(name) {
            None => true,
            Some(Says::Nested) => {
                self.more(value);
                true
            }
            Some(Says::Author) => {
                self.author(value);
                true
            }
            Some(Says::Post) => {
                self.post(value);
                true
            }
            Some(Says::StatusWord) if value.is_object() => {
                self.word_in(name, value);
                true
            }
            Some(says) => {
                self.value(name, says, value);
                false
            }
        });
    }

    /// Adds what a field says of a comment. Of a list, the strictest item counts.
    fn value(&mut self, name: &str, says: Says, value: &Value) {
        if let Value::Array(items) = value
            && !items.is_empty()
        {
            items.iter().take(MAX_ITEMS).for_each(|item| self.value(name, says, item));
            if items.len() > MAX_ITEMS {
                self.doubt(said(name, value));
            }
            return;
        }
        let word = value.as_str().and_then(parse_status);
        match (says, Answer::of(value)) {
            (Says::Deleted | Says::Spam | Says::Held | Says::Blocked, Answer::No) => {}
            (Says::Deleted, _) => self.add(Status::Deleted),
            (Says::Spam, Answer::Yes) => self.add(Status::REJECTED),
            (Says::Spam, Answer::Other) => match word.filter(|status| *status >= Status::REJECTED) {
                Some(status) => self.add(status),
                // A score, for example.
                None => self.doubt(said(name, value)),
            },
            (Says::Held | Says::Blocked, _) => self.add(word.unwrap_or(Status::HELD).max(Status::HELD)),
            (Says::Approved | Says::Shown, Answer::No) => self.add(Status::HELD),
            (Says::Approved, Answer::Yes) => self.add(Status::APPROVED),
            (Says::Shown, Answer::Yes) => {}
            (Says::Shown, Answer::Other) if word == Some(Status::APPROVED) => {}
            (Says::Approved | Says::Shown, Answer::Other) => self.word(name, word, value),
            (Says::StatusWord, _) if value.is_null() => {}
            (Says::StatusWord, _) => {
                // Numbers are the same as text, and 1.0 is no word.
                let word = word.or_else(|| value.is_u64().then(|| parse_status(&plain(value)))?);
                self.word(name, word, value);
            }
            (Says::IssoMode, _) if value.is_null() => {}
            (Says::IssoMode, _) => {
                let status = match plain(value).trim() {
                    "1" => Some(Status::APPROVED),
                    "2" => Some(Status::HELD),
                    "4" => Some(Status::Deleted),
                    _ => None,
                };
                self.word(name, status, value);
            }
            (Says::PostStatusWord, _) => {
                if word == Some(Status::Deleted) {
                    self.add(Status::PostDeleted);
                }
            }
            (Says::Nested | Says::Author | Says::Post, _) => {}
        }
    }

    fn word(&mut self, name: &str, word: Option<Status>, value: &Value) {
        match word {
            Some(status) => self.add(status),
            None => self.doubt(said(name, value)),
        }
    }

    /// Adds what the fields of an object say that stands where a word may stand, such as a verdict.
    fn word_in(&mut self, name: &str, value: &mut Value) {
        let Value::Object(fields) = value else { return };
        if fields.is_empty() {
            return;
        }
        let mut inner = Self::default();
        inner.take(fields);
        match inner.strictest {
            Some(status) => self.add(status),
            None => self.doubt(format!("{} without a decision", text::line(name, MAX_WORD))),
        }
        self.doubts.extend(inner.doubts);
        self.doubts.truncate(MAX_ITEMS);
    }

    /// Adds what stands among other things: fields, or names of flags.
    fn more(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.take(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.more(item)),
            Value::String(name) => {
                if let Some(says @ (Says::Deleted | Says::Spam | Says::Held | Says::Blocked)) = Says::of(name) {
                    self.value(name, says, &Value::Bool(true));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds that an author may not write. What else is said of authors is not said of their comments.
    fn author(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            self.take_author(fields);
        }
    }

    /// Takes out the fields of an author that say whether they may write, and adds what they say.
    pub fn take_author(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| {
            let blocked = Says::of(name) == Some(Says::Blocked);
            if blocked {
                self.value(name, Says::Blocked, value);
            }
            !blocked
        });
    }

    /// Adds that a post was thrown away. What else is said of posts is not said of their comments.
    fn post(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            let mut said = Self::default();
            fields.retain(|name, value| {
                let says = Says::of(name).filter(|says| matches!(says, Says::Deleted | Says::StatusWord | Says::PostStatusWord));
                says.into_iter().for_each(|says| said.value(name, says, value));
                says.is_none()
            });
            if said.strictest >= Some(Status::Deleted) {
                self.add(Status::PostDeleted);
            }
        }
    }
}

fn said(name: &str, value: &Value) -> String {
    let name = text::line(name, MAX_WORD);
    match value {
        Value::Array(_) => format!("{name} with a list"),
        Value::Object(_) => format!("{name} with fields"),
        value => format!("{name} {:?}", text::line(&plain(value), MAX_SAID)),
    }
}
