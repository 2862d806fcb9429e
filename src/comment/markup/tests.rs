//! Tests of the text that is judged, and of its source ranges.

use proptest::prelude::*;

use super::{HiddenContent, PlainText};
use crate::comment::format::Format;
use crate::reading::host;

#[track_caller]
fn check(format: Format, body: &str, expected: &str) -> PlainText {
    let text = PlainText::reduce(body, format);
    assert_eq!(text.as_str(), expected);
    text
}

#[test]
fn html_keeps_text_and_link_targets_and_drops_the_rest() {
    check(Format::Html, "<p>Hello <b>there</b></p><p>again</p>", "Hello there\nagain\n");
    check(Format::Html, r#"see <a href="http://casino.example/x">this</a>"#, "see http://casino.example/x this");
    check(Format::Html, "a <script>alert('x')</script> b", "a  b\nalert('x')");
    check(Format::Html, "<img src=http://x.example/a.png alt=cat>", "http://x.example/a.png cat");
    check(Format::Html, "see:<img src=http://x.example/a.png alt=cat> and", "see:\nhttp://x.example/a.png cat and");
    check(Format::Html, "<ul><li>one<li>two</ul><!-- -->", "one\ntwo\n");
}

#[test]
fn quotations_are_known_by_their_place() {
    for (format, body, quoted) in [
        (Format::Html, "<blockquote><p>you fool</p></blockquote><p>That was rude.</p>", "you fool"),
        (Format::Html, "He said <q>you fool</q>, really", "you fool"),
        (Format::Html, "<blockquote>one<blockquote>two</blockquote>three</blockquote>four", "one two three"),
        (Format::Html, "no end <blockquote>you fool", "you fool"),
        (Format::Markdown, "> you fool\n\nThat was rude.", "you fool"),
    ] {
        let text = PlainText::reduce(body, format);
        let found: Vec<&str> = text.quotations().iter().map(|part| &text.as_str()[part.clone()]).collect();
        assert_eq!(found.concat().split_whitespace().collect::<Vec<_>>().join(" "), quoted, "{body}");
    }
    assert!(PlainText::reduce("plain </blockquote> text", Format::Html).quotations().is_empty());
}

#[test]
fn no_markup_within_a_word_tears_it() {
    for body in [
        "so via<b></b>gra",
        "so via<tt>gra</tt>",
        "so via<wbr>gra",
        "so via<nobr/>gra",
        "so via<made-up x=y>gra",
        "so via<!-- and -->gra",
        "so via<!---->gra",
        "so via<!>gra",
        "so via<?php x ?>gra",
        "so via</>gra",
        "so via</ x>gra",
        "so via</div>gra",
        "so via<td>gra",
        "so via<col><body><html>gra",
        "so via<![CDATA[ x ]]>gra",
        "so via<!DOCTYPE html>gra",
        "so via<template>x</template>gra",
        "so via<span hidden>x</span>gra",
        "so via<span style='display: none'>x</span>gra",
        "so via<img src=http://x.example/i.gif alt=x>gra",
        "so via<a href=http://x.example>gra</a>",
        "so <b title=x>via</b><b title=y>gra</b>",
        "so via<input type=hidden value=x>gra",
        "so vi\0agra",
        "so vi&#0000097;gra",
        "so vi&#x61gra",
        "so via<b\0>gra",
    ] {
        assert!(PlainText::reduce(body, Format::Html).as_str().contains("viagra"), "{body}");
    }
    for body in
        ["so via**gra**", "so via<b>gra</b>", "so via<!-- x -->gra", "so via![x](http://x.example/i.gif)gra", "so vi&#97;gra"]
    {
        assert!(PlainText::reduce(body, Format::Markdown).as_str().contains("viagra"), "{body}");
    }
    for body in ["so via<br>gra", "so <p>via</p>gra", "so via<div>gra", "<table><tr><td>via<td>gra</table>", "via</p>gra"] {
        assert!(!PlainText::reduce(body, Format::Html).as_str().contains("viagra"), "{body}");
    }
}

#[test]
fn what_is_said_of_a_picture_hides_no_word_beside_it() {
    for body in
        ["hello <img alt=x>viagra ok", "<image alt=x>viagra", "<img alt=x><img alt=y>viagra", "<p><img alt=x><b>viagra</b>"]
    {
        let text = check_holds(Format::Html, body, &["x"]);
        assert!(text.as_str().split_whitespace().any(|word| word == "viagra"), "{body}: {:?}", text.as_str());
    }
    let text = check_holds(Format::Markdown, "![x](http://x.example/i.png)viagra", &["x"]);
    assert!(text.as_str().split_whitespace().any(|word| word == "viagra"), "{:?}", text.as_str());
}

#[test]
fn words_torn_by_tags_are_joined_apart_from_the_text() {
    for (body, torn, text) in [
        ("so via<br>gra ok", "viagra", "so via\ngra ok"),
        ("<ul><li>v<li>i<li>a gra", "via", "v\ni\na gra"),
        ("one <br> two<br> three", "", "one two three"),
        ("The end.<br>Then 5", "", "The end.\nThen 5"),
        ("a<br>b c<br>d e<br>f", "ab\ncd\nef", "a\nb c\nd e\nf"),
    ] {
        let read = PlainText::reduce(body, Format::Html);
        assert_eq!((read.joined_words().trim(), read.hidden()), (torn, HiddenContent::default()), "{body}");
        assert_eq!(read.as_str().split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
    }
    let read = PlainText::reduce("so via<br>gra", Format::Html);
    assert_eq!(read.source_of_joined(0..6), Some(3..13));
    let many = "a<br>".repeat(10_000);
    assert!(PlainText::reduce(&many, Format::Html).joined_words().len() <= many.len());
}

#[test]
fn every_address_in_an_attribute_is_found_and_one_alone_is_one_link() {
    for body in [
        "<img srcset='//allowed.example/a.png 1x, //pills.example/b.png 2x'>",
        "<link imagesrcset='//a.example/a.png 1x,//pills.example/b.png 2x'>",
        "<a ping='//a.example http://pills.example/'>x</a>",
        "<applet archive='http://a.example/a.jar,http://pills.example/b.jar'>",
        "<svg><animate values='http://a.example/;http://pills.example/'/>",
        "<b data-x='http://a.example/ and http://pills.example/'>x</b>",
        "<b onclick='//a.example/\nlocation=\"//pills.example/\"'>x</b>",
        "<b data-x='{url:http://pills.example/}'>x</b>",
    ] {
        let text = PlainText::reduce(body, Format::Html);
        let links = crate::reading::link::find_links(text.as_str());
        assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
    }
    let text = PlainText::reduce("<q cite='http://x.example/a,b?c=d#e;f'>x</q>", Format::Html);
    assert_eq!(crate::reading::link::find_links(text.as_str()).len(), 1, "{:?}", text.as_str());
}

#[test]
fn a_host_that_strips_tags_shows_no_word_that_is_not_judged() {
    for (body, words) in [
        ("so via<template>gra</template>", vec!["viagra", "gra"]),
        ("<i hidden>via</i>gra", vec!["via", "viagra"]),
        ("vi<i hidden>ag</i>ra", vec!["vira", "viagra"]),
        ("vi<i hidden>ag ag</i>ra", vec!["viag", "agra"]),
        ("vi<noscript><b>ag</b></noscript>ra", vec!["viagra"]),
    ] {
        let text = check_holds(Format::Html, body, &words);
        for word in words {
            let at = text.as_str().find(word).unwrap();
            assert!(text.source(at..at + word.len()).is_some());
        }
    }
    let many = format!("{}{}", "a".repeat(20_000), "<i hidden>b</i>".repeat(2_000));
    assert!(PlainText::reduce(&many, Format::Html).as_str().len() < 4 * many.len());
}

#[track_caller]
fn check_holds(format: Format, body: &str, parts: &[&str]) -> PlainText {
    let text = PlainText::reduce(body, format);
    for part in parts {
        assert!(text.as_str().contains(part), "{part:?} of {body:?}: {:?}", text.as_str());
    }
    text
}

#[test]
fn no_tag_attribute_comment_or_encoding_hides_text() {
    for body in [
        "<head>buy pills",
        "<head><title>buy pills</title></head>",
        "<title>buy pills",
        "<noscript>buy pills",
        "<textarea>buy pills",
        "<textarea><b x='buy pills'>",
        "<textarea><b x='</textarea>buy pills'>",
        "<title><b x='</title>buy pills'>",
        "<xmp><i class='buy pills'></xmp>",
        "<xmp><buy pills></xmp>",
        "<plaintext><i class='buy pills'></plaintext>",
        "<iframe>buy pills</iframe>",
        "<iframe srcdoc='&lt;b&gt;buy pills&lt;/b&gt;'></iframe>",
        "<iframe srcdoc='&lt;iframe srcdoc=&quot;buy &amp;amp; buy pills&quot;&gt;'>",
        "<noembed>buy pills</noembed><noframes>x</noframes>",
        "<svg><text>buy pills</text></svg>",
        "<svg><![CDATA[buy pills]]></svg>",
        "<math><mtext>buy pills",
        "<svg><![CDATA[<i class='buy pills'>]]></svg>",
        "<svg><![CDATA[<buy pills>]]></svg>",
        "<![CDATA[buy pills]]>",
        "<![CDATA[x>y]]>buy pills",
        "<!-- buy pills -->",
        "<!-- buy pills",
        "<!-->buy pills-->",
        "<!--->buy pills-->",
        "<!-- x --!>buy pills",
        "<!-- x --!>buy pills-->",
        "<!-- <!-- x -->buy pills-->",
        "<? buy pills ?>",
        "</ buy pills>",
        "<!buy pills>",
        "<!DOCTYPE buy pills>",
        "<!DOCTYPE html buy pills>",
        "<!DOCTYPE html PUBLIC 'buy pills'>",
        "<b",
        "<b title='x>buy pills",
        "<b class=\"buy pills",
        "<b class='x' buy pills",
        "<b class='a>buy pills'>x",
        "<b class='a<b>buy pills</b>'>x",
        "</b class='a>buy pills'>x",
        "<b alt='buy pills'>",
        "<b title='buy pills'>",
        "<input placeholder='buy pills'>",
        "<input value='buy pills'>",
        "<option label='buy pills'>",
        "<b aria-label='buy pills'>",
        "<object>buy pills</object>",
        "<video>buy pills</video>",
        "<script>buy pills",
        "<style>buy pills</style>",
        "<select><option>buy pills",
        "<br hidden>buy pills",
        "b&#117y p&#x69;ll&#115 buy&#32pills",
        "&#98;&#117;&#121;&#32;&#112;&#105;&#108;&#108;&#115;",
        "<b\0 title='buy pills'>",
        "<b ti\0tle='buy pills'>",
    ] {
        let body = if body == "<b" { "buy pills <b".to_owned() } else { body.to_owned() };
        check_holds(Format::Html, &body, &["buy pills"]);
    }
    check_holds(Format::Html, "&#146;&#x80;&pound &lt;b&gt; &amp;lt;", &["’€£ <b> &lt;"]);
    for body in [
        "```buy pills\nx\n```",
        "<!-- buy pills -->",
        "<div\nclass='x'\ntitle='buy pills'>",
        "![x](http://x.example \"buy pills\")",
        "[x](http://x.example \"buy pills\")",
        "[a][1]\n\n[1]: http://a.example\n[1]: http://b.example \"buy pills\"",
        "x <b class='buy pills",
        "x\n\n[1]: http://b.example \"buy pills\"",
    ] {
        check_holds(Format::Markdown, body, &["buy pills"]);
    }
}

#[test]
fn no_attribute_and_no_notation_hides_a_link() {
    for body in [
        "<a href='http://pills.example/'>x</a>",
        "<a\nhref='http://pills.example/'>x</a>",
        "<a/href='http://pills.example/'>x</a>",
        "<A HREF=http://pills.example/>x</A>",
        "<a\0 href='http://pills.example/'>x</a>",
        "<a hr\0ef='http://pills.example/'>x</a>",
        "<a href='http://pil\0ls.example/'>x</a>",
        "<a href='http://pil\nls.exam\tple/'>x</a>",
        "<a href='ht\ntp://pills.example/'>x</a>",
        "<a href=' &#1;http://pills.example/'>x</a>",
        "<a href='http&colon;&sol;&#47;pills&period;example/'>x</a>",
        "<a href='//pills.example/'>x</a>",
        "<a href='\\\\pills.example/'>x</a>",
        "<a href='/&Tab;/pills.example/'>x</a>",
        "<a href='http:pills.example/'>x</a>",
        "<a href='http:\\pills.example/'>x</a>",
        "<a href='http://en.wikipedia.org:x@pills.example/'>x</a>",
        "<a href='http://%70ills.example./'>x</a>",
        "<a href='http://ｐｉｌｌｓ。example/'>x</a>",
        "<a href='http://x.example' href='http://pills.example/'>x</a>",
        "<a href='http://pills.example/' href='http://x.example'>x</a>",
        "<a href=http://pills.example/",
        "<a href='http://pills.example/",
        "<area href='http://pills.example/'>",
        "<base href='//pills.example/'>",
        "<link rel=x href='//pills.example/'>",
        "<svg><a xlink:href='http://pills.example/'><text>x</text></a></svg>",
        "<svg><image href='//pills.example/x.svg'/></svg>",
        "<svg><use xlink:href='//pills.example/x.svg#a'/></svg>",
        "<svg><script href='//pills.example/x.js'/></svg>",
        "<img src='//pills.example/a.png'>",
        "<image src='//pills.example/a.png'>",
        "<img srcset='a.png 1x, //pills.example/b.png 2x'>",
        "<source srcset='//pills.example/b.png 2x'>",
        "<link imagesrcset='//pills.example/b.png 2x'>",
        "<img longdesc='//pills.example/'>",
        "<img lowsrc='//pills.example/'>",
        "<script src='//pills.example/'></script>",
        "<a href='http://x.example' ping='http://y.example http://pills.example/'>x</a>",
        "<form action='//pills.example/'>",
        "<input formaction='//pills.example/'>",
        "<video poster='//pills.example/'></video>",
        "<object data='//pills.example/'></object>",
        "<object codebase='//pills.example/'></object>",
        "<applet archive='//pills.example/'></applet>",
        "<param name=movie value='http://pills.example/'>",
        "<q cite='//pills.example/'>x</q>",
        "<del cite='//pills.example/'>x</del>",
        "<body background='//pills.example/a.png'>",
        "<table background='//pills.example/a.png'></table>",
        "<b style='background: url(//pills.example/a.png)'>x</b>",
        "<b style=\"background: url('http://pills.example/a.png')\">x</b>",
        "<meta http-equiv=refresh content='0;url=//pills.example/'>",
        "<meta http-equiv=refresh content='0; URL=\"http:\\pills.example/\"'>",
        "<iframe src='//pills.example/'></iframe>",
        "<iframe srcdoc='&lt;a href=//pills.example/&gt;x'></iframe>",
        "<b data-href='//pills.example/'>x</b>",
        "<html manifest='//pills.example/'>",
        "<template><a href='//pills.example/'>x</a></template>",
        "<!-- <a href='http://pills.example/'>x</a> -->",
        "<textarea><a href='http://pills.example/'>x</a></textarea>",
    ] {
        let text = PlainText::reduce(body, Format::Html);
        let links = crate::reading::link::find_links(text.as_str());
        assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
    }
    for body in [
        "[x](http:\\\\pills.example/)",
        "[x](//pills.example/)",
        "[x](<http://en.wikipedia.org:x@pills.example/>)",
        "[x](http&colon;//pills&period;example/)",
        "[x](http://%70ills.example/)",
        "![x](//pills.example/a.png)",
        "<http://x@pills.example/>",
        "[x][1]\n\n[1]: //pills.example/",
        "[x][1]\n\n[1]: http://x.example\n[1]: http://pills.example/",
        "<a\nhref='//pills.example/'>x</a>",
        "> <a\n> href='http://pills.example/'>x</a>",
    ] {
        let text = PlainText::reduce(body, Format::Markdown);
        let links = crate::reading::link::find_links(text.as_str());
        assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
    }
}

#[test]
fn ordinary_markup_of_links_is_read_as_one_link() {
    for body in [
        "<p>I wrote <a href=\"http://x.example/post\" rel=\"nofollow ugc\" title=\"My post\">about it</a>.</p>",
        "<blockquote class=\"a b\"><p id=c>said</p></blockquote> see <a href='https://x.example'>https://x.example</a>",
        "<span xmlns:a='http://a.example/ns' itemtype='http://schema.org/Person'>me</span> <a href=http://x.example>x</a>",
    ] {
        let text = PlainText::reduce(body, Format::Html);
        assert_eq!(crate::reading::link::find_links(text.as_str()).len(), 1, "{body}: {}", text.as_str());
        assert_eq!(text.hidden(), HiddenContent::default(), "{body}");
    }
    let titled = "[see][1] and [this](http://y.example \"more\") ![pic](http://z.example/p.png \"a picture\")\n\n[1]: http://x.example \"Title\"\n";
    let text = PlainText::reduce(titled, Format::Markdown);
    assert_eq!(
        (crate::reading::link::find_links(text.as_str()).len(), text.hidden()),
        (3, HiddenContent::default()),
        "{}",
        text.as_str()
    );
}

#[test]
fn what_a_browser_hides_is_judged_and_told() {
    for (format, body, letters, links) in [
        (Format::Html, "nice<template>buy pills</template>", 8, 0),
        (Format::Html, "<head>all of it <b>bold</b>", 11, 0),
        (Format::Html, "a <!-- cheap pills --> b", 10, 0),
        (Format::Html, "<p style='Display : none'>cheap <span>pills</span></p> seen", 10, 0),
        (Format::Html, "<p style='display:/* */none'>cheap</p>seen", 5, 0),
        (Format::Html, "<div hidden>x<div>y</div>z</div>seen", 3, 0),
        (Format::Html, "I agree<a href='http://c.example'>.</a>", 0, 1),
        (Format::Html, "<a href='http://c.example'></a><a href='http://d.example'>d</a>", 0, 1),
        (Format::Html, "<a href='http://c.example'><img src='http://c.example/i.png'></a>", 0, 0),
        (Format::Markdown, "I agree[.](http://c.example)", 0, 1),
        (Format::Markdown, "I [agree](http://c.example)", 0, 0),
        (Format::Markdown, "fine\n\n[1]: http://c.example \"Casino\"", 0, 1),
        (Format::Markdown, "[see][1]\n\n[1]: http://c.example", 0, 0),
    ] {
        let text = PlainText::reduce(body, format);
        assert_eq!(text.hidden(), HiddenContent { letters, links }, "{body}");
        assert_eq!(text.as_str().contains("c.example"), body.contains("c.example"), "{body}: {}", text.as_str());
    }
    assert!(PlainText::reduce("<noscript>buy pills</noscript>", Format::Html).as_str().contains("buy pills"));
    assert!(PlainText::reduce("x\n\n[1]: http://c.example \"Casino\"", Format::Markdown).as_str().contains("Casino"));
}

/// Counts the letters within elements with the attribute `hidden` or `style`.
fn hidden_letters(node: &markup5ever_rcdom::Handle, is_hidden: bool) -> usize {
    use markup5ever_rcdom::NodeData;
    let (letters, hides) = match &node.data {
        NodeData::Text { contents } => (contents.borrow().chars().filter(|c| c.is_alphanumeric()).count(), false),
        NodeData::Element { attrs, .. } => {
            (0, attrs.borrow().iter().any(|attribute| matches!(&*attribute.name.local, "hidden" | "style")))
        }
        _ => (0, false),
    };
    let is_hidden = is_hidden || hides;
    let within: usize = node.children.borrow().iter().map(|child| hidden_letters(child, is_hidden)).sum();
    within + if is_hidden { letters } else { 0 }
}

#[test]
fn an_element_in_markdown_hides_text_up_to_its_end_as_in_a_browser() {
    use html5ever::tendril::TendrilSink;
    // The Markdown, the HTML that CommonMark makes of it, the letters that a browser hides, and the text that it shows.
    for (body, rendered, letters, seen) in [
        ("a <span hidden>buy</span> seen", "<p>a <span hidden>buy</span> seen</p>", 3, "a seen"),
        (
            "a <span hidden>buy **cheap** <b>pills</b> now</span> seen",
            "<p>a <span hidden>buy <strong>cheap</strong> <b>pills</b> now</span> seen</p>",
            16,
            "a seen",
        ),
        (
            "a <span hidden>buy <span>cheap</span> pills</span> seen",
            "<p>a <span hidden>buy <span>cheap</span> pills</span> seen</p>",
            13,
            "a seen",
        ),
        ("a <span hidden>buy</b> pills</span> seen", "<p>a <span hidden>buy</b> pills</span> seen</p>", 8, "a seen"),
        ("a <b style='display:none'>buy <i>x</i> y</b>", "<p>a <b style='display:none'>buy <i>x</i> y</b></p>", 5, "a"),
        // The end of a paragraph, a heading or a list item closes an inline element.
        ("a<span hidden>buy\n\nseen <b>text</b>", "<p>a<span hidden>buy</p>\n<p>seen <b>text</b></p>", 3, "a seen text"),
        ("# a <span hidden>buy\nseen", "<h1>a <span hidden>buy</h1>\n<p>seen</p>", 3, "a seen"),
        (
            "- a <span hidden>b\n  - c\n  - d\n- seen",
            "<ul><li>a <span hidden>b\n<ul><li>c</li><li>d</li></ul></li><li>seen</li></ul>",
            3,
            "a seen",
        ),
        // A browser opens formatting elements again, and block elements stay open.
        ("a <b hidden>buy\n\npills</b> seen", "<p>a <b hidden>buy</p>\n<p>pills</b> seen</p>", 8, "a seen"),
        ("a <div hidden>buy\n\npills</div> seen", "<p>a <div hidden>buy</p>\n<p>pills</div> seen</p>", 8, "a seen"),
        (
            "<div hidden>\n\nbuy **cheap** <b>pills</b> now\n\n</div>\n\nseen",
            "<div hidden>\n<p>buy <strong>cheap</strong> <b>pills</b> now</p>\n</div>\n<p>seen</p>",
            16,
            "seen",
        ),
        (
            "<span hidden>\n\nbuy\n\npills\n\n</span>\n\nseen",
            "<span hidden>\n<p>buy</p>\n<p>pills</p>\n</span>\n<p>seen</p>",
            8,
            "seen",
        ),
    ] {
        let dom = html5ever::parse_document(markup5ever_rcdom::RcDom::default(), Default::default()).one(rendered);
        assert_eq!(hidden_letters(&dom.document, false), letters, "{rendered}");
        let text = PlainText::reduce(body, Format::Markdown);
        assert_eq!(text.hidden(), HiddenContent { letters, links: 0 }, "{body}: {:?}", text.as_str());
        let words = text.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.starts_with(seen), "{body}: {words:?}");
    }
}

#[test]
fn a_link_that_shows_its_own_address_is_one_link() {
    check(Format::Html, r#"<a href="https://x.example/">https://x.example</a>"#, "https://x.example");
    check(Format::Markdown, "<https://x.example>", "https://x.example\n");
}

#[test]
fn markdown_keeps_text_and_link_targets() {
    check(Format::Markdown, "**Buy** [here](http://x.example) `now`", "Buy http://x.example here now\n");
}

#[test]
fn spans_point_into_the_body_through_markup_and_entities() {
    let body = "<p>Tom &amp; Jerry sell <b>pills</b></p>";
    let text = check(Format::Html, body, "Tom & Jerry sell pills\n");
    let at = text.as_str().find("pills").unwrap();
    assert_eq!(&body[text.source(at..at + 5).unwrap()], "pills");
    let at = text.as_str().find("Jerry").unwrap();
    assert_eq!(&body[text.source(at..at + 5).unwrap()], "Jerry");
    assert_eq!(&body[text.source(4..5).unwrap()], "&amp;");
}

#[test]
fn deep_nesting_costs_no_more_than_its_length() {
    let bomb = "<div>".repeat(13_000);
    assert!(PlainText::reduce(&bomb, Format::Html).as_str().trim().is_empty());
    let bomb = "[".repeat(60_000);
    assert_eq!(PlainText::reduce(&bomb, Format::Markdown).as_str().trim_end(), bomb);
}

proptest! {
    #[test]
    fn every_span_of_reduced_text_lies_on_character_boundaries(body in "[<>/a&;#bäp \\r\\n\"=\\[\\]()*`é]{0,80}", markdown: bool) {
        let format = if markdown { Format::Markdown } else { Format::Html };
        let text = PlainText::reduce(&body, format);
        let ends: Vec<usize> = text.as_str().char_indices().map(|(at, _)| at).collect();
        for (&begin, &end) in ends.iter().zip(ends.iter().skip(1)) {
            if let Some(source) = text.source(begin..end) {
                prop_assert!(body.get(source.clone()).is_some(), "{source:?} of {body:?}");
            }
        }
    }
}

/// Pieces of HTML that change how a browser reads what follows.
const PIECES: [&str; 60] = [
    "w1 ",
    "w2 ",
    "w3",
    "<b>",
    "</b>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<a href='http://h1.example/'>",
    "<a href=//h2.example>",
    "</a>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<xmp>",
    "</xmp>",
    "<plaintext>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<template>",
    "</template>",
    "<head>",
    "</head>",
    "<body>",
    "<html>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "<select>",
    "</select>",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "</ ",
    "'",
    "\"",
    ">",
    "<b x='",
    "<b title=\"",
    "/",
    " = ",
    "\0",
    "&#x77;4 ",
];

/// Collects all words that a browser shows according to html5ever, those in attributes that are shown, and all links.
fn shown(node: &markup5ever_rcdom::Handle, words: &mut Vec<String>, links: &mut Vec<String>) {
    use markup5ever_rcdom::NodeData;
    // Where words are split is not compared: in some places a browser ignores tags that begin a line elsewhere.
    let mut read = |text: &str| {
        let all = text.split(|c: char| !c.is_alphanumeric()).flat_map(|word| word.split_inclusive(char::is_numeric));
        words.extend(all.filter(|word| word.starts_with('w')).map(str::to_owned));
    };
    match &node.data {
        NodeData::Text { contents } => read(&contents.borrow()),
        NodeData::Element { name, attrs, template_contents, .. } => {
            for attribute in attrs.borrow().iter() {
                if &*attribute.name.local == "title" {
                    read(&attribute.value);
                } else if &*attribute.name.local == "href" && &*name.local == "a" {
                    links.extend(host::resolved_address(&attribute.value).and_then(|address| host::canonical_host(&address)));
                }
            }
            if let Some(contents) = &*template_contents.borrow() {
                shown(contents, words, links);
            }
        }
        _ => {}
    }
    for child in node.children.borrow().iter() {
        shown(child, words, links);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_a_browser_shows_is_judged(pieces in proptest::collection::vec(0..PIECES.len(), 1..16)) {
        use html5ever::tendril::TendrilSink;
        let body: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let dom = html5ever::parse_document(markup5ever_rcdom::RcDom::default(), Default::default()).one(body.as_str());
        let (mut words, mut hosts) = (Vec::new(), Vec::new());
        shown(&dom.document, &mut words, &mut hosts);
        let text = PlainText::reduce(&body, Format::Html);
        for word in words {
            prop_assert!(text.as_str().contains(&word), "{word:?} of {body:?}: {:?}", text.as_str());
        }
        let links = crate::reading::link::find_links(text.as_str());
        for host in hosts {
            prop_assert!(links.iter().any(|link| link.host == host), "{host:?} of {body:?}: {:?} {links:?}", text.as_str());
        }
    }
}
