//! Tests of evidence about the author and the kind of a comment, and of comments that can be published without their links.

use gatepost::pb::{self, CommentKind, Decision, Part};

use crate::harness::{Server, comment};

fn sent(id: &str, body: &str, author: pb::Author) -> pb::Comment {
    pb::Comment { author: Some(author), ..comment(id, body) }
}

fn named(name: &str, url: &str) -> pb::Author {
    pb::Author { name: name.into(), url: Some(url.into()), ..Default::default() }
}

fn codes(verdict: &pb::Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

const PILLS: &str = "Cheap pills, visit http://pills.shop/buy now!!! Viagra and cialis without prescription, free shipping.";

#[tokio::test]
async fn a_trusted_role_is_approved_unless_something_is_blocked() {
    let server = Server::steady_with("[blocked]\nwords = [\"forbidden\"]\n", &[]).await;
    let owner = |role: &str| pb::Author { role: role.into(), ..named("Mia", "http://pills.shop") };
    let verdict = server.check(sent("1", PILLS, owner("Administrator"))).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Approve, "TRUSTED_ROLE"), "{verdict:?}");
    assert_ne!(server.check(sent("2", PILLS, owner("subscriber"))).await.unwrap().decision(), Decision::Approve);
    assert_ne!(server.check(sent("3", "it is forbidden", owner("editor"))).await.unwrap().decision(), Decision::Approve);
}

#[tokio::test]
async fn links_to_the_site_itself_are_no_evidence() {
    let server = Server::steady().await;
    let post = pb::Post { url: "https://bread.example/2024/rye/".into(), ..Default::default() };
    let body = "I wrote about the flour here: https://www.bread.example/2023/flour/";
    let own = pb::Comment { post: Some(post), ..sent("1", body, named("Mia", "https://bread.example/")) };
    let verdict = server.check(own).await.unwrap();
    assert_eq!(verdict.decision(), Decision::Approve, "{verdict:?}");
    let reasons = verdict.reasons.iter().map(|reason| reason.message.as_str());
    assert_ne!(reasons.len(), 0);
    assert!(reasons.clone().all(|message| !message.contains("bread.example")), "{:?}", reasons.collect::<Vec<_>>());
}

#[tokio::test]
async fn trackbacks_are_held_and_other_kinds_are_judged() {
    let server = Server::steady().await;
    let body = "An interesting post over at the bread blog, which argues that rye needs a longer rest than wheat.";
    for (kind, decision) in [
        (CommentKind::Trackback, Decision::Hold),
        (CommentKind::Comment, Decision::Approve),
        (CommentKind::Unspecified, Decision::Approve),
        (CommentKind::Reply, Decision::Approve),
    ] {
        let sent = pb::Comment { kind: kind.into(), ..comment(kind.as_str_name(), body) };
        let verdict = server.check(sent).await.unwrap();
        let score = verdict.scores["spam"];
        let expected = if kind == CommentKind::Trackback && score < 0.01 { Decision::Approve } else { decision };
        assert_eq!(verdict.decision(), expected, "{verdict:?}");
    }
    let refusing = Server::steady_with("[kinds]\npingback = \"reject\"\n", &[]).await;
    let pingback = pb::Comment { kind: CommentKind::Pingback.into(), ..comment("1", body) };
    let verdict = refusing.check(pingback).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Reject, "KIND"), "{verdict:?}");
    // An unknown kind, from a newer version, counts as a comment.
    assert_eq!(server.check(pb::Comment { kind: 99, ..comment("new", body) }).await.unwrap().decision(), Decision::Approve);
}

/// Returns praise that is held because of the shop that its author links to.
fn praise(id: &str) -> pb::Comment {
    let author = named("Kelsie", "http://cheap-designer-handbags-outlet.shop/replica");
    sent(id, "The loaf looks lovely, I will try it on Sunday with my daughter.", author)
}

