//! The table of actions, from which the key map, the settings and the help are built.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// An action that a key can trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    ScrollDown,
    ScrollUp,
    Approve,
    ApproveStripped,
    Reject,
    Block,
    Undo,
    Claim,
    Note,
    Mark,
    ApproveMarked,
    RejectMarked,
    RejectAlike,
    Search,
    Queue,
    Help,
    Quit,
}

/// An action with its name, default key and description.
pub struct ActionEntry {
    pub action: Action,
    /// Name in the settings file.
    pub name: &'static str,
    /// Key if the settings file names none.
    default_key: &'static str,
    /// Description in the help.
    pub description: &'static str,
}

const fn action_entry(action: Action, name: &'static str, default_key: &'static str, description: &'static str) -> ActionEntry {
    ActionEntry { action, name, default_key, description }
}

/// All actions, in the order of the help.
pub const ACTIONS: [ActionEntry; 23] = [
    action_entry(Action::Approve, "approve", "f", "approve"),
    action_entry(Action::ApproveStripped, "approve_stripped", "s", "approve without its links"),
    action_entry(Action::Reject, "reject", "d", "reject, with or without a reason"),
    action_entry(Action::Undo, "undo", "u", "undo the last act"),
    action_entry(Action::Note, "note", "n", "note, sent with the decision"),
    action_entry(Action::Block, "block", "b", "block the author"),
    action_entry(Action::Claim, "claim", "c", "claim, or give back"),
    action_entry(Action::Mark, "mark", "space", "mark, or unmark"),
    action_entry(Action::ApproveMarked, "approve_marked", "F", "approve all marked"),
    action_entry(Action::RejectMarked, "reject_marked", "D", "reject all marked"),
    action_entry(Action::RejectAlike, "reject_alike", "R", "reject it and all that are like it"),
    action_entry(Action::Down, "down", "j", "next comment"),
    action_entry(Action::Up, "up", "k", "comment before"),
    action_entry(Action::PageDown, "page_down", "ctrl-f", "a page on"),
    action_entry(Action::PageUp, "page_up", "ctrl-b", "a page back"),
    action_entry(Action::First, "first", "g", "first comment"),
    action_entry(Action::Last, "last", "G", "last comment loaded"),
    action_entry(Action::ScrollDown, "scroll_down", "J", "scroll the text down"),
    action_entry(Action::ScrollUp, "scroll_up", "K", "scroll the text up"),
    action_entry(Action::Search, "search", "/", "search the texts"),
    action_entry(Action::Queue, "queue", "t", "held, approved, rejected, any"),
    action_entry(Action::Help, "help", "?", "these keys"),
    action_entry(Action::Quit, "quit", "q", "quit; gives claims back"),
];

/// The reason codes of a rejection, each with its key in the menu.
pub const REASON_KEYS: [(char, &str); 9] = [
    ('s', "spam"),
    ('a', "abusive"),
    ('h', "hate_speech"),
    ('r', "harassment"),
    ('v', "ad"),
    ('i', "illegal"),
    ('x', "irrelevant"),
    ('m', "misinformation"),
    ('o', "other"),
];

/// A key, with or without Ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    /// Cancels a dialog.
    pub const ESCAPE: Self = Self { code: KeyCode::Esc, ctrl: false };
    /// Clears the line being typed.
    pub const CLEAR_LINE: Self = Self { code: KeyCode::Char('u'), ctrl: true };
    /// Quits in every mode.
    pub const INTERRUPT: Self = Self { code: KeyCode::Char('c'), ctrl: true };

    /// Returns whether the key is combined with Ctrl.
    pub fn is_ctrl(self) -> bool {
        self.ctrl
    }

    /// Returns the key of an event. Shift is ignored, because it is already in the character.
    pub fn from_event(event: KeyEvent) -> Self {
        Self { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// Parses a key of the settings file: a character, `space`, `tab`, `f1` to `f12`, or `ctrl-` and a letter other than c.
    ///
    /// Returns `None` if the text is not a key.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |code| Some(Self { code, ctrl: false });
        if let Some(letter) = text.strip_prefix("ctrl-") {
            let mut letters = letter.chars();
            let (Some(letter @ 'a'..='z'), None) = (letters.next(), letters.next()) else { return None };
            // Ctrl-C always quits and cannot be assigned.
            return (letter != 'c').then_some(Self { code: KeyCode::Char(letter), ctrl: true });
        }
        match text {
            "space" => return plain(KeyCode::Char(' ')),
            "tab" => return plain(KeyCode::Tab),
            _ => {}
        }
        let mut chars = text.chars();
        match (chars.next()?, chars.next()) {
            (c, None) if !c.is_whitespace() && !c.is_control() => plain(KeyCode::Char(c)),
            ('f', Some(_)) => text[1..].parse().ok().filter(|n| (1..=12).contains(n)).and_then(|n| plain(KeyCode::F(n))),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            code => write!(f, "{}", code.to_string().to_lowercase()),
        }
    }
}

/// The assignment of keys to actions.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyMap(Vec<(Key, Action)>);

impl Default for KeyMap {
    fn default() -> Self {
        let none = Key { code: KeyCode::Null, ctrl: false };
        Self(ACTIONS.iter().map(|entry| (Key::parse(entry.default_key).unwrap_or(none), entry.action)).collect())
    }
}

impl KeyMap {
    /// Assigns a key to an action.
    pub fn set(&mut self, action: Action, key: Key) {
        for (old, mapped) in &mut self.0 {
            if *mapped == action {
                *old = key;
            }
        }
    }

    /// Returns the name of an earlier action in the table with the same key, or `None` if there is none.
    pub fn conflict(&self, action: Action) -> Option<&'static str> {
        let index = self.0.iter().position(|(_, mapped)| *mapped == action)?;
        let first = self.0.iter().position(|(key, _)| *key == self.0[index].0)?;
        (first != index).then(|| ACTIONS[first].name)
    }

    /// Returns the action of a key. Ctrl-C, the arrow keys, Page Up, Page Down, Home and End have fixed actions.
    pub fn action(&self, key: Key) -> Option<Action> {
        if key == Key::INTERRUPT {
            return Some(Action::Quit);
        }
        let fixed = match (key.code, key.ctrl) {
            (KeyCode::Down, _) => Some(Action::Down),
            (KeyCode::Up, _) => Some(Action::Up),
            (KeyCode::PageDown, _) => Some(Action::PageDown),
            (KeyCode::PageUp, _) => Some(Action::PageUp),
            (KeyCode::Home, _) => Some(Action::First),
            (KeyCode::End, _) => Some(Action::Last),
            _ => None,
        };
        fixed.or_else(|| self.0.iter().find(|(mapped, _)| *mapped == key).map(|(_, action)| *action))
    }

    /// Returns the name of the key of an action.
    pub fn key_name(&self, action: Action) -> String {
        self.0.iter().find(|(_, mapped)| *mapped == action).map(|(key, _)| key.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_key_of_its_own() {
        let keys = KeyMap::default();
        for entry in &ACTIONS {
            assert_eq!(keys.conflict(entry.action), None, "{}", entry.name);
            let key = Key::parse(entry.default_key).unwrap();
            assert_eq!(keys.action(key), Some(entry.action));
            assert_eq!(Key::parse(&key.to_string()), Some(key));
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "ab", "ctrl-", "ctrl-c", "ctrl-é", "f0", "f13", "fé", " ", "\u{1b}"] {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }
}
