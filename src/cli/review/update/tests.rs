//! The rules of the screen, each by keys and answers.

use super::super::act::{Act, What};
use super::super::claims::LEASE;
use super::super::connectivity::Link;
use super::super::event::{Answer, Effect, Event};
use super::super::mode::Mode;
use super::super::rehearsal::{Rehearsal, comment, lost, refused};
use super::super::row::Row;
use crate::pb;
use crate::verdict::Decision;

fn acts(desk: &Rehearsal) -> Vec<&Act> {
    desk.pending_effects.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some(&**act) } else { None }).collect()
}

fn claims(desk: &Rehearsal) -> Vec<Option<&str>> {
    let asked = desk.pending_effects.iter();
    asked.filter_map(|effect| if let Effect::UpdateClaims { claim, .. } = effect { Some(claim.as_deref()) } else { None }).collect()
}

#[test]
fn at_the_start_only_the_first_comment_is_claimed_and_shown() {
    let desk = Rehearsal::with("abc");
    assert_eq!(desk.sees(), Some("a"));
    assert_eq!(desk.state.claims.held.keys().collect::<Vec<_>>(), ["a"]);
    assert!(desk.server["b"].claim.is_none());
}

#[test]
fn nothing_is_shown_before_the_claim_is_ours() {
    let mut desk = Rehearsal::new(&[comment("a", "text")]);
    desk.event(Event::Tick);
    let Some(Effect::List { ticket, .. }) = desk.pending_effects.pop() else { panic!("the list comes first") };
    let rows = desk.server.values().map(Row::from).collect();
    desk.event(Event::Reply(Answer::Listed { ticket, listed: Ok((rows, String::new())) }));
    assert_eq!(claims(&desk), [Some("a")]);
    assert_eq!(desk.sees(), None);
    desk.press("f");
    assert!(acts(&desk).is_empty() && desk.said().contains("wait"), "{}", desk.said());
    desk.serve();
    assert_eq!(desk.sees(), Some("a"));
}

