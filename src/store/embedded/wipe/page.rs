//! Clears the unallocated space of a page, as the file format is specified
//! (<https://sqlite.org/fileformat2.html#b_tree_pages>).

/// Fills the unallocated space of a page with zeros. Returns whether it held anything else. Leaves pages that are not valid
/// B-tree pages alone: free pages are already zeros, and the content of overflow pages fills them.
pub(super) fn clear_unallocated(page: &mut [u8]) -> bool {
    /// Types of B-tree pages, and the lengths of their headers in bytes.
    const HEADS: [(u8, usize); 4] = [(2, 12), (5, 12), (10, 8), (13, 8)];
    let Some((_, head)) = HEADS.into_iter().find(|(kind, _)| page.first() == Some(kind)) else { return false };
    let short = |page: &[u8], at: usize| page.get(at..at + 2).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
    let cells = short(page, 3);
    let (gap, mut content) = (head + 2 * cells, short(page, 5));
    if content == 0 {
        content = 65_536;
    }
    if gap > content || content > page.len() {
        return false;
    }
    let mut unallocated = Vec::new();
    unallocated.push(gap..content);
    // Free blocks within the content. Each begins with the offset of the next one and its own length.
    let mut block = short(page, 1);
    while block != 0 {
        let (next, length) = (short(page, block), short(page, block + 2));
        let end = block + length;
        if block < content || length < 4 || end > page.len() || next != 0 && next < end {
            return false;
        }
        unallocated.push(block + 4..end);
        block = next;
    }
    let mut changed = false;
    for space in unallocated {
        let space = &mut page[space];
        if space.iter().any(|byte| *byte != 0) {
            space.fill(0);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_page_whatever_it_holds_fails(mut page in prop::collection::vec(any::<u8>(), 512), kind in 0..16u8) {
            page[0] = kind;
            clear_unallocated(&mut page);
        }
    }
}
