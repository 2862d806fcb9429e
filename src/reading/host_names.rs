//! Names in a text that look like hosts, including those that no program turns into links.

use std::ops::Range;

use super::host::{self, MAX_HOST};

/// Spellings of a dot that prevent a program from turning a host into a link, the longest first.
const DEFANGED_DOTS: [&str; 9] = ["[dot]", "(dot)", "{dot}", "[.]", "(.)", "{.}", "[.", "(.", "{."];

/// Returns all names in a text that look like a host under any top-level domain, in the form in which hosts are compared. Most
/// are not hosts: the names are meant for comparison with known hosts. Hosts of e-mail addresses are left out.
pub fn find_host_names(text: &str) -> Vec<(String, Range<usize>)> {
    let whole = host::normalize_with_dots(text);
    let normal = whole.as_str();
    let mut hosts = Vec::new();
    let mut at = 0;
    while at < normal.len() {
        let begin = at;
        let (run, length) = leading_run(&normal[at..]);
        if length == 0 {
            at += normal[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += length;
        let is_mail = normal[..begin].strip_suffix('@').is_some_and(|before| before.ends_with(is_host_char));
        // In front of an `@` it is a user name.
        let is_user = normal[at..].strip_prefix('@').is_some_and(|after| after.starts_with(is_host_char));
        if !is_mail && !is_user && run.contains('.') {
            let span = whole.source_span(begin..at);
            hosts.extend(host_candidates(&run).into_iter().map(|host| (host, span.clone())));
        }
    }
    hosts
}

/// Returns the longest beginning of a text that consists of host characters and defanged dots, which are written as dots, and
/// its length in the text in bytes.
fn leading_run(text: &str) -> (String, usize) {
    let mut run = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let dot = DEFANGED_DOTS.iter().find(|dot| "[({".contains(c) && !run.is_empty() && text[at..].starts_with(**dot));
        let next_is_of_host = |dot: &&&str| text[at + dot.len()..].starts_with(is_host_char);
        if let Some(dot) = dot.filter(next_is_of_host) {
            run.push('.');
            at += dot.len();
        } else if is_host_char(c) {
            run.push(c);
            at += c.len_utf8();
        } else {
            break;
        }
    }
    (run, at)
}

/// Returns the hosts that a run of host characters may contain: the whole run, and the parts between letters of scripts that
/// are written without spaces or directly beside Latin names.
fn host_candidates(run: &str) -> Vec<String> {
    let bare = |host: &str| host.trim_matches(['.', '-', '_']).to_owned();
    if run.is_ascii() {
        return vec![bare(run)];
    }
    let is_foreign = |c: char| c >= '\u{250}' && !matches!(c, '\u{300}'..='\u{36F}' | '\u{1E00}'..='\u{1EFF}');
    let parts = run.split(is_foreign).filter(|part| part.contains('.') && part.len() < run.len());
    let all = parts.chain([run]).map(bare).filter(|host| host.len() <= MAX_HOST);
    all.filter_map(|host| if host.is_ascii() { Some(host) } else { host::canonical_domain(&host) }).collect()
}

/// Returns whether a character can occur in a host, in any script.
fn is_host_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::find_host_names;

    #[test]
    fn a_host_is_named_whatever_stands_beside_it() {
        for written in [
            "pills.example",
            "pills.example/x",
            "pills.example:443",
            "-pills.example",
            "(pills.example)",
            "_pills.example_",
            "pills.example.",
            "pills[.]example",
            "hxxps[:]//pills[.]example/x",
            "pills(dot)example",
            "pills{.}example",
            "http://ok.test,http://pills.example",
            "看pills。example吧",
            "pi\u{200B}lls.example",
            "@pills.example",
        ] {
            let text = format!("é {written}");
            let found = find_host_names(&text);
            assert!(
                found.iter().any(|(host, at)| host == "pills.example" && text.get(at.clone()).is_some()),
                "{written}: {found:?}"
            );
        }
        for (written, host) in [("a…pills.example", "a...pills.example"), ("müller.example", "xn--mller-kva.example")] {
            assert!(find_host_names(written).iter().any(|(found, _)| found == host), "{written}");
        }
        for written in ["x@pills.example", "xpills.example", "épills.example", "pills example", "pills.examples"] {
            assert!(find_host_names(written).iter().all(|(host, _)| host != "pills.example"), "{written}");
        }
    }
}
