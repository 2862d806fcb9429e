//! Pairs text with the source that it was decoded from.

use std::ops::Range;

/// No entity is longer. The end of one is not looked for further: a body of nothing but `&` would take for ever.
const MAX_ENTITY: usize = 33;

/// Pairs decoded text with the source it came from, entity by entity. Where they cannot be paired, the run is one piece.
pub fn align<'t>(body: &str, source: Range<usize>, text: &'t str) -> Vec<(&'t str, Range<usize>)> {
    let raw = body.get(source.clone()).unwrap_or_default();
    if raw == text {
        return vec![(text, source)];
    }
    let mut pairs = Vec::new();
    let (mut done, mut rest) = (source.start, text);
    let mut raw = raw;
    while !raw.is_empty() {
        let plain = raw.find(['&', '\r']).unwrap_or(raw.len());
        let (taken, produced) = if plain > 0 {
            (plain, plain)
        } else if raw.starts_with("\r\n") {
            (2, 1)
        } else {
            let entity = raw.bytes().take(MAX_ENTITY).position(|byte| byte == b';').map_or(1, |end| end + 1);
            match decoded_len(&raw[..entity]) {
                Some(bytes) => (entity, bytes),
                None => return vec![(text, source)],
            }
        };
        let (Some(head), Some(tail)) = (rest.get(..produced), rest.get(produced..)) else {
            return vec![(text, source)];
        };
        pairs.push((head, done..done + taken));
        (done, rest, raw) = (done + taken, tail, &raw[taken..]);
    }
    if rest.is_empty() { pairs } else { vec![(text, source)] }
}

/// How many bytes one entity stands for.
fn decoded_len(entity: &str) -> Option<usize> {
    html5gum::Tokenizer::new(entity).next().and_then(|token| match token {
        Ok(html5gum::Token::String(text)) => Some(text.value.len()),
        _ => None,
    })
}
