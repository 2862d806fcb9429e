//! Tests of the update function with keys and server replies.

use super::super::act::{ActKind, PendingAct};
use super::super::claims::CLAIM_LEASE;
use super::super::connectivity::Connectivity;
use super::super::event::{Effect, Event, ServerReply};
use super::super::mode::InputMode;
use super::super::row::CommentRow;
use super::super::test_screen::{TestScreen, comment, lost, refused};
use crate::pb;
use crate::verdict::Decision;

/// Returns the acts that are being sent.
fn acts(screen: &TestScreen) -> Vec<&PendingAct> {
    screen.pending_effects.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some(&**act) } else { None }).collect()
}

/// Returns the claims that are being requested.
fn claims(screen: &TestScreen) -> Vec<Option<&str>> {
    let effects = screen.pending_effects.iter();
    effects
        .filter_map(|effect| if let Effect::UpdateClaims { claim, .. } = effect { Some(claim.as_deref()) } else { None })
        .collect()
}

#[test]
fn at_the_start_only_the_first_comment_is_claimed_and_shown() {
    let screen = TestScreen::with("abc");
    assert_eq!(screen.visible_id(), Some("a"));
    assert_eq!(screen.state.claims.held.keys().collect::<Vec<_>>(), ["a"]);
    assert!(screen.server["b"].claim.is_none());
}

#[test]
fn nothing_is_shown_before_the_claim_is_ours() {
    let mut screen = TestScreen::new(&[comment("a", "text")]);
    screen.event(Event::Tick);
    let Some(Effect::List { ticket, .. }) = screen.pending_effects.pop() else { panic!("the list comes first") };
    let rows = screen.server.values().map(CommentRow::from).collect();
    screen.event(Event::Reply(ServerReply::Listed { ticket, listed: Ok((rows, String::new())) }));
    assert_eq!(claims(&screen), [Some("a")]);
    assert_eq!(screen.visible_id(), None);
    screen.press("f");
    assert!(acts(&screen).is_empty() && screen.message().contains("wait"), "{}", screen.message());
    screen.serve();
    assert_eq!(screen.visible_id(), Some("a"));
}

