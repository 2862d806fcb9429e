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

/// Reads and extracts the rows of every source from the folders of `data`. Rows that `leave_out` matches are skipped.
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

/// Share of rows with a web address from which on a group's comment form is assumed to ask for one.
const MIN_URL_SHARE: f32 = 0.2;

/// Marks the web address as left empty in every other row without one, in groups whose form asks for it. The remaining rows
/// stay unmarked, like comments of a host that does not distinguish an empty field from a missing one.
fn mark_left_empty(rows: &mut [Row], field: &str) {
    let mut groups: BTreeMap<String, (f32, f32)> = BTreeMap::new();
    let has_url = |row: &Row| row.author.as_ref().is_some_and(|author| author.url.is_some());
    for row in rows.iter() {
        let (with_url, all) = groups.entry(row.text_field(field).to_owned()).or_default();
        *with_url += f32::from(u8::from(has_url(row)));
        *all += 1.0;
    }
    for (at, row) in rows.iter_mut().enumerate() {
        let asks_for_url = groups.get(row.text_field(field)).is_some_and(|(with_url, all)| with_url / all >= MIN_URL_SHARE);
        if let Some(author) = row.author.as_mut().filter(|author| asks_for_url && at % 2 == 0 && author.url.is_none()) {
            author.url = Some(String::new());
        }
    }
}

/// The languages of a validated recipe by their codes.
pub struct Languages(BTreeMap<String, Language>);

impl Languages {
    pub fn new(recipe: &Recipe) -> Languages {
        Languages(recipe.languages.keys().filter_map(|code| Some((code.clone(), parse_language(code)?))).collect())
    }

    pub fn of(&self, code: &str) -> Language {
        self.0.get(code).copied().unwrap_or(Language::Und)
    }
}
