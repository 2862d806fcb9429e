//! Pairs decoded text with the source it was decoded from.

use std::ops::Range;

/// Maximum length of a character reference, in bytes. The search for its end stops there, so that a body that is all `&` takes
/// linear time.
const MAX_ENTITY: usize = 33;

/// Pairs decoded text with its source range, one pair for each literal run, character reference and line end. Returns a single
/// pair if they cannot be matched.
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

/// Returns the length of the text that a character reference stands for, in bytes. Returns `None` if it stands for none.
fn decoded_len(entity: &str) -> Option<usize> {
    html5gum::Tokenizer::new(entity).next().and_then(|token| match token {
        Ok(html5gum::Token::String(text)) => Some(text.value.len()),
        _ => None,
    })
}
