//! Checks the code against the tables of ARCHITECTURE.md: which module may use which, and where each library may be used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Macro, MetaList, UseTree};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

// === the tables ===

/// The tables of ARCHITECTURE.md.
struct Tables {
    /// Modules, and the modules that each may use. A submodule is written `module/part`.
    rooms: BTreeMap<String, BTreeSet<String>>,
    /// Libraries as code names them, and the modules in which each may be used.
    libraries: BTreeMap<String, BTreeSet<String>>,
}

impl Tables {
    fn read(document: &str) -> Self {
        let rooms = table(document, "module").into_iter().map(|row| {
            let [room, _, may_use] = row.try_into().expect("a row has three cells");
            (name(room).trim_end_matches('/').to_owned(), names(may_use))
        });
        let libraries = table(document, "library").into_iter().flat_map(|row| {
            let [libraries, places] = row.try_into().expect("a row has two cells");
            names(libraries).into_iter().map(move |library| (library.replace('-', "_"), names(places)))
        });
        Self { rooms: rooms.collect(), libraries: libraries.collect() }
    }

    /// Returns the modules that a module may use besides its own.
    fn may_use(&self, module: &[String]) -> Option<&BTreeSet<String>> {
        (1..=module.len()).rev().find_map(|length| self.rooms.get(&module[..length].join("/")))
    }
}

/// Returns the rows of the table whose first column has this heading.
fn table<'a>(document: &'a str, first: &str) -> Vec<Vec<&'a str>> {
    let head = format!("| {first} |");
    let rows = document.lines().skip_while(|line| !line.starts_with(&head)).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn name(cell: &str) -> &str {
    cell.trim().trim_matches('`')
}

fn names(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(name).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

// === the code ===

/// A path that code names, and the module that names it.
struct Named {
    module: Vec<String>,
    path: Vec<String>,
    /// Whether the path is part of a `use`, where a single name can be a library.
    used: bool,
}

impl Named {
    /// Returns the top-level module that the path leads to, or `None` if it does not start with `crate`, `self` or `super`.
    fn room(&self) -> Option<String> {
        let mut place = match self.path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module.clone(),
            _ => return None,
        };
        let mut rest = &self.path[usize::from(self.path[0] != "super")..];
        while rest.first().is_some_and(|part| part == "super") {
            place.pop();
            rest = &rest[1..];
        }
        place.extend(rest.iter().filter(|part| *part != "self").cloned());
        // A path to the crate itself, outside of every module.
        Some(place.first().filter(|part| *part != "*").map_or("crate", String::as_str).to_owned())
    }
}

/// Every path in a file, in `use`, code, attributes and macro arguments. Tests are left out.
struct Paths {
    module: Vec<String>,
    found: Vec<Named>,
    /// The submodules that have files of their own.
    files: Vec<Vec<String>>,
}

impl Paths {
    fn of(module: &[String], source: &str) -> Result<Self, syn::Error> {
        let mut paths = Self { module: module.to_vec(), found: Vec::new(), files: Vec::new() };
        paths.visit_file(&syn::parse_file(source)?);
        Ok(paths)
    }

    fn add(&mut self, path: Vec<String>, used: bool) {
        // Alone, these are visibilities (`pub(crate)`) and receivers (`self`).
        if path.len() > 1 || !["crate", "self", "super"].contains(&path[0].as_str()) {
            self.found.push(Named { module: self.module.clone(), path, used });
        }
    }

