//! Reads files that an operator names. Every read has a size limit, so that no file can exhaust the memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Maximum size of a settings or policy file, in bytes. It holds a list of thirty thousand words.
pub const MAX_TEXT: u64 = 1 << 20;
/// Maximum size of a file with a single value such as a secret, in bytes.
pub const MAX_VALUE: u64 = 64 << 10;
/// Maximum total size of the files in a folder, in bytes.
const MAX_FOLDER: u64 = 64 << 20;

/// Reads a file of at most `max` bytes. For a source without a length, such as a device, reading stops at the limit.
///
/// # Errors
/// Returns the error of the file system, or [`io::ErrorKind::FileTooLarge`].
pub fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > max {
        return Err(too_large(&format!("it is {length} bytes long"), max));
    }
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(too_large("it does not end", max));
    }
    Ok(bytes)
}

/// Reads a UTF-8 text file of at most `max` bytes.
///
/// # Errors
/// Returns an error as [`read`] does, or if the file is not valid UTF-8.
pub fn read_text(path: &Path, max: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, max)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Reads every `*.toml` file of a folder, sorted by name. Entries must be regular files, because reading a pipe might never
/// end.
///
/// # Errors
/// Returns the error of the file system and the path it concerns.
pub fn read_toml_folder(folder: &Path) -> Result<Vec<(PathBuf, String)>, (PathBuf, io::Error)> {
    let fail = |error| (folder.to_owned(), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut remaining = MAX_FOLDER;
    let read = |path: PathBuf| match require_regular_file(&path).and_then(|()| read_text(&path, MAX_TEXT)) {
        Ok(text) if text.len() as u64 > remaining => {
            Err((path, too_large("the folder's files are too large together", MAX_FOLDER)))
        }
        Ok(text) => {
            remaining -= text.len() as u64;
            Ok((path, text))
        }
        Err(error) => Err((path, error)),
    };
    files.into_iter().map(read).collect()
}

fn require_regular_file(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}

fn too_large(problem: &str, max: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("{problem}; at most {max} bytes are read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_long_as_it_may_be_is_read_and_one_byte_more_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_never_ends_is_left_at_its_bound() {
        let error = read(Path::new("/dev/zero"), 1 << 16).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_folder_is_read_by_name_and_only_as_far_as_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        file("b.toml", "b");
        file("a.toml", "a");
        file("c.txt", "c");
        let texts: Vec<String> = read_toml_folder(folder.path()).unwrap().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["a", "b"]);
        for number in 0..=64 {
            file(&format!("{number:03}.toml"), &"#".repeat(1 << 20));
        }
        assert_eq!(read_toml_folder(folder.path()).unwrap_err().1.kind(), io::ErrorKind::FileTooLarge);
        std::fs::create_dir(folder.path().join("000.d.toml")).unwrap();
        assert_eq!(read_toml_folder(folder.path()).unwrap_err().1.kind(), io::ErrorKind::InvalidInput);
    }
}
