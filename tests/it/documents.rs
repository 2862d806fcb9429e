//! Checks statements of the documents and of the help against the program: defaults, bounds, names, codes, files.
//!
//! The statements are found in the documents by their form, and the truth is read from the source, so nothing is listed here.
//! `deploy.rs` has more tests of `docs/operations.md`, `deploy/` and the command lines of all documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ItemConst, ItemMod, Lit};
use toml::{Table, Value};

use crate::deploy::{documents, help, read};

// === what is true ===

/// Returns the options of `serve` with their defaults. A test in `src/config.rs` shows that they are complete.
fn options() -> Table {
    read("deploy/gatepost.toml").parse().unwrap()
}

/// Returns the keys of the policy with their defaults.
fn policy() -> Table {
    let mut policy: Table = read("src/policy/default.toml").parse().unwrap();
    // The key that only the policy of a site has.
    policy.insert("sites".to_owned(), Value::Array(Vec::new()));
    policy
}

/// Returns the default of an option, or of a policy key written `[section] key` or `section.key`.
fn default_of(name: &str) -> Option<Value> {
    if let Some(value) = options().get(name) {
        return Some(value.clone());
    }
    let path = name.replace(['[', ' '], "").replace(']', ".");
    let mut parts = path.split('.').filter(|part| !part.is_empty());
    let first = policy().get(parts.next()?)?.clone();
    parts.try_fold(first, |table, part| table.get(part).cloned())
}

/// Parses a quantity of a document or of the program: seconds, bytes, shares and plain numbers.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].trim_end_matches(['.', ',']).replace(',', "").parse().ok()?;
    let unit = match text[end..].trim() {
        "" | "s" | "seconds" => 1.0,
        "%" => 0.01,
        "ms" => 0.001,
        "m" | "minutes" => 60.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "days" => 1.0,
        _ => return None,
    };
    Some(number * unit)
}

fn quantity_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::String(text) => quantity(text),
        _ => None,
    }
}

/// Returns whether two numbers are equal but for rounding.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9 * one.abs().max(1.0)
}

/// Returns the value of a constant of a source file. Understands numbers, their sums and products, `Duration::from_…`, and
/// other constants of the file.
fn constant(file: &str, name: &str) -> f64 {
    struct Constants<'ast>(Vec<&'ast ItemConst>);
    impl<'ast> Visit<'ast> for Constants<'ast> {
        fn visit_item_const(&mut self, item: &'ast ItemConst) {
            self.0.push(item);
        }
    }
    fn value(expression: &Expr, all: &[&ItemConst]) -> Option<f64> {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().ok(),
                Lit::Float(number) => number.base10_parse().ok(),
                _ => None,
            },
            Expr::Paren(inner) => value(&inner.expr, all),
            Expr::Cast(inner) => value(&inner.expr, all),
            Expr::Binary(binary) => {
                let (left, right) = (value(&binary.left, all)?, value(&binary.right, all)?);
                match binary.op {
                    BinOp::Add(_) => Some(left + right),
                    BinOp::Sub(_) => Some(left - right),
                    BinOp::Mul(_) => Some(left * right),
                    BinOp::Div(_) => Some(left / right),
                    BinOp::Shl(_) => Some(left * right.exp2()),
                    _ => None,
                }
            }
            Expr::Array(array) => array.elems.iter().map(|element| value(element, all)).sum(),
            Expr::Path(path) => {
                let name = path.path.get_ident()?;
                value(&all.iter().find(|item| item.ident == *name)?.expr, all)
            }
            Expr::Call(call) => {
                let Expr::Path(function) = &*call.func else { return None };
                let unit = match function.path.segments.last()?.ident.to_string().as_str() {
                    "from_secs" => 1.0,
                    "from_millis" => 0.001,
                    _ => return None,
                };
                Some(unit * value(call.args.first()?, all)?)
            }
            _ => None,
        }
    }
    let source = syn::parse_file(&read(file)).unwrap();
    let mut constants = Constants(Vec::new());
    constants.visit_file(&source);
    let named = constants.0.iter().find(|item| item.ident == name).unwrap_or_else(|| panic!("{file} has no {name}"));
    value(&named.expr, &constants.0).unwrap_or_else(|| panic!("{name} of {file} is no number that this test can read"))
}

