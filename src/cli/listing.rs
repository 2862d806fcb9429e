//! Paginated lists: printed page by page, up to `--limit`, with a note if there are more records.

use super::failure::Failure;
use super::output::{Format, Printer, Record};
use super::terminal::{self, TerminalOutput};

/// Default limit for a table on a terminal, in rows.
const TERMINAL_LIMIT: u64 = 50;

/// Options of every command whose list may be long.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct LimitArgs {
    /// Maximum number of rows to print [default: 50 for a table on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Print all rows, even in a table on a terminal
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl LimitArgs {
    /// Returns the maximum number of records to print, or `None` if all are printed.
    fn limit(self, format: Format, is_terminal: bool) -> Option<u64> {
        let would_flood = format == Format::Table && is_terminal && !self.all;
        self.limit.or_else(|| would_flood.then_some(TERMINAL_LIMIT))
    }
}

/// A paginated list that is printed page by page.
///
/// Every page is flushed before the next one is requested, so that the reader of a pipe can start at once. Memory stays
/// bounded: only the rows of a table that the [`Printer`] has not printed yet are kept.
pub struct Listing<R> {
    screen: TerminalOutput,
    printer: Printer<R>,
    args: LimitArgs,
    count: PageCounter,
}

impl<R: Record> Listing<R> {
    /// Returns a list that has printed nothing yet.
    pub fn new(args: LimitArgs, format: Format) -> Self {
        let screen = TerminalOutput::new();
        let count = PageCounter::new(args.limit(format, screen.is_terminal()));
        Self { screen, printer: Printer::new(format), args, count }
    }

    /// Returns the size of the next page to request, at most `largest`.
    pub fn page_size(&self, largest: i32) -> i32 {
        self.count.page_size(largest)
    }

    /// Prints a page, which is the last one if `next_page_token` is empty. Returns whether the next page is needed.
    pub fn print(&mut self, records: &[R], next_page_token: &str) -> Result<bool, Failure> {
        let wanted = self.count.add_page(records.len(), next_page_token.is_empty());
        for record in records.iter().take(wanted) {
            self.printer.print(&mut self.screen, record)?;
        }
        self.screen.flush()?;
        Ok(!self.count.done)
    }

    /// Ends the list, and notes on standard error if there are more records.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.printer.finish(&mut self.screen)?;
        let more = match self.count.rest {
            Remaining::Empty => return Ok(()),
            Remaining::Present => "there are more",
            Remaining::Unknown => "there may be more",
        };
        let advice = match self.args.limit {
            Some(_) => "give --all instead of --limit to print all",
            None => "give --all to print all, or --limit N to print N",
        };
        terminal::log_line(&format!("gatepost: stopped after {}, and {more}; {advice}", self.count.printed));
        Ok(())
    }
}

/// A counter of printed records that finds out whether there are more than the limit allows.
#[derive(Debug)]
struct PageCounter {
    /// Maximum number of records to print, or `None` if all are printed.
    limit: Option<u64>,
    printed: u64,
    rest: Remaining,
    /// Whether any page has been received.
    started: bool,
    /// Whether no further page is needed.
    done: bool,
}

/// What is known about the records that were not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remaining {
    /// There are none.
    Empty,
    /// There is at least one.
    Present,
    /// The list continues, but perhaps no further record matches the filter.
    Unknown,
}

impl PageCounter {
    fn new(limit: Option<u64>) -> Self {
        Self { limit, printed: 0, rest: Remaining::Unknown, started: false, done: false }
    }

    /// Returns the size of the next page to request, at most `largest`.
    fn page_size(&self, largest: i32) -> i32 {
        match self.limit {
            // One record beyond the limit shows whether there are more.
            Some(limit) if !self.started => i32::try_from(limit.saturating_add(1)).map_or(largest, |size| size.min(largest)),
            // A second page is needed if few records match the filter; a small page would then hold even fewer.
            _ => largest,
        }
    }

