//! The rules of the screen, each by keys and answers.

use super::super::act::{ActKind, PendingAct};
use super::super::claims::CLAIM_LEASE;
use super::super::connectivity::Connectivity;
use super::super::event::{Effect, Event, ServerReply};
use super::super::mode::InputMode;
use super::super::row::CommentRow;
use super::super::test_screen::{TestScreen, comment, lost, refused};
use crate::pb;
use crate::verdict::Decision;

fn acts(desk: &TestScreen) -> Vec<&PendingAct> {
    desk.pending_effects.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some(&**act) } else { None }).collect()
}

fn claims(desk: &TestScreen) -> Vec<Option<&str>> {
    let asked = desk.pending_effects.iter();
    asked
        .filter_map(|effect| if let Effect::UpdateClaims { claim, .. } = effect { Some(claim.as_deref()) } else { None })
        .collect()
}

#[test]
fn at_the_start_only_the_first_comment_is_claimed_and_shown() {
    let desk = TestScreen::with("abc");
    assert_eq!(desk.visible_id(), Some("a"));
    assert_eq!(desk.state.claims.held.keys().collect::<Vec<_>>(), ["a"]);
    assert!(desk.server["b"].claim.is_none());
}

#[test]
fn nothing_is_shown_before_the_claim_is_ours() {
    let mut desk = TestScreen::new(&[comment("a", "text")]);
    desk.event(Event::Tick);
    let Some(Effect::List { ticket, .. }) = desk.pending_effects.pop() else { panic!("the list comes first") };
    let rows = desk.server.values().map(CommentRow::from).collect();
    desk.event(Event::Reply(ServerReply::Listed { ticket, listed: Ok((rows, String::new())) }));
    assert_eq!(claims(&desk), [Some("a")]);
    assert_eq!(desk.visible_id(), None);
    desk.press("f");
    assert!(acts(&desk).is_empty() && desk.message().contains("wait"), "{}", desk.message());
    desk.serve();
    assert_eq!(desk.visible_id(), Some("a"));
}

