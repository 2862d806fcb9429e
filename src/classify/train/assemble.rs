//! Assembles a model from trained heads.

use std::collections::BTreeMap;

use isolang::Language;

use super::error::TrainError;
use super::head::TrainedHead;
use crate::classify::Model;
use crate::classify::model::{LanguageModel, ModelParts};
use crate::classify::recipe::Recipe;
use crate::classify::table::{Table, Weights};
use crate::classify::vocabulary::Vocabulary;

/// Returns a model with these heads. The heads of one language must be adjacent.
///
/// # Errors
/// Returns an error if the weights do not fit into a weight table.
pub fn assemble(recipe: &Recipe, heads: &[TrainedHead], vocabulary: Vocabulary) -> Result<Model, TrainError> {
    let language_models = heads.chunk_by(|a, b| a.language == b.language).map(|heads| language_model(recipe.hash_bits, heads));
    Ok(Model::from_parts(ModelParts {
        name: recipe.name.clone(),
        hash_bits: recipe.hash_bits,
        language_models: language_models.collect::<Result<_, _>>()?,
        norms: recipe.norms.by_group(),
        vocabulary,
    }))
}

/// Returns the model of one language.
fn language_model(hash_bits: u32, heads: &[TrainedHead]) -> Result<LanguageModel, TrainError> {
    let mut rows: BTreeMap<u32, Weights> = BTreeMap::new();
    for TrainedHead { head, weights, .. } in heads {
        for &(bucket, weight) in weights {
            rows.entry(bucket).or_default()[head.label.lane()] = weight;
        }
    }
    Ok(LanguageModel {
        language: heads.first().map_or(Language::Und, |head| head.language),
        heads: heads.iter().map(|trained| trained.head.clone()).collect(),
        table: Table::new(hash_bits, rows).ok_or(TrainError::Table)?,
    })
}