    fn tree(&mut self, tree: &UseTree, mut before: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, before.clone())),
            UseTree::Name(name) => self.add([before, vec![name.ident.to_string()]].concat(), true),
            UseTree::Rename(name) => self.add([before, vec![name.ident.to_string()]].concat(), true),
            UseTree::Glob(_) => self.add([before, vec!["*".to_owned()]].concat(), true),
        }
    }

    /// Collects paths from the tokens of a macro. Its expansion is unknown, so every `a::b` counts as a path.
    fn tokens(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let colons = |at: usize| trees.get(at..at + 2).is_some_and(|pair| pair.iter().all(|tree| tree.to_string() == ":"));
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += 1;
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let (begun, mut path) = (at - 1, vec![first.to_string()]);
                    while colons(at) {
                        let Some(TokenTree::Ident(part)) = trees.get(at + 2) else { break };
                        path.push(part.to_string());
                        at += 3;
                    }
                    match trees.get(at + 2) {
                        Some(TokenTree::Group(group)) if colons(at) && group.delimiter() == Delimiter::Brace => {
                            if let Ok(tree) = syn::parse2(trees[begun..at + 3].iter().cloned().collect()) {
                                self.tree(&tree, Vec::new());
                            }
                        }
                        _ if path.len() > 1 => self.add(path, false),
                        _ => {}
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.attrs.iter().any(is_test) {
            return;
        }
        self.module.push(item.ident.to_string());
        match &item.content {
            Some(_) => visit::visit_item_mod(self, item),
            None => self.files.push(self.module.clone()),
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(path.segments.iter().map(|part| part.ident.to_string()).collect(), false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        visit::visit_macro(self, called);
        self.tokens(called.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        visit::visit_meta_list(self, list);
        self.tokens(list.tokens.clone());
    }
}

fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
}

/// A source file of the program: its location and the paths that it names.
struct Source {
    place: String,
    paths: Paths,
}

/// Returns the source files of the program: `main.rs`, and all files that are reachable from `lib.rs` by `mod`. Tests are left
/// out.
fn program() -> Vec<Source> {
    let mut files = vec![(Vec::new(), "main.rs".to_owned()), (Vec::new(), "lib.rs".to_owned())];
    let mut program = Vec::new();
    while let Some((module, file)) = files.pop() {
        let text = fs::read_to_string(root().join("src").join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let paths = Paths::of(&module, &text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for module in &paths.files {
            let file = [format!("{}.rs", module.join("/")), format!("{}/mod.rs", module.join("/"))]
                .into_iter()
                .find(|file| root().join("src").join(file).is_file());
            files.push((module.clone(), file.unwrap_or_else(|| panic!("{} has no file", module.join("::")))));
        }
        let place = if module.is_empty() { file } else { module.join("/") };
        program.push(Source { place, paths });
    }
    program
}

/// Returns the paths of a file that its module may not use.
fn rooms_out_of_bounds(tables: &Tables, source: &Source) -> Vec<String> {
    // These files only declare the modules and start the program.
    if ["lib.rs", "main.rs"].contains(&source.place.as_str()) {
        return Vec::new();
    }
    let may_use = |module: &[String]| tables.may_use(module).unwrap_or_else(|| panic!("{module:?} is in no room of the table"));
    let bad = source.paths.found.iter().filter_map(|named| {
        let room = named.room()?;
        let may = room == named.module[0] || room == "pb" || may_use(&named.module).contains(&room);
        (!may).then(|| format!("{} uses {room}: {}", source.place, named.path.join("::")))
    });
    bad.collect()
}

/// Returns the libraries that a file uses outside of their place.
fn libraries_out_of_place(tables: &Tables, source: &Source) -> Vec<String> {
    let bad = source.paths.found.iter().filter(|named| named.used || named.path.len() > 1).filter(|named| {
        tables.libraries.get(&named.path[0]).is_some_and(|places| {
            !places.iter().any(|place| source.place == *place || source.place.starts_with(&format!("{place}/")))
        })
    });
    bad.map(|named| format!("{} uses {}", source.place, named.path.join("::"))).collect()
}

fn tables() -> Tables {
    Tables::read(&fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap())
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let tables = tables();
    let wrong: Vec<String> = program().iter().flat_map(|source| rooms_out_of_bounds(&tables, source)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_where_they_belong() {
    let tables = tables();
    let wrong: Vec<String> = program().iter().flat_map(|source| libraries_out_of_place(&tables, source)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tables_name_what_there_is_and_what_is_used() {
    let (tables, program) = (tables(), program());
    let places: BTreeSet<&str> = program.iter().map(|source| source.place.as_str()).collect();
    let rooms: BTreeSet<&str> = places.iter().map(|place| place.split('/').next().unwrap()).collect();
    let listed: BTreeSet<&str> = tables.rooms.keys().map(|room| room.split('/').next().unwrap()).collect();
    assert_eq!(rooms.into_iter().filter(|room| !room.ends_with(".rs")).collect::<BTreeSet<_>>(), listed);
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let dependencies: BTreeSet<String> =
        manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect();
    let mut vain: Vec<String> = tables.rooms.keys().filter(|room| !places.contains(room.as_str())).cloned().collect();
    for (room, may_use) in &tables.rooms {
        let here = program.iter().filter(|source| source.place == *room || source.place.starts_with(&format!("{room}/")));
        let used: BTreeSet<String> = here.flat_map(|source| source.paths.found.iter().filter_map(Named::room)).collect();
        vain.extend(may_use.difference(&used).map(|unused| format!("{room} uses no {unused}")));
    }
    for (library, homes) in &tables.libraries {
        vain.extend((!dependencies.contains(library)).then(|| format!("{library} is no dependency")));
        vain.extend(homes.iter().filter(|home| !places.contains(home.as_str())).map(|home| format!("{home} is no place")));
    }
    assert!(vain.is_empty(), "{}", vain.join("\n"));
}

// === the tests above, tried on what they must notice ===

const DOCUMENT: &str = "
| module | job | may use |
|---|---|---|
| `desk/` | decides | error |
| `desk/screen` | shows | `error`, store |
| `error` | says | |
| `store/` | keeps | error |

| library | only in |
|---|---|
| redis, tracing-subscriber | `store`, `desk/screen` |
";

fn written(place: &str, text: &str) -> Source {
    let module: Vec<String> = place.split('/').map(str::to_owned).collect();
    Source { place: place.to_owned(), paths: Paths::of(&module, text).unwrap() }
}

#[test]
fn every_way_to_use_a_room_is_noticed() {
    let tables = Tables::read(DOCUMENT);
    for text in [
        "use crate::store::Store;",
        "use crate::store;",
        "use crate::store as kept;",
        "use crate::store::*;",
        "use crate::{error::Error, store::{Store, page::Page}};",
        "use crate::{self as all};",
        "use crate::*;",
        "use super::super::store::Store;",
        "use self::super::super::store;",
        "pub use crate::{error, store::Store};",
        "fn f() { crate::store::open() }",
        "fn f(x: Vec<crate::store::Store>) {}",
        "fn f() { let x = super::super::store::MOST; }",
        "impl crate::store::Keeps for X {}",
        "fn f() { println!(\"{}\", crate::store::MOST) }",
        "fn f() { assert!(matches!(x, Some(crate::store::Kept { .. }))) }",
        "macro_rules! m { () => { use $crate::{error::Error, store::Store}; } }",
        "#[derive(crate::store::Stored)] struct X;",
        "mod inner { use super::super::super::store::Store; }",
        "fn f() { use crate::store::Store; }",
    ] {
        let wrong = rooms_out_of_bounds(&tables, &written("desk/list", text));
        assert!(!wrong.is_empty(), "{text}");
        // The whole crate is in no row of the table.
        let may = rooms_out_of_bounds(&tables, &written("desk/screen", text));
        assert_eq!(may.is_empty(), !wrong[0].contains("uses crate"), "{text}: {may:?}");
    }
    for text in [
        "use crate::error::Error;",
        "use crate::{desk::Desk, error::Error, pb};",
        "use super::{Desk, store};",
        "use super::store::Store;",
        "pub(crate) fn f() { self.store.open(); store::open() }",
        "// crate::store\nconst S: &str = \"crate::store::Store\";",
        "#[cfg(test)] mod tests { use crate::store::Store; }",
        "mod inner { use super::super::Desk; }",
    ] {
        let wrong = rooms_out_of_bounds(&tables, &written("desk/list", text));
        assert!(wrong.is_empty(), "{text}: {wrong:?}");
    }
}

#[test]
fn every_way_to_use_a_library_is_noticed() {
    let tables = Tables::read(DOCUMENT);
    for text in [
        "use redis::Client;",
        "use redis;",
        "use redis as r;",
        "use {std::fs, redis::{Client, Value}};",
        "fn f() { redis::cmd(\"GET\") }",
        "fn f() -> Result<(), redis::RedisError> {}",
        "fn f() { try_join!(redis::cmd(\"GET\")) }",
        "#[derive(redis::FromRedisValue)] struct X;",
        "use tracing_subscriber::fmt;",
    ] {
        let named = libraries_out_of_place(&tables, &written("desk/list", text));
        assert!(!named.is_empty(), "{text}");
        for home in ["store", "store/redis", "desk/screen"] {
            assert!(libraries_out_of_place(&tables, &written(home, text)).is_empty(), "{home}: {text}");
        }
    }
    for text in ["use crate::store::redis;", "fn f(redis: u8) { store::redis::open(redis) }", "use tracing::info;"] {
        assert!(libraries_out_of_place(&tables, &written("desk/list", text)).is_empty(), "{text}");
    }
}

// === other documents, and files ===

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_threat_model_names_tests_that_there_are() {
    let mut files = Vec::new();
    for folder in ["src", "tests/it"] {
        sources(&root().join(folder), &mut files);
    }
    let code: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let said = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let names = said.split('`').skip(1).step_by(2).filter(|name| {
        // A name of at least four words is the name of a test.
        name.matches('_').count() > 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 50, "{}", names.len());
    let missing: Vec<&&str> =
        names.iter().filter(|name| !code.contains(&format!("fn {name}()")) && !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_file_says_its_one_job_first() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    let silent: Vec<_> = files.iter().filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! ")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