#[test]
fn moving_on_gives_the_claim_back() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("j");
    assert_eq!(desk.visible_id(), Some("b"));
    assert!(desk.server["a"].claim.is_none());
    assert_eq!(desk.state.claims.held.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn one_question_about_claims_at_a_time_however_fast_the_cursor_goes() {
    let mut desk = TestScreen::with("abcdefgh");
    desk.press("jjjjj");
    assert_eq!(claims(&desk).len(), 1);
    desk.serve();
    assert_eq!(desk.visible_id(), Some("f"));
    assert_eq!(desk.server.values().filter(|comment| comment.claim.is_some()).count(), 1);
}

#[test]
fn what_a_colleague_claimed_is_passed_over_and_never_shown() {
    let mut desk = TestScreen::new(&[comment("a", "x"), comment("b", "y"), comment("c", "z")]);
    desk.claim("a", "ben");
    desk.open();
    assert_eq!(desk.visible_id(), Some("b"), "the list said so");
    desk.claim("c", "ben");
    desk.press_and_serve("j");
    // The list knew nothing of it yet: the claim is refused, and no other comment is free but the one before.
    assert_eq!(desk.visible_id(), Some("b"));
    assert!(desk.message().contains("claimed by ben"), "{}", desk.message());
    desk.advance_clock(4);
    desk.serve();
    desk.press_and_serve("k");
    assert_eq!((desk.selected(), desk.visible_id()), ("a", None));
    assert_eq!(desk.state.claimed_by(desk.row("a")).unwrap().holder, "ben");
    desk.press_and_serve("f");
    assert_eq!(desk.message(), "ben is at work on it");
}

#[test]
fn what_a_colleague_claimed_and_decided_says_who_decided_it() {
    let mut desk = TestScreen::new(&[comment("a", "x")]);
    desk.claim("a", "ben");
    desk.open();
    assert_eq!((desk.selected(), desk.visible_id()), ("a", None));
    desk.decide("a", Decision::Reject, "ben");
    desk.advance_clock(4);
    desk.serve();
    assert!(desk.row("a").off_list && desk.state.claimed_by(desk.row("a")).is_none());
    assert_eq!((desk.row("a").state.decision, desk.row("a").state.decided_by.as_str()), (Some(Decision::Reject), "ben"));
}

#[test]
fn claims_are_renewed_after_a_third_of_their_time() {
    let mut desk = TestScreen::with("a");
    desk.advance_clock(CLAIM_LEASE.as_secs() / 3 - 5);
    assert_eq!(claims(&desk), [] as [Option<&str>; 0]);
    desk.serve();
    desk.advance_clock(6);
    assert_eq!(claims(&desk), [Some("a")]);
    desk.serve();
    assert_eq!(desk.visible_id(), Some("a"));
}

#[test]
fn a_claim_that_was_lost_hides_the_comment() {
    let mut desk = TestScreen::with("ab");
    desk.claim("a", "ben");
    desk.advance_clock(CLAIM_LEASE.as_secs() / 3 + 1);
    desk.serve();
    assert_eq!(desk.visible_id(), Some("b"));
    assert!(desk.state.claimed_by(desk.row("a")).is_some());
}

#[test]
fn a_server_without_claims_is_reviewed_without_them() {
    let mut desk = TestScreen::new(&[comment("a", "x"), comment("b", "y")]);
    desk.knows_claims = false;
    desk.open();
    assert_eq!(desk.visible_id(), Some("a"));
    desk.press_and_serve("f");
    assert_eq!((desk.server_state("a"), desk.visible_id()), ((Decision::Approve, 2), Some("b")));
    desk.press_and_serve("c");
    assert_eq!(desk.message(), "this server knows no claims");
}

#[test]
fn a_claim_given_back_by_hand_hides_the_comment_until_it_is_claimed_again() {
    let mut desk = TestScreen::with("ab");
    desk.press_and_serve("c");
    assert_eq!((desk.visible_id(), desk.server["a"].claim.is_none()), (None, true));
    desk.advance_clock(1);
    desk.serve();
    assert_eq!(desk.visible_id(), None);
    desk.press_and_serve("c");
    assert_eq!(desk.visible_id(), Some("a"));
}

#[test]
fn a_decision_shows_at_once_names_the_revision_and_moves_on() {
    let mut desk = TestScreen::with("abc");
    desk.press("f");
    assert_eq!(desk.selected(), "b");
    assert_eq!(desk.state.pending_action("a"), Some(ActKind::Decide(Decision::Approve)));
    assert_eq!(acts(&desk)[0].items, [("a".to_owned(), 1)]);
    desk.serve();
    assert_eq!((desk.server_state("a"), desk.message()), ((Decision::Approve, 2), "approved"));
    assert_eq!(desk.visible_id(), Some("b"));
}

#[test]
fn what_comes_next_is_fetched_ahead_but_not_claimed() {
    let desk = TestScreen::with("abc");
    assert!(desk.state.details.contains_key("b"));
    assert!(!desk.state.details.contains_key("c"));
    assert!(desk.server["b"].claim.is_none());
}

#[test]
fn a_rejection_may_have_a_reason() {
    let mut desk = TestScreen::with("abc");
    desk.press("dh");
    assert_eq!(acts(&desk)[0].reason_code, "hate_speech");
    desk.serve();
    assert_eq!(desk.message(), "rejected (hate_speech)");
    desk.press("d\n");
    assert_eq!(acts(&desk)[0].reason_code, "");
    desk.serve();
    desk.press("d\u{1b}");
    assert_eq!((acts(&desk).len(), desk.selected()), (0, "c"));
}

#[test]
fn a_conflict_says_who_was_first_and_rolls_back() {
    let mut desk = TestScreen::with("ab");
    desk.decide("a", Decision::Reject, "ben");
    desk.press_and_serve("f");
    assert_eq!(desk.message(), "not approved: ben rejected it 1m ago");
    assert_eq!(desk.row("a").state.decision, Some(Decision::Reject));
    assert_eq!(desk.row("a").last_error, "ben rejected it 1m ago");
    assert_eq!(desk.state.pending_action("a"), None);
    desk.press_and_serve("u");
    assert!(desk.message().contains("nothing was done here"), "{}", desk.message());
}

#[test]
fn a_claim_lost_before_the_decision_is_a_refusal() {
    let mut desk = TestScreen::with("ab");
    desk.claim("a", "ben");
    desk.press_and_serve("f");
    assert_eq!(desk.message(), "not approved: claimed by ben");
    assert_eq!(desk.server_state("a"), (Decision::Hold, 1));
    assert!(desk.state.claimed_by(desk.row("a")).is_some());
}

#[test]
fn undo_takes_back_the_last_act_and_goes_there() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("ff");
    assert_eq!(desk.selected(), "c");
    desk.press_and_serve("u");
    assert_eq!((desk.server_state("b"), desk.message(), desk.visible_id()), ((Decision::Hold, 3), "taken back", Some("b")));
    desk.press_and_serve("u");
    assert_eq!((desk.server_state("a"), desk.visible_id()), ((Decision::Hold, 3), Some("a")));
}

