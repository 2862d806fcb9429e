//! Invariants of model files: a file is refused, or its model scores, explains, and is written as it was read.

use gatepost::classify::{Author, Input, Model};

use super::score::check_explanations;

/// Reads a model file. The checksum is added, so that inputs get past it.
pub fn model(data: &[u8]) {
    assert!(Model::from_bytes(data).is_err() || data.len() > 12, "there is no model that small");
    let mut bytes = data.to_vec();
    bytes.extend(crc32fast::hash(data).to_le_bytes());
    let Ok(model) = Model::from_bytes(&bytes) else { return };
    let version = model.version();
    assert!(version.bytes().all(|byte| byte.is_ascii_graphic()), "{version:?} is printed everywhere");
    let written = model.to_bytes();
    let again = Model::from_bytes(&written).expect("our own file");
    assert_eq!(again.to_bytes(), written);
    assert_eq!((again.bucket_count(), again.labels()), (model.bucket_count(), model.labels()));
    assert!(model.heads().all(|head| head.bias.is_finite() && !head.languages.is_empty()));
    let author = Author { name: "Ann", url: Some("http://a.example"), email: "ann@a.example" };
    for (text, language) in [
        ("", ""),
        ("Buy cheap pills at http://pills.example/now!!! you idiot, v1agra", "en"),
        ("Das ist doch nicht zu glauben, wer hat denn das geschrieben?", "de"),
        ("这篇文章写得很好", ""),
    ] {
        check_explanations(&model, &Input { text, author: Some(author), language, ..Input::default() });
    }
}
