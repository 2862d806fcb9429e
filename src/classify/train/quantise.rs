//! Prunes and quantises learned weights for the model file: the largest ones, at eight bits each.

/// Sets all but the `keep` largest weights to zero.
pub fn prune(weights: &mut [f32], keep: usize) {
    let mut sizes: Vec<f32> = weights.iter().map(|weight| weight.abs()).filter(|&size| size > 0.0).collect();
    if sizes.len() <= keep {
        return;
    }
    let at = sizes.len() - keep;
    let (_, &mut smallest, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
    for weight in weights.iter_mut().filter(|weight| weight.abs() < smallest) {
        *weight = 0.0;
    }
}

/// Quantises weights to eight bits. Returns the scale, and the non-zero weights by bucket. Afterwards `weights` holds the
/// values that reading the model file gives.
pub fn quantise(weights: &mut [f32]) -> (f32, Vec<(u32, i8)>) {
    let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
    let mut quantised = Vec::new();
    for (bucket, weight) in (0..).zip(weights) {
        let units = (*weight / scale).round() as i8;
        *weight = f32::from(units) * scale;
        if units != 0 {
            quantised.push((bucket, units));
        }
    }
    (scale, quantised)
}

#[cfg(test)]
mod tests {
    use super::prune;

    #[test]
    fn pruning_keeps_the_largest() {
        let mut weights = [0.5, -3.0, 0.0, 2.0, -0.1];
        prune(&mut weights, 2);
        assert_eq!(weights, [0.0, -3.0, 0.0, 2.0, 0.0]);
    }
}
