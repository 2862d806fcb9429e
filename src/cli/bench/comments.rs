//! The comments that are sent: encoded once, so that a call only fills in an id of its own.

use std::path::Path;

use prost::Message;
use prost::bytes::BufMut;

use crate::cli::failure::Failure;
use crate::cli::rows::{self, Lines};
use crate::cli::text;
use crate::pb;

/// Comments of the lengths and kinds that blogs get, written for this.
const OWN: &str = include_str!("comments.jsonl");
/// The site of comments that name none.
pub const SITE: &str = "bench";
/// How much of a file is kept in memory.
const MOST: usize = 256 * 1024 * 1024;
/// Digits of a call's number in an id.
const ID_DIGITS: usize = 10;
/// Where an author's number stands in an address: two groups of the documentation prefix. Limits count by /64.
const NETWORK: [(usize, u32); 2] = [(9, 16), (14, 0)];

/// What is done to each comment of a file.
#[derive(Debug, Clone, Copy)]
pub struct Making<'a> {
    /// The site of comments that name none.
    pub site: Option<&'a str>,
    /// Ids stay, so that comments repeat.
    pub keep_ids: bool,
    /// Each comment is of another author, from another address.
    pub fresh_authors: bool,
    /// The server is to count nothing.
    pub dry_run: bool,
}

/// Comments ready to be sent, over and over.
#[derive(Debug)]
pub struct Comments {
    templates: Vec<Template>,
    run: String,
}

/// An encoded request with places for the call's number.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    /// In the order of their places.
    marks: Vec<(usize, Mark)>,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Id,
    Address,
}

impl Comments {
    /// The comments of a file, or without one our own.
    ///
    /// # Errors
    /// The file cannot be read, or holds no comment.
    pub fn read(file: Option<&Path>, making: Making) -> Result<(Self, Option<String>), Failure> {
        let (lines, name) = match file {
            Some(file) => (rows::open(file, |source, _| source)?, file),
            None => (Lines::new(Box::new(OWN.as_bytes())), Path::new("the built-in comments")),
        };
        // Our own have no authors whom a limit should stop.
        let fresh_authors = making.fresh_authors || file.is_none();
        let mut comments = Self { templates: Vec::new(), run: format!("{:08x}", fastrand::u32(..)) };
        let warning = comments.fill(lines, name, Making { fresh_authors, ..making })?;
        Ok((comments, warning))
    }

    fn fill(&mut self, mut lines: Lines, name: &Path, making: Making) -> Result<Option<String>, Failure> {
        let (mut length, mut bad, mut first) = (0, 0_u64, String::new());
        while let Some(line) = lines.next().map_err(|error| rows::unreadable(name, &error))? {
            if length > MOST {
                let (name, lines) = (name.display(), self.templates.len());
                return Ok(Some(format!("{name} is long: only its first {lines} comments are sent, over and over")));
            }
            match line.parse(making.site.unwrap_or(SITE), &[]) {
                Ok(Some(row)) => {
                    let template = Template::of(row.comment, &self.run, making);
                    length += template.bytes.len();
                    self.templates.push(template);
                }
                Ok(None) => {}
                Err(problem) => {
                    if bad == 0 {
                        first = format!("line {}: {}", line.number, text::line(&problem, 200));
                    }
                    bad += 1;
                }
            }
        }
        match (self.templates.is_empty(), bad) {
            (true, 0) => Err(Failure::usage(format!("{} holds no comments", name.display()))),
            (true, _) => Err(Failure::usage(format!("{} holds no comments; {first}", name.display()))),
            (false, 0) => Ok(None),
            (false, bad) => Ok(Some(format!("{bad} lines of {} are no comments, the first is {first}", name.display()))),
        }
    }

    /// How many different ones there are.
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// What every id of this run begins with.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Their mean length as messages, in bytes.
    pub fn mean_bytes(&self) -> usize {
        self.templates.iter().map(|template| template.bytes.len()).sum::<usize>() / self.templates.len().max(1)
    }

