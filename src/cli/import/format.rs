//! The formats of archives, and their detection from the beginning of a file.

use clap::ValueEnum;

/// First bytes of every SQLite database.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// The format of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InputFormat {
    /// Detected from the beginning of the file
    #[default]
    Auto,
    /// One JSON object per line, as `check --file` reads and `queue --format jsonl` writes it
    Jsonl,
    /// Export of WordPress
    Wxr,
    /// Export of Disqus
    Disqus,
    /// Export of Blogger, or feed.atom of Google Takeout
    Blogger,
    /// Database of Isso, comments.db
    Isso,
    /// Backup of Remark42
    Remark42,
    /// Export of Commento
    Commento,
    /// Export of Comentario
    Comentario,
}

impl InputFormat {
    /// Detects the format of a file from its first bytes. Returns [`InputFormat::Auto`] for any XML format.
    ///
    /// # Errors
    /// Returns an error if no known format begins with these bytes.
    pub fn detect(head: &[u8]) -> Result<Self, &'static str> {
        if head.starts_with(SQLITE_MAGIC) {
            return Ok(Self::Isso);
        }
        match head.trim_ascii_start().first() {
            None => Ok(Self::Jsonl),
            Some(b'{') => Ok(Self::detect_json(head)),
            Some(b'<') => Ok(Self::Auto),
            Some(_) => {
                Err("is neither JSON nor XML nor a database of SQLite by its first bytes; name its format with --input-format")
            }
        }
    }

    /// Detects a JSON format from the first field names: exports begin with their version, followed by the name of a list.
    fn detect_json(head: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head);
        let mut quoted = head.split('"').skip(1).step_by(2);
        let first = quoted.next().unwrap_or_default();
        match if first == "version" { quoted.next().unwrap_or_default() } else { first } {
            "users" | "posts" if first == "version" => Self::Remark42,
            "pages" => Self::Comentario,
            "comments" | "commenters" => Self::Commento,
            _ => Self::Jsonl,
        }
    }

    /// Returns the XML format with this root element.
    ///
    /// # Errors
    /// Returns an error if no format has it.
    pub fn from_root_element(root: &str) -> Result<Self, &'static str> {
        match root {
            "rss" => Ok(Self::Wxr),
            "disqus" => Ok(Self::Disqus),
            "feed" => Ok(Self::Blogger),
            _ => Err("is XML, but not an export of WordPress (<rss>), Disqus (<disqus>) or Blogger (<feed>)"),
        }
    }

    /// Returns the name of the format, as a value of `--input-format`.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Describes where an archive of this format holds its comments.
    pub fn comment_location(self) -> &'static str {
        match self {
            Self::Auto | Self::Jsonl => "a JSON object with `body` or `text` on each line",
            Self::Wxr => "<wp:comment> in the <item> of an <rss>; export \"All content\", which includes comments",
            Self::Disqus => "<post> in <disqus>",
            Self::Blogger => "<entry> of the kind comment in a <feed>; the feed of a blog's posts alone has none",
            Self::Isso => "rows in the table `comments`",
            Self::Remark42 => "a JSON object with `id` and `text` on each line after the first",
            Self::Commento | Self::Comentario => "JSON objects in the list `comments`",
        }
    }
}
