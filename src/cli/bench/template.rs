//! A request that is encoded in advance, with placeholders for the parts that differ from call to call.

use prost::Message;
use prost::bytes::BufMut;

use crate::pb;

/// Number of digits of the call number in an id.
const ID_DIGITS: usize = 10;
/// Offsets of the digits of the call number in an address, each with the bit at which its four digits start. They are two
/// groups of the documentation prefix within the first 64 bits, because limits count by /64.
const NETWORK_DIGITS: [(usize, u32); 2] = [(9, 16), (14, 0)];

/// The changes to make to each comment.
#[derive(Debug, Clone, Copy)]
pub struct RequestOptions<'a> {
    /// Site of comments that name none, or `None` for the default.
    pub site: Option<&'a str>,
    /// Whether comments keep their ids, so that they repeat.
    pub keep_ids: bool,
    /// Whether each comment gets a new author and a new address.
    pub fresh_authors: bool,
    /// Whether requests are dry runs.
    pub dry_run: bool,
}

/// An encoded request with placeholders for the call number.
#[derive(Debug)]
pub struct Template {
    bytes: Vec<u8>,
    /// Offsets and kinds of the placeholders, by ascending offset.
    placeholders: Vec<(usize, Placeholder)>,
}

/// The kind of a placeholder.
#[derive(Debug, Clone, Copy)]
enum Placeholder {
    Id,
    Address,
}

impl Template {
    /// Encodes the request of a comment, whose ids begin with `run`.
    pub fn encode(mut comment: pb::Comment, run: &str, options: RequestOptions) -> Self {
        let id = format!("{run}-{}", "#".repeat(ID_DIGITS));
        // A text as long as an address that occurs nowhere else in the request.
        let address: String = run.chars().cycle().take(address(0).len()).collect();
        if !options.keep_ids {
            comment.comment_id.clone_from(&id);
        }
        if options.fresh_authors {
            comment.author.get_or_insert_default().user_id.clone_from(&id);
            comment.client.get_or_insert_default().ip.clone_from(&address);
        }
        let bytes = pb::CheckCommentRequest { comment: Some(comment), dry_run: options.dry_run }.encode_to_vec();
        let ids = find_all(&bytes, id.as_bytes()).map(|place| (place + run.len() + 1, Placeholder::Id));
        let mut placeholders: Vec<_> =
            ids.chain(find_all(&bytes, address.as_bytes()).map(|place| (place, Placeholder::Address))).collect();
        placeholders.sort_by_key(|(place, _)| *place);
        Self { bytes, placeholders }
    }

    /// Returns the length of the request in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the request of the call with this number.
    pub fn write(&self, number: u64, out: &mut impl BufMut) {
        let mut rest = 0;
        for (place, placeholder) in &self.placeholders {
            out.put_slice(&self.bytes[rest..*place]);
            rest = place + placeholder.write(number, out);
        }
        out.put_slice(&self.bytes[rest..]);
    }
}

impl Placeholder {
    /// Writes the call number in the form of this placeholder and returns the number of bytes written.
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

/// Returns an IPv6 address in a /64 network of its own for each call number.
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

/// Returns the offsets at which `part` occurs in `bytes`.
fn find_all<'a>(bytes: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(part.len()).enumerate().filter(move |(_, window)| *window == part).map(|(place, _)| place)
}
