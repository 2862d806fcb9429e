//! FTRL-proximal learning on sparse examples. Each update gathers the coordinates of one example, lets linfa predict and
//! update them as a dense model of that size, and scatters them back.
//!
//! A coordinate whose feature is zero does not change under FTRL, because its gradient and its sigma are zero. The result
//! is therefore that of the dense algorithm at any table size, at the cost of the example's own features.

use linfa::DatasetBase;
use linfa::dataset::Pr;
use linfa::traits::Predict;
use linfa_ftrl::Ftrl;
use ndarray::{Array1, Array2};
use serde::Deserialize;
use serde::de::value::{Error, SeqAccessDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, SeqAccess};

/// The parameters of FTRL-proximal.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FtrlParams {
    /// Learning rate.
    pub alpha: f32,
    /// Damping of a coordinate's first steps.
    pub beta: f32,
    /// L1 regularisation: weights whose evidence stays below this are exactly zero.
    pub l1: f32,
    /// L2 regularisation.
    pub l2: f32,
}

/// A coordinate of an example and its value. The coordinates of an example are distinct.
pub type Coordinate = (u32, f32);

/// An error of linfa: its model could not be built from the coordinates.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the learner: {0}")]
pub struct LearnError(#[from] Error);

/// The learning state of one head.
#[derive(Debug, Clone)]
pub struct FtrlLearner {
    rates: FtrlParams,
    z: Vec<f32>,
    n: Vec<f32>,
}

impl FtrlLearner {
    /// Creates a learner with the given number of coordinates, all at zero.
    pub fn new(rates: FtrlParams, coordinates: usize) -> FtrlLearner {
        FtrlLearner { rates, z: vec![0.0; coordinates], n: vec![0.0; coordinates] }
    }

    /// Learns from one example and returns the probability predicted before.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn learn(&mut self, example: &[Coordinate], target: bool) -> Result<f32, LearnError> {
        let predicted = self.step(example, target, |compact, values| Predict::<&Array2<f32>, _>::predict(compact, values))?;
        Ok(predicted.first().map_or(0.5, |probability| **probability))
    }

    /// Learns the residual of an example whose logit is `offset` plus that of this learner. The difference between target
    /// and probability is capped at `max_residual` and multiplied by `weight`. Both are achieved by the probability passed
    /// to linfa, which updates towards whatever it is given.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn learn_residual(
        &mut self,
        example: &[Coordinate],
        target: bool,
        offset: f32,
        max_residual: f32,
        weight: f32,
    ) -> Result<(), LearnError> {
        let expected = super::calibrate::probability(offset + self.logit(example));
        let truth = f32::from(u8::from(target));
        let probability = truth + ((expected - truth) * weight).clamp(-max_residual * weight, max_residual * weight);
        let probability = Array1::from_elem(1, Pr::new_unchecked(probability.clamp(0.0, 1.0)));
        self.step(example, target, |_, _| probability).map(drop)
    }

    /// Updates the coordinates of an example for the probability that `predict` returns, and returns that probability.
    fn step(
        &mut self,
        example: &[Coordinate],
        target: bool,
        predict: impl FnOnce(&Ftrl<f32>, &Array2<f32>) -> Array1<Pr>,
    ) -> Result<Array1<Pr>, LearnError> {
        let gather = |from: &[f32]| example.iter().map(|&(at, _)| from[at as usize]).collect::<Vec<f32>>();
        let mut compact = compact_ftrl(self.rates, &gather(&self.z), &gather(&self.n))?;
        let values = Array1::from_iter(example.iter().map(|&(_, value)| value)).insert_axis(ndarray::Axis(0));
        let predicted = predict(&compact, &values);
        compact.update(&DatasetBase::new(values, Array1::from_elem(1, target)), predicted.view());
        for ((&(at, _), &z), &n) in example.iter().zip(compact.z()).zip(compact.n()) {
            self.z[at as usize] = z;
            self.n[at as usize] = n;
        }
        Ok(predicted)
    }

    /// Returns the logit of an example: the weighted sum of its values.
    pub fn logit(&self, example: &[Coordinate]) -> f32 {
        example.iter().map(|&(at, value)| value * self.weight(at as usize)).sum()
    }

    /// Returns the weight of a coordinate by the formula that linfa uses, from H. B. McMahan et al., "Ad Click Prediction:
    /// a View from the Trenches" (2013), algorithm 1. A test compares it with linfa's own.
    pub fn weight(&self, at: usize) -> f32 {
        let (z, n, FtrlParams { alpha, beta, l1, l2 }) = (self.z[at], self.n[at], self.rates);
        let sign = if z < 0.0 { -1.0 } else { 1.0 };
        if z.abs() <= l1 { 0.0 } else { (sign * l1 - z) / ((n.sqrt() + beta) / alpha + l2) }
    }

    /// Returns the learning state, in the order of the coordinates.
    pub fn state(&self) -> impl Iterator<Item = f32> {
        self.z.iter().chain(&self.n).copied()
    }

    /// Returns the weight of every coordinate.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn weights(&self) -> Result<Vec<f32>, LearnError> {
        Ok(compact_ftrl(self.rates, &self.z, &self.n)?.get_weights().to_vec())
    }
}