/// Returns every string in capitals in the sources that `part` selects: codes, and everything that looks like one. Tests are
/// left out.
fn capitals(part: impl Fn(&Path) -> bool) -> BTreeSet<String> {
    struct Texts(BTreeSet<String>);
    impl Texts {
        fn add(&mut self, text: &str) {
            if is_code(text) {
                self.0.insert(text.to_owned());
            }
        }

        fn tokens(&mut self, stream: proc_macro2::TokenStream) {
            for tree in stream {
                match tree {
                    proc_macro2::TokenTree::Group(group) => self.tokens(group.stream()),
                    proc_macro2::TokenTree::Literal(literal) => {
                        if let Ok(Lit::Str(text)) = syn::parse_str(&literal.to_string()) {
                            self.add(&text.value());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    impl<'ast> Visit<'ast> for Texts {
        fn visit_item_mod(&mut self, item: &'ast ItemMod) {
            if !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
                visit::visit_item_mod(self, item);
            }
        }

        fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

        fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
            self.add(&text.value());
        }

        fn visit_macro(&mut self, called: &'ast syn::Macro) {
            // These macros name variables of the build.
            if !["env", "option_env"].iter().any(|name| called.path.is_ident(name)) {
                self.tokens(called.tokens.clone());
            }
        }
    }
    let mut texts = Texts(BTreeSet::new());
    let src = root().join("src");
    let mut sources = Vec::new();
    crate::deploy::files(&src, &mut sources);
    for source in sources.iter().filter(|source| source.extension().is_some_and(|ending| ending == "rs")) {
        if part(source.strip_prefix(&src).unwrap()) {
            texts.visit_file(&syn::parse_file(&fs::read_to_string(source).unwrap()).unwrap());
        }
    }
    texts.0
}

fn is_code(text: &str) -> bool {
    text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && !text.ends_with('_')
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Returns whether a source file may define codes. Code for users, for databases and about texts does not.
fn makes_codes(place: &Path) -> bool {
    let others = ["cli", "classify", "telemetry", "telemetry.rs", "store/redis", "store/redis.rs", "store/embedded", "lib.rs"];
    !others.iter().any(|other| place.starts_with(other))
}

// === what documents say ===

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the texts between single backticks, outside of code blocks, each with the text that follows it.
fn spans(text: &str) -> Vec<(&str, &str)> {
    let mut spans = Vec::new();
    let mut in_block = false;
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        rest = &rest[at + ticks..];
        if ticks >= 3 {
            in_block = !in_block;
        } else if !in_block {
            let Some(end) = rest.find(&"`".repeat(ticks)) else { break };
            spans.push((&rest[..end], &rest[end + ticks..]));
            rest = &rest[end + ticks..];
        }
    }
    spans
}

/// Returns the code blocks in a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    text.split(&format!("\n```{language}\n")).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Returns the value that follows a name directly, as in `name` (50 ms) or `name`, 2 %.
fn stated(after: &str) -> Option<f64> {
    let rest = after.strip_prefix([' ', ',', '\n'])?.trim_start().trim_start_matches('(');
    let number = rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').filter(|length| *length > 0)?;
    let rest_unit = rest[number..].trim_start_matches(' ');
    let unit = rest_unit.find(|c: char| !c.is_alphabetic() && c != '%').map_or(rest_unit, |end| &rest_unit[..end]);
    quantity(&format!("{} {unit}", &rest[..number])).filter(|_| !unit.is_empty())
}

/// Returns the wrong defaults of a text. `name` (VALUE) states the default of an option or of a policy key.
fn wrong_defaults(text: &str, seen: &mut usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, after) in spans(text) {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if let (Some(default), Some(stated)) = (default_of(&name).and_then(|value| quantity_of(&value)), stated(after)) {
            *seen += 1;
            if !same(default, stated) {
                wrong.push(format!("{name} is said to be {stated} and is {default}"));
            }
        }
    }
    wrong
}

/// Returns the figures with a unit, since the start of the cell or line, that another document does not have.
fn figures_missing<'a>(before: &'a str, other: &'a str) -> impl Iterator<Item = String> + 'a {
    let begin = before.rfind(['|', '\n']).map_or(0, |at| at + 1);
    let words: Vec<&str> = before[begin..].split_whitespace().map(|word| word.trim_matches([',', ';', '(', ')'])).collect();
    let figures: Vec<String> = words
        .windows(2)
        .filter(|pair| pair[0].starts_with(|c: char| c.is_ascii_digit()))
        .filter(|pair| ["µs", "ms", "s", "kB", "MB", "GB"].contains(&pair[1]))
        .map(|pair| pair.join(" "))
        .collect();
    assert!(!figures.is_empty(), "no figures in {:?}", &before[begin..]);
    let other = other.split_whitespace().collect::<Vec<_>>().join(" ");
    figures.into_iter().filter(move |figure| {
        !other
            .match_indices(figure.as_str())
            .any(|(at, _)| !other[..at].ends_with(|c: char| c.is_ascii_digit() || ".,".contains(c)))
    })
}

/// Returns the wrong figures among those that a comment ties to the program: `5,000<!-- = src/store/memory.rs:MAX_COMMENTS
/// -->`. To the right of the sign are constants, options or policy keys, multiplied by `*`, or another document that gives the
/// same figures. Readers of the rendered page do not see the comment.
fn wrong_bounds(text: &str, seen: &mut usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, start) in text.match_indices("<!-- = ") {
        let source = text[at + start.len()..].split(" -->").next().unwrap();
        if source.ends_with(".md") {
            *seen += 1;
            wrong.extend(figures_missing(&text[..at], &read(source)).map(|figure| format!("{source} does not say {figure}")));
            continue;
        }
        let truth: f64 = source
            .split(" * ")
            .map(|factor| match factor.split_once(':') {
                Some((file, name)) => constant(file, name),
                None => default_of(factor).and_then(|value| quantity_of(&value)).unwrap_or_else(|| panic!("{factor}?")),
            })
            .product();
        // The number and its unit are the last one or two words before the comment.
        let words: Vec<&str> = text[..at].rsplitn(3, char::is_whitespace).take(2).collect();
        let stated = quantity(words[0].trim_start_matches(['(', '`']))
            .or_else(|| quantity(&format!("{} {}", words.get(1)?.trim_start_matches(['(', '`']), words[0])));
        *seen += 1;
        if !stated.is_some_and(|stated| same(stated, truth)) {
            wrong.push(format!("{:?} is said of {source}, which is {truth}", words[0]));
        }
    }
    wrong
}

/// Returns whether Cargo.toml sets a lint of this name.
fn is_lint(name: &str) -> bool {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    manifest["lints"].as_table().unwrap().values().any(|lints| lints.get(name).is_some())
}

/// Returns the names in a text that look like a setting but are neither an option nor a policy key: in `name = value`, in
/// `[section] key`, and in TOML blocks.
fn unknown_settings(text: &str) -> Vec<String> {
    let known = |name: &str| default_of(name).is_some();
    let mut unknown = Vec::new();
    for (span, _) in spans(text) {
        let span = span.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = span.split(" = ").next().unwrap();
        // A span that is not TOML assigns something else.
        let assigns = span.contains(" = ") && span.parse::<Table>().is_ok();
        let setting = assigns || span.starts_with('[') && !span.starts_with("[[") && span.contains(']');
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.[] ".contains(c));
        let in_a_section = |name: &str| policy().values().any(|section| section.get(name).is_some());
        if setting && plain && !known(name) && !in_a_section(name) && !is_lint(name) {
            unknown.push(span);
        }
    }
    for block in blocks(text, "toml") {
        let table: Table = block.parse().unwrap_or_else(|error| panic!("{error}: {block}"));
        // The review screen has a settings file of its own.
        if table.contains_key("theme") {
            continue;
        }
        for (name, value) in &table {
            let inner: Vec<String> = match value {
                Value::Table(section) => section.keys().map(|key| format!("{name}.{key}")).collect(),
                _ => vec![name.clone()],
            };
            unknown.extend(inner.into_iter().filter(|name| !known(name)));
        }
    }
    unknown
}

/// Returns the links and paths in a Markdown file that lead nowhere.
fn broken_links(file: &Path, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let folder = file.parent().unwrap();
    for rest in text.split("](").skip(1) {
        let target = rest.split(')').next().unwrap();
        if target.contains("://") {
            continue;
        }
        let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
        let path = if path.is_empty() { file.to_owned() } else { folder.join(path) };
        if !path.exists() {
            broken.push(target.to_owned());
        } else if let Some(anchor) = anchor
            && !anchors(&fs::read_to_string(path).unwrap()).contains(anchor)
        {
            broken.push(target.to_owned());
        }
    }
    let folders = ["src", "tests", "docs", "deploy", "fuzz", "models", "corpus", "proto", "benches"];
    for (span, _) in spans(text) {
        let path = span.trim_end_matches('/');
        let is_path = path.split_once('/').is_some_and(|(first, _)| folders.contains(&first))
            && path.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c));
        if is_path && !root().join(path).exists() {
            broken.push(span.to_owned());
        }
    }
    broken
}

