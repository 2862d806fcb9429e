//! Snapshot tests of the screen in each state. `UPDATE_SCREENS=1` writes the expected files anew.

use std::fs;
use std::path::{Path, PathBuf};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_normalization::char::is_combining_mark;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::event::Event;
use super::mode::InputMode;
use super::test_screen::{TestScreen, at, comment, verdict};
use super::theme::Theme;
use super::view;
use crate::cli::text::needs_escape;
use crate::pb;
use crate::verdict::Decision;

/// Returns the folder of the expected files.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens")
}

/// Draws the screen into a buffer.
fn drawn(screen: &TestScreen, width: u16, height: u16, theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut max_scroll = 0;
    terminal.draw(|frame| max_scroll = view::draw(&screen.state, theme, frame)).unwrap();
    assert!(max_scroll < 1_000_000);
    terminal.backend().buffer().clone()
}

/// Returns the lines as a terminal shows them.
fn lines(buffer: &Buffer) -> Vec<String> {
    let line = |y| {
        let (mut x, mut line) = (0, String::new());
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap().max(1);
        }
        line.trim_end().to_owned()
    };
    (0..buffer.area.height).map(line).collect()
}

/// Asserts that the screen looks like the file of this name.
#[track_caller]
fn looks_like(name: &str, screen: &TestScreen, (width, height): (u16, u16)) {
    let seen = lines(&drawn(screen, width, height, Theme::Plain)).join("\n") + "\n";
    let file = folder().join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        fs::write(&file, &seen).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(seen == expected, "{} differs (UPDATE_SCREENS=1 writes it):\n{seen}", file.display());
}

/// Returns a screen with a realistic queue.
fn evening() -> TestScreen {
    let body = "Hello dear! Best quality cheap pills, order now at http://pills.example/buy and get 50 % off. My cousin \
                lost 12 kg with them, really!";
    let mut pills = comment("c-1042", body);
    {
        let comment = pills.comment.as_mut().unwrap();
        comment.author = Some(pb::Author {
            name: "Dr. Slim".into(),
            user_id: "u-77".into(),
            url: Some("http://pills.example".into()),
            ..Default::default()
        });
        comment.post = Some(pb::Post { title: "Baking bread without yeast".into(), ..Default::default() });
        comment.parent_text = "Has anybody tried this with rye flour? Mine does not rise at all.".into();
        let at = body.find("cheap pills").unwrap() as u32;
        let verdict = pills.verdict.as_mut().unwrap();
        verdict.reasons = vec![
            pb::Reason {
                code: "EVIDENCE".into(),
                message: "“cheap pills” speaks for spam".into(),
                label: "spam".into(),
                weight: 2.31,
                span: Some(pb::Span { begin: at, end: at + 11 }),
                ..Default::default()
            },
            pb::Reason {
                code: "CAMPAIGN".into(),
                message: "12 comments came here of late that are nearly the same".into(),
                ..Default::default()
            },
            pb::Reason { code: "SCORE_HOLD".into(), message: "spam at 0.91, held from 0.80 on".into(), ..Default::default() },
        ];
    }
    let mut claimed = comment("c-1043", "You are all sheep.");
    claimed.claim = Some(pb::Claim { moderator: "ben".into(), until: Some(at(540)) });
    let others = [
        claimed,
        comment("c-1044", "これは素晴らしい記事です。ありがとうございます。"),
        comment("c-1045", "שלום, תודה על המאמר המצוין"),
        comment("c-1046", "First!"),
        comment("c-1047", "Make money from home, ask me how\u{202e}txt.exe"),
    ];
    let all: Vec<_> = std::iter::once(pills).chain(others).collect();
    let mut screen = TestScreen::new(&all);
    screen.open();
    screen
}

#[test]
fn an_empty_queue() {
    let mut screen = TestScreen::new(&[]);
    screen.open();
    looks_like("empty", &screen, (80, 24));
}

#[test]
fn before_the_first_answer() {
    let mut screen = TestScreen::new(&[]);
    screen.event(Event::Tick);
    looks_like("loading", &screen, (80, 24));
}

#[test]
fn browsing() {
    looks_like("browsing", &evening(), (80, 24));
    looks_like("browsing-200x60", &evening(), (200, 60));
}

#[test]
fn a_colleagues_comment() {
    let mut screen = evening();
    screen.press_and_serve("j");
    looks_like("claimed", &screen, (80, 24));
}

#[test]
fn a_conflict() {
    let mut screen = evening();
    screen.decide("c-1042", Decision::Reject, "ben");
    screen.press_and_serve("fg");
    let events = vec![pb::AuditEvent {
        at: Some(at(-60)),
        by: "ben".into(),
        act: "DECIDED".into(),
        after: Decision::Reject.to_wire().into(),
        reason_code: "spam".into(),
        note: "seen on three blogs".into(),
        ..Default::default()
    }];
    screen.state.details.get_mut("c-1042").unwrap().response.audit_events = events;
    looks_like("conflict", &screen, (80, 24));
}