/// Creates linfa's model with a given state. Its own constructor starts from random numbers, so the model is deserialised.
fn compact_ftrl(rates: FtrlParams, z: &[f32], n: &[f32]) -> Result<Ftrl<f32>, Error> {
    let FtrlParams { alpha, beta, l1, l2 } = rates;
    Ftrl::deserialize(SeqAccessDeserializer::new(Fields { numbers: [alpha, beta, l1, l2].iter(), arrays: [z, n].iter() }))
}

/// A deserialiser of linfa's model: four numbers, two arrays.
struct Fields<'a> {
    numbers: std::slice::Iter<'a, f32>,
    arrays: std::slice::Iter<'a, &'a [f32]>,
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if let Some(&number) = self.numbers.next() {
            return seed.deserialize(number.into_deserializer()).map(Some);
        }
        let Some(&data) = self.arrays.next() else { return Ok(None) };
        seed.deserialize(SeqAccessDeserializer::new(ArrayParts { data, next: 0 })).map(Some)
    }
}

/// A deserialiser of an ndarray array: version, dimension, elements.
struct ArrayParts<'a> {
    data: &'a [f32],
    next: u8,
}

impl<'de> SeqAccess<'de> for ArrayParts<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        const NDARRAY_VERSION: u8 = 1;
        self.next += 1;
        match self.next {
            1 => seed.deserialize(NDARRAY_VERSION.into_deserializer()).map(Some),
            2 => seed.deserialize(SeqDeserializer::new(std::iter::once(self.data.len()))).map(Some),
            3 => seed.deserialize(SeqDeserializer::new(self.data.iter().copied())).map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use linfa::dataset::Pr;
    use proptest::prelude::*;

    use super::{Array1, Array2, Coordinate, DatasetBase, FtrlLearner, FtrlParams, Predict, compact_ftrl};

    const RATES: FtrlParams = FtrlParams { alpha: 0.5, beta: 0.5, l1: 0.05, l2: 0.5 };
    const SIZE: usize = 24;

    fn example() -> impl Strategy<Value = (Vec<Coordinate>, bool)> {
        let coordinates = proptest::collection::btree_map(0..SIZE as u32, -2.0f32..2.0, 1..8);
        (coordinates.prop_map(|map| map.into_iter().collect()), any::<bool>())
    }

    proptest! {
        #[test]
        fn compact_and_dense_learning_agree(examples in proptest::collection::vec(example(), 1..30)) {
            let mut learner = FtrlLearner::new(RATES, SIZE);
            let mut dense = compact_ftrl(RATES, &[0.0; SIZE], &[0.0; SIZE]).expect("a model of zeros");
            for (example, target) in examples {
                let mut values = Array2::zeros((1, SIZE));
                for &(at, value) in &example {
                    values[(0, at as usize)] = value;
                }
                let probabilities: Array1<Pr> = Predict::<&Array2<f32>, _>::predict(&dense, &values);
                dense.update(&DatasetBase::new(values, Array1::from_elem(1, target)), probabilities.view());
                let compact = learner.learn(&example, target).expect("learns");
                prop_assert!((compact - *probabilities[0]).abs() < 1e-5);
            }
            let weights = learner.weights().expect("weights");
            for (at, (compact, dense)) in weights.iter().zip(dense.get_weights()).enumerate() {
                prop_assert!((compact - dense).abs() < 1e-4, "{compact} {dense}");
                prop_assert!((learner.weight(at) - compact).abs() < 1e-5, "{} {compact}", learner.weight(at));
            }
        }
    }
}
