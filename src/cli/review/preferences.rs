//! The preferences of a moderator, keys and theme, read from a small TOML file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::keys::{ACTIONS, Key, KeyMap};
use super::theme::Theme;
use crate::cli::failure::Failure;
use crate::cli::terminal;
use crate::files;
use crate::settings::{self, SettingsErrors};

/// The preferences of a moderator.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    pub keys: KeyMap,
    pub theme: Theme,
}

/// Reads the given file, or the one at the default path if it exists.
///
/// # Errors
/// Returns an error if the given file does not exist, or if the file cannot be read or has mistakes, all of which are listed.
pub fn load(named: Option<&Path>) -> Result<Preferences, Failure> {
    let default = default_path();
    let Some(path) = named.or(default.as_deref()) else { return Ok(respect_no_color(Preferences::default())) };
    let text = match files::read_text(path, files::MAX_VALUE) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => String::new(),
        Err(error) => return Err(Failure::usage(format!("cannot read the keys in {}: {error}", path.display()))),
    };
    let preferences = parse(&path.display().to_string(), &text).map_err(|mistakes| Failure::usage(mistakes.to_string()))?;
    Ok(respect_no_color(preferences))
}

/// Replaces the theme by the plain one if the environment asks for no colours.
fn respect_no_color(preferences: Preferences) -> Preferences {
    if terminal::wants_colour() { preferences } else { Preferences { theme: Theme::Plain, ..preferences } }
}

/// Returns the default path of the file, or `None` if neither `XDG_CONFIG_HOME` nor `HOME` is set.
fn default_path() -> Option<PathBuf> {
    let directory = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = directory("XDG_CONFIG_HOME").or_else(|| Some(directory("HOME")?.join(".config")))?;
    Some(config.join("gatepost").join("review.toml"))
}

impl Default for Preferences {
    fn default() -> Self {
        Self { keys: KeyMap::default(), theme: Theme::Dark }
    }
}

/// Parses the text of a file and reports all mistakes.
fn parse(file: &str, text: &str) -> Result<Preferences, SettingsErrors> {
    settings::read(file, text, |top| {
        let theme = top.value("theme", "\"dark\", \"light\" or \"plain\"", |value: &DeValue<'_>| Theme::parse(value.as_str()?));
        let mut map = KeyMap::default();
        top.section("keys", |keys| {
            let mut given = Vec::new();
            for entry in &ACTIONS {
                let Some(text) = keys.string(entry.name) else { continue };
                match Key::parse(&text) {
                    Some(key) => {
                        map.set(entry.action, key);
                        given.push(entry);
                    }
                    None => keys.report(
                        entry.name,
                        "must be a character, \"space\", \"tab\", \"f1\" to \"f12\", or \"ctrl-\" and a letter other than c",
                    ),
                }
            }
            for entry in &ACTIONS {
                if let Some(other) = map.conflict(entry.action) {
                    // Report the key that the file sets, not the default that it collides with.
                    let (wrong, with) = if given.iter().any(|given| given.name == entry.name) {
                        (entry.name, other)
                    } else {
                        (other, entry.name)
                    };
                    keys.report(wrong, format_args!("has the key of {with}; give one of them another"));
                }
            }
        });
        Preferences { keys: map, theme: theme.unwrap_or(Theme::Dark) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::keys::Action;
    use super::*;

    #[test]
    fn keys_and_theme_are_read() {
        let read = parse("x", "theme = \"light\"\n[keys]\napprove = \"a\"\nquit = \"ctrl-q\"\n").unwrap();
        assert_eq!(read.theme, Theme::Light);
        assert_eq!(read.keys.action(Key::parse("a").unwrap()), Some(Action::Approve));
        assert_eq!(read.keys.action(Key::parse("f").unwrap()), None);
        assert_eq!(read.keys.key_name(Action::Quit), "ctrl-q");
        assert_eq!(parse("x", "").unwrap(), Preferences::default());
    }

    #[test]
    fn keys_may_change_places() {
        let read = parse("x", "[keys]\napprove = \"d\"\nreject = \"f\"\n").unwrap();
        assert_eq!(read.keys.action(Key::parse("d").unwrap()), Some(Action::Approve));
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "theme = \"pink\"\n[keys]\napprove = \"d\"\nundo = \"ctrl-c\"\nfly = \"y\"\nquit = 3\n";
        let errors = parse("x", text).unwrap_err().to_string();
        let lines: Vec<&str> = errors.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(lines, ["x:1:", "x:3:", "x:4:", "x:5:", "x:6:"], "{errors}");
        assert!(errors.contains("keys.approve has the key of reject"), "{errors}");
    }
}
