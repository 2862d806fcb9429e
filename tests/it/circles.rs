//! Checks that no two files of the program depend on each other, directly or through others.
//!
//! A file depends on another if it names something that is defined there, wherever it is re-exported. Declaring a module and
//! re-exporting from it (`mod`, `pub use`) is not a dependency.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A path of names, like `["store", "audit"]`.
type Module = Vec<String>;

/// The definitions, imports and paths of one module.
#[derive(Default)]
struct Contents {
    /// The module whose file holds this one; the module itself, unless it is inline.
    file: Module,
    defined: BTreeSet<String>,
    /// Local names of imports, with the path that each stands for.
    imported: BTreeMap<String, Vec<String>>,
    /// Paths before `::*`.
    globs: Vec<Vec<String>>,
    /// Every path that the code names, outside of `pub use`.
    named: BTreeSet<Vec<String>>,
}

/// All modules of a program.
struct Program {
    modules: BTreeMap<Module, Contents>,
}

impl Program {
    /// Reads a program. `read` returns the file of a module; the empty path is the crate. Returns an error if a file is not
    /// Rust.
    fn read(read: impl Fn(&[String]) -> Option<String>) -> Result<Self, syn::Error> {
        let mut program = Self { modules: BTreeMap::new() };
        let mut files = vec![Module::new()];
        while let Some(module) = files.pop() {
            let text = read(&module).unwrap_or_else(|| panic!("{} has no file", module.join("::")));
            program.add(&module, &module, &syn::parse_file(&text)?.items, &mut files);
        }
        Ok(program)
    }

    fn add(&mut self, file: &[String], module: &[String], items: &[Item], files: &mut Vec<Module>) {
        let mut contents = Contents { file: file.to_vec(), ..Contents::default() };
        for item in items.iter().filter(|item| !attributes(item).iter().any(is_for_tests)) {
            match item {
                Item::Mod(inner) => {
                    let path = [module, &[inner.ident.to_string()]].concat();
                    match &inner.content {
                        Some((_, items)) => self.add(file, &path, items, files),
                        None => files.push(path),
                    }
                    continue;
                }
                Item::Use(used) => contents.import(used),
                _ => contents.defined.extend(name(item)),
            }
            Names(&mut contents.named).visit_item(item);
        }
        self.modules.insert(module.to_vec(), contents);
    }

    /// Returns the module whose file defines what `path` names in `module`. Returns `None` for another crate, for local
    /// names, and for modules as such.
    fn definition(&self, module: &[String], path: &[String], depth: usize) -> Option<&Module> {
        let contents = self.modules.get(module)?;
        let (first, rest) = path.split_first()?;
        if depth == 0 {
            return None;
        }
        match first.as_str() {
            "crate" => self.definition_in(Vec::new(), rest, depth),
            "self" => self.definition_in(module.to_vec(), rest, depth),
            "super" => {
                let mut above = module.to_vec();
                above.pop();
                match rest.first().map(String::as_str) {
                    Some("super") => self.definition(&above, rest, depth - 1),
                    _ => self.definition_in(above, rest, depth),
                }
            }
            // A module comes before an item of the same name, if the path goes on.
            name if (rest.is_empty() || !self.modules.contains_key(&[module, std::slice::from_ref(first)].concat()))
                && contents.imported.get(name).is_some_and(|target| target.len() > 1) =>
            {
                self.definition(module, &[&contents.imported[name], rest].concat(), depth - 1)
            }
            _ => self.definition_in(module.to_vec(), path, depth),
        }
    }

    /// Returns the module whose file defines what `path` names below `module`.
    fn definition_in(&self, mut module: Module, mut path: &[String], depth: usize) -> Option<&Module> {
        while let Some((first, rest)) = path.split_first() {
            let below = [&module[..], std::slice::from_ref(first)].concat();
            if !self.modules.contains_key(&below) {
                break;
            }
            (module, path) = (below, rest);
        }
        let (first, rest) = path.split_first()?;
        let contents = &self.modules[&module];
        if contents.defined.contains(first) {
            return Some(&contents.file);
        }
        if let Some(target) = contents.imported.get(first) {
            return self.definition(&module, &[target, rest].concat(), depth.checked_sub(1)?);
        }
        let globs = contents.globs.iter();
        globs.filter_map(|glob| self.definition(&module, &[glob, path].concat(), depth.checked_sub(1)?)).next()
    }

    /// Returns the files that each file depends on, with the paths that show it.
    fn needs(&self) -> BTreeMap<&Module, BTreeMap<&Module, BTreeSet<String>>> {
        let mut needs: BTreeMap<&Module, BTreeMap<&Module, BTreeSet<String>>> = BTreeMap::new();
        for (module, contents) in &self.modules {
            for path in &contents.named {
                if let Some(file) = self.definition(module, path, 16).filter(|file| **file != contents.file && !file.is_empty())
                {
                    needs.entry(&contents.file).or_default().entry(file).or_default().insert(path.join("::"));
                }
            }
        }
        // The file of the crate only lists the modules.
        needs.remove(&Module::new());
        needs
    }

    /// Returns a line for each dependency that is part of a cycle.
    fn circles(&self) -> Vec<String> {
        let needs = self.needs();
        let reached = |from: &Module| {
            let (mut open, mut reached) = (vec![from.clone()], BTreeSet::new());
            while let Some(file) = open.pop() {
                for next in needs.get(&file).into_iter().flat_map(BTreeMap::keys) {
                    if reached.insert((*next).clone()) {
                        open.push((*next).clone());
                    }
                }
            }
            reached
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> = needs.keys().map(|file| (*file, reached(file))).collect();
        let lines = needs.iter().flat_map(|(from, to)| to.iter().map(move |(to, names)| (*from, *to, names)));
        lines
            .filter(|(from, to, _)| reached.get(to).is_some_and(|reached| reached.contains(*from)))
            .map(|(from, to, names)| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("{} needs {}: {}", from.join("/"), to.join("/"), names.join(", "))
            })
            .collect()
    }
}