#[test]
fn undo_finds_what_has_left_the_list_already() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("f");
    desk.advance_clock(10);
    desk.serve();
    assert_eq!(desk.state.find("a"), None);
    desk.press_and_serve("u");
    assert_eq!(desk.visible_id(), Some("a"));
}

#[test]
fn marked_comments_are_decided_after_a_question_and_undone_as_one() {
    let mut desk = TestScreen::with("abcd");
    desk.press_and_serve("D");
    assert!(desk.message().contains("nothing is marked"));
    desk.press_and_serve("  j ");
    assert_eq!(desk.state.marked.iter().collect::<Vec<_>>(), ["a", "b", "d"]);
    desk.press_and_serve("D");
    assert!(matches!(&desk.state.mode, InputMode::Confirm { decision: Decision::Reject, ids } if ids.len() == 3));
    desk.press_and_serve("n");
    assert_eq!(desk.server_state("a").0, Decision::Hold);
    desk.press("Dys");
    assert_eq!((acts(&desk).len(), acts(&desk)[0].bulk, acts(&desk)[0].reason_code.as_str()), (1, true, "spam"));
    desk.serve();
    assert_eq!(desk.message(), "3 comments rejected");
    assert_eq!((desk.visible_id(), desk.state.marked.len()), (Some("c"), 0));
    desk.press_and_serve("u");
    assert_eq!(["a", "b", "d"].map(|id| desk.server_state(id)), [(Decision::Hold, 3); 3]);
}

#[test]
fn of_a_bulk_act_what_failed_is_told() {
    let mut desk = TestScreen::with("abcd");
    desk.press_and_serve("   ");
    desk.decide("b", Decision::Approve, "ben");
    desk.press_and_serve("Fy");
    assert_eq!(desk.message(), "2 approved, 1 not: ben approved it 1m ago");
    desk.press_and_serve("u");
    assert_eq!((desk.server_state("a").0, desk.server_state("b").0), (Decision::Hold, Decision::Approve));
}

#[test]
fn a_note_goes_along_with_the_decision_on_its_comment() {
    let mut desk = TestScreen::with("ab");
    desk.press_and_serve("nknown troll!\u{8}\n");
    assert_eq!(desk.state.notes["a"], "known troll");
    desk.press_and_serve("j");
    desk.press("f");
    assert_eq!(acts(&desk)[0].note, "");
    desk.serve();
    desk.press_and_serve("k");
    desk.press("f");
    assert_eq!(acts(&desk)[0].note, "known troll");
    desk.serve();
    assert!(desk.state.notes.is_empty());
}

#[test]
fn searching_asks_for_texts_with_these_words() {
    let mut desk = TestScreen::with("ab");
    desk.press("/cheap pills\n");
    let filters: Vec<_> = desk
        .pending_effects
        .iter()
        .filter_map(|e| if let Effect::List { filter, .. } = e { Some(filter) } else { None })
        .collect();
    assert_eq!(filters, ["text=cheap text=pills"]);
    desk.serve();
    assert_eq!(desk.visible_id(), Some("a"));
}

