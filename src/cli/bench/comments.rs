//! The comments that are sent. Each is encoded once; a call only fills in its own id.

use std::path::Path;

use prost::bytes::BufMut;

use super::template::{RequestOptions, Template};
use crate::cli::failure::Failure;
use crate::cli::rows::{self, Lines};
use crate::cli::text;

/// Comments of the lengths and kinds that blogs get, written for this command.
const BUILT_IN: &str = include_str!("comments.jsonl");
/// The default site for comments that name none.
pub const DEFAULT_SITE: &str = "bench";
/// Maximum size of the encoded requests that are kept in memory, in bytes.
const MAX_FILE_BYTES: usize = 256 * 1024 * 1024;

/// Encoded requests that are sent in a loop.
#[derive(Debug)]
pub struct RequestSet {
    templates: Vec<Template>,
    run_id: String,
}

impl RequestSet {
    /// Reads the comments of a file, or the built-in ones if `file` is `None`. Also returns a warning if lines are skipped or
    /// the file is too long.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or holds no comments.
    pub fn read(file: Option<&Path>, options: RequestOptions) -> Result<(Self, Option<String>), Failure> {
        let (lines, name) = match file {
            Some(file) => (rows::open(file, |source, _| source)?, file),
            None => (Lines::new(Box::new(BUILT_IN.as_bytes())), Path::new("the built-in comments")),
        };
        // The built-in comments must not be stopped by a limit on authors.
        let fresh_authors = options.fresh_authors || file.is_none();
        let mut comments = Self { templates: Vec::new(), run_id: format!("{:08x}", fastrand::u32(..)) };
        let warning = comments.fill(lines, name, RequestOptions { fresh_authors, ..options })?;
        Ok((comments, warning))
    }

    /// Reads comments and encodes their requests. Returns a warning if lines are skipped or the file is too long.
    fn fill(&mut self, mut lines: Lines, name: &Path, options: RequestOptions) -> Result<Option<String>, Failure> {
        let (mut length, mut bad, mut first) = (0, 0_u64, String::new());
        while let Some(line) = lines.next().map_err(|error| rows::read_failure(name, &error))? {
            if length > MAX_FILE_BYTES {
                let (name, lines) = (name.display(), self.templates.len());
                return Ok(Some(format!("{name} is long: only its first {lines} comments are sent, in a loop")));
            }
            match line.parse_row(options.site.unwrap_or(DEFAULT_SITE), &[]) {
                Ok(Some(row)) => {
                    let template = Template::encode(row.comment, &self.run_id, options);
                    length += template.len();
                    self.templates.push(template);
                }
                Ok(None) => {}
                Err(problem) => {
                    if bad == 0 {
                        first = format!("line {}: {}", line.number, text::escape_line(&problem, 200));
                    }
                    bad += 1;
                }
            }
        }
        match (self.templates.is_empty(), bad) {
            (true, 0) => Err(Failure::usage(format!("{} holds no comments", name.display()))),
            (true, _) => Err(Failure::usage(format!("{} holds no comments; {first}", name.display()))),
            (false, 0) => Ok(None),
            (false, bad) => Ok(Some(format!("{bad} lines of {} are not comments, the first is {first}", name.display()))),
        }
    }

    /// Returns the number of different comments.
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// Returns the prefix of the ids of this run.
    pub fn run(&self) -> &str {
        &self.run_id
    }

    /// Returns the mean length of an encoded request, in bytes.
    pub fn mean_bytes(&self) -> usize {
        self.templates.iter().map(|template| template.len()).sum::<usize>() / self.templates.len().max(1)
    }

    /// Writes the request of the call with this number.
    pub fn encode(&self, number: u64, out: &mut impl BufMut) {
        let count = self.templates.len().max(1) as u64;
        let template = usize::try_from(number % count).ok().and_then(|place| self.templates.get(place));
        if let Some(template) = template {
            template.write(number, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use prost::Message;

    use super::*;
    use crate::comment::Comment;
    use crate::pb;

    const PLAIN: RequestOptions = RequestOptions { site: None, keep_ids: false, fresh_authors: false, dry_run: false };

    fn sent(comments: &RequestSet, number: u64) -> pb::CheckCommentRequest {
        let mut bytes = Vec::new();
        comments.encode(number, &mut bytes);
        pb::CheckCommentRequest::decode(bytes.as_slice()).unwrap()
    }

    fn of(lines: &str, options: RequestOptions) -> RequestSet {
        let mut comments = RequestSet { templates: Vec::new(), run_id: "cafe0123".into() };
        comments.fill(Lines::new(Box::new(std::io::Cursor::new(lines.to_owned()))), Path::new("x"), options).unwrap();
        comments
    }

    #[test]
    fn our_own_comments_are_valid_and_of_different_authors() {
        let (comments, warning) = RequestSet::read(None, PLAIN).unwrap();
        assert!(warning.is_none() && comments.len() >= 30, "{warning:?} {}", comments.len());
        assert!((300..700).contains(&comments.mean_bytes()), "{}", comments.mean_bytes());
        let (mut users, mut ips) = (std::collections::HashSet::new(), std::collections::HashSet::new());
        for number in 65_500..65_600 {
            let comment = sent(&comments, number).comment.unwrap();
            assert_eq!(comment.comment_id, format!("{}-{number:010}", comments.run()));
            let (author, client) = (comment.author.clone().unwrap(), comment.client.clone().unwrap());
            assert!(client.ip.parse::<std::net::Ipv6Addr>().is_ok(), "{}", client.ip);
            assert!(users.insert(author.user_id) && ips.insert(client.ip));
            assert!(Comment::parse(comment, SystemTime::now()).is_ok());
        }
    }

    #[test]
    fn comments_of_a_file_go_round_with_ids_of_their_own() {
        let lines = "{\"text\":\"one\",\"author\":{\"user_id\":\"ada\"}}\nno JSON\n{\"text\":\"two\",\"site\":\"s\"}\n";
        let comments = of(lines, PLAIN);
        let first = sent(&comments, 2).comment.unwrap();
        assert_eq!((first.body.as_str(), first.site.as_str()), ("one", "bench"));
        assert_eq!((first.comment_id.as_str(), first.author.unwrap().user_id.as_str()), ("cafe0123-0000000002", "ada"));
        let second = sent(&comments, 3).comment.unwrap();
        assert_eq!((second.body.as_str(), second.site.as_str(), second.client), ("two", "s", None));
    }

    #[test]
    fn ids_can_stay_and_dry_runs_say_so() {
        let comments = of("{\"text\":\"t\",\"id\":\"a:1\"}", RequestOptions { keep_ids: true, dry_run: true, ..PLAIN });
        let request = sent(&comments, 5);
        assert!(request.dry_run);
        assert_eq!(request.comment.unwrap().comment_id, "a:1");
    }

    #[test]
    fn a_file_without_comments_is_refused() {
        let mut comments = RequestSet { templates: Vec::new(), run_id: "cafe0123".into() };
        let lines = Lines::new(Box::new(&b"[]\n"[..]));
        let failure = comments.fill(lines, Path::new("x"), PLAIN).unwrap_err();
        assert!(failure.message().contains("line 1"), "{}", failure.message());
    }
}
