//! Presents the author's name to the classifier as a comment.

use crate::classify::Input;
use crate::classify::features::side_text::truncate_str;

/// The maximum length of a name, in bytes. Longer names are truncated.
const MAX_NAME_BYTES: usize = 200;

/// Returns an input whose text is the author's name, or empty if there is no name.
pub fn name_as_input<'a>(input: &Input<'a>) -> Input<'a> {
    let name = input.author.map_or("", |author| author.name).trim();
    Input { text: truncate_str(name, MAX_NAME_BYTES), ..Input::default() }
}
