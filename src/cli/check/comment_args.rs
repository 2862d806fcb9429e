//! Arguments that describe one comment: the text as an argument or on standard input, the rest as options.

use std::io::{self, IsTerminal, Read};

use crate::cli::failure::Failure;
use crate::pb;

/// Maximum number of bytes read from standard input. Valid comments are much shorter.
const MAX_STDIN: u64 = 4 * 1024 * 1024;

/// Arguments that describe one comment.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "One comment")]
pub struct GivenArgs {
    /// Text of the comment; - or no argument reads it from standard input
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Id of the comment [default: a new one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Format of the text
    #[arg(long, value_enum, value_name = "FORMAT")]
    body_format: Option<BodyFormat>,
    /// Name shown with the comment
    #[arg(long, value_name = "NAME")]
    author_name: Option<String>,
    /// E-mail address of the author
    #[arg(long, value_name = "EMAIL")]
    author_email: Option<String>,
    /// Website of the author
    #[arg(long, value_name = "URL")]
    author_url: Option<String>,
    /// Id of the author at the host
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// IP address of the author
    #[arg(long, value_name = "IP")]
    ip: Option<String>,
    /// Title of the post
    #[arg(long, value_name = "TEXT")]
    post_title: Option<String>,
    /// Text of the post
    #[arg(long, value_name = "TEXT")]
    post_text: Option<String>,
    /// URL of the post
    #[arg(long, value_name = "URL")]
    post_url: Option<String>,
    /// Text of the comment that this one replies to
    #[arg(long, value_name = "TEXT")]
    parent_text: Option<String>,
    /// Content of a form field that is hidden from people
    #[arg(long, value_name = "TEXT")]
    honeypot: Option<String>,
    /// Seconds between showing the form and submitting it
    #[arg(long, value_name = "SECONDS")]
    fill_seconds: Option<f64>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BodyFormat {
    /// Plain text without markup
    Plain,
    /// HTML
    Html,
    /// CommonMark
    Markdown,
}

impl GivenArgs {
    /// Returns the comment as a host would send it.
    ///
    /// # Errors
    /// Returns an error if the text is missing or cannot be read from standard input.
    pub fn comment(&self, site: &str) -> Result<pb::Comment, Failure> {
        let text = |option: &Option<String>| option.clone().unwrap_or_default();
        let format = match self.body_format {
            None => pb::BodyFormat::Unspecified,
            Some(BodyFormat::Plain) => pb::BodyFormat::Plain,
            Some(BodyFormat::Html) => pb::BodyFormat::Html,
            Some(BodyFormat::Markdown) => pb::BodyFormat::Markdown,
        };
        Ok(pb::Comment {
            site: site.to_owned(),
            comment_id: self.id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
            body: self.body()?,
            body_format: format.into(),
            parent_text: text(&self.parent_text),
            // An absent message differs from one with empty fields: without an author, no author limit applies.
            author: any_given(&[&self.author_name, &self.author_email, &self.author_url, &self.user_id]).then(|| pb::Author {
                name: text(&self.author_name),
                email: text(&self.author_email),
                url: self.author_url.clone(),
                user_id: text(&self.user_id),
                ..Default::default()
            }),
            client: any_given(&[&self.ip]).then(|| pb::Client { ip: text(&self.ip), ..Default::default() }),
            post: any_given(&[&self.post_title, &self.post_text, &self.post_url]).then(|| pb::Post {
                title: text(&self.post_title),
                text: text(&self.post_text),
                url: text(&self.post_url),
                ..Default::default()
            }),
            form: (self.honeypot.is_some() || self.fill_seconds.is_some())
                .then(|| pb::Form { honeypot: text(&self.honeypot), fill_seconds: self.fill_seconds }),
            ..Default::default()
        })
    }

    fn body(&self) -> Result<String, Failure> {
        match self.text.as_deref() {
            Some(text) if text != "-" => return Ok(text.to_owned()),
            None if io::stdin().is_terminal() => {
                return Err(Failure::usage(
                    "no comment was given; pass its text as an argument, pipe it in, or name a --file; see `gatepost check --help`",
                ));
            }
            _ => {}
        }
        let mut bytes = Vec::new();
        io::stdin()
            .take(MAX_STDIN)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::failed(format!("cannot read the comment from standard input: {error}")))?;
        let mut body = String::from_utf8(bytes).map_err(|_| Failure::usage("the comment on standard input is not UTF-8"))?;
        // The line end that `echo` adds is not part of the comment.
        if body.ends_with('\n') {
            body.truncate(body.len() - 1);
        }
        Ok(body)
    }
}

fn any_given(options: &[&Option<String>]) -> bool {
    options.iter().any(|option| option.is_some())
}