impl Contents {
    fn import(&mut self, item: &ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        let mut add = |path: Vec<String>, alias: String| {
            // `use a::b::{self}` imports `b`.
            let path: Vec<String> = match path.split_last() {
                Some((last, before)) if last == "self" && !before.is_empty() => before.to_vec(),
                _ => path,
            };
            let alias = if alias == "self" { path.last().cloned().unwrap_or_default() } else { alias };
            if alias == "*" {
                self.globs.push(path[..path.len() - 1].to_vec());
            } else {
                self.imported.insert(alias, path.clone());
            }
            if !public {
                self.named.insert(path);
            }
        };
        flatten(&item.tree, Vec::new(), &mut add);
    }
}

/// Calls `add` with every path of a `use` and the name that it is imported under.
fn flatten(tree: &UseTree, before: Vec<String>, add: &mut impl FnMut(Vec<String>, String)) {
    let with = |name: String| [&before[..], &[name]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, with(path.ident.to_string()), add),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before.clone(), add)),
        UseTree::Name(name) => add(with(name.ident.to_string()), name.ident.to_string()),
        UseTree::Rename(name) => add(with(name.ident.to_string()), name.rename.to_string()),
        UseTree::Glob(_) => add(with("*".to_owned()), "*".to_owned()),
    }
}

/// Collects the paths that code names.
struct Names<'a>(&'a mut BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // The imports of the module are handled separately; this `use` is inside a function.
        flatten(&item.tree, Vec::new(), &mut |path, _| {
            self.0.insert(path);
        });
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(_) => {}
            item => visit::visit_item(self, item),
        }
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        if let syn::Stmt::Item(Item::Use(used)) = statement {
            self.visit_item_use(used);
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.insert(path.segments.iter().map(|part| part.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        visit::visit_macro(self, called);
        // The expansion of a macro is unknown, so every `a::b` among its tokens counts as a path.
        self.tokens(called.tokens.clone());
    }
}

impl Names<'_> {
    fn tokens(&mut self, stream: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for tree in stream {
            match tree {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Ident(part) => {
                    if colons != 2 && !path.is_empty() {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    path.push(part.to_string());
                    colons = 0;
                }
                tree => {
                    if !path.is_empty() {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    colons = 0;
                    if let TokenTree::Group(group) = tree {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        if !path.is_empty() {
            self.0.insert(path);
        }
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns whether an item is compiled for tests only.
fn is_for_tests(attribute: &Attribute) -> bool {
    let tokens = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
    attribute.path().is_ident("cfg") && (tokens == "test" || tokens.contains("(test") || tokens.contains("test ,"))
}

#[test]
fn no_two_files_need_each_other() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |module: &[String]| {
        let at = module.join("/");
        let files = if at.is_empty() { vec!["lib.rs".to_owned()] } else { vec![format!("{at}.rs"), format!("{at}/mod.rs")] };
        files.into_iter().find_map(|file| std::fs::read_to_string(src.join(file)).ok())
    };
    let program = Program::read(read).unwrap();
    assert!(program.needs().len() > 150, "{}", program.needs().len());
    let circles = program.circles();
    assert!(circles.is_empty(), "{} needs are part of circles:\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn every_kind_of_circle_is_found() {
    let circles = |parent: &str, left: &str, right: &str| {
        let read = |module: &[String]| {
            let text = match module.join("/").as_str() {
                "" => "mod room;",
                "room" => parent,
                "room/left" => left,
                "room/right" => right,
                _ => return None,
            };
            Some(text.to_owned())
        };
        Program::read(read).unwrap().circles().len()
    };
    let parent = "mod left; mod right; pub use left::Left; pub use right::{Right, turn}; pub struct Room;";
    let whole = "mod left; mod right; use right::Right; pub struct Room; pub fn open(right: Right) {}";
    let left = "use super::right::Right; pub struct Left(Right);";
    for (parent, left, right) in [
        (parent, left, "use super::left::Left; pub struct Right; pub fn turn(left: Left) {}"),
        (parent, left, "use super::Left as Other; pub struct Right;"),
        (parent, left, "use crate::room::{Left, left}; pub struct Right;"),
        (parent, left, "use crate::{room::{self}}; pub struct Right(room::Left);"),
        (parent, left, "use super::*; pub struct Right; fn turn(left: Left) {}"),
        (parent, left, "pub struct Right; fn turn() { crate::room::left::Left::new() }"),
        (parent, left, "pub struct Right; fn turn() { use super::Left; }"),
        (parent, left, "pub struct Right; fn turn() { assert!(matches!(x, super::Left { .. })) }"),
        (whole, "pub struct Left;", "use super::Room; pub struct Right;"),
    ] {
        assert!(circles(parent, left, right) > 1, "{parent} {left} {right}");
    }
    for right in [
        "pub struct Right; pub fn turn() {}",
        "pub struct Right; #[cfg(test)] mod tests { use super::super::Left; }",
        "pub struct Right; #[cfg(test)] use super::Left;",
        "use super::Room; pub struct Right;",
        "// super::Left\npub struct Right; pub fn turn() { left::Left() }",
    ] {
        assert_eq!(circles(parent, left, right), 0, "{right}");
    }
}
