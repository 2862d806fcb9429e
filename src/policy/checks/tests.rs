//! Tests of the checks before scoring.

use std::time::{Duration, SystemTime};

use crate::comment::Comment;
use crate::pb;
use crate::policy::findings::MAX_REASONS_PER_KIND;
use crate::policy::testing::{check, comment, findings_of, policy};
use crate::verdict::{Decision, Span};

#[test]
fn a_filled_honeypot_is_evidence_with_stated_weight() {
    let policy = policy("[thresholds.spam]\nhold = 0.5\nreject = 0.9\ncorroborate = true\n");
    let mut message = comment("nice post").stored_message().clone();
    message.form = Some(pb::Form { honeypot: "x".into(), fill_seconds: None });
    let comment = Comment::parse(message, SystemTime::now()).unwrap();
    check(&policy, &comment, 0.1, &policy.neutral_facts(), Decision::Hold, &["SCORE_HOLD", "HONEYPOT"]);
}

#[test]
fn a_blocked_word_rejects_whole_words_only_and_names_its_rule_and_place() {
    let policy = policy("[blocked]\nwords = [\"foo\", \"viagra\"]\n");
    check(&policy, &comment("food"), 0.1, &policy.neutral_facts(), Decision::Approve, &["CLEAN"]);
    let findings = findings_of(&policy, &comment("é Viagra!"));
    let ruling = policy.decide(&findings, &[], &policy.neutral_facts());
    assert_eq!(ruling.decision, Decision::Reject);
    assert_eq!(ruling.reasons[0].rule_id, "blocked.words[1]");
    assert_eq!(ruling.reasons[0].span, Span::new(2, 8));
}

#[test]
fn a_body_of_nothing_but_blocked_words_has_few_reasons() {
    let policy = policy("[blocked]\nwords = [\"a\", \"b\"]\ndomains = [\"x.example\"]\n[allowed]\nwords = [\"b c\"]\n");
    let comment = comment(&format!("{}{}", "b c ".repeat(1_000), "a http://x.example ".repeat(1_000)));
    let ruling = policy.decide(&findings_of(&policy, &comment), &[], &policy.neutral_facts());
    assert_eq!(ruling.decision, Decision::Reject);
    // The additional reason is the number of links.
    assert_eq!(ruling.reasons.len(), 2 * MAX_REASONS_PER_KIND + 1);
    assert_eq!(ruling.reasons[0].rule_id, "blocked.words[0]", "what is allowed is no place");
}

#[test]
fn allowed_words_are_left_out_of_the_text_that_is_scored() {
    let policy = policy("[blocked]\nwords = [\"gun\"]\n[allowed]\nwords = [\"gun control\"]\n");
    let comment = comment("gun control now");
    let findings = findings_of(&policy, &comment);
    assert_eq!(findings.blank_exempt(comment.text().as_str()), "            now");
    check(&policy, &comment, 0.1, &policy.neutral_facts(), Decision::Approve, &["CLEAN"]);
}

#[test]
fn an_allowed_address_is_published_whatever_its_score_but_not_what_is_blocked() {
    let policy = policy("[blocked]\nwords = [\"foo\"]\n[allowed]\naddresses = [\"@friend.example\"]\n");
    let friend = |body: &str, verified: bool| {
        let mut message = comment(body).stored_message().clone();
        let email_verified = Some(verified);
        message.author = Some(pb::Author { email: "A@Friend.Example".into(), email_verified, ..Default::default() });
        Comment::parse(message, SystemTime::now()).unwrap()
    };
    check(&policy, &friend("hello", true), 0.99, &policy.neutral_facts(), Decision::Approve, &["ALLOWED_ADDRESS"]);
    check(
        &policy,
        &friend("hello", false),
        0.99,
        &policy.neutral_facts(),
        Decision::Hold,
        &["SCORE_HOLD", "ADDRESS_UNVERIFIED"],
    );
    check(&policy, &friend("foo", true), 0.99, &policy.neutral_facts(), Decision::Reject, &["BLOCKED_WORD"]);
}

