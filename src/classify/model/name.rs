//! The author's name, read as a comment by itself.

use crate::classify::Input;
use crate::classify::features::side_text::truncate_str;

/// Longer names are not read to their end.
const MAX_NAME_BYTES: usize = 200;

/// Returns a comment that says what the author is called; its text is empty if there is no name.
pub fn name_as_input<'a>(input: &Input<'a>) -> Input<'a> {
    let name = input.author.map_or("", |author| author.name).trim();
    Input { text: truncate_str(name, MAX_NAME_BYTES), ..Input::default() }
}