#[test]
fn a_search_that_the_server_refuses_brings_the_old_list_back() {
    let mut desk = TestScreen::with("ab");
    desk.press("/x\n");
    let ticket = desk
        .pending_effects
        .iter()
        .find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None })
        .unwrap();
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::List { .. }));
    desk.event(Event::Reply(ServerReply::Listed { ticket, listed: Err(refused("unknown term text=x")) }));
    desk.serve();
    assert_eq!((desk.state.query.search.as_str(), desk.visible_id()), ("", Some("a")));
    assert_eq!(desk.message(), "unknown term text=x");
}

#[test]
fn a_filter_that_the_server_refuses_at_the_start_ends_the_program() {
    let mut desk = TestScreen::with("");
    desk.state.list.last_accepted_query = None;
    desk.state.list.in_flight = Some((99, super::super::paging::FetchKind::First));
    desk.event(Event::Reply(ServerReply::Listed { ticket: 99, listed: Err(refused("no such term")) }));
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert_eq!(desk.state.into_result().unwrap_err().message(), "no such term");
}

#[test]
fn one_key_goes_through_the_queues() {
    let mut desk = TestScreen::with("ab");
    desk.press_and_serve("ft");
    assert_eq!(desk.visible_id(), Some("a"), "approved, and needs no claim");
    desk.press_and_serve("d\n");
    assert_eq!(desk.server_state("a"), (Decision::Reject, 3));
    desk.press_and_serve("tt");
    assert_eq!(desk.state.rows.len(), 2, "all of them");
    desk.press_and_serve("t");
    assert_eq!(desk.visible_id(), Some("b"));
}

#[test]
fn the_cursor_stays_on_its_comment_when_others_come_and_go() {
    let mut desk = TestScreen::with("bcd");
    desk.press_and_serve("j");
    desk.server.insert("a".into(), comment("a", "earlier"));
    desk.server.remove("b");
    desk.advance_clock(10);
    desk.serve();
    assert_eq!(desk.state.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!(desk.visible_id(), Some("c"));
}

#[test]
fn a_comment_decided_elsewhere_stays_under_the_cursor_and_says_so() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("j");
    desk.decide("b", Decision::Approve, "ben");
    desk.advance_clock(10);
    desk.serve();
    assert_eq!((desk.selected(), desk.visible_id()), ("b", Some("b")));
    assert!(desk.row("b").off_list);
    desk.press_and_serve("f");
    assert_eq!(desk.message(), "it is on this list no more");
    desk.press_and_serve("j");
    assert_eq!((desk.state.find("b"), desk.visible_id()), (None, Some("c")));
}

#[test]
fn a_list_read_before_a_decision_does_not_bring_the_comment_back() {
    let mut desk = TestScreen::with("ab");
    let old = desk.server.values().map(CommentRow::from).collect();
    desk.advance_clock(10);
    let ticket = desk
        .pending_effects
        .iter()
        .find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None })
        .unwrap();
    desk.pending_effects.clear();
    desk.press_and_serve("f");
    desk.event(Event::Reply(ServerReply::Listed { ticket, listed: Ok((old, String::new())) }));
    assert_eq!(desk.row("a").state.decision, Some(Decision::Approve));
    assert!(!desk.state.is_pending(desk.row("a")));
}

#[test]
fn more_pages_come_when_the_cursor_nears_the_end() {
    let comments: Vec<_> = (0..130).map(|n| comment(&format!("{n:03}"), "text")).collect();
    let mut desk = TestScreen::new(&comments);
    desk.open();
    assert_eq!(desk.state.rows.len(), 50);
    desk.press_and_serve("G");
    assert_eq!((desk.state.rows.len(), desk.selected()), (100, "049"));
    desk.press_and_serve("GG");
    assert_eq!((desk.state.rows.len(), desk.state.list.next_page_token.as_str()), (130, ""));
    desk.advance_clock(30);
    desk.serve();
    assert_eq!((desk.state.rows.len(), desk.selected()), (130, "129"));
}

