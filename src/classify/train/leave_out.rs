//! A filter for rows that are excluded from training, so that the model can be measured on them.

use crate::classify::rows::Row;

/// A filter that excludes rows whose field has one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveOut {
    /// Name of the field, such as `blog`.
    pub field: String,
    /// Values of the field.
    pub values: Vec<String>,
}

impl LeaveOut {
    /// Returns whether a row has one of the values.
    pub fn matches(&self, row: &Row) -> bool {
        let value = row.text_field(&self.field);
        !value.is_empty() && self.values.iter().any(|left_out| left_out == value)
    }
}

impl std::str::FromStr for LeaveOut {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let (field, values) = typed.split_once('=').ok_or("must be FIELD=VALUE[,VALUE…], e.g. blog=friendlybit,haacked")?;
        Ok(Self { field: field.to_owned(), values: values.split(',').map(str::to_owned).collect() })
    }
}
