//! Comments that a correction rehearses with an outcome of the other class, so that it does not forget what the base knows: the
//! bundled comments that are no sentinels, and everyday ones.

use std::sync::OnceLock;

use super::sentinel::bundled_rows;
use super::{CorrectedLabel, FeatureVector, Outcome};
use crate::classify::rows::PostTextKind;
use crate::classify::{Input, Model};

/// Harmless comments of no site in particular, which are rehearsed beside the sentinels.
const EVERYDAY: &str = include_str!("everyday.txt");
/// How many comments are looked at for the few that a correction rehearses.
const CANDIDATES: usize = 8;
/// Neighbours in the files are alike: in this order they do not follow each other.
const STEP: usize = 29;
/// The logits that a base gives to rehearsed comments, least and most, harmless and bad: none of them is a borderline case.
const BASE_LOGIT_RANGES: [(f32, f32); 2] = [(-5.0, -1.0), (2.0, 5.0)];

/// Returns the next few comments for a correction to rehearse that are bad in the sense of a kind, or harmless. `at` counts
/// those that were returned.
pub(super) fn rehearsals(kind: CorrectedLabel, bad: bool, at: &mut usize) -> [&'static FeatureVector; CANDIDATES] {
    static SKETCHES: OnceLock<[Vec<FeatureVector>; 3]> = OnceLock::new();
    static NONE: FeatureVector = FeatureVector { features: Vec::new(), base: [None; 2] };
    let sketches = SKETCHES.get_or_init(|| {
        // Compiled in; without it nothing is scored at all.
        let Ok(model) = Model::builtin() else { return Default::default() };
        let sketch = |input: &Input, bad: bool| {
            let mut sketch = model.feature_vector(input);
            let (least, most) = BASE_LOGIT_RANGES[usize::from(bad)];
            sketch.base = sketch.base.map(|base| Some(base.unwrap_or((least + most) / 2.0).clamp(least, most)));
            sketch
        };
        let of = |outcome: Outcome| {
            let rows = bundled_rows().iter().skip(1).step_by(2).filter(move |row| row.label == outcome.as_str());
            rows.map(|row| sketch(&row.input(PostTextKind::Post), outcome != Outcome::Ham)).collect::<Vec<_>>()
        };
        let everyday = EVERYDAY.lines().filter(|line| !line.is_empty());
        let everyday = everyday.map(|text| sketch(&Input { text, ..Input::default() }, false));
        [of(Outcome::Ham).into_iter().chain(everyday).collect(), of(Outcome::Spam), of(Outcome::Toxic)]
    });
    let pool = &sketches[if bad { 1 + kind as usize } else { 0 }];
    std::array::from_fn(|_| {
        *at += 1;
        pool.get(*at * STEP % pool.len().max(1)).unwrap_or(&NONE)
    })
}
