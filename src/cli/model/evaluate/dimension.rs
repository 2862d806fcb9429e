//! The fields by which rows are told apart, with the values that they take.

use std::collections::HashMap;

/// Different values of a field that are told apart: a file that names thousands must not fill the memory.
pub const MAX_VALUES: usize = 200;

/// A field by which rows are told apart: `source`, `language`, or one that was asked for.
pub struct Dimension {
    pub name: String,
    pub values: Vec<String>,
    places: HashMap<String, u16>,
}

impl Dimension {
    /// Creates a dimension without values.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), values: Vec::new(), places: HashMap::new() }
    }

    /// Returns the place of a value, and gives it one if it has none. Values beyond the first few hundred share one.
    pub fn intern(&mut self, value: Option<String>) -> u16 {
        let value = value.unwrap_or_else(|| "(none)".to_owned());
        let value =
            if self.values.len() < MAX_VALUES || self.places.contains_key(&value) { value } else { "(others)".to_owned() };
        if let Some(place) = self.places.get(&value) {
            return *place;
        }
        // There are never more than a few hundred.
        let place = self.values.len() as u16;
        self.places.insert(value.clone(), place);
        self.values.push(value);
        place
    }

    /// Returns the place of a value that has one.
    pub fn find(&self, value: &str) -> Option<u16> {
        self.places.get(value).copied()
    }

    /// The values in order, each with its place.
    pub fn ordered(&self) -> Vec<(u16, &str)> {
        let mut ordered: Vec<(u16, &str)> = (0..).zip(self.values.iter().map(String::as_str)).collect();
        ordered.sort_by_key(|(_, value)| *value);
        ordered
    }
}
