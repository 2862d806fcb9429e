//! Simulates a power cut for a folder with `power_cut.c`, which is preloaded into the process that writes there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The library that records what was synced, and the folder in which it keeps that.
pub struct PowerCut {
    folder: TempDir,
}

impl PowerCut {
    /// Compiles the library.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("left")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durability/power_cut.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(folder.path().join("power_cut.so"));
        let compiled = cc.arg(source).args(["-ldl", "-lpthread"]).status();
        assert!(compiled.expect("a C compiler, which the build needs too").success());
        Self { folder }
    }

    /// Returns the environment of a process that writes to a folder. The folder need not exist yet.
    pub fn environment(&self, of: &Path) -> Vec<(&'static str, PathBuf)> {
        // The library compares canonical paths of the kernel.
        let of = fs::canonicalize(of.parent().unwrap()).unwrap().join(of.file_name().unwrap());
        vec![("LD_PRELOAD", self.folder.path().join("power_cut.so")), ("POWER_CUT_OF", of), ("POWER_CUT_LEAVES", self.left())]
    }

    /// Returns the program `env` with the arguments that set this environment for the program that follows.
    pub fn under(&self, of: &Path) -> Vec<String> {
        let set = self.environment(of).into_iter().map(|(name, value)| format!("{name}={}", value.display()));
        std::iter::once("env".to_owned()).chain(set).collect()
    }

    /// Returns the folder with everything that was synced.
    pub fn left(&self) -> PathBuf {
        self.folder.path().join("left")
    }

    /// Replaces a folder by what was synced. The process that wrote there must have ended.
    pub fn happens_to(&self, of: &Path) {
        fs::remove_dir_all(of).unwrap();
        copy(&self.left(), of);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            // A copy that the kill interrupted.
            false if path.ends_with(".part") => {}
            false => drop(fs::copy(&path, to).unwrap()),
        }
    }
}
