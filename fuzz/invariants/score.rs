//! Invariants of the classifier: scores are probabilities, weights add up, and spans lie in the text.

use gatepost::classify::{Author, Input, Label, MinHash, Model};
use gatepost::reading::link::find_links;
use gatepost::reading::word::readings;

use super::texts;

/// Scores a text with the author's name and address, the post, the language, and the author's e-mail address.
pub fn score(data: &[u8]) {
    let mut texts = texts(data);
    let mut next = || texts.next().unwrap_or_default();
    let (text, name, url, post_title, post_text, language) = (next(), next(), next(), next(), next(), next());
    let email = next();
    let input = Input {
        quoted: &[],
        text: &text,
        author: Some(Author { name: &name, url: Some(&url), email: &email }),
        post_title: &post_title,
        post_text: &post_text,
        parent_text: "",
        language: &language,
    };
    check_explanations(&Model::builtin().expect("compiled in"), &input);
    assert_eq!(MinHash::from_text(&text), MinHash::from_text(&text));
    for link in find_links(&text) {
        assert!(!link.host.is_empty() && text.get(link.span.clone()).is_some_and(|part| !part.is_empty()), "{link:?}");
    }
    for word in readings(&text).into_iter().flatten() {
        assert!(text.get(word.span.clone()).is_some_and(|part| !part.is_empty()), "{word:?}");
    }
}

/// Scores and explains an input, and checks that the explanation agrees with the score.
pub fn check_explanations(model: &Model, input: &Input<'_>) {
    let scores = model.score(input);
    for (label, score) in scores.iter() {
        assert!((0.0..=1.0).contains(&score), "{label} {score}");
    }
    let labels: Vec<Label> = scores.iter().map(|(label, _)| label).collect();
    for max in [3, usize::MAX] {
        let explanations = model.explain(input, &scores, &labels, max);
        assert_eq!(explanations.len(), labels.len());
        for explanation in explanations {
            let logit = scores.logit(explanation.label).expect("it has a score");
            let listed: f32 = explanation.contributions.iter().map(|contribution| contribution.weight).sum();
            assert!(explanation.contributions.len() <= max);
            // Adding very large weights, which no trained model has, loses the last digits.
            let size: f32 = explanation.contributions.iter().map(|contribution| contribution.weight.abs()).sum();
            let close = |a: f32, b: f32| (a - b).abs() <= 1e-3 + 1e-4 * (size + a.abs() + explanation.unlisted.abs());
            assert!(close(logit, listed + explanation.unlisted), "{logit} is not {listed} and {}", explanation.unlisted);
            assert!(close(logit, explanation.logit), "{logit} is not {}", explanation.logit);
            for contribution in &explanation.contributions {
                assert!(!contribution.description.is_empty() && !contribution.description.contains('\n'), "{contribution:?}");
                if let Some(span) = &contribution.span {
                    assert!(input.text.get(span.clone()).is_some_and(|text| !text.is_empty()), "{contribution:?}");
                }
            }
        }
    }
}
