//! The model file format: encodes a model to bytes, and decodes and validates such bytes.
//!
//! Layout, little-endian: magic, format version, hash bits, name, norms of the feature groups; for each language its
//! heads (lane, flags, extra languages, weight count, scale, bias, calibration) and its rows (distance to the previous
//! bucket, mask of lanes, one byte per lane that is set); the vocabulary; CRC-32.

use isolang::Language;

use super::calibrate::Calibration;
use super::features::FeatureGroup;
use super::hash::KEY_BITS;
use super::model::{LabelHead, LanguageModel, ModelParts};
use super::table::Table;
use super::vocabulary::Vocabulary;
use super::{LABEL_LANES, Label};

const MAGIC: [u8; 8] = *b"GPMODEL\0";
/// The format version. Increase it when the layout or the meaning of a feature changes.
pub(super) const FORMAT: u16 = 4;
/// The maximum size of a model file, in bytes. It is far above any model that fits the CPU cache.
pub const MAX_BYTES: usize = 8 << 20;
/// The maximum number of language models in a file, more than any training run produces.
const MAX_LANGUAGE_MODELS: usize = 40;
/// The maximum number of extra languages of a head. Each takes three bytes.
const MAX_EXTRA_LANGUAGES: usize = 128;
/// The maximum length of a model name, in bytes.
pub const MAX_MODEL_NAME_BYTES: usize = 64;
/// The maximum magnitude of a number in the file. Trained models stay far below it, and sums of larger numbers could
/// overflow to infinity or NaN.
const MAX_MAGNITUDE: f32 = 1e6;
/// The length of the checksum, in bytes.
const CHECKSUM_BYTES: usize = 4;

/// The reasons why bytes cannot be decoded as a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the error messages describe the fields")]
pub enum ModelError {
    /// The bytes do not start with the magic number of a model file.
    #[error("this is not a Gatepost model file")]
    NotAModel,
    /// The file has a format that this version cannot read, most likely because a newer version wrote it.
    #[error(
        "the model file has format {0}, this Gatepost reads format {FORMAT}: \
         use the Gatepost version it was made for, or retrain the model"
    )]
    Format(u16),
    /// The file exceeds the maximum size.
    #[error("the model file is {0} bytes long, more than the {MAX_BYTES} allowed")]
    TooLarge(usize),
    /// The file is truncated.
    #[error("the model file ends too early")]
    Truncated,
    /// Bytes were appended to the file.
    #[error("the model file has {0} bytes too many")]
    TrailingBytes(usize),
    /// The checksum of the content differs from the stored checksum.
    #[error("the model file is damaged: checksum {found:08x}, expected {expected:08x}")]
    Checksum { expected: u32, found: u32 },
    /// The file is intact, but its content is not a valid model.
    #[error("the model file is invalid: {0}")]
    Invalid(&'static str),
}

/// Encodes a model as the bytes of a model file. The checksum comes last.
pub fn encode(parts: &ModelParts) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(MAGIC);
    out.extend(FORMAT.to_le_bytes());
    out.push(parts.hash_bits as u8);
    out.push(parts.name.len() as u8);
    out.extend(parts.name.as_bytes());
    for norm in parts.norms {
        out.extend(norm.to_le_bytes());
    }
    out.push(parts.language_models.len() as u8);
    for language_model in &parts.language_models {
        out.extend(language_model.language.to_639_3().bytes());
        out.push(language_model.heads.len() as u8);
        for head in &language_model.heads {
            out.push(head.label.lane() as u8);
            out.push(u8::from(head.uses_identity_terms) | u8::from(head.uses_scope) << 1 | u8::from(head.is_fallback) << 2);
            out.push(head.extra_languages.len() as u8);
            head.extra_languages.iter().for_each(|language| out.extend(language.to_639_3().bytes()));
            out.extend((head.weight_count as u32).to_le_bytes());
            for number in [head.scale, head.bias, head.calibration.slope, head.calibration.offset] {
                out.extend(number.to_le_bytes());
            }
        }
        push_table(&mut out, &language_model.table);
    }
    let Vocabulary { languages, keys, weights } = &parts.vocabulary;
    out.push(languages.len() as u8);
    languages.iter().for_each(|language| out.extend(language.to_639_3().bytes()));
    out.extend((keys.len() as u32).to_le_bytes());
    keys.iter().for_each(|key| out.extend(key.to_le_bytes()));
    out.extend(weights.iter().map(|&weight| weight as u8));
    let checksum = crc32fast::hash(&out);
    out.extend(checksum.to_le_bytes());
    out
}

