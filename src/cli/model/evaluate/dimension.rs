//! The fields by which rows are grouped, with their values.

use std::collections::HashMap;

/// Maximum number of distinct values of a field. It bounds the memory for files with thousands of values.
pub const MAX_VALUES: usize = 200;

/// A field by which rows are grouped: `source`, `language`, or one given by `--by`.
pub struct Dimension {
    pub name: String,
    pub values: Vec<String>,
    indices: HashMap<String, u16>,
}

impl Dimension {
    /// Creates a dimension without values.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), values: Vec::new(), indices: HashMap::new() }
    }

    /// Returns the index of a value, and adds the value if it is new. Values beyond [`MAX_VALUES`] share one index.
    pub fn intern(&mut self, value: Option<String>) -> u16 {
        let value = value.unwrap_or_else(|| "(none)".to_owned());
        let value =
            if self.values.len() < MAX_VALUES || self.indices.contains_key(&value) { value } else { "(others)".to_owned() };
        if let Some(index) = self.indices.get(&value) {
            return *index;
        }
        // The number of values is bounded by [`MAX_VALUES`].
        let index = self.values.len() as u16;
        self.indices.insert(value.clone(), index);
        self.values.push(value);
        index
    }

    /// Returns the index of a value. Returns `None` if it was never added.
    pub fn find(&self, value: &str) -> Option<u16> {
        self.indices.get(value).copied()
    }

    /// Returns the values in alphabetical order, each with its index.
    pub fn ordered(&self) -> Vec<(u16, &str)> {
        let mut ordered: Vec<(u16, &str)> = (0..).zip(self.values.iter().map(String::as_str)).collect();
        ordered.sort_by_key(|(_, value)| *value);
        ordered
    }
}
