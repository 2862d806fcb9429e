//! The conformance suite of the store: the same cases against memory, the embedded file, and Redis as one server, with TLS,
//! and as a cluster.

mod bed;
mod cases;
mod embedded;
mod keys;

/// Generates a test of every case for every engine.
macro_rules! conform {
    ($($case:ident)+) => {
        conform!(@engine memory, $($case)+);
        conform!(@engine file, $($case)+);
        conform!(@engine redis, $($case)+);
        conform!(@engine tls, $($case)+);
        conform!(@engine cluster, $($case)+);
    };
    (@engine $engine:ident, $($case:ident)+) => {
        mod $engine {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::cases::$case(super::bed::Bed::$engine().await).await;
                }
            )+
        }
    };
}

conform! {
    a_first_comment_is_recorded_with_its_limit
    a_repeat_gets_the_same_verdict_and_is_not_counted
    concurrent_duplicates_get_one_verdict_and_count_once
    a_reservation_is_the_same_for_whoever_asks_again
    an_edit_is_decided_anew_and_tells_what_stood
    an_edit_by_another_author_moves_both_histories
    a_decision_between_the_two_steps_of_an_edit_is_not_overwritten
    an_edit_that_was_edited_again_does_not_overwrite_the_newer
    a_new_text_of_an_undecided_comment_is_a_first_sight
    recording_twice_keeps_the_first
    a_burst_passes_and_the_next_is_refused_until_promised
    all_limits_count_or_none
    no_window_admits_more_than_burst_and_rate
    an_author_without_enough_approved_comments_is_undecided
    looking_changes_nothing
    the_queue_is_in_order_of_risk_and_time
    pages_stay_in_place_while_comments_leave
    a_filter_searches_beyond_the_first_page
    lists_of_decided_comments_are_in_order_too
    a_damaged_page_token_is_the_callers_mistake
    a_change_needs_the_revision_that_stands
    the_trail_tells_every_act_in_order
    changes_arrive_once_in_order_and_from_any_cursor
    a_watcher_is_woken_at_once
    a_dropped_wait_loses_no_change
    histories_follow_decisions
    sites_know_nothing_of_each_other
    a_secret_is_the_same_for_all_and_another_per_site
    a_rotated_secret_hashes_anew_and_still_knows_the_old
    what_is_kept_holds_no_address
    a_person_is_found_and_erased_by_each_of_three_ids
    a_comment_also_came_from_whoever_sent_an_earlier_text
    nothing_knows_an_erased_comment_and_its_id_can_be_sent_again
    changes_of_others_keep_their_order_and_cursors
    a_large_site_is_walked_over_in_full
    many_are_erased_at_once_while_others_write
    only_the_persons_own_site_is_touched
    every_act_is_in_the_audit_once_and_in_a_chain
    the_audit_is_read_in_both_directions_and_in_pieces
    acts_at_once_on_two_servers_are_one_chain
    the_audit_of_an_erased_comment_tells_nothing_and_the_chain_is_whole
    the_audit_forgets_a_person_also_where_the_comment_is_kept_no_more
    a_comment_that_is_edited_for_ever_keeps_only_the_newest_of_its_past
    records_of_another_version_are_left_as_they_are
    block_and_allow_entries_are_kept_by_name_and_seen_by_all
    a_comment_is_looked_at_again_when_entries_have_changed
    entries_for_an_erased_person_go_too
    an_author_who_was_mostly_rejected_is_undecided
    what_was_approved_before_may_speak_for_an_author
    the_log_of_outcomes_is_in_order_and_goes_by_names
    an_act_teaches_in_its_own_step
    what_a_person_taught_goes_with_the_person
    a_store_that_works_answers_a_ping
}
