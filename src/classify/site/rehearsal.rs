//! Comments that a correction rehearses with an outcome of the other class, so that it does not forget what the base model
//! knows: the bundled comments that are not sentinels, and everyday ones.

use std::sync::OnceLock;

use super::sentinel::bundled_rows;
use super::{CorrectedLabel, FeatureVector, Outcome};
use crate::classify::rows::PostTextKind;
use crate::classify::{Input, Model};

/// Everyday harmless comments, rehearsed in addition to the bundled ones.
const EVERYDAY: &str = include_str!("everyday.txt");
/// Number of candidates for each rehearsal.
const CANDIDATES: usize = 8;
/// Step through the pool. Neighbours in the files are similar, so they are not taken one after the other.
const STEP: usize = 29;
/// The ranges to which base logits of rehearsed comments are clamped, harmless and bad: none of them is a borderline case.
const BASE_LOGIT_RANGES: [(f32, f32); 2] = [(-5.0, -1.0), (2.0, 5.0)];

/// Returns the next candidates for a rehearsal: bad comments of a label, or harmless ones. `drawn` counts the candidates
/// returned so far.
pub(super) fn rehearsals(label: CorrectedLabel, bad: bool, drawn: &mut usize) -> [&'static FeatureVector; CANDIDATES] {
    static VECTORS: OnceLock<[Vec<FeatureVector>; 3]> = OnceLock::new();
    static NONE: FeatureVector = FeatureVector { features: Vec::new(), base: [None; 2] };
    let vectors = VECTORS.get_or_init(|| {
        // The model is compiled in; without it nothing is scored at all.
        let Ok(model) = Model::builtin() else { return Default::default() };
        let vector = |input: &Input, bad: bool| {
            let mut vector = model.feature_vector(input);
            let (min, max) = BASE_LOGIT_RANGES[usize::from(bad)];
            vector.base = vector.base.map(|base| Some(base.unwrap_or((min + max) / 2.0).clamp(min, max)));
            vector
        };
        let bundled = |outcome: Outcome| {
            let rows = bundled_rows().iter().skip(1).step_by(2).filter(move |row| row.label == outcome.as_str());
            rows.map(|row| vector(&row.input(PostTextKind::Post), outcome != Outcome::Ham)).collect::<Vec<_>>()
        };
        let everyday = EVERYDAY.lines().filter(|line| !line.is_empty());
        let everyday = everyday.map(|text| vector(&Input { text, ..Input::default() }, false));
        [bundled(Outcome::Ham).into_iter().chain(everyday).collect(), bundled(Outcome::Spam), bundled(Outcome::Toxic)]
    });
    let pool = &vectors[if bad { 1 + label as usize } else { 0 }];
    std::array::from_fn(|_| {
        *drawn += 1;
        pool.get(*drawn * STEP % pool.len().max(1)).unwrap_or(&NONE)
    })
}