#[test]
fn moving_on_gives_the_claim_back() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("j");
    assert_eq!(screen.visible_id(), Some("b"));
    assert!(screen.server["a"].claim.is_none());
    assert_eq!(screen.state.claims.held.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn one_question_about_claims_at_a_time_however_fast_the_cursor_goes() {
    let mut screen = TestScreen::with("abcdefgh");
    screen.press("jjjjj");
    assert_eq!(claims(&screen).len(), 1);
    screen.serve();
    assert_eq!(screen.visible_id(), Some("f"));
    assert_eq!(screen.server.values().filter(|comment| comment.claim.is_some()).count(), 1);
}

#[test]
fn what_a_colleague_claimed_is_passed_over_and_never_shown() {
    let mut screen = TestScreen::new(&[comment("a", "x"), comment("b", "y"), comment("c", "z")]);
    screen.claim("a", "ben");
    screen.open();
    assert_eq!(screen.visible_id(), Some("b"), "the list said so");
    screen.claim("c", "ben");
    screen.press_and_serve("j");
    // The list does not show the claim on c yet: claiming c is refused, and the only free comment is the one before.
    assert_eq!(screen.visible_id(), Some("b"));
    assert!(screen.message().contains("claimed by ben"), "{}", screen.message());
    screen.advance_clock(4);
    screen.serve();
    screen.press_and_serve("k");
    assert_eq!((screen.selected(), screen.visible_id()), ("a", None));
    assert_eq!(screen.state.claimed_by(screen.row("a")).unwrap().holder, "ben");
    screen.press_and_serve("f");
    assert_eq!(screen.message(), "ben is at work on it");
}

#[test]
fn what_a_colleague_claimed_and_decided_says_who_decided_it() {
    let mut screen = TestScreen::new(&[comment("a", "x")]);
    screen.claim("a", "ben");
    screen.open();
    assert_eq!((screen.selected(), screen.visible_id()), ("a", None));
    screen.decide("a", Decision::Reject, "ben");
    screen.advance_clock(4);
    screen.serve();
    assert!(screen.row("a").off_list && screen.state.claimed_by(screen.row("a")).is_none());
    assert_eq!((screen.row("a").state.decision, screen.row("a").state.decided_by.as_str()), (Some(Decision::Reject), "ben"));
}

#[test]
fn claims_are_renewed_after_a_third_of_their_time() {
    let mut screen = TestScreen::with("a");
    screen.advance_clock(CLAIM_LEASE.as_secs() / 3 - 5);
    assert_eq!(claims(&screen), [] as [Option<&str>; 0]);
    screen.serve();
    screen.advance_clock(6);
    assert_eq!(claims(&screen), [Some("a")]);
    screen.serve();
    assert_eq!(screen.visible_id(), Some("a"));
}

#[test]
fn a_claim_that_was_lost_hides_the_comment() {
    let mut screen = TestScreen::with("ab");
    screen.claim("a", "ben");
    screen.advance_clock(CLAIM_LEASE.as_secs() / 3 + 1);
    screen.serve();
    assert_eq!(screen.visible_id(), Some("b"));
    assert!(screen.state.claimed_by(screen.row("a")).is_some());
}

#[test]
fn a_server_without_claims_is_reviewed_without_them() {
    let mut screen = TestScreen::new(&[comment("a", "x"), comment("b", "y")]);
    screen.knows_claims = false;
    screen.open();
    assert_eq!(screen.visible_id(), Some("a"));
    screen.press_and_serve("f");
    assert_eq!((screen.server_state("a"), screen.visible_id()), ((Decision::Approve, 2), Some("b")));
    screen.press_and_serve("c");
    assert_eq!(screen.message(), "this server knows no claims");
}

#[test]
fn a_claim_given_back_by_hand_hides_the_comment_until_it_is_claimed_again() {
    let mut screen = TestScreen::with("ab");
    screen.press_and_serve("c");
    assert_eq!((screen.visible_id(), screen.server["a"].claim.is_none()), (None, true));
    screen.advance_clock(1);
    screen.serve();
    assert_eq!(screen.visible_id(), None);
    screen.press_and_serve("c");
    assert_eq!(screen.visible_id(), Some("a"));
}

#[test]
fn a_decision_shows_at_once_names_the_revision_and_moves_on() {
    let mut screen = TestScreen::with("abc");
    screen.press("f");
    assert_eq!(screen.selected(), "b");
    assert_eq!(screen.state.pending_action("a"), Some(ActKind::Decide(Decision::Approve)));
    assert_eq!(acts(&screen)[0].items, [("a".to_owned(), 1)]);
    screen.serve();
    assert_eq!((screen.server_state("a"), screen.message()), ((Decision::Approve, 2), "approved"));
    assert_eq!(screen.visible_id(), Some("b"));
}

#[test]
fn what_comes_next_is_fetched_ahead_but_not_claimed() {
    let screen = TestScreen::with("abc");
    assert!(screen.state.details.contains_key("b"));
    assert!(!screen.state.details.contains_key("c"));
    assert!(screen.server["b"].claim.is_none());
}

#[test]
fn a_rejection_may_have_a_reason() {
    let mut screen = TestScreen::with("abc");
    screen.press("dh");
    assert_eq!(acts(&screen)[0].reason_code, "hate_speech");
    screen.serve();
    assert_eq!(screen.message(), "rejected (hate_speech)");
    screen.press("d\n");
    assert_eq!(acts(&screen)[0].reason_code, "");
    screen.serve();
    screen.press("d\u{1b}");
    assert_eq!((acts(&screen).len(), screen.selected()), (0, "c"));
}

#[test]
fn a_conflict_says_who_was_first_and_rolls_back() {
    let mut screen = TestScreen::with("ab");
    screen.decide("a", Decision::Reject, "ben");
    screen.press_and_serve("f");
    assert_eq!(screen.message(), "not approved: ben rejected it 1m ago");
    assert_eq!(screen.row("a").state.decision, Some(Decision::Reject));
    assert_eq!(screen.row("a").last_error, "ben rejected it 1m ago");
    assert_eq!(screen.state.pending_action("a"), None);
    screen.press_and_serve("u");
    assert!(screen.message().contains("nothing was done here"), "{}", screen.message());
}

#[test]
fn a_claim_lost_before_the_decision_is_a_refusal() {
    let mut screen = TestScreen::with("ab");
    screen.claim("a", "ben");
    screen.press_and_serve("f");
    assert_eq!(screen.message(), "not approved: claimed by ben");
    assert_eq!(screen.server_state("a"), (Decision::Hold, 1));
    assert!(screen.state.claimed_by(screen.row("a")).is_some());
}

#[test]
fn undo_takes_back_the_last_act_and_goes_there() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("ff");
    assert_eq!(screen.selected(), "c");
    screen.press_and_serve("u");
    assert_eq!(
        (screen.server_state("b"), screen.message(), screen.visible_id()),
        ((Decision::Hold, 3), "taken back", Some("b"))
    );
    screen.press_and_serve("u");
    assert_eq!((screen.server_state("a"), screen.visible_id()), ((Decision::Hold, 3), Some("a")));
}