    /// Writes the request of a call.
    pub fn write(&self, number: u64, out: &mut impl BufMut) {
        let count = self.templates.len().max(1) as u64;
        let template = usize::try_from(number % count).ok().and_then(|place| self.templates.get(place));
        let Some(template) = template else { return };
        let mut rest = 0;
        for (place, mark) in &template.marks {
            out.put_slice(&template.bytes[rest..*place]);
            rest = place + mark.write(number, out);
        }
        out.put_slice(&template.bytes[rest..]);
    }
}

impl Template {
    fn of(mut comment: pb::Comment, run: &str, making: Making) -> Self {
        let id = format!("{run}-{}", "#".repeat(ID_DIGITS));
        // As long as an address, and found in nothing else.
        let address: String = run.chars().cycle().take(address(0).len()).collect();
        if !making.keep_ids {
            comment.comment_id.clone_from(&id);
        }
        if making.fresh_authors {
            comment.author.get_or_insert_default().user_id.clone_from(&id);
            comment.client.get_or_insert_default().ip.clone_from(&address);
        }
        let bytes = pb::CheckCommentRequest { comment: Some(comment), dry_run: making.dry_run }.encode_to_vec();
        let ids = places(&bytes, id.as_bytes()).map(|place| (place + run.len() + 1, Mark::Id));
        let mut marks: Vec<_> = ids.chain(places(&bytes, address.as_bytes()).map(|place| (place, Mark::Address))).collect();
        marks.sort_by_key(|(place, _)| *place);
        Self { bytes, marks }
    }
}

impl Mark {
    /// Writes the number in its form and returns how many bytes it took.
    fn write(self, number: u64, out: &mut impl BufMut) -> usize {
        match self {
            Self::Id => {
                let (mut digits, mut rest) = ([b'0'; ID_DIGITS], number);
                for digit in digits.iter_mut().rev() {
                    *digit += u8::try_from(rest % 10).unwrap_or_default();
                    rest /= 10;
                }
                out.put_slice(&digits);
                digits.len()
            }
            Self::Address => {
                let address = address(number);
                out.put_slice(&address);
                address.len()
            }
        }
    }
}

/// An address of a network of its own for each number.
fn address(number: u64) -> [u8; 21] {
    let mut text = *b"2001:db8:0000:0000::1";
    for (place, shift) in NETWORK {
        for digit in 0..4 {
            let nibble = usize::try_from(number >> (shift + 12 - digit * 4) & 15).unwrap_or_default();
            text[place + digit as usize] = b"0123456789abcdef"[nibble];
        }
    }
    text
}

/// Where a part occurs.
fn places<'a>(bytes: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(part.len()).enumerate().filter(move |(_, window)| *window == part).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::comment::Comment;

    const PLAIN: Making = Making { site: None, keep_ids: false, fresh_authors: false, dry_run: false };

    fn sent(comments: &Comments, number: u64) -> pb::CheckCommentRequest {
        let mut bytes = Vec::new();
        comments.write(number, &mut bytes);
        pb::CheckCommentRequest::decode(bytes.as_slice()).unwrap()
    }

    fn of(lines: &str, making: Making) -> Comments {
        let mut comments = Comments { templates: Vec::new(), run: "cafe0123".into() };
        comments.fill(Lines::new(Box::new(std::io::Cursor::new(lines.to_owned()))), Path::new("x"), making).unwrap();
        comments
    }

    #[test]
    fn our_own_comments_are_valid_and_of_different_authors() {
        let (comments, warning) = Comments::read(None, PLAIN).unwrap();
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
        let comments = of("{\"text\":\"t\",\"id\":\"a:1\"}", Making { keep_ids: true, dry_run: true, ..PLAIN });
        let request = sent(&comments, 5);
        assert!(request.dry_run);
        assert_eq!(request.comment.unwrap().comment_id, "a:1");
    }

    #[test]
    fn a_file_without_comments_is_refused() {
        let mut comments = Comments { templates: Vec::new(), run: "cafe0123".into() };
        let lines = Lines::new(Box::new(&b"[]\n"[..]));
        let failure = comments.fill(lines, Path::new("x"), PLAIN).unwrap_err();
        assert!(failure.message().contains("line 1"), "{}", failure.message());
    }
}