#[test]
fn no_more_than_two_thousand_rows_are_held() {
    let comments: Vec<_> = (0..2_200).map(|n| comment(&format!("{n:04}"), "text")).collect();
    let mut desk = TestScreen::new(&comments);
    desk.open();
    for _ in 0..60 {
        desk.press_and_serve("G");
    }
    assert_eq!(desk.state.rows.len(), 2_000);
    desk.advance_clock(100);
    desk.serve();
    assert_eq!((desk.state.rows.len(), desk.selected()), (2_000, "1999"));
    assert!(desk.state.details.len() <= 9);
}

#[test]
fn a_lost_server_loses_nothing_and_heals() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("j ");
    desk.unreachable = true;
    desk.advance_clock(10);
    desk.serve();
    assert!(matches!(desk.state.connectivity, Connectivity::Lost { .. }));
    assert_eq!((desk.state.rows.len(), desk.state.marked.len(), desk.selected()), (3, 1, "c"));
    desk.press_and_serve("f");
    assert!(desk.message().contains("the server is lost"), "{}", desk.message());
    for _ in 0..5 {
        desk.advance_clock(9);
        desk.serve();
    }
    desk.unreachable = false;
    desk.advance_clock(9);
    desk.serve();
    assert_eq!(
        (desk.state.connectivity.clone(), desk.message(), desk.visible_id()),
        (Connectivity::Live, "the server is back", Some("c"))
    );
}

#[test]
fn pauses_before_asking_a_lost_server_grow_to_eight_seconds() {
    let mut desk = TestScreen::with("a");
    desk.unreachable = true;
    desk.advance_clock(10);
    desk.serve();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let Connectivity::Lost { next, .. } = desk.state.connectivity else { panic!("lost") };
        pauses.push(next.duration_since(desk.state.now).unwrap().as_millis());
        desk.state.now = next;
        desk.event(Event::Tick);
        assert!(!desk.pending_effects.is_empty());
        desk.serve();
    }
    assert_eq!(pauses[..6], [500, 1_000, 2_000, 4_000, 8_000, 8_000]);
}

#[test]
fn a_decision_that_got_lost_on_the_way_is_sent_again() {
    let mut desk = TestScreen::with("ab");
    desk.unreachable = true;
    desk.press_and_serve("f");
    assert_eq!(desk.state.pending_action("a"), Some(ActKind::Decide(Decision::Approve)), "still under way");
    desk.unreachable = false;
    desk.advance_clock(2);
    desk.serve();
    assert_eq!((desk.server_state("a"), desk.state.pending_acts.len()), ((Decision::Approve, 2), 0));
}

#[test]
fn a_decision_that_the_server_refuses_is_rolled_back() {
    let mut desk = TestScreen::with("ab");
    desk.press("f");
    let number = acts(&desk)[0].number;
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    desk.event(Event::Reply(ServerReply::Acted { number, results: Vec::new(), problem: Some(refused("give a reason code")) }));
    assert_eq!((desk.message(), desk.state.pending_action("a")), ("not approved: give a reason code", None));
    assert_eq!(desk.row("a").last_error, "give a reason code");
}

#[test]
fn half_an_answer_to_a_bulk_act_leaves_the_rest_under_way() {
    let mut desk = TestScreen::with("abc");
    desk.press_and_serve("  ");
    desk.press("Fy");
    let act = acts(&desk)[0].clone();
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    let verdict = super::super::test_screen::verdict("a", Decision::Approve, "mia", 2);
    let result = pb::ReviewResult { comment_id: "a".into(), verdict: Some(verdict), error: None };
    desk.event(Event::Reply(ServerReply::Acted { number: act.number, results: vec![result], problem: Some(lost()) }));
    assert_eq!((desk.state.pending_action("a"), desk.state.pending_action("b").is_some()), (None, true));
    desk.advance_clock(2);
    desk.serve();
    assert_eq!(desk.message(), "2 comments approved");
    assert_eq!(desk.state.undoable[0].items.len(), 2, "one act to undo");
}