#[test]
fn undo_finds_what_has_left_the_list_already() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("f");
    screen.advance_clock(10);
    screen.serve();
    assert_eq!(screen.state.find("a"), None);
    screen.press_and_serve("u");
    assert_eq!(screen.visible_id(), Some("a"));
}

#[test]
fn marked_comments_are_decided_after_a_question_and_undone_as_one() {
    let mut screen = TestScreen::with("abcd");
    screen.press_and_serve("D");
    assert!(screen.message().contains("nothing is marked"));
    screen.press_and_serve("  j ");
    assert_eq!(screen.state.marked.iter().collect::<Vec<_>>(), ["a", "b", "d"]);
    screen.press_and_serve("D");
    assert!(matches!(&screen.state.mode, InputMode::Confirm { decision: Decision::Reject, ids } if ids.len() == 3));
    screen.press_and_serve("n");
    assert_eq!(screen.server_state("a").0, Decision::Hold);
    screen.press("Dys");
    assert_eq!((acts(&screen).len(), acts(&screen)[0].bulk, acts(&screen)[0].reason_code.as_str()), (1, true, "spam"));
    screen.serve();
    assert_eq!(screen.message(), "3 comments rejected");
    assert_eq!((screen.visible_id(), screen.state.marked.len()), (Some("c"), 0));
    screen.press_and_serve("u");
    assert_eq!(["a", "b", "d"].map(|id| screen.server_state(id)), [(Decision::Hold, 3); 3]);
}

#[test]
fn of_a_bulk_act_what_failed_is_told() {
    let mut screen = TestScreen::with("abcd");
    screen.press_and_serve("   ");
    screen.decide("b", Decision::Approve, "ben");
    screen.press_and_serve("Fy");
    assert_eq!(screen.message(), "2 approved, 1 not: ben approved it 1m ago");
    screen.press_and_serve("u");
    assert_eq!((screen.server_state("a").0, screen.server_state("b").0), (Decision::Hold, Decision::Approve));
}

#[test]
fn a_note_goes_along_with_the_decision_on_its_comment() {
    let mut screen = TestScreen::with("ab");
    screen.press_and_serve("nknown troll!\u{8}\n");
    assert_eq!(screen.state.notes["a"], "known troll");
    screen.press_and_serve("j");
    screen.press("f");
    assert_eq!(acts(&screen)[0].note, "");
    screen.serve();
    screen.press_and_serve("k");
    screen.press("f");
    assert_eq!(acts(&screen)[0].note, "known troll");
    screen.serve();
    assert!(screen.state.notes.is_empty());
}

#[test]
fn searching_asks_for_texts_with_these_words() {
    let mut screen = TestScreen::with("ab");
    screen.press("/cheap pills\n");
    let filters: Vec<_> = screen
        .pending_effects
        .iter()
        .filter_map(|e| if let Effect::List { filter, .. } = e { Some(filter) } else { None })
        .collect();
    assert_eq!(filters, ["text=cheap text=pills"]);
    screen.serve();
    assert_eq!(screen.visible_id(), Some("a"));
}

