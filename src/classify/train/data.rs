//! Reads the rows of a recipe's sources and extracts their features.

use std::collections::BTreeMap;
use std::path::PathBuf;

use isolang::Language;

use super::error::TrainError;
use super::leave_out::LeaveOut;
use super::progress::Progress;
use crate::classify::example_set::ExampleSet;
use crate::classify::parse_language;
use crate::classify::recipe::Recipe;
use crate::classify::rows::{self, Row};

/// Reads and extracts the rows of every source from the folders of `data`, without those that are to be left out.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn read_examples(
    recipe: &Recipe,
    languages: &Languages,
    data: &[PathBuf],
    leave_out: &[LeaveOut],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ExampleSet, TrainError> {
    let mut set = ExampleSet::default();
    for (at, source) in recipe.sources.iter().enumerate() {
        progress(Progress::Reading(&source.file));
        let mut rows = rows::read_source(data, &source.file, source.ambiguous)?;
        rows.retain(|row| !leave_out.iter().any(|left_out| left_out.matches(row)));
        if let Some(field) = &source.groups {
            mark_left_empty(&mut rows, field);
        }
        set.push(recipe, at, languages.of(&source.language), &rows);
    }
    Ok(set)
}

/// From this share of rows with a web address on, a group's form asks for one.
const MIN_URL_SHARE: f32 = 0.2;

/// Has every other row of groups whose form asks for a web address say that it was left empty, where there is none. The
/// others stay unknown, as they are for a host that does not tell the two apart.
fn mark_left_empty(rows: &mut [Row], field: &str) {
    let mut groups: BTreeMap<String, (f32, f32)> = BTreeMap::new();
    let has_url = |row: &Row| row.author.as_ref().is_some_and(|author| author.url.is_some());
    for row in rows.iter() {
        let (with, all) = groups.entry(row.text_field(field).to_owned()).or_default();
        *with += f32::from(u8::from(has_url(row)));
        *all += 1.0;
    }
    for (at, row) in rows.iter_mut().enumerate() {
        let asked = groups.get(row.text_field(field)).is_some_and(|(with, all)| with / all >= MIN_URL_SHARE);
        if let Some(author) = row.author.as_mut().filter(|author| asked && at % 2 == 0 && author.url.is_none()) {
            author.url = Some(String::new());
        }
    }
}

/// The languages of a checked recipe by their codes.
pub struct Languages(BTreeMap<String, Language>);

impl Languages {
    pub fn new(recipe: &Recipe) -> Languages {
        Languages(recipe.languages.keys().filter_map(|code| Some((code.clone(), parse_language(code)?))).collect())
    }

    pub fn of(&self, code: &str) -> Language {
        self.0.get(code).copied().unwrap_or(Language::Und)
    }
}
