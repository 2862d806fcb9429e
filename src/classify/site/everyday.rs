//! Harmless comments of no site in particular, recalled with each bad one that a site teaches.
//!
//! Moderators and readers tell far more often of what is bad than of what is not, and some tell of nothing else. A correction
//! that sees only bad comments takes what all comments have in common for bad. Recalling some harmless ones in between keeps it
//! to what is particular (rehearsal: A. Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", 1995). They were
//! written for this, and are in no data set.

use std::sync::OnceLock;

use super::{Kind, Sketch};
use crate::classify::{Input, Model};

const TEXTS: &str = include_str!("everyday.txt");
/// Neighbours in the file are alike: in this order they do not follow each other. Without a divisor in common with how many
/// there are.
const STEP: usize = 29;
/// What a base thinks of them, by [`Kind`]: fixed, so that what is learned does not depend on which base it is.
const BASE: [f32; Kind::ALL.len()] = [-5.0, -4.0];

/// One of them; the same for the same number.
pub(super) fn sketch(number: usize) -> &'static Sketch {
    static SKETCHES: OnceLock<Vec<Sketch>> = OnceLock::new();
    static NONE: Sketch = Sketch { features: Vec::new(), base: [None; 2] };
    let sketches = SKETCHES.get_or_init(|| {
        // Compiled in; without it nothing is scored at all.
        let Ok(model) = Model::builtin() else { return Vec::new() };
        let texts = TEXTS.lines().filter(|line| !line.is_empty());
        let sketch = |text| Sketch { base: BASE.map(Some), ..model.sketch(&Input { text, ..Input::default() }) };
        texts.map(sketch).collect()
    });
    sketches.get((number * STEP) % sketches.len().max(1)).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Label;

    #[test]
    fn the_base_finds_little_in_them() {
        let model = Model::builtin().unwrap();
        let spam = |text| model.score(&Input { text, ..Input::default() }).get(Label::Spam).unwrap_or(0.0);
        let all: Vec<(&str, f32)> = TEXTS.lines().map(|text| (text, spam(text))).collect();
        let held: Vec<_> = all.iter().filter(|(_, spam)| *spam >= 0.78).collect();
        assert!(held.len() * 50 < all.len(), "{held:?}");
    }

    #[test]
    fn all_of_them_are_recalled() {
        let all = TEXTS.lines().count();
        assert!(all >= 200);
        let mut seen: Vec<*const Sketch> = (0..2 * all).map(|number| std::ptr::from_ref(sketch(number))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() * 10 >= all * 9, "{} of {all}", seen.len());
        assert!((0..all).all(|number| !sketch(number).features.is_empty()));
    }
}