#[test]
fn moving_on_gives_the_claim_back() {
    let mut desk = Rehearsal::with("abc");
    desk.play("j");
    assert_eq!(desk.sees(), Some("b"));
    assert!(desk.server["a"].claim.is_none());
    assert_eq!(desk.state.claims.held.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn one_question_about_claims_at_a_time_however_fast_the_cursor_goes() {
    let mut desk = Rehearsal::with("abcdefgh");
    desk.press("jjjjj");
    assert_eq!(claims(&desk).len(), 1);
    desk.serve();
    assert_eq!(desk.sees(), Some("f"));
    assert_eq!(desk.server.values().filter(|comment| comment.claim.is_some()).count(), 1);
}

#[test]
fn what_a_colleague_claimed_is_passed_over_and_never_shown() {
    let mut desk = Rehearsal::new(&[comment("a", "x"), comment("b", "y"), comment("c", "z")]);
    desk.claim("a", "ben");
    desk.open();
    assert_eq!(desk.sees(), Some("b"), "the list said so");
    desk.claim("c", "ben");
    desk.play("j");
    // The list knew nothing of it yet: the claim is refused, and no other comment is free but the one before.
    assert_eq!(desk.sees(), Some("b"));
    assert!(desk.said().contains("claimed by ben"), "{}", desk.said());
    desk.pass(4);
    desk.serve();
    desk.play("k");
    assert_eq!((desk.selected(), desk.sees()), ("a", None));
    assert_eq!(desk.state.claimed_by(desk.row("a")).unwrap().holder, "ben");
    desk.play("f");
    assert_eq!(desk.said(), "ben is at work on it");
}

#[test]
fn what_a_colleague_claimed_and_decided_says_who_decided_it() {
    let mut desk = Rehearsal::new(&[comment("a", "x")]);
    desk.claim("a", "ben");
    desk.open();
    assert_eq!((desk.selected(), desk.sees()), ("a", None));
    desk.decide("a", Decision::Reject, "ben");
    desk.pass(4);
    desk.serve();
    assert!(desk.row("a").off_list && desk.state.claimed_by(desk.row("a")).is_none());
    assert_eq!((desk.row("a").state.decision, desk.row("a").state.decided_by.as_str()), (Some(Decision::Reject), "ben"));
}

#[test]
fn claims_are_renewed_after_a_third_of_their_time() {
    let mut desk = Rehearsal::with("a");
    desk.pass(LEASE.as_secs() / 3 - 5);
    assert_eq!(claims(&desk), [] as [Option<&str>; 0]);
    desk.serve();
    desk.pass(6);
    assert_eq!(claims(&desk), [Some("a")]);
    desk.serve();
    assert_eq!(desk.sees(), Some("a"));
}

#[test]
fn a_claim_that_was_lost_hides_the_comment() {
    let mut desk = Rehearsal::with("ab");
    desk.claim("a", "ben");
    desk.pass(LEASE.as_secs() / 3 + 1);
    desk.serve();
    assert_eq!(desk.sees(), Some("b"));
    assert!(desk.state.claimed_by(desk.row("a")).is_some());
}

#[test]
fn a_server_without_claims_is_reviewed_without_them() {
    let mut desk = Rehearsal::new(&[comment("a", "x"), comment("b", "y")]);
    desk.knows_claims = false;
    desk.open();
    assert_eq!(desk.sees(), Some("a"));
    desk.play("f");
    assert_eq!((desk.stands("a"), desk.sees()), ((Decision::Approve, 2), Some("b")));
    desk.play("c");
    assert_eq!(desk.said(), "this server knows no claims");
}

#[test]
fn a_claim_given_back_by_hand_hides_the_comment_until_it_is_claimed_again() {
    let mut desk = Rehearsal::with("ab");
    desk.play("c");
    assert_eq!((desk.sees(), desk.server["a"].claim.is_none()), (None, true));
    desk.pass(1);
    desk.serve();
    assert_eq!(desk.sees(), None);
    desk.play("c");
    assert_eq!(desk.sees(), Some("a"));
}

#[test]
fn a_decision_shows_at_once_names_the_revision_and_moves_on() {
    let mut desk = Rehearsal::with("abc");
    desk.press("f");
    assert_eq!(desk.selected(), "b");
    assert_eq!(desk.state.doing("a"), Some(What::Decide(Decision::Approve)));
    assert_eq!(acts(&desk)[0].items, [("a".to_owned(), 1)]);
    desk.serve();
    assert_eq!((desk.stands("a"), desk.said()), ((Decision::Approve, 2), "approved"));
    assert_eq!(desk.sees(), Some("b"));
}

#[test]
fn what_comes_next_is_fetched_ahead_but_not_claimed() {
    let desk = Rehearsal::with("abc");
    assert!(desk.state.details.contains_key("b"));
    assert!(!desk.state.details.contains_key("c"));
    assert!(desk.server["b"].claim.is_none());
}

#[test]
fn a_rejection_may_have_a_reason() {
    let mut desk = Rehearsal::with("abc");
    desk.press("dh");
    assert_eq!(acts(&desk)[0].reason_code, "hate_speech");
    desk.serve();
    assert_eq!(desk.said(), "rejected (hate_speech)");
    desk.press("d\n");
    assert_eq!(acts(&desk)[0].reason_code, "");
    desk.serve();
    desk.press("d\u{1b}");
    assert_eq!((acts(&desk).len(), desk.selected()), (0, "c"));
}

#[test]
fn a_conflict_says_who_was_first_and_rolls_back() {
    let mut desk = Rehearsal::with("ab");
    desk.decide("a", Decision::Reject, "ben");
    desk.play("f");
    assert_eq!(desk.said(), "not approved: ben rejected it 1m ago");
    assert_eq!(desk.row("a").state.decision, Some(Decision::Reject));
    assert_eq!(desk.row("a").last_error, "ben rejected it 1m ago");
    assert_eq!(desk.state.doing("a"), None);
    desk.play("u");
    assert!(desk.said().contains("nothing was done here"), "{}", desk.said());
}

#[test]
fn a_claim_lost_before_the_decision_is_a_refusal() {
    let mut desk = Rehearsal::with("ab");
    desk.claim("a", "ben");
    desk.play("f");
    assert_eq!(desk.said(), "not approved: claimed by ben");
    assert_eq!(desk.stands("a"), (Decision::Hold, 1));
    assert!(desk.state.claimed_by(desk.row("a")).is_some());
}

#[test]
fn undo_takes_back_the_last_act_and_goes_there() {
    let mut desk = Rehearsal::with("abc");
    desk.play("ff");
    assert_eq!(desk.selected(), "c");
    desk.play("u");
    assert_eq!((desk.stands("b"), desk.said(), desk.sees()), ((Decision::Hold, 3), "taken back", Some("b")));
    desk.play("u");
    assert_eq!((desk.stands("a"), desk.sees()), ((Decision::Hold, 3), Some("a")));
}

#[test]
fn undo_finds_what_has_left_the_list_already() {
    let mut desk = Rehearsal::with("abc");
    desk.play("f");
    desk.pass(10);
    desk.serve();
    assert_eq!(desk.state.find("a"), None);
    desk.play("u");
    assert_eq!(desk.sees(), Some("a"));
}

#[test]
fn marked_comments_are_decided_after_a_question_and_undone_as_one() {
    let mut desk = Rehearsal::with("abcd");
    desk.play("D");
    assert!(desk.said().contains("nothing is marked"));
    desk.play("  j ");
    assert_eq!(desk.state.marked.iter().collect::<Vec<_>>(), ["a", "b", "d"]);
    desk.play("D");
    assert!(matches!(&desk.state.mode, Mode::Confirm { decision: Decision::Reject, ids } if ids.len() == 3));
    desk.play("n");
    assert_eq!(desk.stands("a").0, Decision::Hold);
    desk.press("Dys");
    assert_eq!((acts(&desk).len(), acts(&desk)[0].bulk, acts(&desk)[0].reason_code.as_str()), (1, true, "spam"));
    desk.serve();
    assert_eq!(desk.said(), "3 comments rejected");
    assert_eq!((desk.sees(), desk.state.marked.len()), (Some("c"), 0));
    desk.play("u");
    assert_eq!(["a", "b", "d"].map(|id| desk.stands(id)), [(Decision::Hold, 3); 3]);
}

#[test]
fn of_a_bulk_act_what_failed_is_told() {
    let mut desk = Rehearsal::with("abcd");
    desk.play("   ");
    desk.decide("b", Decision::Approve, "ben");
    desk.play("Fy");
    assert_eq!(desk.said(), "2 approved, 1 not: ben approved it 1m ago");
    desk.play("u");
    assert_eq!((desk.stands("a").0, desk.stands("b").0), (Decision::Hold, Decision::Approve));
}

#[test]
fn a_note_goes_along_with_the_decision_on_its_comment() {
    let mut desk = Rehearsal::with("ab");
    desk.play("nknown troll!\u{8}\n");
    assert_eq!(desk.state.notes["a"], "known troll");
    desk.play("j");
    desk.press("f");
    assert_eq!(acts(&desk)[0].note, "");
    desk.serve();
    desk.play("k");
    desk.press("f");
    assert_eq!(acts(&desk)[0].note, "known troll");
    desk.serve();
    assert!(desk.state.notes.is_empty());
}

#[test]
fn searching_asks_for_texts_with_these_words() {
    let mut desk = Rehearsal::with("ab");
    desk.press("/cheap pills\n");
    let filters: Vec<_> =
        desk.pending_effects.iter().filter_map(|e| if let Effect::List { filter, .. } = e { Some(filter) } else { None }).collect();
    assert_eq!(filters, ["text=cheap text=pills"]);
    desk.serve();
    assert_eq!(desk.sees(), Some("a"));
}

#[test]
fn a_search_that_the_server_refuses_brings_the_old_list_back() {
    let mut desk = Rehearsal::with("ab");
    desk.press("/x\n");
    let ticket =
        desk.pending_effects.iter().find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None }).unwrap();
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::List { .. }));
    desk.event(Event::Reply(Answer::Listed { ticket, listed: Err(refused("unknown term text=x")) }));
    desk.serve();
    assert_eq!((desk.state.query.search.as_str(), desk.sees()), ("", Some("a")));
    assert_eq!(desk.said(), "unknown term text=x");
}