/// Returns the anchors that GitHub derives from the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words.replace(' ', "-").chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        })
        .collect()
}

/// Returns the Markdown files of the project, as in [`documents`].
fn markdown() -> Vec<(PathBuf, String)> {
    let all = documents().into_iter().filter(|(file, _)| file.ends_with(".md"));
    all.map(|(file, text)| (root().join(file), text)).collect()
}

// === held together ===

#[test]
fn help_states_the_default_of_every_option() {
    let help = help(&["serve"]);
    let mut wrong = Vec::new();
    let options = options();
    let mut seen = 0;
    for entry in help.split("\n\n").flat_map(|part| part.split("\n      --").skip(1).chain(part.strip_prefix("      --"))) {
        let flag = entry.split([' ', '\n']).next().unwrap();
        let Some(default) = options.get(&flag.replace('-', "_")) else { continue };
        seen += 1;
        let words = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words.split_once("[default: ").map(|(_, rest)| rest.split(']').next().unwrap().to_owned());
        let default = match default {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Boolean(on) => on.then(|| "true".to_owned()),
            other => Some(other.to_string()),
        };
        if said != default {
            wrong.push(format!("--{flag} says {said:?} and is {default:?}"));
        }
    }
    assert!(seen > 20, "options were found in the help: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_state_defaults_and_bounds_as_they_are() {
    let (mut wrong, mut defaults, mut bounds) = (Vec::new(), 0, 0);
    for (file, text) in documents() {
        let here = [wrong_defaults(&text, &mut defaults), wrong_bounds(&text, &mut bounds)].concat();
        wrong.extend(here.into_iter().map(|what| format!("{file}: {what}")));
    }
    assert!(defaults >= 2 && bounds > 10, "statements were found: {defaults}, {bounds}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_name_options_and_policy_keys_that_there_are() {
    let unknown: Vec<String> = markdown()
        .iter()
        .flat_map(|(file, text)| unknown_settings(text).into_iter().map(move |what| format!("{}: {what}", file.display())))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn the_page_of_codes_has_every_code_and_no_other() {
    let page = read("docs/codes.md");
    let mut listed = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let first = row.split('|').nth(1).unwrap();
        listed.extend(spans(first).into_iter().map(|(code, _)| code.to_owned()));
    }
    listed.insert("MACHINE".to_owned());
    assert_eq!(capitals(makes_codes), listed);
}

#[test]
fn what_documents_write_as_a_code_is_one() {
    let mut known = capitals(makes_codes);
    // The gRPC status codes, which the load generator names, and two of the gRPC health service.
    known.extend(capitals(|place| place == Path::new("cli/bench/record.rs")));
    known.extend(["NOT_SERVING", "SERVING"].map(str::to_owned));
    let protos = ["types", "moderation", "review", "admin"].map(|name| format!("proto/gatepost/v1/{name}.proto"));
    for text in protos.iter().map(|file| read(file)) {
        let values = text.lines().filter_map(|line| line.trim().split_once(" = ")).map(|(name, _)| name.to_owned());
        known.extend(values.filter(|name| is_code(name)));
    }
    let texts = documents().into_iter().chain(protos.iter().map(|file| (file.clone(), read(file))));
    let mut unknown = Vec::new();
    let mut seen = 0;
    for (file, text) in texts {
        for (span, _) in spans(&text) {
            if is_code(span) && span.contains('_') {
                seen += 1;
            }
            // A single word in capitals is an abbreviation or a placeholder of a command line, except in the protocol files.
            let code = is_code(span) && (span.contains('_') || file.ends_with(".proto"));
            if code && !known.contains(span) && !span.starts_with("GATEPOST_") {
                unknown.push(format!("{file}: {span}"));
            }
        }
    }
    assert!(seen > 30, "{seen}");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn links_and_paths_in_documents_lead_somewhere() {
    let broken: Vec<String> = markdown()
        .iter()
        .flat_map(|(file, text)| broken_links(file, text).into_iter().map(move |what| format!("{}: {what}", file.display())))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

// === the tests above, tried on what they must notice ===

#[test]
fn a_wrong_statement_is_noticed() {
    let mut seen = 0;
    for wrong in
        ["`store_timeout` (60 ms)", "`store_timeout`, 5 s,", "(`[review] spot_checks`, 3 %)", "`keep.audit_days` (90 days)"]
    {
        assert_eq!(wrong_defaults(wrong, &mut seen).len(), 1, "{wrong}");
    }
    for right in
        ["`store_timeout`\n(50 ms)", "`[review]\nspot_checks` (2 %)", "`store_timeout` and 3 more", "`nonsense` (3 ms)"]
    {
        assert!(wrong_defaults(right, &mut seen).is_empty(), "{right}");
    }
    assert_eq!(seen, 6);
    for wrong in [
        "4,999<!-- = src/store/memory.rs:MAX_COMMENTS -->",
        "many<!-- = src/store/memory.rs:MAX_COMMENTS -->",
        "80 days<!-- = keep.audit_days -->",
    ] {
        assert_eq!(wrong_bounds(wrong, &mut seen).len(), 1, "{wrong}");
    }
    let measured = "| 130 µs, 147 µs and 5 rows<!-- = docs/figures.md -->";
    assert_eq!(wrong_bounds(measured, &mut seen), ["docs/figures.md does not say 130 µs"]);
    for right in [
        "5,000<!-- = src/store/memory.rs:MAX_COMMENTS -->",
        "(365 days<!-- = keep.audit_days -->)",
        "2 %<!-- = review.spot_checks -->",
    ] {
        assert!(wrong_bounds(right, &mut seen).is_empty(), "{right}");
    }
    for wrong in [
        "`[keep] nonsense`",
        "`nonsense = 3`",
        "`[nonsense]`",
        "\n```toml\n[links]\nhopd = 1\n```\n",
        "\n```toml\nmax_flight = 1\n```\n",
    ] {
        assert_eq!(unknown_settings(wrong).len(), 1, "{wrong}");
    }
    for right in [
        "`[keep] audit_days`",
        "`[thresholds.spam]`",
        "`away = \"hold\"`",
        "`log_format = \"json\"`",
        "`--flag`",
        "`[[client]]`",
    ] {
        assert!(unknown_settings(right).is_empty(), "{right}");
    }
    let readme = root().join("README.md");
    for wrong in ["[x](docs/nonsense.md)", "[x](docs/learning.md#nonsense)", "`src/nonsense.rs`"] {
        assert_eq!(broken_links(&readme, wrong).len(), 1, "{wrong}");
    }
    for right in ["[x](docs/learning.md#spot-checks)", "[x](https://a.example/b)", "`src/keys/secret.rs`", "`fuzz/invariants`"]
    {
        assert!(broken_links(&readme, right).is_empty(), "{right}");
    }
}
