//! `gatepost queue`: lists comments that are waiting for a moderator, or decided ones.

use std::process::ExitCode;
use std::time::SystemTime;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::listing::{LimitArgs, Listing};
use super::output::{FormatArgs, Record};
use super::queue_watch;
use super::terminal::Tone;
use super::text;
use super::times;
use super::verdict_view::{self, top_score};
use crate::pb;

/// Length of the excerpt of a comment, in characters.
const EXCERPT: usize = 80;
/// Comments per request, few enough that even the longest ones fit one message.
const PAGE_SIZE: i32 = 100;

pub const EXAMPLES: &str = "Examples:
  gatepost queue --site blog.example
  gatepost queue --filter 'label=spam score>0.9' --format ids | gatepost reject --reason spam -
  gatepost queue --filter 'claimed=no age>2h' --order oldest
  gatepost queue --watch --format jsonl | jq -r '.event.comment_id'
  gatepost queue --filter decision=any --order newest --format jsonl > everything.jsonl";

/// Options of `queue`.
#[derive(Debug, clap::Args)]
pub struct QueueArgs {
    /// Terms that must all hold: decision=hold|approve|reject|any, label=NAME, score>X, score<X, reason=CODE, rule=ID,
    /// post=ID, author=USER_ID, lang=CODE, text=WORD, age>2h, age<3d, claimed=yes|no|NAME, like=ID,
    /// since=2026-01-31T12:00:00Z
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TERMS")]
    filter: String,
    /// Order of the comments
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    #[command(flatten)]
    limit: LimitArgs,
    /// Follow which comments enter and leave the queue from now on, until Ctrl-C
    #[arg(long, conflicts_with_all = ["limit", "all", "filter", "order"])]
    watch: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub enum Order {
    /// Longest waiting first; certainty of the model counts as up to a day of waiting
    #[default]
    Risk,
    /// Newest first
    Newest,
    /// Oldest first
    Oldest,
}

impl Order {
    /// Returns the name of the order in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }
}

/// Prints the queue page by page, or follows it with `--watch`.
pub async fn run(args: &QueueArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    if args.watch {
        return queue_watch::follow(&connection, &site, args.format.format).await;
    }
    let mut client = connection.review();
    let mut listing = Listing::new(args.limit, args.format.format);
    let mut page_token = String::new();
    loop {
        let request = pb::ListCommentsRequest {
            site: site.clone(),
            filter: args.filter.clone(),
            order_by: args.order.as_str().to_owned(),
            page_size: listing.page_size(PAGE_SIZE),
            page_token,
        };
        let page = client.list_comments(request).await.map_err(|status| connection.failure(&status))?.into_inner();
        if !listing.print(&page.comments, &page.next_page_token)? {
            break;
        }
        page_token = page.next_page_token;
    }
    listing.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Implements [`Record`] for messages that contain a moderated comment. Tables and CSV show them like the lines of `queue`.
macro_rules! printed_as_in_the_queue {
    ($($message:ident)*) => {
        $(impl Record for pb::$message {
            const HEADINGS: &'static [&'static str] = pb::ModeratedComment::HEADINGS;
            const NUMBERS: &'static [&'static str] = pb::ModeratedComment::NUMBERS;
            const FIELDS: &'static [&'static str] = pb::ModeratedComment::FIELDS;

            fn id(&self) -> &str {
                self.comment.as_ref().map_or("", |comment| &comment.comment_id)
            }

            fn cells(&self) -> Vec<(Tone, String)> {
                let Self { comment, verdict, received_at, .. } = self.clone();
                pb::ModeratedComment { comment, verdict, received_at, claim: None }.cells()
            }

            fn fields(&self) -> Vec<String> {
                let Self { comment, verdict, received_at, .. } = self.clone();
                pb::ModeratedComment { comment, verdict, received_at, claim: None }.fields()
            }
        })*
    };
}

printed_as_in_the_queue! { GetCommentResponse ExportAuthorResponse }

impl Record for pb::ModeratedComment {
    const HEADINGS: &'static [&'static str] = &["id", "age", "label", "score", "author", "reason", "comment"];
    const NUMBERS: &'static [&'static str] = &["age", "score"];
    const FIELDS: &'static [&'static str] =
        &["comment_id", "received_at", "decision", "label", "score", "author", "reason_code", "reason", "revision", "body"];

    fn id(&self) -> &str {
        self.comment.as_ref().map_or("", |comment| &comment.comment_id)
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        let empty = Default::default();
        let verdict = self.verdict.as_ref().unwrap_or(&empty);
        let (label, score) = top_score(verdict)
            .map_or((String::new(), String::new()), |(label, score)| (text::escape_line(label, 40), format!("{score:.2}")));
        vec![
            (Tone::from(verdict_view::decision(verdict)), text::escape_line(self.id(), 256)),
            (Tone::Plain, times::format_age(self.received_at.as_ref(), SystemTime::now())),
            (Tone::Plain, label),
            (Tone::Plain, score),
            (Tone::Plain, text::escape_line(author(self), 24)),
            (Tone::Plain, verdict_view::first_reason(verdict, 60)),
            (Tone::Plain, text::escape_line(body(self), EXCERPT)),
        ]
    }

    fn fields(&self) -> Vec<String> {
        let empty = Default::default();
        let verdict = self.verdict.as_ref().unwrap_or(&empty);
        let (label, score) =
            top_score(verdict).map_or((String::new(), String::new()), |(label, score)| (label.to_owned(), score.to_string()));
        let reason = verdict.reasons.first();
        vec![
            self.id().to_owned(),
            times::format_timestamp(self.received_at.as_ref()),
            verdict_view::decision_word(verdict.decision).to_owned(),
            label,
            score,
            author(self).to_owned(),
            reason.map(|reason| reason.code.clone()).unwrap_or_default(),
            reason.map(|reason| reason.message.clone()).unwrap_or_default(),
            verdict.revision.to_string(),
            body(self).to_owned(),
        ]
    }
}

fn author(moderated: &pb::ModeratedComment) -> &str {
    let author = moderated.comment.as_ref().and_then(|comment| comment.author.as_ref());
    author.map_or("", |author| if author.name.is_empty() { &author.user_id } else { &author.name })
}

fn body(moderated: &pb::ModeratedComment) -> &str {
    moderated.comment.as_ref().map_or("", |comment| &comment.body)
}