#[test]
fn a_filter_that_the_server_refuses_at_the_start_ends_the_program() {
    let mut desk = Rehearsal::with("");
    desk.state.list.last_accepted_query = None;
    desk.state.list.in_flight = Some((99, super::super::listing::Part::First));
    desk.event(Event::Reply(Answer::Listed { ticket: 99, listed: Err(refused("no such term")) }));
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert_eq!(desk.state.end().unwrap_err().message(), "no such term");
}

#[test]
fn one_key_goes_through_the_queues() {
    let mut desk = Rehearsal::with("ab");
    desk.play("ft");
    assert_eq!(desk.sees(), Some("a"), "approved, and needs no claim");
    desk.play("d\n");
    assert_eq!(desk.stands("a"), (Decision::Reject, 3));
    desk.play("tt");
    assert_eq!(desk.state.rows.len(), 2, "all of them");
    desk.play("t");
    assert_eq!(desk.sees(), Some("b"));
}

#[test]
fn the_cursor_stays_on_its_comment_when_others_come_and_go() {
    let mut desk = Rehearsal::with("bcd");
    desk.play("j");
    desk.server.insert("a".into(), comment("a", "earlier"));
    desk.server.remove("b");
    desk.pass(10);
    desk.serve();
    assert_eq!(desk.state.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!(desk.sees(), Some("c"));
}

#[test]
fn a_comment_decided_elsewhere_stays_under_the_cursor_and_says_so() {
    let mut desk = Rehearsal::with("abc");
    desk.play("j");
    desk.decide("b", Decision::Approve, "ben");
    desk.pass(10);
    desk.serve();
    assert_eq!((desk.selected(), desk.sees()), ("b", Some("b")));
    assert!(desk.row("b").off_list);
    desk.play("f");
    assert_eq!(desk.said(), "it is on this list no more");
    desk.play("j");
    assert_eq!((desk.state.find("b"), desk.sees()), (None, Some("c")));
}

#[test]
fn a_list_read_before_a_decision_does_not_bring_the_comment_back() {
    let mut desk = Rehearsal::with("ab");
    let old = desk.server.values().map(Row::from).collect();
    desk.pass(10);
    let ticket =
        desk.pending_effects.iter().find_map(|e| if let Effect::List { ticket, .. } = e { Some(*ticket) } else { None }).unwrap();
    desk.pending_effects.clear();
    desk.play("f");
    desk.event(Event::Reply(Answer::Listed { ticket, listed: Ok((old, String::new())) }));
    assert_eq!(desk.row("a").state.decision, Some(Decision::Approve));
    assert!(!desk.state.waits(desk.row("a")));
}

#[test]
fn more_pages_come_when_the_cursor_nears_the_end() {
    let comments: Vec<_> = (0..130).map(|n| comment(&format!("{n:03}"), "text")).collect();
    let mut desk = Rehearsal::new(&comments);
    desk.open();
    assert_eq!(desk.state.rows.len(), 50);
    desk.play("G");
    assert_eq!((desk.state.rows.len(), desk.selected()), (100, "049"));
    desk.play("GG");
    assert_eq!((desk.state.rows.len(), desk.state.list.next_page_token.as_str()), (130, ""));
    desk.pass(30);
    desk.serve();
    assert_eq!((desk.state.rows.len(), desk.selected()), (130, "129"));
}

#[test]
fn no_more_than_two_thousand_rows_are_held() {
    let comments: Vec<_> = (0..2_200).map(|n| comment(&format!("{n:04}"), "text")).collect();
    let mut desk = Rehearsal::new(&comments);
    desk.open();
    for _ in 0..60 {
        desk.play("G");
    }
    assert_eq!(desk.state.rows.len(), 2_000);
    desk.pass(100);
    desk.serve();
    assert_eq!((desk.state.rows.len(), desk.selected()), (2_000, "1999"));
    assert!(desk.state.details.len() <= 9);
}

#[test]
fn a_lost_server_loses_nothing_and_heals() {
    let mut desk = Rehearsal::with("abc");
    desk.play("j ");
    desk.unreachable = true;
    desk.pass(10);
    desk.serve();
    assert!(matches!(desk.state.connectivity, Link::Lost { .. }));
    assert_eq!((desk.state.rows.len(), desk.state.marked.len(), desk.selected()), (3, 1, "c"));
    desk.play("f");
    assert!(desk.said().contains("the server is lost"), "{}", desk.said());
    for _ in 0..5 {
        desk.pass(9);
        desk.serve();
    }
    desk.unreachable = false;
    desk.pass(9);
    desk.serve();
    assert_eq!((desk.state.connectivity.clone(), desk.said(), desk.sees()), (Link::Live, "the server is back", Some("c")));
}

#[test]
fn pauses_before_asking_a_lost_server_grow_to_eight_seconds() {
    let mut desk = Rehearsal::with("a");
    desk.unreachable = true;
    desk.pass(10);
    desk.serve();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let Link::Lost { next, .. } = desk.state.connectivity else { panic!("lost") };
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
    let mut desk = Rehearsal::with("ab");
    desk.unreachable = true;
    desk.play("f");
    assert_eq!(desk.state.doing("a"), Some(What::Decide(Decision::Approve)), "still under way");
    desk.unreachable = false;
    desk.pass(2);
    desk.serve();
    assert_eq!((desk.stands("a"), desk.state.pending_acts.len()), ((Decision::Approve, 2), 0));
}

#[test]
fn a_decision_that_the_server_refuses_is_rolled_back() {
    let mut desk = Rehearsal::with("ab");
    desk.press("f");
    let number = acts(&desk)[0].number;
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    desk.event(Event::Reply(Answer::Acted { number, results: Vec::new(), problem: Some(refused("give a reason code")) }));
    assert_eq!((desk.said(), desk.state.doing("a")), ("not approved: give a reason code", None));
    assert_eq!(desk.row("a").last_error, "give a reason code");
}

#[test]
fn half_an_answer_to_a_bulk_act_leaves_the_rest_under_way() {
    let mut desk = Rehearsal::with("abc");
    desk.play("  ");
    desk.press("Fy");
    let act = acts(&desk)[0].clone();
    desk.pending_effects.retain(|effect| !matches!(effect, Effect::Act(_)));
    let verdict = super::super::rehearsal::verdict("a", Decision::Approve, "mia", 2);
    let result = pb::ReviewResult { comment_id: "a".into(), verdict: Some(verdict), error: None };
    desk.event(Event::Reply(Answer::Acted { number: act.number, results: vec![result], problem: Some(lost()) }));
    assert_eq!((desk.state.doing("a"), desk.state.doing("b").is_some()), (None, true));
    desk.pass(2);
    desk.serve();
    assert_eq!(desk.said(), "2 comments approved");
    assert_eq!(desk.state.undoable[0].items.len(), 2, "one act to undo");
}

#[test]
fn quitting_gives_claims_back_and_waits_for_acts() {
    let mut desk = Rehearsal::with("ab");
    desk.press("f");
    desk.press("q");
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.serve();
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert_eq!(desk.stands("a").0, Decision::Approve);
    assert!(desk.server.values().all(|comment| comment.claim.is_none()));
    assert!(desk.state.end().is_ok());
}

#[test]
fn quitting_twice_does_not_wait_and_tells_what_is_uncertain() {
    let mut desk = Rehearsal::with("ab");
    desk.unreachable = true;
    desk.play("f");
    desk.press("q");
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.press("q");
    assert!(desk.state.shutdown.as_ref().unwrap().done);
    assert!(desk.state.end().unwrap_err().message().contains("look at these again: a"));
}

#[test]
fn whoever_is_told_to_stop_waits_three_seconds_at_most() {
    let mut desk = Rehearsal::with("a");
    desk.press("f");
    desk.event(Event::Stop);
    assert!(!desk.state.shutdown.as_ref().unwrap().done);
    desk.pass(4);
    assert!(desk.state.shutdown.as_ref().unwrap().done);
}

#[test]
fn blocking_asks_first_and_names_the_comment_whose_author_it_is() {
    let mut with_author = comment("a", "x");
    let author = pb::Author { user_id: "u-7".into(), name: "Cheap Pills".into(), ..Default::default() };
    with_author.comment.as_mut().unwrap().author = Some(author);
    let mut desk = Rehearsal::new(&[with_author, comment("b", "y")]);
    desk.open();
    desk.play("bn");
    assert_eq!(desk.state.mode, Mode::Browse);
    desk.press("by");
    assert!(desk.pending_effects.iter().any(|effect| matches!(effect, Effect::Block { id, .. } if id == "a")));
    desk.serve();
    assert_eq!(desk.said(), "Cheap Pills is blocked from now on");
    desk.play("jb");
    assert!(desk.said().contains("nobody can be blocked"), "{}", desk.said());
}

#[test]
fn an_edit_between_look_and_decision_is_a_conflict_and_shows_the_new_text() {
    let mut desk = Rehearsal::with("a");
    let on_server = desk.server.get_mut("a").unwrap();
    on_server.comment.as_mut().unwrap().body = "another text".into();
    on_server.verdict.as_mut().unwrap().revision = 2;
    desk.play("f");
    assert!(desk.said().contains("the text changed 1m ago"), "{}", desk.said());
    assert_eq!(desk.stands("a"), (Decision::Hold, 2));
    let (_, details) = desk.state.seen().unwrap();
    assert_eq!(details.response.comment.as_ref().unwrap().body, "another text");
}

#[test]
fn what_is_alike_is_rejected_at_once_also_beyond_the_list() {
    let mut desk = Rehearsal::new(&[comment("a", "buy now"), comment("b", "another"), comment("c", "buy now")]);
    desk.open();
    assert_eq!(desk.state.alike(), [("c".to_owned(), 1)]);
    // The list has not come so far.
    desk.state.rows.pop();
    desk.play("Rys");
    let stands = ["a", "b", "c"].map(|id| desk.stands(id).0);
    assert_eq!(stands, [Decision::Reject, Decision::Hold, Decision::Reject]);
    desk.play("R");
    assert_eq!(desk.said(), "no other held comment is like this one");
}

#[test]
fn a_site_that_wants_reasons_gets_no_rejection_without_one() {
    let mut desk = Rehearsal::new(&[comment("a", "x")]);
    desk.wants_reasons = true;
    desk.open();
    desk.play("d\n");
    assert_eq!(desk.stands("a"), (Decision::Hold, 1));
    desk.play("s");
    assert_eq!(desk.stands("a"), (Decision::Reject, 2));
}

#[test]
fn keys_without_a_meaning_do_nothing_but_say_so() {
    let mut desk = Rehearsal::with("a");
    desk.play("z");
    assert_eq!(desk.said(), "z has no meaning here; ? shows what has");
    assert_eq!(desk.stands("a"), (Decision::Hold, 1));
}
