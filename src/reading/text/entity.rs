//! HTML entities and line breaks in text that was copied from a page.

/// Maximum length of a decoded entity, in bytes, including `&` and `;`.
const MAX_ENTITY: usize = 17;

/// Returns the length of the HTML line break at the start of `rest`, in bytes. Returns `None` if there is none.
pub fn line_break_len(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().take(7).position(|&byte| byte == b'>')?;
    let name = rest[1..end].trim_ascii_start();
    let name = name.strip_suffix(b"/").unwrap_or(name).trim_ascii_end();
    (name.eq_ignore_ascii_case(b"br") || name.eq_ignore_ascii_case(b"p") || name.eq_ignore_ascii_case(b"/p")).then_some(end + 1)
}

/// Returns the character of the HTML entity at the start of `rest` and the entity's length in bytes. Returns `None` if there is
/// none.
pub fn decode_entity(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(MAX_ENTITY).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let decoded = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "shy" => '\u{AD}',
        "zwj" | "zwnj" | "lrm" | "rlm" | "NoBreak" | "ZeroWidthSpace" => '\u{200B}',
        "period" => '.',
        "colon" => ':',
        "sol" => '/',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((decoded, end + 1))
}