#[test]
fn a_search_that_the_server_refuses_brings_the_old_list_back() {
    let mut screen = TestScreen::with("ab");
    screen.press("/x\n");
    let ticket = screen
        .pending_effects
        .iter()
        .find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None })
        .unwrap();
    screen.pending_effects.retain(|effect| !matches!(effect, Effect::List { .. }));
    screen.event(Event::Reply(ServerReply::Listed { ticket, listed: Err(refused("unknown term text=x")) }));
    screen.serve();
    assert_eq!((screen.state.query.search.as_str(), screen.visible_id()), ("", Some("a")));
    assert_eq!(screen.message(), "unknown term text=x");
}

#[test]
fn a_filter_that_the_server_refuses_at_the_start_ends_the_program() {
    let mut screen = TestScreen::with("");
    screen.state.list.last_accepted_query = None;
    screen.state.list.in_flight = Some((99, super::super::paging::FetchKind::First));
    screen.event(Event::Reply(ServerReply::Listed { ticket: 99, listed: Err(refused("no such term")) }));
    assert!(screen.state.shutdown.as_ref().unwrap().done);
    assert_eq!(screen.state.into_result().unwrap_err().message(), "no such term");
}

#[test]
fn one_key_goes_through_the_queues() {
    let mut screen = TestScreen::with("ab");
    screen.press_and_serve("ft");
    assert_eq!(screen.visible_id(), Some("a"), "approved, and needs no claim");
    screen.press_and_serve("d\n");
    assert_eq!(screen.server_state("a"), (Decision::Reject, 3));
    screen.press_and_serve("tt");
    assert_eq!(screen.state.rows.len(), 2, "all of them");
    screen.press_and_serve("t");
    assert_eq!(screen.visible_id(), Some("b"));
}

#[test]
fn the_cursor_stays_on_its_comment_when_others_come_and_go() {
    let mut screen = TestScreen::with("bcd");
    screen.press_and_serve("j");
    screen.server.insert("a".into(), comment("a", "earlier"));
    screen.server.remove("b");
    screen.advance_clock(10);
    screen.serve();
    assert_eq!(screen.state.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!(screen.visible_id(), Some("c"));
}

#[test]
fn a_comment_decided_elsewhere_stays_under_the_cursor_and_says_so() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("j");
    screen.decide("b", Decision::Approve, "ben");
    screen.advance_clock(10);
    screen.serve();
    assert_eq!((screen.selected(), screen.visible_id()), ("b", Some("b")));
    assert!(screen.row("b").off_list);
    screen.press_and_serve("f");
    assert_eq!(screen.message(), "it is on this list no more");
    screen.press_and_serve("j");
    assert_eq!((screen.state.find("b"), screen.visible_id()), (None, Some("c")));
}

#[test]
fn a_list_read_before_a_decision_does_not_bring_the_comment_back() {
    let mut screen = TestScreen::with("ab");
    let old = screen.server.values().map(CommentRow::from).collect();
    screen.advance_clock(10);
    let ticket = screen
        .pending_effects
        .iter()
        .find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None })
        .unwrap();
    screen.pending_effects.clear();
    screen.press_and_serve("f");
    screen.event(Event::Reply(ServerReply::Listed { ticket, listed: Ok((old, String::new())) }));
    assert_eq!(screen.row("a").state.decision, Some(Decision::Approve));
    assert!(!screen.state.is_pending(screen.row("a")));
}

#[test]
fn more_pages_come_when_the_cursor_nears_the_end() {
    let comments: Vec<_> = (0..130).map(|n| comment(&format!("{n:03}"), "text")).collect();
    let mut screen = TestScreen::new(&comments);
    screen.open();
    assert_eq!(screen.state.rows.len(), 50);
    screen.press_and_serve("G");
    assert_eq!((screen.state.rows.len(), screen.selected()), (100, "049"));
    screen.press_and_serve("GG");
    assert_eq!((screen.state.rows.len(), screen.state.list.next_page_token.as_str()), (130, ""));
    screen.advance_clock(30);
    screen.serve();
    assert_eq!((screen.state.rows.len(), screen.selected()), (130, "129"));
}

