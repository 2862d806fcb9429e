//! Reads a TOML file key by key and collects every mistake with its line, instead of stopping at the first.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A mistake in a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The file, environment variable or flag.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, and what is accepted.
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

/// All mistakes in a set of settings. Displayed with one mistake per line.
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

/// Parses `text` as TOML and reads it with `read`, which requests every key that it knows.
///
/// # Errors
/// Returns every syntax error, wrong value and unknown key in the file.
pub fn read<T>(file: &str, text: &str, read: impl FnOnce(&Section<'_>) -> T) -> Result<T, SettingsErrors> {
    let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
    let collector = ErrorCollector { file, line_starts: lines, errors: RefCell::default(), omitted: Cell::new(0) };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        collector.add(error.span().map_or(0, |span| collector.line_at(span.start)), error.message().to_owned());
    }
    let section =
        Section { errors: &collector, table: table.get_ref(), path: String::new(), requested_keys: RefCell::default() };
    let value = read(&section);
    section.report_unknown_keys();
    let mut mistakes = collector.errors.into_inner();
    mistakes.sort_by_key(|mistake| mistake.line);
    if collector.omitted.get() > 0 {
        let problem = format!("and {} more mistakes", collector.omitted.get());
        mistakes.push(SettingsError { file: file.to_owned(), line: 0, message: problem });
    }
    if mistakes.is_empty() { Ok(value) } else { Err(SettingsErrors(mistakes)) }
}

/// Maximum number of mistakes that are reported for one file.
const MAX_ERRORS: usize = 100;
/// Bounds the length of a report, in bytes: a message is cut to twice as many, and a key in it to a quarter.
const MAX_REPORTED_BYTES: usize = 400;

/// Collects the mistakes in one file.
struct ErrorCollector<'d> {
    file: &'d str,
    /// Byte offset at which each line but the first starts.
    line_starts: Vec<usize>,
    errors: RefCell<Vec<SettingsError>>,
    /// Number of mistakes that are not reported.
    omitted: Cell<usize>,
}

impl ErrorCollector<'_> {
    /// Returns the line of a byte offset. A binary search, because a file may have as many mistakes as lines.
    fn line_at(&self, offset: usize) -> usize {
        1 + self.line_starts.partition_point(|start| *start <= offset)
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

/// A table of the file. It records the keys that are requested, so that all others can be reported as unknown.
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

    /// Reports a value that was read but is not valid.
    pub fn report(&self, key: &str, problem: impl fmt::Display) {
        let line = self.table.get(key).map_or(0, |value| self.errors.line_at(value.span().start));
        self.errors.add(line, format!("{} {problem}", self.qualified_name(key)));
    }

    /// Returns the value of `key` as converted by `take`. Returns `None` if the key is missing, or if `take` does not accept
    /// the value; then reports that it must be `wanted`.
    pub fn value<T>(&self, key: &'static str, wanted: &str, take: impl FnOnce(&'d DeValue<'d>) -> Option<T>) -> Option<T> {
        let value = self.get(key)?.get_ref();
        let taken = take(value);
        if taken.is_none() {
            self.report(key, format_args!("must be {wanted}"));
        }
        taken
    }

    /// Returns the string at `key`.
    pub fn string(&self, key: &'static str) -> Option<String> {
        self.value(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// Returns the integer at `key`, which must be within `range`.
    pub fn integer(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.value(key, &wanted, |value| {
            let integer = value.as_integer()?;
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            u32::try_from(number).ok().filter(|number| range.contains(number))
        })
    }

    /// Returns the number at `key`, which must be within `range`.
    pub fn float(&self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        self.value(key, &wanted, |value| parse_number(value).filter(|number| range.contains(number)))
    }

    /// Returns the share at `key`, e.g. `"2%"`, as `0..=1`. The number `0` stands for none.
    pub fn share(&self, key: &'static str) -> Option<f64> {
        self.value(key, "a share such as \"2%\", from \"0%\" to \"100%\", or 0 for none", |value| {
            let percent = match value.as_str() {
                Some(text) => text.trim().strip_suffix('%').unwrap_or_default().trim().parse().ok(),
                None => parse_number(value).filter(|number| *number == 0.0),
            };
            percent.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent: f64| percent / 100.0)
        })
    }

    /// Returns the boolean at `key`.
    pub fn bool(&self, key: &'static str) -> Option<bool> {
        self.value(key, "true or false", DeValue::as_bool)
    }

    /// Returns the duration at `key`, e.g. `"10m"`.
    pub fn duration(&self, key: &'static str) -> Option<Duration> {
        self.value(key, "a duration such as \"30s\", \"10m\" or \"1h 30m\"", |value| {
            humantime::parse_duration(value.as_str()?).ok()
        })
    }

    /// Returns the list of strings at `key`, each converted by `parse`. Entries that `parse` does not accept are reported and
    /// left out.
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

    /// Reads the table at `key` with `read`, which requests every key that it knows. Returns `None` if there is no such table.
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
                let place = if self.path.is_empty() { String::new() } else { format!(" in [{}]", self.path) };
                let known = known.join(", ");
                let key = key.get_ref();
                let key = &key[..key.floor_char_boundary(MAX_REPORTED_BYTES / 4)];
                self.errors.add(line, format!("unknown key {key:?}; known keys{place}: {known}"));
            }
        }
    }
}

/// Sets `place` to the value, if there is one.
pub fn set_if_some<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Parses a TOML integer or float.
pub fn parse_number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
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
                "x.toml:5: inner.speed must be a duration such as \"30s\", \"10m\" or \"1h 30m\"",
                "x.toml:6: unknown key \"colour\"; known keys in [inner]: speed",
            ]
        );
    }

    #[test]
    fn syntax_errors_are_mistakes_too() {
        let SettingsErrors(mistakes) = read("x.toml", "a = 1\nb = = 2\n", |top| top.integer("a", 0..=1)).unwrap_err();
        assert!(mistakes.iter().any(|mistake| mistake.line == 2), "{mistakes:?}");
    }
}