#[test]
fn quitting_gives_claims_back_and_waits_for_acts() {
    let mut desk = TestScreen::with("ab");
    desk.press("f");
    desk.press("q");
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.serve();
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert_eq!(desk.server_state("a").0, Decision::Approve);
    assert!(desk.server.values().all(|comment| comment.claim.is_none()));
    assert!(desk.state.into_result().is_ok());
}

#[test]
fn quitting_twice_does_not_wait_and_tells_what_is_uncertain() {
    let mut desk = TestScreen::with("ab");
    desk.unreachable = true;
    desk.press_and_serve("f");
    desk.press("q");
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.press("q");
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert!(desk.state.into_result().unwrap_err().message().contains("look at these again: a"));
}

#[test]
fn whoever_is_told_to_stop_waits_three_seconds_at_most() {
    let mut desk = TestScreen::with("a");
    desk.press("f");
    desk.event(Event::Stop);
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.advance_clock(4);
    assert!(desk.state.shutdown.as_ref().unwrap().done);
}

#[test]
fn blocking_asks_first_and_names_the_comment_whose_author_it_is() {
    let mut with_author = comment("a", "x");
    let author = pb::Author { user_id: "u-7".into(), name: "Cheap Pills".into(), ..Default::default() };
    with_author.comment.as_mut().unwrap().author = Some(author);
    let mut desk = TestScreen::new(&[with_author, comment("b", "y")]);
    desk.open();
    desk.press_and_serve("bn");
    assert_eq!(desk.state.mode, InputMode::Browse);
    desk.press("by");
    assert!(desk.pending_effects.iter().any(|effect| matches!(effect, Effect::Block { id, .. } if id == "a")));
    desk.serve();
    assert_eq!(desk.message(), "Cheap Pills is blocked from now on");
    desk.press_and_serve("jb");
    assert!(desk.message().contains("nobody can be blocked"), "{}", desk.message());
}

#[test]
fn an_edit_between_look_and_decision_is_a_conflict_and_shows_the_new_text() {
    let mut desk = TestScreen::with("a");
    let on_server = desk.server.get_mut("a").unwrap();
    on_server.comment.as_mut().unwrap().body = "another text".into();
    on_server.verdict.as_mut().unwrap().revision = 2;
    desk.press_and_serve("f");
    assert!(desk.message().contains("the text changed 1m ago"), "{}", desk.message());
    assert_eq!(desk.server_state("a"), (Decision::Hold, 2));
    let (_, details) = desk.state.visible_comment().unwrap();
    assert_eq!(details.response.comment.as_ref().unwrap().body, "another text");
}

#[test]
fn what_is_alike_is_rejected_at_once_also_beyond_the_list() {
    let mut desk = TestScreen::new(&[comment("a", "buy now"), comment("b", "another"), comment("c", "buy now")]);
    desk.open();
    assert_eq!(desk.state.similar_comments(), [("c".to_owned(), 1)]);
    // The list has not come so far.
    desk.state.rows.pop();
    desk.press_and_serve("Rys");
    let stands = ["a", "b", "c"].map(|id| desk.server_state(id).0);
    assert_eq!(stands, [Decision::Reject, Decision::Hold, Decision::Reject]);
    desk.press_and_serve("R");
    assert_eq!(desk.message(), "no other held comment is like this one");
}

#[test]
fn a_site_that_wants_reasons_gets_no_rejection_without_one() {
    let mut desk = TestScreen::new(&[comment("a", "x")]);
    desk.wants_reasons = true;
    desk.open();
    desk.press_and_serve("d\n");
    assert_eq!(desk.server_state("a"), (Decision::Hold, 1));
    desk.press_and_serve("s");
    assert_eq!(desk.server_state("a"), (Decision::Reject, 2));
}

#[test]
fn keys_without_a_meaning_do_nothing_but_say_so() {
    let mut desk = TestScreen::with("a");
    desk.press_and_serve("z");
    assert_eq!(desk.message(), "z has no meaning here; ? shows what has");
    assert_eq!(desk.server_state("a"), (Decision::Hold, 1));
}
