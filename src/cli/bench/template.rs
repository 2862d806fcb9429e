//! A request that was encoded in advance, with places for what differs from call to call.

use prost::Message;
use prost::bytes::BufMut;

use crate::pb;

/// Digits of a call's number in an id.
const ID_DIGITS: usize = 10;
/// Where an author's number stands in an address: two groups of the documentation prefix. Limits count by /64.
const NETWORK_DIGITS: [(usize, u32); 2] = [(9, 16), (14, 0)];

/// What is done to each comment of a file.
#[derive(Debug, Clone, Copy)]
pub struct RequestOptions<'a> {
    /// The site of comments that name none.
    pub site: Option<&'a str>,
    /// Ids stay, so that comments repeat.
    pub keep_ids: bool,
    /// Each comment is of another author, from another address.
    pub fresh_authors: bool,
    /// The server is to count nothing.
    pub dry_run: bool,
}

/// An encoded request with places for the call's number.
#[derive(Debug)]
pub struct Template {
    bytes: Vec<u8>,
    /// In the order of their places.
    placeholders: Vec<(usize, Placeholder)>,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
enum Placeholder {
    Id,
    Address,
}

impl Template {
    /// Encodes the request of a comment. Its ids begin with the name of the run.
    pub fn encode(mut comment: pb::Comment, run: &str, making: RequestOptions) -> Self {
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
        let ids = find_all(&bytes, id.as_bytes()).map(|place| (place + run.len() + 1, Placeholder::Id));
        let mut marks: Vec<_> =
            ids.chain(find_all(&bytes, address.as_bytes()).map(|place| (place, Placeholder::Address))).collect();
        marks.sort_by_key(|(place, _)| *place);
        Self { bytes, placeholders: marks }
    }

    /// Returns the length of the request in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the request of a call.
    pub fn write(&self, number: u64, out: &mut impl BufMut) {
        let mut rest = 0;
        for (place, mark) in &self.placeholders {
            out.put_slice(&self.bytes[rest..*place]);
            rest = place + mark.write(number, out);
        }
        out.put_slice(&self.bytes[rest..]);
    }
}

impl Placeholder {
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
    for (place, shift) in NETWORK_DIGITS {
        for digit in 0..4 {
            let nibble = usize::try_from(number >> (shift + 12 - digit * 4) & 15).unwrap_or_default();
            text[place + digit as usize] = b"0123456789abcdef"[nibble];
        }
    }
    text
}

/// Where a part occurs.
fn find_all<'a>(bytes: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(part.len()).enumerate().filter(move |(_, window)| *window == part).map(|(place, _)| place)
}