#[tokio::test]
async fn a_comment_that_is_held_for_its_links_says_so_and_can_be_published_without() {
    let policy = "[evidence]\nauthor_name = 0.0\nauthor_url = 12.0\n";
    let server = Server::steady_with(policy, &[]).await;
    let verdict = server.check(praise("1")).await.unwrap();
    assert_eq!(
        (verdict.decision(), verdict.publish_without.as_slice()),
        (Decision::Hold, &[Part::AuthorUrl.into()][..]),
        "{verdict:?}"
    );

    let request = pb::DecideCommentsRequest {
        site: verdict.site.clone(),
        ids: vec!["1".into()],
        decision: Decision::Approve.into(),
        publish_without: verdict.publish_without.clone(),
        moderator: "mia".into(),
        ..Default::default()
    };
    let answer = server.desk().decide_comments(request.clone()).await.unwrap().into_inner();
    let decided = answer.results[0].verdict.clone().unwrap();
    assert_eq!((decided.decision(), decided.publish_without), (Decision::Approve, vec![Part::AuthorUrl.into()]));
    assert!(decided.reasons[0].message.contains("without the author's web address"), "{:?}", decided.reasons[0]);
    let rejects = pb::DecideCommentsRequest { decision: Decision::Reject.into(), ..request };
    assert_eq!(server.desk().decide_comments(rejects).await.unwrap_err().code(), tonic::Code::InvalidArgument);

    let at_once = Server::steady_with(&format!("{policy}[links]\nstrip = \"approve\"\n"), &[]).await;
    let verdict = at_once.check(praise("1")).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Approve, "LINKS_STRIPPED"), "{verdict:?}");
    assert_eq!(verdict.publish_without, [i32::from(Part::AuthorUrl)]);
    let off = Server::steady_with(&format!("{policy}[links]\nstrip = \"off\"\n"), &[]).await;
    assert!(off.check(praise("1")).await.unwrap().publish_without.is_empty());
}

#[tokio::test]
async fn what_was_approved_before_speaks_for_an_author_who_is_certain() {
    let policy = "[evidence]\nauthor_name = 0.0\nauthor_url = 0.0\nknown_author = 5.0\n[learning]\ncorrect = false\nalike_approved = false\n";
    let server = Server::steady_with(policy, &[]).await;
    let held = "Great blog, thanks for sharing such useful information, keep up the good work and keep posting";
    let by = |id: &str, body: &str, verified: bool| {
        let email = "ada@mail.example".into();
        sent(id, body, pb::Author { email, email_verified: Some(verified), ..named("Ada", "http://ada-shop.shop/x") })
    };
    assert_eq!(server.check(by("0", held, true)).await.unwrap().decision(), Decision::Hold);
    server.decide("0", Decision::Approve).await;
    for id in ["1", "2", "3"] {
        server.check(by(id, "I baked the loaf on Sunday and the crust was pale.", true)).await.unwrap();
        server.decide(id, Decision::Approve).await;
    }
    let known = server.check(by("4", &format!("{held} again"), true)).await.unwrap();
    assert!(codes(&known).contains(&"KNOWN_AUTHOR"), "{known:?}");
    // Anybody can type an unverified address, so it does not make a comment with a link one of a known author.
    let typed = server.check(by("5", &format!("{held} once more"), false)).await.unwrap();
    assert!(!codes(&typed).contains(&"KNOWN_AUTHOR"), "{typed:?}");
}

#[tokio::test]
async fn the_link_that_made_a_score_does_not_confirm_it() {
    let server = Server::steady().await;
    for (id, body) in [
        ("1", "Check out this one: http://github.com/annb/loafcalc"),
        ("2", "You can download R for free here: https://cran.r-project.org/"),
        ("3", "Check out my page http://annbakes.example/loaf and tell me what you think"),
    ] {
        let verdict = server.check(comment(id, body)).await.unwrap();
        assert_ne!(verdict.decision(), Decision::Reject, "{body}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_hidden_link_is_told() {
    let server = Server::steady().await;
    let hidden = pb::Comment {
        body_format: pb::BodyFormat::Html.into(),
        ..comment("1", "I agree with the author <a href=\"http://casino.shop/bonus\">.</a>")
    };
    let verdict = server.check(hidden).await.unwrap();
    assert_ne!(verdict.decision(), Decision::Approve, "{verdict:?}");
    assert!(codes(&verdict).contains(&"HIDDEN_TEXT"), "{verdict:?}");
}

#[tokio::test]
async fn spam_behind_pages_of_prose_is_found() {
    let server = Server::steady().await;
    let prose = "The loaf rose well on Sunday, though the crust was pale and the crumb a little wet near the base. ";
    let body = format!("{}{PILLS}", prose.repeat(120));
    let verdict = server.check(comment("1", &body)).await.unwrap();
    assert_ne!(verdict.decision(), Decision::Approve, "{:?}", verdict.scores);
    let length = u32::try_from(body.chars().count()).unwrap();
    let spans: Vec<_> = verdict.reasons.iter().filter_map(|reason| reason.span).collect();
    assert!(!spans.is_empty() && spans.iter().all(|span| span.begin < span.end && span.end <= length), "{spans:?}");
    let harmless = server.check(comment("2", &prose.repeat(120))).await.unwrap();
    assert_eq!(harmless.decision(), Decision::Approve, "{:?}", harmless.scores);
}