#[test]
fn no_more_than_two_thousand_rows_are_held() {
    let comments: Vec<_> = (0..2_200).map(|n| comment(&format!("{n:04}"), "text")).collect();
    let mut screen = TestScreen::new(&comments);
    screen.open();
    for _ in 0..60 {
        screen.press_and_serve("G");
    }
    assert_eq!(screen.state.rows.len(), 2_000);
    screen.advance_clock(100);
    screen.serve();
    assert_eq!((screen.state.rows.len(), screen.selected()), (2_000, "1999"));
    assert!(screen.state.details.len() <= 9);
}

#[test]
fn a_lost_server_loses_nothing_and_heals() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("j ");
    screen.unreachable = true;
    screen.advance_clock(10);
    screen.serve();
    assert!(matches!(screen.state.connectivity, Connectivity::Lost { .. }));
    assert_eq!((screen.state.rows.len(), screen.state.marked.len(), screen.selected()), (3, 1, "c"));
    screen.press_and_serve("f");
    assert!(screen.message().contains("the server is lost"), "{}", screen.message());
    for _ in 0..5 {
        screen.advance_clock(9);
        screen.serve();
    }
    screen.unreachable = false;
    screen.advance_clock(9);
    screen.serve();
    assert_eq!(
        (screen.state.connectivity.clone(), screen.message(), screen.visible_id()),
        (Connectivity::Live, "the server is back", Some("c"))
    );
}

#[test]
fn pauses_before_asking_a_lost_server_grow_to_eight_seconds() {
    let mut screen = TestScreen::with("a");
    screen.unreachable = true;
    screen.advance_clock(10);
    screen.serve();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let Connectivity::Lost { next, .. } = screen.state.connectivity else { panic!("lost") };
        pauses.push(next.duration_since(screen.state.now).unwrap().as_millis());
        screen.state.now = next;
        screen.event(Event::Tick);
        assert!(!screen.pending_effects.is_empty());
        screen.serve();
    }
    assert_eq!(pauses[..6], [500, 1_000, 2_000, 4_000, 8_000, 8_000]);
}

#[test]
fn a_decision_that_got_lost_on_the_way_is_sent_again() {
    let mut screen = TestScreen::with("ab");
    screen.unreachable = true;
    screen.press_and_serve("f");
    assert_eq!(screen.state.pending_action("a"), Some(ActKind::Decide(Decision::Approve)), "still under way");
    screen.unreachable = false;
    screen.advance_clock(2);
    screen.serve();
    assert_eq!((screen.server_state("a"), screen.state.pending_acts.len()), ((Decision::Approve, 2), 0));
}

#[test]
fn a_decision_that_the_server_refuses_is_rolled_back() {
    let mut screen = TestScreen::with("ab");
    screen.press("f");
    let number = acts(&screen)[0].number;
    screen.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    screen.event(Event::Reply(ServerReply::Acted {
        number,
        results: Vec::new(),
        problem: Some(refused("give a reason code")),
    }));
    assert_eq!((screen.message(), screen.state.pending_action("a")), ("not approved: give a reason code", None));
    assert_eq!(screen.row("a").last_error, "give a reason code");
}

#[test]
fn half_an_answer_to_a_bulk_act_leaves_the_rest_under_way() {
    let mut screen = TestScreen::with("abc");
    screen.press_and_serve("  ");
    screen.press("Fy");
    let act = acts(&screen)[0].clone();
    screen.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    let verdict = super::super::test_screen::verdict("a", Decision::Approve, "mia", 2);
    let result = pb::ReviewResult { comment_id: "a".into(), verdict: Some(verdict), error: None };
    screen.event(Event::Reply(ServerReply::Acted { number: act.number, results: vec![result], problem: Some(lost()) }));
    assert_eq!((screen.state.pending_action("a"), screen.state.pending_action("b").is_some()), (None, true));
    screen.advance_clock(2);
    screen.serve();
    assert_eq!(screen.message(), "2 comments approved");
    assert_eq!(screen.state.undoable[0].items.len(), 2, "one act to undo");
}

#[test]
fn quitting_gives_claims_back_and_waits_for_acts() {
    let mut screen = TestScreen::with("ab");
    screen.press("f");
    screen.press("q");
    assert!(!screen.state.shutdown.as_ref().unwrap().done);
    screen.serve();
    assert!(screen.state.shutdown.as_ref().unwrap().done);
    assert_eq!(screen.server_state("a").0, Decision::Approve);
    assert!(screen.server.values().all(|comment| comment.claim.is_none()));
    assert!(screen.state.into_result().is_ok());
}

