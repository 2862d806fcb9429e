//! One comment from the command line: the text as argument or from standard input, the rest as options.

use std::io::{self, IsTerminal, Read};

use crate::cli::failure::Failure;
use crate::pb;

/// More than any comment has; beyond it somebody piped the wrong file.
const MAX_STDIN: u64 = 4 * 1024 * 1024;

/// The comment.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "One comment")]
pub struct GivenArgs {
    /// The comment's text; - or nothing reads it from standard input
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// The comment's id [default: a new one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// How the text is written
    #[arg(long, value_enum, value_name = "FORMAT")]
    body_format: Option<BodyFormat>,
    /// The name shown beside the comment
    #[arg(long, value_name = "NAME")]
    author_name: Option<String>,
    /// The author's e-mail address
    #[arg(long, value_name = "EMAIL")]
    author_email: Option<String>,
    /// The author's web site
    #[arg(long, value_name = "URL")]
    author_url: Option<String>,
    /// The host's own id of the author
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// The author's IP address
    #[arg(long, value_name = "IP")]
    ip: Option<String>,
    /// The title of the post
    #[arg(long, value_name = "TEXT")]
    post_title: Option<String>,
    /// The text of the post
    #[arg(long, value_name = "TEXT")]
    post_text: Option<String>,
    /// The address of the post
    #[arg(long, value_name = "URL")]
    post_url: Option<String>,
    /// The text of the comment that this one answers
    #[arg(long, value_name = "TEXT")]
    parent_text: Option<String>,
    /// What was typed into a field that people cannot see
    #[arg(long, value_name = "TEXT")]
    honeypot: Option<String>,
    /// Seconds between showing the form and sending it
    #[arg(long, value_name = "SECONDS")]
    fill_seconds: Option<f64>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BodyFormat {
    /// Nothing in it is markup
    Plain,
    /// HTML
    Html,
    /// CommonMark
    Markdown,
}

impl GivenArgs {
    /// The comment, as a host would send it.
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
            // An absent message says something else than one with empty fields: no author limit applies.
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
                    "which comment? Give its text as an argument, pipe it in, or name a --file; see `gatepost check --help`",
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
