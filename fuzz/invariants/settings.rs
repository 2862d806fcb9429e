//! Invariants of the server's settings: every mistake of every source has its place, and no secret is printed.

use gatepost::config::{Config, OptionValues};
use gatepost::settings::SettingsErrors;

use super::texts;

/// The password in the seeds. It must not be printed.
const PASSWORD: &str = "hunter2hunter2";
/// The options that are set by variables and by flags.
const OPTIONS: [&str; 6] = ["listen", "store", "wait_replicas", "redis_prefix", "log_level", "request_timeout"];

/// Reads a configuration file, then values of variables, then values of flags.
pub fn settings(data: &[u8]) {
    let mut texts = texts(data);
    let file = texts.next().unwrap_or_default();
    let values: Vec<String> = texts.take(2 * OPTIONS.len()).map(|text| text.into_owned()).collect();
    let (variables, flags) = values.split_at(OPTIONS.len());
    let given = |values: &[String]| -> OptionValues {
        let pairs = OPTIONS.into_iter().zip(values.iter().cloned());
        pairs.filter(|(_, value)| !value.is_empty()).collect()
    };
    let (variables, flags) = (given(variables), given(flags));
    let environment = |name: &str| {
        let found = variables.iter().find(|(option, _)| name == format!("GATEPOST_{}", option.to_uppercase()));
        found.map(|(_, value)| value.clone())
    };
    match Config::load(Some(("gatepost.toml", &file)), environment, &flags) {
        Ok(config) => {
            let shown = format!("{config:?}");
            let secret = config.store.url.as_deref().is_some_and(|url| url.contains(&format!(":{PASSWORD}@")));
            // A password that also occurs elsewhere in the input may be printed there.
            let occurrences =
                values.iter().map(|value| value.matches(PASSWORD).count()).sum::<usize>() + file.matches(PASSWORD).count();
            assert!(!(secret && occurrences == 1 && shown.contains(PASSWORD)), "a password is shown: {shown}");
        }
        Err(mistakes) => check_mistakes(&mistakes, &[("gatepost.toml", &file)]),
    }
}

/// Checks that an operator can use the reported mistakes: each has an existing place, and their number and length are bounded.
pub fn check_mistakes(mistakes: &SettingsErrors, files: &[(&str, &str)]) {
    assert!(!mistakes.0.is_empty());
    assert!(mistakes.0.len() <= 600, "{} mistakes", mistakes.0.len());
    for mistake in &mistakes.0 {
        assert!(!mistake.message.is_empty());
        assert!(mistake.message.len() <= 2_000, "a mistake of {} bytes", mistake.message.len());
        if let Some((_, text)) = files.iter().find(|(name, _)| *name == mistake.file) {
            assert!(mistake.line <= text.lines().count() + 1, "{mistake}");
        }
    }
}
