//! The formats of archives, and how each is known by the beginning of a file.

use clap::ValueEnum;

/// What every database of SQLite begins with.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// How an archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InputFormat {
    /// What it begins like
    #[default]
    Auto,
    /// One JSON object a line, as `check --file` reads and `queue --format jsonl` writes
    Jsonl,
    /// What WordPress exports
    Wxr,
    /// What Disqus exports
    Disqus,
    /// What Blogger exports, or Google Takeout as feed.atom
    Blogger,
    /// Isso's database, comments.db
    Isso,
    /// A backup of Remark42
    Remark42,
    /// What Commento exports
    Commento,
    /// What Comentario exports
    Comentario,
}

impl InputFormat {
    /// Returns the format of a file that begins with these bytes: [`InputFormat::Auto`] for one of those in XML.
    ///
    /// # Errors
    /// Returns an error if no known format begins like that.
    pub fn detect(head: &[u8]) -> Result<Self, &'static str> {
        if head.starts_with(SQLITE_MAGIC) {
            return Ok(Self::Isso);
        }
        match head.trim_ascii_start().first() {
            None => Ok(Self::Jsonl),
            Some(b'{') => Ok(Self::detect_json(head)),
            Some(b'<') => Ok(Self::Auto),
            Some(_) => {
                Err("begins neither like JSON nor like XML nor like a database of SQLite; name its format with --input-format")
            }
        }
    }

    /// Tells by their first fields which of the formats in JSON it is: exports begin with their version, and say then what
    /// they hold.
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

    /// Returns the format in XML that has this root element.
    ///
    /// # Errors
    /// Returns an error if there is none.
    pub fn from_root_element(root: &str) -> Result<Self, &'static str> {
        match root {
            "rss" => Ok(Self::Wxr),
            "disqus" => Ok(Self::Disqus),
            "feed" => Ok(Self::Blogger),
            _ => Err("is XML, but no export of WordPress (<rss>), Disqus (<disqus>) or Blogger (<feed>)"),
        }
    }

    /// Returns the format's name, as `--input-format` takes it.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Returns what an archive of this format holds its comments in.
    pub fn comment_location(self) -> &'static str {
        match self {
            Self::Auto | Self::Jsonl => "a JSON object with `body` or `text` on each line",
            Self::Wxr => "<wp:comment> in the <item> of an <rss>; export \"All content\", and comments come along",
            Self::Disqus => "<post> in <disqus>",
            Self::Blogger => "<entry> of the kind comment in a <feed>; the feed of a blog's posts alone has none",
            Self::Isso => "rows in the table `comments`",
            Self::Remark42 => "a JSON object with `id` and `text` on each line behind the first",
            Self::Commento | Self::Comentario => "JSON objects in the list `comments`",
        }
    }
}