#[test]
fn links_to_allowed_domains_are_not_counted() {
    let policy = policy("[links]\nhold = 2\n[allowed]\ndomains = [\"wiki.example\"]\n");
    let facts = policy.neutral_facts();
    let two = comment("see http://a.example/x and http://b.example/y");
    check(&policy, &two, 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
    let one = comment("see http://a.example/x and http://en.wiki.example/y");
    check(&policy, &one, 0.1, &facts, Decision::Approve, &["CLEAN"]);
}

#[test]
fn a_blocked_domain_is_found_wherever_it_is_named() {
    let policy = policy("[blocked]\ndomains = [\"pills.example\", \"casino.se\", \"evil.shopping\", \"192.0.2.7\"]\n");
    let comment = |format: pb::BodyFormat, body: &str, name: &str| {
        let author = Some(pb::Author { name: name.into(), ..Default::default() });
        let message = pb::Comment { body_format: format.into(), author, ..comment(body).stored_message().clone() };
        Comment::parse(message, SystemTime::now()).unwrap()
    };
    let is_blocked = |comment: &Comment| {
        let findings = findings_of(&policy, comment);
        findings.votes.iter().any(|vote| vote.reason.code == "BLOCKED_DOMAIN")
    };
    for body in [
        "casino.se",
        "evil.shopping/x",
        "evil.shopping:443",
        "-pills.example",
        "a…pills.example",
        "pills[.]example",
        "hxxps[:]//pills[.]example",
        "http://ok.test,http://pills.example",
        "http://[::ffff:192.0.2.7]/",
        "http://[64:ff9b::192.0.2.7]/",
        "192.0.2.7/x",
    ] {
        assert!(is_blocked(&comment(pb::BodyFormat::Plain, body, "")), "{body}");
    }
    for body in ["http://pil<br>ls.example/", "casino<p>.se", "casino.<br>se/x"] {
        assert!(is_blocked(&comment(pb::BodyFormat::Html, body, "")), "{body}");
    }
    assert!(is_blocked(&comment(pb::BodyFormat::Plain, "hello", "Ada of casino.se")));
    for body in ["a casino. Se det", "pills.examples", "xpills.example", "192.0.2.70", "x@casino.se"] {
        assert!(!is_blocked(&comment(pb::BodyFormat::Plain, body, "")), "{body}");
    }
    let html = comment(pb::BodyFormat::Html, "I like my casino.<br>Se det", "");
    assert!(!is_blocked(&html));
}

#[test]
fn words_that_a_host_makes_by_stripping_tags_are_blocked_and_nothing_else_is_made_of_them() {
    let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
    for body in ["via<br>gra", "<p>via</p><p>gra", "v<hr>i<hr>a<hr>g<hr>r<hr>a", "x <img alt=via>gra", "via<img alt=gra>"] {
        let mut message = comment(body).stored_message().clone();
        message.body_format = pb::BodyFormat::Html.into();
        let comment = Comment::parse(message, SystemTime::now()).unwrap();
        assert!(!comment.text().as_str().contains("viagra"), "{body}");
        check(&policy, &comment, 0.1, &policy.neutral_facts(), Decision::Reject, &["BLOCKED_WORD"]);
    }
}

#[test]
fn a_word_that_is_shown_from_right_to_left_is_read_so() {
    let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
    for body in ["so <bdo dir=rtl>argaiv</bdo> ok", "so &#x202E;argaiv&#x202C; ok"] {
        let mut message = comment(body).stored_message().clone();
        message.body_format = pb::BodyFormat::Html.into();
        let comment = Comment::parse(message, SystemTime::now()).unwrap();
        check(&policy, &comment, 0.1, &policy.neutral_facts(), Decision::Reject, &["BLOCKED_WORD"]);
    }
}

#[test]
fn an_address_that_no_browser_opens_is_not_allowed() {
    let policy = policy("[links]\nhold = 1\n[allowed]\ndomains = [\"allowed.example\"]\n");
    let facts = policy.neutral_facts();
    check(&policy, &comment("see http://x.allowed.example/"), 0.1, &facts, Decision::Approve, &["CLEAN"]);
    let odd = comment("see http://evil.example%2f.allowed.example/");
    check(&policy, &odd, 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
}

#[test]
fn comments_on_old_posts_are_held_when_the_policy_says_so() {
    let policy = policy("[posts]\nhold_after_days = 30\n");
    let on_post = |days: i64| {
        let now = 1_800_000_000;
        let mut message = comment("hello").stored_message().clone();
        let published_at = Some(prost_types::Timestamp { seconds: now - days * 86_400, nanos: 0 });
        message.post = Some(pb::Post { published_at, ..Default::default() });
        Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(now.unsigned_abs())).unwrap()
    };
    check(&policy, &on_post(31), 0.1, &policy.neutral_facts(), Decision::Hold, &["OLD_POST"]);
    check(&policy, &on_post(29), 0.1, &policy.neutral_facts(), Decision::Approve, &["CLEAN"]);
}

/// Returns a comment with a body in a format, as sent on the wire.
fn written(format: pb::BodyFormat, body: &str) -> Comment {
    let mut message = comment("x").stored_message().clone();
    (message.body, message.body_format) = (body.to_owned(), format as i32);
    Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
}

/// Returns a comment on a post of `blog.example` by an author with a web address.
fn by(url: &str, body: &str) -> Comment {
    let mut message = comment(body).stored_message().clone();
    message.author = Some(pb::Author { url: Some(url.to_owned()), ..Default::default() });
    message.post = Some(pb::Post { url: "https://www.Blog.Example./post".to_owned(), ..Default::default() });
    Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
}

#[test]
fn a_blocked_domain_is_blocked_however_the_address_is_written() {
    let policy =
        policy("[blocked]\ndomains = [\"pills.example\", \"Müller.example\"]\n[allowed]\ndomains = [\"wikipedia.org\"]\n");
    let facts = policy.neutral_facts();
    for address in [
        "http://pills.example/",
        "http://en.wikipedia.org:x@pills.example/",
        "http://pills.example./",
        "http://%70ills.example/",
        "http://ｐｉｌｌｓ.example/",
        "http://pills。example/",
        "http://www.PILLS.example:8080/",
        "http:///pills.example/",
        "http:\\\\pills.example/",
        "http://müller.example/",
        "http://shop.xn--mller-kva.example/",
    ] {
        let link = format!("<a href=\"{address}\">see</a>");
        let bodies = [
            comment(&format!("see {address} there")),
            written(pb::BodyFormat::Html, &link),
            written(pb::BodyFormat::Markdown, &format!("[see](<{}>)", address.replace('\\', "\\\\"))),
            by(address, "see"),
        ];
        for comment in bodies {
            check(&policy, &comment, 0.1, &facts, Decision::Reject, &["BLOCKED_DOMAIN"]);
        }
    }
    for bare in ["pills.example", "Pills．Example", "pills。example", "pi\u{200B}lls.example", "buy:pills.example"] {
        check(&policy, &comment(bare), 0.1, &facts, Decision::Reject, &["BLOCKED_DOMAIN"]);
    }
    for other in
        ["http://notpills.example/", "http://pills.example.org/", "http://pills.example@b.example/", "mypills。example"]
    {
        check(&policy, &comment(other), 0.1, &facts, Decision::Approve, &["CLEAN"]);
    }
}

#[test]
fn only_links_that_lead_to_the_site_or_an_allowed_domain_do_not_count() {
    let policy = policy("[links]\nhold = 1\n[allowed]\ndomains = [\"wiki.example\"]\n");
    let facts = policy.neutral_facts();
    for own in ["http://blog.example/x", "https://www.blog.example./x", "http://BLOG。example/", "http://a@wiki.example/x"] {
        check(&policy, &by(own, own), 0.1, &facts, Decision::Approve, &["CLEAN"]);
    }
    for other in
        ["http://blog.example@pills.example/x", "http://wiki.example:x@pills.example/", "http://wiki.example.pills.example/"]
    {
        check(&policy, &by("", other), 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
        assert!(findings_of(&policy, &by(other, "x")).has_author_url(), "{other}");
    }
}

#[test]
fn a_blocked_word_is_found_through_markup_and_disguise_and_pointed_at() {
    let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
    for (format, body, part) in [
        (pb::BodyFormat::Plain, "é vi\u{200B}ag\u{AD}ra!", "vi\u{200B}ag\u{AD}ra"),
        (pb::BodyFormat::Plain, "é vіаgrа!", "vіаgrа"),
        (pb::BodyFormat::Html, "é <p>via<tt>gra</tt>!", "via<tt>gra"),
        (pb::BodyFormat::Html, "é via<wbr>gra!", "via<wbr>gra"),
        (pb::BodyFormat::Html, "é vi&shy;agra!", "vi&shy;agra"),
        (pb::BodyFormat::Html, "é v&#x131;&amp;agra vi<!-- x -->agra", "vi<!-- x -->agra"),
        (pb::BodyFormat::Markdown, "é via**gra**!", "via**gra"),
    ] {
        let findings = findings_of(&policy, &written(format, body));
        let ruling = policy.decide(&findings, &[], &policy.neutral_facts());
        assert_eq!((ruling.decision, ruling.reasons.len()), (Decision::Reject, 1), "{body}");
        let begin = body[..body.find(part).unwrap()].chars().count();
        let end = begin + part.chars().count();
        assert_eq!(ruling.reasons[0].span, Span::new(begin as u32, end as u32), "{body}");
    }
}