fn push_table(out: &mut Vec<u8>, table: &Table) {
    out.extend((table.len() as u32).to_le_bytes());
    let mut next = 0;
    for (bucket, weights) in table.iter() {
        push_varint(out, bucket - next);
        next = bucket + 1;
        let mask = (0..LABEL_LANES).filter(|&lane| weights[lane] != 0).fold(0u8, |mask, lane| mask | 1 << lane);
        out.push(mask);
        out.extend(weights.iter().filter(|&&weight| weight != 0).map(|&weight| weight as u8));
    }
}

/// Decodes a model file. Returns the model and its checksum. Never panics, and allocates only in proportion to the size of
/// the file and its number of language models.
///
/// # Errors
/// Returns an error if the bytes are not a complete, undamaged and valid model file of this format.
pub fn decode(bytes: &[u8]) -> Result<(ModelParts, u32), ModelError> {
    if bytes.len() > MAX_BYTES {
        return Err(ModelError::TooLarge(bytes.len()));
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(ModelError::NotAModel);
    }
    let mut reader = ModelReader { rest: &bytes[MAGIC.len()..] };
    let format = u16::from_le_bytes(reader.array()?);
    if format != FORMAT {
        return Err(ModelError::Format(format));
    }
    let end = reader.rest.len().checked_sub(CHECKSUM_BYTES).ok_or(ModelError::Truncated)?;
    let (body, checksum) = reader.rest.split_at(end);
    let mut reader = ModelReader { rest: body };
    let parts = read_body(&mut reader);
    // A damaged body can fail in many ways, so a checksum error is the clearer report. Truncation and trailing bytes are
    // more precise still, so they are reported first.
    let expected = u32::from_le_bytes(ModelReader { rest: checksum }.array()?);
    let found = crc32fast::hash(&bytes[..bytes.len() - CHECKSUM_BYTES]);
    match parts {
        Err(ModelError::Truncated) => Err(ModelError::Truncated),
        Ok(_) if !reader.rest.is_empty() => Err(ModelError::TrailingBytes(reader.rest.len())),
        _ if found != expected => Err(ModelError::Checksum { expected, found }),
        parts => Ok((parts?, found)),
    }
}

fn read_heads(reader: &mut ModelReader) -> Result<Vec<LabelHead>, ModelError> {
    let [head_count] = reader.array()?;
    let mut heads: Vec<LabelHead> = Vec::new();
    for _ in 0..head_count {
        let [lane, flags, extra_count] = reader.array()?;
        let label = Label::ALL.get(usize::from(lane)).copied().ok_or(ModelError::Invalid("unknown label"))?;
        if heads.last().is_some_and(|last| last.label >= label) {
            return Err(ModelError::Invalid("labels out of order"));
        }
        if usize::from(extra_count) > MAX_EXTRA_LANGUAGES {
            return Err(ModelError::Invalid("too many languages"));
        }
        let extra_languages = (0..extra_count).map(|_| reader.language()).collect::<Result<_, _>>()?;
        let weights = u32::from_le_bytes(reader.array()?) as usize;
        let [scale, bias, slope, offset] = reader.numbers()?;
        let calibration = Calibration { slope, offset };
        heads.push(LabelHead {
            label,
            extra_languages,
            scale,
            bias,
            calibration,
            uses_identity_terms: flags & 1 != 0,
            uses_scope: flags & 2 != 0,
            is_fallback: flags & 4 != 0,
            weight_count: weights,
        });
    }
    Ok(heads)
}