    /// Counts a page of `records` records. Returns how many of them to print.
    fn add_page(&mut self, records: usize, is_last: bool) -> usize {
        let left = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.printed));
        let wanted = usize::try_from(left).map_or(records, |left| left.min(records));
        self.printed = self.printed.saturating_add(wanted as u64);
        self.rest = match (wanted < records, is_last) {
            (true, _) => Remaining::Present,
            (false, true) => Remaining::Empty,
            (false, false) => Remaining::Unknown,
        };
        self.started = true;
        // Once the limit is reached, a page is only requested to see whether there are more records. One such page has to
        // suffice, because with a filter that matches little the search could extend over the whole site.
        self.done = left == 0 || self.rest != Remaining::Unknown;
        wanted
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    /// Returns how many records of each page are printed, and what is known about the rest.
    fn printed(limit: Option<u64>, pages: &[(usize, bool)]) -> (Vec<usize>, Remaining) {
        let (mut count, mut printed) = (PageCounter::new(limit), Vec::new());
        for (records, is_last) in pages {
            printed.push(count.add_page(*records, *is_last));
            if count.done {
                break;
            }
        }
        assert!(count.done, "{count:?}");
        (printed, count.rest)
    }

    #[test]
    fn only_a_table_on_a_terminal_has_a_limit_of_its_own() {
        let none = LimitArgs { limit: None, all: false };
        assert_eq!(none.limit(Format::Table, true), Some(TERMINAL_LIMIT));
        assert_eq!(none.limit(Format::Table, false), None);
        for format in [Format::Json, Format::Jsonl, Format::Csv, Format::Ids] {
            assert_eq!(none.limit(format, true), None, "{format:?}");
        }
        assert_eq!(LimitArgs { limit: None, all: true }.limit(Format::Table, true), None);
        assert_eq!(LimitArgs { limit: Some(7), all: false }.limit(Format::Ids, false), Some(7));
    }

    #[test]
    fn the_help_states_the_limit_of_a_terminal() {
        let help = LimitArgs::augment_args(clap::Command::new("list")).render_long_help().to_string();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("[default: {TERMINAL_LIMIT} for a table on a terminal")), "{words}");
    }

    #[test]
    fn without_a_limit_all_pages_are_printed() {
        assert_eq!(printed(None, &[(100, false), (0, false), (20, true)]), (vec![100, 0, 20], Remaining::Empty));
    }

    #[test]
    fn one_record_beyond_the_limit_shows_that_there_are_more() {
        assert_eq!(printed(Some(50), &[(51, false)]), (vec![50], Remaining::Present));
        assert_eq!(printed(Some(50), &[(51, true)]), (vec![50], Remaining::Present));
        assert_eq!(printed(Some(110), &[(100, false), (100, false)]), (vec![100, 10], Remaining::Present));
        assert_eq!(printed(Some(100), &[(100, false), (1, true)]), (vec![100, 0], Remaining::Present));
    }

    #[test]
    fn a_list_that_ends_at_the_limit_or_before_has_no_more() {
        assert_eq!(printed(Some(50), &[(50, true)]), (vec![50], Remaining::Empty));
        assert_eq!(printed(Some(50), &[(20, false), (20, true)]), (vec![20, 20], Remaining::Empty));
        assert_eq!(printed(Some(50), &[(50, false), (0, true)]), (vec![50, 0], Remaining::Empty));
    }

    #[test]
    fn one_page_that_holds_nothing_ends_the_search_for_more() {
        assert_eq!(printed(Some(5), &[(5, false), (0, false), (9, true)]), (vec![5, 0], Remaining::Unknown));
    }

    #[test]
    fn the_first_page_holds_one_more_than_the_limit() {
        assert_eq!(PageCounter::new(None).page_size(100), 100);
        assert_eq!(PageCounter::new(Some(1)).page_size(100), 2);
        assert_eq!(PageCounter::new(Some(u64::MAX)).page_size(100), 100);
        let mut count = PageCounter::new(Some(1));
        count.add_page(0, false);
        assert_eq!(count.page_size(100), 100);
    }
}
