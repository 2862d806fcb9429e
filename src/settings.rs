//! Reads a TOML file key by key and collects every mistake with its line, instead of stopping at the first.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing wrong with a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The file, or `environment`.
    pub file: String,
    /// The line, from 1. 0: the file as a whole.
    pub line: usize,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Everything wrong with a set of settings, one mistake a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsErrors(pub Vec<SettingsError>);

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsErrors {}

/// Reads `text` with `read`, which takes every key it knows.
///
/// # Errors
/// Every syntax error, wrong value and unknown key in the file.
pub fn read<T>(file: &str, text: &str, read: impl FnOnce(&Section<'_>) -> T) -> Result<T, SettingsErrors> {
    let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
    let notes = ErrorCollector { file, line_starts: lines, errors: RefCell::default(), omitted: Cell::new(0) };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        notes.add(error.span().map_or(0, |span| notes.line_at(span.start)), error.message().to_owned());
    }
    let section = Section { errors: &notes, table: table.get_ref(), path: String::new(), requested_keys: RefCell::default() };
    let value = read(&section);
    section.report_unknown_keys();
    let mut mistakes = notes.errors.into_inner();
    mistakes.sort_by_key(|mistake| mistake.line);
    if notes.omitted.get() > 0 {
        let problem = format!("and {} more mistakes", notes.omitted.get());
        mistakes.push(SettingsError { file: file.to_owned(), line: 0, message: problem });
    }
    if mistakes.is_empty() { Ok(value) } else { Err(SettingsErrors(mistakes)) }
}

/// How many mistakes of one file are told: whoever made more looks at the first of them first.
const MAX_ERRORS: usize = 100;
/// How much of a key or of what the parser says is told, in bytes.
const MAX_REPORTED_BYTES: usize = 400;

struct ErrorCollector<'d> {
    file: &'d str,
    /// Where each line but the first begins.
    line_starts: Vec<usize>,
    errors: RefCell<Vec<SettingsError>>,
    /// How many are not told.
    omitted: Cell<usize>,
}

impl ErrorCollector<'_> {
    /// By halving: a file may have as many mistakes as lines.
    fn line_at(&self, at: usize) -> usize {
        1 + self.line_starts.partition_point(|begin| *begin <= at)
    }

    fn add(&self, line: usize, mut problem: String) {
        let mut mistakes = self.errors.borrow_mut();
        if mistakes.len() == MAX_ERRORS {
            self.omitted.set(self.omitted.get() + 1);
            return;
        }
        if problem.len() > 2 * MAX_REPORTED_BYTES {
            problem.truncate(problem.floor_char_boundary(2 * MAX_REPORTED_BYTES));
            problem.push('…');
        }
        mistakes.push(SettingsError { file: self.file.to_owned(), line, message: problem });
    }
}