fn read_body(reader: &mut ModelReader) -> Result<ModelParts, ModelError> {
    let [hash_bits, name_length] = reader.array()?;
    if !(6..KEY_BITS).contains(&u32::from(hash_bits)) {
        return Err(ModelError::Invalid("unsupported number of hash bits"));
    }
    let name = std::str::from_utf8(reader.take(usize::from(name_length))?);
    let name = name.ok().filter(|name| is_valid_name(name)).ok_or(ModelError::Invalid("invalid name"))?.to_owned();
    let norms = reader.numbers::<{ FeatureGroup::COUNT }>()?;
    let [language_count] = reader.array()?;
    // Each table allocates its bitmap even if it has few rows, so the number of tables is bounded.
    if usize::from(language_count) > MAX_LANGUAGE_MODELS {
        return Err(ModelError::Invalid("too many languages"));
    }
    let mut language_models: Vec<LanguageModel> = Vec::new();
    for _ in 0..language_count {
        let language = reader.language()?;
        if language_models.iter().any(|language_model| language_model.language == language) {
            return Err(ModelError::Invalid("duplicate language"));
        }
        language_models.push(LanguageModel { language, heads: read_heads(reader)?, table: read_table(reader, hash_bits)? });
    }
    let vocabulary = read_vocabulary(reader)?;
    Ok(ModelParts { name, hash_bits: u32::from(hash_bits), language_models, norms, vocabulary })
}

fn read_vocabulary(reader: &mut ModelReader) -> Result<Vocabulary, ModelError> {
    let [count] = reader.array()?;
    let languages = (0..count).map(|_| reader.language()).collect::<Result<Vec<_>, _>>()?;
    let words = u32::from_le_bytes(reader.array()?) as usize;
    if languages.is_empty() && words > 0 {
        return Err(ModelError::Invalid("vocabulary without languages"));
    }
    let bytes = words.checked_mul(4).ok_or(ModelError::Truncated)?;
    let (keys, _) = reader.take(bytes)?.as_chunks::<4>();
    let keys: Vec<u32> = keys.iter().map(|key| u32::from_le_bytes(*key)).collect();
    if !keys.is_sorted_by(|a, b| a < b) {
        return Err(ModelError::Invalid("words out of order"));
    }
    let weights = reader.take(words.checked_mul(languages.len()).ok_or(ModelError::Truncated)?)?;
    Ok(Vocabulary { languages, keys, weights: weights.iter().map(|&weight| weight as i8).collect() })
}

fn read_table(reader: &mut ModelReader, hash_bits: u8) -> Result<Table, ModelError> {
    let row_count = u32::from_le_bytes(reader.array()?) as usize;
    // A row takes at least three bytes.
    if row_count > reader.rest.len() / 3 {
        return Err(ModelError::Truncated);
    }
    let mut next = 0u32;
    let rows = (0..row_count).map(|_| {
        let bucket = next.checked_add(reader.varint()?).filter(|bucket| bucket >> hash_bits == 0);
        let bucket = bucket.ok_or(ModelError::Invalid("bucket out of range"))?;
        next = bucket + 1;
        let [mask] = reader.array()?;
        let mut weights = [0; LABEL_LANES];
        for (lane, weight) in weights.iter_mut().enumerate() {
            if mask >> lane & 1 == 1 {
                *weight = i8::from_le_bytes(reader.array()?);
            }
        }
        Ok((bucket, weights))
    });
    Table::try_new(u32::from(hash_bits), row_count, rows)?.ok_or(ModelError::Invalid("rows out of order"))
}