#[test]
fn quitting_twice_does_not_wait_and_tells_what_is_uncertain() {
    let mut screen = TestScreen::with("ab");
    screen.unreachable = true;
    screen.press_and_serve("f");
    screen.press("q");
    assert!(!screen.state.shutdown.as_ref().unwrap().done);
    screen.press("q");
    assert!(screen.state.shutdown.as_ref().unwrap().done);
    assert!(screen.state.into_result().unwrap_err().message().contains("look at these again: a"));
}

#[test]
fn whoever_is_told_to_stop_waits_three_seconds_at_most() {
    let mut screen = TestScreen::with("a");
    screen.press("f");
    screen.event(Event::Stop);
    assert!(!screen.state.shutdown.as_ref().unwrap().done);
    screen.advance_clock(4);
    assert!(screen.state.shutdown.as_ref().unwrap().done);
}

#[test]
fn blocking_asks_first_and_names_the_comment_whose_author_it_is() {
    let mut with_author = comment("a", "x");
    let author = pb::Author { user_id: "u-7".into(), name: "Cheap Pills".into(), ..Default::default() };
    with_author.comment.as_mut().unwrap().author = Some(author);
    let mut screen = TestScreen::new(&[with_author, comment("b", "y")]);
    screen.open();
    screen.press_and_serve("bn");
    assert_eq!(screen.state.mode, InputMode::Browse);
    screen.press("by");
    assert!(screen.pending_effects.iter().any(|effect| matches!(effect, Effect::Block { id, .. } if id == "a")));
    screen.serve();
    assert_eq!(screen.message(), "Cheap Pills is blocked from now on");
    screen.press_and_serve("jb");
    assert!(screen.message().contains("nobody can be blocked"), "{}", screen.message());
}

#[test]
fn an_edit_between_look_and_decision_is_a_conflict_and_shows_the_new_text() {
    let mut screen = TestScreen::with("a");
    let on_server = screen.server.get_mut("a").unwrap();
    on_server.comment.as_mut().unwrap().body = "another text".into();
    on_server.verdict.as_mut().unwrap().revision = 2;
    screen.press_and_serve("f");
    assert!(screen.message().contains("the text changed 1m ago"), "{}", screen.message());
    assert_eq!(screen.server_state("a"), (Decision::Hold, 2));
    let (_, details) = screen.state.visible_comment().unwrap();
    assert_eq!(details.response.comment.as_ref().unwrap().body, "another text");
}

#[test]
fn what_is_alike_is_rejected_at_once_also_beyond_the_list() {
    let mut screen = TestScreen::new(&[comment("a", "buy now"), comment("b", "another"), comment("c", "buy now")]);
    screen.open();
    assert_eq!(screen.state.similar_comments(), [("c".to_owned(), 1)]);
    // The list has not loaded c.
    screen.state.rows.pop();
    screen.press_and_serve("Rys");
    let stands = ["a", "b", "c"].map(|id| screen.server_state(id).0);
    assert_eq!(stands, [Decision::Reject, Decision::Hold, Decision::Reject]);
    screen.press_and_serve("R");
    assert_eq!(screen.message(), "no other held comment is like this one");
}

#[test]
fn a_site_that_wants_reasons_gets_no_rejection_without_one() {
    let mut screen = TestScreen::new(&[comment("a", "x")]);
    screen.wants_reasons = true;
    screen.open();
    screen.press_and_serve("d\n");
    assert_eq!(screen.server_state("a"), (Decision::Hold, 1));
    screen.press_and_serve("s");
    assert_eq!(screen.server_state("a"), (Decision::Reject, 2));
}

#[test]
fn keys_without_a_meaning_do_nothing_but_say_so() {
    let mut screen = TestScreen::with("a");
    screen.press_and_serve("z");
    assert_eq!(screen.message(), "z has no meaning here; ? shows what has");
    assert_eq!(screen.server_state("a"), (Decision::Hold, 1));
}