#[test]
fn the_server_lost() {
    let mut screen = evening();
    screen.unreachable = true;
    screen.advance_clock(10);
    screen.serve();
    screen.state.now += std::time::Duration::from_secs(7);
    looks_like("lost", &screen, (80, 24));
}

#[test]
fn a_bulk_act_to_be_confirmed() {
    let mut screen = evening();
    screen.press_and_serve("  G R");
    looks_like("confirm-bulk", &screen, (80, 24));
}

#[test]
fn the_reasons_to_reject() {
    let mut screen = evening();
    screen.press_and_serve("d");
    looks_like("reject", &screen, (80, 24));
}

#[test]
fn the_help_shows_what_does_something_now() {
    let mut screen = evening();
    screen.press_and_serve("?");
    looks_like("help", &screen, (80, 24));
    let mut screen = TestScreen::new(&[]);
    screen.open();
    screen.press_and_serve("?");
    looks_like("help-empty", &screen, (80, 24));
}

#[test]
fn an_act_on_its_way_shows_in_the_list() {
    let mut screen = evening();
    screen.press("f");
    looks_like("approving", &screen, (80, 24));
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    for (width, height) in [(59, 24), (80, 11), (20, 5), (1, 1)] {
        let shown = lines(&drawn(&evening(), width, height, Theme::Plain)).concat();
        assert!(format!("{width}x{height} is too small; 60x12 is enough").starts_with(&shown), "{shown}");
    }
}

#[test]
fn evidence_stands_out_without_colours() {
    let buffer = drawn(&evening(), 80, 24, Theme::Plain);
    let cells = (0..24).flat_map(|y| (0..80).map(move |x| (x, y)));
    let marked: String = cells
        .filter(|at| buffer[*at].modifier.contains(Modifier::UNDERLINED))
        .map(|at| buffer[at].symbol().to_owned())
        .collect();
    assert_eq!(marked, "cheap pills");
    let coloured = buffer.content.iter().filter(|cell| cell.fg != ratatui::style::Color::Reset).count();
    assert_eq!(coloured, 0);
}

// === hostile texts ===

/// Replaces the escapes of `hostile.txt` by the characters they stand for.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut plain = parts.next().unwrap_or_default().replace("\\n", "\n");
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        plain.push_str(&rest.replace("\\n", "\n").replace("\\r", "\r"));
    }
    plain
}

/// Returns the names and texts of the cases in `hostile.txt`.
fn hostile() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join("hostile.txt")).unwrap();
    let cases = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let [name, times, text] = line.splitn(3, " | ").collect::<Vec<_>>().try_into().unwrap();
        (name.to_owned(), unescaped(text).repeat(times.parse().unwrap()))
    });
    cases.collect()
}

/// Returns whether a character may be written to a terminal.
fn is_harmless(c: char) -> bool {
    let mark = is_combining_mark(c) || matches!(c, '\u{1161}'..='\u{11ff}');
    !needs_escape(c) && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}') && (mark || c.width().unwrap_or(0) > 0)
}

#[test]
fn no_text_harms_the_screen_at_any_size() {
    for (name, text) in hostile() {
        let mut comment = comment("c-1", &text);
        comment.comment.as_mut().unwrap().author =
            Some(pb::Author { name: text.clone(), user_id: text.clone(), ..Default::default() });
        comment.comment.as_mut().unwrap().post = Some(pb::Post { title: text.clone(), ..Default::default() });
        comment.comment.as_mut().unwrap().parent_text = text.clone();
        let mut verdict = verdict("c-1", Decision::Hold, &text, 1);
        verdict.scores.insert(text.chars().take(300).collect(), 0.4);
        verdict.reasons.push(pb::Reason {
            message: text.clone(),
            span: Some(pb::Span { begin: 3, end: 9_000 }),
            ..Default::default()
        });
        comment.verdict = Some(verdict);
        let mut screen = TestScreen::new(&[comment]);
        screen.open();
        screen.state.site = text.clone();
        screen.state.query.search = text.clone();
        for (keys, scroll) in [("", 0), ("", 7), ("n", 0), ("\u{1b}b", 0), ("\u{1b}d", 0)] {
            screen.press(keys);
            screen.state.scroll = scroll;
            if let InputMode::TextInput { text: typed, .. } = &mut screen.state.mode {
                *typed = text.chars().take(500).collect();
            }
            for (width, height) in [(80, 24), (200, 60), (60, 12), (61, 13), (123, 17), (30, 8)] {
                let buffer = drawn(&screen, width, height, Theme::Dark);
                for cell in &buffer.content {
                    let symbol = cell.symbol();
                    assert!(symbol.chars().all(is_harmless), "{name}: {symbol:?} at {width}x{height}");
                    assert!(symbol.width() <= 2 && symbol.chars().count() <= 6, "{name}: {symbol:?}");
                }
                let edge = width * 2 / 5;
                if keys.is_empty() && (60..=175).contains(&width) {
                    let straight = (1..height - 2).all(|y| buffer[(edge.max(24), y)].symbol() == "│");
                    assert!(straight, "{name} at {width}x{height}:\n{}", lines(&buffer).join("\n"));
                }
            }
        }
    }
}
