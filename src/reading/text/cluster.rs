//! Characters with their combining marks, in normal form (NFKC, lower case, plain quotation marks).

use std::iter::once;

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::char_sink::CharSink;
use super::invisible::is_invisible;
use super::styled::{flag_sequence_len, unstyled_letter};

/// Maximum number of marks that are kept on a character. Stacks of more are decoration that breaks layouts.
const MAX_MARKS: usize = 4;

/// Reads one character with its marks. Returns its length in the original, in bytes.
pub fn read_cluster(rest: &str, at: usize, out: &mut impl CharSink) -> usize {
    let mut chars = rest.char_indices();
    let Some((_, base)) = chars.next() else { return 1 };
    if let Some(length) = flag_sequence_len(rest) {
        rest[..length].chars().for_each(|c| out.push(c, at, false));
        return length;
    }
    let (mut kept, mut length, mut marks) = (base.len_utf8(), base.len_utf8(), 0);
    for (_, c) in chars {
        if !extends_cluster(c) {
            break;
        }
        length += c.len_utf8();
        marks += 1;
        if marks <= MAX_MARKS {
            kept = length;
        }
    }
    if marks == 0 {
        read_char(base, at, out);
    } else {
        let capital = base.is_uppercase();
        for c in rest[..kept].nfkc().filter(|&c| !is_invisible(c)) {
            push_lowercase(c, at, capital, out);
        }
    }
    length
}

/// Reads a character without marks.
pub fn read_char(c: char, at: usize, out: &mut impl CharSink) {
    if is_invisible(c) {
        out.count_invisible();
    } else if let Some(letter) = unstyled_letter(c) {
        out.count_styled();
        out.push(letter, at, false);
    } else if is_nfkc_quick(once(c)) == IsNormalized::Yes {
        push_lowercase(c, at, c.is_uppercase(), out);
    } else {
        for part in once(c).nfkc() {
            push_lowercase(part, at, part.is_uppercase(), out);
        }
    }
}

/// Adds a character in lower case, and quotation marks in their ASCII forms.
fn push_lowercase(c: char, at: usize, capital: bool, out: &mut impl CharSink) {
    match c {
        '‘' | '’' | 'ʼ' | '`' | '´' => out.push('\'', at, false),
        '“' | '”' | '„' | '«' | '»' => out.push('"', at, false),
        _ => c.to_lowercase().for_each(|c| out.push(c, at, capital)),
    }
}

/// Returns whether a character belongs to the one before it: a mark, or a later part of a Hangul syllable.
fn extends_cluster(c: char) -> bool {
    c >= '\u{300}' && (canonical_combining_class(c) != 0 || is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11FF}'))
}