/// Returns whether a model name is valid. Names are printed in logs, verdicts and terminals, so they must be 1 to
/// [`MAX_MODEL_NAME_BYTES`] printable ASCII characters without spaces.
pub fn is_valid_name(name: &str) -> bool {
    (1..=MAX_MODEL_NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn push_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

struct ModelReader<'a> {
    rest: &'a [u8],
}

impl<'a> ModelReader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(ModelError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(ModelError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn numbers<const N: usize>(&mut self) -> Result<[f32; N], ModelError> {
        let mut numbers = [0.0; N];
        for number in &mut numbers {
            *number = f32::from_le_bytes(self.array()?);
            // The range also excludes NaN.
            if !(-MAX_MAGNITUDE..=MAX_MAGNITUDE).contains(number) {
                return Err(ModelError::Invalid("number out of range"));
            }
        }
        Ok(numbers)
    }

    fn language(&mut self) -> Result<Language, ModelError> {
        let code = self.array::<3>()?;
        let code = std::str::from_utf8(&code).ok();
        code.and_then(Language::from_639_3).ok_or(ModelError::Invalid("unknown language"))
    }

    fn varint(&mut self) -> Result<u32, ModelError> {
        let mut value = 0u32;
        for shift in [0, 7, 14] {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ModelError::Invalid("bucket out of range"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FORMAT, MAX_BYTES, ModelError, decode};
    use crate::classify::model::{Model, tests::tiny};

    #[test]
    fn a_model_survives_its_file() {
        let bytes = tiny().to_bytes();
        let again = Model::from_bytes(&bytes).expect("own file");
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(again.version(), tiny().version());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let bytes = tiny().to_bytes();
        let fail = |bytes: &[u8]| decode(bytes).map(|_| ()).expect_err("must be refused");
        assert_eq!(fail(b""), ModelError::NotAModel);
        assert_eq!(fail(b"PK\x03\x04 something else"), ModelError::NotAModel);
        assert_eq!(fail(&vec![0; MAX_BYTES + 1]), ModelError::TooLarge(MAX_BYTES + 1));
        let mut newer = bytes.clone();
        newer[8] = FORMAT as u8 + 1;
        assert_eq!(fail(&newer), ModelError::Format(FORMAT + 1));
        let mut longer = bytes.clone();
        longer.extend(b"more");
        assert_eq!(fail(&longer), ModelError::TrailingBytes(4));
        for end in 8..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 10..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(decode(&damaged).is_err(), "damaged at {at}");
        }
    }

    #[test]
    fn numbers_must_be_such_as_models_have() {
        let norm = 12 + usize::from(tiny().to_bytes()[11]);
        for number in [f32::NAN, f32::INFINITY, 1e30, -1e30] {
            assert_eq!(forged(norm, &number.to_le_bytes()), ModelError::Invalid("number out of range"));
        }
    }

    #[test]
    fn a_name_is_fit_to_be_printed() {
        assert_eq!(forged(12, b"\x1b"), ModelError::Invalid("invalid name"));
        assert_eq!(forged(12, b" "), ModelError::Invalid("invalid name"));
    }

    #[test]
    fn a_vocabulary_must_have_languages_for_its_words() {
        // Two languages of three letters, the count of words, two keys, four weights, the checksum.
        let languages = tiny().to_bytes().len() - 4 - 4 - 8 - 4 - 6 - 1;
        assert_eq!(forged(languages, &[0]), ModelError::Invalid("vocabulary without languages"));
    }

    /// Overwrites bytes at one offset of a valid file, fixes the checksum, and returns the decoding error.
    fn forged(at: usize, other: &[u8]) -> ModelError {
        let mut bytes = tiny().to_bytes();
        bytes[at..at + other.len()].copy_from_slice(other);
        let end = bytes.len() - 4;
        let checksum = crc32fast::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&checksum.to_le_bytes());
        decode(&bytes).map(|_| ()).expect_err("must be refused")
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = tiny().to_bytes()[..10].to_vec();
            bytes.extend(tail);
            prop_assert!(decode(&bytes).is_err());
        }
    }
}
