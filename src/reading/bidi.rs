//! Text that direction marks reverse (UAX #9).

/// Displays the text that follows from right to left (RLO), up to the next override or another end.
pub const RIGHT_TO_LEFT_OVERRIDE: char = '\u{202E}';

/// Ends the innermost open isolate, and with it the overrides inside the isolate (PDI). Ends no override by itself.
const POP_ISOLATE: char = '\u{2069}';

/// The characters that end a right-to-left override wherever it begins: its own end (PDF), a left-to-right override, and the
/// ends of a paragraph.
const OVERRIDE_ENDS: [char; 4] = ['\u{202C}', '\u{202D}', '\u{2029}', '\n'];

/// Returns the part of a text that an override in front of it applies to: up to the next override, which starts a run of its
/// own, or up to the override's end. `in_isolate` says whether the override begins within an isolate, whose end also ends the
/// override.
pub fn override_run(text: &str, in_isolate: bool) -> &str {
    // Isolates that begin within the override.
    let mut nested = 0_usize;
    let end = text.find(|c| {
        match c {
            POP_ISOLATE if nested == 0 => return in_isolate,
            POP_ISOLATE => nested -= 1,
            c if is_isolate(c) => nested += 1,
            _ => {}
        }
        c == RIGHT_TO_LEFT_OVERRIDE || OVERRIDE_ENDS.contains(&c)
    });
    &text[..end.unwrap_or(text.len())]
}

/// Returns whether a character begins an isolate (LRI, RLI, FSI).
fn is_isolate(c: char) -> bool {
    matches!(c, '\u{2066}'..='\u{2068}')
}

/// Counts the isolates that are open in a text. Reads each part of the text once.
#[derive(Default)]
pub struct OpenIsolates {
    position: usize,
    depth: usize,
}

impl OpenIsolates {
    /// Returns whether an isolate is open at the byte `at` of the text. All calls must pass the same text, with ascending
    /// positions.
    pub fn is_open(&mut self, text: &str, at: usize) -> bool {
        for c in text.get(self.position..at).unwrap_or_default().chars() {
            match c {
                '\n' | '\u{2029}' => self.depth = 0,
                POP_ISOLATE => self.depth = self.depth.saturating_sub(1),
                c if is_isolate(c) => self.depth += 1,
                _ => {}
            }
        }
        self.position = self.position.max(at);
        self.depth > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isolate_ends_the_overrides_within_it_and_no_others() {
        assert_eq!(override_run("arg\u{2069}aiv\u{202C} ok", false), "arg\u{2069}aiv");
        assert_eq!(override_run("loof\u{2069} ok", true), "loof");
        assert_eq!(override_run("a\u{2067}b\u{2069}c\u{2069}d", true), "a\u{2067}b\u{2069}c");
        assert_eq!(override_run("ab\u{202E}cd", false), "ab");
        assert_eq!(override_run("ab\ncd", true), "ab");
    }

    #[test]
    fn isolates_are_open_up_to_their_end_or_the_end_of_the_paragraph() {
        let text = "a\u{2066}b\u{2069}c\u{2068}d\ne";
        let mut isolates = OpenIsolates::default();
        let open = |at: char| text.find(at).map(|at| isolates.is_open(text, at));
        assert_eq!(['a', 'b', 'c', 'd', 'e'].map(open), [false, true, false, true, false].map(Some));
    }
}