/// A table of the file. Every key asked for is known; [`Section::finish`] reports the others.
pub struct Section<'d> {
    errors: &'d ErrorCollector<'d>,
    table: &'d DeTable<'d>,
    path: String,
    requested_keys: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.requested_keys.borrow_mut().push(key);
        self.table.get(key)
    }

    fn qualified_name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Reports a value that was read but makes no sense.
    pub fn report(&self, key: &str, problem: impl fmt::Display) {
        let line = self.table.get(key).map_or(0, |value| self.errors.line_at(value.span().start));
        self.errors.add(line, format!("{} {problem}", self.qualified_name(key)));
    }

    /// The value of `key` as `take` understands it, which is described by `wanted`.
    pub fn value<T>(&self, key: &'static str, wanted: &str, take: impl FnOnce(&'d DeValue<'d>) -> Option<T>) -> Option<T> {
        let value = self.get(key)?.get_ref();
        let taken = take(value);
        if taken.is_none() {
            self.report(key, format_args!("must be {wanted}"));
        }
        taken
    }

    /// A text.
    pub fn string(&self, key: &'static str) -> Option<String> {
        self.value(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A whole number within `range`.
    pub fn integer(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.value(key, &wanted, |value| {
            let integer = value.as_integer()?;
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            u32::try_from(number).ok().filter(|number| range.contains(number))
        })
    }

    /// A number within `range`.
    pub fn float(&self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        self.value(key, &wanted, |value| parse_number(value).filter(|number| range.contains(number)))
    }

    /// A share, e.g. `"2%"`; also `0` for none. `0..=1`.
    pub fn share(&self, key: &'static str) -> Option<f64> {
        self.value(key, "a share such as \"2%\", from \"0%\" to \"100%\", or 0 for none", |value| {
            let percent = match value.as_str() {
                Some(text) => text.trim().strip_suffix('%').unwrap_or_default().trim().parse().ok(),
                None => parse_number(value).filter(|number| *number == 0.0),
            };
            percent.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent: f64| percent / 100.0)
        })
    }

    /// `true` or `false`.
    pub fn bool(&self, key: &'static str) -> Option<bool> {
        self.value(key, "true or false", DeValue::as_bool)
    }

    /// A length of time, e.g. `"10m"`.
    pub fn duration(&self, key: &'static str) -> Option<Duration> {
        self.value(key, "a length of time such as \"30s\", \"10m\" or \"1h 30m\"", |value| {
            humantime::parse_duration(value.as_str()?).ok()
        })
    }

    /// A list of texts, each as `parse` understands it.
    pub fn list<T>(&self, key: &'static str, mut parse: impl FnMut(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let items = self.value(key, "a list of strings", |value| value.as_array().map(|array| array.iter()))?;
        let mut list = Vec::new();
        for item in items {
            match item.get_ref().as_str().ok_or_else(|| "must be a string".to_owned()).and_then(&mut parse) {
                Ok(value) => list.push(value),
                Err(problem) => {
                    self.errors.add(
                        self.errors.line_at(item.span().start),
                        format!("an entry of {} {problem}", self.qualified_name(key)),
                    );
                }
            }
        }
        Some(list)
    }

    /// Reads the table `key` with `read`, which takes every key it knows. `None`: there is no such table.
    pub fn section<T>(&self, key: &'static str, read: impl FnOnce(&Section<'d>) -> T) -> Option<T> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.report(key, "must be a table");
            return None;
        };
        let section =
            Section { errors: self.errors, table, path: self.qualified_name(key), requested_keys: RefCell::default() };
        let value = read(&section);
        section.report_unknown_keys();
        Some(value)
    }

    fn report_unknown_keys(&self) {
        let known = self.requested_keys.borrow();
        for (key, _) in self.table {
            if !known.iter().any(|known| known == key.get_ref()) {
                let line = self.errors.line_at(key.span().start);
                let place = if self.path.is_empty() { "here".to_owned() } else { format!("in [{}]", self.path) };
                let known = known.join(", ");
                let key = key.get_ref();
                let key = &key[..key.floor_char_boundary(MAX_REPORTED_BYTES / 4)];
                self.errors.add(line, format!("unknown key {key:?}; {place} these are known: {known}"));
            }
        }
    }
}

/// Replaces `place` by the value, if there is one.
pub fn set_if_some<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// A TOML number, whole or not.
pub fn parse_number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(parse_number) => parse_number.as_str().parse().ok(),
        DeValue::Integer(integer) => integer.as_str().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported_with_its_line() {
        let text = "size = 99\nname = 3\n\n[inner]\nspeed = \"fast\"\ncolour = 1\n";
        let SettingsErrors(mistakes) = read("x.toml", text, |top| {
            top.integer("size", 1..=10);
            top.string("name");
            top.section("inner", |inner| inner.duration("speed"));
        })
        .unwrap_err();
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "x.toml:1: size must be a whole number from 1 to 10",
                "x.toml:2: name must be a string",
                "x.toml:5: inner.speed must be a length of time such as \"30s\", \"10m\" or \"1h 30m\"",
                "x.toml:6: unknown key \"colour\"; in [inner] these are known: speed",
            ]
        );
    }

    #[test]
    fn syntax_errors_are_mistakes_too() {
        let SettingsErrors(mistakes) = read("x.toml", "a = 1\nb = = 2\n", |top| top.integer("a", 0..=1)).unwrap_err();
        assert!(mistakes.iter().any(|mistake| mistake.line == 2), "{mistakes:?}");
    }
}
