//! The normal form of a text, computed in one pass: decodes entities, applies NFKC, drops invisible characters, converts to
//! lower case, and reads reversed and upside-down text as it is displayed.

use super::char_sink::CharSink;
use super::cluster::{read_char, read_cluster};
use super::entity::{decode_entity, line_break_len};
use super::invisible::is_invisible;
use super::upside_down;
use crate::reading::bidi::{self, OpenIsolates, RIGHT_TO_LEFT_OVERRIDE};

/// The first byte of [`RIGHT_TO_LEFT_OVERRIDE`] in UTF-8.
const RIGHT_TO_LEFT_LEAD: u8 = 0xE2;

/// Writes the normal form of a text to `out`. Returns the number of bytes that were read.
pub fn normalize(source: &str, out: &mut impl CharSink) -> usize {
    let may_be_upside_down = upside_down::may_have(source);
    let mut isolates = OpenIsolates::default();
    let mut at = 0;
    while at < source.len() && !out.is_full() {
        at += if may_be_upside_down && let Some(line) = upside_down_line(source, at) {
            read_backwards(line, at, upside_down::rotated_letter, out);
            line.len()
        } else if let Some(run) = overridden_run(source, at, &mut isolates) {
            read_backwards(run, at, |c| c, out);
            RIGHT_TO_LEFT_OVERRIDE.len_utf8() + run.len()
        } else {
            read_next(source, at, out)
        };
    }
    at
}

/// Returns the line that begins at `at`. Returns `None` if no line begins there or it is not upside down.
fn upside_down_line(source: &str, at: usize) -> Option<&str> {
    if at > 0 && source.as_bytes()[at - 1] != b'\n' {
        return None;
    }
    let rest = &source[at..];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    upside_down::is_upside_down(line).then_some(line)
}

/// Returns the text behind the override at `at` that is displayed reversed. Returns `None` if there is no override or it
/// changes nothing.
#[inline]
fn overridden_run<'s>(source: &'s str, at: usize, isolates: &mut OpenIsolates) -> Option<&'s str> {
    if source.as_bytes()[at] != RIGHT_TO_LEFT_LEAD {
        return None;
    }
    let rest = source[at..].strip_prefix(RIGHT_TO_LEFT_OVERRIDE)?;
    let run = bidi::override_run(rest, isolates.is_open(source, at));
    // Text of right-to-left scripts is displayed the same with and without an override.
    run.contains(|c: char| c.is_ascii_alphabetic()).then_some(run)
}

/// Reads the character at `at` with its marks, or an entity. Returns its length in the original, in bytes.
#[inline]
fn read_next(source: &str, at: usize, out: &mut impl CharSink) -> usize {
    let bytes = source.as_bytes();
    let byte = bytes[at];
    let alone = byte.is_ascii() && bytes.get(at + 1).is_none_or(u8::is_ascii);
    if !alone {
        read_cluster(&source[at..], at, out)
    } else if byte == b'&'
        && let Some((decoded, length)) = decode_entity(&source[at..])
    {
        read_char(decoded, at, out);
        length
    } else if byte == b'<'
        && let Some(length) = line_break_len(&bytes[at..])
    {
        out.push('\n', at, false);
        length
    } else if is_invisible(char::from(byte)) {
        out.count_invisible();
        1
    } else {
        out.push(char::from(byte.to_ascii_lowercase()), at, byte.is_ascii_uppercase());
        1
    }
}

/// Reads a part of a line from its end. Each character maps to the part as a whole.
fn read_backwards(part: &str, at: usize, shown: fn(char) -> char, out: &mut impl CharSink) {
    for c in part.chars().rev() {
        out.count_styled();
        read_char(shown(c), at, out);
    }
}
