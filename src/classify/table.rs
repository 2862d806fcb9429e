//! The weight table: one lookup per feature returns the weights of all labels.
//!
//! A bitmap with running counts tells whether a bucket has weights and in which row. Most features of a comment have no
//! weights, and their lookups touch only the bitmap (256 kB for 2^20 buckets).

use super::LABEL_LANES;

/// The weights of one bucket: one lane per label, in units of the scale of the label's head.
pub type Weights = [i8; LABEL_LANES];

/// A block of 64 buckets of the bitmap.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    /// One bit per bucket, set if the bucket has weights.
    present: u64,
    /// The number of rows before this block.
    rank: u32,
}

/// A sparse table from buckets to weights.
#[derive(Clone)]
pub struct Table {
    blocks: Vec<Block>,
    rows: Vec<Weights>,
}

impl Table {
    /// Creates a table of `2^bits` buckets from rows in ascending order of their buckets. Returns `None` if a row is out of
    /// order or out of range.
    pub fn new(bits: u32, rows: impl IntoIterator<Item = (u32, Weights)>) -> Option<Table> {
        let rows = rows.into_iter().map(Ok::<_, std::convert::Infallible>);
        Table::try_new(bits, 0, rows).unwrap_or_else(|never| match never {})
    }

    /// Creates a table of `2^bits` buckets from an iterator of fallible rows in ascending order of their buckets. `count` is
    /// the expected number of rows. Returns `None` if a row is out of order or out of range.
    ///
    /// # Errors
    /// Returns the first error of the iterator.
    pub fn try_new<E>(
        bits: u32,
        count: usize,
        rows: impl Iterator<Item = Result<(u32, Weights), E>>,
    ) -> Result<Option<Table>, E> {
        let Some(buckets) = 1usize.checked_shl(bits) else { return Ok(None) };
        let mut blocks = vec![Block::default(); buckets.div_ceil(64)];
        let mut weights = Vec::with_capacity(count);
        let mut lowest = 0;
        for row in rows {
            let (bucket, row) = row?;
            let Some(block) = blocks.get_mut(bucket as usize / 64).filter(|_| bucket >= lowest) else { return Ok(None) };
            lowest = bucket + 1;
            block.present |= 1 << (bucket % 64);
            weights.push(row);
        }
        let mut before = 0;
        for block in &mut blocks {
            block.rank = before;
            before += block.present.count_ones();
        }
        Ok(Some(Table { blocks, rows: weights }))
    }

    /// Returns the weights of a bucket, or `None` if it has none.
    #[inline]
    pub fn get(&self, bucket: u32) -> Option<&Weights> {
        let block = self.blocks.get(bucket as usize / 64)?;
        let bit = 1u64 << (bucket % 64);
        if block.present & bit == 0 {
            return None;
        }
        self.rows.get(block.rank as usize + (block.present & (bit - 1)).count_ones() as usize)
    }

    /// Returns the number of buckets that have weights.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns an iterator over the buckets that have weights, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Weights)> {
        let buckets =
            self.blocks.iter().enumerate().flat_map(|(at, block)| {
                (0..64).filter(|bit| block.present >> bit & 1 == 1).map(move |bit| at as u32 * 64 + bit)
            });
        buckets.zip(&self.rows)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn buckets_find_their_rows() {
        let buckets = [0, 1, 63, 64, 200, 1023];
        let rows: Vec<_> = buckets.iter().map(|&bucket| (bucket, [bucket as i8; 8])).collect();
        let table = Table::new(10, rows.clone()).expect("rows are in order");
        for bucket in 0..1024 {
            let expected = buckets.contains(&bucket).then_some([bucket as i8; 8]);
            assert_eq!(table.get(bucket).copied(), expected, "{bucket}");
        }
        assert_eq!(table.get(1 << 20), None);
        assert!(table.iter().map(|(bucket, row)| (bucket, *row)).eq(rows));
    }

    #[test]
    fn rows_out_of_order_or_range_are_refused() {
        assert!(Table::new(4, [(3, [1; 8]), (3, [1; 8])]).is_none());
        assert!(Table::new(8, [(256, [1; 8])]).is_none());
    }
}
